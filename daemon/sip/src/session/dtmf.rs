//! Keys in INFO: `application/dtmf-relay` (Signal=, Duration=), `application/dtmf` (the bare key)
//! and `application/hook-flash`.

use crate::message::Request;

/// The types that are understood.
pub const ACCEPT: &str = "application/dtmf-relay, application/dtmf, application/hook-flash";

/// What an INFO says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Info {
    /// It has no body: a sign of life.
    Nothing,
    /// A key.
    Digit(char),
    /// The recall button.
    Flash,
    /// Something else.
    Unknown,
}

/// Reads an INFO.
pub fn read(request: &Request) -> Info {
    if request.body().is_empty() {
        return Info::Nothing;
    }
    if request.content("application", "hook-flash").is_some() {
        return Info::Flash;
    }
    let relay = request.content("application", "dtmf-relay").map(signal);
    let bare = || request.content("application", "dtmf");
    match relay.or_else(|| bare().map(|body| std::str::from_utf8(body).ok().map(str::trim))) {
        Some(Some(key)) => key_named(key),
        _ => Info::Unknown,
    }
}

fn signal(body: &[u8]) -> Option<&str> {
    std::str::from_utf8(body).ok()?.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        name.trim().eq_ignore_ascii_case("Signal").then(|| value.trim())
    })
}

/// A key by its letter, or by its event number of RFC 4733 where that has two digits.
fn key_named(key: &str) -> Info {
    match key {
        "10" => Info::Digit('*'),
        "11" => Info::Digit('#'),
        "12" => Info::Digit('A'),
        "13" => Info::Digit('B'),
        "14" => Info::Digit('C'),
        "15" => Info::Digit('D'),
        "16" | "!" => Info::Flash,
        _ => {
            let mut keys = key.chars().map(|c| c.to_ascii_uppercase());
            match (keys.next(), keys.next()) {
                (Some(c @ ('0'..='9' | '*' | '#' | 'A'..='D')), None) => Info::Digit(c),
                _ => Info::Unknown,
            }
        }
    }
}
