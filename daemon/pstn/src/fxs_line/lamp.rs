//! The message lamp of a telephone: switched while it is on hook, by FSK (VMWI) and, where the card
//! can, by the line itself. Who lifts the telephone hears another dial tone as well.

use super::ringing::ON_HOOK_AUDIO;
use super::{FxsLine, State};
use crate::desk::Desk;
use demarc_hal::LineCommand;
use demarc_model::MediaCommand;
use demarc_model::media::{CallerIdForm, Detect};
use std::time::Duration;

/// A telephone that was just put down needs a moment before it listens.
const REST: Duration = Duration::from_secs(1);
/// The longest that a message takes.
const LONGEST: Duration = Duration::from_secs(4);

/// What the telephone was told.
#[derive(Debug, Default)]
pub(super) struct Lamp {
    lit: bool,
    sending: Option<bool>,
}

impl FxsLine {
    /// Is there anything to tell? It is told a little later.
    pub(super) fn think_of_lamp(&mut self, desk: &Desk) {
        let idle = matches!(self.state, State::OnHook) && self.stream.is_none();
        if idle && self.wanted_lamp(desk) != self.lamp.lit {
            self.timer = Some((desk.at(REST), "message lamp"));
        }
    }

    /// On hook, and time has come: to tell, or to wait no longer.
    pub(super) fn lamp_timeout(&mut self, desk: &mut Desk) {
        if self.lamp.sending.is_some() {
            return self.lamp_is_set(desk);
        }
        let wanted = self.wanted_lamp(desk);
        if wanted == self.lamp.lit {
            return;
        }
        desk.line(self.channel, None, LineCommand::MessageLamp(wanted));
        let form = desk.config.system.country.plan().caller_id.form;
        if !matches!(form, CallerIdForm::Bell202 | CallerIdForm::V23) {
            self.lamp.lit = wanted;
            return;
        }
        self.lamp.sending = Some(wanted);
        desk.line(self.channel, None, LineCommand::OnHookTransmission(ON_HOOK_AUDIO));
        let stream = desk.open(self.channel, Detect::default());
        self.stream = Some(stream);
        self.timer = Some((desk.at(LONGEST), "message lamp"));
        desk.media(MediaCommand::SendMessageWaiting { stream, waiting: wanted, form, single: false });
    }

    /// The message was sent.
    pub(super) fn lamp_is_set(&mut self, desk: &mut Desk) {
        let Some(lit) = self.lamp.sending.take() else { return };
        self.lamp.lit = lit;
        self.timer = None;
        desk.close(self.stream.take());
        self.think_of_lamp(desk);
    }

    /// The telephone is lifted or rung: the lamp is told another time.
    pub(super) fn stop_lamp(&mut self, desk: &mut Desk) {
        self.timer = None;
        if self.lamp.sending.take().is_some() {
            desk.close(self.stream.take());
        }
    }

    fn wanted_lamp(&self, desk: &Desk) -> bool {
        let lamp = self.features().is_some_and(|features| features.message_lamp);
        lamp && self.extension(&desk.config).is_some_and(|features| features.message_waiting)
    }
}
