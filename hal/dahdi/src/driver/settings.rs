//! From settings to the kernel: only what differs from what is, and nothing under an open channel.

use super::DahdiDriver;
use crate::configure::{self, Configured};
use crate::device::{Control, is, os};
use crate::echo::Cancellers;
use crate::gain;
use crate::line;
use crate::span::{Slot, Span};
use crate::sys::Plain;
use crate::sys::abi::LineConfig;
use crate::sysfs;
use demarc_hal::{ChannelId, Error, LineSettings, PortKind, SpanId, SpanKind, SpanSettings};
use nix::errno::Errno;

impl DahdiDriver {
    /// Analog ports need no settings of ours to be used: they begin with kewl start.
    pub(super) fn prepare_analog(&mut self, id: SpanId) {
        let Some(span) = self.spans.get_mut(&id).filter(|span| span.kind == SpanKind::Analog) else { return };
        let number = span.found.number;
        for index in 0..span.channels.len() {
            // A port that cannot be set up says so when it is opened.
            let _ = configure_analog(&self.control, &mut self.cancellers, span, index);
        }
        let _ = self.control.start(number);
    }

    /// Runs an analog or E&M port like this.
    pub(super) fn set_up_line(&mut self, channel: ChannelId, settings: &LineSettings) -> Result<(), Error> {
        let (span, index, kind) = self.port(channel)?;
        if !matches!(kind, PortKind::Fxo | PortKind::Fxs | PortKind::EAndM) {
            return Err(Error::WrongKind(channel));
        }
        gain::check(settings)?;
        let law = span.companding;
        let slot = span.channels.get(index).ok_or(Error::NoSuchPort(channel))?;
        let wanted = configure::port(kind, span.kind, slot.capability, law, settings)?;
        let open = slot.open.upgrade();
        if open.is_some() && slot.configured.is_some_and(|configured| configured != wanted) {
            return Err(Error::Busy(channel));
        }
        // A channel bank that has not been configured takes the settings along when it is.
        let configured = slot.configured.is_some() || span.kind == SpanKind::Analog;
        let span = self.spans.get_mut(&channel.span).ok_or(Error::NoSuchPort(channel))?;
        let slot = span.channels.get_mut(index).ok_or(Error::NoSuchPort(channel))?;
        slot.settings = settings.clone();
        if configured {
            configure_channel(&self.control, &mut self.cancellers, slot, wanted)?;
        }
        open.map_or(Ok(()), |open| line::set_up(&open, law, settings))
    }

    /// Runs a span like this.
    pub(super) fn set_up_span(&mut self, id: SpanId, settings: &SpanSettings) -> Result<(), Error> {
        let plan = self.span(id)?.plan(settings)?;
        self.end_probe(id)?;
        self.check_closed(id, &plan)?;
        let span = self.spans.get_mut(&id).ok_or(Error::NoSuchSpan(id))?;
        let number = span.found.number;
        if span.line != Some(plan.line) {
            let info = self.control.span_info(number).map_err(os("asking for a span"))?;
            // What is only a hint is left out where the card does not know it.
            let lineconfig = plan.line.lineconfig & (info.linecompat | !plan.line.optional);
            let config = LineConfig {
                span: number,
                lbo: plan.line.lbo,
                lineconfig,
                sync: plan.line.sync,
                ..LineConfig::zeroed()
            };
            self.control.configure_span(config).map_err(|error| match error {
                error if is(&error, Errno::EINVAL) => {
                    Error::Unsupported("that framing or line code on this card")
                }
                error => os("setting up a span")(error),
            })?;
            span.line = Some(plan.line);
        }
        for (place, wanted) in plan.channels {
            let slot = span.channels.iter_mut().find(|slot| slot.slot == place);
            if let Some(slot) = slot {
                configure_channel(&self.control, &mut self.cancellers, slot, wanted)?;
            }
        }
        span.signalling = Some(settings.signalling.clone());
        self.control.start(number).map_err(os("starting a span"))?;
        self.look(id);
        Ok(())
    }

    /// Makes an E1 of a T1, or a T1 of an E1.
    pub(super) fn switch_line_mode(&mut self, id: SpanId, mode: SpanKind) -> Result<(), Error> {
        let span = self.span(id)?;
        let word = match mode {
            SpanKind::E1 => "E1",
            SpanKind::T1 => "T1",
            _ => return Err(Error::Unsupported("that line mode")),
        };
        if span.kind == mode {
            return Ok(());
        }
        self.end_probe(id)?;
        let span = self.span(id)?;
        let places: Vec<u8> = span.channels.iter().map(|slot| slot.slot).collect();
        for slot in places {
            self.close(ChannelId { span: id, slot })?;
        }
        let result = sysfs::set_line_mode(&self.span(id)?.found, word);
        // Whatever came of it, the kernel has made the span anew.
        self.spans.remove(&id);
        self.scan();
        result.map_err(|error| match error {
            error if is(&error, Errno::EINVAL) || error.kind() == std::io::ErrorKind::Unsupported => {
                Error::Unsupported("another line mode on this card")
            }
            error => os("switching the line mode")(error),
        })
    }

    /// Refuses a change of signalling under an open channel.
    fn check_closed(&mut self, id: SpanId, plan: &configure::Plan) -> Result<(), Error> {
        for (slot, wanted) in &plan.channels {
            let at = ChannelId { span: id, slot: *slot };
            let channel = self.span(id)?.channels.iter().find(|channel| channel.slot == *slot);
            if channel.is_some_and(|channel| channel.configured != Some(*wanted)) {
                self.close(at)?;
            }
        }
        Ok(())
    }
}

/// Sets up one channel, if it is not set up like this already.
fn configure_channel(
    control: &Control,
    cancellers: &mut Cancellers,
    slot: &mut Slot,
    wanted: Configured,
) -> Result<(), Error> {
    // Somebody else, `dahdi_cfg` for one, may have set it to something meanwhile: the kernel lets everybody.
    let still = || control.params(slot.number).is_ok_and(|params| params.sigtype == wanted.signalling);
    if slot.configured == Some(wanted) && still() {
        return Ok(());
    }
    slot.configured = None;
    control.configure_channel(wanted.of(slot.number)).map_err(os("setting the signalling of a channel"))?;
    if wanted.canceller {
        cancellers.attach(control, slot.number)?;
    } else {
        control.attach_canceller(slot.number, "").map_err(os("taking an echo canceller away"))?;
    }
    slot.configured = Some(wanted);
    Ok(())
}

fn configure_analog(
    control: &Control,
    cancellers: &mut Cancellers,
    span: &mut Span,
    index: usize,
) -> Result<(), Error> {
    let law = span.companding;
    let Some(slot) = span.channels.get(index) else { return Ok(()) };
    let Some(kind) = span.port(slot) else { return Ok(()) };
    let wanted = configure::port(kind, span.kind, slot.capability, law, &slot.settings)?;
    let Some(slot) = span.channels.get_mut(index) else { return Ok(()) };
    configure_channel(control, cancellers, slot, wanted)
}
