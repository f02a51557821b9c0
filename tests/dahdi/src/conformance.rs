//! `demarc_hal::conformance` on DAHDI.

use crate::cards::{driver, settings};
use crate::check::Checks;
use demarc_hal::conformance::{At, CHECKS, Outcome, Rig, STEP, SpanAt};
use demarc_hal::{ChannelId, Clock, Driver, PortKind, Signalling, SpanId, SpanKind};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::time::Duration;

/// The E1 pair as a crossover cable of digital spans, the first ports of the T1 pair as an analog line.
pub fn run(checks: &mut Checks) {
    for (name, check) in CHECKS {
        checks.run(&format!("conformance: {name}"), || {
            let mut cards = driver();
            let mut clock = cards.open_clock().unwrap().expect("a clock");
            let bank = |kind| Signalling::ChannelBank(vec![kind; 24]);
            let ways = [Signalling::Isdn, Signalling::Isdn, bank(PortKind::Fxs), bank(PortKind::Fxo)];
            for (number, way) in (1..).zip(ways) {
                let (id, kind) = (SpanId(number), if number <= 2 { SpanKind::E1 } else { SpanKind::T1 });
                cards.configure_span(id, &settings(kind, id, way)).unwrap();
            }
            let span = |span| SpanAt { driver: 0, span: SpanId(span) };
            let at = |span| At { driver: 0, channel: ChannelId::new(span, 1) };
            let mut rig = Rig {
                drivers: vec![&mut cards],
                pair: Some((at(4), at(3))),
                spans: Some((span(1), span(2))),
                pair_plug: None,
                span_plug: None,
                wait: Box::new(|time| wait(&mut *clock, time)),
            };
            let outcome = check(&mut rig).unwrap_or_else(|failure| panic!("{failure}"));
            // Cables inside the kernel have no plug, and signalling bits no polarity.
            let skipped = name.contains("unplugged") || name.contains("polarity");
            assert_eq!(outcome, if skipped { Outcome::Skipped } else { Outcome::Passed });
        });
    }
}

/// Lets time pass as the cards count it: another clock drifts away from them.
fn wait(clock: &mut dyn Clock, time: Duration) {
    let mut periods = time.as_millis().div_ceil(STEP.as_millis());
    // What passed while nobody waited is over: two blocks written in a row would be one too many.
    clock.take();
    while periods > 0 {
        poll(&mut [PollFd::new(clock.wake_fd(), PollFlags::POLLIN)], PollTimeout::from(1000_u16)).unwrap();
        periods = periods.saturating_sub(clock.take().into());
    }
}
