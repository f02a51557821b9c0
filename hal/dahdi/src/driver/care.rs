//! A span under observation: what is on its signalling channel, its state, loops and errors on purpose.

use super::DahdiDriver;
use crate::device::{gone, is, os};
use crate::probe::Probe;
use crate::status;
use crate::sys::abi::maint;
use demarc_hal::{
    Alarm, ChannelId, Defect, Error, Maintenance, SignallingSeen, SpanId, SpanKind, SpanStatus,
};
use nix::errno::Errno;
use std::sync::PoisonError;

impl DahdiDriver {
    /// What is on the signalling channel of a span. It takes a while: ask again.
    pub(super) fn seen(&self, id: SpanId) -> Result<SignallingSeen, Error> {
        let span = self.span(id)?;
        let nothing = Error::Unsupported("a look at the signalling channel of this span, as it is now");
        let Some(slot) = span.signalling_slot().filter(|_| span.line.is_some()) else { return Err(nothing) };
        let at = ChannelId { span: id, slot: slot.slot };
        if self.reclaim(at).is_err() || slot.open.strong_count() > 0 {
            return Err(nothing);
        }
        let mut probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(probe) = probes.get_mut(&id) {
            let Some(seen) = probe.look() else { return Err(nothing) };
            drop(probes);
            self.end_probe(id)?;
            return Ok(seen);
        }
        match Probe::begin(&self.control, &self.paths.dev, at, slot.number) {
            // It takes a while: ask again.
            Ok(probe) => {
                probes.insert(id, probe);
                Err(nothing)
            }
            // The framer looks itself, and has an alarm when it does not find one.
            Err(Error::Unsupported(_)) if span.kind == SpanKind::E1 => {
                let lost = [Alarm::Red, Alarm::Blue, Alarm::LossOfFrame, Alarm::LossOfMultiframe];
                let status = self.status(id)?;
                let aligned = !status.alarms.iter().any(|alarm| lost.contains(alarm));
                Ok(if aligned { SignallingSeen::Multiframe } else { SignallingSeen::Nothing })
            }
            Err(error) => {
                let _ = self.control.configure_channel(slot.config());
                Err(error)
            }
        }
    }

    /// Alarms, counters and maintenance.
    pub(super) fn status(&self, id: SpanId) -> Result<SpanStatus, Error> {
        let span = self.span(id)?;
        let info = self.control.span_info(span.found.number).map_err(|_| Error::Gone)?;
        let status = status::status(&info);
        Ok(SpanStatus { bad_frames: span.bad_frames, maintenance: span.maintenance, ..status })
    }

    /// Begins or ends a loop.
    pub(super) fn keep_in(&mut self, id: SpanId, maintenance: Maintenance) -> Result<(), Error> {
        let number = self.span(id)?.found.number;
        self.maintenance(number, status::maintenance(maintenance), "that maintenance on this card")?;
        self.span_mut(id)?.maintenance = maintenance;
        self.look(id);
        Ok(())
    }

    /// Sends an error on purpose.
    pub(super) fn insert_defect(&mut self, id: SpanId, defect: Defect) -> Result<(), Error> {
        let number = self.span(id)?.found.number;
        self.maintenance(number, status::defect(defect), "that error on this card")
    }

    /// Counters begin at nothing.
    pub(super) fn count_anew(&mut self, id: SpanId) -> Result<(), Error> {
        let number = self.span(id)?.found.number;
        self.maintenance(number, maint::RESET_COUNTERS, "resetting counters on this card")?;
        self.span_mut(id)?.bad_frames = 0;
        Ok(())
    }

    fn maintenance(&self, number: i32, command: i32, what: &'static str) -> Result<(), Error> {
        self.control.maintain(number, command).map_err(|error| match error {
            error if gone(&error) => Error::Gone,
            // A card without maintenance, one that does not know this, or knows no such span.
            error
                if [Errno::ENOSYS, Errno::EINVAL, Errno::ENOTTY]
                    .into_iter()
                    .any(|known| is(&error, known)) =>
            {
                Error::Unsupported(what)
            }
            error => os("maintenance")(error),
        })
    }
}
