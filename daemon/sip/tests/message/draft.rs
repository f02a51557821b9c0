//! What we write is what we meant, and nothing more.

use super::{corpus, request};
use demarc_sip::message::{Draft, Message, Method, Name, Status, UriBuf, write_address};
use proptest::prelude::*;

#[test]
fn a_response_repeats_what_it_must() {
    let invite = request(&corpus::INVITE.replace(
        "Max-Forwards",
        "Record-Route: <sip:p1;lr>\nRecord-Route: <sip:p2;lr>\nTimestamp: 54\nMax-Forwards",
    ));
    let text = |status| {
        String::from_utf8(
            Draft::response(&invite, status, "198.51.100.7:1024".parse().unwrap()).to_tag("t1").write(),
        )
        .unwrap()
    };
    assert_eq!(
        text(Status::RINGING),
        "SIP/2.0 180 Ringing\r\n\
         Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776asdhds;received=198.51.100.7;rport=1024\r\n\
         Record-Route: <sip:p1;lr>\r\nRecord-Route: <sip:p2;lr>\r\n\
         From: \"Reception\" <sip:201@gw.example.com>;tag=1928301774\r\n\
         To: <sip:+442079460123@gw.example.com;user=phone>;tag=t1\r\n\
         Call-ID: a84b4c76e66710@192.0.2.10\r\nCSeq: 314159 INVITE\r\nContent-Length: 0\r\n\r\n"
    );
    assert!(text(Status::TRYING).contains("Timestamp: 54\r\n"));
    assert!(!text(Status::BUSY_HERE).contains("Record-Route"));
    // From where the Via says: nothing to add unless asked for.
    let plain = request(&corpus::INVITE.replace(";rport", ""));
    let draft = Draft::response(&plain, Status::OK, "192.0.2.10:9".parse().unwrap());
    assert_eq!(draft.value(Name::Via), Some("SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776asdhds"));
    // What the sender claims about where it came from does not count.
    let liar = request(&corpus::INVITE.replace(";rport", ";rport=7;received=203.0.113.1"));
    let draft = Draft::response(&liar, Status::OK, "192.0.2.10:9".parse().unwrap());
    assert_eq!(
        draft.value(Name::Via),
        Some("SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776asdhds;received=192.0.2.10;rport=9")
    );
}

#[test]
fn a_tag_is_added_once() {
    let bye = request(corpus::BYE);
    let draft = Draft::response(&bye, Status::OK, "192.0.2.1:5060".parse().unwrap()).to_tag("t2");
    assert_eq!(draft.value(Name::To), Some("\"Reception\" <sip:201@gw.example.com>;tag=1928301774"));
}

#[test]
fn lines_are_added_replaced_and_removed_in_place() {
    let uri = UriBuf::parse("sip:a@h").unwrap();
    let draft = Draft::request(&Method::Bye, uri.as_uri())
        .add(Name::Route, "<sip:1>")
        .add(Name::CSeq, "1 BYE")
        .add(Name::Route, "<sip:2>")
        .set(Name::Route, "<sip:3>")
        .add_first(Name::Via, "v")
        .set(Name::MaxForwards, "70")
        .remove(Name::CSeq)
        .add_other("X-Ours", "y")
        .add_other("not a name", "y")
        .add_other("l", "99")
        .body("text/plain", "hi");
    assert_eq!(draft.label(), "BYE sip:a@h");
    assert_eq!(
        String::from_utf8(draft.write()).unwrap(),
        "BYE sip:a@h SIP/2.0\r\nVia: v\r\nRoute: <sip:3>\r\nMax-Forwards: 70\r\nX-Ours: y\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"
    );
}

#[test]
fn the_longest_draft_is_still_a_message() {
    let invite = request(corpus::INVITE);
    let mut draft =
        Draft::response(&invite, Status::OK, "192.0.2.1:5060".parse().unwrap()).body("text/plain", "x");
    for _ in 0..300 {
        draft = draft.add(Name::Warning, "399 h \"x\"");
    }
    assert!(Message::parse(draft.write()).is_ok());
}

proptest! {
    /// Whatever text ends up in a header, a name or a phrase: there are as many lines as were asked
    /// for, and they say what they were given but for control characters.
    #[test]
    fn nothing_can_be_injected(
        display in any::<String>(), value in any::<String>(), phrase in any::<String>(), user in any::<String>(),
        name in any::<String>(), body in any::<Vec<u8>>(),
    ) {
        let invite = request(corpus::INVITE);
        let plain = Draft::response(&invite, Status::OK, "192.0.2.1:5060".parse().unwrap()).to_tag(&value);
        let before = Message::parse(plain.write()).unwrap().fields().iter().count();
        let uri = UriBuf::sip(&user, "h", None).unwrap();
        let draft = plain
            .reason_phrase(&phrase)
            .add(Name::Contact, write_address(&display, uri.as_str(), None))
            .add(Name::Subject, value.as_str())
            .add_other(format!("X-{name}"), value.as_str())
            .body("application/octet-stream", body.clone());
        let message = match Message::parse(draft.write()) {
            Ok(Message::Response(response)) => response,
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        let allowed = before + 3..=before + 4;
        prop_assert!(allowed.contains(&message.iter().count()));
        let clean = |text: &str| text.chars().map(|c| if c.is_ascii_control() { ' ' } else { c }).collect::<String>();
        let contact = message.contact().unwrap();
        prop_assert_eq!(contact.display(), clean(&display));
        prop_assert_eq!(contact.uri().dialled().map(|d| d.into_owned()), (!user.is_empty()).then(|| user.split(';').next().unwrap().to_owned()));
        let wanted = clean(&value);
        prop_assert_eq!(message.value(Name::Subject).unwrap(), wanted.trim_matches(' '));
        prop_assert_eq!(message.reason_phrase(), clean(&phrase));
        prop_assert_eq!(message.body(), &body[..]);
    }
}
