//! Messages out of a stream: framing by Content-Length, RFC 3261 §18.3, and the keep-alive of
//! RFC 5626 §3.5.1.

use super::{Fault, MAX_SIZE, Name, scan};

/// Cuts a stream into messages. Holds at most one message and what was read with its end.
#[derive(Debug, Default)]
pub struct Splitter {
    buffer: Vec<u8>,
    /// How much of the buffer was already searched for the end of the head.
    searched: usize,
}

/// What the stream brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A whole message, for [`super::Message::parse`].
    Message(Vec<u8>),
    /// The peer asks whether we are there (CR LF CR LF): answer with CR LF.
    Ping,
}

impl Splitter {
    /// An empty one, for a new connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what was read. Call [`Self::next`] until it gives nothing before the next `push`:
    /// then the buffer stays below [`MAX_SIZE`] and one read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next item, when it is all there. After an error the framing is lost: close the
    /// connection.
    #[allow(clippy::should_implement_trait)] // an iterator may not begin again after `None`
    pub fn next(&mut self) -> Result<Option<Item>, Fault> {
        if self.skip_empty_lines() {
            return Ok(Some(Item::Ping));
        }
        let Some(body) = self.end_of_head() else {
            return if self.buffer.len() > MAX_SIZE { Err(TOO_LONG) } else { Ok(None) };
        };
        let length = content_length(self.buffer.get(..body).unwrap_or_default())?;
        let total = body.saturating_add(length);
        if total > MAX_SIZE {
            return Err(TOO_LONG);
        }
        if total > self.buffer.len() {
            return Ok(None);
        }
        let rest = self.buffer.split_off(total);
        self.searched = 0;
        Ok(Some(Item::Message(std::mem::replace(&mut self.buffer, rest))))
    }

    /// Drops empty lines before a message. True when they are a ping; a lone CR LF is what a peer
    /// answers to our own, or sends before a message.
    fn skip_empty_lines(&mut self) -> bool {
        let mut at = 0;
        let mut ping = false;
        while self.buffer.get(at..).is_some_and(|b| b.starts_with(b"\r\n")) {
            at += 2;
            if at == 4 {
                ping = true;
                break;
            }
        }
        // Half a ping is kept: its other half may be on the way.
        if at == 2 && matches!(self.buffer.get(2..), Some([] | [b'\r'])) {
            return false;
        }
        if at > 0 {
            self.buffer.drain(..at);
            self.searched = 0;
        }
        ping
    }

    /// Where the body begins.
    fn end_of_head(&mut self) -> Option<usize> {
        let from = self.searched.saturating_sub(3);
        let found = self.buffer.get(from..)?.windows(4).position(|w| w == b"\r\n\r\n");
        self.searched = self.buffer.len();
        // Found or not, what was searched need not be searched again; a found head is searched
        // again from its end when its body is not all there, so remember the place.
        if let Some(at) = found {
            self.searched = from + at;
        }
        found.map(|at| from + at + 4)
    }
}

const TOO_LONG: Fault = Fault::message("longer than 65535 bytes");

/// The length that a head announces. By the book a stream may not go without one (RFC 3261
/// §20.14); no body is what a sender that leaves it out means.
fn content_length(head: &[u8]) -> Result<usize, Fault> {
    let bad = Fault::header(Name::ContentLength, "not a length");
    let mut lines = head.split(|b| *b == b'\n').peekable();
    let mut found = None;
    while let Some(line) = lines.next() {
        let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
        let (name, value) = line.split_at(colon);
        let Ok(name) = std::str::from_utf8(name) else { continue };
        if Name::parse(scan::trim(name)) != Name::ContentLength || name.starts_with(scan::is_lws) {
            continue;
        }
        let mut value = value.get(1..).unwrap_or_default().to_vec();
        while lines.peek().is_some_and(|next| matches!(next.first(), Some(b' ' | b'\t'))) {
            value.extend_from_slice(lines.next().unwrap_or_default());
        }
        let text = std::str::from_utf8(&value).map_err(|_| bad)?;
        let length = scan::number(text.trim_matches([' ', '\t', '\r'])).ok_or(bad)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if found.is_some_and(|f| f != length) {
            return Err(Fault::header(Name::ContentLength, "more than once"));
        }
        found = Some(length);
    }
    Ok(found.unwrap_or(0))
}
