//! Calls to an extension that go elsewhere.
//!
//! An extension is forwarded with its own authority: what it may dial it may be forwarded to, the
//! outside included, and the outside sees the extension's number. Members of a ring group are rung
//! whatever they are forwarded to; only who does not want to be disturbed is left out.

use super::Call;
use crate::caller_id;
use crate::desk::Desk;
use crate::extension;
use crate::route::{self, Decision, Target, Way};
use demarc_model::config::ExtensionId;
use demarc_model::{CallerId, Cause, Party, Presentation, RedirectReason, Redirecting};

/// The most diversions of one call.
const MAX_DIVERSIONS: u8 = 5;

impl Call {
    pub(super) fn ring_extension(&mut self, desk: &mut Desk, id: ExtensionId) {
        let config = self.config.clone();
        let Some(extension) = config.extensions.iter().find(|e| e.id == id) else {
            return self.finish(desk, Cause::UNALLOCATED_NUMBER, None);
        };
        self.record.to.clone_from(&extension.name);
        self.wanted = Some(id);
        desk.memory.called(id, &self.identity);
        let features = &extension.features;
        if let Some(number) = &features.forward_always
            && !self.comes_from(number)
            && self.forward(desk, id, number, RedirectReason::Unconditional)
        {
            return;
        }
        if features.do_not_disturb {
            let number = features.forward_busy.as_ref();
            if number.is_some_and(|number| self.forward(desk, id, number, RedirectReason::Busy)) {
                return;
            }
            let why = "the extension does not want to be disturbed";
            return self.give_up(desk, Cause::USER_BUSY, Some(why.to_owned()));
        }
        self.ring(desk, extension::rounds(&config, id), None);
    }

    /// All telephones of an extension have failed: is the call forwarded?
    pub(super) fn forwarded_after(&mut self, desk: &mut Desk, cause: Cause) -> bool {
        let config = self.config.clone();
        let Some(extension) = self.wanted.and_then(|id| config.extensions.iter().find(|e| e.id == id)) else {
            return false;
        };
        let features = &extension.features;
        let (number, reason) = match cause {
            Cause::USER_BUSY => (&features.forward_busy, RedirectReason::Busy),
            Cause::NO_ANSWER | Cause::NO_USER_RESPONDING => {
                (&features.forward_no_answer, RedirectReason::NoAnswer)
            }
            Cause::SUBSCRIBER_ABSENT | Cause::DESTINATION_OUT_OF_ORDER => {
                (&features.forward_no_answer, RedirectReason::OutOfOrder)
            }
            _ => return false,
        };
        let id = extension.id;
        number.as_ref().is_some_and(|number| self.forward(desk, id, number, reason))
    }

    /// Sends the call elsewhere; false when that is not possible.
    fn forward(&mut self, desk: &mut Desk, id: ExtensionId, number: &str, reason: RedirectReason) -> bool {
        let config = self.config.clone();
        let Some(extension) = config.extensions.iter().find(|e| e.id == id) else { return false };
        let former = self.redirecting.clone();
        let count = former.as_ref().map_or(0, |former| former.count).saturating_add(1);
        if self.diversions >= MAX_DIVERSIONS {
            self.say(desk, "Not forwarded", "the call has been forwarded too often");
            return false;
        }
        let way = match route::from_device(&config, number, true) {
            Decision::Go(Way { target: Target::Outside(outside), .. }) if outside.emergency => {
                self.say(desk, "Not forwarded", "nobody but a person calls for help");
                return false;
            }
            Decision::Go(Way { target: Target::Extension(to), .. }) if to == id => return false,
            Decision::Go(way) => way,
            Decision::Refuse { .. } | Decision::NeedDigits => {
                self.say(desk, "Not forwarded", &format!("{number} leads nowhere"));
                return false;
            }
        };
        let words = format!("extension “{}” sends its calls to {number}", extension.name);
        self.say(desk, "Forwarded", &words);
        let presentation = if extension.withhold { Presentation::Restricted } else { Presentation::Allowed };
        let from = CallerId {
            number: extension.outside_number.clone().or_else(|| Some(extension.number.clone())),
            name: Some(extension.name.clone()),
            presentation,
            ..CallerId::default()
        };
        let original = former.map(|former| former.original.unwrap_or(former.from));
        self.redirecting = Some(Redirecting { from, reason, count, original });
        self.diversions += 1;
        self.diverted_by = Some(id);
        self.wanted = None;
        self.stop_listening(desk);
        self.digits = number.to_owned();
        self.go(desk, way);
        true
    }

    /// Does the call come from the extension with this number? Who takes another's calls can
    /// still call that other.
    fn comes_from(&self, number: &str) -> bool {
        let Some(Party::Device(device)) = self.from else { return false };
        caller_id::extension_of(&self.config, device).is_some_and(|extension| extension.number == number)
    }

    /// A decision for the ladder, on whatever leg there is.
    pub(super) fn say(&self, desk: &mut Desk, label: &str, detail: &str) {
        if let Some(leg) = self.caller.or_else(|| self.legs.keys().next().copied()) {
            desk.note(leg, label, detail);
        }
    }
}
