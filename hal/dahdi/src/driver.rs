//! The driver: spans found, numbered, configured, opened and watched.
//!
//! Here is what it is made of, and what it is asked; each part of the answers has a file of its own.

mod care;
mod opening;
mod paths;
mod presence;
mod settings;

use crate::cards::Inventory;
use crate::clock::Beat;
use crate::device::Control;
use crate::echo::Cancellers;
use crate::numbering::Numbering;
use crate::probe::Probe;
use crate::span::Span;
use crate::sysfs::Device;
use crate::watch::Watch;
use demarc_hal::{
    Bearer, Card, CasChannel, ChannelId, Clock, DChannel, Defect, Driver, DriverEvent, Error, Line,
    LineSettings, Maintenance, PortKind, SignallingSeen, SpanId, SpanInfo, SpanKind, SpanSettings,
    SpanStatus,
};
use std::collections::{BTreeMap, VecDeque};
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex};

pub use paths::Paths;

/// The driver of every card that has a DAHDI module.
pub struct DahdiDriver {
    paths: Paths,
    control: Control,
    numbering: Numbering,
    /// The numbering that [`Driver::memory`] gave last.
    remembered: Option<Numbering>,
    cancellers: Cancellers,
    spans: BTreeMap<SpanId, Span>,
    inventory: Inventory,
    events: VecDeque<DriverEvent>,
    watch: Watch,
    clock_open: bool,
    /// Of that clock.
    beat: Arc<Beat>,
    /// Signalling channels that are looked at.
    probes: Mutex<BTreeMap<SpanId, Probe>>,
}

impl DahdiDriver {
    /// Finds what is there. `numbering` is what [`DahdiDriver::numbering`] gave at the last run. Without
    /// DAHDI there are no spans, but cards that wait for it; they arrive when it is loaded.
    ///
    /// # Errors
    /// [`Error::Os`] when DAHDI is loaded and we may not use it.
    pub fn new(paths: Paths, numbering: Numbering) -> Result<Self, Error> {
        let control = Control::new(&paths.dev)?;
        let mut driver = Self {
            paths,
            control,
            remembered: Some(numbering.clone()),
            numbering,
            cancellers: Cancellers::default(),
            spans: BTreeMap::new(),
            inventory: Inventory::default(),
            events: VecDeque::new(),
            watch: Watch::new()?,
            clock_open: false,
            beat: Arc::default(),
            probes: Mutex::default(),
        };
        driver.scan();
        driver.events.clear();
        Ok(driver)
    }

    /// DAHDI is there. Without it a gateway has only cards that wait, and no clock of theirs.
    pub fn is_loaded(&self) -> bool {
        self.control.is_loaded()
    }

    /// The numbers given out so far, to be kept.
    pub fn numbering(&self) -> &Numbering {
        &self.numbering
    }

    /// The hardware of a span: its device, and which of its ports it is.
    pub fn hardware(&self, span: SpanId) -> Option<(&Device, u32)> {
        self.spans.get(&span).map(|span| (&span.found.device, span.found.port))
    }

    fn span(&self, id: SpanId) -> Result<&Span, Error> {
        let span = self.spans.get(&id).ok_or(Error::NoSuchSpan(id))?;
        if span.present { Ok(span) } else { Err(Error::Gone) }
    }

    fn span_mut(&mut self, id: SpanId) -> Result<&mut Span, Error> {
        let span = self.spans.get_mut(&id).ok_or(Error::NoSuchSpan(id))?;
        if span.present { Ok(span) } else { Err(Error::Gone) }
    }

    /// A channel's span, place among its channels, and kind.
    fn port(&mut self, at: ChannelId) -> Result<(&mut Span, usize, PortKind), Error> {
        let span = self.spans.get_mut(&at.span).ok_or(Error::NoSuchPort(at))?;
        let index =
            span.channels.iter().position(|slot| slot.slot == at.slot).ok_or(Error::NoSuchPort(at))?;
        let kind = span.channels.get(index).and_then(|slot| span.port(slot)).ok_or(Error::NoSuchPort(at))?;
        if span.present { Ok((span, index, kind)) } else { Err(Error::Gone) }
    }
}

impl Driver for DahdiDriver {
    fn spans(&self) -> Vec<SpanInfo> {
        self.spans.values().map(Span::info).collect()
    }

    fn open_line(&mut self, channel: ChannelId) -> Result<Box<dyn Line>, Error> {
        self.line(channel)
    }

    fn open_dchannel(&mut self, channel: ChannelId) -> Result<DChannel, Error> {
        self.dchannel(channel)
    }

    fn open_bearer(&mut self, channel: ChannelId) -> Result<Box<dyn Bearer>, Error> {
        self.bearer(channel)
    }

    fn open_cas(&mut self, channel: ChannelId) -> Result<CasChannel, Error> {
        self.cas(channel)
    }

    fn open_clock(&mut self) -> Result<Option<Box<dyn Clock>>, Error> {
        self.clock()
    }

    fn configure_line(&mut self, channel: ChannelId, settings: &LineSettings) -> Result<(), Error> {
        self.set_up_line(channel, settings)
    }

    fn configure_span(&mut self, id: SpanId, settings: &SpanSettings) -> Result<(), Error> {
        self.set_up_span(id, settings)
    }

    fn line_modes(&self, span: SpanId) -> Vec<SpanKind> {
        // The kernel does not say which cards can be switched; those that cannot refuse.
        match self.spans.get(&span).map(|span| span.found.kind.as_str()) {
            Some("E1" | "T1" | "J1") => vec![SpanKind::E1, SpanKind::T1],
            _ => Vec::new(),
        }
    }

    fn set_line_mode(&mut self, id: SpanId, mode: SpanKind) -> Result<(), Error> {
        self.switch_line_mode(id, mode)
    }

    fn signalling_seen(&self, id: SpanId) -> Result<SignallingSeen, Error> {
        self.seen(id)
    }

    fn span_status(&self, id: SpanId) -> Result<SpanStatus, Error> {
        self.status(id)
    }

    fn maintain(&mut self, id: SpanId, maintenance: Maintenance) -> Result<(), Error> {
        self.keep_in(id, maintenance)
    }

    fn insert(&mut self, id: SpanId, defect: Defect) -> Result<(), Error> {
        self.insert_defect(id, defect)
    }

    fn reset_counters(&mut self, id: SpanId) -> Result<(), Error> {
        self.count_anew(id)
    }

    fn cards(&self) -> Vec<Card> {
        self.inventory.cards()
    }

    fn memory(&mut self) -> Option<String> {
        if self.remembered.as_ref() == Some(&self.numbering) {
            return None;
        }
        self.remembered = Some(self.numbering.clone());
        serde_json::to_string_pretty(&self.numbering).ok()
    }

    fn poll_event(&mut self) -> Option<DriverEvent> {
        if self.events.is_empty() {
            self.service();
        }
        let event = self.events.pop_front();
        if self.events.is_empty() {
            self.watch.silence();
        }
        event
    }

    fn wake_fd(&self) -> BorrowedFd<'_> {
        self.watch.wake_fd()
    }
}
