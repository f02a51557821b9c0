//! The inventory of cards in a real sysfs, with real news of devices and a real search for firmware; spans that
//! others set up too, and cards that disappear. What the laboratory's guest runs for `tests/cards.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod others;

use demarc_dahdi_tests::cards::{driver, pause};
use demarc_dahdi_tests::check::Checks;
use demarc_hal::{Bus, Card, CardState, Driver, DriverEvent, SpanId};
use demarc_hal_dahdi::DahdiDriver;
use std::fs;
use std::process::{Command, ExitCode};
use std::time::Duration;

/// The cards on the bus of `foreign_cards.ko`, from slot 1.
const CARDS: [&str; 6] = [
    // Digium TE435.
    "d161:800e:0000:0000",
    // OpenVox A1200P.
    "e159:0001:9532:0003",
    // Sangoma A104D.
    "1923:0100:a113:4753",
    // Rhino R2T1.
    "0b0b:0605:0000:0000",
    // OpenVox B200P.
    "1397:08b4:1397:e884",
    // A network card.
    "8086:100e:8086:001e",
];

fn command(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().expect(program);
    assert!(status.success(), "{program} {arguments:?}");
}

/// Waits until the driver says that cards have changed, and this is how card `id` does.
fn until(driver: &mut DahdiDriver, id: &str, what: &str, fits: impl Fn(&Card) -> bool) -> Card {
    for _ in 0..500 {
        let changed =
            std::iter::from_fn(|| driver.poll_event()).any(|event| event == DriverEvent::CardsChanged);
        let card = driver.cards().into_iter().find(|card| card.id == id && fits(card));
        if let Some(card) = card.filter(|_| changed) {
            return card;
        }
        // Far less than the 5 s after which the driver looks without being told.
        pause(Duration::from_millis(5));
    }
    panic!("{id} is never {what}: {:#?}", driver.cards());
}

fn state(driver: &DahdiDriver, id: &str) -> CardState {
    let cards = driver.cards();
    cards.iter().find(|card| card.id == id).unwrap_or_else(|| panic!("no {id}: {cards:#?}")).state.clone()
}

fn reason(driver: &DahdiDriver, id: &str) -> (String, String) {
    match state(driver, id) {
        CardState::NotDriven { reason, remedy } | CardState::Unsupported { reason, remedy } => {
            (reason, remedy)
        }
        other => panic!("{id}: {other:?}"),
    }
}

fn main() -> ExitCode {
    let mut checks = Checks::new(std::env::args().nth(1));
    let mut driver = driver();
    checks.run("spans of software are virtual cards, and QEMU's devices are none", || {
        let cards = driver.cards();
        let seen: Vec<_> =
            cards.iter().map(|card| (card.bus, card.state.clone(), card.spans.clone())).collect();
        let working = |span| (Bus::Virtual, CardState::Working, vec![SpanId(span)]);
        assert_eq!(seen, [working(1), working(2)], "{cards:#?}");
    });

    checks.run("cards that are plugged in are seen at once", || {
        command("insmod", &["/lab/foreign_cards.ko", &format!("cards={}", CARDS.join(","))]);
        let card = until(&mut driver, "pci-0010:00:05.0", "seen", |_| true);
        assert_eq!((card.vendor, card.device), (0x1397, 0x08B4));
        assert_eq!((card.subvendor, card.subdevice), (0x1397, 0xE884));
        assert_eq!(card.model, "OpenVox B200P");
        assert_eq!(driver.cards().len(), 2 + 5, "the network card is none: {:#?}", driver.cards());
        assert_eq!(reason(&driver, &card.id).1, "Load it: modprobe wcb4xxp");
    });

    checks.run("each says what it lacks", || {
        assert_eq!(reason(&driver, "pci-0010:00:01.0").1, "Load it: modprobe wcte43x");
        let taken = until_settled(&mut driver, "pci-0010:00:02.0");
        assert_eq!(taken.driver.as_deref(), Some("wctdm"));
        let (said, _) = reason(&driver, "pci-0010:00:02.0");
        assert_eq!(said, "wctdm has taken the card, and opvxa1200 is the one for it");
        assert!(reason(&driver, "pci-0010:00:03.0").0.contains("wanpipe is not loaded"));
        let (said, remedy) = reason(&driver, "pci-0010:00:04.0");
        assert!(said.starts_with("0b0b:0605"), "{said}");
        // The release and the kernel that really run.
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
        assert!(remedy.contains("dahdi-linux 2.11") && remedy.contains(kernel.trim()), "{remedy}");
    });

    checks.run("firmware that is missing is named, and found when it is there", || {
        let id = "pci-0010:00:01.0";
        command("insmod", &["/lab/wcte43x.ko"]);
        let card = until(&mut driver, id, "without firmware", |card| {
            matches!(card.state, CardState::FirmwareMissing { .. })
        });
        let CardState::FirmwareMissing { file, .. } = card.state else { unreachable!() };
        assert_eq!(file, "dahdi-fw-te435.bin");
        fs::create_dir_all("/lib/firmware").unwrap();
        fs::write("/lib/firmware/dahdi-fw-te435.bin", "firmware").unwrap();
        command("rmmod", &["wcte43x"]);
        command("insmod", &["/lab/wcte43x.ko"]);
        let card = until(&mut driver, id, "driven", |card| card.driver.as_deref() == Some("wcte43x"));
        assert!(matches!(card.state, CardState::Starting { .. }), "{card:?}");
    });

    checks.run("a card that is pulled is gone, and comes back", || {
        let id = "pci-0010:00:03.0";
        fs::write("/sys/bus/pci/devices/0010:00:03.0/remove", "1").unwrap();
        until(&mut driver, id, "gone", |card| card.state == CardState::Gone);
        fs::write("/sys/bus/pci/rescan", "1").unwrap();
        let card = until(&mut driver, id, "back", |card| card.state != CardState::Gone);
        assert_eq!(card.model, "Sangoma A104D");
    });
    checks.run("a span that is set up twice is what it was set to last", || others::twice(&mut driver));
    checks.run("a channel that another has is busy", || others::taken(&mut driver));
    checks.run("descriptors whose card disappears", || others::disappears(&mut driver));
    if checks.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A card once its driver is bound: the kernel shows the card a moment before.
fn until_settled(driver: &mut DahdiDriver, id: &str) -> Card {
    for _ in 0..500 {
        while driver.poll_event().is_some() {}
        if let Some(card) = driver.cards().into_iter().find(|card| card.id == id && card.driver.is_some()) {
            return card;
        }
        pause(Duration::from_millis(5));
    }
    panic!("{id} has no driver: {:#?}", driver.cards());
}
