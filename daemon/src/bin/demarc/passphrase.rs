//! Where a passphrase comes from: never from the command line, which everybody on the machine can read.

use crate::terminal::Terminal;
use demarc_model::config::Secret;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The longest first line of a file, in octets.
const LONGEST: u64 = 4096;

/// Where it comes from.
#[derive(Debug, clap::Args)]
pub(crate) struct Source {
    /// The passphrase is the first line of this file, or of standard input when it is `-`; without this it is
    /// asked for at the terminal.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Source {
    /// Is standard input used for it?
    pub(crate) fn takes_stdin(&self) -> bool {
        self.passphrase_file.as_deref() == Some(Path::new("-"))
    }

    /// The passphrase; at the terminal it is asked for `twice` when it is a new one.
    pub(crate) fn read(&self, twice: bool) -> Result<Secret, String> {
        match &self.passphrase_file {
            Some(_) if self.takes_stdin() => first_line(std::io::stdin(), "standard input"),
            Some(path) => {
                let name = path.display().to_string();
                let file = File::open(path).map_err(|error| format!("{name} cannot be read: {error}"))?;
                first_line(file, &name)
            }
            None => asked(twice),
        }
    }
}

fn asked(twice: bool) -> Result<Secret, String> {
    let terminal = Terminal::open()
        .ok_or("there is no terminal to ask for the passphrase at: name a file with --passphrase-file")?;
    let first = terminal.ask_hidden("Passphrase: ")?;
    if twice && terminal.ask_hidden("The same once more: ")? != first {
        return Err("the two differ: nothing was done".into());
    }
    Ok(Secret::new(first))
}

fn first_line(from: impl Read, name: &str) -> Result<Secret, String> {
    let mut line = String::new();
    BufReader::new(from.take(LONGEST))
        .read_line(&mut line)
        .map_err(|error| format!("the passphrase cannot be read from {name}: {error}"))?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    match line.strip_suffix('\r').unwrap_or(line) {
        "" => Err(format!("the first line of {name} is empty: it should be the passphrase")),
        passphrase => Ok(Secret::new(passphrase)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_counts_without_its_end() {
        let read = |text: &str| first_line(text.as_bytes(), "x").map(|secret| secret.reveal().to_owned());
        for text in ["four quiet  lamps ", "four quiet  lamps \n", "four quiet  lamps \r\nmore\n"] {
            assert_eq!(read(text), Ok("four quiet  lamps ".into()), "blanks belong to it");
        }
        for text in ["", "\n", "\r\n", "\nlater"] {
            assert!(read(text).unwrap_err().contains("is empty"), "{text:?}");
        }
        assert!(first_line(&b"\xff\xfe"[..], "x").is_err());
    }
}
