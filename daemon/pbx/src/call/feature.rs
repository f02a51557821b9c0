//! A code was dialled.

use super::{Call, Stage};
use crate::caller_id;
use crate::desk::{Ask, Desk};
use crate::route::{self, Decision, Target, Way};
use crate::service::Confirm;
use demarc_model::config::{DeviceId, Extension, ExtensionSetting as Set, Feature};
use demarc_model::{Cause, LegCommand, Party, Presentation};

impl Call {
    /// Does what a code says.
    pub(super) fn feature(&mut self, desk: &mut Desk, feature: Feature, argument: &str) {
        let (Some(leg), Some(Party::Device(device))) = (self.caller, self.from) else { return };
        desk.note(leg, "Feature", format!("{}: {} {argument}", self.digits, feature.words()));
        self.record.to = feature.words().to_owned();
        match feature {
            Feature::Withhold | Feature::Show => self.typed = Some(self.digits.clone()),
            _ => {}
        }
        match feature {
            Feature::Withhold => {
                self.identity.presentation = Presentation::Restricted;
                self.record.caller.presentation = Presentation::Restricted;
                return self.dial_instead(desk, argument.to_owned());
            }
            Feature::Show => {
                self.shows = true;
                return self.dial_instead(desk, argument.to_owned());
            }
            _ => {}
        }
        let config = self.config.clone();
        let Some(extension) = caller_id::extension_of(&config, device) else {
            return self.refuse_feature(desk, "the telephone belongs to no extension");
        };
        let features = &extension.features;
        match feature {
            Feature::Withhold | Feature::Show => {}
            Feature::ForwardAlways => self.forward_to(desk, extension, argument, Set::ForwardAlways),
            Feature::ForwardBusy => self.forward_to(desk, extension, argument, Set::ForwardBusy),
            Feature::ForwardNoAnswer => self.forward_to(desk, extension, argument, Set::ForwardNoAnswer),
            Feature::ForwardAlwaysOff => self.set(desk, extension, Set::ForwardAlways(None)),
            Feature::ForwardBusyOff => self.set(desk, extension, Set::ForwardBusy(None)),
            Feature::ForwardNoAnswerOff => self.set(desk, extension, Set::ForwardNoAnswer(None)),
            Feature::DoNotDisturb => self.set(desk, extension, Set::DoNotDisturb(true)),
            Feature::DoNotDisturbOff => self.set(desk, extension, Set::DoNotDisturb(false)),
            Feature::CallWaiting => self.set(desk, extension, Set::CallWaiting(true)),
            Feature::CallWaitingOff => self.set(desk, extension, Set::CallWaiting(false)),
            Feature::MessageLamp => self.set(desk, extension, Set::MessageWaiting(true)),
            Feature::MessageLampOff => self.set(desk, extension, Set::MessageWaiting(false)),
            Feature::ForwardAlwaysAsk => self.tell(desk, features.forward_always.is_some()),
            Feature::ForwardBusyAsk => self.tell(desk, features.forward_busy.is_some()),
            Feature::ForwardNoAnswerAsk => self.tell(desk, features.forward_no_answer.is_some()),
            Feature::DoNotDisturbAsk => self.tell(desk, features.do_not_disturb),
            Feature::CallWaitingAsk => self.tell(desk, features.call_waiting),
            Feature::Redial => match desk.memory.last_dialled(device).map(str::to_owned) {
                // As it was dialled: who withheld the number then withholds it now.
                Some(number) => {
                    self.record.called.clone_from(&number);
                    self.digits = number;
                    self.decide(desk, true, false);
                }
                None => self.refuse_feature(desk, "nothing was dialled yet"),
            },
            Feature::CallReturn => match desk.memory.last_caller(extension.id).map(str::to_owned) {
                Some(number) => self.return_call(desk, number),
                None => self.refuse_feature(desk, "nobody has called, or did not want to be known"),
            },
            Feature::PickUp => {
                desk.leg(LegCommand::Proceed { leg });
                desk.asks.push(Ask::PickUp { call: self.id, leg, extension: extension.id });
            }
            Feature::Park => {
                desk.leg(LegCommand::Proceed { leg });
                let place = argument.chars().next().unwrap_or('0');
                desk.asks.push(Ask::Park { call: self.id, leg, device, place });
            }
        }
    }

    /// Confirmation tone, and no more.
    pub fn confirm(&mut self, desk: &mut Desk) {
        let Some(leg) = self.caller else { return };
        let tone = self.config.system.country.plan().confirmation();
        let name = self.record.to.clone();
        desk.leg(LegCommand::Proceed { leg });
        self.stage = Stage::Served { leg, service: Box::new(Confirm { tone }), name };
        self.serve(desk, |service| service.start());
    }

    /// The feature cannot be had.
    pub fn refuse_feature(&mut self, desk: &mut Desk, why: &str) {
        if let Some(leg) = self.caller {
            desk.note(leg, "Refused", why);
        }
        self.finish(desk, Cause::FACILITY_REJECTED, Some(why.to_owned()));
    }

    fn set(&mut self, desk: &mut Desk, extension: &Extension, setting: Set) {
        desk.asks.push(Ask::Set { extension: extension.id, setting });
        self.confirm(desk);
    }

    fn tell(&mut self, desk: &mut Desk, on: bool) {
        if on { self.confirm(desk) } else { self.refuse_feature(desk, "it is not switched on") }
    }

    /// Forwards an extension, when the number leads somewhere else.
    fn forward_to(
        &mut self,
        desk: &mut Desk,
        extension: &Extension,
        number: &str,
        setting: impl FnOnce(Option<String>) -> Set,
    ) {
        match route::from_device(&self.config, number, true) {
            Decision::Go(Way { target: Target::Outside(outside), .. }) if outside.emergency => {
                self.refuse_feature(desk, "nobody but a person calls for help");
            }
            Decision::Go(Way { target: Target::Extension(id), .. }) if id == extension.id => {
                self.refuse_feature(desk, "an extension cannot be forwarded to itself");
            }
            Decision::Go(_) => self.set(desk, extension, setting(Some(number.to_owned()))),
            Decision::NeedDigits => self.refuse_feature(desk, "the number is incomplete"),
            Decision::Refuse { why, .. } => self.refuse_feature(desk, &why),
        }
    }

    /// Calls who called last. What a trunk gave as E.164 is dialled as it is written here; where
    /// outside numbers need a prefix of the house, the first route that takes one is used.
    fn return_call(&mut self, desk: &mut Desk, number: String) {
        let national = self.config.system.country.shown(&number);
        let dialled = [number, national]
            .into_iter()
            .find(|n| matches!(route::from_device(&self.config, n, true), Decision::Go(_)));
        match dialled {
            Some(number) => self.dial_instead(desk, number),
            None => self.refuse_feature(desk, "no route leads back to who called"),
        }
    }

    /// Goes on as if this had been dialled.
    fn dial_instead(&mut self, desk: &mut Desk, number: String) {
        self.digits = number;
        self.record.called.clone_from(&self.digits);
        let decision = match route::from_device(&self.config, &self.digits, true) {
            // What the code was found with may have been ended by a hash.
            Decision::Refuse { .. } if self.digits.ends_with('#') => {
                self.digits.pop();
                route::from_device(&self.config, &self.digits, true)
            }
            decision => decision,
        };
        self.obey(desk, decision, false);
    }

    /// A telephone dialled this number.
    pub(super) fn remember_dialled(&self, desk: &mut Desk, device: DeviceId) {
        desk.memory.dialled(device, self.typed.as_ref().unwrap_or(&self.digits));
    }
}
