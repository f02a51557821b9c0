//! One driver in several hands: the switch, and a hardware test that borrows some of its spans.

use crate::bearer::{Bearer, Clock};
use crate::card::Card;
use crate::driver::{CasChannel, DChannel, Driver, DriverEvent, Error};
use crate::line::{Line, LineSettings};
use crate::port::{ChannelId, SpanId};
use crate::span::{Defect, Maintenance, SignallingSeen, SpanInfo, SpanKind, SpanSettings, SpanStatus};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A driver that can be cloned. Each call takes a lock for its own length; no call blocks, so that
/// nobody waits long. Events go to whoever asks first: only one hand should poll them.
#[derive(Clone)]
pub struct SharedDriver {
    inner: Arc<Mutex<Box<dyn Driver>>>,
    wake: Arc<OwnedFd>,
}

impl SharedDriver {
    /// Shares a driver.
    ///
    /// # Errors
    /// [`Error::Os`] when descriptors run out.
    pub fn new(driver: Box<dyn Driver>) -> Result<Self, Error> {
        let wake = driver.wake_fd().try_clone_to_owned();
        let wake = wake.map_err(|error| Error::Os { what: "a driver's wake", message: error.to_string() })?;
        Ok(Self { inner: Arc::new(Mutex::new(driver)), wake: Arc::new(wake) })
    }

    fn lock(&self) -> MutexGuard<'_, Box<dyn Driver>> {
        // A driver is sound between any two calls, also when a test has panicked meanwhile.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for SharedDriver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedDriver").finish_non_exhaustive()
    }
}

impl Driver for SharedDriver {
    fn spans(&self) -> Vec<SpanInfo> {
        self.lock().spans()
    }

    fn open_line(&mut self, channel: ChannelId) -> Result<Box<dyn Line>, Error> {
        self.lock().open_line(channel)
    }

    fn open_dchannel(&mut self, channel: ChannelId) -> Result<DChannel, Error> {
        self.lock().open_dchannel(channel)
    }

    fn open_bearer(&mut self, channel: ChannelId) -> Result<Box<dyn Bearer>, Error> {
        self.lock().open_bearer(channel)
    }

    fn open_cas(&mut self, channel: ChannelId) -> Result<CasChannel, Error> {
        self.lock().open_cas(channel)
    }

    fn open_clock(&mut self) -> Result<Option<Box<dyn Clock>>, Error> {
        self.lock().open_clock()
    }

    fn configure_line(&mut self, channel: ChannelId, settings: &LineSettings) -> Result<(), Error> {
        self.lock().configure_line(channel, settings)
    }

    fn configure_span(&mut self, span: SpanId, settings: &SpanSettings) -> Result<(), Error> {
        self.lock().configure_span(span, settings)
    }

    fn line_modes(&self, span: SpanId) -> Vec<SpanKind> {
        self.lock().line_modes(span)
    }

    fn set_line_mode(&mut self, span: SpanId, mode: SpanKind) -> Result<(), Error> {
        self.lock().set_line_mode(span, mode)
    }

    fn signalling_seen(&self, span: SpanId) -> Result<SignallingSeen, Error> {
        self.lock().signalling_seen(span)
    }

    fn span_status(&self, span: SpanId) -> Result<SpanStatus, Error> {
        self.lock().span_status(span)
    }

    fn maintain(&mut self, span: SpanId, maintenance: Maintenance) -> Result<(), Error> {
        self.lock().maintain(span, maintenance)
    }

    fn insert(&mut self, span: SpanId, defect: Defect) -> Result<(), Error> {
        self.lock().insert(span, defect)
    }

    fn reset_counters(&mut self, span: SpanId) -> Result<(), Error> {
        self.lock().reset_counters(span)
    }

    fn cards(&self) -> Vec<Card> {
        self.lock().cards()
    }

    fn memory(&mut self) -> Option<String> {
        self.lock().memory()
    }

    fn poll_event(&mut self) -> Option<DriverEvent> {
        self.lock().poll_event()
    }

    fn wake_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}
