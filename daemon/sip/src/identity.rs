//! Who calls, in the headers: From, P-Asserted-Identity (RFC 3325) and Privacy (RFC 3323).

use crate::message::{Address, Draft, Name, Request, Response, Uri, UriBuf, write_address};
use demarc_model::number::Screening;
use demarc_model::{CallerId, Presentation};

/// The longest number and name that are taken over.
const MAX_TEXT: usize = 128;

/// To whom an identity is shown.
#[derive(Debug, Clone, Copy)]
pub struct Audience<'a> {
    /// The domain of the URIs.
    pub domain: &'a str,
    /// Our account there, for callers without a number; may be empty.
    pub username: &'a str,
    /// A trunk: it may know a number that it must not show.
    pub trusted: bool,
    /// An emergency call to a trunk: nothing is withheld.
    pub emergency: bool,
}

impl Audience<'_> {
    fn may_show(&self, caller: &CallerId) -> bool {
        caller.presentation != Presentation::Restricted || (self.emergency && self.trusted)
    }
}

/// Our From without tag: display name and URI.
pub fn from(caller: &CallerId, audience: &Audience<'_>) -> (String, String) {
    if !audience.may_show(caller) {
        return ("Anonymous".to_owned(), "sip:anonymous@anonymous.invalid".to_owned());
    }
    let name = caller.name.clone().unwrap_or_default();
    let user = match (caller.number.as_deref(), audience.username) {
        (Some(number), _) if !number.is_empty() => number,
        (_, "") => "unknown",
        (_, username) => username,
    };
    (name, uri(user, audience.domain))
}

/// Adds P-Asserted-Identity and Privacy.
pub fn assert(mut draft: Draft, caller: &CallerId, audience: &Audience<'_>) -> Draft {
    let number = caller.number.as_deref().filter(|number| !number.is_empty());
    if let Some(number) = number.filter(|_| audience.trusted || audience.may_show(caller)) {
        let name = caller.name.as_deref().unwrap_or_default();
        draft = draft.add(Name::PAssertedIdentity, write_address(name, &uri(number, audience.domain), None));
    }
    if !audience.may_show(caller) {
        draft = draft.add(Name::Privacy, "id");
    }
    draft
}

/// Who calls. `trusted`: what the peer asserts is believed.
pub fn caller(request: &Request, trusted: bool) -> CallerId {
    let from = request.from();
    let asserted = request.asserted_identities().next().filter(|_| trusted);
    let shown = asserted.unwrap_or(from);
    let anonymous = is_anonymous(from.uri());
    let number = number(shown.uri()).filter(|_| asserted.is_some() || !anonymous);
    let presentation = match (&number, request.privacy().withholds_identity() || anonymous) {
        (_, true) => Presentation::Restricted,
        (Some(_), false) => Presentation::Allowed,
        (None, false) => Presentation::Unavailable,
    };
    CallerId {
        name: name(shown).filter(|_| asserted.is_some() || !anonymous),
        number,
        presentation,
        screening: if asserted.is_some() { Screening::Network } else { Screening::UserUnscreened },
    }
}

/// Who answered, when the peer asserts it.
pub fn connected(response: &Response) -> Option<CallerId> {
    let asserted = response.asserted_identities().next()?;
    let withheld = response.privacy().withholds_identity();
    Some(CallerId {
        number: number(asserted.uri()),
        name: name(asserted),
        presentation: if withheld { Presentation::Restricted } else { Presentation::Allowed },
        screening: Screening::Network,
    })
}

/// The called number: without the marks that only people need. A provider that calls the Contact
/// of our registration, which names `account`, has the number in To.
pub fn called(request: &Request, account: Option<&str>) -> Option<String> {
    let asked = request.uri().dialled()?;
    let dialled = match account {
        Some(account) if asked == account => request.to().uri().dialled().unwrap_or(asked),
        _ => asked,
    };
    let plain: String = dialled.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')' | ' ')).collect();
    match is_number(&plain) {
        true => Some(plain),
        false => Some(bounded(&dialled)).filter(|dialled| !dialled.is_empty()),
    }
}

/// The number in a URI; none when it names a person.
pub fn number(uri: Uri<'_>) -> Option<String> {
    let plain: String =
        uri.dialled()?.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')' | ' ')).collect();
    Some(plain).filter(|plain| is_number(plain))
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (1..=40).contains(&digits.len()) && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'*' | b'#'))
}

/// It stands for somebody who is not to be named (RFC 3261 §8.1.1.3, RFC 3323 §4.1.1.3).
pub fn is_anonymous(uri: Uri<'_>) -> bool {
    uri.host().eq_ignore_ascii_case("anonymous.invalid")
        || uri.user().is_some_and(|user| user.eq_ignore_ascii_case("anonymous"))
}

/// The display name, bounded.
pub fn name(address: Address<'_>) -> Option<String> {
    Some(bounded(&address.display())).filter(|name| !name.is_empty())
}

fn bounded(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

/// A URI in a domain; in none when the domain cannot stand in a URI.
pub fn uri(user: &str, domain: &str) -> String {
    UriBuf::sip(user, domain, None)
        .or_else(|| UriBuf::sip(user, "invalid", None))
        .map_or_else(|| "sip:invalid".to_owned(), |uri| uri.as_str().to_owned())
}
