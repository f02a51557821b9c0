//! A call that set out before its number was whole: what is dialled goes on to the far end, until that
//! says that it is enough (Q.931 §5.1.3), or the caller has done.
//!
//! The caller is told to proceed no earlier: its side goes on collecting. When the trunk fails, the call
//! waits for the whole number and tries its trunks then, as any other.

use super::{Call, MAX_DIGITS, Stage};
use crate::desk::Desk;
use crate::leg::Leg;
use crate::route::{self, Decision, Target, Way};
use demarc_model::{Cause, LegCommand, LegId, Party};

impl Call {
    /// The number is not whole. Does it set out all the same?
    pub(super) fn sets_out(&mut self, desk: &mut Desk, first: bool) -> bool {
        let (Some(leg), Some(from), false) = (self.caller, self.from, self.patient) else { return false };
        if desk.crowded {
            return false;
        }
        let Some(Way { target: Target::Outside(outside), route, why }) =
            route::begun(&self.config, from, &self.digits)
        else {
            return false;
        };
        if first {
            desk.leg(LegCommand::NeedDigits { leg, dial_tone: false });
        }
        desk.note(leg, "Route", format!("{why}, digit by digit"));
        self.record.route = route;
        self.go_outside(desk, outside, true);
        true
    }

    /// It is on its way, and its number is not whole.
    pub(super) fn is_open(&self) -> bool {
        matches!(&self.stage, Stage::Outside(attempt) if attempt.is_open())
    }

    /// More of the number, while it is on its way.
    pub(super) fn dialled_on(&mut self, desk: &mut Desk, digits: &str, complete: bool) {
        let room = MAX_DIGITS.saturating_sub(self.digits.len());
        let digits: String = digits.chars().take(room).collect();
        self.digits.push_str(&digits);
        self.record.called.clone_from(&self.digits);
        let whole =
            complete || matches!(route::from_device(&self.config, &self.digits, false), Decision::Go(_));
        let Stage::Outside(attempt) = &mut self.stage else { return };
        let current = attempt.dialled_on(&digits);
        if let Some(leg) = current {
            desk.leg(LegCommand::MoreDigits { leg, digits, complete: whole });
        }
        if whole {
            self.is_whole(desk);
        }
    }

    /// The number is whole: the caller's side need not collect any more.
    pub(super) fn is_whole(&mut self, desk: &mut Desk) {
        let Stage::Outside(attempt) = &mut self.stage else { return };
        if !attempt.close() {
            return;
        }
        if let Some(Party::Device(device)) = self.from {
            self.remember_dialled(desk, device);
        }
        if let Some(leg) = self.caller {
            desk.leg(LegCommand::Proceed { leg });
        }
    }

    /// The trunk has failed before the number was whole, and another may do better.
    pub(super) fn waits_for_the_rest(&mut self, desk: &mut Desk, leg: &Leg, cause: Cause) {
        let on: LegId = self.caller.unwrap_or(leg.id);
        desk.note(
            on,
            "Retry",
            format!("trunk “{}” failed with cause {cause}: the whole number is awaited", leg.name),
        );
        self.patient = true;
        self.stage = Stage::Collecting;
    }
}
