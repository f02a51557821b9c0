//! The pseudo-random pattern 2¹⁵−1 (ITU-T O.150 §5.3: x¹⁵ + x¹⁴ + 1, inverted), the first bit in the
//! most significant place of an octet.

/// Makes the pattern.
#[derive(Debug, Clone)]
pub struct Source(u16);

impl Source {
    /// Begins at a place of its own for every seed.
    pub fn new(seed: u16) -> Self {
        // A register of zeros would never leave them.
        Self(((seed.wrapping_mul(0x9E37) ^ 0x2A5B) & 0x7FFF).max(1))
    }

    /// The next octet.
    pub fn octet(&mut self) -> u8 {
        // Eight steps at once: each bit is the sum of two that are further back than eight.
        let octet = (self.0 >> 7 ^ self.0 >> 6) & 0xFF;
        self.0 = (self.0 << 8 | octet) & 0x7FFF;
        !u8::try_from(octet).unwrap_or(0)
    }
}

/// Octets that must agree before the pattern counts as found. 16 bits fill the register; the rest are
/// proof: chance agrees with 48 bits once in 10¹⁴.
const PROOF: u32 = 6;
/// Octets over which it is judged whether the pattern is still there: a block.
const WINDOW: u32 = 160;
/// Wrong bits in a window at which it is not: one in five.
const LOST: u32 = WINDOW * 8 / 5;

/// Looks for the pattern and counts what is wrong.
#[derive(Debug, Clone, Default)]
pub struct Sink {
    source: Option<Source>,
    history: u16,
    agreed: u32,
    window: u32,
    window_errors: u32,
    /// Bits that were compared.
    pub bits: u64,
    /// Bits that were wrong.
    pub errors: u64,
    /// How often the pattern was lost after it had been found.
    pub breaks: u64,
}

impl Sink {
    /// The pattern is found.
    pub fn is_found(&self) -> bool {
        self.source.is_some() && self.agreed >= PROOF
    }

    /// Looks for the pattern anew; nothing is blamed on the line.
    pub fn restart(&mut self) {
        // What was counted since the last whole window may be wrong already.
        self.errors -= u64::from(self.window_errors);
        self.bits -= u64::from(self.window) * 8;
        self.seek();
    }

    /// Begins to count anew, and stays with the pattern when it has it.
    pub fn forget(&mut self) {
        (self.bits, self.errors, self.breaks) = (0, 0, 0);
        (self.window, self.window_errors) = (0, 0);
    }

    fn seek(&mut self) {
        (self.source, self.agreed, self.window, self.window_errors) = (None, 0, 0, 0);
    }

    /// Takes an octet.
    pub fn hear(&mut self, octet: u8) {
        self.history = self.history << 8 | u16::from(octet);
        let Some(source) = &mut self.source else {
            self.agreed += 1;
            // The register is full of what came after two octets; a pattern of ones is none.
            let register = !self.history & 0x7FFF;
            if self.agreed >= 2 && register != 0 {
                (self.source, self.agreed) = (Some(Source(register)), 0);
            }
            return;
        };
        let wrong = (source.octet() ^ octet).count_ones();
        if self.agreed < PROOF {
            self.agreed += 1;
            if wrong > 0 {
                self.seek();
            }
            return;
        }
        self.bits += 8;
        self.errors += u64::from(wrong);
        self.window += 1;
        self.window_errors += wrong;
        if self.window >= WINDOW {
            let errors = std::mem::take(&mut self.window_errors);
            self.window = 0;
            if errors >= LOST {
                // Not the line's bits were wrong but their order.
                self.errors -= u64::from(errors);
                self.bits -= u64::from(WINDOW) * 8;
                self.breaks += 1;
                self.seek();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_is_that_of_the_standard() {
        let mut source = Source(0x7FFF);
        let octets: Vec<u8> = (0..2 * 32_767).map(|_| source.octet()).collect();
        assert_eq!(&octets[..32_767], &octets[32_767..], "it repeats");
        assert_ne!(&octets[..4681], &octets[4681..9362], "and not sooner");
        let bit = |place: usize| !octets[place / 8] >> (7 - place % 8) & 1;
        assert!((15..200_000).all(|place| bit(place) == bit(place - 14) ^ bit(place - 15)));
    }

    #[test]
    fn errors_are_counted_to_the_bit() {
        let (mut source, mut sink) = (Source::new(7), Sink::default());
        for place in 0..80_000 {
            let mut octet = source.octet();
            if place % 10_000 == 5_000 {
                octet ^= 0b0010_0001;
            }
            sink.hear(octet);
        }
        assert_eq!((sink.errors, sink.breaks), (16, 0));
        assert_eq!(sink.bits, (80_000 - u64::from(PROOF) - 2) * 8);
    }

    #[test]
    fn a_slip_is_a_break_and_not_many_errors() {
        let (mut source, mut sink) = (Source::new(7), Sink::default());
        for _ in 0..5000 {
            sink.hear(source.octet());
        }
        source.octet();
        for _ in 0..5000 {
            sink.hear(source.octet());
        }
        assert_eq!(sink.breaks, 1);
        assert!(sink.is_found() && sink.errors < u64::from(LOST), "{}", sink.errors);
    }

    #[test]
    fn what_is_no_pattern_is_not_found() {
        for idle in [0x00, 0xFF, 0xD5, 0x55] {
            let mut sink = Sink::default();
            (0..10_000).for_each(|_| sink.hear(idle));
            assert!(!sink.is_found() && sink.bits == 0, "{idle:#04x}");
        }
    }

    #[test]
    fn what_was_our_own_fault_is_not_counted() {
        let (mut source, mut sink) = (Source::new(9), Sink::default());
        for _ in 0..1000 {
            sink.hear(source.octet());
        }
        source.octet();
        for _ in 0..40 {
            sink.hear(source.octet());
        }
        sink.restart();
        for _ in 0..1000 {
            sink.hear(source.octet());
        }
        assert_eq!((sink.errors, sink.breaks), (0, 0));
    }
}
