//! The four machines, state by state, and what belongs to which.

use super::invite_client::{InviteClient, State as InviteClientState};
use super::invite_server::{InviteServer, State as InviteServerState};
use super::key::{ClientKey, ServerKey};
use super::non_invite_client::{NonInviteClient, State as NonInviteClientState};
use super::non_invite_server::{NonInviteServer, State as NonInviteServerState};
use super::{Expiry, Heard, Repeated};
use crate::message::{Message, Request};
use demarc_model::Instant;
use std::time::Duration;

fn at(ms: u64) -> Instant {
    Instant::from_start(Duration::from_millis(ms))
}

#[test]
fn invite_client_states() {
    use InviteClientState::*;
    type Row<'a> = (bool, &'a [u16], InviteClientState, Heard, Option<&'a str>);
    let cases: [Row<'_>; 9] = [
        (false, &[100], Proceeding, Heard::Pass, None),
        (false, &[180, 183], Proceeding, Heard::Pass, None),
        (false, &[200], Accepted, Heard::Pass, Some("timer M")),
        (false, &[180, 200, 200], Accepted, Heard::Pass, Some("timer M")),
        (false, &[200, 486], Accepted, Heard::Ignore, Some("timer M")),
        (false, &[486], Completed, Heard::PassAndAck, Some("timer D")),
        (false, &[180, 486, 486], Completed, Heard::Ack, Some("timer D")),
        (false, &[486, 200], Completed, Heard::Ignore, Some("timer D")),
        (true, &[486], Terminated, Heard::PassAndAck, None),
    ];
    for (reliable, statuses, state, heard, timer) in cases {
        let mut machine = InviteClient::new(at(0), reliable);
        let last = statuses.iter().map(|status| machine.on_response(at(10), *status)).last();
        assert_eq!((machine.state(), last), (state, Some(heard)), "{statuses:?}");
        assert_eq!(machine.deadline().map(|(_, why)| why), timer, "{statuses:?}");
    }
}

#[test]
fn invite_client_gives_up_after_timer_b_and_after_a_cancel_without_answer() {
    let mut machine = InviteClient::new(at(0), true);
    assert_eq!(machine.deadline(), Some((at(32_000), "timer B")));
    assert_eq!(machine.on_timeout(at(32_000)), Expiry::GaveUp);
    assert_eq!(machine.state(), InviteClientState::Terminated);
    assert_eq!(machine.on_response(at(32_001), 200), Heard::Ignore);

    for cancel_first in [true, false] {
        let mut machine = InviteClient::new(at(0), false);
        if cancel_first {
            machine.on_cancel(at(5));
        }
        machine.on_response(at(10), 180);
        if !cancel_first {
            machine.on_cancel(at(10));
        }
        assert_eq!(machine.deadline(), Some((at(32_010), "cancelled INVITE")));
        assert_eq!(machine.on_timeout(at(32_010)), Expiry::GaveUp);
    }
}

#[test]
fn non_invite_client_states() {
    use NonInviteClientState::*;
    let mut machine = NonInviteClient::new(at(0), false);
    assert_eq!(machine.deadline(), Some((at(500), "timer E")));
    assert_eq!(machine.on_timeout(at(500)), Expiry::SendAgain);
    assert_eq!(machine.on_response(at(600), 100), Heard::Pass);
    assert_eq!((machine.state(), machine.deadline()), (Proceeding, Some((at(4600), "timer E"))));
    assert_eq!(machine.on_response(at(700), 200), Heard::Pass);
    assert_eq!((machine.state(), machine.deadline()), (Completed, Some((at(5700), "timer K"))));
    assert_eq!(machine.on_response(at(800), 200), Heard::Ignore);
    assert_eq!(machine.on_timeout(at(5700)), Expiry::Nothing);
    assert_eq!(machine.state(), Terminated);

    let mut machine = NonInviteClient::new(at(0), true);
    assert_eq!(machine.deadline(), Some((at(32_000), "timer F")));
    assert_eq!(machine.on_timeout(at(32_000)), Expiry::GaveUp);
}

#[test]
fn invite_server_states() {
    use InviteServerState::*;
    let mut machine = InviteServer::new(false);
    assert!(machine.on_respond(at(0), 180));
    assert_eq!(
        (machine.state(), machine.on_request(), machine.deadline()),
        (Proceeding, Repeated::Answer, None)
    );
    assert!(machine.on_respond(at(0), 486));
    assert!(!machine.on_respond(at(0), 200), "one final response is enough");
    assert_eq!((machine.state(), machine.deadline()), (Completed, Some((at(500), "timer G"))));
    assert_eq!(machine.on_timeout(at(500)), Expiry::SendAgain);
    assert!(!machine.on_ack(at(600)));
    assert_eq!((machine.state(), machine.deadline()), (Confirmed, Some((at(5600), "timer I"))));
    assert_eq!(machine.on_request(), Repeated::Absorb);
    machine.on_timeout(at(5600));
    assert_eq!(machine.state(), Terminated);

    let mut machine = InviteServer::new(true);
    machine.on_respond(at(0), 486);
    assert_eq!(machine.deadline(), Some((at(32_000), "timer H")));
    assert_eq!(machine.on_timeout(at(32_000)), Expiry::GaveUp);

    let mut machine = InviteServer::new(false);
    machine.on_respond(at(0), 200);
    assert_eq!((machine.state(), machine.deadline()), (Accepted, Some((at(32_000), "timer L"))));
    assert_eq!(machine.on_request(), Repeated::Absorb);
    assert!(machine.on_ack(at(10)), "the ACK of a 2xx is the session's");
    assert_eq!(machine.on_timeout(at(32_000)), Expiry::Nothing);
}

#[test]
fn non_invite_server_states() {
    use NonInviteServerState::*;
    let mut machine = NonInviteServer::new(at(0), false);
    assert_eq!((machine.state(), machine.on_request()), (Trying, Repeated::Absorb));
    assert!(machine.on_respond(at(10), 100));
    assert_eq!((machine.state(), machine.on_request()), (Proceeding, Repeated::Answer));
    assert!(machine.on_respond(at(20), 200));
    assert!(!machine.on_respond(at(20), 404));
    assert_eq!((machine.state(), machine.deadline()), (Completed, Some((at(32_020), "timer J"))));
    machine.on_timeout(at(32_020));
    assert_eq!((machine.state(), machine.deadline()), (Terminated, None));
    let mut machine = NonInviteServer::new(at(0), true);
    machine.on_respond(at(10), 200);
    assert_eq!(machine.state(), Terminated);
}

fn request(method: &str, via: &str, cseq: u32, tag: &str) -> Request {
    let text = format!(
        "{method} sip:1@example.com SIP/2.0\r\nVia: SIP/2.0/UDP {via}\r\nFrom: <sip:a@b>;tag={tag}\r\n\
To: <sip:1@example.com>\r\nCall-ID: x\r\nCSeq: {cseq} {method}\r\n\r\n"
    );
    match Message::parse(text.into_bytes()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_belongs_to_a_server_transaction() {
    let invite = ServerKey::of(&request("INVITE", "192.0.2.7;branch=z9hG4bK1", 1, "t"));
    let same = |method, via| ServerKey::of(&request(method, via, 1, "t")) == invite;
    assert!(same("INVITE", "192.0.2.7:5060;branch=z9hG4bK1"));
    assert!(same("ACK", "192.0.2.7;branch=z9hG4bK1"));
    assert!(!same("CANCEL", "192.0.2.7;branch=z9hG4bK1"));
    assert!(!same("INVITE", "192.0.2.8;branch=z9hG4bK1"));
    assert!(!same("INVITE", "192.0.2.7:5062;branch=z9hG4bK1"));
    assert!(!same("INVITE", "192.0.2.7;branch=z9hG4bK2"));
    let cancel = request("CANCEL", "192.0.2.7;branch=z9hG4bK1", 1, "t");
    assert_eq!(ServerKey::of_invite(&cancel), invite);

    // Before RFC 3261 a branch meant nothing (§17.2.3).
    let old = |cseq, tag, via| ServerKey::of(&request("INVITE", via, cseq, tag));
    assert_eq!(old(1, "t", "192.0.2.7"), old(1, "t", "192.0.2.7;branch=1"));
    assert_ne!(old(1, "t", "192.0.2.7"), old(2, "t", "192.0.2.7"));
    assert_ne!(old(1, "t", "192.0.2.7"), old(1, "u", "192.0.2.7"));
}

#[test]
fn what_belongs_to_a_client_transaction() {
    let response = |cseq: &str| {
        let text = format!(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 {cseq}\r\n\r\n"
        );
        match Message::parse(text.into_bytes()) {
            Ok(Message::Response(response)) => ClientKey::of(&response),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(response("INVITE"), response("INVITE"));
    assert_ne!(response("INVITE"), response("CANCEL"));
}
