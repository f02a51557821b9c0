//! Every bearer of a pair of spans at once.

use crate::audio::Talk;
use crate::cards::Cards;
use crate::check::Checks;
use crate::load::Spent;
use demarc_hal::{ChannelId, Driver, PortKind, Signalling, SpanId};

/// 5 s.
const BLOCKS: u64 = 250;

/// 30 bearers of an E1, 5 s.
pub fn run(checks: &mut Checks) {
    checks.run("30 bearers both ways for 5 s, every octet right", || {
        let mut cards = Cards::new();
        for span in [SpanId(1), SpanId(2)] {
            cards.configure(span, Signalling::Isdn);
        }
        let spans = cards.driver.spans();
        let ports = spans.iter().find(|span| span.id == SpanId(1)).unwrap().ports.clone();
        let mut talk = Talk::default();
        for port in ports.iter().filter(|port| port.kind == PortKind::Bearer) {
            let slot = port.id.slot;
            let (near, far) = (cards.bearer(port.id), cards.bearer(ChannelId::new(2, slot)));
            talk.add(format!("timeslot {slot}"), near, far);
        }
        let before = Spent::by(std::process::id());
        talk.blocks(&mut *cards.clock, BLOCKS);
        let spent = Spent::by(std::process::id()).since(&before, "");
        println!("        60 bearers for 5 s: {} ms of the processor", spent.as_millis());
        println!("        {} octets compared", talk.compare());
    });
}
