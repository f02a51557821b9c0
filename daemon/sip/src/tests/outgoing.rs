//! Calls to phones.

use super::lab::{Lab, Peer, SDP, number, response, tcp, udp};
use crate::Input;
use crate::message::{Method, Name};
use demarc_model::config::DeviceId;
use demarc_model::{CallerId, Cause, LegEvent, Party, Presentation};

fn with_phones(phones: &mut [Peer]) -> Lab {
    let mut lab = Lab::new();
    for phone in phones {
        lab.register(phone);
    }
    lab
}

fn two_phones() -> [Peer; 2] {
    [Peer::new("201", udp("192.0.2.7:5060")), Peer::new("201", udp("192.0.2.8:5060"))]
}

#[test]
fn a_call_rings_is_answered_and_ended_by_us() {
    let mut lab = with_phones(&mut [Peer::phone("201")]);
    let leg = lab.dial_phone();
    assert_eq!(lab.said(), ["INVITE+sdp"]);
    let invite = lab.request(&Method::Invite);
    assert_eq!(invite.1.uri().as_str(), "sip:201@192.0.2.7:5201");
    assert_eq!(invite.1.from().uri().as_str(), "sip:202@example.com");
    lab.answer(&invite, 100, "", "");
    assert_eq!(lab.said(), ["OpenRtp - both", "Proceeding"]);
    lab.answer(&invite, 180, "b", "");
    lab.answer(&invite, 180, "b", "");
    assert_eq!(lab.said(), ["Alerting"]);
    lab.answer(&invite, 200, "b", SDP);
    assert_eq!(lab.said(), ["ACK", "UpdateRtp 192.0.2.7:4000 both", "Answered"]);
    lab.answer(&invite, 200, "b", SDP);
    assert_eq!(lab.said(), ["ACK"]);
    lab.hang_up(leg, Cause::NORMAL_CLEARING);
    assert_eq!(lab.said(), ["Close", "Ended 16", "BYE"]);
    let bye = lab.request(&Method::Bye);
    assert_eq!((bye.1.uri().as_str(), bye.1.to().tag()), ("sip:b@192.0.2.7:5201", Some("b")));
    lab.answer(&bye, 200, "", "");
    lab.quiet();
}

#[test]
fn an_answer_may_come_first() {
    let mut lab = with_phones(&mut [Peer::phone("201")]);
    lab.dial_phone();
    lab.said();
    let invite = lab.request(&Method::Invite);
    lab.answer(&invite, 200, "b", SDP);
    let update = "UpdateRtp 192.0.2.7:4000 both"; // silence is suspicious from now on
    assert_eq!(lab.said(), ["ACK", "OpenRtp 192.0.2.7:4000 both", "Proceeding", update, "Answered"]);
}

#[test]
fn early_audio_comes_with_180_or_183() {
    let mut lab = with_phones(&mut [Peer::phone("201")]);
    lab.dial_phone();
    let invite = lab.request(&Method::Invite);
    lab.said();
    lab.answer(&invite, 183, "b", "");
    assert_eq!(lab.said(), ["OpenRtp - both", "Proceeding", "Progress"]);
    lab.answer(&invite, 183, "b", SDP);
    assert_eq!(lab.said(), ["UpdateRtp 192.0.2.7:4000 both", "Progress in-band"]);
    lab.answer(&invite, 180, "b", SDP);
    assert_eq!(lab.said(), ["Alerting in-band"]);
    lab.answer(&invite, 200, "b", "");
    assert_eq!(lab.said(), ["ACK", "UpdateRtp 192.0.2.7:4000 both", "Answered"]);
}

#[test]
fn who_is_not_there() {
    let mut lab = Lab::new();
    lab.dial_phone();
    assert_eq!(lab.said(), ["Ended 20"]);
    lab.dial(Party::Device(DeviceId(99)), "299", number("202"));
    assert_eq!(lab.said(), ["Ended 27"]);
    let mut lab = with_phones(&mut [Peer::phone("201")]);
    lab.dial_phone();
    lab.wait(40_000);
    let said = lab.said();
    assert_eq!(said.iter().filter(|line| *line == "INVITE+sdp").count(), 7); // timer A: 0.5 … 31.5 s
    assert_eq!(said.last().unwrap(), "Ended 102"); // timer B
    lab.quiet();
}

#[test]
fn refusals_have_their_causes() {
    for (status, reason, cause) in [
        (486, "", 17),
        (404, "", 1),
        (603, "", 21),
        (302, "", 31),
        (480, "Q.850;cause=19", 19),
        (486, "SIP;cause=1", 17),
    ] {
        let mut lab = with_phones(&mut [Peer::phone("201")]);
        lab.dial_phone();
        lab.said();
        let invite = lab.request(&Method::Invite);
        let mut draft = response(&invite, status, "b", "");
        if !reason.is_empty() {
            draft = draft.add(Name::Reason, reason);
        }
        lab.receive(invite.0, &draft);
        assert_eq!(lab.said(), ["ACK".to_owned(), format!("Ended {cause}")], "{status}");
        let Some(LegEvent::Ended { reason, .. }) = lab.legs.last() else { panic!("not ended") };
        assert!(reason.as_ref().unwrap().starts_with(&format!("SIP {status}")));
        lab.receive(invite.0, &draft);
        assert_eq!(lab.said(), ["ACK"]);
        lab.wait(64_000);
        assert_eq!(lab.sip.counters().sessions, 0);
    }
}

#[test]
fn a_cancel_waits_for_a_provisional_response() {
    let mut lab = with_phones(&mut [Peer::phone("201")]);
    let leg = lab.dial_phone();
    let invite = lab.request(&Method::Invite);
    lab.said();
    lab.hang_up(leg, Cause::NORMAL_CLEARING);
    assert_eq!(lab.said(), ["Ended 16"]);
    lab.answer(&invite, 100, "", "");
    assert_eq!(lab.said(), ["CANCEL"]);
    let cancel = lab.request(&Method::Cancel);
    assert_eq!(cancel.1.via().branch(), invite.1.via().branch());
    assert_eq!(cancel.1.cseq().number, invite.1.cseq().number);
    lab.answer(&cancel, 200, "b", "");
    lab.answer(&invite, 487, "b", "");
    assert_eq!(lab.said(), ["ACK"]);
    lab.wait(40_000);
    assert_eq!(lab.sip.counters().transactions, 0);
}

#[test]
fn a_cancel_after_180_that_meets_a_200_ends_in_a_bye() {
    let mut lab = with_phones(&mut [Peer::phone("201")]);
    let leg = lab.dial_phone();
    let invite = lab.request(&Method::Invite);
    lab.answer(&invite, 180, "b", "");
    lab.said();
    lab.hang_up(leg, Cause::NORMAL_CLEARING);
    assert_eq!(lab.said(), ["Close", "Ended 16", "CANCEL"]);
    assert_eq!(lab.request(&Method::Cancel).1.q850_cause(), Some(16));
    lab.answer(&invite, 200, "b", SDP);
    assert_eq!(lab.said(), ["ACK", "BYE"]);
    let bye = lab.request(&Method::Bye);
    lab.answer(&bye, 200, "", "");
    let cancel = lab.request(&Method::Cancel);
    lab.answer(&cancel, 481, "", "");
    lab.quiet();
}

#[test]
fn a_cancelled_call_that_is_never_answered_is_forgotten() {
    let mut lab = with_phones(&mut [Peer::phone("201")]);
    let leg = lab.dial_phone();
    let invite = lab.request(&Method::Invite);
    lab.answer(&invite, 180, "b", "");
    lab.wait(120_000);
    lab.hang_up(leg, Cause::NO_ANSWER);
    lab.quiet();
}

#[test]
fn all_phones_of_a_device_ring_and_one_gets_the_call() {
    let mut lab = with_phones(&mut two_phones());
    lab.dial_phone();
    assert_eq!(lab.said(), ["INVITE+sdp", "INVITE+sdp"]);
    let invites = lab.requests(&Method::Invite);
    lab.answer(&invites[0], 180, "a", "");
    lab.answer(&invites[1], 180, "b", "");
    assert_eq!(lab.said(), ["OpenRtp - both", "Proceeding", "Alerting"]);
    lab.answer(&invites[1], 200, "b", SDP);
    assert_eq!(lab.said(), ["ACK", "CANCEL", "UpdateRtp 192.0.2.7:4000 both", "Answered"]);
    let cancel = lab.request(&Method::Cancel);
    assert_eq!(cancel.0, invites[0].0);
    assert!(cancel.1.value(Name::Reason).unwrap().contains("elsewhere"));
    // Too late: the other phone was picked up at the same moment.
    lab.answer(&invites[0], 200, "a", SDP);
    assert_eq!(lab.said(), ["ACK", "BYE"]);
    let bye = lab.request(&Method::Bye);
    assert_eq!((bye.0, bye.1.q850_cause()), (invites[0].0, Some(26)));
    lab.answer(&bye, 200, "", "");
    assert_eq!(lab.sip.counters().sessions, 1);
}

#[test]
fn the_most_telling_refusal_of_all_phones_counts() {
    let mut lab = with_phones(&mut two_phones());
    lab.dial_phone();
    let invites = lab.requests(&Method::Invite);
    lab.said();
    lab.answer(&invites[0], 486, "a", "");
    assert_eq!(lab.said(), ["ACK"]);
    lab.answer(&invites[1], 480, "b", "");
    assert_eq!(lab.said(), ["ACK", "Ended 17"]);

    // A 6xx speaks for all.
    let mut lab = with_phones(&mut two_phones());
    lab.dial_phone();
    let invites = lab.requests(&Method::Invite);
    lab.answer(&invites[1], 180, "b", "");
    lab.said();
    lab.answer(&invites[0], 603, "a", "");
    assert_eq!(lab.said(), ["ACK", "CANCEL", "Close", "Ended 21"]);
}

#[test]
fn an_answer_without_audio_is_no_call() {
    let mut lab = with_phones(&mut [Peer::phone("201")]);
    lab.dial_phone();
    let invite = lab.request(&Method::Invite);
    lab.said();
    lab.answer(&invite, 200, "b", "");
    assert_eq!(lab.said(), ["ACK", "Ended 88", "BYE"]);
}

#[test]
fn a_withheld_number_does_not_reach_a_phone() {
    let mut lab = with_phones(&mut [Peer::phone("201")]);
    let name = Some("Alice".to_owned());
    let caller = CallerId { name, presentation: Presentation::Restricted, ..number("+442079460100") };
    lab.dial(Party::Device(DeviceId(1)), "201", caller);
    let (_, invite) = lab.request(&Method::Invite);
    assert_eq!(invite.from().uri().as_str(), "sip:anonymous@anonymous.invalid");
    assert!(invite.privacy().id);
    assert!(!invite.head().contains("7946") && !invite.head().contains("Alice"));
}

#[test]
fn a_phone_whose_connection_closes_is_gone() {
    let flow = tcp("192.0.2.7:40000", 4);
    let mut lab = with_phones(&mut [Peer::new("201", flow)]);
    lab.dial_phone();
    lab.said();
    lab.input(Input::FlowClosed { flow });
    assert_eq!(lab.said(), ["Changed", "Ended 102"]);
    lab.quiet();
    lab.dial_phone();
    assert_eq!(lab.said(), ["Ended 20"]);
}

#[test]
fn the_way_back_goes_through_the_proxies() {
    let mut lab = with_phones(&mut [Peer::phone("201")]);
    let leg = lab.dial_phone();
    let invite = lab.request(&Method::Invite);
    let ok = response(&invite, 200, "b", SDP)
        .add(Name::RecordRoute, "<sip:p2.example.net;lr>, <sip:p1.example.net;lr>");
    lab.receive(invite.0, &ok);
    lab.hang_up(leg, Cause::NORMAL_CLEARING);
    for method in [Method::Ack, Method::Bye] {
        let (_, request) = lab.request(&method);
        let routes: Vec<_> = request.routes().map(|route| route.uri().host().to_owned()).collect();
        assert_eq!(routes, ["p1.example.net", "p2.example.net"]);
        assert_eq!(request.uri().as_str(), "sip:b@192.0.2.7:5201");
    }
}
