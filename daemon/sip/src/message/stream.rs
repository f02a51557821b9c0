//! Messages out of a stream: framing by Content-Length, RFC 3261 §18.3, and the keep-alive of
//! RFC 5626 §3.5.1.

use super::{Fault, MAX_SIZE, Name, scan};

/// Cuts a stream into messages. Holds at most one message and what was read with its end.
#[derive(Debug, Default)]
pub struct Splitter {
    buffer: Vec<u8>,
    /// How much of the buffer was already searched for the end of the head.
    searched: usize,
    /// How long the message is that the buffer begins with, once its head is there.
    length: Option<usize>,
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
        if self.length.is_none() {
            if self.skip_empty_lines() {
                return Ok(Some(Item::Ping));
            }
            self.length = self.measure()?;
        }
        let Some(length) = self.length.filter(|length| *length <= self.buffer.len()) else { return Ok(None) };
        let rest = self.buffer.split_off(length);
        let message = std::mem::replace(&mut self.buffer, rest);
        (self.searched, self.length) = (0, None);
        Ok(Some(Item::Message(message)))
    }

    /// How long the message is; none while its head is not all there.
    fn measure(&mut self) -> Result<Option<usize>, Fault> {
        let from = self.searched.saturating_sub(3); // the end of the head may be cut in two
        let unsearched = self.buffer.get(from..).unwrap_or_default();
        let Some(at) = unsearched.windows(4).position(|w| w == b"\r\n\r\n") else {
            self.searched = self.buffer.len();
            return if self.searched > MAX_SIZE { Err(TOO_LONG) } else { Ok(None) };
        };
        let head = from + at + 4;
        let body = content_length(self.buffer.get(..head).unwrap_or_default())?;
        let length = head.saturating_add(body);
        if length > MAX_SIZE { Err(TOO_LONG) } else { Ok(Some(length)) }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(chunks: &[&[u8]]) -> Vec<Result<Item, Fault>> {
        let mut splitter = Splitter::new();
        let mut found = Vec::new();
        for chunk in chunks {
            splitter.push(chunk);
            loop {
                match splitter.next() {
                    Ok(Some(item)) => found.push(Ok(item)),
                    Ok(None) => break,
                    Err(fault) => {
                        found.push(Err(fault));
                        return found;
                    }
                }
            }
        }
        found
    }

    fn message(text: &[u8]) -> Result<Item, Fault> {
        Ok(Item::Message(text.to_vec()))
    }

    #[test]
    fn messages_and_pings() {
        let stream: [&[u8]; 4] = [
            b"\r\n\r",
            b"\nA\r\nl : 3\r",
            b"\n\r\nxyzB\r\n\r\n\r\nC\r\nContent-Length:\r\n 2\r\n\r\n1",
            b"2",
        ];
        let wanted = [
            Ok(Item::Ping),
            message(b"A\r\nl : 3\r\n\r\nxyz"),
            message(b"B\r\n\r\n"),
            message(b"C\r\nContent-Length:\r\n 2\r\n\r\n12"),
        ];
        assert_eq!(feed(&stream), wanted);
    }

    #[test]
    fn what_cannot_be_framed_ends_the_stream() {
        let fault = |bytes: &[u8]| feed(&[bytes]).pop().and_then(Result::err).map(|f| (f.header, f.what));
        let length = Some(Name::ContentLength);
        assert_eq!(fault(b"A\r\nContent-Length: -1\r\n\r\n"), Some((length, "not a length")));
        assert_eq!(fault(b"A\r\nContent-Length: \xff\r\n\r\n"), Some((length, "not a length")));
        assert_eq!(fault(b"A\r\nl: 1\r\nContent-Length: 2\r\n\r\nxx"), Some((length, "more than once")));
        assert_eq!(fault(b"A\r\nl: 99999999999999999999\r\n\r\n").map(|f| f.1), Some("not a length"));
        assert_eq!(fault(b"A\r\nl: 65535\r\n\r\n").map(|f| f.1), Some(TOO_LONG.what));
        assert_eq!(fault(&[b'a'; MAX_SIZE + 1]).map(|f| f.1), Some(TOO_LONG.what));
        assert_eq!(fault(&[b'a'; MAX_SIZE]), None);
    }
}
