//! The file of a backup: sealed with a passphrase, so that it may lie about.
//!
//! A key of argon2id (RFC 9106 §4, the second recommended choice of parameters) with a fresh salt seals
//! the contents with ChaCha20-Poly1305 (RFC 8439). No key seals twice, so that the nonce need not be
//! random. The file is a line of JSON, so that a cut one is seen to be cut.

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::error::Category;

/// The version of this form of file; a higher one comes from a newer gateway.
const FORM: u32 = 1;
/// With what a file begins.
const BEGIN: &str = "{\"demarc_backup\":";
const KEY_LEN: usize = 32;
const SALT_LEN: usize = 16;
/// What a guess costs: 64 MiB of memory, passed over three times, in four lanes.
const COST: Cost = Cost { memory_kib: 64 * 1024, passes: 3, lanes: 4 };

/// A sealed backup.
#[derive(Serialize, Deserialize)]
struct Sealed {
    /// [`FORM`].
    demarc_backup: u32,
    /// How the key is made.
    argon2id: Cost,
    /// In base64.
    salt: String,
    /// In base64, with the tag at its end.
    contents: String,
}

/// What making the key costs.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Why a file is not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum OpenError {
    #[error("this file is no backup of a gateway: choose the file that “Make a backup” gave")]
    Foreign,
    #[error("the end of the file is missing: copy it again from where it was kept")]
    Cut,
    #[error("the file was changed or damaged: copy it again from where it was kept")]
    Damaged,
    #[error("the backup was made by a newer gateway: update this one first")]
    Newer,
    #[error("no gateway makes a file that is so costly to open")]
    Costly,
    #[error("is not the passphrase of this backup, or the file was changed")]
    Passphrase,
    #[error("the system failed: {0}")]
    System(String),
}

/// Seals. It takes some tenths of a second and 64 MiB, on purpose.
///
/// # Errors
/// In words, when the system has no memory or no randomness.
pub(super) fn seal(mut contents: Vec<u8>, passphrase: &str) -> Result<String, String> {
    let mut salt = [0; SALT_LEN];
    getrandom::fill(&mut salt).map_err(|error| error.to_string())?;
    let key = key(passphrase, &salt, COST)?;
    key.seal_in_place_append_tag(nonce(), Aad::empty(), &mut contents).map_err(|error| error.to_string())?;
    let sealed = Sealed {
        demarc_backup: FORM,
        argon2id: COST,
        salt: STANDARD.encode(salt),
        contents: STANDARD.encode(contents),
    };
    serde_json::to_string(&sealed).map(|line| line + "\n").map_err(|error| error.to_string())
}

/// Opens. It takes as long as [`seal`], whatever the file says of itself.
pub(super) fn open(file: &str, passphrase: &str) -> Result<Vec<u8>, OpenError> {
    let file = file.trim();
    if !file.starts_with(BEGIN) {
        let is_beginning = !file.is_empty() && BEGIN.starts_with(file);
        return Err(if is_beginning { OpenError::Cut } else { OpenError::Foreign });
    }
    let value: Value = serde_json::from_str(file).map_err(|error| match error.classify() {
        Category::Eof => OpenError::Cut,
        _ => OpenError::Damaged,
    })?;
    if value.get("demarc_backup").and_then(Value::as_u64) != Some(FORM.into()) {
        return Err(OpenError::Newer);
    }
    let sealed: Sealed = serde_json::from_value(value).map_err(|_| OpenError::Damaged)?;
    // Whoever wrote the file must not say how much memory and time this unit spends on it.
    if sealed.argon2id != COST {
        return Err(OpenError::Costly);
    }
    let salt = STANDARD.decode(&sealed.salt).map_err(|_| OpenError::Damaged)?;
    let mut contents = STANDARD.decode(&sealed.contents).map_err(|_| OpenError::Damaged)?;
    if salt.len() != SALT_LEN {
        return Err(OpenError::Damaged);
    }
    let key = key(passphrase, &salt, COST).map_err(OpenError::System)?;
    let opened = key.open_in_place(nonce(), Aad::empty(), &mut contents);
    opened.map(|plain| plain.to_vec()).map_err(|_| OpenError::Passphrase)
}

fn key(passphrase: &str, salt: &[u8], cost: Cost) -> Result<LessSafeKey, String> {
    let words = |error: argon2::Error| error.to_string();
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(KEY_LEN)).map_err(words)?;
    let mut key = [0; KEY_LEN];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(passphrase.as_bytes(), salt, &mut key).map_err(words)?;
    UnboundKey::new(&CHACHA20_POLY1305, &key).map(LessSafeKey::new).map_err(|error| error.to_string())
}

/// Each key seals one backup.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSPHRASE: &str = "four quiet green lamps";

    #[test]
    fn only_the_passphrase_opens() {
        let file = seal(b"{\"secret\":1}".to_vec(), PASSPHRASE).unwrap();
        assert!(file.starts_with(BEGIN), "{file}");
        assert!(!file.contains("secret"));
        assert_eq!(open(&file, PASSPHRASE), Ok(b"{\"secret\":1}".to_vec()));
        assert_eq!(open(&format!("\u{20}{file}\r\n"), PASSPHRASE), Ok(b"{\"secret\":1}".to_vec()));
        assert_eq!(open(&file, "four quiet green lamp"), Err(OpenError::Passphrase));
        assert_ne!(file, seal(b"{\"secret\":1}".to_vec(), PASSPHRASE).unwrap(), "salted");
        // Each half of the file is looked at: the salt makes another key, the contents another tag.
        let mut other: Value = serde_json::from_str(&file).unwrap();
        other["salt"] = "AAAAAAAAAAAAAAAAAAAAAA==".into();
        let changed = serde_json::to_string(&in_order(&other)).unwrap();
        assert_eq!(open(&changed, PASSPHRASE), Err(OpenError::Passphrase));
        let mut other: Value = serde_json::from_str(&file).unwrap();
        other["contents"] = "A".repeat(40).into();
        let changed = serde_json::to_string(&in_order(&other)).unwrap();
        assert_eq!(open(&changed, PASSPHRASE), Err(OpenError::Passphrase));
    }

    fn in_order(value: &Value) -> Sealed {
        serde_json::from_value(value.clone()).unwrap()
    }

    #[test]
    fn what_is_no_whole_backup_is_told_apart_and_costs_nothing() {
        let good = "{\"demarc_backup\":1,\"argon2id\":{\"memory_kib\":65536,\"passes\":3,\"lanes\":4},\
                    \"salt\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"contents\":\"AAAA\"}";
        for end in (1..good.len()).filter(|end| good.is_char_boundary(*end)) {
            assert_eq!(open(&good[..end], PASSPHRASE), Err(OpenError::Cut), "{}", &good[..end]);
        }
        for foreign in ["", "hello", "PK\u{3}\u{4}", "{}", "{\"format\":1}", "[1]", "-----BEGIN"] {
            assert_eq!(open(foreign, PASSPHRASE), Err(OpenError::Foreign), "{foreign}");
        }
        for (from, to, error) in [
            ("backup\":1", "backup\":2", OpenError::Newer),
            ("backup\":1", "backup\":\"x\"", OpenError::Newer),
            ("65536", "4294967295", OpenError::Costly),
            ("\"passes\":3", "\"passes\":4000000", OpenError::Costly),
            ("\"lanes\":4", "\"lanes\":1", OpenError::Costly),
            ("65536", "-1", OpenError::Damaged),
            ("AAAA\"}", "A!AA\"}", OpenError::Damaged),
            ("AAAAAAAAAAAAAAAAAAAAAA==", "AAAA", OpenError::Damaged),
            ("\"salt\"", "\"pepper\"", OpenError::Damaged),
            ("\"salt\"", "salt", OpenError::Damaged),
        ] {
            let changed = good.replace(from, to);
            assert_ne!(changed, good);
            assert_eq!(open(&changed, PASSPHRASE), Err(error), "{changed}");
        }
    }
}
