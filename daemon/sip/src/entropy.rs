//! Tags, branches, Call-IDs and SSRCs: unguessable from outside, repeatable from a seed.

use sha2::{Digest, Sha256};

/// SHA-256 in counter mode under the seed.
#[derive(Debug)]
pub struct Entropy {
    seed: u64,
    count: u64,
}

impl Entropy {
    /// Everything follows from the seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, count: 0 }
    }

    /// 64 bits.
    pub fn number(&mut self) -> u64 {
        self.count += 1;
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(self.count.to_be_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        digest.iter().take(8).fold(0, |number, octet| number << 8 | u64::from(*octet))
    }

    /// 32 bits.
    pub fn small(&mut self) -> u32 {
        (self.number() >> 32) as u32
    }

    /// 16 hexadecimal digits: a tag, or what makes a branch or a Call-ID unique.
    pub fn token(&mut self) -> String {
        format!("{:016x}", self.number())
    }

    /// Something between 0 and `below − 1` (0 when `below` is 0).
    pub fn below(&mut self, below: u64) -> u64 {
        self.number() % below.max(1)
    }
}
