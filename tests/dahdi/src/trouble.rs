//! Cables that are pulled, spans that are set up anew, calls that must not notice.

use crate::audio::Talk;
use crate::cards::{Cards, pause};
use crate::check::Checks;
use crate::isdn::Wire;
use crate::isdn::calls::{End, call};
use demarc_hal::{Alarm, ChannelId, Driver, DriverEvent, PortKind, Signalling, SpanId, Transfer};
use demarc_hal_dahdi::dynamic;
use demarc_isdn::{Dialect, Event, Side};
use std::path::Path;
use std::time::Duration;

/// Alarms and hot reconfiguration.
pub fn run(checks: &mut Checks) {
    checks.run("a span is set up anew while others carry calls", reconfigured);
    checks.run("a busy span refuses another signalling", refused);
    checks.run("a card vanishes in a call and comes back by itself", pulled);
    checks.run("a card vanishes, the far end has an alarm, and all comes back", vanished);
}

/// The T1 pair changes its signalling again and again; not one octet on the E1 pair is touched.
fn reconfigured() {
    let mut cards = Cards::new();
    for span in 1..=4 {
        cards.configure(SpanId(span), Signalling::Isdn);
    }
    let mut talk = Talk::default();
    for slot in [1, 15, 17, 31] {
        let (near, far) = (cards.bearer(ChannelId::new(1, slot)), cards.bearer(ChannelId::new(2, slot)));
        talk.add(format!("timeslot {slot}"), near, far);
    }
    let bank = |kind| Signalling::ChannelBank(vec![kind; 24]);
    let ways =
        [bank(PortKind::Fxs), Signalling::EAndM, Signalling::Bearers, bank(PortKind::Fxo), Signalling::Isdn];
    for way in ways {
        for span in [SpanId(3), SpanId(4)] {
            cards.configure(span, way.clone());
            talk.blocks(&mut *cards.clock, 10);
            let spans = cards.driver.spans();
            let info = spans.iter().find(|info| info.id == span).unwrap();
            for port in &info.ports {
                assert_eq!(way.port(info.kind, port.id.slot), Some(port.kind), "{}", port.id);
            }
        }
    }
    assert!(talk.compare() >= 4 * 2 * 100 * 160);
}

fn refused() {
    let mut cards = Cards::new();
    for span in 3..=4 {
        cards.configure(SpanId(span), Signalling::Isdn);
    }
    let bearer = cards.bearer(ChannelId::new(3, 1));
    let bank = Signalling::ChannelBank(vec![PortKind::Fxs; 24]);
    let settings = crate::cards::settings(cards.kind(SpanId(3)), SpanId(3), bank);
    assert!(cards.driver.configure_span(SpanId(3), &settings).is_err(), "a bearer is open");
    // The same again is no change.
    cards.configure(SpanId(3), Signalling::Isdn);
    drop(bearer);
    cards.driver.configure_span(SpanId(3), &settings).unwrap();
}

/// The kernel loses span 2 with its channels open, as when a plug is pulled.
fn pulled() {
    let mut cards = Cards::new();
    let (mut user, mut network) = ends(&mut cards);
    let mut bearer = cards.bearer(ChannelId::new(2, 1));
    assert_eq!(bearer.write(&[0; 160]), Transfer::Done);
    // The first span of its device.
    std::fs::write("/sys/bus/dahdi_spans/devices/span-2/../unassign_span", "1").unwrap();
    cards.wait(DriverEvent::Gone(SpanId(2)));
    let mut gone = |_: u32| bearer.read(&mut [0; 160]) == Transfer::Gone;
    assert!((0..10).any(&mut gone), "a bearer without a card");
    assert_eq!(bearer.write(&[0; 160]), Transfer::Gone);
    user.ours.wait("layer 2 down", |event| matches!(event, Event::Down).then_some(()));
    drop((bearer, network));
    cards.wait(DriverEvent::Arrived(SpanId(2)));
    network = end(&mut cards, 2, Side::Network);
    user.up();
    network.up();
    call(&mut cards, &mut user, &mut network, 1, 10);
}

fn end(cards: &mut Cards, span: u16, side: Side) -> End {
    End::start(cards, SpanId(span), Wire::E1, side, Dialect::EuroIsdn)
}

/// Span 1 is the user side, span 2 the network side; a call has gone through.
fn ends(cards: &mut Cards) -> (End, End) {
    let (mut user, mut network) = (end(cards, 1, Side::User), end(cards, 2, Side::Network));
    user.up();
    network.up();
    call(cards, &mut user, &mut network, 1, 10);
    (user, network)
}

/// Span 2 is taken out of the machine: span 1 loses its signal. When it is back, calls go again.
fn vanished() {
    let mut cards = Cards::new();
    let dev = Path::new("/dev/dahdi");
    let (mut user, network) = ends(&mut cards);
    // The kernel lets no span of software go that is in use: the driver lets go of a D channel when its
    // owner has, and the span is set up anew.
    drop(network);
    cards.configure(SpanId(2), Signalling::Bearers);
    dynamic::destroy(dev, "loc", "1:1").unwrap();
    cards.wait(DriverEvent::Gone(SpanId(2)));
    cards.wait(DriverEvent::AlarmsChanged(SpanId(1)));
    until_alarms(&cards, true);
    assert!(cards.driver.open_bearer(ChannelId::new(2, 1)).is_err(), "it is gone");
    user.ours.wait("layer 2 down", |event| matches!(event, Event::Down).then_some(()));
    dynamic::create(dev, "loc", "1:1", 31).unwrap();
    cards.wait(DriverEvent::Arrived(SpanId(2)));
    let mut network = end(&mut cards, 2, Side::Network);
    until_alarms(&cards, false);
    user.up();
    network.up();
    call(&mut cards, &mut user, &mut network, 1, 50);
}

fn until_alarms(cards: &Cards, red: bool) {
    for _ in 0..500 {
        let alarms = cards.driver.span_status(SpanId(1)).unwrap().alarms;
        if alarms.contains(&Alarm::Red) == red && (red || alarms.is_empty()) {
            return;
        }
        pause(Duration::from_millis(20));
    }
    panic!("alarms of span 1: {:?}", cards.driver.span_status(SpanId(1)));
}
