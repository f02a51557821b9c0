//! What a REGISTER makes of the bindings that are known, RFC 3261 §10.3.

use super::{Account, Binding, DEFAULT_EXPIRES_S, MIN_EXPIRES_S, Refusal, seconds};
use crate::Flow;
use crate::message::{Address, Request, Scheme, UriBuf};
use demarc_model::Now;
use std::time::SystemTime;

/// The longest Contact URI that is remembered.
const MAX_URI: usize = 512;

/// The longest Call-ID, instance and User-Agent that is remembered.
const MAX_TEXT: usize = 256;

/// The bindings after the request; those known are as they were when it is refused.
pub(super) fn apply(
    now: Now,
    account: &Account<'_>,
    request: &Request,
    flow: Flow,
    known: &[Binding],
) -> Result<Vec<Binding>, Refusal> {
    if request.to().uri().dialled().as_deref() != Some(account.username) {
        return Err(Refusal::NotYours);
    }
    let has_star = request.values(crate::message::Name::Contact).any(|c| c == "*");
    if has_star {
        if !request.contact_is_star() || request.expires() != Some(0) {
            return Err(Refusal::Star);
        }
        in_order(known, request, |_| true)?;
        return Ok(Vec::new());
    }
    let max = usize::from(account.max_contacts).max(1);
    let (mut kept, mut made) = (known.to_vec(), Vec::new());
    if request.contacts().count() > max {
        return Err(Refusal::TooMany);
    }
    for contact in request.contacts() {
        let uri = contact.uri();
        if !matches!(uri.scheme(), Scheme::Sip | Scheme::Sips) || uri.as_str().len() > MAX_URI {
            return Err(Refusal::Contact);
        }
        let lasts_s = lasts_s(account, request, contact)?;
        let instance = instance(contact);
        let is_same_uri = |b: &Binding| b.contact.as_uri().same_as(uri);
        let is_same = |b: &Binding| is_same_uri(b) || (instance.is_some() && b.instance == instance);
        in_order(known, request, is_same)?;
        kept.retain(|b| !is_same(b));
        made.retain(|b| !is_same_uri(b)); // a phone may name two ways to the same instance
        if lasts_s > 0 {
            made.push(Binding {
                contact: UriBuf::from(uri),
                flow,
                expires_at: now.mono + seconds(lasts_s),
                expires_ms: wall_ms(now.wall).saturating_add(u64::from(lasts_s) * 1000),
                q: contact.q().unwrap_or(1000),
                call_id: bounded(request.call_id()),
                cseq: request.cseq().number,
                instance,
                user_agent: request.user_agent().map(bounded),
            });
        }
    }
    kept.append(&mut made);
    let surplus = kept.len().saturating_sub(max);
    kept.drain(..surplus);
    Ok(kept)
}

/// A request that was overtaken by a later one of the same phone must not undo it.
fn in_order(
    known: &[Binding],
    request: &Request,
    concerns: impl Fn(&Binding) -> bool,
) -> Result<(), Refusal> {
    let call_id = bounded(request.call_id());
    let overtaken = |b: &Binding| concerns(b) && b.call_id == call_id && b.cseq >= request.cseq().number;
    if known.iter().any(overtaken) { Err(Refusal::OutOfOrder) } else { Ok(()) }
}

/// How long a contact is to last, in seconds; 0 = not any more.
fn lasts_s(account: &Account<'_>, request: &Request, contact: Address<'_>) -> Result<u32, Refusal> {
    match contact.expires().or_else(|| request.expires()).unwrap_or(DEFAULT_EXPIRES_S) {
        0 => Ok(0),
        wanted if wanted < MIN_EXPIRES_S => Err(Refusal::TooBrief),
        wanted => Ok(wanted.min(account.max_expires_s.max(MIN_EXPIRES_S))),
    }
}

fn instance(contact: Address<'_>) -> Option<String> {
    contact.params().unquoted("+sip.instance").map(|i| bounded(&i))
}

fn bounded(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

fn wall_ms(wall: SystemTime) -> u64 {
    let since = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
