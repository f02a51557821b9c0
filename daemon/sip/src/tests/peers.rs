//! What peers have of their own: causes, diversions, digits, and how they are watched.

use super::lab::{Lab, Peer, SDP, TRUNK, number, response, udp};
use crate::message::{Method, Name};
use demarc_model::config::{CauseProfile, CauseRule, CauseWay, DiversionForm, DtmfForm, SipPeer, TrunkKind};
use demarc_model::leg::Dial;
use demarc_model::{
    Bearer, CallerId, Cause, LegCommand, LegEvent, LegId, Party, Presentation, RedirectReason, Redirecting,
    RingKind, Room,
};

/// A lab whose provider lives.
fn with(change: fn(&mut SipPeer)) -> Lab {
    let mut lab = Lab::with_trunk(change);
    lab.wait(0);
    if let Some(options) = lab.requests(&Method::Options).last().cloned() {
        lab.answer(&options, 200, "p", "");
    }
    lab.said();
    lab
}

fn redirected() -> Redirecting {
    Redirecting {
        from: CallerId { presentation: Presentation::Restricted, ..number("+442079460902") },
        reason: RedirectReason::NoAnswer,
        count: 1,
        original: None,
    }
}

fn call_out(lab: &mut Lab, redirecting: Option<Redirecting>) {
    let dial = Dial {
        leg: LegId::new(Room::Pbx, 77),
        to: Party::Trunk(TRUNK),
        called: "+442079460100".to_owned(),
        caller: number("+442079460901"),
        redirecting,
        bearer: Bearer::Speech,
        emergency: false,
        complete: true,
        ring: RingKind::External,
    };
    lab.command(LegCommand::Dial(Box::new(dial)));
}

#[test]
fn a_diversion_travels_in_the_header_that_the_peer_reads() {
    let headers = |change: fn(&mut SipPeer)| {
        let mut lab = with(change);
        call_out(&mut lab, Some(redirected()));
        let (_, invite) = lab.request(&Method::Invite);
        let values = |name| invite.values(name).map(str::to_owned).collect::<Vec<_>>();
        (values(Name::Diversion), values(Name::HistoryInfo))
    };
    let diversion = "<sip:+442079460902@sip.example.net>;reason=no-answer;privacy=full";
    let (one, other) = headers(|_| {});
    assert_eq!((one, other.len()), (vec![diversion.to_owned()], 0));
    let (one, other) = headers(|peer| peer.diversion = DiversionForm::HistoryInfo);
    assert!(one.is_empty());
    assert_eq!(
        other,
        [
            "<sip:+442079460902@sip.example.net?Privacy=history>;index=1",
            "<sip:+442079460100@sip.example.net;cause=408>;index=1.1;mp=1"
        ]
    );
    let (one, other) = headers(|peer| peer.diversion = DiversionForm::Both);
    assert_eq!((one.len(), other.len()), (1, 2));
    let (one, other) = headers(|peer| peer.diversion = DiversionForm::None);
    assert_eq!((one.len(), other.len()), (0, 0));
}

#[test]
fn a_peer_has_its_own_causes_both_ways() {
    let rules = |peer: &mut SipPeer| {
        peer.cause_profile = Some(CauseProfile::Asterisk);
        peer.causes = vec![CauseRule { way: CauseWay::Both, cause: Cause::USER_BUSY, status: 480 }];
    };
    for (status, cause) in [(480, 17), (502, 27), (404, 1)] {
        let mut lab = with(rules);
        call_out(&mut lab, None);
        let invite = lab.request(&Method::Invite);
        lab.said();
        lab.answer(&invite, status, "p", "");
        assert!(lab.said().contains(&format!("Ended {cause}")), "{status}");
    }
    let mut lab = with(rules);
    let mut provider = Peer::new("gateway", udp("198.51.100.1:5060"));
    lab.receive(provider.flow, &provider.invite("+442079460901", SDP));
    let Some(LegEvent::Offered(offer)) = lab.legs.last().cloned() else { panic!("no offer") };
    lab.said();
    lab.command(LegCommand::Hangup { leg: offer.leg, cause: Cause::USER_BUSY });
    assert!(lab.said().contains(&"480".to_owned()));
}

#[test]
fn what_the_peer_says_in_reason_counts_more_than_any_table() {
    let mut lab = with(|peer| {
        peer.causes = vec![CauseRule { way: CauseWay::Both, cause: Cause::USER_BUSY, status: 480 }];
    });
    call_out(&mut lab, None);
    let invite = lab.request(&Method::Invite);
    lab.said();
    let refusal = response(&invite, 480, "p", "").add(Name::Reason, "Q.850;cause=20");
    lab.receive(invite.0, &refusal);
    assert!(lab.said().contains(&"Ended 20".to_owned()));
}

#[test]
fn a_peer_that_wants_tones_is_offered_no_telephone_events() {
    let mut lab = with(|peer| peer.dtmf = DtmfForm::InBand);
    call_out(&mut lab, None);
    let (_, invite) = lab.request(&Method::Invite);
    let offer = String::from_utf8_lossy(invite.body()).into_owned();
    assert!(offer.contains("PCMA") && !offer.contains("telephone-event"), "{offer}");
    let mut provider = Peer::new("gateway", udp("198.51.100.1:5060"));
    lab.receive(provider.flow, &provider.invite("+442079460901", SDP));
    let Some(LegEvent::Offered(offer)) = lab.legs.last().cloned() else { panic!("no offer") };
    lab.command(LegCommand::Answer { leg: offer.leg, connected: None });
    let answer = lab.response();
    let answer = String::from_utf8_lossy(answer.body()).into_owned();
    assert!(!answer.contains("telephone-event"), "{answer}");
}

#[test]
fn data_alone_is_refused_with_its_cause() {
    let mut lab = with(|_| {});
    let mut provider = Peer::new("gateway", udp("198.51.100.1:5060"));
    let clearmode = SDP
        .replace("8 0 101", "97")
        .replace("a=rtpmap:101 telephone-event/8000", "a=rtpmap:97 CLEARMODE/8000");
    lab.receive(provider.flow, &provider.invite("+442079460901", &clearmode));
    let refusal = lab.response();
    assert_eq!(refusal.status().code(), 488);
    assert_eq!(refusal.q850_cause(), Some(65));
    let mut lab = with(|_| {});
    lab.receive(provider.flow, &provider.invite("+442079460901", &SDP.replace("8 0 101", "18")));
    assert_eq!(lab.response().q850_cause(), None, "another codec is no data");
}

#[test]
fn a_peer_may_be_taken_on_trust() {
    let mut lab = Lab::with_trunk(|peer| peer.qualify_s = 0);
    lab.wait(600_000);
    assert!(lab.requests(&Method::Options).is_empty());
    assert!(lab.sip.live_trunks().iter().all(|trunk| trunk.up));
    call_out(&mut lab, None);
    lab.request(&Method::Invite);
}

#[test]
fn a_peer_is_asked_as_often_as_it_wants() {
    let mut lab = with(|peer| peer.qualify_s = 300);
    lab.wait(299_000);
    assert!(lab.said().is_empty());
    lab.wait(1_000);
    assert!(lab.said().contains(&"OPTIONS".to_owned()));
    lab.configure(|config| config.trunks.retain(|t| !matches!(t.kind, TrunkKind::Sip(_))));
}
