//! SIP across a real DAHDI E1 and back to SIP, in virtual time.

use super::phone::{Phone, Time, hears};
use super::{configure, fresh, own_telco, quiet, up};
use crate::check::Checks;
use demarc_tests::real::Demarcd;
use demarc_tests::real::audio::Say;
use demarc_tests::real::sipp::Cast;

/// Calls over the first pair of spans.
pub fn run(checks: &mut Checks) {
    checks.run("gateway: calls leave over one E1 and come back over the other", calls);
}

/// A gateway that is its own telco on so many spans, and ready.
pub fn ready(spans: usize, more: &[&str]) -> Demarcd {
    let mut gateway = fresh(more);
    configure(&mut gateway, own_telco);
    up(&mut gateway, spans);
    gateway
}

fn calls() {
    let mut gateway = ready(2, &[]);
    let (near, far) = (Phone::of(&gateway, "201"), Phone::of(&gateway, "202"));
    judge(&near, &far, Time::Virtual);
    quiet(&mut gateway);
}

/// A milliwatt, a call to a telephone and back, a refusal.
pub fn judge(near: &Phone, far: &Phone, time: Time) {
    hears(&near.call("02079460944", Say::Silence), 1004.0, 0.0, time);
    let talked = near.call_to("02079460902", far);
    talked.check(time);
    assert!(talked.from().contains("2079460901"), "{}", talked.from());
    let refused = near.play("call-refused", &Cast { number: "02079460999", ..near.cast() }).finish();
    assert!(refused.contains("SIP/2.0 404 ") && refused.contains("Q.850;cause=1"), "{refused}");
}
