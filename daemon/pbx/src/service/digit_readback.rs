use super::{Act, Service};
use demarc_model::media::Source;
use std::time::Duration;

/// Digits end with `#` or with a pause of this length.
const PAUSE: Duration = Duration::from_secs(2);
/// The most digits that are remembered.
const MAX_DIGITS: usize = 32;
/// How long one digit takes to send, pause included.
const PER_DIGIT: Duration = Duration::from_millis(200);
/// After sending, our own tones may still come back as echo.
const ECHO_GUARD: Duration = Duration::from_millis(500);

/// Answers, listens for digits, and sends back those it heard; then listens again.
#[derive(Debug, Default)]
pub(super) struct DigitReadback {
    heard: String,
    /// We are sending: what is heard now is our own echo.
    sending: bool,
}

impl DigitReadback {
    fn send(&mut self) -> Vec<Act> {
        if self.heard.is_empty() {
            return Vec::new();
        }
        let digits = std::mem::take(&mut self.heard);
        let count = u32::try_from(digits.len()).unwrap_or(u32::MAX);
        self.sending = true;
        vec![Act::SendDigits(digits), Act::Wait(PER_DIGIT.saturating_mul(count) + ECHO_GUARD)]
    }
}

impl Service for DigitReadback {
    fn start(&mut self) -> Vec<Act> {
        vec![Act::Answer, Act::Play(Source::Silence)]
    }

    fn digit(&mut self, digit: char) -> Vec<Act> {
        if self.sending {
            return Vec::new();
        }
        if digit == '#' {
            return self.send();
        }
        if self.heard.len() < MAX_DIGITS {
            self.heard.push(digit);
        }
        vec![Act::Wait(PAUSE)]
    }

    fn timeout(&mut self) -> Vec<Act> {
        if std::mem::take(&mut self.sending) {
            return Vec::new();
        }
        self.send()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_back_after_a_pause_and_listens_again() {
        let mut service = DigitReadback::default();
        assert_eq!(service.start(), [Act::Answer, Act::Play(Source::Silence)]);
        for round in ["12*", "9"] {
            for digit in round.chars() {
                assert_eq!(service.digit(digit), [Act::Wait(PAUSE)]);
            }
            assert_eq!(service.timeout()[0], Act::SendDigits(round.into()));
            assert_eq!(service.digit('5'), [], "an echo of our own digits");
            assert_eq!(service.timeout(), []);
        }
    }

    #[test]
    fn a_hash_ends_the_digits() {
        let mut service = DigitReadback::default();
        service.start();
        assert_eq!(service.digit('#'), [], "there is nothing to send");
        service.digit('7');
        assert_eq!(service.digit('#')[0], Act::SendDigits("7".into()));
    }

    #[test]
    fn remembers_a_bounded_number() {
        let mut service = DigitReadback::default();
        for _ in 0..1000 {
            service.digit('1');
        }
        assert_eq!(service.timeout()[0], Act::SendDigits("1".repeat(MAX_DIGITS)));
    }
}
