//! What is wrong with a message.

use super::{Draft, Message, Name, Status};
use std::fmt;

/// One thing that is wrong, in the words of a reason phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// How a request with this fault is answered.
    pub status: Status,
    /// The header at fault; none for the start line or the message as a whole.
    pub header: Option<Name>,
    /// What is wrong with it.
    pub what: &'static str,
}

impl Fault {
    pub(crate) const fn message(what: &'static str) -> Self {
        Self { status: Status::BAD_REQUEST, header: None, what }
    }

    pub(crate) const fn header(name: Name, what: &'static str) -> Self {
        Self { status: Status::BAD_REQUEST, header: Some(name), what }
    }
}

/// As it stands in a reason phrase: `CSeq: method differs from the request`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.header {
            Some(name) => write!(f, "{name}: {}", self.what),
            None => f.write_str(self.what),
        }
    }
}

/// Why bytes are no message.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{fault}")]
pub struct ParseError {
    fault: Fault,
    message: Option<Box<Message>>,
}

impl ParseError {
    pub(crate) fn new(fault: Fault, message: Option<Box<Message>>) -> Self {
        Self { fault, message }
    }

    /// What is wrong.
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// The answer that the sender should get, when it was a request other than ACK and enough of it
    /// could be read (Via, From, To, Call-ID, CSeq). `source`: where it came from.
    pub fn reply(&self, source: std::net::SocketAddr, to_tag: &str) -> Option<Draft> {
        let Some(Message::Request(request)) = self.message.as_deref() else { return None };
        if *request.method() == super::Method::Ack || !request.can_be_answered() {
            return None;
        }
        let mut draft = Draft::response(request, self.fault.status, source).to_tag(to_tag);
        if self.fault.status == Status::BAD_REQUEST {
            draft = draft.reason_phrase(&format!("Bad Request ({})", self.fault));
        }
        Some(draft)
    }
}
