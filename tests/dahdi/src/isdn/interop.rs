//! Calls both ways between our helper and libpri driven by a program that shares nothing with it.

use super::far_end::Call;
use super::{DIALECTS, FarEnd, OurEnd, Wire};
use crate::cards::Cards;
use crate::check::Checks;
use demarc_hal::{Driver, Signalling, SpanId};
use demarc_isdn::{CallRef, Command, Dialect, Event, Interface, PartyNumber, Settings, Side};

/// National number of the ISDN plan, as libpri writes it: type << 4 | plan.
const NATIONAL: u8 = 0x21;

/// Every dialect, both sides, E1 and T1. The captures go to `/out`.
pub fn run(checks: &mut Checks) {
    for wire in [Wire::E1, Wire::T1] {
        for (dialect, name) in DIALECTS {
            for side in [Side::User, Side::Network] {
                let ours = if side == Side::User { "user" } else { "network" };
                let name = format!("{}-{name}-{ours}", wire.name());
                checks.run(&format!("isdn {name}"), || session(wire, dialect, side, &name));
            }
        }
    }
}

/// Both ends of one cable.
struct Pair {
    ours: OurEnd,
    far: FarEnd,
    dialect: Dialect,
    /// Ours.
    side: Side,
    overlap: bool,
}

fn national(digits: &str) -> PartyNumber {
    PartyNumber { digits: digits.into(), ton: 2, npi: 1, ..PartyNumber::default() }
}

fn session(wire: Wire, dialect: Dialect, side: Side, name: &str) {
    let far_side = if side == Side::User { Side::Network } else { Side::User };
    let overlap = matches!(dialect, Dialect::EuroIsdn | Dialect::Qsig);
    let far = FarEnd::start(wire, far_side, dialect, overlap, &format!("/out/{name}.pcap"));
    let mut cards = Cards::new();
    let span = SpanId(wire.span());
    cards.configure(span, Signalling::Isdn);
    let dchannel = cards.driver.open_dchannel(wire.d_channel(span)).unwrap().fd;
    let interface = if wire == Wire::E1 { Interface::E1 } else { Interface::T1 };
    let ours =
        OurEnd::start(Settings { side, dialect, overlap, interface, ..Settings::default() }, &dchannel);
    let mut pair = Pair { ours, far, dialect, side, overlap };
    pair.ours.wait("layer 2", |event| matches!(event, Event::Up).then_some(()));
    pair.far.wait("up");
    pair.we_call();
    pair.they_call();
    pair.they_refuse(1, false);
    pair.they_refuse(21, true);
    pair.we_refuse();
    pair.withheld();
    pair.restarts();
    if overlap {
        pair.digit_by_digit();
    }
    let mut rest = pair.ours.rest();
    // NI-2 says the name once more in a FACILITY after the SETUP.
    rest.retain(|event| !(dialect == Dialect::Ni2 && matches!(event, Event::ConnectedLine { .. })));
    assert!(rest.is_empty(), "and then {rest:?}");
    let rest = pair.far.rest();
    assert!(rest.iter().all(|said| !said.what.starts_with("no such")), "and then {rest:?}");
}

impl Pair {
    /// What arrives of a caller's name: in EuroISDN only the network has a display to write to.
    fn name(&self, from: Side, name: &'static str) -> &'static str {
        if self.dialect == Dialect::EuroIsdn && from == Side::User { "" } else { name }
    }

    fn ours(&mut self, what: &str, call: CallRef, is: impl Fn(&Event) -> bool) -> Event {
        let event = self.ours.wait(what, |event| is(event).then(|| event.clone()));
        assert_eq!(of(&event), Some(call), "{event:?}");
        event
    }

    fn cleared(&mut self, call: CallRef) -> u8 {
        match self.ours("the end", call, |event| matches!(event, Event::Cleared { .. })) {
            Event::Cleared { cause, .. } => cause,
            other => panic!("{other:?}"),
        }
    }

    /// We call, they answer, they hang up.
    fn we_call(&mut self) {
        let mut setup = self.ours.setup(3, national("2079460001"));
        let mut calling = national("2079460100");
        calling.screening = 1;
        setup.calling = Some(calling);
        setup.name = Some("Ada Lovelace".into());
        let call = setup.call;
        self.ours.send(Command::Setup(setup));
        let ring = self.far.wait("ring");
        assert_eq!(ring.get("slot"), "3");
        assert_eq!(ring.get("flexible"), "0", "the channel is exclusive");
        assert_eq!(ring.get("called"), "2079460001");
        assert_eq!(ring.get("called_plan"), NATIONAL.to_string());
        assert_eq!(ring.get("calling"), "2079460100");
        assert_eq!(ring.get("calling_plan"), NATIONAL.to_string());
        // Some dialects let no user claim more than that the network will provide the number.
        let presentation: u8 = ring.get("presentation").parse().unwrap();
        assert_eq!(presentation >> 5, 0, "allowed");
        if self.overlap {
            assert_eq!(ring.get("complete"), "1");
        }
        assert_eq!(ring.get("capability"), "0", "speech");
        assert_eq!(ring.get("name"), self.name(self.side, "Ada Lovelace"));
        let theirs = ring.call.unwrap();
        self.far.order(&format!("proceed {theirs}"));
        let event = self.ours("proceeding", call, |event| matches!(event, Event::Proceeding { .. }));
        assert!(matches!(event, Event::Proceeding { slot: 3, .. }), "{event:?}");
        self.far.order(&format!("alert {theirs}"));
        self.ours("alerting", call, |event| matches!(event, Event::Alerting { .. }));
        self.far.order(&format!("answer {theirs}"));
        self.ours("connect", call, |event| matches!(event, Event::Connect { .. }));
        self.far.order(&format!("hangup {theirs} 16"));
        let event = self.ours("disconnect", call, |event| matches!(event, Event::Disconnect { .. }));
        assert!(matches!(event, Event::Disconnect { cause: 16, .. }), "{event:?}");
        self.ours.send(Command::Clear { call, cause: 16 });
        self.cleared(call);
        self.far.wait_for("cleared", theirs);
    }

    /// They call, we answer, we hang up.
    fn they_call(&mut self) {
        let redirecting = Some("2079460300");
        let theirs = self.far.call(&Call { redirecting, ..plain("2079460002") });
        let setup = self.incoming();
        let call = setup.call;
        assert_eq!((setup.channel.slot, setup.channel.exclusive), (7, true));
        assert_eq!((&setup.called.digits[..], setup.called.ton, setup.called.npi), ("2079460002", 2, 1));
        let calling = setup.calling.expect("a calling number");
        assert_eq!((&calling.digits[..], calling.ton, calling.npi), ("2079460200", 2, 1));
        assert_eq!((calling.presentation, calling.screening), (0, 3), "allowed, by the network");
        let far_side = if self.side == Side::User { Side::Network } else { Side::User };
        assert_eq!(setup.name.unwrap_or_default(), self.name(far_side, "Charles Babbage"));
        assert_eq!(setup.redirecting.expect("a redirecting number").digits, "2079460300");
        self.ours.send(Command::Proceeding { call, in_band: false });
        self.far.wait_for("proceeding", theirs);
        self.ours.send(Command::Alerting { call, in_band: true });
        self.far.wait_for("alerting", theirs);
        self.ours.send(Command::Connect { call, connected: Some(national("2079460002")) });
        assert_eq!(self.far.wait_for("answer", theirs).get("connected"), "2079460002");
        self.ours.send(Command::Clear { call, cause: 16 });
        assert_eq!(self.far.wait_for("hangup", theirs).get("cause"), "16");
        self.cleared(call);
    }

    fn incoming(&mut self) -> Box<demarc_isdn::event::IncomingSetup> {
        self.ours.wait("a call", |event| match event {
            Event::Setup(setup) => Some(setup.clone()),
            _ => None,
        })
    }

    /// We call, they refuse: at once (RELEASE COMPLETE), or after CALL PROCEEDING (DISCONNECT).
    fn they_refuse(&mut self, refusal: u8, proceed: bool) {
        let setup = self.ours.setup(1, national("2079460003"));
        let call = setup.call;
        self.ours.send(Command::Setup(setup));
        let theirs = self.far.wait("ring").call.unwrap();
        // libpri alone leaves a SETUP unanswered that it refuses with most causes: it must have said
        // something before.
        if proceed {
            self.far.order(&format!("proceed {theirs}"));
            self.ours("proceeding", call, |event| matches!(event, Event::Proceeding { .. }));
        }
        self.far.order(&format!("hangup {theirs} {refusal}"));
        let ended = |event: &Event| matches!(event, Event::Disconnect { .. } | Event::Cleared { .. });
        match self.ours("the refusal", call, ended) {
            Event::Disconnect { cause, .. } => {
                assert_eq!(cause, refusal);
                self.ours.send(Command::Clear { call, cause });
                self.cleared(call);
            }
            Event::Cleared { cause, .. } => assert_eq!(cause, refusal),
            other => panic!("{other:?}"),
        }
    }

    /// They call, we are busy.
    fn we_refuse(&mut self) {
        let theirs = self.far.call(&plain("2079460004"));
        let call = self.incoming().call;
        self.ours.send(Command::Clear { call, cause: 17 });
        self.cleared(call);
        assert_eq!(self.far.wait_for("cleared", theirs).get("cause"), "17");
    }

    /// A number that the called party may not see, both ways.
    fn withheld(&mut self) {
        let mut setup = self.ours.setup(2, national("2079460005"));
        setup.calling = Some(PartyNumber { presentation: 1, ..national("2079460100") });
        let call = setup.call;
        self.ours.send(Command::Setup(setup));
        let ring = self.far.wait("ring");
        assert_eq!(ring.get("presentation"), "32", "restricted");
        self.far.order(&format!("proceed {}", ring.call.unwrap()));
        self.ours("proceeding", call, |event| matches!(event, Event::Proceeding { .. }));
        self.far.order(&format!("hangup {} 16", ring.call.unwrap()));
        self.ours("disconnect", call, |event| matches!(event, Event::Disconnect { cause: 16, .. }));
        self.ours.send(Command::Clear { call, cause: 16 });
        self.cleared(call);
        let theirs = self.far.call(&Call { presentation: 0x23, ..plain("2079460006") });
        let setup = self.incoming();
        assert_eq!(setup.calling.map(|number| number.presentation), Some(1));
        self.ours.send(Command::Clear { call: setup.call, cause: 16 });
        self.cleared(setup.call);
        self.far.wait_for("cleared", theirs);
    }

    /// RESTART of one channel, both ways.
    fn restarts(&mut self) {
        self.ours.send(Command::Restart { interface: 0, slot: 5 });
        assert_eq!(self.far.wait("restart").at(0), "5");
        self.far.order("restart 6");
        let slot = self.ours.wait("a restart", |event| match event {
            Event::Restarted { slot, .. } => Some(*slot),
            _ => None,
        });
        assert_eq!(slot, Some(6));
        assert_eq!(self.far.wait("restarted").at(0), "6");
        self.ours.wait("the acknowledgement", |event| {
            matches!(event, Event::RestartAcked { slot: 5, .. }).then_some(())
        });
    }

    /// Overlap sending, both ways.
    fn digit_by_digit(&mut self) {
        let mut setup = self.ours.setup(4, national("20"));
        setup.complete = false;
        let call = setup.call;
        self.ours.send(Command::Setup(setup));
        let ring = self.far.wait("ring");
        assert_eq!((ring.get("called"), ring.get("complete")), ("20", "0"));
        let theirs = ring.call.unwrap();
        self.far.order(&format!("more {theirs}"));
        self.ours("more, please", call, |event| matches!(event, Event::SetupAck { slot: 4, .. }));
        self.ours.send(Command::Information { call, digits: "79".into() });
        let digits = [self.far.wait("digits"), self.far.wait("digits")];
        assert_eq!([digits[0].at(1), digits[1].at(1)], ["7", "9"]);
        self.far.order(&format!("hangup {theirs} 28"));
        self.ours("disconnect", call, |event| matches!(event, Event::Disconnect { cause: 28, .. }));
        self.ours.send(Command::Clear { call, cause: 28 });
        self.cleared(call);
    }
}

/// A plain call of the far end.
fn plain(called: &str) -> Call<'_> {
    Call {
        slot: 7,
        called: (called, NATIONAL),
        calling: ("2079460200", NATIONAL),
        presentation: 3,
        redirecting: None,
        name: "Charles Babbage",
    }
}

fn of(event: &Event) -> Option<CallRef> {
    match event {
        Event::Proceeding { call, .. }
        | Event::SetupAck { call, .. }
        | Event::Alerting { call, .. }
        | Event::Connect { call, .. }
        | Event::Disconnect { call, .. }
        | Event::Cleared { call, .. } => Some(*call),
        _ => None,
    }
}
