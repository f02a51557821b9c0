//! Who diverted a call: Diversion (RFC 5806) and History-Info (RFC 7044), mapped to each other as
//! RFC 7544 has it.

use crate::identity::{self, Audience};
use crate::message::{Address, Draft, Name, Request, UriBuf, write_address};
use demarc_model::config::DiversionForm;
use demarc_model::number::Screening;
use demarc_model::{CallerId, Presentation, RedirectReason, Redirecting};

/// The most entries of a header that are looked at, and the most that are written.
const MANY: usize = 16;
/// Who diverted a call and may not be named.
const ANONYMOUS: &str = "sip:anonymous@anonymous.invalid";
/// Who diverted a call and was not named to us (RFC 7544 §7.3).
const UNKNOWN: &str = "sip:unknown@unknown.invalid";

/// The diversion that brought a call here. History-Info tells more; a peer that writes both means
/// the same by them.
pub fn read(request: &Request) -> Option<Redirecting> {
    from_history(request).or_else(|| from_diversion(request))
}

fn from_diversion(request: &Request) -> Option<Redirecting> {
    let all: Vec<Address<'_>> = request.diversions().take(MANY).collect();
    let latest = all.first()?;
    let counter = |entry: &Address<'_>| {
        let counter = entry.params().get("counter").and_then(|counter| counter.parse::<u8>().ok());
        counter.unwrap_or(1).max(1)
    };
    let count = all.iter().map(counter).fold(0, u8::saturating_add);
    let first = all.last().filter(|first| all.len() > 1 && counter(first) == 1);
    Some(Redirecting {
        from: diverting(latest),
        reason: reason_of_word(latest.params().get("reason").unwrap_or_default().trim_matches('"')),
        count,
        original: first.map(diverting),
    })
}

/// One entry of Diversion.
fn diverting(entry: &Address<'_>) -> CallerId {
    let word = |name: &str| {
        entry.params().get(name).map(|value| value.trim_matches('"').to_ascii_lowercase()).unwrap_or_default()
    };
    let hidden = matches!(word("privacy").as_str(), "full" | "uri");
    let screening = match word("screen").as_str() {
        "yes" => Screening::UserVerified,
        _ => Screening::UserUnscreened,
    };
    party(entry, hidden, screening)
}

fn party(entry: &Address<'_>, hidden: bool, screening: Screening) -> CallerId {
    let number = identity::number(entry.uri());
    let presentation = match &number {
        _ if hidden || identity::is_anonymous(entry.uri()) => Presentation::Restricted,
        None => Presentation::Unavailable,
        Some(_) => Presentation::Allowed,
    };
    let name = if presentation == Presentation::Allowed { identity::name(*entry) } else { None };
    CallerId { number, name, presentation, screening }
}

/// An entry whose URI has a `cause` (RFC 4458) was diverted to; who diverted is the entry that `mp`
/// names, else the one before.
fn from_history(request: &Request) -> Option<Redirecting> {
    let all: Vec<Address<'_>> = request.history().take(MANY).collect();
    let withheld = request.privacy().history;
    let mut diversions = Vec::new();
    for (i, entry) in all.iter().enumerate() {
        let Some(reason) = entry.uri().params().get("cause").and_then(reason_of_status) else { continue };
        let named = entry
            .params()
            .get("mp")
            .and_then(|index| all.iter().take(i).find(|entry| entry.params().get("index") == Some(index)));
        let Some(who) = named.or_else(|| all.get(i.checked_sub(1)?)) else { continue };
        let hidden = withheld
            || who.uri().headers().is_some_and(|headers| {
                let headers = headers.to_ascii_lowercase();
                headers.split('&').any(|header| {
                    header.strip_prefix("privacy=").is_some_and(|value| {
                        value
                            .split([';', ','])
                            .any(|word| matches!(word, "history" | "id" | "header" | "user"))
                    })
                })
            });
        diversions.push((party(who, hidden, Screening::UserUnscreened), reason));
    }
    let count = u8::try_from(diversions.len()).unwrap_or(u8::MAX);
    let original = (count > 1).then(|| diversions.first().map(|(who, _)| who.clone())).flatten();
    let (from, reason) = diversions.pop()?;
    Some(Redirecting { from, reason, count, original })
}

/// Adds what the audience may know of a diversion. `target`: whom the call goes to now.
pub fn write(
    mut draft: Draft,
    redirecting: Option<&Redirecting>,
    form: DiversionForm,
    target: &str,
    audience: &Audience<'_>,
) -> Draft {
    let Some(redirecting) = redirecting else { return draft };
    if matches!(form, DiversionForm::Diversion | DiversionForm::Both) {
        for value in as_diversion(redirecting, audience) {
            draft = draft.add(Name::Diversion, value);
        }
    }
    if matches!(form, DiversionForm::HistoryInfo | DiversionForm::Both) {
        for value in as_history(redirecting, target, audience) {
            draft = draft.add(Name::HistoryInfo, value);
        }
    }
    draft
}

fn as_diversion(redirecting: &Redirecting, audience: &Audience<'_>) -> Vec<String> {
    let count = redirecting.count.max(1);
    let others = u8::from(redirecting.original.is_some() && count > 1);
    let mut values = vec![entry(&redirecting.from, word_of(redirecting.reason), count - others, audience)];
    if let (Some(original), 1) = (&redirecting.original, others) {
        values.push(entry(original, word_of(RedirectReason::Unknown), 1, audience));
    }
    values
}

fn entry(who: &CallerId, reason: &str, counter: u8, audience: &Audience<'_>) -> String {
    let (uri, hidden) = uri_of(who, audience);
    let name = who.shown_name().unwrap_or_default();
    let mut value = write_address(name, &uri, None);
    value += ";reason=";
    value += reason;
    if counter > 1 {
        value += &format!(";counter={counter}");
    }
    if hidden {
        value += ";privacy=full";
    }
    if matches!(who.screening, Screening::UserVerified | Screening::Network) {
        value += ";screen=yes";
    }
    value
}

fn as_history(redirecting: &Redirecting, target: &str, audience: &Audience<'_>) -> Vec<String> {
    let count = usize::from(redirecting.count.clamp(1, MANY as u8));
    let mut parties: Vec<Option<&CallerId>> = vec![None; count];
    if let Some(first) = parties.first_mut() {
        *first = redirecting.original.as_ref();
    }
    if let Some(last) = parties.last_mut() {
        *last = Some(&redirecting.from);
    }
    let mut values = Vec::new();
    let mut index = String::from("1");
    for (i, who) in parties.into_iter().enumerate() {
        let (uri, hidden) = who.map_or_else(|| (UNKNOWN.to_owned(), false), |who| uri_of(who, audience));
        let cause = (i > 0).then(|| status_of(RedirectReason::Unknown));
        values.push(history_entry(&uri, cause, hidden, &index));
        index += ".1";
    }
    let before = index.strip_suffix(".1").unwrap_or_default().to_owned();
    let mut last = history_entry(target, Some(status_of(redirecting.reason)), false, &index);
    last += ";mp=";
    last += &before;
    values.push(last);
    values
}

fn history_entry(uri: &str, cause: Option<u16>, hidden: bool, index: &str) -> String {
    let uri = match (cause, UriBuf::parse(uri)) {
        (Some(cause), Some(uri)) => uri.with_param("cause", &cause.to_string()).as_str().to_owned(),
        _ => uri.to_owned(),
    };
    let privacy = if hidden { "?Privacy=history" } else { "" };
    format!("<{uri}{privacy}>;index={index}")
}

/// The URI of who diverted, and whether it is to be hidden. Whoever may not know gets no number.
fn uri_of(who: &CallerId, audience: &Audience<'_>) -> (String, bool) {
    let hidden = who.presentation == Presentation::Restricted;
    let number = who.number.as_deref().filter(|number| !number.is_empty());
    match number {
        Some(number) if audience.trusted || !hidden => (identity::uri(number, audience.domain), hidden),
        _ if hidden => (ANONYMOUS.to_owned(), true),
        _ => (UNKNOWN.to_owned(), false),
    }
}

/// RFC 5806 §4.
fn reason_of_word(word: &str) -> RedirectReason {
    match word.to_ascii_lowercase().as_str() {
        "user-busy" => RedirectReason::Busy,
        "no-answer" => RedirectReason::NoAnswer,
        "deflection" => RedirectReason::Deflection,
        "unavailable" | "out-of-service" => RedirectReason::OutOfOrder,
        "unconditional" => RedirectReason::Unconditional,
        _ => RedirectReason::Unknown,
    }
}

fn word_of(reason: RedirectReason) -> &'static str {
    match reason {
        RedirectReason::Unknown => "unknown",
        RedirectReason::Busy => "user-busy",
        RedirectReason::NoAnswer => "no-answer",
        RedirectReason::Deflection => "deflection",
        RedirectReason::OutOfOrder => "unavailable",
        RedirectReason::Unconditional => "unconditional",
    }
}

/// RFC 4458 and RFC 7544 §4.3. A `cause` that stands for no diversion gives none.
fn reason_of_status(status: &str) -> Option<RedirectReason> {
    Some(match status {
        "302" => RedirectReason::Unconditional,
        "404" => RedirectReason::Unknown,
        "408" => RedirectReason::NoAnswer,
        "480" | "487" => RedirectReason::Deflection,
        "486" => RedirectReason::Busy,
        "503" => RedirectReason::OutOfOrder,
        _ => return None,
    })
}

fn status_of(reason: RedirectReason) -> u16 {
    match reason {
        RedirectReason::Unconditional => 302,
        RedirectReason::Unknown => 404,
        RedirectReason::NoAnswer => 408,
        RedirectReason::Deflection => 480,
        RedirectReason::Busy => 486,
        RedirectReason::OutOfOrder => 503,
    }
}

#[cfg(test)]
mod tests;
