//! Transfers that phones ask for by REFER.

use super::lab::{Lab, Peer, SDP};
use crate::message::{Method, Name};
use demarc_model::{Cause, LegCommand, LegEvent};

fn refer(phone: &mut Peer, to: &str) -> crate::message::Draft {
    phone.within(&Method::Refer, "").add(Name::ReferTo, to)
}

/// The phone answers every NOTIFY.
fn answer_notifies(lab: &mut Lab) {
    for notify in lab.requests(&Method::Notify) {
        lab.answer(&notify, 200, "", "");
    }
}

fn last_notify(lab: &Lab) -> (String, String, String) {
    let (_, notify) = lab.request(&Method::Notify);
    let value = |name| notify.value(name).unwrap_or_default().to_owned();
    let body = String::from_utf8_lossy(notify.body()).trim().to_owned();
    (body, value(Name::Event), value(Name::SubscriptionState))
}

#[test]
fn a_blind_transfer_is_told_notified_and_over() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let leg = lab.talk(&mut phone);
    let draft = refer(&mut phone, "<sip:202@example.com>");
    lab.receive(phone.flow, &draft);
    assert_eq!(lab.said()[..2], ["202", "NOTIFY"]);
    assert_eq!(lab.legs.last(), Some(&LegEvent::Transfer { leg, to: "202".into() }));
    let id = format!("refer;id={}", phone.cseq);
    assert_eq!(last_notify(&lab), ("SIP/2.0 100 Trying".into(), id.clone(), "active;expires=60".into()));
    lab.hang_up(leg, Cause::NORMAL_CLEARING);
    assert_eq!(last_notify(&lab), ("SIP/2.0 200 OK".into(), id, "terminated;reason=noresource".into()));
    let kinds: Vec<_> = lab.said().into_iter().filter(|word| word == "NOTIFY" || word == "BYE").collect();
    assert_eq!(kinds, ["NOTIFY", "BYE"], "the result comes before the end");
    answer_notifies(&mut lab);
    let bye = lab.request(&Method::Bye);
    lab.answer(&bye, 200, "", "");
    lab.quiet();
}

#[test]
fn a_transfer_that_cannot_be_done_leaves_the_call() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let leg = lab.talk(&mut phone);
    let draft = refer(&mut phone, "sip:209@example.com");
    lab.receive(phone.flow, &draft);
    lab.command(LegCommand::TransferRefused { leg, cause: Cause::UNALLOCATED_NUMBER });
    assert_eq!(last_notify(&lab).0, "SIP/2.0 404 Not Found");
    assert!(lab.requests(&Method::Bye).is_empty());
    answer_notifies(&mut lab);
    lab.said();
    // And it may try again.
    let draft = refer(&mut phone, "<sip:%2A401@example.com>");
    lab.receive(phone.flow, &draft);
    assert_eq!(lab.legs.last(), Some(&LegEvent::Transfer { leg, to: "*401".into() }));
    lab.hang_up(leg, Cause::NORMAL_CLEARING);
}

#[test]
fn an_attended_transfer_names_the_other_call() {
    let mut lab = Lab::new();
    let (mut first, mut second) = (Peer::phone("201"), Peer::phone("201"));
    second.call_id = "another-call@192.0.2.7".into();
    second.branch = 50;
    let leg = lab.talk(&mut first);
    let other = lab.call(&mut second, "90124", SDP);
    lab.command(LegCommand::Answer { leg: other, connected: None });
    second.heard(&lab.response());
    lab.receive(second.flow, &second.ack());
    let ours = lab.response().to().tag().unwrap().to_owned();
    lab.said();
    let replaces = format!("another-call%40192.0.2.7%3Bto-tag%3D{ours}%3Bfrom-tag%3Dfrom-201");
    let draft = refer(&mut first, &format!("<sip:90124@example.com?Replaces={replaces}>"));
    lab.receive(first.flow, &draft);
    assert_eq!(lab.legs.last(), Some(&LegEvent::TransferTo { leg, other }));
    for leg in [leg, other] {
        lab.hang_up(leg, Cause::NORMAL_CLEARING);
    }
    assert_eq!(lab.requests(&Method::Bye).len(), 2);
}

#[test]
fn what_is_no_transfer_is_refused() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    lab.talk(&mut phone);
    for (to, status) in [
        ("<sip:example.com>", "404"),
        ("<sip:1@example.com?Replaces=nobody%3Bto-tag%3D1%3Bfrom-tag%3D2>", "404"),
        ("<sip:202@example.com;method=BYE>", "603"),
        ("?", "400"),
    ] {
        let draft = refer(&mut phone, to);
        lab.receive(phone.flow, &draft);
        assert_eq!(lab.said(), [status], "{to}");
    }
    let twice = refer(&mut phone, "<sip:202@example.com>").add(Name::ReferTo, "<sip:203@example.com>");
    lab.receive(phone.flow, &twice);
    assert_eq!(lab.said(), ["400"]);
}
