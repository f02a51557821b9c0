use super::{Act, Service};
use demarc_model::Cause;

/// Refuses with a cause.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reject {
    pub cause: Cause,
}

impl Reject {
    /// The cause that the last three digits of the called number give, less `base`; 31 when that is
    /// none (Q.850 has 1–127).
    pub fn by_number(called: &str, base: u16) -> Self {
        let last = called.len().saturating_sub(3);
        let number = called.get(last..).and_then(|digits| digits.parse::<u16>().ok()).unwrap_or_default();
        let value = u8::try_from(number.saturating_sub(base)).unwrap_or_default();
        Self { cause: Cause::from_received(value) }
    }
}

impl Service for Reject {
    fn start(&mut self) -> Vec<Act> {
        vec![Act::End(self.cause)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses() {
        assert_eq!(Reject { cause: Cause::USER_BUSY }.start(), [Act::End(Cause::USER_BUSY)]);
    }

    #[test]
    fn the_number_gives_the_cause() {
        for (called, cause) in [
            ("02079460201", 1),
            ("02079460217", 17),
            ("+442079460327", 127),
            ("02079460200", 31),
            ("02079460328", 31),
            ("02079460100", 31),
            ("999", 31),
            ("9", 31),
            ("", 31),
            ("*#*", 31),
        ] {
            assert_eq!(Reject::by_number(called, 200).cause.value(), cause, "{called}");
        }
    }
}
