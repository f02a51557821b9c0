//! Bytes of any kind: read or refused, never a panic, and everything that can be asked of what was
//! read has an answer.

use super::{corpus, wire};
use demarc_sip::message::stream::{Item, Splitter};
use demarc_sip::message::{Draft, Message, Name, Status, Uri};
use demarc_sip::sdp::Sdp;
use proptest::prelude::*;

/// Asks a message everything.
fn interrogate(message: &Message) {
    let f = message.fields();
    for via in f.vias() {
        let _ = (via.received(), via.rport(), via.ip());
        assert!(!via.host().is_empty() && !via.transport().is_empty());
    }
    f.contacts().for_each(|c| drop((c.q(), c.expires(), c.uri().dialled(), c.display())));
    f.reasons().for_each(|r| drop((r.cause(), r.text())));
    let _ = (
        message.label(),
        f.iter().count(),
        f.contact_is_star(),
        f.routes().count(),
        f.record_routes().count(),
    );
    let _ = (
        f.from().display(),
        f.to().tag(),
        f.call_id(),
        f.cseq(),
        f.max_forwards(),
        f.expires(),
        f.min_expires(),
    );
    let _ = (
        f.q850_cause(),
        f.privacy(),
        f.asserted_identities().count(),
        f.diversions().count(),
        f.retry_after(),
    );
    let _ =
        (f.user_agent(), f.content_type(), f.lists(Name::Supported, "timer"), f.other("x"), f.body().len());
    let _ = f.sdp().map(Sdp::parse);
    // What must be there is there.
    assert!(f.vias().next().is_some() && !f.call_id().is_empty() && !f.cseq().method.is_empty());
    assert!(!f.from().uri().as_str().is_empty() && !f.to().uri().as_str().is_empty());
    if let Message::Request(request) = message {
        assert_eq!(request.cseq().method, request.method().as_str());
        assert!(request.uri().same_as(request.uri()));
        // Any request can be answered, and the answer is a message again.
        let answer = Draft::response(request, Status::OK, "192.0.2.1:5060".parse().unwrap()).to_tag("t");
        let answer = Message::parse(answer.write()).unwrap_or_else(|e| panic!("{e}: {}", f.head()));
        assert_eq!(answer.fields().call_id(), f.call_id());
        assert_eq!(answer.fields().vias().count(), f.vias().count());
        assert_eq!(answer.fields().via().branch(), f.via().branch());
    }
}

fn parse_any(bytes: Vec<u8>) {
    match Message::parse(bytes) {
        Ok(message) => interrogate(&message),
        Err(error) => {
            let answer = error.reply("192.0.2.1:5060".parse().unwrap(), "t");
            let _ = answer.map(|a| Message::parse(a.write()));
        }
    }
}

/// One of the corpus with some of its bytes changed, doubled or lost.
pub(crate) fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let change = (
        any::<prop::sample::Index>(),
        0..5u8,
        prop_oneof![3 => prop::sample::select(&b" ,;:<>\"\\@/=%[]\r\n\t0aZ*"[..]), 1 => any::<u8>()],
    );
    (prop::sample::select(&corpus::ALL[..]), prop::collection::vec(change, 0..6)).prop_map(
        |(text, changes)| {
            let mut bytes = wire(text);
            for (at, what, byte) in changes {
                let at = at.index(bytes.len());
                match what {
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, byte),
                    2 if bytes.len() > 1 => drop(bytes.remove(at)),
                    3 => {
                        let end = (at + usize::from(byte)).min(bytes.len());
                        let copy = bytes[at..end].to_vec();
                        bytes.splice(at..at, copy);
                    }
                    _ => bytes.truncate(at.max(1)),
                }
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn mutated_messages(bytes in mutated()) {
        parse_any(bytes);
    }

    #[test]
    fn lines_of_any_kind(start in "(INVITE|BYE|X) sip:[ -~]{0,20} SIP/2.0|SIP/2.0 [0-9]{0,4} [ -~]{0,9}", lines in prop::collection::vec(
        "(Via|v|From|To|Call-ID|CSeq|Contact|Content-Length|Route|Reason|Content-Type|[A-Za-z-]{1,9}) ?:[ -~]{0,40}|\\PC{0,30}", 0..12)) {
        parse_any(wire(&format!("{start}\n{}\n\n", lines.join("\n"))));
    }

    #[test]
    fn bytes_of_any_kind(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        parse_any(bytes);
    }

    #[test]
    fn uris_of_any_kind(text in "(sip|sips|tel|x)?:?[ -~é]{0,40}") {
        if let Some(uri) = Uri::parse(&text) {
            let _ = (uri.dialled(), uri.ip(), uri.transport(), uri.params().iter().count());
            prop_assert!(uri.same_as(uri));
            prop_assert_eq!(uri.as_str(), &text);
        }
    }

    /// Whole messages come out of a stream whole, however it is cut.
    #[test]
    fn streams_however_cut(
        picks in prop::collection::vec((prop::sample::select(&corpus::ALL[..]), 0..3usize), 1..6),
        cuts in prop::collection::vec(1..400usize, 1..40),
    ) {
        let mut stream = Vec::new();
        for (text, blanks) in &picks {
            stream.extend(b"\r\n".repeat(*blanks));
            stream.extend(wire(text));
        }
        let (mut splitter, mut found, mut rest, mut pings) = (Splitter::new(), Vec::new(), stream.as_slice(), 0);
        for cut in cuts.iter().cycle() {
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            rest = later;
            splitter.push(now);
            while let Some(item) = splitter.next().unwrap() {
                match item {
                    Item::Message(bytes) => found.push(bytes),
                    Item::Ping => pings += 1,
                }
            }
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(found, picks.iter().map(|(text, _)| wire(text)).collect::<Vec<_>>());
        prop_assert_eq!(pings, picks.iter().filter(|(_, blanks)| *blanks == 2).count());
    }

    #[test]
    fn streams_of_any_kind(chunks in prop::collection::vec(prop_oneof![mutated(), prop::collection::vec(any::<u8>(), 0..50)], 0..8)) {
        let mut splitter = Splitter::new();
        for chunk in chunks {
            splitter.push(&chunk);
            while let Ok(Some(item)) = splitter.next() {
                if let Item::Message(bytes) = item {
                    parse_any(bytes);
                }
            }
        }
    }
}
