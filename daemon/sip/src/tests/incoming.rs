//! Calls of phones.

use super::lab::{Lab, Peer, SDP, number, tcp};
use crate::Input;
use crate::message::{Draft, Method, Name, Status};
use demarc_model::config::DeviceId;
use demarc_model::{Cause, LegCommand, LegEvent, MediaEvent, Party, Presentation};

#[test]
fn a_call_is_challenged_offered_rung_answered_and_ended_by_the_phone() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    lab.receive(phone.flow, &phone.invite("90123", SDP));
    assert_eq!(lab.said(), ["401"]);
    let challenges: Vec<_> = lab.response().lines(Name::WwwAuthenticate).map(str::to_owned).collect();
    for algorithm in ["algorithm=MD5", "algorithm=SHA-256"] {
        assert!(challenges.iter().any(|challenge| challenge.contains(algorithm)), "{algorithm}");
    }
    let leg = lab.call(&mut phone, "90123", SDP);
    assert_eq!(lab.said(), ["100", "OpenRtp 192.0.2.7:4000 both", "Offered 90123"]);
    let Some(LegEvent::Offered(offer)) = lab.legs.last() else { panic!("no offer") };
    assert_eq!((offer.from, offer.complete), (Party::Device(DeviceId(1)), true));
    assert_eq!(offer.caller.number.as_deref(), Some("201"));
    assert_eq!(offer.place, "192.0.2.7:5201");

    lab.command(LegCommand::Proceed { leg });
    lab.command(LegCommand::Ring { leg, in_band: false });
    lab.command(LegCommand::Answer { leg, connected: Some(number("0123")) });
    assert_eq!(lab.said(), ["180", "200+sdp", "UpdateRtp 192.0.2.7:4000 both"]);
    let ok = lab.response();
    assert_eq!(ok.asserted_identities().next().unwrap().uri().user(), Some("0123"));
    assert!(ok.contact().is_some());
    phone.heard(&ok);
    lab.receive(phone.flow, &phone.ack());
    lab.wait(60_000);
    assert_eq!(lab.said(), <[&str; 0]>::default());
    assert_eq!(lab.rtp().telephone_event, Some(101));

    let bye = phone.within(&Method::Bye, "").add(Name::Reason, "Q.850;cause=31");
    lab.receive(phone.flow, &bye);
    assert_eq!(lab.said(), ["200", "Close", "Ended 31"]);
    lab.quiet();
    assert!(lab.traces.iter().any(|t| t.detail.contains("Authorization: (left out)")));
    assert!(lab.traces.iter().all(|t| !t.detail.contains("response=")));
}

#[test]
fn every_refusal_has_its_status_and_its_reason() {
    for (cause, status) in [(17, 486), (1, 404), (34, 503), (28, 484), (21, 403), (16, 480), (127, 500)] {
        let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
        let leg = lab.call(&mut phone, "90123", SDP);
        lab.said();
        lab.hang_up(leg, Cause::new(cause).unwrap());
        assert_eq!(lab.said(), [status.to_string(), "Close".to_owned(), format!("Ended {cause}")]);
        assert_eq!(lab.response().q850_cause(), Some(cause));
        // Not acknowledged: repeated at growing intervals until timer H.
        lab.wait(40_000);
        assert_eq!(lab.said().len(), 10); // 0.5, 1.5, 3.5, 7.5, 11.5 … 31.5 s
        lab.quiet();
    }
}

#[test]
fn digits_are_never_collected_over_sip() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let leg = lab.call(&mut phone, "9", SDP);
    lab.said();
    lab.command(LegCommand::NeedDigits { leg, dial_tone: false });
    assert_eq!(lab.said(), ["484", "Close", "Ended 28"]);
}

#[test]
fn early_audio_is_a_183_and_is_repeated_each_minute() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let leg = lab.call(&mut phone, "90123", SDP);
    lab.said();
    lab.command(LegCommand::Progress { leg, cause: Some(Cause::USER_BUSY) });
    assert_eq!(lab.response().q850_cause(), Some(17));
    lab.command(LegCommand::Ring { leg, in_band: true });
    assert_eq!(lab.said(), ["183+sdp", "183+sdp"]);
    lab.wait(61_000);
    assert_eq!(lab.said(), ["183+sdp"]);
    lab.hang_up(leg, Cause::NORMAL_CLEARING);
    lab.quiet();
}

#[test]
fn cancel_before_and_after_ringing() {
    for rings in [false, true] {
        let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
        let leg = lab.call(&mut phone, "90123", SDP);
        if rings {
            lab.command(LegCommand::Ring { leg, in_band: false });
        }
        lab.said();
        lab.receive(phone.flow, &phone.cancel());
        assert_eq!(lab.said(), ["200", "487", "Close", "Ended 16"]);
        lab.receive(phone.flow, &phone.ack_of_failure(&lab.response()));
        lab.wait(1000);
        assert_eq!(lab.said(), <[&str; 0]>::default());
        lab.command(LegCommand::Answer { leg, connected: None });
        assert_eq!(lab.said(), <[&str; 0]>::default());
        lab.quiet();
    }
}

#[test]
fn a_cancel_that_meets_the_200_changes_nothing() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let leg = lab.call(&mut phone, "90123", SDP);
    lab.command(LegCommand::Answer { leg, connected: None });
    phone.heard(&lab.response());
    lab.said();
    lab.receive(phone.flow, &phone.cancel());
    assert_eq!(lab.said(), ["200"]);
    lab.receive(phone.flow, &phone.ack());
    lab.receive(phone.flow, &phone.within(&Method::Bye, ""));
    assert_eq!(lab.said(), ["200", "Close", "Ended 16"]);
    lab.quiet();
}

#[test]
fn a_200_is_repeated_until_its_ack_and_given_up_with_a_bye() {
    let (mut lab, mut phone) = (Lab::new(), Peer::new("201", tcp("192.0.2.7:40000", 3)));
    let leg = lab.call(&mut phone, "90123", SDP);
    lab.command(LegCommand::Answer { leg, connected: None });
    lab.said();
    lab.wait(4000);
    assert_eq!(lab.said(), ["200+sdp"; 3]); // also over TCP: 0.5, 1.5, 3.5 s
    lab.wait(28_000);
    assert_eq!(lab.said().split_off(7), ["Close", "Ended 102", "BYE"]);
    assert_eq!(lab.request(&Method::Bye).1.q850_cause(), Some(102));
    lab.quiet();
}

#[test]
fn a_hangup_before_the_ack_waits_for_it_with_the_bye() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let leg = lab.call(&mut phone, "90123", SDP);
    lab.command(LegCommand::Answer { leg, connected: None });
    phone.heard(&lab.response());
    lab.said();
    lab.hang_up(leg, Cause::NORMAL_CLEARING);
    assert_eq!(lab.said(), ["Close", "Ended 16"]);
    lab.receive(phone.flow, &phone.ack());
    assert_eq!(lab.said(), ["BYE"]);
    let bye = lab.request(&Method::Bye);
    lab.answer(&bye, 200, "", "");
    lab.quiet();
}

#[test]
fn byes_that_cross() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let leg = lab.talk(&mut phone);
    lab.hang_up(leg, Cause::NORMAL_CLEARING);
    assert_eq!(lab.said(), ["Close", "Ended 16", "BYE"]);
    lab.receive(phone.flow, &phone.within(&Method::Bye, ""));
    assert_eq!(lab.said(), ["200"]);
    let bye = lab.request(&Method::Bye);
    lab.answer(&bye, 481, "", "");
    lab.quiet();
}

#[test]
fn an_offer_may_come_late() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let leg = lab.call(&mut phone, "90123", "");
    assert_eq!(lab.said(), ["100", "OpenRtp - both", "Offered 90123"]);
    lab.command(LegCommand::Ring { leg, in_band: true });
    lab.command(LegCommand::Answer { leg, connected: None });
    assert_eq!(lab.said(), ["183", "200+sdp", "UpdateRtp - both"]);
    phone.heard(&lab.response());
    lab.receive(phone.flow, &phone.ack().body("application/sdp", SDP.replace("8 0 101", "8 101")));
    assert_eq!(lab.said(), ["UpdateRtp 192.0.2.7:4000 both"]);
    lab.hang_up(leg, Cause::NORMAL_CLEARING);
    lab.said();

    // Without an answer there is nothing to hear.
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let leg = lab.call(&mut phone, "90123", "");
    lab.command(LegCommand::Answer { leg, connected: None });
    phone.heard(&lab.response());
    lab.said();
    lab.receive(phone.flow, &phone.ack());
    assert_eq!(lab.said(), ["Close", "Ended 88", "BYE"]);
    lab.quiet();
}

#[test]
fn what_an_invite_may_not_be() {
    type Spoil = fn(Draft) -> Draft;
    let cases: [(&str, Spoil); 6] = [
        ("420", |invite| invite.add(Name::Require, "100rel, timer")),
        ("483", |invite| invite.add(Name::MaxForwards, "0")),
        ("415", |invite| invite.body("text/plain", "hello")),
        ("488", |invite| invite.body("application/sdp", SDP.replace("8 0 101", "18"))),
        ("400", |invite| invite.body("application/sdp", "nonsense")),
        ("422", |invite| invite.add(Name::SessionExpires, "30")),
    ];
    for (status, spoil) in cases {
        let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
        lab.register(&mut phone);
        let draft = spoil(phone.invite("90123", SDP));
        lab.receive(phone.flow, &draft);
        if lab.response().status() == Status::UNAUTHORIZED {
            let again = phone.authorized(&lab.response(), &Method::Invite, draft);
            lab.said();
            lab.receive(phone.flow, &again);
        }
        assert_eq!(lab.said(), [status]);
        assert!(lab.legs.is_empty());
        lab.quiet();
    }
}

#[test]
fn the_same_invite_by_another_way_is_a_loop() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let leg = lab.call(&mut phone, "90123", SDP);
    lab.said();
    let draft = phone.invite("90123", SDP);
    let merged = draft.set(Name::CSeq, format!("{} INVITE", phone.cseq - 1));
    lab.receive(phone.flow, &merged);
    assert_eq!(lab.said(), ["482"]);
    lab.hang_up(leg, Cause::NORMAL_CLEARING);
    lab.quiet();
}

#[test]
fn what_we_sent_ourselves_is_a_loop() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let draft = phone.invite("90123", SDP).add(Name::Via, "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKours");
    lab.receive(phone.flow, &draft);
    assert_eq!(lab.said(), ["482"]);
}

#[test]
fn without_a_port_there_is_no_call() {
    let mut lab = Lab::with(|config| config.system.rtp.ports = 2);
    let mut phones: Vec<_> = ["201", "202", "203"].into_iter().map(Peer::phone).collect();
    let first = lab.call(&mut phones[0], "90123", SDP);
    lab.call(&mut phones[1], "90123", SDP);
    lab.call(&mut phones[2], "90123", SDP);
    assert_eq!(lab.said(), ["503"]);
    assert_eq!((lab.response().q850_cause(), lab.response().retry_after()), (Some(47), Some(10)));
    lab.receive(phones[2].flow, &phones[2].ack_of_failure(&lab.response()));
    lab.hang_up(first, Cause::NORMAL_CLEARING);
    let port = lab.rtp().port;
    phones[2].call_id = "another".to_owned();
    lab.call(&mut phones[2], "90123", SDP);
    assert_ne!(lab.rtp().port, port);
}

#[test]
fn a_phone_that_vanishes_is_let_go() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    lab.talk(&mut phone);
    assert!(lab.rtp().lost_after_s > 0);
    let stream = lab.stream();
    lab.input(Input::Media(MediaEvent::RtpLost { stream }));
    assert_eq!(lab.said(), ["Close", "Ended 102", "BYE"]);
    lab.wait(40_000);
    lab.quiet();
}

#[test]
fn digits_in_the_stream_and_beside_it() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    lab.talk(&mut phone);
    let stream = lab.stream();
    lab.input(Input::Media(MediaEvent::Digit { stream, digit: '5' }));
    assert_eq!(lab.said(), ["Digit 5"]);
    for (kind, body, said) in [
        ("application/dtmf-relay", "Signal=#\r\nDuration=160\r\n", &["200", "Digit # out-of-band"][..]),
        ("application/dtmf-relay", "Signal= 10\nDuration= 250", &["200", "Digit * out-of-band"]),
        ("application/dtmf", "d", &["200", "Digit D out-of-band"]),
        ("application/hook-flash", "x", &["200", "Flash"]),
        ("application/dtmf-relay", "Duration=160", &["415"]),
        ("application/media_control+xml", "<x/>", &["415"]),
    ] {
        lab.receive(phone.flow, &phone.within(&Method::Info, "").body(kind, body));
        assert_eq!(lab.said(), said);
    }
    lab.receive(phone.flow, &phone.within(&Method::Info, ""));
    assert_eq!(lab.said(), ["200"]);
}

#[test]
fn requests_in_a_call_keep_their_order() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let leg = lab.talk(&mut phone);
    for (method, status) in [
        (Method::Options, "200"),
        (Method::Refer, "400"),
        (Method::Prack, "481"),
        (Method::Message, "405"),
        (Method::Other("FOO".into()), "501"),
    ] {
        lab.receive(phone.flow, &phone.within(&method, ""));
        assert_eq!(lab.said(), [status]);
    }
    phone.cseq -= 3;
    lab.receive(phone.flow, &phone.within(&Method::Info, ""));
    assert_eq!(lab.said(), ["500"]);
    lab.hang_up(leg, Cause::NORMAL_CLEARING);
}

#[test]
fn outside_of_calls() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    for (method, status) in [
        (Method::Options, "200"),
        (Method::Message, "405"),
        (Method::Publish, "405"),
        (Method::Bye, "481"),
        (Method::Cancel, "481"),
        (Method::Other("FOO".into()), "501"),
    ] {
        phone.invite("90123", "");
        lab.receive(phone.flow, &phone.within(&method, ""));
        assert_eq!(lab.said(), [status], "{method}");
        assert!(matches!(status, "200" | "481") || lab.response().value(Name::Allow).is_some());
    }
    lab.receive(phone.flow, &phone.draft(&Method::Ack, "sip:1@example.com", "<sip:1@example.com>;tag=x"));
    assert_eq!(lab.said(), <[&str; 0]>::default());
    assert_eq!(lab.sip.counters().stray, 1);
    lab.quiet();
}

#[test]
fn a_withheld_caller_stays_withheld() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let draft = phone.invite("90123", SDP).add(Name::Privacy, "id");
    lab.receive(phone.flow, &draft);
    let again = phone.authorized(&lab.response(), &Method::Invite, draft);
    lab.receive(phone.flow, &again);
    let Some(LegEvent::Offered(offer)) = lab.legs.last() else { panic!("no offer") };
    assert_eq!(offer.caller.presentation, Presentation::Restricted);
    assert_eq!(offer.caller.number.as_deref(), Some("201"));
}

#[test]
fn a_call_ends_with_the_connection_it_came_over() {
    let (mut lab, mut phone) = (Lab::new(), Peer::new("201", tcp("192.0.2.7:40000", 3)));
    lab.call(&mut phone, "90123", SDP);
    lab.said();
    lab.input(Input::FlowClosed { flow: phone.flow });
    assert_eq!(lab.said().split_off(1), ["Close", "Ended 41"]);
    lab.quiet();
}
