//! What goes out, before the eyes of somebody else: tshark's dissectors of Q.921 and Q.931.

use super::bench::{Bench, quick};
use demarc_isdn::command::Mwi;
use demarc_isdn::{
    Aoc, AocWish, Bearer, ChannelChoice, Charge, Command, Dialect, Event, Interface, Money, PartyId,
    PartyNumber, Rate, RateKind, Redirection, Service, Settings, Subaddress,
};
use std::path::{Path, PathBuf};
use std::process;

/// `LINKTYPE_LAPD`: frames from the address field on, without FCS.
const LAPD: u32 = 203;

fn number(digits: &str) -> PartyNumber {
    PartyNumber { digits: digits.into(), ton: 2, npi: 1, presentation: 0, screening: 1 }
}

fn subaddress() -> Option<Subaddress> {
    Some(Subaddress { kind: 2, odd: false, octets: b"demarc".to_vec() })
}

/// Everything that the dialect has, in both directions; the frames are in the bench then.
pub fn exercise(interface: Interface, dialect: Dialect) -> Bench {
    let settings = Settings {
        dialect,
        interface,
        overlap: true,
        supplementary: true,
        service_messages: true,
        timers: quick(),
        ..Settings::default()
    };
    let mut bench = Bench::of(&settings);
    let (near, far) = bench.call_back(1);
    bench.clear(near, far);

    let mut wanted = bench.network.setup("02079460001");
    wanted.channel = ChannelChoice { slot: 2, exclusive: true, ..ChannelChoice::default() };
    wanted.calling = Some(PartyNumber { presentation: 1, ..number("2079460123") });
    wanted.name = Some("Ada Lovelace".into());
    wanted.redirecting = Some(number("2079460500"));
    wanted.redirection = Some(Box::new(Redirection {
        reason: 15,
        count: 2,
        name: Some("Charles Babbage".into()),
        original: Some(number("2079460501")),
        original_reason: 1,
    }));
    (wanted.called_subaddress, wanted.calling_subaddress) = (subaddress(), subaddress());
    wanted.user_user = Some("hello".into());
    let near = wanted.call;
    bench.network.send(Command::Setup(wanted));
    let far = incoming_at_user(&mut bench);
    bench.user.send(Command::Proceeding { call: far, in_band: true });
    bench.user.send(Command::Progress { call: far, in_band: true, cause: Some(17) });
    bench.user.send(Command::Alerting { call: far, in_band: true });
    let party =
        PartyId { number: Some(number("2079460002")), name: Some("Ada".into()), subaddress: subaddress() };
    bench.user.send(Command::ConnectedLine { call: far, party: Box::new(party.clone()) });
    bench.user.send(Command::Connect { call: far, connected: None });
    bench.network("CONNECT", |event| matches!(event, Event::Connect { .. }).then_some(()));
    bench.until("acknowledged", |bench| bench.user.has_shown(far, "CONNECT ACKNOWLEDGE"));

    let (second, other) = bench.call_back(1);
    let moved = PartyId { number: Some(number("2079460003")), ..party };
    bench.user.send(Command::ConnectedLine { call: far, party: Box::new(moved.clone()) });
    bench.network.send(Command::ConnectedLine { call: near, party: Box::new(moved) });
    bench.user.send(Command::Hold { call: far });
    bench.network_says(&Event::Hold { call: near });
    bench.network.send(Command::HoldAck { call: near });
    bench.user_says(&Event::HoldAck { call: far });
    bench.user.send(Command::Retrieve { call: far, channel: None });
    bench.network("RETRIEVE", |event| matches!(event, Event::Retrieve { .. }).then_some(()));
    bench.network.send(Command::RetrieveReject { call: near, cause: 44 });
    bench.user_says(&Event::RetrieveReject { call: far, cause: 44 });
    bench.user.send(Command::Retrieve { call: far, channel: None });
    bench.network("RETRIEVE", |event| matches!(event, Event::Retrieve { .. }).then_some(()));
    bench.network.send(Command::RetrieveAck { call: near, interface: 0, slot: 2 });
    bench.user_says(&Event::RetrieveAck { call: far, interface: 0, slot: 2 });
    bench.network.send(Command::Hold { call: near });
    bench.user_says(&Event::Hold { call: far });
    bench.user.send(Command::HoldReject { call: far, cause: 29 });
    bench.network_says(&Event::HoldReject { call: near, cause: 29 });
    for indicator in [0, 1, 0x79] {
        bench.network.send(Command::Notify { call: near, indicator });
        bench.user.send(Command::Notify { call: far, indicator });
    }
    bench.network.send(Command::Display { call: near, text: "12:00".into() });
    bench.user.send(Command::Keypad { call: far, digits: "*21#".into() });
    let money = Money { currency: "EUR".into(), cost: 5, exponent: -2 };
    let rates = [RateKind::Flat(money.clone()), RateKind::Free].map(|kind| Rate { item: 2, kind });
    for aoc in [
        Aoc::Start(rates.to_vec()),
        Aoc::During { charge: Charge::Units(3), total: false },
        Aoc::During { charge: Charge::Money(money), total: false },
        Aoc::End(Charge::Units(4)),
    ] {
        bench.network.send(Command::Aoc { call: near, aoc: Box::new(aoc) });
    }
    bench.user.send(Command::Transfer { call: far, with: other });
    if dialect == Dialect::EuroIsdn && interface != Interface::BriPtmp {
        let (call, invoke) = bench.network("transfer", |event| match event {
            Event::TransferAsked { call, invoke, .. } => Some((*call, *invoke)),
            _ => None,
        });
        bench.network.send(Command::TransferAnswer { call, invoke, accepted: true });
    }
    bench.user.send(Command::UserUser { call: far, text: "goodbye".into() });
    bench.clear(near, far);
    bench.clear(second, other);

    let news = Mwi { mailbox: number("2001"), messages: 2, voicemail: Some(number("2500")) };
    bench.network.send(Command::Mwi(Box::new(news)));
    if interface != Interface::BriPtmp {
        bench.network.send(Command::Restart { interface: 0, slot: 1 });
        bench.network_says(&Event::RestartAcked { interface: 0, slot: 1 });
    }
    if !interface.is_bri() {
        bench.network.send(Command::Service { interface: 0, slot: 5, status: Service::Out });
    }
    overlap(&mut bench);
    clearing(&mut bench);
    bench
}

fn incoming_at_user(bench: &mut Bench) -> demarc_isdn::CallRef {
    bench.user("SETUP", |event| match event {
        Event::Setup(setup) => Some(setup.call),
        _ => None,
    })
}

fn incoming_at_network(bench: &mut Bench) -> demarc_isdn::CallRef {
    bench.network("SETUP", |event| match event {
        Event::Setup(setup) => Some(setup.call),
        _ => None,
    })
}

/// Digit by digit.
fn overlap(bench: &mut Bench) {
    let mut wanted = bench.user.setup("20");
    (wanted.complete, wanted.keypad) = (false, Some("20".into()));
    wanted.bearer = Bearer::Audio31k;
    wanted.aoc = AocWish { start: true, during: true, end: true };
    let far = wanted.call;
    bench.user.send(Command::Setup(wanted));
    let near = incoming_at_network(bench);
    bench.network.send(Command::SetupAck { call: near, in_band: true });
    bench.user("SETUP ACKNOWLEDGE", |event| matches!(event, Event::SetupAck { .. }).then_some(()));
    bench.user.send(Command::Information { call: far, digits: "01".into() });
    bench.network("a digit", |event| matches!(event, Event::Information { .. }).then_some(()));
    bench.network.send(Command::DisconnectInBand { call: near, cause: 1 });
    bench.user("DISCONNECT", |event| matches!(event, Event::Disconnect { .. }).then_some(()));
    bench.network.send(Command::Clear { call: near, cause: 1 });
    bench.user_says(&Event::Cleared { call: far, cause: 1 });
}

/// Every way in which a call ends early.
fn clearing(bench: &mut Bench) {
    for cause in [17, 34, 44, 88] {
        let wanted = bench.network.setup("201");
        let near = wanted.call;
        bench.network.send(Command::Setup(wanted));
        let far = incoming_at_user(bench);
        bench.user.send(Command::Clear { call: far, cause });
        bench.network_says(&Event::Cleared { call: near, cause });
    }
}

/// Writes frames to a capture file; FCS is left out.
fn capture(name: &str, frames: &[(bool, Vec<u8>)]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.pcap"));
    let mut file = Vec::new();
    for word in [0xA1B2_C3D4, 0x0004_0002, 0, 0, 65_535, LAPD] {
        file.extend(u32::to_le_bytes(word));
    }
    for (at, (_, frame)) in frames.iter().enumerate() {
        let frame = &frame[..frame.len() - 2];
        let length = u32::try_from(frame.len()).unwrap();
        for word in [u32::try_from(at).unwrap(), 0, length, length] {
            file.extend(u32::to_le_bytes(word));
        }
        file.extend(frame);
    }
    std::fs::write(&path, file).unwrap();
    path
}

/// What tshark says about the frames that `filter` takes; `without` those dissectors.
fn tshark(path: &Path, without: &[&str], filter: &str, fields: &[&str]) -> String {
    let mut command = process::Command::new("tshark");
    command.args(["-n", "-r"]).arg(path).args(["-Y", filter, "-T", "fields"]);
    for field in fields {
        command.args(["-e", field]);
    }
    for dissector in without {
        command.args(["--disable-protocol", dissector]);
    }
    let output = command.output().expect("tshark is there: tools/install-deps test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Nothing in these captures is malformed, as far as the dissectors know the dialect.
fn inspect(name: &str, benches: &[(Interface, Dialect)], without: &[&str], least: usize) {
    let mut frames = Vec::new();
    for (interface, dialect) in benches {
        frames.append(&mut exercise(*interface, *dialect).frames);
    }
    let path = capture(name, &frames);
    let messages = tshark(&path, without, "q931.message_type", &["frame.number"]).lines().count();
    assert!(messages >= least, "{messages} messages only");
    let fields = ["frame.number", "q931.message_type", "_ws.expert.message"];
    let wrong = tshark(&path, without, "_ws.malformed || _ws.expert.severity == error", &fields);
    assert_eq!(wrong, "", "{name}");
}

#[test]
fn tshark_finds_nothing_malformed_in_euro_isdn() {
    let benches = [Interface::E1, Interface::T1, Interface::BriPtp, Interface::BriPtmp]
        .map(|one| (one, Dialect::EuroIsdn));
    // tshark takes the numbers of ETSI's operations for QSIG's.
    inspect("euro", &benches, &["qsig"], 240);
}

#[test]
fn tshark_finds_nothing_malformed_in_qsig() {
    inspect("qsig", &[(Interface::E1, Dialect::Qsig)], &[], 60);
}

#[test]
fn tshark_finds_nothing_malformed_in_north_america() {
    let dialects = [Dialect::Ni2, Dialect::Ni1, Dialect::Att5ess, Dialect::Att4ess];
    inspect("america", &dialects.map(|dialect| (Interface::T1, dialect)), &[], 200);
    // Nortel puts an octet into the facility element that tshark does not know.
    inspect("dms", &[(Interface::T1, Dialect::Dms100)], &["q932"], 50);
}

#[test]
fn tshark_would_find_something() {
    let mut bench = Bench::with(Dialect::EuroIsdn, false);
    let (near, far) = bench.call(1);
    bench.clear(near, far);
    let (down, mut setup) = bench.frames.into_iter().find(|(_, frame)| frame.get(8) == Some(&0x05)).unwrap();
    let path = capture("whole", &[(down, setup.clone())]);
    assert_eq!(tshark(&path, &[], "_ws.malformed", &["frame.number"]), "");
    setup.truncate(setup.len() - 3);
    let path = capture("bent", &[(down, setup)]);
    assert_ne!(tshark(&path, &[], "_ws.malformed", &["frame.number"]), "");
}
