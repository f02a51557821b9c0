//! `demarc restore`.

use crate::preview::preview;
use crate::terminal::Terminal;
use crate::{NOT_CONFIRMED, ask, passphrase};
use demarc_api::{BackupContents, MAX_BACKUP};
use demarc_hal::SpanId;
use demarc_model::backup::{Choice, Place};
use demarcd::control::{Request, SentBackup};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to restore, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct RestoreOptions {
    /// The file that `demarc backup` or the web UI wrote; `-` for standard input.
    #[arg(value_name = "FILE")]
    from: PathBuf,
    /// Puts something elsewhere than proposed: `1=3` a span, `2/1=4/2` a port, `2/1=none` nowhere. May be said
    /// again and again.
    #[arg(long, value_name = "WAS=GOES", value_parser = choice)]
    map: Vec<Choice>,
    /// Takes the network settings over, too: interfaces, names, the addresses of SIP.
    #[arg(long)]
    network: bool,
    /// Shows what would go where, and changes nothing.
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Restores without asking.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    passphrase: passphrase::Source,
}

pub(crate) fn run(data: &Path, options: &RestoreOptions) -> Result<ExitCode, String> {
    let text = read(options)?;
    let passphrase = options.passphrase.read(false)?;
    let sent = |mapping| SentBackup { passphrase: passphrase.clone(), octets: text.len(), mapping };
    let contents = ask(data, &Request::InspectBackup(sent(options.map.clone())), &text)?;
    let contents: BackupContents = serde_json::from_value(contents).map_err(|error| error.to_string())?;
    // Whoever reads only the first lines of it has what they want.
    let _ = std::io::stdout().write_all(preview(&contents, options.network).as_bytes());
    if options.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    if !options.yes && !confirmed()? {
        eprintln!("demarc: not confirmed: nothing was changed");
        return Ok(ExitCode::from(NOT_CONFIRMED));
    }
    // What was shown is what happens, whatever is plugged in meanwhile.
    let shown = contents.moves.iter().map(|step| Choice { from: step.from, to: step.to }).collect();
    let order = Request::RestoreBackup { backup: sent(shown), network: options.network };
    ask(data, &order, &text)?;
    eprintln!("It is in force. The configuration before it is the revision before.");
    Ok(ExitCode::SUCCESS)
}

fn read(options: &RestoreOptions) -> Result<String, String> {
    let path = &options.from;
    let mut text = String::new();
    let largest = MAX_BACKUP as u64 + 1;
    let read = if path == Path::new("-") {
        if options.passphrase.takes_stdin() {
            return Err("standard input cannot be the backup and the passphrase: give one as a file".into());
        }
        std::io::stdin().take(largest).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(largest).read_to_string(&mut text))
    };
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            Err(format!("{} is no backup of a gateway", path.display()))
        }
        Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
        Ok(octets) if octets > MAX_BACKUP => Err(format!("{}: no backup is so large", path.display())),
        Ok(_) => Ok(text),
    }
}

fn confirmed() -> Result<bool, String> {
    let Some(terminal) = Terminal::open() else {
        eprintln!(
            "demarc: there is no terminal to ask at: say --yes if it is right, or --dry-run to look only"
        );
        return Ok(false);
    };
    let answer =
        terminal.ask("Restore it? The whole configuration is replaced, as a new revision. [y/N] ")?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// `1=3`, `2/1=4/2`, `2/1=none`.
fn choice(text: &str) -> Result<Choice, String> {
    let (from, to) = text.split_once('=').ok_or("write it as 2/1=4/2, 1=3 or 2/1=none")?;
    let to = if to == "none" { None } else { Some(place(to)?) };
    Ok(Choice { from: place(from)?, to })
}

fn place(text: &str) -> Result<Place, String> {
    let words = || format!("{text:?} is no place: write 3 for a span, 4/2 for a port");
    let (span, slot) = match text.split_once('/') {
        Some((span, slot)) => (span, Some(slot.parse().map_err(|_| words())?)),
        None => (text, None),
    };
    Ok(Place { span: SpanId(span.parse().map_err(|_| words())?), slot })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices() {
        let at = |span, slot| Place { span: SpanId(span), slot };
        assert_eq!(choice("1=3"), Ok(Choice { from: at(1, None), to: Some(at(3, None)) }));
        assert_eq!(choice("2/1=4/12"), Ok(Choice { from: at(2, Some(1)), to: Some(at(4, Some(12))) }));
        assert_eq!(choice("2/1=none"), Ok(Choice { from: at(2, Some(1)), to: None }));
        for wrong in ["", "1", "=", "1=", "=1", "1=x", "1/300=2", "70000=1", "1/2/3=4", "-1=2"] {
            assert!(choice(wrong).is_err(), "{wrong}");
        }
    }
}
