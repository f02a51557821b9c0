//! Calls over FXS and FXO ports: the bits of a channel bank, on every port at once.

use crate::audio::Talk;
use crate::cards::{Cards, pause};
use crate::check::Checks;
use demarc_hal::{ChannelId, Driver, Line, LineCommand, LineEvent, PortKind, Signalling, SpanId};
use std::collections::VecDeque;
use std::time::Duration;

/// Ports of a span.
const PORTS: u8 = 24;
/// The loop is opened for so long to disconnect.
const KEWL: Duration = Duration::from_millis(600);

/// FXS ports on span 3, FXO ports on span 4.
pub fn run(checks: &mut Checks) {
    checks.run("analog: 24 incoming calls at once", || Bank::new().incoming());
    checks.run("analog: 24 outgoing calls at once", || Bank::new().outgoing());
}

/// Which end of the lines.
#[derive(Debug, Clone, Copy)]
enum Side {
    Fxs,
    Fxo,
}

/// A port, and what it has told.
struct Port {
    line: Box<dyn Line>,
    told: VecDeque<LineEvent>,
}

struct Bank {
    cards: Cards,
    fxs: Vec<Port>,
    fxo: Vec<Port>,
}

impl Bank {
    fn new() -> Self {
        let mut cards = Cards::new();
        for (span, kind) in [(3, PortKind::Fxs), (4, PortKind::Fxo)] {
            cards.configure(SpanId(span), Signalling::ChannelBank(vec![kind; PORTS.into()]));
        }
        let mut open = |span| {
            let mut open = |slot| cards.driver.open_line(ChannelId::new(span, slot)).unwrap();
            let ports = (1..=PORTS).map(|slot| Port { line: open(slot), told: VecDeque::new() });
            ports.collect::<Vec<_>>()
        };
        let (fxs, fxo) = (open(3), open(4));
        let mut bank = Self { cards, fxs, fxo };
        // On hook is what was off hook for longer than a flash.
        bank.settle();
        bank.settle();
        // What a port says about the state in which it was found.
        for port in bank.fxs.iter_mut().chain(&mut bank.fxo) {
            port.told.clear();
        }
        bank
    }

    /// Lets 20 ms pass; every port is listened to, as the daemon does.
    fn step(&mut self) {
        pause(Duration::from_millis(20));
        for port in self.fxs.iter_mut().chain(&mut self.fxo) {
            while let Some(event) = port.line.poll_event() {
                port.told.push_back(event);
            }
        }
    }

    /// 1 s.
    fn settle(&mut self) {
        for _ in 0..50 {
            self.step();
        }
    }

    fn side(&mut self, side: Side) -> &mut Vec<Port> {
        match side {
            Side::Fxs => &mut self.fxs,
            Side::Fxo => &mut self.fxo,
        }
    }

    fn tell(&mut self, side: Side, command: &LineCommand) {
        for port in self.side(side) {
            port.line.command(command.clone()).unwrap_or_else(|error| panic!("{command:?}: {error}"));
        }
    }

    /// Every port of a side says this next.
    fn all(&mut self, side: Side, event: LineEvent) {
        for _ in 0..400 {
            if self.side(side).iter().all(|port| !port.told.is_empty()) {
                break;
            }
            self.step();
        }
        for (index, port) in self.side(side).iter_mut().enumerate() {
            assert_eq!(port.told.pop_front(), Some(event), "{side:?} {}", index + 1);
        }
    }

    /// The telco side rings, the line answers, both talk, the telco side disconnects.
    fn incoming(mut self) {
        let ring = LineCommand::Ring(Duration::from_secs(1));
        for _ in 0..2 {
            self.tell(Side::Fxs, &ring);
            self.all(Side::Fxo, LineEvent::RingStarted);
            self.all(Side::Fxo, LineEvent::RingStopped);
        }
        self.tell(Side::Fxs, &ring);
        self.all(Side::Fxo, LineEvent::RingStarted);
        self.tell(Side::Fxo, &LineCommand::OffHook);
        self.all(Side::Fxs, LineEvent::OffHook);
        self.talk();
        self.forget_ringing();
        self.tell(Side::Fxs, &LineCommand::OpenLoop(KEWL));
        self.all(Side::Fxo, LineEvent::LoopBreak);
        self.hang_up();
    }

    /// The line seizes, dials by pulses, talks, flashes, hangs up.
    fn outgoing(mut self) {
        self.tell(Side::Fxo, &LineCommand::OffHook);
        self.all(Side::Fxs, LineEvent::OffHook);
        // Whoever dials waits for the dial tone.
        self.settle();
        for digit in ['1', '9', '0'] {
            self.tell(Side::Fxo, &LineCommand::PulseDigit(digit));
            self.all(Side::Fxs, LineEvent::PulseDigit(digit));
        }
        // Nothing is said while a port still dials.
        self.settle();
        self.talk();
        self.tell(Side::Fxo, &LineCommand::Flash(Duration::from_millis(300)));
        self.all(Side::Fxs, LineEvent::Flash);
        self.hang_up();
    }

    fn hang_up(&mut self) {
        self.tell(Side::Fxo, &LineCommand::OnHook);
        self.all(Side::Fxs, LineEvent::OnHook);
        let rest = self.fxs.iter().chain(&self.fxo).find(|port| !port.told.is_empty());
        assert!(rest.is_none(), "and then {:?}", rest.map(|port| &port.told));
    }

    /// The end of the ringing that was answered may be told or not.
    fn forget_ringing(&mut self) {
        self.step();
        for port in &mut self.fxo {
            port.told.retain(|event| *event != LineEvent::RingStopped);
        }
    }

    fn talk(&mut self) {
        let mut talk = Talk::default();
        for slot in 1..=PORTS {
            let (fxs, fxo) = (ChannelId::new(3, slot), ChannelId::new(4, slot));
            talk.add(format!("port {slot}"), self.cards.bearer(fxs), self.cards.bearer(fxo));
        }
        talk.blocks(&mut *self.cards.clock, 50);
        talk.compare();
    }
}
