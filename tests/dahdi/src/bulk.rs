//! Every bearer of a pair of spans at once.

use crate::audio::Talk;
use crate::cards::{Cards, pause};
use crate::check::Checks;
use crate::load::Load;
use demarc_hal::{ChannelId, Driver, PortKind, Signalling, SpanId};
use std::time::Duration;

/// 30 bearers of an E1, 5 s.
pub fn run(checks: &mut Checks) {
    checks.run("30 bearers both ways for 5 s, every octet right", || {
        let mut cards = Cards::new();
        for span in [SpanId(1), SpanId(2)] {
            cards.configure(span, Signalling::Isdn);
        }
        let before = Load::now();
        pause(Duration::from_secs(2));
        println!(
            "        nothing open: idle {} %, interrupts {} %",
            Load::now().since(before).0,
            Load::now().since(before).1
        );
        let spans = cards.driver.spans();
        let ports = spans.iter().find(|span| span.id == SpanId(1)).unwrap().ports.clone();
        let mut talk = Talk::default();
        for port in ports.iter().filter(|port| port.kind == PortKind::Bearer) {
            let slot = port.id.slot;
            let (near, far) = (cards.bearer(port.id), cards.bearer(ChannelId::new(2, slot)));
            talk.add(format!("timeslot {slot}"), near, far);
        }
        let before = Load::now();
        talk.blocks(&mut *cards.clock, 1250);
        let (idle, interrupts) = Load::now().since(before);
        println!("        30 pairs of bearers: idle {idle} %, interrupts {interrupts} %");
        println!("        {} octets compared", talk.compare());
    });
}
