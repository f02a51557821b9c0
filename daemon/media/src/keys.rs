//! The keys to be pressed toward a party: ordered digits, and presses relayed from another stream.

use crate::dtmf::KeyEdge;
use demarc_hal::BLOCK;
use std::collections::VecDeque;

/// The shortest tone and the shortest pause that a receiver must notice (Q.24: 40 ms), with a margin.
const SHORTEST: u32 = 50 * 8;
/// A relayed press whose end was lost is let go.
const LONGEST: u32 = 8_000 * 8;
/// What a `,` stands for.
const COMMA: u32 = 500 * 8;
/// Presses that may wait; what goes beyond is dropped.
const WAITING: usize = 128;

/// Presses, one after the other.
#[derive(Debug)]
pub struct Keys {
    waiting: VecDeque<Press>,
    now: State,
    /// Ordered digits are under way: their end is to be reported.
    ordered: bool,
}

/// One press. Lengths in samples.
#[derive(Debug, Clone, Copy)]
struct Press {
    /// None: only a pause.
    digit: Option<char>,
    on: u32,
    off: u32,
    /// Its end is not known yet: it lasts until it is let go.
    held: bool,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Idle,
    On { press: Press, lasted: u32 },
    Off { left: u32 },
}

/// What sounds within one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sounding {
    /// The key.
    pub digit: char,
    /// From which sample of the block.
    pub from: usize,
    /// To which, exclusive.
    pub to: usize,
    /// How long the press has lasted at the end of the block, in samples.
    pub lasted: u32,
    /// It ends in this block.
    pub ends: bool,
}

impl Default for Keys {
    fn default() -> Self {
        Self { waiting: VecDeque::with_capacity(WAITING), now: State::Idle, ordered: false }
    }
}

impl Keys {
    /// Nothing sounds and nothing waits.
    pub fn is_idle(&self) -> bool {
        matches!(self.now, State::Idle) && self.waiting.is_empty()
    }

    /// Orders digits, each `on_ms` long with a pause of `off_ms` after it (40–1000).
    pub fn order(&mut self, digits: &str, on_ms: u16, off_ms: u16) {
        let samples = |ms: u16| u32::from(ms.clamp(40, 1000)) * 8;
        for digit in digits.chars() {
            let press = match digit.to_ascii_uppercase() {
                ',' => Press { digit: None, on: 0, off: COMMA, held: false },
                d @ ('0'..='9' | '*' | '#' | 'A'..='D') => {
                    Press { digit: Some(d), on: samples(on_ms), off: samples(off_ms), held: false }
                }
                _ => continue,
            };
            self.push(press);
        }
        self.ordered = true;
    }

    /// Relays what another party does with its keys.
    pub fn relay(&mut self, edge: KeyEdge) {
        match edge {
            KeyEdge::Down(digit) => {
                self.release();
                self.push(Press { digit: Some(digit), on: SHORTEST, off: SHORTEST, held: true });
            }
            KeyEdge::Up => self.release(),
        }
    }

    /// Lets go of what is held, as when its stream is played no more.
    pub fn release(&mut self) {
        if let State::On { press, .. } = &mut self.now {
            press.held = false;
        }
        for press in &mut self.waiting {
            press.held = false;
        }
    }

    /// What sounds in the next block. Pauses are longer than a block, so it is one press at most.
    pub fn next_block(&mut self) -> Option<Sounding> {
        let mut sounding = None;
        let mut at = 0;
        while at < BLOCK {
            let left = (BLOCK - at) as u32;
            match self.now {
                State::Idle => match self.waiting.pop_front() {
                    None => break,
                    Some(press) if press.digit.is_none() => self.now = State::Off { left: press.off },
                    Some(press) => self.now = State::On { press, lasted: 0 },
                },
                State::Off { left: off } if off > left => {
                    self.now = State::Off { left: off - left };
                    at = BLOCK;
                }
                State::Off { left: off } => {
                    self.now = State::Idle;
                    at += off as usize;
                }
                State::On { press, lasted } => {
                    let rest = match press.held {
                        true => LONGEST.saturating_sub(lasted),
                        false => press.on.saturating_sub(lasted),
                    };
                    let (step, ends) = (rest.min(left), rest <= left);
                    let (from, to) = (at, at + step as usize);
                    if let Some(digit) = press.digit {
                        sounding = Some(Sounding { digit, from, to, lasted: lasted + step, ends });
                    }
                    self.now = match ends {
                        true => State::Off { left: press.off },
                        false => State::On { press, lasted: lasted + step },
                    };
                    at = to;
                }
            }
        }
        sounding
    }

    /// True once when all ordered digits have been sent.
    pub fn take_finished(&mut self) -> bool {
        self.ordered && self.is_idle() && std::mem::take(&mut self.ordered)
    }

    fn push(&mut self, press: Press) {
        if self.waiting.len() < WAITING {
            self.waiting.push_back(press);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs until idle; each press as (digit, sample it began at, its length).
    fn run(keys: &mut Keys) -> Vec<(char, usize, u32)> {
        let mut presses = Vec::new();
        for block in 0..1000 {
            if let Some(s) = keys.next_block() {
                if s.lasted as usize == s.to - s.from {
                    presses.push((s.digit, block * BLOCK + s.from, 0));
                }
                presses.last_mut().unwrap().2 = s.lasted;
            }
            if keys.is_idle() {
                break;
            }
        }
        presses
    }

    #[test]
    fn ordered_digits_keep_time_to_the_sample() {
        let mut keys = Keys::default();
        keys.order("1,2#x", 75, 45);
        assert_eq!(run(&mut keys), [('1', 0, 600), ('2', 600 + 360 + 4000, 600), ('#', 4960 + 960, 600)]);
        assert!(keys.take_finished());
        assert!(!keys.take_finished(), "once");
    }

    #[test]
    fn a_relayed_press_lasts_as_long_as_it_is_held() {
        let mut keys = Keys::default();
        keys.relay(KeyEdge::Down('7'));
        for _ in 0..10 {
            assert!(!keys.next_block().unwrap().ends);
        }
        keys.relay(KeyEdge::Up);
        let last = keys.next_block().unwrap();
        assert_eq!((last.from, last.to, last.lasted, last.ends), (0, 0, 1600, true));
        assert!(!keys.take_finished(), "nothing was ordered");
    }

    #[test]
    fn a_short_relayed_press_is_made_long_enough() {
        let mut keys = Keys::default();
        for edge in [KeyEdge::Down('7'), KeyEdge::Up, KeyEdge::Down('7'), KeyEdge::Up] {
            keys.relay(edge);
        }
        assert_eq!(run(&mut keys), [('7', 0, 400), ('7', 800, 400)]);
    }

    #[test]
    fn a_press_without_an_end_is_let_go() {
        let mut keys = Keys::default();
        keys.relay(KeyEdge::Down('7'));
        assert_eq!(run(&mut keys), [('7', 0, LONGEST)]);
    }

    #[test]
    fn what_may_wait_is_bounded() {
        let mut keys = Keys::default();
        keys.order(&"5".repeat(1000), 40, 40);
        assert_eq!(keys.waiting.len(), WAITING);
    }
}
