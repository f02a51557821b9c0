//! Caller identity as keys (ETSI EN 300 659-1 Annex B): `A` number `C`, or `B` reason `C`.

use demarc_model::{CallerId, Presentation};

/// Not available.
const UNAVAILABLE: &str = "00";
/// Presentation restricted.
const WITHHELD: &str = "10";
/// The longest that is read.
const LONGEST: usize = 64;

/// The keys that tell who calls.
pub fn text(caller: &CallerId) -> String {
    let digits = |n: &str| n.chars().filter(char::is_ascii_digit).take(20).collect::<String>();
    match caller.shown_number().map(digits).filter(|d| !d.is_empty()) {
        Some(number) => format!("A{number}C"),
        None if caller.presentation == Presentation::Restricted => format!("B{WITHHELD}C"),
        None => format!("B{UNAVAILABLE}C"),
    }
}

/// Reads keys. Beside the common form it knows `D` number `C` (Taiwan), number `#`, and `D` reason `#`
/// (Denmark, the Netherlands).
#[derive(Debug, Default)]
pub struct KeyReader {
    heard: String,
}

impl KeyReader {
    /// A key was heard; who calls, when it was the last.
    pub fn key(&mut self, key: char) -> Option<CallerId> {
        if self.heard.len() >= LONGEST {
            self.heard.clear();
        }
        if key != 'C' && key != '#' {
            self.heard.push(key);
            return None;
        }
        let heard = std::mem::take(&mut self.heard);
        let (number, presentation) = match (after(&heard, 'A'), after(&heard, 'B'), after(&heard, 'D')) {
            (Some(number), _, _) if !number.is_empty() => (number, Presentation::Allowed),
            (_, Some(WITHHELD), _) => ("", Presentation::Restricted),
            (_, Some(_), _) => ("", Presentation::Unavailable),
            (_, _, Some("1")) if key == '#' => ("", Presentation::Restricted),
            (_, _, Some(_)) if key == '#' => ("", Presentation::Unavailable),
            (_, _, Some(number)) => (number, Presentation::Allowed),
            // Without a mark, a stray key must not count as a number.
            _ if key == '#' && heard.len() >= 3 => (heard.as_str(), Presentation::Allowed),
            _ => return None,
        };
        let number = (!number.is_empty()).then(|| number.to_owned());
        Some(CallerId { number, presentation, ..CallerId::default() })
    }
}

/// The digits after the last `mark`, up to the next letter.
fn after(keys: &str, mark: char) -> Option<&str> {
    let (_, rest) = keys.rsplit_once(mark)?;
    rest.split(|c: char| c.is_ascii_alphabetic()).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(keys: &str) -> Option<CallerId> {
        let mut reader = KeyReader::default();
        keys.chars().fold(None, |found, key| reader.key(key).or(found))
    }

    fn number(digits: &str) -> Option<CallerId> {
        Some(CallerId { number: Some(digits.into()), ..CallerId::default() })
    }

    fn none(presentation: Presentation) -> Option<CallerId> {
        Some(CallerId { presentation, ..CallerId::default() })
    }

    #[test]
    fn each_variant_is_read() {
        for keys in ["A0207946018C", "D0207946018C", "0207946018#", "A0207946018#", "A0207946018D123B00C"] {
            assert_eq!(read(keys), number("0207946018"), "{keys}");
        }
        assert_eq!(read("B10C"), none(Presentation::Restricted));
        assert_eq!(read("B00C"), none(Presentation::Unavailable));
        assert_eq!(read("D1#"), none(Presentation::Restricted));
        assert_eq!(read("D2#"), none(Presentation::Unavailable));
        assert_eq!(read("1#"), None);
        assert_eq!(read(&"1".repeat(1000)), None);
    }

    #[test]
    fn what_may_not_be_shown_is_not_sent() {
        let caller = CallerId { presentation: Presentation::Restricted, ..number("123456").unwrap() };
        assert_eq!(text(&caller), "B10C");
        assert_eq!(text(&CallerId::default()), "B00C");
        assert_eq!(text(&number("+442079460018").unwrap()), "A442079460018C");
    }
}
