//! Whose keys open the remote shell. That shell is root's, and the configuration is the gateway's, which
//! speaks with the world: a key counts only when it came with the installer stick, or when somebody in
//! front of the unit has confirmed it.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use demarc_model::appliance::WaitingKey;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Keys that are kept as trusted at most.
const MOST: usize = 64;

/// The keys that count, without their comments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trusted(BTreeSet<String>);

impl Trusted {
    /// From lines as OpenSSH writes them.
    pub fn of(text: &str) -> Self {
        Self(text.lines().filter_map(key).take(MOST).collect())
    }

    /// One line each.
    pub fn text(&self) -> String {
        self.0.iter().map(|key| format!("{key}\n")).collect()
    }

    /// The lines that count.
    pub fn among<'a>(&self, lines: &'a [String]) -> Vec<&'a str> {
        lines
            .iter()
            .map(String::as_str)
            .filter(|line| key(line).is_some_and(|key| self.0.contains(&key)))
            .collect()
    }

    /// The lines that somebody has yet to confirm.
    pub fn waiting(&self, lines: &[String]) -> Vec<WaitingKey> {
        let waits = |line: &&String| key(line).is_some_and(|key| !self.0.contains(&key));
        let shown = |line: &String| {
            let comment = line.split_whitespace().skip(2).collect::<Vec<_>>().join(" ");
            Some(WaitingKey { fingerprint: fingerprint(line)?, comment })
        };
        lines.iter().filter(waits).filter_map(shown).collect()
    }

    /// Somebody confirms the key of this fingerprint. False when none of the lines has it.
    pub fn confirm(&mut self, lines: &[String], wanted: &str) -> bool {
        let found = lines.iter().find(|line| fingerprint(line).as_deref() == Some(wanted));
        let Some(key) = found.and_then(|line| key(line)) else { return false };
        if self.0.len() >= MOST {
            return false;
        }
        self.0.insert(key);
        true
    }
}

/// Kind and key of a line, without its comment; none when it is no key.
fn key(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let (kind, data) = (words.next()?, words.next()?);
    let known = kind.starts_with("ssh-") || kind.starts_with("ecdsa-") || kind.starts_with("sk-");
    (known && BASE64_STANDARD.decode(data).is_ok()).then(|| format!("{kind} {data}"))
}

/// As `ssh-keygen -l` shows it.
fn fingerprint(line: &str) -> Option<String> {
    let key = key(line)?;
    let data = BASE64_STANDARD.decode(key.split_once(' ')?.1).ok()?;
    Some(format!("SHA256:{}", BASE64_STANDARD_NO_PAD.encode(Sha256::digest(data))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBq8CSOTSVkQcYm0nSnUfs1GlLHmPCvLmKT0sqFSuVOj";

    fn lines() -> Vec<String> {
        vec![format!("{KEY} the office"), "ssh-ed25519 AAAA other".into(), "no key".into()]
    }

    #[test]
    fn a_key_counts_when_it_was_confirmed() {
        let mut trusted = Trusted::default();
        assert!(trusted.among(&lines()).is_empty());
        let waiting = trusted.waiting(&lines());
        assert_eq!(
            waiting.iter().map(|key| key.comment.as_str()).collect::<Vec<_>>(),
            ["the office", "other"]
        );
        assert!(!trusted.confirm(&lines(), "SHA256:nobody's"));
        assert!(trusted.confirm(&lines(), &waiting[0].fingerprint));
        assert_eq!(trusted.among(&lines()), [lines()[0].as_str()]);
        assert_eq!(trusted.waiting(&lines()).len(), 1);
        // Another comment is the same key; another key is not.
        assert_eq!(trusted.among(&[format!("{KEY} at home")]).len(), 1);
        assert_eq!(Trusted::of(&trusted.text()), trusted);
    }

    #[test]
    fn fingerprints_are_those_of_ssh_keygen() {
        assert_eq!(fingerprint(KEY).as_deref(), Some("SHA256:Y4AEbUwkdhRRdAIN8zQKUxyRszNuXM3SbBHlVRACWLs"));
    }
}
