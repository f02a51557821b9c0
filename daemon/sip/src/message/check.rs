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
    mandatory(fields)
        .or_else(|| once(fields))
        .or_else(|| match message {
            Message::Request(request) if fields.cseq().method != request.method.as_str() => {
                Some(Fault::header(Name::CSeq, "method differs from the request"))
            }
            _ => None,
        })
        .or_else(|| lists(fields))
        .or_else(|| numbers(fields))
}

fn mandatory(fields: &Fields) -> Option<Fault> {
    let is_call_id = |v: &str| !v.is_empty() && !v.bytes().any(|b| b <= b' ' || b == 0x7f);
    let is_via = |v: &str| Via::parse(v).is_some();
    for (name, is_good) in [
        (Name::Via, &is_via as &dyn Fn(&str) -> bool),
        (Name::From, &|v| Address::parse(v).is_some()),
        (Name::To, &|v| Address::parse(v).is_some()),
        (Name::CallId, &is_call_id),
        (Name::CSeq, &|v| CSeq::parse(v).is_some()),
    ] {
        let value = if name == Name::Via { fields.values(name).next() } else { fields.value(name) };
        match value {
            None => return Some(Fault::header(name, "missing")),
            Some(value) if !is_good(value) => return Some(Fault::header(name, "malformed")),
            Some(_) => {}
        }
    }
    None
}

/// Headers that would mean two things when they are there twice (RFC 4475 §3.3.8).
fn once(fields: &Fields) -> Option<Fault> {
    const ONCE: [Name; 7] = [
        Name::From,
        Name::To,
        Name::CallId,
        Name::CSeq,
        Name::MaxForwards,
        Name::ContentLength,
        Name::ContentType,
    ];
    ONCE.into_iter()
        .find(|name| fields.lines(*name).nth(1).is_some())
        .map(|name| Fault::header(name, "more than once"))
}

fn lists(fields: &Fields) -> Option<Fault> {
    for (name, _, value) in fields.iter() {
        let good = match name {
            Name::Via => every(value, |v| Via::parse(v).is_some()),
            Name::Contact if value == "*" => fields.lines(Name::Contact).nth(1).is_none(),
            Name::Contact => every(value, |v| Address::parse(v).is_some()),
            Name::Route | Name::RecordRoute => {
                every(value, |v| v.contains('<') && Address::parse(v).is_some())
            }
            Name::ContentType => MediaType::parse(value).is_some(),
            _ => true,
        };
        if !good {
            return Some(Fault::header(name, "malformed"));
        }
    }
    None
}

fn every(value: &str, is_good: fn(&str) -> bool) -> bool {
    scan::split(value, b',').all(is_good)
}

fn numbers(fields: &Fields) -> Option<Fault> {
    if fields.value(Name::MaxForwards).is_some() && fields.max_forwards().is_none() {
        return Some(Fault::header(Name::MaxForwards, "not 0 to 255"));
    }
    [Name::Expires, Name::MinExpires]
        .into_iter()
        .find(|name| fields.value(*name).is_some_and(|v| scan::number_saturating(v).is_none()))
        .map(|name| Fault::header(name, "not a number of seconds"))
}
