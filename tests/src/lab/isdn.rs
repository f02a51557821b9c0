//! The exchange at the other end of the lab's span: it says what a row says, and clears what is
//! cleared. Calls are named A, B, C … in the order in which they appear.

use demarc_isdn::command::Mwi;
use demarc_isdn::{Bearer, CallRef, ChannelChoice, Command, Event, PartyId, PartyNumber, command, event};
use std::collections::BTreeMap;

/// See the module's documentation.
pub struct Isdn {
    calls: BTreeMap<String, Call>,
    named: u32,
    /// The exchange releases only when a row says so.
    clears_late: bool,
}

struct Call {
    reference: CallRef,
    slot: u8,
}

impl Isdn {
    /// An exchange without calls.
    pub fn new(clears_late: bool) -> Self {
        Self { calls: BTreeMap::new(), named: 0, clears_late }
    }

    /// No call lives.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// The helper died with all its calls.
    pub fn forget(&mut self) {
        self.calls.clear();
    }

    /// A to Z, then A1 to Z1, and so on.
    fn name(&mut self, reference: CallRef, slot: u8) -> String {
        let letter = char::from(b'A' + (self.named % 26) as u8);
        let round = if self.named < 26 { String::new() } else { (self.named / 26).to_string() };
        self.named += 1;
        let name = format!("{letter}{round}");
        self.calls.insert(name.clone(), Call { reference, slot });
        name
    }

    fn find(&self, reference: CallRef) -> String {
        let found = self.calls.iter().find(|(_, call)| call.reference == reference);
        found.map_or_else(|| "?".into(), |(name, _)| name.clone())
    }

    /// The calls that live, by name.
    pub fn calls(&self) -> Vec<String> {
        self.calls.keys().cloned().collect()
    }

    /// What a row says: `A ALERTING pi`, `SETUP slot=1 called=442079460900/1 …`.
    pub fn act(&mut self, verb: &[&str]) -> Event {
        let value = |key: &str| verb.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
        let has = |flag: &str| verb.contains(&flag);
        let in_band = has("pi");
        let cause = || value("cause").map_or(16, |cause| cause.parse().expect("a cause"));
        let slot = || value("slot").map(|slot| slot.parse::<u8>().expect("a slot"));
        let [name, what @ ..] = verb else { panic!("what is the exchange to do?") };
        let verb = what.first().unwrap_or(name);
        if *name == "SETUP" || *verb == "SETUP" {
            let reference = CallRef(1000 + 2 * self.named);
            let slot = slot().unwrap_or(1);
            self.name(reference, slot);
            let calling = value("calling").map(|text| {
                let mut number = number(text);
                number.screening = 3;
                number.presentation = u8::from(has("restricted"));
                number
            });
            return Event::Setup(Box::new(event::IncomingSetup {
                call: reference,
                channel: ChannelChoice { interface: 0, slot, exclusive: has("exclusive") },
                called: value("called").map(number).unwrap_or_default(),
                complete: !has("overlap"),
                calling,
                name: value("name").map(|name| name.replace('_', " ")),
                redirecting: value("redirecting").map(number),
                bearer: Bearer::Audio31k,
                ..Default::default()
            }));
        }
        if *name == "RESTART" {
            // Whoever restarts a channel has forgotten its call.
            let slot = slot();
            self.calls.retain(|_, call| slot.is_some_and(|slot| slot != call.slot));
            return Event::Restarted { interface: 0, slot };
        }
        if *name == "MWI" {
            let mailbox = value("mailbox").map(number).unwrap_or_default();
            let messages = value("messages").map_or(0, |count| count.parse().expect("a count"));
            return Event::Mwi(Box::new(Mwi { mailbox, messages, voicemail: None }));
        }
        let known = self.calls.get_mut(*name);
        let call = known.unwrap_or_else(|| panic!("there is no call {name}"));
        if let Some(slot) = slot() {
            call.slot = slot;
        }
        let (call, slot) = (call.reference, call.slot);
        match *verb {
            "SETUP_ACK" => Event::SetupAck { call, interface: 0, slot, in_band },
            "PROCEEDING" => Event::Proceeding { call, interface: 0, slot, in_band },
            "ALERTING" => Event::Alerting { call, in_band },
            "PROGRESS" => Event::Progress { call, in_band, cause: value("cause").map(|_| cause()) },
            "CONNECT" => Event::Connect { call, connected: value("connected").map(number) },
            "INFORMATION" => Event::Information {
                call,
                digits: value("digits").unwrap_or_default().into(),
                complete: has("complete"),
            },
            "DISCONNECT" => Event::Disconnect { call, cause: cause(), in_band },
            "CLEARED" => {
                self.calls.remove(*name);
                Event::Cleared { call, cause: cause() }
            }
            other => panic!("the exchange cannot {other}"),
        }
    }

    /// Hears an order to the helper: the row it makes, and what the helper answers by itself.
    pub fn hear(&mut self, command: &Command) -> (String, Option<Event>) {
        let pi = |in_band: &bool| if *in_band { " pi" } else { "" };
        match command {
            Command::Start(settings) => (format!("start {settings:?}"), None),
            Command::Setup(setup) => (self.setup(setup), None),
            Command::Information { call, digits } => {
                (format!("{} INFORMATION digits={digits}", self.find(*call)), None)
            }
            Command::SetupAck { call, in_band } => {
                (format!("{} SETUP_ACK{}", self.find(*call), pi(in_band)), None)
            }
            Command::Alerting { call, in_band } => {
                (format!("{} ALERTING{}", self.find(*call), pi(in_band)), None)
            }
            Command::Connect { call, .. } => (format!("{} CONNECT", self.find(*call)), None),
            Command::DisconnectInBand { call, cause } => {
                (format!("{} DISCONNECT cause={cause} pi", self.find(*call)), None)
            }
            Command::UseChannel { call, slot, .. } => {
                let name = self.find(*call);
                if let Some(call) = self.calls.get_mut(&name) {
                    call.slot = *slot;
                }
                (format!("{name} moves to slot={slot}"), None)
            }
            Command::Restart { slot, .. } => {
                // A restarted channel has no call any more, at either end.
                self.calls.retain(|_, call| call.slot != *slot);
                (format!("RESTART slot={slot}"), None)
            }
            Command::Clear { call, cause } => {
                let name = self.find(*call);
                let cleared = (!self.clears_late && name != "?").then(|| {
                    self.calls.remove(&name);
                    Event::Cleared { call: *call, cause: *cause }
                });
                (format!("{name} CLEAR cause={cause}"), cleared)
            }
            Command::Proceeding { call, in_band, .. } => {
                (format!("{} PROCEEDING{}", self.find(*call), pi(in_band)), None)
            }
            Command::Progress { call, in_band, cause } => {
                let cause = cause.map(|cause| format!(" cause={cause}")).unwrap_or_default();
                (format!("{} PROGRESS{}{cause}", self.find(*call), pi(in_band)), None)
            }
            Command::ConnectedLine { call, party } => {
                (format!("{} connected{}", self.find(*call), spoken(party)), None)
            }
            other => (format!("{other:?}"), None),
        }
    }

    fn setup(&mut self, setup: &command::Setup) -> String {
        let name = self.name(setup.call, setup.channel.slot);
        let mut row = format!("{name} SETUP slot={} called={}", setup.channel.slot, written(&setup.called));
        if let Some(calling) = &setup.calling {
            row += &format!(" calling={}", written(calling));
            if calling.presentation == 1 {
                row += " restricted";
            }
        }
        if let Some(name) = &setup.name {
            row += &format!(" name={}", name.replace(' ', "_"));
        }
        if let Some(redirecting) = &setup.redirecting {
            row += &format!(" redirecting={}", written(redirecting));
        }
        if !setup.complete {
            row += " overlap";
        }
        row
    }
}

/// ` 442079460900/1 restricted name=Extension_201`: who somebody is.
fn spoken(party: &PartyId) -> String {
    let mut row = String::new();
    if let Some(number) = &party.number {
        row += &format!(" {}", written(number));
        if number.presentation == 1 {
            row += " restricted";
        }
    }
    if let Some(name) = &party.name {
        row += &format!(" name={}", name.replace(' ', "_"));
    }
    row
}

/// `442079460900/1`: digits and type of number.
fn number(text: &str) -> PartyNumber {
    let (digits, ton) = text.split_once('/').unwrap_or((text, "0"));
    PartyNumber {
        digits: digits.into(),
        ton: ton.parse().expect("a type of number"),
        npi: 1,
        ..PartyNumber::default()
    }
}

fn written(number: &PartyNumber) -> String {
    format!("{}/{}", number.digits, number.ton)
}
