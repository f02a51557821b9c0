//! What a new unit is given for its site before it is first started: its configuration, its licence, keys for SSH.
//!
//! The files lie in the folder `site` of the EFI partition. The boot script moves them to `/data/demarc/site` at the
//! first start, because the EFI partition is no place for secrets. The installer shows the licence before it asks for a disk.

use demarc_model::config::Config;
use std::fs;
use std::io;
use std::path::Path;

/// The longest file of a site, in octets.
pub const LONGEST: u64 = 4 << 20;
/// What somebody agrees to who installs.
pub const LICENCE: &str = "licence.txt";
/// What may be there.
pub const FILES: [&str; 3] = ["configuration.json", LICENCE, "authorized_keys"];

/// What a unit is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// Names out of [`FILES`] and what the files hold.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Why a site is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("{0} cannot be read: {1}")]
    Read(String, io::Error),
    /// A file that no unit knows.
    #[error("{0} is not one of configuration.json, licence.txt, authorized_keys")]
    Unknown(String),
    /// Longer than [`LONGEST`].
    #[error("{0} is too long")]
    TooLong(String),
    /// A unit would refuse it.
    #[error("{0} would be refused by the unit: {1}")]
    Refused(String, String),
}

impl Site {
    /// Reads a folder. Every file in it must be known and such that a unit takes it.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let fail = |error| Error::Read(folder.display().to_string(), error);
        let mut site = Self::default();
        for entry in fs::read_dir(folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !FILES.contains(&name.as_str()) {
                return Err(Error::Unknown(name));
            }
            let length = entry.metadata().map_err(fail)?.len();
            if length > LONGEST {
                return Err(Error::TooLong(name));
            }
            let octets = fs::read(entry.path()).map_err(|error| Error::Read(name.clone(), error))?;
            check(&name, &octets)?;
            site.files.push((name, octets));
        }
        site.files.sort();
        Ok(site)
    }
}

fn check(name: &str, octets: &[u8]) -> Result<(), Error> {
    let refused = |why: String| Error::Refused(name.to_owned(), why);
    let text = std::str::from_utf8(octets).map_err(|_| refused("it is not UTF-8".into()))?;
    match name {
        "configuration.json" => {
            let config: Config = serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
            match config.validate().err().and_then(|problems| problems.into_iter().next()) {
                Some(problem) => Err(refused(format!("{problem:?}"))),
                None => Ok(()),
            }
        }
        "authorized_keys" => match text.lines().map(str::trim).find(|line| !is_key(line)) {
            Some(line) => Err(refused(format!("not a key: {}", line.chars().take(40).collect::<String>()))),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// A line of authorized_keys without options: kind, base64, comment.
fn is_key(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let Some(kind) = words.next().filter(|kind| !kind.starts_with('#')) else { return true };
    let known =
        ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];
    let base64 =
        |word: &str| word.len() > 40 && word.chars().all(|c| c.is_ascii_alphanumeric() || "+/=".contains(c));
    (known.contains(&kind) || kind.starts_with("sk-")) && words.next().is_some_and(base64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(files: &[(&str, &str)]) -> Result<Site, Error> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Site::read(folder.path())
    }

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampl admin@example.com";

    #[test]
    fn a_good_site_is_taken() {
        let config = serde_json::to_string(&Config::simulated_telco()).unwrap();
        let keys = format!("# the office\n\n{KEY}\n");
        let site = site(&[("configuration.json", &config), ("licence.txt", "a"), ("authorized_keys", &keys)]);
        let names: Vec<String> = site.unwrap().files.into_iter().map(|file| file.0).collect();
        assert_eq!(names, ["authorized_keys", "configuration.json", "licence.txt"]);
    }

    #[test]
    fn what_a_unit_would_refuse_is_refused_here() {
        assert!(matches!(site(&[("config.json", "{}")]), Err(Error::Unknown(_))));
        assert!(matches!(site(&[("configuration.json", "{")]), Err(Error::Refused(..))));
        assert!(matches!(site(&[("configuration.json", r#"{"nonsense": 1}"#)]), Err(Error::Refused(..))));
        assert!(matches!(site(&[("authorized_keys", "ssh-dss AAAA")]), Err(Error::Refused(..))));
        assert!(matches!(
            site(&[("authorized_keys", "command=\"x\" ssh-rsa AAAA")]),
            Err(Error::Refused(..))
        ));
    }
}
