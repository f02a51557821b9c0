//! The room keeps to the timers of RFC 3261: each message at its moment.

use super::lab::{Lab, Peer, SDP, tcp};
use crate::message::Method;
use demarc_model::Cause;

/// The moments, in milliseconds from now, at which a message of this kind is sent.
fn moments(lab: &mut Lab, what: &str, for_ms: u64) -> Vec<u64> {
    let step = 100;
    let mut moments = Vec::new();
    for at in (step..=for_ms).step_by(step as usize) {
        lab.wait(step);
        moments.extend(lab.said().iter().filter(|line| *line == what).map(|_| at));
    }
    moments
}

#[test]
fn timer_a_doubles_and_stops_with_a_provisional_response() {
    let mut lab = Lab::new();
    lab.register(&mut Peer::phone("201"));
    lab.dial_phone();
    lab.said();
    assert_eq!(moments(&mut lab, "INVITE+sdp", 4000), [500, 1500, 3500]);
    let invite = lab.request(&Method::Invite);
    lab.answer(&invite, 100, "", "");
    assert_eq!(moments(&mut lab, "INVITE+sdp", 60_000), <[u64; 0]>::default());
    assert_eq!(lab.sip.counters().sessions, 1, "timer B is over with the 100");
}

#[test]
fn timer_g_repeats_a_refusal_until_the_ack_and_timer_i_absorbs_more() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let leg = lab.call(&mut phone, "90123", SDP);
    lab.hang_up(leg, Cause::USER_BUSY);
    lab.said();
    assert_eq!(moments(&mut lab, "486", 12_000), [500, 1500, 3500, 7500, 11_500]);
    let ack = phone.ack_of_failure(&lab.response());
    lab.receive(phone.flow, &ack);
    assert_eq!(lab.sip.poll_timeout().map(|(_, why)| why), Some("timer I"));
    lab.receive(phone.flow, &ack);
    lab.wait(5000);
    assert_eq!(lab.sip.counters().transactions, 0);
    assert_eq!(lab.sip.counters().stray, 1, "only the ACK of the 401");
}

#[test]
fn timer_e_of_a_bye_grows_to_four_seconds() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    let leg = lab.talk(&mut phone);
    lab.hang_up(leg, Cause::NORMAL_CLEARING);
    lab.said();
    let expected = [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    assert_eq!(moments(&mut lab, "BYE", 40_000), expected);
    lab.quiet();
}

#[test]
fn nothing_is_repeated_over_tcp() {
    let (mut lab, mut phone) = (Lab::new(), Peer::new("201", tcp("192.0.2.7:40000", 1)));
    let leg = lab.talk(&mut phone);
    lab.hang_up(leg, Cause::NORMAL_CLEARING);
    lab.said();
    assert_eq!(moments(&mut lab, "BYE", 40_000), <[u64; 0]>::default());
    lab.quiet();
}

#[test]
fn repeated_requests_are_answered_from_the_transaction() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    lab.talk(&mut phone);
    let info = phone.within(&Method::Info, "").body("application/dtmf", "1");
    lab.receive(phone.flow, &info);
    lab.receive(phone.flow, &info);
    assert_eq!(lab.said(), ["200", "Digit 1 out-of-band", "200"], "one key, two answers");
    lab.wait(33_000);
    lab.said();
    lab.receive(phone.flow, &info);
    assert_eq!(lab.said(), ["500"], "after timer J it is a request that comes too late");
}

#[test]
fn a_repeated_invite_gets_the_last_response_again() {
    let (mut lab, mut phone) = (Lab::new(), Peer::phone("201"));
    lab.register(&mut phone);
    let draft = phone.invite("90123", SDP);
    lab.receive(phone.flow, &draft);
    let again = phone.authorized(&lab.response(), &Method::Invite, draft);
    lab.receive(phone.flow, &again);
    lab.said();
    lab.receive(phone.flow, &again);
    assert_eq!(lab.said(), ["100"]);
    let leg = lab.offered();
    lab.command(demarc_model::LegCommand::Ring { leg, in_band: false });
    lab.receive(phone.flow, &again);
    assert_eq!(lab.said(), ["180", "180"]);
    lab.command(demarc_model::LegCommand::Answer { leg, connected: None });
    lab.said();
    lab.receive(phone.flow, &again);
    assert_eq!(lab.said(), <[&str; 0]>::default(), "the session repeats its 200 by itself");
}
