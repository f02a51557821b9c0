//! Our helper at both ends, our driver below them: calls with audio that is compared octet by octet.

use super::{DIALECTS, OurEnd, Wire};
use crate::audio::Talk;
use crate::cards::Cards;
use crate::check::Checks;
use demarc_hal::{ChannelId, Driver, Signalling, SpanId};
use demarc_isdn::{Command, Dialect, Event, Interface, PartyNumber, Settings, Side};
use std::os::fd::OwnedFd;

/// Blocks of each call: 2 s.
const BLOCKS: u64 = 100;

/// Every dialect, E1 and T1; each calls both ways.
pub fn run(checks: &mut Checks) {
    for wire in [Wire::E1, Wire::T1] {
        for (dialect, name) in DIALECTS {
            checks.run(&format!("pri {}-{name}", wire.name()), || session(wire, dialect));
        }
    }
}

/// A helper with the span that it signals for.
pub struct End {
    /// The helper.
    pub ours: OurEnd,
    /// Its span.
    pub span: SpanId,
    _dchannel: OwnedFd,
}

impl End {
    /// Configures the span and starts a helper on it.
    pub fn start(cards: &mut Cards, span: SpanId, wire: Wire, side: Side, dialect: Dialect) -> Self {
        cards.configure(span, Signalling::Isdn);
        let dchannel = cards.driver.open_dchannel(wire.d_channel(span)).unwrap().fd;
        let interface = if wire == Wire::E1 { Interface::E1 } else { Interface::T1 };
        let ours = OurEnd::start(Settings { side, dialect, interface, ..Settings::default() }, &dchannel);
        Self { ours, span, _dchannel: dchannel }
    }

    /// Layer 2 is up.
    pub fn up(&mut self) {
        self.ours.wait("layer 2", |event| matches!(event, Event::Up).then_some(()));
    }
}

fn session(wire: Wire, dialect: Dialect) {
    let mut cards = Cards::new();
    let near = SpanId(wire.span());
    let mut user = End::start(&mut cards, near, wire, Side::User, dialect);
    let mut network = End::start(&mut cards, SpanId(near.0 + 1), wire, Side::Network, dialect);
    user.up();
    network.up();
    call(&mut cards, &mut user, &mut network, 3, BLOCKS);
    call(&mut cards, &mut network, &mut user, 5, BLOCKS);
}

/// One call from its SETUP to its end, with so many blocks of talk.
pub fn call(cards: &mut Cards, from: &mut End, to: &mut End, slot: u8, blocks: u64) {
    let called = PartyNumber { digits: "2079460001".into(), ton: 2, npi: 1, ..PartyNumber::default() };
    let setup = from.ours.setup(slot, called);
    let out = setup.call;
    from.ours.send(Command::Setup(setup));
    let incoming = to.ours.wait("a call", |event| match event {
        Event::Setup(setup) => Some(setup.clone()),
        _ => None,
    });
    assert_eq!((incoming.channel.slot, &incoming.called.digits[..]), (slot, "2079460001"));
    let call = incoming.call;
    to.ours.send(Command::Proceeding { call, in_band: false });
    to.ours.send(Command::Alerting { call, in_band: false });
    from.ours.wait("alerting", |event| matches!(event, Event::Alerting { .. }).then_some(()));
    to.ours.send(Command::Connect { call, connected: None });
    from.ours.wait("connect", |event| matches!(event, Event::Connect { .. }).then_some(()));
    let mut talk = Talk::default();
    let at = |end: &End| ChannelId { span: end.span, slot };
    talk.add(format!("{} to {}", from.span, to.span), cards.bearer(at(from)), cards.bearer(at(to)));
    talk.blocks(&mut *cards.clock, blocks);
    talk.compare();
    drop(talk);
    from.ours.send(Command::Clear { call: out, cause: 16 });
    to.ours.wait("disconnect", |event| matches!(event, Event::Disconnect { cause: 16, .. }).then_some(()));
    to.ours.send(Command::Clear { call, cause: 16 });
    for end in [from, to] {
        end.ours.wait("the end", |event| matches!(event, Event::Cleared { .. }).then_some(()));
    }
}
