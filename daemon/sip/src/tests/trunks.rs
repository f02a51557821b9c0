//! SIP providers.

use super::lab::{Lab, Peer, SDP, TRUNK, number, response, trunk, udp};
use crate::digest::Credentials;
use crate::message::{Method, Name};
use crate::{Flow, Input, Transport};
use demarc_model::config::{Secret, TrunkKind};
use demarc_model::live::LiveTrunk;
use demarc_model::{
    Bearer, CallerId, Cause, Dial, LegCommand, LegEvent, LegId, Party, Presentation, RedirectReason,
    Redirecting, Room,
};

const CHALLENGE: &str = "Digest realm=\"example.net\", nonce=\"abc\", qop=\"auth\", algorithm=MD5";

fn live(lab: &Lab) -> LiveTrunk {
    lab.sip.live_trunks().into_iter().find(|live| live.trunk == TRUNK).unwrap()
}

/// A trunk that has answered OPTIONS.
fn up() -> Lab {
    let mut lab = Lab::with_trunk(|_| {});
    assert_eq!(lab.said(), ["Resolve sip.example.net", "OPTIONS"]);
    let options = lab.request(&Method::Options);
    lab.answer(&options, 200, "p", "");
    assert_eq!(lab.said(), ["Changed"]);
    lab
}

fn with_account(peer: &mut demarc_model::config::SipPeer) {
    peer.username = "gw".to_owned();
    peer.password = Secret::new("secret of the trunk");
}

#[test]
fn a_peer_is_asked_each_30_seconds_whether_it_lives() {
    let mut lab = up();
    assert!(live(&lab).up);
    lab.wait(30_000);
    assert_eq!(lab.said(), ["OPTIONS"]);
    let options = lab.request(&Method::Options);
    lab.answer(&options, 404, "p", ""); // it lives
    assert!(live(&lab).up);
    lab.wait(63_000);
    assert_eq!(lab.said().last().unwrap(), "Changed");
    assert!(!live(&lab).up);
    assert_eq!(live(&lab).reason.as_deref(), Some("no answer to OPTIONS"));
    lab.dial(Party::Trunk(TRUNK), "+442079460100", number("201"));
    assert_eq!(lab.said(), ["Ended 27"]);
    lab.wait(31_000);
    let options = lab.request(&Method::Options);
    assert_eq!(options.0, udp("198.51.100.2:5060"), "the other address has its turn");
    lab.answer(&options, 200, "p", "");
    assert!(live(&lab).up);
}

#[test]
fn a_name_that_does_not_exist() {
    let mut lab = Lab::with_trunk(|_| {});
    lab.configure(|config| {
        config.trunks.retain(|t| t.id != TRUNK);
        config.trunks.push(trunk(|peer| peer.username = "new".to_owned()));
    });
    lab.resolve(&[]);
    assert_eq!(live(&lab).reason.as_deref(), Some("host name not found"));
    lab.said();
    lab.wait(31_000);
    assert!(lab.said().contains(&"Resolve sip.example.net".to_owned()));
}

#[test]
fn a_registration_is_made_refreshed_and_given_credentials() {
    let mut lab = Lab::with_trunk(|peer| {
        with_account(peer);
        peer.register = true;
    });
    lab.said();
    let register = lab.request(&Method::Register);
    let challenge = response(&register, 401, "p", "").add(Name::WwwAuthenticate, CHALLENGE);
    lab.receive(register.0, &challenge);
    assert_eq!(lab.said(), ["REGISTER"]);
    let register = lab.request(&Method::Register);
    assert_eq!(register.1.cseq().number, 2);
    let value = register.1.value(Name::Authorization).unwrap();
    assert_eq!(Credentials::parse(value).unwrap().username, "gw");
    let ok = response(&register, 200, "p", "").add(Name::Expires, "100").remove(Name::Contact);
    lab.receive(register.0, &ok);
    assert_eq!(lab.said(), ["Changed"]);
    assert!(live(&lab).up);
    lab.wait(79_000);
    assert_eq!(lab.said(), <[&str; 0]>::default());
    lab.wait(1_000);
    assert_eq!(lab.said(), ["REGISTER"]);
    let register = lab.request(&Method::Register);
    lab.answer(&register, 403, "p", "");
    assert_eq!(lab.said(), ["Changed"]);
    assert_eq!(live(&lab).reason.as_deref(), Some("REGISTER refused: 403 Forbidden"));
    // Pauses grow.
    for pause in [30, 60, 120, 240, 480, 600, 600] {
        lab.said();
        lab.wait(pause * 1000 - 1);
        assert!(!lab.said().contains(&"REGISTER".to_owned()), "before {pause} s");
        lab.wait(1);
        let register = lab.request(&Method::Register);
        lab.answer(&register, 403, "p", "");
    }
}

#[test]
fn wrong_credentials_are_not_tried_for_ever() {
    let mut lab = Lab::with_trunk(|peer| {
        with_account(peer);
        peer.register = true;
    });
    for _ in 0..2 {
        let register = lab.request(&Method::Register);
        let challenge = response(&register, 401, "p", "").add(Name::WwwAuthenticate, CHALLENGE);
        lab.said();
        lab.receive(register.0, &challenge);
    }
    assert_eq!(lab.said(), ["Changed"]);
    assert_eq!(live(&lab).reason.as_deref(), Some("REGISTER refused: 401 Unauthorized"));
}

#[test]
fn a_call_out_answers_the_challenge_of_the_provider() {
    let mut lab = Lab::with_trunk(with_account);
    let options = lab.request(&Method::Options);
    lab.answer(&options, 200, "p", "");
    let leg = lab.dial(Party::Trunk(TRUNK), "+442079460100", number("+442079460901"));
    let invite = lab.request(&Method::Invite);
    assert_eq!(invite.1.uri().as_str(), "sip:+442079460100@sip.example.net");
    assert_eq!(invite.1.asserted_identities().next().unwrap().uri().user(), Some("+442079460901"));
    lab.said();
    let challenge = response(&invite, 407, "p", "").add(Name::ProxyAuthenticate, CHALLENGE);
    lab.receive(invite.0, &challenge);
    assert_eq!(lab.said(), ["ACK", "INVITE+sdp"]);
    let again = lab.request(&Method::Invite);
    assert_eq!((again.1.call_id(), again.1.cseq().number), (invite.1.call_id(), 2));
    assert_eq!(again.1.from().tag(), invite.1.from().tag());
    assert!(again.1.value(Name::ProxyAuthorization).is_some());
    lab.answer(&again, 183, "b", SDP);
    lab.answer(&again, 200, "b", SDP);
    let open = "OpenRtp 192.0.2.7:4000 both";
    assert_eq!(lab.said()[..3], [open, "Proceeding", "Progress in-band"]);
    assert_eq!(live(&lab).calls, 1);
    // The BYE may be challenged too.
    lab.said();
    lab.hang_up(leg, Cause::NORMAL_CLEARING);
    let bye = lab.request(&Method::Bye);
    let challenge = response(&bye, 401, "", "").add(Name::WwwAuthenticate, CHALLENGE);
    lab.receive(bye.0, &challenge);
    assert_eq!(lab.said(), ["Close", "Ended 16", "BYE", "BYE"]);
    let bye = lab.request(&Method::Bye);
    lab.answer(&bye, 200, "", "");
    assert_eq!(lab.sip.counters().sessions, 0);
}

#[test]
fn credentials_that_are_refused_end_the_call() {
    let mut lab = Lab::with_trunk(with_account);
    let options = lab.request(&Method::Options);
    lab.answer(&options, 200, "p", "");
    lab.dial(Party::Trunk(TRUNK), "+442079460100", number("201"));
    for _ in 0..2 {
        let invite = lab.request(&Method::Invite);
        lab.said();
        let challenge = response(&invite, 401, "p", "").add(Name::WwwAuthenticate, CHALLENGE);
        lab.receive(invite.0, &challenge);
    }
    assert_eq!(lab.said(), ["ACK", "Ended 21"]);
}

#[test]
fn an_address_that_is_dead_or_busy_gives_way_to_the_next() {
    for dead in [true, false] {
        let mut lab = up();
        lab.dial(Party::Trunk(TRUNK), "+442079460100", number("201"));
        let first = lab.request(&Method::Invite);
        assert_eq!(first.0, udp("198.51.100.1:5060"));
        match dead {
            true => lab.wait(32_000),
            false => lab.answer(&first, 503, "p", ""),
        }
        let second = lab.request(&Method::Invite);
        assert_eq!(second.0, udp("198.51.100.2:5060"));
        assert_ne!(second.1.call_id(), first.1.call_id());
        lab.said();
        lab.answer(&second, 486, "p", "");
        assert_eq!(lab.said(), ["ACK", "Ended 17"]);
    }
}

#[test]
fn a_withheld_number_goes_to_the_provider_only_beside_the_from() {
    let mut lab = up();
    let caller = CallerId { presentation: Presentation::Restricted, ..number("+442079460901") };
    lab.dial(Party::Trunk(TRUNK), "+442079460100", caller.clone());
    let (_, invite) = lab.request(&Method::Invite);
    assert_eq!(invite.from().uri().user(), Some("anonymous"));
    assert!(invite.privacy().id);
    assert_eq!(invite.asserted_identities().next().unwrap().uri().user(), Some("+442079460901"));

    // For the emergency services it is not withheld.
    let dial = Dial {
        leg: LegId::new(Room::Pbx, 99),
        to: Party::Trunk(TRUNK),
        called: "999".to_owned(),
        caller,
        redirecting: Some(Redirecting::by("+442079460902")),
        bearer: Bearer::Speech,
        emergency: true,
        complete: true,
        ring: demarc_model::RingKind::External,
    };
    lab.command(LegCommand::Dial(Box::new(dial)));
    let (_, invite) = lab.request(&Method::Invite);
    assert_eq!(invite.from().uri().user(), Some("+442079460901"));
    assert!(!invite.privacy().id);
    assert_eq!(invite.diversions().next().unwrap().uri().user(), Some("+442079460902"));
}

#[test]
fn a_provider_calls_by_its_address_alone() {
    let mut lab = up();
    let mut provider = Peer::new("gateway", udp("198.51.100.2:5060"));
    let draft = provider
        .invite("+442079460901", SDP)
        .add(Name::PAssertedIdentity, "\"Bob\" <sip:+442079460100@example.net>")
        .add(Name::Diversion, "<sip:+442079460950@example.net>;reason=user-busy");
    lab.receive(provider.flow, &draft);
    assert_eq!(lab.said(), ["100", "OpenRtp 192.0.2.7:4000 both", "Offered +442079460901"]);
    let Some(LegEvent::Offered(offer)) = lab.legs.last() else { panic!("no offer") };
    assert_eq!(offer.from, Party::Trunk(TRUNK));
    assert_eq!(offer.caller.number.as_deref(), Some("+442079460100"));
    assert_eq!(offer.caller.name.as_deref(), Some("Bob"));
    let redirecting = offer.redirecting.as_ref().unwrap();
    assert_eq!(redirecting.from.number.as_deref(), Some("+442079460950"));
    assert_eq!(redirecting.reason, RedirectReason::Busy);
    // From elsewhere, or from another port, nobody is believed.
    for address in ["198.51.100.3:5060", "198.51.100.2:5061"] {
        lab.said();
        let mut stranger = Peer::new("gateway", udp(address));
        lab.receive(stranger.flow, &stranger.invite("+442079460901", SDP));
        assert_eq!(lab.said(), ["401"]);
    }
}

#[test]
fn a_provider_that_calls_our_contact_names_the_number_in_to() {
    let mut lab = Lab::with_trunk(with_account);
    let mut provider = Peer::new("gateway", udp("198.51.100.1:5060"));
    let draft = provider.invite("gw", SDP).set(Name::To, "<sip:+442079460902@example.net>");
    lab.said();
    lab.receive(provider.flow, &draft);
    assert_eq!(lab.said().last().unwrap(), "Offered +442079460902");
}

#[test]
fn a_disabled_or_removed_trunk_is_left_alone() {
    let mut lab = up();
    lab.configure(|config| {
        config.trunks.iter_mut().filter(|t| t.id == TRUNK).for_each(|t| t.enabled = false)
    });
    assert_eq!(live(&lab).reason.as_deref(), Some("disabled"));
    lab.dial(Party::Trunk(TRUNK), "1", number("201"));
    assert_eq!(lab.said(), ["Changed", "Ended 27"]);
    assert_eq!(lab.sip.poll_timeout().map(|(_, why)| why), Some("timer K"));
    lab.configure(|config| config.trunks.retain(|t| !matches!(t.kind, TrunkKind::Sip(_))));
    assert!(lab.sip.live_trunks().is_empty());
    lab.quiet();
}

#[test]
fn a_peer_is_told_when_our_address_changes() {
    let mut lab = up();
    lab.input(Input::Moved { transport: Transport::Tcp, served: "192.0.2.9:5070".parse().unwrap() });
    lab.wait(0);
    assert!(lab.said().is_empty(), "it is spoken to over UDP");
    lab.input(Input::Moved { transport: Transport::Udp, served: "192.0.2.9:5070".parse().unwrap() });
    lab.wait(0);
    assert_eq!(lab.said(), ["Resolve sip.example.net"]);
    let flow = Flow { local: "192.0.2.9:5070".parse().unwrap(), ..udp("198.51.100.1:5060") };
    let host = "sip.example.net".to_owned();
    lab.input(Input::Resolved { host, port: 5060, transport: Transport::Udp, flows: vec![flow] });
    let (way, options) = lab.request(&Method::Options);
    assert_eq!(way, flow);
    assert!(options.value(Name::Contact).unwrap().contains("192.0.2.9:5070"));
}

/// A call for help by the trunk, which has two addresses.
fn calls_for_help(lab: &mut Lab) -> LegId {
    let leg = LegId::new(Room::Pbx, 77);
    let dial = Dial {
        leg,
        to: Party::Trunk(TRUNK),
        called: "999".into(),
        caller: number("+442079460901"),
        redirecting: None,
        bearer: Bearer::Speech,
        emergency: true,
        complete: true,
        ring: demarc_model::RingKind::External,
    };
    lab.command(LegCommand::Dial(Box::new(dial)));
    leg
}

#[test]
fn an_emergency_call_leaves_a_silent_address_long_before_timer_b() {
    let mut lab = up();
    calls_for_help(&mut lab);
    assert!(lab.said().contains(&"INVITE+sdp".to_owned()));
    let first = lab.request(&Method::Invite);
    lab.wait(3_900);
    assert_eq!(lab.requests(&Method::Invite).len(), 1);
    lab.wait(100);
    let second = lab.request(&Method::Invite);
    assert_ne!((first.0, first.1.via().branch()), (second.0, second.1.via().branch()));
    assert_ne!(first.0.remote, second.0.remote);
    // The second says something in time, and may then take as long as it likes.
    lab.answer(&second, 100, "", "");
    lab.wait(25_000);
    assert!(!lab.said().iter().any(|word| word.starts_with("Ended")));
    // The first wakes up: it is not wanted any more.
    lab.answer(&first, 180, "late", "");
    assert_eq!(lab.said(), ["CANCEL"]);
    lab.answer(&second, 200, "p", SDP);
    assert!(lab.said().contains(&"Answered".to_owned()));
}

#[test]
fn an_emergency_call_that_nobody_answers_goes_back_to_call_control_in_seconds() {
    let mut lab = up();
    let leg = calls_for_help(&mut lab);
    lab.said();
    lab.wait(8_000);
    assert!(lab.said().contains(&"Ended 102".to_owned()));
    // A late answer is no call any more.
    let invite = lab.requests(&Method::Invite)[0].clone();
    lab.answer(&invite, 200, "late", SDP);
    assert_eq!(lab.said(), ["ACK", "BYE"]);
    assert_eq!(lab.legs.iter().filter(|event| event.leg() == leg).count(), 1);
    let bye = lab.request(&Method::Bye);
    lab.answer(&bye, 200, "late", "");
    lab.wait(100_000);
    assert_eq!((lab.sip.counters().sessions, lab.sip.counters().dialogs), (0, 0));
}

#[test]
fn who_is_left_for_silence_and_answers_after_all_has_the_call() {
    let mut lab = up();
    calls_for_help(&mut lab);
    lab.wait(5_000);
    let invites = lab.requests(&Method::Invite);
    assert_eq!(invites.len(), 2);
    lab.said();
    lab.answer(&invites[0], 200, "p", SDP);
    assert!(lab.said().contains(&"Answered".to_owned()), "help is help");
    lab.answer(&invites[1], 180, "q", "");
    assert_eq!(lab.said(), ["CANCEL"]);
}

#[test]
fn an_ordinary_call_waits_for_timer_b() {
    let mut lab = up();
    lab.dial(Party::Trunk(TRUNK), "+442079460100", number("201"));
    lab.wait(31_000);
    assert_eq!(lab.requests(&Method::Invite).len(), 1);
}
