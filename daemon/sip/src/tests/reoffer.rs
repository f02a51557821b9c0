//! Changes within a call: hold, retrieve, moving, glare, session timers.

use super::lab::{Lab, Peer, SDP, response, sdp};
use crate::message::{Method, Name};
use demarc_model::Cause;

fn talking() -> (Lab, Peer) {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    lab.talk(&mut phone);
    (lab, phone)
}

/// The phone makes a new offer by re-INVITE; what we said.
fn reinvite(lab: &mut Lab, phone: &mut Peer, body: &str) -> Vec<String> {
    let draft = phone.within(&Method::Invite, body);
    lab.receive(phone.flow, &draft);
    lab.receive(phone.flow, &phone.ack());
    lab.said()
}

#[test]
fn hold_and_retrieve() {
    let (mut lab, mut phone) = talking();
    let lost_after_s = lab.rtp().lost_after_s;
    let held = ["200+sdp", "UpdateRtp 192.0.2.7:4000 receive", "Held"];
    assert_eq!(reinvite(&mut lab, &mut phone, &sdp(2, "sendonly")), held);
    assert_eq!(lab.rtp().lost_after_s, 0); // silence is to be expected
    assert!(String::from_utf8_lossy(lab.response().body()).contains("a=recvonly"));
    let inactive = ["200+sdp", "UpdateRtp 192.0.2.7:4000 neither"];
    assert_eq!(reinvite(&mut lab, &mut phone, &sdp(3, "inactive")), inactive);
    let retrieved = ["200+sdp", "UpdateRtp 192.0.2.7:4000 both", "Retrieved"];
    assert_eq!(reinvite(&mut lab, &mut phone, &sdp(4, "sendrecv")), retrieved);
    assert_eq!(lab.rtp().lost_after_s, lost_after_s);
    // The hold of RFC 2543.
    let old = ["200+sdp", "UpdateRtp - receive", "Held"];
    assert_eq!(reinvite(&mut lab, &mut phone, &SDP.replace("c=IN IP4 192.0.2.7", "c=IN IP4 0.0.0.0")), old);
}

#[test]
fn the_party_moves() {
    let (mut lab, mut phone) = talking();
    let moved = SDP.replace("c=IN IP4 192.0.2.7", "c=IN IP4 192.0.2.70").replace("4000", "4444");
    assert_eq!(reinvite(&mut lab, &mut phone, &moved), ["200+sdp", "UpdateRtp 192.0.2.70:4444 both"]);
    let update = phone.within(&Method::Update, SDP).set(Name::Contact, "<sip:201@192.0.2.70:5070>");
    lab.receive(phone.flow, &update);
    assert_eq!(lab.said(), ["200+sdp", "UpdateRtp 192.0.2.7:4000 both"]);
    let leg = lab.offered();
    lab.hang_up(leg, Cause::NORMAL_CLEARING);
    assert_eq!(lab.request(&Method::Bye).1.uri().as_str(), "sip:201@192.0.2.70:5070");
}

#[test]
fn an_offer_that_cannot_be_taken_leaves_the_call_as_it_was() {
    let (mut lab, mut phone) = talking();
    assert_eq!(reinvite(&mut lab, &mut phone, &SDP.replace("8 0 101", "18")), ["488"]);
    assert_eq!(reinvite(&mut lab, &mut phone, "nonsense"), ["400"]);
    assert_eq!(reinvite(&mut lab, &mut phone, SDP), ["200+sdp"]);
    assert_eq!(lab.sip.counters().sessions, 1);
}

#[test]
fn the_phone_asks_for_our_offer() {
    let (mut lab, mut phone) = talking();
    lab.receive(phone.flow, &phone.within(&Method::Invite, ""));
    assert_eq!(lab.said(), ["200+sdp"]);
    lab.receive(
        phone.flow,
        &phone.ack().body("application/sdp", sdp(2, "sendonly").replace("8 0 101", "8 101")),
    );
    assert_eq!(lab.said(), ["UpdateRtp 192.0.2.7:4000 receive", "Held"]);
    // One that does not answer it keeps its call.
    assert_eq!(reinvite(&mut lab, &mut phone, ""), ["200+sdp"]);
    assert_eq!(lab.sip.counters().sessions, 1);
}

#[test]
fn offers_one_after_the_other() {
    let (mut lab, mut phone) = talking();
    lab.receive(phone.flow, &phone.within(&Method::Invite, SDP));
    assert_eq!(lab.said(), ["200+sdp"]);
    // The ACK of the first is not here yet.
    lab.receive(phone.flow, &phone.within(&Method::Invite, SDP));
    assert_eq!(lab.said(), ["500"]);
    assert!(lab.response().retry_after().is_some_and(|s| (1..10).contains(&s)));
}

#[test]
fn an_update_before_the_answer_may_not_change_the_audio() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let leg = lab.call(&mut phone, "90123", SDP);
    lab.command(demarc_model::LegCommand::Ring { leg, in_band: false });
    phone.heard(&lab.response());
    lab.said();
    lab.receive(phone.flow, &phone.within(&Method::Update, SDP));
    assert_eq!(lab.said(), ["491"]);
    lab.receive(phone.flow, &phone.within(&Method::Update, ""));
    assert_eq!(lab.said(), ["200"]);
    lab.receive(phone.flow, &phone.within(&Method::Bye, ""));
    assert_eq!(lab.said(), ["200", "487", "Close", "Ended 16"]);
    lab.wait(64_000);
    lab.quiet();
}

/// A call to a phone that makes us the refresher, each 100 s.
fn refreshing() -> Lab {
    let mut lab = Lab::new();
    lab.register(&mut Peer::phone("201"));
    lab.dial_phone();
    let invite = lab.request(&Method::Invite);
    let ok = response(&invite, 200, "b", SDP)
        .add(Name::Require, "timer")
        .add(Name::SessionExpires, "100;refresher=uac");
    lab.receive(invite.0, &ok);
    lab.said();
    lab.wait(50_000);
    assert_eq!(lab.said(), ["INVITE+sdp"]);
    lab
}

#[test]
fn we_refresh_a_session() {
    let mut lab = refreshing();
    let reinvite = lab.request(&Method::Invite);
    assert!(reinvite.1.value(Name::SessionExpires).unwrap().starts_with("100;refresher=uac"));
    let ok = response(&reinvite, 200, "b", SDP).add(Name::SessionExpires, "100;refresher=uac");
    lab.receive(reinvite.0, &ok);
    lab.receive(reinvite.0, &ok);
    assert_eq!(lab.said(), ["ACK", "ACK"]);
    lab.wait(50_000);
    assert_eq!(lab.said()[0], "INVITE+sdp");
}

#[test]
fn a_refresh_that_is_not_answered_ends_the_call() {
    let mut lab = refreshing();
    lab.wait(40_000);
    let said = lab.said();
    let end = said.iter().position(|line| line == "Close").unwrap();
    assert_eq!(said[end..end + 3], ["Close", "Ended 102", "BYE"]);
    lab.quiet();
}

#[test]
fn re_invites_that_meet() {
    let mut lab = refreshing();
    let ours = lab.request(&Method::Invite);
    let theirs = crate::message::Draft::request(&Method::Invite, ours.1.contact().unwrap().uri())
        .add(Name::Via, "SIP/2.0/UDP 192.0.2.7:5201;rport;branch=z9hG4bKglare")
        .add(Name::From, ours.1.value(Name::To).unwrap())
        .add(Name::To, ours.1.value(Name::From).unwrap())
        .add(Name::CallId, ours.1.call_id())
        .add(Name::CSeq, "1 INVITE")
        .body("application/sdp", SDP);
    lab.receive(ours.0, &theirs);
    assert_eq!(lab.said(), ["491"]);
    lab.answer(&ours, 491, "b", "");
    assert_eq!(lab.said(), ["ACK"]);
    lab.wait(2000);
    assert!(!lab.said().contains(&"INVITE+sdp".to_owned())); // the owner of the Call-ID waits 2.1–4 s
    lab.wait(2000);
    assert!(lab.said().contains(&"INVITE+sdp".to_owned()));
    let again = lab.request(&Method::Invite);
    assert!(again.1.cseq().number > ours.1.cseq().number);
    lab.answer(&again, 200, "b", SDP);
    assert!(lab.said().contains(&"ACK".to_owned()));
    assert_eq!(lab.sip.counters().sessions, 1);
}

#[test]
fn a_phone_that_stops_refreshing_is_let_go() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let draft = phone
        .invite("90123", SDP)
        .add(Name::Supported, "timer")
        .add(Name::SessionExpires, "120;refresher=uac");
    lab.receive(phone.flow, &draft);
    let again = phone.authorized(&lab.response(), &Method::Invite, draft);
    lab.receive(phone.flow, &again);
    let leg = lab.offered();
    lab.command(demarc_model::LegCommand::Answer { leg, connected: None });
    let ok = lab.response();
    assert_eq!(ok.value(Name::SessionExpires), Some("120;refresher=uac"));
    assert!(ok.lists(Name::Require, "timer"));
    phone.heard(&ok);
    lab.receive(phone.flow, &phone.ack());
    lab.said();
    lab.wait(87_000);
    assert_eq!(lab.said(), <[&str; 0]>::default());
    let update = phone.within(&Method::Update, "").add(Name::Supported, "timer");
    lab.receive(phone.flow, &update.add(Name::SessionExpires, "120;refresher=uac"));
    assert_eq!(lab.said(), ["200"]);
    lab.wait(87_000);
    assert_eq!(lab.said(), <[&str; 0]>::default());
    lab.wait(2_000);
    assert_eq!(lab.said()[..3], ["Close", "Ended 102", "BYE"]);
    lab.quiet();
}
