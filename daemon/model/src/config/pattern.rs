//! Number patterns, in the field's own notation.

use serde::{Deserialize, Serialize};

/// A number pattern: digits, `*`, `#` and `+` stand for themselves; `X` is 0–9, `Z` 1–9, `N` 2–9,
/// `[13-5]` one of a set; a final `.` is one or more of anything, a final `!` none or more.
///
/// Any text can be a `Pattern`, so that a configuration can be read and its faults be shown
/// together; [`Pattern::check`] says what is wrong with it. One that cannot be read matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Pattern(pub String);

/// Why a pattern cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(pub String);

/// How a number stands to a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It does not match, and more digits will not help.
    No,
    /// It does not match yet; with more digits it can.
    Partial,
    /// It matches, and no further digit fits.
    Full,
    /// It matches, and will still match with more digits.
    Open,
}

impl Match {
    /// Does the number match as it is?
    pub const fn is_match(self) -> bool {
        matches!(self, Match::Full | Match::Open)
    }

    /// Can more digits make, or keep, a match?
    pub const fn wants_more(self) -> bool {
        matches!(self, Match::Partial | Match::Open)
    }
}

/// How narrow a pattern is: the greater one is preferred when several match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Specificity {
    /// 2 = fixed length, 1 = ends with `.`, 0 = ends with `!`.
    closed: u8,
    /// Symbols that stand for one character.
    fixed: usize,
    /// 13 per symbol less the characters it stands for: literal symbols count most.
    narrow: u32,
}

/// The longest pattern, in characters.
const MAX_LEN: usize = 64;

impl Pattern {
    /// A pattern from its text, unchecked.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Can it be read?
    ///
    /// # Errors
    /// What is wrong, where (positions count from 1), and what would be right.
    pub fn check(&self) -> Result<(), PatternError> {
        if self.0.is_empty() {
            return Err(PatternError("a pattern is empty: write digits, or `!` for any number".into()));
        }
        if self.0.chars().count() > MAX_LEN {
            return Err(PatternError(format!("a pattern has at most {MAX_LEN} characters: shorten it")));
        }
        Symbols::of(&self.0).try_for_each(|symbol| symbol.map(drop))
    }

    /// How `number` stands to the pattern.
    pub fn compare(&self, number: &str) -> Match {
        if self.0.is_empty() || self.0.len() > MAX_LEN {
            return Match::No;
        }
        let mut digits = number.chars();
        for symbol in Symbols::of(&self.0) {
            match symbol {
                Err(_) => return Match::No,
                Ok(Symbol::OneOrMore) if digits.as_str().is_empty() => return Match::Partial,
                Ok(Symbol::OneOrMore | Symbol::NoneOrMore) => return Match::Open,
                Ok(Symbol::One(set)) => match digits.next() {
                    // What follows may still be unreadable: such a pattern must never want digits.
                    None if self.check().is_err() => return Match::No,
                    None => return Match::Partial,
                    Some(digit) if set & bit(digit) == 0 => return Match::No,
                    Some(_) => {}
                },
            }
        }
        if digits.as_str().is_empty() { Match::Full } else { Match::No }
    }

    /// Does `number` match as it is?
    pub fn matches(&self, number: &str) -> bool {
        self.compare(number).is_match()
    }

    /// How narrow it is.
    pub fn specificity(&self) -> Specificity {
        let mut found = Specificity { closed: 2, fixed: 0, narrow: 0 };
        for symbol in Symbols::of(&self.0).flatten() {
            match symbol {
                Symbol::One(set) => {
                    found.fixed += 1;
                    found.narrow += 13u32.saturating_sub(set.count_ones());
                }
                Symbol::OneOrMore => found.closed = 1,
                Symbol::NoneOrMore => found.closed = 0,
            }
        }
        found
    }

    /// The number it stands for, when it stands for one only.
    pub fn literal(&self) -> Option<&str> {
        (!self.0.is_empty() && self.0.chars().all(|c| bit(c) != 0 && c.is_ascii())).then_some(&self.0)
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One piece of a pattern.
#[derive(Clone, Copy)]
enum Symbol {
    /// One character out of a set of [`bit`]s.
    One(u16),
    OneOrMore,
    NoneOrMore,
}

/// The characters of numbers: `0`–`9` are bits 0–9.
const STAR: u16 = 1 << 10;
const HASH: u16 = 1 << 11;
const PLUS: u16 = 1 << 12;

fn bit(c: char) -> u16 {
    match c {
        '0'..='9' => 1 << (c as u32 - '0' as u32),
        '*' => STAR,
        '#' => HASH,
        '+' => PLUS,
        _ => 0,
    }
}

/// The digits `from` to `to`.
fn range(from: char, to: char) -> u16 {
    (from..=to).fold(0, |set, c| set | bit(c))
}

/// Reads a pattern from left to right, without allocation; ends at the first fault.
struct Symbols<'a> {
    rest: std::str::Chars<'a>,
    position: usize,
    failed: bool,
}

impl<'a> Symbols<'a> {
    fn of(text: &'a str) -> Self {
        Self { rest: text.chars(), position: 0, failed: false }
    }

    fn take(&mut self) -> Option<char> {
        self.position += 1;
        self.rest.next()
    }

    fn tail(&self, mark: char, symbol: Symbol) -> Result<Symbol, PatternError> {
        if self.rest.as_str().is_empty() {
            return Ok(symbol);
        }
        Err(PatternError(format!(
            "`{mark}` at position {} must be the last character: remove what follows it",
            self.position
        )))
    }

    /// The set after `[`.
    fn set(&mut self) -> Result<Symbol, PatternError> {
        let opened = self.position;
        let mut set = 0;
        let mut former: Option<char> = None;
        loop {
            match self.take() {
                None => {
                    return Err(PatternError(format!(
                        "`[` at position {opened} is never closed: write a `]` after its digits"
                    )));
                }
                Some(']') if set == 0 => {
                    return Err(PatternError(format!(
                        "the set at position {opened} is empty: write digits between `[` and `]`"
                    )));
                }
                Some(']') => return Ok(Symbol::One(set)),
                Some('-') => match (former.take(), self.take()) {
                    (Some(from @ '0'..='9'), Some(to @ '0'..='9')) if from <= to => set |= range(from, to),
                    _ => {
                        return Err(PatternError(format!(
                            "the range in the set at position {opened} is not one of rising digits: \
                             write it as `[2-5]`"
                        )));
                    }
                },
                Some(c @ ('0'..='9' | '*' | '#')) => {
                    set |= bit(c);
                    former = Some(c);
                }
                Some(c) => {
                    return Err(PatternError(format!(
                        "`{c}` at position {} cannot stand in a set: use digits, `*`, `#` and ranges as `2-5`",
                        self.position
                    )));
                }
            }
        }
    }
}

impl Iterator for Symbols<'_> {
    type Item = Result<Symbol, PatternError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let symbol = match self.take()? {
            '+' if self.position > 1 => Err(PatternError(format!(
                "`+` at position {} can only be the first character: remove it",
                self.position
            ))),
            c @ ('0'..='9' | '*' | '#' | '+') => Ok(Symbol::One(bit(c))),
            'X' | 'x' => Ok(Symbol::One(range('0', '9'))),
            'Z' | 'z' => Ok(Symbol::One(range('1', '9'))),
            'N' | 'n' => Ok(Symbol::One(range('2', '9'))),
            '[' => self.set(),
            '.' => self.tail('.', Symbol::OneOrMore),
            '!' => self.tail('!', Symbol::NoneOrMore),
            c @ (' ' | '-' | '(' | ')' | '/') => Err(PatternError(format!(
                "`{c}` at position {} is not dialled: write the number without it",
                self.position
            ))),
            c => Err(PatternError(format!(
                "`{c}` at position {} means nothing in a pattern: use digits, `*`, `#`, `+`, X, Z, N, \
                 a set as `[13-5]`, and a final `.` or `!`",
                self.position
            ))),
        };
        self.failed = symbol.is_err();
        Some(symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(pattern: &str, number: &str) -> Match {
        Pattern::new(pattern).compare(number)
    }

    #[test]
    fn symbols_match_what_they_stand_for() {
        for (pattern, yes, no) in [
            ("201", "201", "202"),
            ("X", "0", "*"),
            ("Z", "1", "0"),
            ("N", "2", "1"),
            ("x", "9", "#"),
            ("[13-5]", "4", "2"),
            ("[*#9]", "*", "0"),
            ("*43", "*43", "43"),
            ("+44X", "+447", "447"),
        ] {
            assert_eq!(compare(pattern, yes), Match::Full, "{pattern} {yes}");
            assert_eq!(compare(pattern, no), Match::No, "{pattern} {no}");
        }
    }

    #[test]
    fn tails_are_open() {
        assert_eq!(compare("0.", "0"), Match::Partial);
        assert_eq!(compare("0.", "02"), Match::Open);
        assert_eq!(compare("0.", "0#*5"), Match::Open);
        assert_eq!(compare("0.", "1"), Match::No);
        assert_eq!(compare("!", ""), Match::Open);
        assert_eq!(compare("!", "123"), Match::Open);
        assert_eq!(compare(".", ""), Match::Partial);
    }

    #[test]
    fn a_short_number_wants_more_and_a_long_one_fails() {
        assert_eq!(compare("2XX", ""), Match::Partial);
        assert_eq!(compare("2XX", "20"), Match::Partial);
        assert_eq!(compare("2XX", "2011"), Match::No);
    }

    #[test]
    fn faults_name_the_place_and_the_remedy() {
        for (pattern, words) in [
            ("", "empty"),
            ("20A", "`A` at position 3 means nothing"),
            ("020 79", "` ` at position 4 is not dialled"),
            ("2.1", "`.` at position 2 must be the last"),
            ("2!!", "`!` at position 2 must be the last"),
            ("1+2", "`+` at position 2 can only be the first"),
            ("1[23", "`[` at position 2 is never closed"),
            ("[]", "the set at position 1 is empty"),
            ("[5-2]", "write it as `[2-5]`"),
            ("[-2]", "write it as `[2-5]`"),
            ("[1-]", "write it as `[2-5]`"),
            ("[2x]", "`x` at position 3 cannot stand in a set"),
        ] {
            let error = Pattern::new(pattern).check().unwrap_err().to_string();
            assert!(error.contains(words), "{pattern}: {error}");
            for number in ["", "1", "2", "20", "201"] {
                assert!(!compare(pattern, number).is_match(), "{pattern} {number}");
            }
        }
        assert!(Pattern::new("1".repeat(65)).check().is_err());
    }

    #[test]
    fn an_unreadable_pattern_never_wants_digits() {
        assert_eq!(compare("20[", "2"), Match::No);
        assert_eq!(compare("20A", ""), Match::No);
    }

    #[test]
    fn narrow_patterns_come_first() {
        let order = ["0201", "020X", "02XX", "XXXX", "XXX", "0044.", "00.", ".", "00!", "!"];
        for pair in order.windows(2) {
            assert!(
                Pattern::new(pair[0]).specificity() > Pattern::new(pair[1]).specificity(),
                "{} before {}",
                pair[0],
                pair[1]
            );
        }
    }

    #[test]
    fn literals() {
        assert_eq!(Pattern::new("*43").literal(), Some("*43"));
        for pattern in ["", "2X", "2.", "!", "[2]"] {
            assert_eq!(Pattern::new(pattern).literal(), None);
        }
    }
}
