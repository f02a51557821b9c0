//! RFC 4475 §3.1.2 and the malformed messages of §3.3: each is refused, the right header is named,
//! and requests of which enough could be read get an answer.

use super::{parse, request, wire};
use demarc_sip::message::{Message, Name, Status};

/// An INVITE that is in order, with one thing replaced.
fn broken(from: &str, to: &str) -> String {
    let good = "INVITE sip:j.user@example.com SIP/2.0
To: <sip:j.user@example.com>
From: <sip:caller@example.net>;tag=8814
Max-Forwards: 7
Call-ID: broken.0ha0isndaksdjasdf3234nas
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw
Contact: <sip:caller@host5.example.net>
Expires: 60
Content-Type: application/sdp
Content-Length: 5

v=0
";
    request(good);
    assert!(good.contains(from), "{from}");
    good.replace(from, to)
}

/// What is said about a message, and the status of the answer it gets.
fn verdict(text: &str) -> (Option<Name>, Option<Status>) {
    let error = parse(text).expect_err(text);
    let reply = error.reply("192.0.2.15:5060".parse().unwrap(), "t1");
    let status = reply.map(|draft| match Message::parse(draft.write()) {
        Ok(Message::Response(response)) => {
            assert_eq!(response.call_id(), "broken.0ha0isndaksdjasdf3234nas");
            assert!(
                response.reason_phrase().contains(error.fault().what)
                    || response.status() != Status::BAD_REQUEST
            );
            response.status()
        }
        Ok(Message::Request(_)) => panic!("the answer is a request"),
        // What was wrong in From, To or CSeq is repeated as it came.
        Err(e) => {
            assert_eq!(e.fault().header, error.fault().header);
            error.fault().status
        }
    });
    assert!(status.is_none() || status == Some(error.fault().status));
    (error.fault().header, status)
}

const BAD: Option<Status> = Some(Status::BAD_REQUEST);

#[test]
fn each_is_refused_for_what_is_wrong_with_it() {
    for (from, to, header, status) in [
        // §3.1.2.1 extraneous separators
        ("192.0.2.15;branch=z9hG4bKkdjuw", "192.0.2.15;;,;,,", Some(Name::Via), None),
        ("<sip:caller@host5.example.net>", "\"Joe\" <sip:joe@example.org>;;;;", Some(Name::Contact), BAD),
        // §3.1.2.2–3 Content-Length too long, negative
        ("Content-Length: 5", "Content-Length: 9999", Some(Name::ContentLength), BAD),
        ("Content-Length: 5", "Content-Length: -999", Some(Name::ContentLength), BAD),
        // §3.1.2.4 numbers that overflow
        ("CSeq: 8 INVITE", "CSeq: 36893488147419103232 INVITE", Some(Name::CSeq), BAD),
        ("Max-Forwards: 7", "Max-Forwards: 300", Some(Name::MaxForwards), BAD),
        ("Expires: 60", "Expires: soon", Some(Name::Expires), BAD),
        // §3.1.2.6 a quoted string that never ends
        ("To: <sip:j.user@example.com>", "To: \"Mr. J. User <sip:j.user@example.com>", Some(Name::To), BAD),
        // §3.1.2.7–12 the request line
        ("INVITE sip:j.user@example.com ", "INVITE <sip:j.user@example.com> ", None, BAD),
        ("INVITE sip:j.user@example.com ", "INVITE sip:j.user@example.com; lr ", None, BAD),
        ("INVITE sip:j.user@example.com ", "INVITE  sip:j.user@example.com  ", None, BAD),
        ("SIP/2.0\nTo", "SIP/2.0  \nTo", None, BAD),
        ("j.user@example.com SIP", "j.user@example.com?Route=%3Csip:example.com%3E SIP", None, BAD),
        // §3.1.2.13 a Contact with headers needs brackets
        (
            "<sip:caller@host5.example.net>",
            "sip:user@example.com?Route=%3Csip:sip.example.com%3E",
            Some(Name::Contact),
            BAD,
        ),
        // §3.1.2.14 spaces within a URI
        (
            "To: <sip:j.user@example.com>",
            "To: \"Watson, Thomas\" < sip:t.watson@example.org >",
            Some(Name::To),
            BAD,
        ),
        // §3.1.2.15 a comma in a display name without quotes
        ("From: <sip", "From: Bell, Alexander <sip", Some(Name::From), BAD),
        // §3.1.2.16 a protocol of the future
        ("SIP/2.0\nTo", "SIP/7.0\nTo", None, Some(Status::VERSION_NOT_SUPPORTED)),
        // §3.1.2.17–18 CSeq of another method
        ("CSeq: 8 INVITE", "CSeq: 8 OPTIONS", Some(Name::CSeq), BAD),
        ("INVITE sip:j", "NEWMETHOD sip:j", Some(Name::CSeq), BAD),
        // §3.3.1 mandatory headers missing
        ("From: <sip:caller@example.net>;tag=8814\n", "", Some(Name::From), None),
        ("Call-ID: broken.0ha0isndaksdjasdf3234nas\n", "", Some(Name::CallId), None),
        ("CSeq: 8 INVITE\n", "", Some(Name::CSeq), None),
        ("Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw\n", "", Some(Name::Via), None),
        // §3.3.8–9 twice what may be there once
        ("CSeq: 8 INVITE", "CSeq: 8 INVITE\nCSeq: 59 INVITE", Some(Name::CSeq), BAD),
        ("Max-Forwards: 7", "Max-Forwards: 7\nMax-Forwards: 5", Some(Name::MaxForwards), BAD),
        ("To: <sip:j", "To: <sip:other@example.com>\nTo: <sip:j", Some(Name::To), BAD),
        ("Content-Length: 5", "Content-Length: 5\nL: 3", Some(Name::ContentLength), BAD),
        // Beyond the RFC
        (
            "Contact: <sip:caller@host5.example.net>",
            "Contact: *\nContact: <sip:a@h>",
            Some(Name::Contact),
            BAD,
        ),
        ("Expires: 60", "Route: sip:a@h", Some(Name::Route), BAD),
        ("Call-ID: broken", "Call-ID: two words", Some(Name::CallId), BAD),
    ] {
        let text = broken(from, to);
        assert_eq!(verdict(&text), (header, status), "{text}");
    }
}

/// §3.1.2.5 and §3.1.2.19: responses that are wrong are dropped; nobody answers a response.
#[test]
fn responses_that_are_wrong_are_dropped() {
    let rest = "\nVia: SIP/2.0/TCP host129.example.com;branch=z9hG4bKzzxdiwo34sw\nTo: <sip:user@example.com>\n\
        From: <sip:other@example.net>;tag=2easdjfejw\nCSeq: 8 OPTIONS\nCall-ID: scalarlg.noase0of\n\n";
    for text in [
        format!("SIP/2.0 4294967301 better not break the receiver{rest}"),
        format!("SIP/2.0 099 x{rest}"),
        format!("SIP/2.0 700 x{rest}"),
        format!("SIP/2.0 -20 x{rest}"),
        format!("SIP/7.0 200 x{rest}"),
        format!("SIP/2.0 503 x{}", rest.replace("CSeq: 8", "CSeq: 9292394834772304023312")),
    ] {
        assert!(parse(&text).expect_err(&text).reply("192.0.2.1:5060".parse().unwrap(), "t").is_none());
    }
}

#[test]
fn an_ack_is_never_answered() {
    let text = broken("CSeq: 8 INVITE", "CSeq: x ACK").replace("INVITE sip", "ACK sip");
    assert!(parse(&text).expect_err(&text).reply("192.0.2.1:5060".parse().unwrap(), "t").is_none());
}

#[test]
fn what_is_no_message_at_all() {
    for (bytes, what) in [
        (&b""[..], "empty"),
        (b"\r\n\r\n", "empty"),
        (b"hello", "no empty line"),
        (b"hello\r\n\r\n", "first line"),
        (b"INVITE sip:a@h SIP/2.0\nVia: x\n\n", "CR LF"),
        (b"INVITE sip:a@h SIP/2.0\r\nVia: x\rTo: y\r\n\r\n", "CR LF"),
        (b"INVITE sip:a@h SIP/2.0\r\nVia\r\n\r\n", "no colon"),
        (b"INVITE sip:a@h SIP/2.0\r\nV i a: x\r\n\r\n", "no token"),
        (b"INV[TE sip:a@h SIP/2.0\r\nVia: x\r\n\r\n", "method"),
        (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "request line"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "no empty line"),
    ] {
        let error = Message::parse(bytes.to_vec()).expect_err(what);
        let said = error.to_string();
        assert!(said.contains(what) || what == "request line", "{said} {what}");
    }
    let many = format!("OPTIONS sip:h SIP/2.0\n{}\n", "X: y\n".repeat(201));
    assert!(parse(&many).expect_err("many").to_string().contains("200 headers"));
    let long = vec![b'a'; 65_536];
    assert!(Message::parse(long).expect_err("long").to_string().contains("65535"));
    assert!(
        Message::parse(wire("\n\n\nOPTIONS sip:h SIP/2.0\nX: y\n\n")).expect_err("Via").fault().header
            == Some(Name::Via)
    );
}
