//! RFC 5118: IPv6 in SIP.

use super::{parse, request, wire};
use demarc_sip::message::Message;
use demarc_sip::sdp::Sdp;

fn register(uri: &str, via: &str, contact: &str) -> String {
    format!(
        "REGISTER {uri} SIP/2.0\nTo: sip:user@example.com\nFrom: sip:user@example.com;tag=81x2\nVia: SIP/2.0/UDP {via}\n\
         Call-ID: SSG9559905523997077@hlau_4100\nMax-Forwards: 70\nContact: {contact}\nCSeq: 98176 REGISTER\nContent-Length: 0\n\n"
    )
}

/// §4.1–4.2: brackets are what makes an address a reference; without them it is malformed.
#[test]
fn references_have_brackets() {
    let contact = "\"Caller\" <sip:caller@[2001:db8::1]>";
    let r = request(&register("sip:[2001:db8::10]", "[2001:db8::9:1];branch=z9hG4bKas3-111", contact));
    assert_eq!(r.uri().ip(), "2001:db8::10".parse().ok());
    assert_eq!(r.via().ip(), "2001:db8::9:1".parse().ok());
    assert_eq!(r.contact().unwrap().uri().ip(), "2001:db8::1".parse().ok());
    parse(&register("sip:2001:db8::10", "[2001:db8::9:1];branch=z9hG4bKas3-111", contact)).unwrap_err();
}

/// §4.3–4.4: `5070` within the brackets is part of the address, after them it is the port.
#[test]
fn the_port_is_outside() {
    let via = "[2001:db8::9:1];branch=z9hG4bKas3-111";
    let r = request(&register("sip:[2001:db8::10:5070]", via, "<sip:caller@[2001:db8::1]>"));
    assert_eq!((r.uri().ip(), r.uri().port()), ("2001:db8::10:5070".parse().ok(), None));
    let r = request(&register("sip:[2001:db8::10]:5070", via, "<sip:caller@[2001:db8::1]>"));
    assert_eq!((r.uri().ip(), r.uri().port()), ("2001:db8::10".parse().ok(), Some(5070)));
}

/// §4.5: `received` is read with and without brackets.
#[test]
fn received_with_and_without_brackets() {
    for received in ["[2001:db8::9:255]", "2001:db8::9:255"] {
        let via = format!("[2001:db8::9:1]:5060;received={received};branch=z9hG4bKas3-111");
        let r = request(&register("sip:[2001:db8::10]", &via, "<sip:caller@[2001:db8::1]>"));
        assert_eq!(r.via().received(), "2001:db8::9:255".parse().ok());
        assert_eq!((r.via().port(), r.via().branch()), (Some(5060), Some("z9hG4bKas3-111")));
    }
}

/// §4.6–4.9: addresses in a session description, some of them of the other family.
#[test]
fn session_descriptions() {
    let text = "v=0\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\ns=Live video feed for today's meeting\n\
        c=IN IP6 2001:db8::20\nt=3338481189 3370017201\nm=audio 6000 RTP/AVP 2\na=rtpmap:2 G726-32/8000\n\
        m=video 6024 RTP/AVP 107\nc=IN IP4 192.0.2.1\na=rtpmap:107 H263-1998/90000\n";
    let sdp = Sdp::parse(&wire(text)).unwrap();
    assert_eq!(sdp.connection_of(&sdp.media[0]).unwrap().ip(), "2001:db8::20".parse().ok());
    assert_eq!(sdp.connection_of(&sdp.media[1]).unwrap().ip(), "192.0.2.1".parse().ok());
}

/// §4.10: an IPv4 address mapped into IPv6 is an IPv6 reference like any other.
#[test]
fn mapped_addresses() {
    let r = request(&register(
        "sip:user@example.com",
        "[::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19",
        "<sip:a@[::ffff:192.0.2.2]>",
    ));
    assert_eq!((r.via().ip(), r.via().port()), ("::ffff:192.0.2.10".parse().ok(), Some(19823)));
}

/// What we say about where a request came from has no brackets, as RFC 3261 §25.1 has it.
#[test]
fn our_received_is_read_again() {
    use demarc_sip::message::{Draft, Status};
    let text = register(
        "sip:[2001:db8::10]",
        "[2001:db8::9:1];rport;branch=z9hG4bKas3-111",
        "<sip:caller@[2001:db8::1]>",
    );
    let draft = Draft::response(&request(&text), Status::OK, "[2001:db8::9:255]:5099".parse().unwrap());
    let answer = Message::parse(draft.write()).unwrap();
    let via = answer.fields().via();
    assert_eq!((via.received(), via.rport()), ("2001:db8::9:255".parse().ok(), Some(Some(5099))));
}
