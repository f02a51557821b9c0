//! The driver in the guest, with somebody who always listens to it.

use demarc_hal::{
    ChannelId, Clock, Driver, DriverEvent, Framing, LineCode, SharedDriver, Signalling, SpanId, SpanKind,
    SpanSettings,
};
use demarc_hal_dahdi::{DahdiDriver, Numbering, Paths};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// The cards of the guest.
pub struct Cards {
    /// Ours.
    pub driver: SharedDriver,
    /// Their clock.
    pub clock: Box<dyn Clock>,
    events: Arc<Mutex<Vec<DriverEvent>>>,
    stop: Arc<AtomicBool>,
    keeper: Option<JoinHandle<()>>,
}

/// Lets time of the guest pass.
#[allow(clippy::disallowed_methods, reason = "the guest's time is virtual: what sleeps is not late")]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// The driver alone.
pub fn driver() -> DahdiDriver {
    DahdiDriver::new(Paths::default(), Numbering::default()).expect("DAHDI")
}

/// How a span of this kind is run here: the first of a pair is the clock.
pub fn settings(kind: SpanKind, span: SpanId, signalling: Signalling) -> SpanSettings {
    let timing = u8::from(span.0.is_multiple_of(2));
    let (framing, line_code) = match kind {
        SpanKind::T1 => (Framing::Esf, LineCode::B8zs),
        _ => (Framing::Crc4, LineCode::Hdb3),
    };
    SpanSettings { framing, line_code, timing, signalling, ..SpanSettings::of(kind) }
}

impl Cards {
    /// Finds them, and begins to listen.
    pub fn new() -> Self {
        let mut driver = SharedDriver::new(Box::new(driver())).expect("a driver");
        let clock = driver.open_clock().expect("a clock").expect("a clock of the cards");
        let (events, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (mut own, seen, stopped) = (driver.clone(), events.clone(), stop.clone());
        let keeper = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                while let Some(event) = own.poll_event() {
                    seen.lock().unwrap().push(event);
                }
                pause(Duration::from_millis(10));
            }
        });
        Self { driver, clock, events, stop, keeper: Some(keeper) }
    }

    /// What kind a span is.
    pub fn kind(&self, span: SpanId) -> SpanKind {
        let spans = self.driver.spans();
        spans.iter().find(|info| info.id == span).unwrap_or_else(|| panic!("no span {span}: {spans:?}")).kind
    }

    /// Sets up a span.
    pub fn configure(&mut self, span: SpanId, signalling: Signalling) {
        let settings = settings(self.kind(span), span, signalling);
        self.driver.configure_span(span, &settings).unwrap_or_else(|error| panic!("span {span}: {error}"));
    }

    /// Waits for something that happens to a span; what came before is forgotten.
    pub fn wait(&self, event: DriverEvent) {
        for _ in 0..500 {
            let mut events = self.events.lock().unwrap();
            if let Some(at) = events.iter().position(|seen| *seen == event) {
                events.drain(..=at);
                return;
            }
            drop(events);
            pause(Duration::from_millis(20));
        }
        panic!("never: {event:?}; there was {:?}", self.events.lock().unwrap());
    }

    /// The audio of a channel.
    pub fn bearer(&mut self, channel: ChannelId) -> Box<dyn demarc_hal::Bearer> {
        let bearer = self.driver.open_bearer(channel);
        bearer.unwrap_or_else(|error| panic!("bearer {channel}: {error}"))
    }
}

impl Default for Cards {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Cards {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}
