//! The gateway itself has the call.

use super::{Call, Stage, Timer};
use crate::desk::{Ask, Desk};
use crate::service::{self, Act, Service};
use demarc_model::config::ServiceId;
use demarc_model::live::LegState;
use demarc_model::{Cause, LegCommand, LegId};

impl Call {
    pub(super) fn call_service(&mut self, desk: &mut Desk, id: ServiceId, called: &str) {
        let found = self.config.services.iter().find(|s| s.id == id);
        let (Some(found), Some(leg)) = (found, self.caller) else {
            return self.finish(desk, Cause::NO_ROUTE_TO_DESTINATION, None);
        };
        let name = found.name.clone();
        let service = service::machine(&found.kind, called, self.ring_timeout());
        self.record.to.clone_from(&name);
        self.stage = Stage::Served { leg, service, name };
        self.serve(desk, |service| service.start());
    }

    /// Tells the service something and does what it wants.
    pub(super) fn serve(&mut self, desk: &mut Desk, tell: impl FnOnce(&mut dyn Service) -> Vec<Act>) {
        let Stage::Served { leg, service, .. } = &mut self.stage else { return };
        let leg = *leg;
        for act in tell(service.as_mut()) {
            self.act(desk, leg, act);
        }
    }

    fn act(&mut self, desk: &mut Desk, id: LegId, act: Act) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        match act {
            // A party that was transferred here has been answered long ago.
            Act::Ring if leg.answered => {
                leg.state = LegState::Alerting;
                let ringback = self.ringback();
                self.hear(desk, id, ringback);
            }
            Act::Ring => {
                leg.state = LegState::Alerting;
                desk.leg(LegCommand::Ring { leg: id, in_band: false });
            }
            Act::Progress if leg.answered => {}
            Act::Progress => desk.leg(LegCommand::Progress { leg: id, cause: None }),
            Act::Answer if Some(id) == self.caller => {
                leg.state = LegState::Active;
                if !std::mem::replace(&mut leg.answered, true) {
                    desk.leg(LegCommand::Answer { leg: id, connected: None });
                }
                let by = self.record.to.clone();
                self.mark_answered(desk, &by);
            }
            // Whom the gateway called by itself has answered already.
            Act::Answer => {}
            Act::Play(source) => self.hear(desk, id, source),
            Act::SendDigits(digits) => {
                if let Some(stream) = leg.stream {
                    desk.send_digits(stream, digits);
                }
            }
            Act::Wait(time) => self.set_timer(desk, Timer::Service, time),
            Act::CallBack { number, caller } => desk.asks.push(Ask::CallBack { number, caller }),
            Act::End(cause) => self.finish(desk, cause, None),
        }
    }
}
