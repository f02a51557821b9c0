//! Commands that make no sense where they come: about calls that are over or never were, twice, or in
//! the wrong order.

use super::bench::{Bench, quick};
use super::services::DIALECTS;
use demarc_isdn::command::Mwi;
use demarc_isdn::{
    Aoc, AocAnswer, CallRef, ChannelChoice, Charge, Command, Dialect, Event, Interface, PartyId, PartyNumber,
    Rate, RateKind, Service, Settings,
};

/// The same orders every time.
struct Orders(u64);

impl Orders {
    fn below(&mut self, most: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap() % most
    }

    fn octet(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    fn text(&mut self) -> String {
        (0..self.below(300)).map(|_| char::from(self.octet())).collect()
    }

    fn number(&mut self) -> PartyNumber {
        PartyNumber {
            digits: self.text(),
            ton: self.octet(),
            npi: self.octet(),
            presentation: self.octet(),
            screening: self.octet(),
        }
    }

    fn party(&mut self) -> Box<PartyId> {
        let (number, name) = (Some(self.number()), Some(self.text()));
        Box::new(PartyId { number, name, subaddress: None })
    }

    /// Any order about one of a few calls: most of them are not there.
    fn next(&mut self, bench: &mut Bench) -> Command {
        let call = CallRef(self.below(24));
        let cause = self.octet();
        let in_band = self.below(2) == 0;
        let slot = self.octet();
        match self.below(31) {
            0..=2 => {
                let mut setup = bench.user.setup(&self.text());
                setup.call = CallRef(self.below(24));
                setup.channel = ChannelChoice { interface: self.octet(), slot, exclusive: in_band };
                (setup.calling, setup.redirecting) = (Some(self.number()), Some(self.number()));
                (setup.name, setup.keypad, setup.user_user) =
                    (Some(self.text()), Some(self.text()), Some(self.text()));
                Command::Setup(setup)
            }
            3 => Command::Information { call, digits: self.text() },
            4 => Command::SetupAck { call, in_band },
            5 => Command::UseChannel { call, interface: self.octet(), slot },
            6 => Command::Proceeding { call, in_band },
            7 => Command::Alerting { call, in_band },
            8 => Command::Progress { call, in_band, cause: Some(cause) },
            9 | 10 => Command::Connect { call, connected: Some(self.number()) },
            11 => Command::Clear { call, cause },
            12 => Command::DisconnectInBand { call, cause },
            13 => Command::Restart { interface: self.octet(), slot },
            14 => Command::Hold { call },
            15 => Command::HoldAck { call },
            16 => Command::HoldReject { call, cause },
            17 => Command::Retrieve { call, channel: None },
            18 => Command::RetrieveAck { call, interface: 0, slot },
            19 => Command::RetrieveReject { call, cause },
            20 => Command::Transfer { call, with: CallRef(self.below(24)) },
            21 => Command::TransferAnswer { call, invoke: i32::from(cause), accepted: in_band },
            22 => Command::Notify { call, indicator: cause },
            23 => Command::ConnectedLine { call, party: self.party() },
            24 => Command::Display { call, text: self.text() },
            25 => Command::Keypad { call, digits: self.text() },
            26 => Command::UserUser { call, text: self.text() },
            27 => {
                let rates = vec![Rate { item: slot, kind: RateKind::Special(cause) }; 20];
                let aoc = if in_band { Aoc::Start(rates) } else { Aoc::End(Charge::Units(u32::MAX)) };
                Command::Aoc { call, aoc: Box::new(aoc) }
            }
            28 => Command::AocAnswer { call, invoke: i32::from(cause), answer: AocAnswer::Follows },
            29 => Command::Mwi(Box::new(Mwi {
                mailbox: self.number(),
                messages: cause.into(),
                voicemail: None,
            })),
            _ => Command::Service { interface: 0, slot, status: Service::Maintenance },
        }
    }
}

fn disorder(interface: Interface, dialect: Dialect, seed: u64) {
    let settings = Settings {
        interface,
        dialect,
        overlap: true,
        supplementary: true,
        service_messages: true,
        timers: quick(),
        ..Settings::default()
    };
    let mut bench = Bench::of(&settings);
    let mut orders = Orders(seed);
    for turn in 0..3_000 {
        let order = orders.next(&mut bench);
        bench.until("room for an order", |bench| {
            let party = if turn % 2 == 0 { &bench.user } else { &bench.network };
            party.try_send(&order)
        });
    }
    // Both live, and are of use.
    for slot in 0..24 {
        let clear = Command::Clear { call: CallRef(slot), cause: 16 };
        bench.until("room for an order to the user", |bench| bench.user.try_send(&clear));
        bench.until("room for an order to the network", |bench| bench.network.try_send(&clear));
    }
    assert!(
        bench.user.child.try_wait().unwrap().is_none() && bench.network.child.try_wait().unwrap().is_none()
    );
    for attempt in 0.. {
        assert!(attempt < 20, "{dialect:?} {interface:?}: no call gets through");
        // Channels that are still being restarted take calls with them.
        bench.quiet();
        let mut wanted = bench.user.setup("2001");
        wanted.call = CallRef(1_001 + 2 * attempt);
        let call = wanted.call;
        bench.user.send(Command::Setup(wanted));
        let mut connected = false;
        bench.until("an answer", |bench| {
            bench.network.answer_all(|call| Command::Connect { call, connected: None });
            let user = &bench.user;
            connected = user.seen(|event| matches!(event, Event::Connect { call: of, .. } if *of == call));
            connected || user.seen(|event| matches!(event, Event::Cleared { call: of, .. } if *of == call))
        });
        if connected {
            break;
        }
    }
}

#[test]
fn primary_rate_in_disorder() {
    for (seed, dialect) in (1..).zip(DIALECTS) {
        let euro = matches!(dialect, Dialect::EuroIsdn | Dialect::Qsig);
        disorder(if euro { Interface::E1 } else { Interface::T1 }, dialect, seed);
    }
}

#[test]
fn basic_rate_in_disorder() {
    disorder(Interface::BriPtp, Dialect::EuroIsdn, 20);
    disorder(Interface::BriPtmp, Dialect::EuroIsdn, 21);
}
