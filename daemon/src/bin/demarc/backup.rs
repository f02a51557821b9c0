//! `demarc backup`.

use crate::{ask, passphrase};
use demarc_api::BackupFile;
use demarcd::control::Request;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to write where.
#[derive(Debug, clap::Args)]
pub(crate) struct BackupOptions {
    /// Where to: a file, a folder (the file is named after the site then), or `-` for standard output.
    #[arg(value_name = "FILE", default_value = "-")]
    to: PathBuf,
    /// Replace a file that is there.
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    passphrase: passphrase::Source,
}

pub(crate) fn run(data: &Path, options: &BackupOptions) -> Result<ExitCode, String> {
    let to = &options.to;
    let to_stdout = to == Path::new("-");
    if !to_stdout && !to.is_dir() && !options.overwrite && to.symlink_metadata().is_ok() {
        return Err(there(to));
    }
    let passphrase = options.passphrase.read(true)?;
    let made = ask(data, &Request::MakeBackup { passphrase }, "")?;
    let made: BackupFile = serde_json::from_value(made).map_err(|error| error.to_string())?;
    if to_stdout {
        let mut out = io::stdout().lock();
        out.write_all(made.text.as_bytes()).and_then(|()| out.flush()).map_err(|error| error.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    let path = if to.is_dir() { to.join(&made.name) } else { to.clone() };
    keep(&path, &made.text, options.overwrite).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => there(&path),
        _ => format!("{} cannot be written: {error}", path.display()),
    })?;
    eprintln!(
        "Revision {} is in {}. Keep the passphrase: nobody can open the file without it.",
        made.revision,
        path.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn there(path: &Path) -> String {
    format!("{} is there already: name another file, or add --overwrite", path.display())
}

/// Writes it: whole or not at all, and for its owner only.
fn keep(path: &Path, text: &str, overwrite: bool) -> io::Result<()> {
    if !overwrite {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        return fill(file, text).inspect_err(|_| drop(std::fs::remove_file(path)));
    }
    let mut part = OsString::from(path);
    part.push(".part");
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    fill(file, text)
        .and_then(|()| std::fs::rename(&part, path))
        .inspect_err(|_| drop(std::fs::remove_file(&part)))
}

fn fill(mut file: File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
