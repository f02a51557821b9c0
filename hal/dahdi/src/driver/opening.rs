//! Who has which channel open, and which side of it.

use super::DahdiDriver;
use crate::bearer::DahdiBearer;
use crate::channel::Channel;
use crate::clock::DahdiClock;
use crate::dchannel;
use crate::line::DahdiLine;
use demarc_hal::{Bearer, CasChannel, CasForm, ChannelId, Clock, DChannel, Error, Line, PortKind, SpanId};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

impl DahdiDriver {
    /// The signalling of an analog or E&M port.
    pub(super) fn line(&mut self, channel: ChannelId) -> Result<Box<dyn Line>, Error> {
        let (span, index, kind) = self.port(channel)?;
        if !matches!(kind, PortKind::Fxo | PortKind::Fxs | PortKind::EAndM) {
            return Err(Error::WrongKind(channel));
        }
        let law = span.companding;
        let settings = span.channels.get(index).map(|slot| slot.settings.clone()).unwrap_or_default();
        Ok(Box::new(DahdiLine::open(self.channel(channel)?, kind, law, &settings)?))
    }

    /// A D channel, for whoever speaks on it.
    pub(super) fn dchannel(&mut self, channel: ChannelId) -> Result<DChannel, Error> {
        let (_, _, kind) = self.port(channel)?;
        if kind != PortKind::DChannel {
            return Err(Error::WrongKind(channel));
        }
        self.reclaim(channel)?;
        let open = self.channel(channel)?;
        dchannel::prepare(&open)?;
        let fd = open.duplicate()?;
        self.watch.events_of(&*open)?;
        self.keep(channel, open)?;
        Ok(DChannel { fd })
    }

    /// The audio of a channel.
    pub(super) fn bearer(&mut self, channel: ChannelId) -> Result<Box<dyn Bearer>, Error> {
        let (span, _, kind) = self.port(channel)?;
        let law = span.companding;
        if kind == PortKind::DChannel {
            return Err(Error::WrongKind(channel));
        }
        let beat = self.beat.clone();
        Ok(Box::new(DahdiBearer::open(self.channel(channel)?, law, beat)?))
    }

    /// The bits of a channel.
    pub(super) fn cas(&mut self, channel: ChannelId) -> Result<CasChannel, Error> {
        let (_, _, kind) = self.port(channel)?;
        if kind != PortKind::Cas {
            return Err(Error::WrongKind(channel));
        }
        self.reclaim(channel)?;
        let open = self.channel(channel)?;
        let fd = open.duplicate()?;
        open.lent.store(true, Ordering::Relaxed);
        self.keep(channel, open)?;
        Ok(CasChannel { fd, form: CasForm::Dahdi })
    }

    /// The clock of the cards, for one.
    pub(super) fn clock(&mut self) -> Result<Option<Box<dyn Clock>>, Error> {
        if self.clock_open || !self.control.is_loaded() {
            return Ok(None);
        }
        let clock = DahdiClock::open(&self.paths.dev, self.beat.clone())?;
        self.clock_open = true;
        Ok(Some(Box::new(clock)))
    }

    /// A channel that is open, or opens now.
    fn channel(&mut self, at: ChannelId) -> Result<Arc<Channel>, Error> {
        self.end_probe(at.span)?;
        let dev = self.paths.dev.clone();
        let (span, index, _) = self.port(at)?;
        let slot = span.channels.get_mut(index).ok_or(Error::NoSuchPort(at))?;
        if let Some(open) = slot.open.upgrade() {
            return Ok(open);
        }
        let open = Arc::new(Channel::open(&dev, at, slot.number)?);
        slot.open = Arc::downgrade(&open);
        Ok(open)
    }

    /// Lets go of the copy of a descriptor whose owner has closed it.
    ///
    /// # Errors
    /// [`Error::Busy`] when the owner still has it.
    pub(super) fn reclaim(&self, at: ChannelId) -> Result<(), Error> {
        let slot = self.span(at.span)?.channels.iter().find(|slot| slot.slot == at.slot);
        let Some(slot) = slot else { return Ok(()) };
        let mut lent = slot.lent();
        let Some(copy) = lent.take() else { return Ok(()) };
        if copy.has_duplicate() {
            *lent = Some(copy);
            return Err(Error::Busy(at));
        }
        copy.lent.store(false, Ordering::Relaxed);
        self.watch.forget(&*copy);
        Ok(())
    }

    /// Keeps a copy of a descriptor that is handed out.
    fn keep(&mut self, at: ChannelId, copy: Arc<Channel>) -> Result<(), Error> {
        let (span, index, _) = self.port(at)?;
        if let Some(slot) = span.channels.get_mut(index) {
            *slot.lent() = Some(copy);
        }
        Ok(())
    }

    /// Ends a look at the signalling channel of a span.
    pub(super) fn end_probe(&self, id: SpanId) -> Result<(), Error> {
        let probe = self.probes.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        let (Some(probe), Ok(span)) = (probe, self.span(id)) else { return Ok(()) };
        match span.signalling_slot() {
            Some(slot) => probe.end(&self.control, slot.config()),
            None => Ok(()),
        }
    }

    /// Sees to it that a channel is closed.
    ///
    /// # Errors
    /// [`Error::Busy`] when somebody has it open.
    pub(super) fn close(&mut self, at: ChannelId) -> Result<(), Error> {
        self.reclaim(at)?;
        let open = self.span(at.span)?.channels.iter().find(|channel| channel.slot == at.slot);
        let busy = open.is_some_and(|channel| channel.open.strong_count() > 0);
        if busy { Err(Error::Busy(at)) } else { Ok(()) }
    }
}
