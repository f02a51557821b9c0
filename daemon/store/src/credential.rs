//! Passwords, and random values that open doors.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use sha2::{Digest, Sha256};

/// A password as it is stored: argon2id in PHC form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Hashes a password with a random salt. Takes tens of milliseconds and 19 MiB, on purpose.
    ///
    /// # Errors
    /// In words, when the system has no memory or no randomness.
    pub fn new(password: &str) -> Result<Self, String> {
        let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|e| e.to_string())?;
        Ok(Self(hash.to_string()))
    }

    /// Is it this password? Takes as long as [`PasswordHash::new`].
    pub fn verify(&self, password: &str) -> bool {
        match phc::PasswordHash::new(&self.0) {
            Ok(hash) => Argon2::default().verify_password(password.as_bytes(), &hash).is_ok(),
            Err(_) => false,
        }
    }

    pub(crate) fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a client shows to be let in: 160 random bits as text.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// In words, when the system has no randomness.
    pub fn generate() -> Result<Self, String> {
        random_text(32).map(Self)
    }

    /// One that a client shows.
    pub fn from_client(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text to hand out.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// As it is stored. A plain hash is enough: nobody guesses 160 bits.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

/// A token as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub(crate) [u8; 32]);

/// `length` random characters of five bits each, from an alphabet without look-alikes (no I, L, O,
/// U): fit to be read aloud and typed into a telephone.
///
/// # Errors
/// In words, when the system has no randomness.
pub fn random_text(length: usize) -> Result<String, String> {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).map_err(|e| e.to_string())?;
    Ok(bytes.iter().filter_map(|b| ALPHABET.get(usize::from(b % 32))).map(|&c| char::from(c)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_its_password_and_no_other() {
        let hash = PasswordHash::new("correct horse").unwrap();
        assert!(hash.as_str().starts_with("$argon2id$"));
        assert!(hash.verify("correct horse"));
        assert!(!hash.verify("correct horse "));
        assert!(!PasswordHash::from_stored("garbage".into()).verify("correct horse"));
        assert_ne!(hash, PasswordHash::new("correct horse").unwrap(), "salted");
    }

    #[test]
    fn tokens_differ_and_hash_alike() {
        let (a, b) = (Token::generate().unwrap(), Token::generate().unwrap());
        assert_eq!(a.reveal().len(), 32);
        assert_ne!(a.reveal(), b.reveal());
        assert_eq!(a.hash(), Token::from_client(a.reveal()).hash());
    }
}
