//! Phones that register, and those that guess.

use super::lab::{Lab, Peer, SDP, tcp, udp};
use crate::message::{Draft, Method, Name};
use crate::{Flow, Input, Output, Transport};
use demarc_model::config::{DeviceId, DeviceKind, Secret};
use demarc_model::live::LiveDevice;

fn device(lab: &Lab, id: u32) -> LiveDevice {
    lab.sip.live_devices(lab.now).into_iter().find(|live| live.device == DeviceId(id)).unwrap()
}

/// A REGISTER with a password of choice; what it was answered.
fn try_register(lab: &mut Lab, phone: &mut Peer, user: &str) -> Vec<String> {
    let to = format!("<sip:{user}@example.com>");
    phone.cseq += 1;
    phone.branch += 1;
    let contact = format!("<sip:{user}@{}>", phone.flow.remote);
    let draft = phone.draft(&Method::Register, "sip:example.com", &to).add(Name::Contact, contact);
    lab.receive(phone.flow, &draft);
    if lab.said() != ["401"] {
        return Vec::new();
    }
    let again = phone.authorized(&lab.response(), &Method::Register, draft);
    lab.receive(phone.flow, &again);
    lab.said()
}

fn response_words(lab: &Lab) -> Vec<(String, String)> {
    let response = lab.response();
    response
        .iter()
        .filter(|(name, ..)| !matches!(name, Name::Via | Name::To | Name::CSeq))
        .map(|(_, name, value)| (name.to_owned(), without_nonce(value)))
        .collect()
}

fn without_nonce(value: &str) -> String {
    match (value.find("nonce=\""), value.find("\", qop")) {
        (Some(from), Some(to)) => format!("{}{}", &value[..from], &value[to..]),
        _ => value.to_owned(),
    }
}

#[test]
fn a_phone_registers_stays_and_expires() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    assert!(!device(&lab, 1).reachable);
    assert_eq!(try_register(&mut lab, &mut phone, "201"), ["200", "Changed"]);
    let live = device(&lab, 1);
    assert!(live.reachable);
    assert_eq!(live.contacts[0].source, "192.0.2.7:5201/udp");
    assert_eq!(try_register(&mut lab, &mut phone, "201"), ["200"]);
    lab.wait(3_601_000);
    assert_eq!(lab.said(), ["Changed"]);
    assert!(!device(&lab, 1).reachable);
    lab.quiet();
}

#[test]
fn a_phone_may_register_only_itself() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    assert_eq!(try_register(&mut lab, &mut phone, "202"), ["403"]);
}

#[test]
fn strangers_cannot_tell_which_accounts_exist() {
    let mut words = Vec::new();
    for user in ["201", "nobody"] {
        let mut lab = Lab::with(|config| {
            for device in &mut config.devices {
                if let DeviceKind::Sip(account) = &mut device.kind {
                    account.password = Secret::new("not what the peer uses");
                }
            }
        });
        let mut phone = Peer::new("201", udp("192.0.2.7:5201"));
        phone.user = user.to_owned();
        assert_eq!(try_register(&mut lab, &mut phone, "201"), ["401"]);
        assert_eq!(lab.sip.counters().wrong_credentials, 1);
        words.push(response_words(&lab).into_iter().filter(|(name, _)| name != "From").collect::<Vec<_>>());
    }
    assert_eq!(words[0], words[1]);
}

#[test]
fn who_guesses_is_locked_out_for_a_while_but_not_his_neighbours() {
    let mut lab = Lab::new();
    let mut neighbour = Peer::new("202", udp("192.0.2.66:5060"));
    lab.register(&mut neighbour);
    let mut thief = Peer::new("nobody", udp("192.0.2.66:6666"));
    for _ in 0..10 {
        assert_eq!(try_register(&mut lab, &mut thief, "201"), ["401"]);
    }
    let draft = thief.invite("90123", SDP);
    lab.receive(thief.flow, &draft);
    assert_eq!(lab.said(), ["403"]);
    assert_eq!(lab.sip.counters().locked_out, 1);
    assert_eq!(try_register(&mut lab, &mut neighbour, "202"), ["200"]);
    lab.wait(61_000);
    lab.said();
    assert_eq!(try_register(&mut lab, &mut thief, "201"), ["401"]);
}

#[test]
fn a_challenge_holds_no_memory() {
    let mut lab = Lab::new();
    for n in 0..10_000 {
        let mut stranger = Peer::new("201", udp(&format!("192.0.2.9:{}", 1024 + n)));
        lab.receive(stranger.flow, &stranger.invite("90123", SDP));
    }
    assert_eq!(lab.sip.counters().transactions, 0);
    assert_eq!(lab.sip.counters().challenged, 10_000);
}

#[test]
fn a_connection_that_closes_takes_its_registration_along() {
    let flow = tcp("192.0.2.7:40000", 9);
    let (mut lab, mut phone) = (Lab::new(), Peer::new("201", flow));
    lab.register(&mut phone);
    lab.input(Input::FlowClosed { flow });
    assert_eq!(lab.said(), ["Changed"]);
    assert!(!device(&lab, 1).reachable);
}

#[test]
fn a_new_password_ends_the_registration_made_with_the_old_one() {
    let (mut lab, mut phones) = (Lab::new(), [Peer::phone("201"), Peer::phone("202")]);
    phones.iter_mut().for_each(|phone| lab.register(phone));
    lab.configure(|config| {
        if let DeviceKind::Sip(account) = &mut config.devices[0].kind {
            account.password = Secret::new("another one, as long");
        }
    });
    assert!(!device(&lab, 1).reachable && device(&lab, 2).reachable);
}

#[test]
fn broken_messages_are_answered_when_they_can_be() {
    let (mut lab, phone) = (Lab::new(), Peer::phone("201"));
    let draft = phone.draft(&Method::Options, "sip:example.com", "<sip:example.com>");
    let spoilt = |draft: Draft| draft.set(Name::CSeq, "x").write();
    for (bytes, said) in [
        (spoilt(draft.clone()), &["400"][..]),
        (b"nonsense".to_vec(), &[]),
        (b"\r\n\r\n".to_vec(), &[]),
        (b"SIP/2.0 200 OK\r\n\r\n".to_vec(), &[]),
        (Vec::new(), &[]),
    ] {
        lab.input(Input::Message { flow: phone.flow, bytes });
        assert_eq!(lab.said(), said);
    }
    assert_eq!(lab.sip.counters().malformed, 3);
    // A response to nothing.
    lab.input(Input::Message {
        flow: phone.flow,
        bytes: b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx\r\n\
From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n"
            .to_vec(),
    });
    assert_eq!(lab.sip.counters().stray, 1);
    assert!(lab.sip.poll_output().is_none_or(|output| !matches!(output, Output::Send { .. })));
    lab.quiet();
}

#[test]
fn responses_go_where_rfc_3581_and_18_2_2_say() {
    let (mut lab, phone) = (Lab::new(), Peer::phone("201"));
    let draft = phone.draft(&Method::Options, "sip:example.com", "<sip:example.com>");
    for (via, to) in [
        ("SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bK1", "192.0.2.7:5201"),
        ("SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK2", "192.0.2.7:5201"), // behind NAT
        ("SIP/2.0/UDP 192.0.2.7:5099;branch=z9hG4bK3", "192.0.2.7:5099"),
        ("SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK4", "192.0.2.7:5060"),
    ] {
        lab.receive(phone.flow, &draft.clone().set(Name::Via, via));
        assert_eq!(lab.sent.last().unwrap().0.remote.to_string(), to, "{via}");
    }
}

#[test]
fn a_phone_is_called_from_where_sip_is_served_now() {
    for (served, local) in [("192.0.2.9:5070", "192.0.2.9:5070"), ("0.0.0.0:5070", "192.0.2.1:5070")] {
        let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
        lab.register(&mut phone);
        lab.input(Input::Moved { transport: Transport::Tcp, served: "192.0.2.1:5090".parse().unwrap() });
        lab.input(Input::Moved { transport: Transport::Udp, served: served.parse().unwrap() });
        lab.dial_phone();
        let (flow, invite) = lab.request(&Method::Invite);
        assert_eq!(flow, Flow { local: local.parse().unwrap(), ..phone.flow });
        assert!(invite.value(Name::Contact).unwrap().contains(local));
    }
}

#[test]
fn a_call_goes_on_where_it_began_when_sip_moves() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let leg = lab.talk(&mut phone);
    lab.said();
    lab.input(Input::Moved { transport: Transport::Udp, served: "192.0.2.9:5070".parse().unwrap() });
    assert!(lab.said().is_empty());
    lab.hang_up(leg, demarc_model::Cause::NORMAL_CLEARING);
    assert_eq!(lab.request(&Method::Bye).0, phone.flow);
}
