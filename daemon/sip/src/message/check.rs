//! What every element must be able to rely on in a message it was given.

use super::{Address, CSeq, Fault, Fields, MediaType, Message, Name, Via, scan};

/// Cuts the body to Content-Length; a fault when that is no length, or longer than what is there.
pub(super) fn body_length(message: &mut Message) -> Option<Fault> {
    let fields = match message {
        Message::Request(request) => &mut request.fields,
        Message::Response(response) => &mut response.fields,
    };
    let text = fields.value(Name::ContentLength)?; // a datagram may go without
    let length = match scan::number(text) {
        Some(length) => usize::try_from(length).unwrap_or(usize::MAX),
        None => return Some(Fault::header(Name::ContentLength, "not a length")),
    };
    if length > fields.body.len() {
        return Some(Fault::header(Name::ContentLength, "longer than the message"));
    }
    fields.body.truncate(length);
    None
}

/// The first thing that is wrong with a message.
pub(super) fn check(message: &Message) -> Option<Fault> {
    let fields = message.fields();
    let mut seen = Seen::default();
    for (name, _, value) in fields.iter() {
        if !is_good(fields, name, value) {
            return Some(Fault::header(name, "malformed"));
        }
        if seen.twice(name) {
            return Some(Fault::header(name, "more than once"));
        }
    }
    if let Some(name) = MANDATORY.into_iter().find(|name| !seen.has(*name)) {
        return Some(Fault::header(name, "missing"));
    }
    match message {
        Message::Request(request) if fields.cseq().method != request.method.as_str() => {
            Some(Fault::header(Name::CSeq, "method differs from the request"))
        }
        _ => None,
    }
}

const MANDATORY: [Name; 5] = [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq];

/// Has the value the form that its header must have? Headers that are not listed are read when
/// somebody asks for them, and are as good as absent when they are malformed.
fn is_good(fields: &Fields, name: Name, value: &str) -> bool {
    match name {
        Name::Via => every(value, |v| Via::parse(v).is_some()),
        Name::From | Name::To => Address::parse(value).is_some(),
        Name::CallId => !value.is_empty() && !value.bytes().any(|b| b <= b' ' || b == 0x7f),
        Name::CSeq => CSeq::parse(value).is_some(),
        Name::Contact if value == "*" => fields.lines(Name::Contact).nth(1).is_none(),
        Name::Contact => every(value, |v| Address::parse(v).is_some()),
        Name::Route | Name::RecordRoute => every(value, |v| v.contains('<') && Address::parse(v).is_some()),
        Name::MaxForwards => scan::number(value).is_some_and(|n| n <= 255),
        Name::Expires | Name::MinExpires => scan::number_saturating(value).is_some(),
        Name::ContentType => MediaType::parse(value).is_some(),
        _ => true,
    }
}

/// Which of the headers were seen that would mean two things when they are there twice (RFC 4475
/// §3.3.8), or that must be there.
#[derive(Default)]
struct Seen(u128);

impl Seen {
    /// Marks a header; true when it was seen before and may be there once only.
    fn twice(&mut self, name: Name) -> bool {
        let once = matches!(
            name,
            Name::From
                | Name::To
                | Name::CallId
                | Name::CSeq
                | Name::MaxForwards
                | Name::ContentLength
                | Name::ContentType
        );
        let before = self.has(name);
        self.0 |= 1 << (name as u8);
        once && before
    }

    fn has(&self, name: Name) -> bool {
        self.0 & (1 << (name as u8)) != 0
    }
}

fn every(value: &str, is_good: fn(&str) -> bool) -> bool {
    scan::split(value, b',').all(is_good)
}
