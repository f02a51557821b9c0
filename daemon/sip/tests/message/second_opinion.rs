//! `rsip` is an independent parser: what it accepts must mean the same to us.
//!
//! It is laxer than we are in places and refuses much that is well-formed, so only agreement where
//! both accept is asked for; that enough is accepted by both is checked too. Two things that rsip
//! reads wrong are left out where they stand below.

use super::{corpus, fuzz, wire};
use demarc_sip::message::{Address, Fields, Message, Name, Scheme, Uri};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rsip::headers::ToTypedHeader;
use rsip::message::{HasHeaders, HeadersExt};
use rsip::prelude::UntypedHeader;

/// Compares two readings of the same bytes; the first thing on which they differ, when they do.
fn differ(ours: &Message, theirs: &rsip::SipMessage) -> Option<String> {
    let mut found = Vec::new();
    let mut same = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            found.push(format!("{what}: we read {ours:?}, rsip reads {theirs:?}"));
        }
    };
    match (ours, theirs) {
        (Message::Request(a), rsip::SipMessage::Request(b)) => {
            same("method", a.method().to_string(), b.method.to_string());
            same("uri", uri(a.uri()), their_uri(&b.uri));
        }
        (Message::Response(a), rsip::SipMessage::Response(b)) => {
            same("status", a.status().code().to_string(), b.status_code.code().to_string());
        }
        _ => same("kind", ours.label(), theirs.to_string()),
    }
    let f = ours.fields();
    if let Ok(h) = theirs.call_id_header() {
        same("Call-ID", f.call_id().to_owned(), h.value().to_owned());
    }
    if let Ok(Ok(h)) = theirs.cseq_header().map(|h| h.typed()) {
        same("CSeq", format!("{} {}", f.cseq().number, f.cseq().method), h.to_string());
    }
    if let Ok(Ok(h)) = theirs.from_header().map(|h| h.typed()) {
        same(
            "From",
            address(f.from()),
            format!(
                "{:?} {} {:?}",
                name(h.display_name.as_deref()),
                their_uri(&h.uri),
                h.tag().map(|t| t.to_string())
            ),
        );
    }
    if let Ok(Ok(h)) = theirs.to_header().map(|h| h.typed()) {
        same(
            "To",
            address(f.to()),
            format!(
                "{:?} {} {:?}",
                name(h.display_name.as_deref()),
                their_uri(&h.uri),
                h.tag().map(|t| t.to_string())
            ),
        );
    }
    if let Ok(Ok(h)) = theirs.via_header().map(|h| h.typed()) {
        let v = f.via();
        // rsip cuts a branch at the first character that no token has; we let it pass as it is.
        let is_token = |b: &str| !b.contains(['[', ']', ':', '/', '@', '$', '&', '=', '"', '<']);
        let (ours, theirs) = match v.branch() {
            Some(branch) if !is_token(branch) => (None, None),
            branch => (branch, h.branch().map(|b| b.to_string())),
        };
        same(
            "Via",
            format!("{} {} {:?} {:?}", v.transport(), v.host(), v.port(), ours),
            format!("{} {} {:?} {:?}", h.transport, h.uri.host(), h.uri.port().map(|p| *p.value()), theirs),
        );
    }
    if let (Some(ours), Ok(Ok(h))) = (f.contact(), theirs.contact_header().map(|h| h.typed())) {
        same("Contact", uri(ours.uri()), their_uri(&h.uri));
    }
    if let (Some(ours), Some(Ok(theirs))) = (f.expires(), theirs.expires_header().map(|h| h.seconds())) {
        same("Expires", ours.to_string(), theirs.to_string());
    }
    if f.value(Name::ContentLength).is_none() {
        same("body", format!("{:?}", f.body()), format!("{:?}", theirs.body()));
    }
    same("headers", count(f), theirs.headers().iter().count().to_string());
    found.into_iter().next()
}

fn count(fields: &Fields) -> String {
    fields.iter().count().to_string()
}

fn uri(uri: Uri<'_>) -> String {
    if matches!(uri.scheme(), Scheme::Other | Scheme::Tel) {
        return "another scheme".to_owned();
    }
    format!("{:?} {} {:?}", uri.user(), uri.host(), uri.port())
}

/// rsip takes apart the URI of any scheme as if it were `sip:`.
fn their_uri(uri: &rsip::Uri) -> String {
    if !matches!(uri.scheme, Some(rsip::Scheme::Sip | rsip::Scheme::Sips)) {
        return "another scheme".to_owned();
    }
    format!("{:?} {} {:?}", uri.user(), uri.host(), uri.port().map(|p| *p.value()))
}

fn address(a: Address<'_>) -> String {
    format!("{:?} {} {:?}", name(Some(&a.display())), uri(a.uri()), a.tag())
}

/// rsip leaves quotes around a display name.
fn name(display: Option<&str>) -> &str {
    display.unwrap_or_default().trim().trim_matches('"')
}

#[test]
fn the_corpus_means_the_same() {
    let mut both = 0;
    for text in corpus::ALL {
        let ours = Message::parse(wire(text)).unwrap();
        if let Ok(theirs) = rsip::SipMessage::try_from(wire(text)) {
            assert_eq!(differ(&ours, &theirs), None, "{text}");
            both += 1;
        }
    }
    assert!(both >= 5, "rsip reads only {both}: nothing is compared");
}

#[test]
fn mutations_mean_the_same() {
    let mut runner = TestRunner::deterministic();
    let (mut both, mut only_us, mut only_them) = (0, 0, 0);
    for _ in 0..4000 {
        let bytes = fuzz::mutated().new_tree(&mut runner).unwrap().current();
        match (Message::parse(bytes.clone()), rsip::SipMessage::try_from(bytes.clone())) {
            (Ok(ours), Ok(theirs)) => {
                both += 1;
                let difference = differ(&ours, &theirs);
                assert_eq!(difference, None, "{}", String::from_utf8_lossy(&bytes));
            }
            (Ok(_), Err(_)) => only_us += 1,
            (Err(_), Ok(_)) => only_them += 1,
            (Err(_), Err(_)) => {}
        }
    }
    assert!(both > 800, "both read {both}, only we {only_us}, only rsip {only_them}");
}
