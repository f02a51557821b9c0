//! The conformance suite of `demarc_hal` on real DAHDI.
//!
//! `conformance digital 1 2`: spans 1 and 2 are on a crossover cable.
//! `conformance analog 1 2`: so they are, and each timeslot of span 1 feeds one of span 2.
//!
//! Run inside the laboratory: `tools/dahdi-lab run --spans e1x2 -- …/examples/conformance digital 1 2`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_hal::conformance::{At, Outcome, Rig, STEP, SpanAt, run};
use demarc_hal::{ChannelId, Clock, Driver, PortKind, Signalling, SpanId, SpanSettings};
use demarc_hal_dahdi::{DahdiDriver, Numbering, Paths};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::process::ExitCode;
use std::time::Duration;

/// Lets time pass as the cards count it: a system's clock would drift away from them.
fn wait(clock: &mut dyn Clock, time: Duration) {
    let mut periods = time.as_millis().div_ceil(STEP.as_millis());
    // One that passed since the last call counts; many are from long ago.
    if clock.take() == 1 {
        periods -= 1;
    }
    while periods > 0 {
        let mut fds = [PollFd::new(clock.wake_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::from(1000_u16)).expect("poll");
        periods = periods.saturating_sub(clock.take().into());
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, near, far] = &arguments[..] else { panic!("conformance digital|analog SPAN SPAN") };
    let number = |text: &String| SpanId(text.parse().expect("the number of a span"));
    let (near, far) = (number(near), number(far));

    let mut driver = DahdiDriver::new(Paths::default(), Numbering::default()).expect("DAHDI");
    let mut clock = driver.open_clock().expect("the clock").expect("a clock");
    for span in driver.spans() {
        println!("span {} {:?} {} with {} ports", span.id, span.kind, span.name, span.ports.len());
    }
    let mut set = |span: SpanId, timing: u8, signalling: Signalling| {
        let kind = driver.spans().iter().find(|known| known.id == span).expect("the span").kind;
        let settings = SpanSettings { timing, signalling, ..SpanSettings::of(kind) };
        driver.configure_span(span, &settings).expect("configure_span");
    };
    let (pair, spans) = if kind == "digital" {
        set(near, 0, Signalling::Isdn);
        set(far, 1, Signalling::Isdn);
        (None, Some((SpanAt { driver: 0, span: near }, SpanAt { driver: 0, span: far })))
    } else {
        set(near, 0, Signalling::ChannelBank(vec![PortKind::Fxs; 31]));
        set(far, 1, Signalling::ChannelBank(vec![PortKind::Fxo; 31]));
        let port = |span| At { driver: 0, channel: ChannelId { span, slot: 1 } };
        (Some((port(far), port(near))), None)
    };
    let mut rig = Rig {
        drivers: vec![&mut driver],
        pair,
        spans,
        pair_plug: None,
        span_plug: None,
        wait: Box::new(|time| wait(&mut *clock, time)),
    };
    let mut failed = 0;
    for (name, result) in run(&mut rig) {
        match result {
            Ok(Outcome::Passed) => println!("ok      {name}"),
            Ok(Outcome::Skipped) => println!("skipped {name}"),
            Err(failure) => {
                failed += 1;
                println!("FAILED  {name}: {failure}");
            }
        }
    }
    println!("{failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
