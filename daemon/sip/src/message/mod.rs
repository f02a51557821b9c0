//! SIP messages, RFC 3261 §7: a parser that copies nothing but the body, and a writer that cannot
//! be talked into writing a header nobody asked for.
//!
//! A [`Message`] owns the bytes as they came and remembers where its headers stand. Everything it
//! is asked for is read from there and borrows from it. [`Message::parse`] checks what any element
//! must be able to rely on, so that [`Fields::via`], [`Fields::from`] and the like need no error.

mod address;
mod check;
mod class;
mod cursor;
mod draft;
mod fault;
mod fields;
mod method;
mod multipart;
mod name;
mod params;
mod parse;
pub(crate) mod scan;
mod status;
pub mod stream;
mod uri;
mod values;
mod via;

pub use address::{Address, write_address};
pub use draft::Draft;
pub use fault::{Fault, ParseError};
pub use fields::Fields;
pub use method::Method;
pub use name::Name;
pub use params::{Param, Params};
pub use status::Status;
pub use uri::{Scheme, Uri, UriBuf, escape_user};
pub use values::{CSeq, MediaType, Privacy, Reason};
pub use via::Via;

use std::ops::Deref;

/// The longest message that is read, in bytes; longer ones do not fit UDP anyway.
pub const MAX_SIZE: usize = 65_535;

/// How many header lines a message may have.
pub const MAX_HEADERS: usize = 200;

/// What a branch begins with when it names a transaction, RFC 3261 §8.1.1.7.
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// A message as received.
#[derive(Debug, Clone)]
pub enum Message {
    /// Somebody wants something.
    Request(Request),
    /// An answer.
    Response(Response),
}

/// A request as received; its headers are those of [`Fields`].
#[derive(Debug, Clone)]
pub struct Request {
    method: Method,
    uri: Span,
    fields: Fields,
}

/// A response as received; its headers are those of [`Fields`].
#[derive(Debug, Clone)]
pub struct Response {
    status: Status,
    reason: Span,
    fields: Fields,
}

/// A place in the head of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Span {
    start: u32,
    end: u32,
}

impl Message {
    /// Reads one message that is all there: a datagram, or what [`stream`] cut out of a stream.
    ///
    /// Bytes after Content-Length are dropped (RFC 3261 §18.3).
    pub fn parse(bytes: Vec<u8>) -> Result<Self, ParseError> {
        parse::parse(bytes)
    }

    /// Its headers and body.
    pub fn fields(&self) -> &Fields {
        match self {
            Message::Request(request) => request,
            Message::Response(response) => response,
        }
    }

    /// The first line, for people: `INVITE sip:201@example.com`, `180 Ringing`.
    pub fn label(&self) -> String {
        match self {
            Message::Request(request) => format!("{} {}", request.method, request.uri_text()),
            Message::Response(response) => format!("{} {}", response.status.code(), response.reason_phrase()),
        }
    }
}

impl Request {
    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The Request-URI.
    pub fn uri(&self) -> Uri<'_> {
        Uri::parse(self.uri_text()).unwrap_or_default() // checked when the message was read
    }

    fn uri_text(&self) -> &str {
        self.fields.text(self.uri)
    }

    /// Is there what a response must repeat, and a Via that says where it goes?
    pub(crate) fn can_be_answered(&self) -> bool {
        let present = |name| self.value(name).is_some_and(|v| !v.is_empty());
        self.values(Name::Via).next().and_then(Via::parse).is_some()
            && [Name::From, Name::To, Name::CallId, Name::CSeq].into_iter().all(present)
    }
}

impl Response {
    /// The status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The reason phrase as sent; may be empty.
    pub fn reason_phrase(&self) -> &str {
        self.fields.text(self.reason)
    }
}

impl Deref for Request {
    type Target = Fields;
    fn deref(&self) -> &Fields {
        &self.fields
    }
}

impl Deref for Response {
    type Target = Fields;
    fn deref(&self) -> &Fields {
        &self.fields
    }
}
