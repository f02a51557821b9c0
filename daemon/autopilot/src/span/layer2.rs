//! Our side of the interface, and the dialect.

use super::dialect::signs;
use super::{LONGEST_REST, SpanPilot, names};
use crate::words::SpanSetup;
use demarc_hal::{Signalling, SpanKind};
use demarc_isdn::{Dialect, Side};
use demarc_model::country::Confidence;
use demarc_model::{Grade, Instant, Setting};
use std::time::Duration;

/// How long layer 2 may take before the other side is tried, and what is added by chance so that two
/// autopilots do not change sides in step.
const ESTABLISH: Duration = Duration::from_secs(20);
const CHANCE: u64 = 10_000;
/// The same when the far end has said that it is on our side.
const COLLISION: u64 = 4_000;
/// Changes of side before the configured one gets its chance again, for longer.
const FLIPS: u32 = 4;

/// Control octet of SABME, the poll bit aside (Q.921 §3.6.2).
const SABME: u8 = 0x6F;

/// How far layer 2 has come.
#[derive(Debug, Default)]
pub(super) struct Layer2 {
    up: bool,
    /// When the other side is tried.
    flip_at: Option<Instant>,
    /// The far end has said that it is on our side.
    collision: bool,
    due: bool,
    flips: u32,
    rounds: u32,
}

impl Layer2 {
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.flip_at.filter(|_| !self.due)
    }

    pub(super) fn is_up(&self) -> bool {
        self.up
    }

    fn forget(&mut self) {
        (self.flip_at, self.due, self.collision) = (None, false, false);
    }
}

impl SpanPilot {
    pub(super) fn layer2_up(&mut self) {
        self.layer2 = Layer2 { up: true, ..Layer2::default() };
        self.proven = true;
        let Some(plan) = &self.plan else { return };
        let side = names::side(plan.side);
        let seen = format!("Layer 2 came up with us on the {side} side.");
        self.notes.note(Setting::Side, Some(side.to_owned()), (Grade::Read, Confidence::High), seen);
        if self.judge.is_open() {
            let seen = "Nothing was seen yet that tells dialects apart: this is the default.";
            let value = Some(names::dialect(plan.dialect).to_owned());
            self.notes.note(Setting::Dialect, value, (Grade::Country, Confidence::Low), seen);
        }
    }

    pub(super) fn layer2_down(&mut self, _now: Instant) {
        self.layer2 = Layer2::default();
    }

    /// A frame that came from the far end: whose command is it (Q.921 §3.3.2)?
    pub(super) fn on_lapd(&mut self, now: Instant, frame: &[u8]) {
        let [address, _, control, ..] = *frame else { return };
        if control & !0x10 != SABME || address & 1 != 0 {
            return;
        }
        let far = if address & 2 != 0 { Side::Network } else { Side::User };
        if self.plan.as_ref().is_some_and(|plan| plan.side == far) {
            self.same_side(now, far);
        } else {
            self.layer2.forget();
        }
    }

    pub(super) fn same_side(&mut self, now: Instant, far: Side) {
        if self.plan.as_ref().is_none_or(|plan| plan.side != far) || self.layer2.up {
            return;
        }
        let name = names::side(far);
        let seen = format!("The far end's SABME comes from the {name} side, and so would ours.");
        let value = Some(names::side(other(far)).to_owned());
        self.notes.note(Setting::Side, value, (Grade::Read, Confidence::Medium), seen);
        if !self.layer2.collision {
            self.layer2.collision = true;
            self.layer2.flip_at = Some(now + self.chance(COLLISION));
        }
    }

    pub(super) fn layer2_timeout(&mut self, now: Instant) {
        self.layer2.due = true;
        self.decide(now);
        if self.layer2.due {
            // Not now: a call, a pin, or layer 1 is not in order. There is another chance.
            self.layer2.forget();
        }
    }

    pub(super) fn decide_layer2(&mut self, now: Instant) {
        let Some(plan) = &mut self.plan else { return };
        if plan.settings.signalling != Signalling::Isdn || self.layer2.up {
            return self.layer2.forget();
        }
        if self.notes.is_pinned(Setting::Side) {
            return self.layer2.forget();
        }
        if !self.layer2.due {
            if self.layer2.flip_at.is_none() {
                let wait = ESTABLISH.saturating_mul(1 << self.layer2.rounds.min(5)).min(LONGEST_REST);
                self.layer2.flip_at = Some(now + wait + self.chance(CHANCE));
            }
            return;
        }
        if !self.layer2.collision {
            let name = names::side(plan.side);
            let seen = format!("With us on the {name} side, layer 2 did not come up.");
            self.notes.note(Setting::Side, None, (Grade::Probed, Confidence::Low), seen);
        }
        plan.side = other(plan.side);
        // On BRI the side is also who feeds the clock.
        plan.settings.network = plan.side == Side::Network;
        self.layer2.forget();
        self.layer2.flips += 1;
        if self.layer2.flips.is_multiple_of(FLIPS) {
            self.layer2.rounds += 1;
        }
    }

    pub(super) fn hear_dialect(&mut self, octets: &[u8]) {
        for sign in signs(octets) {
            self.judge.weigh(&sign);
            self.notes.remark(Setting::Dialect, sign.seen);
        }
    }

    pub(super) fn decide_dialect(&mut self) {
        let Some(plan) = &self.plan else { return };
        if self.judge.is_open() {
            return;
        }
        let choice = self.judge.choice(plan.dialect);
        let value = Some(names::dialect(choice).to_owned());
        let kept = self.setup.as_ref().is_some_and(|setup| default_dialect(plan.mode, setup) == choice);
        let change = choice != plan.dialect;
        if self.judge.is_sure() {
            let seen = format!("Only {} is like that.", names::spoken(choice));
            self.notes.note(Setting::Dialect, value, (Grade::Learnt, Confidence::High), seen);
        } else {
            let default = if kept { "the default is kept" } else { "the default is none of them" };
            let seen = format!("What was seen fits {}: {default}.", self.judge.words());
            let grade = if kept { Grade::Country } else { Grade::Learnt };
            let confidence = if kept { Confidence::Medium } else { Confidence::Low };
            self.notes.note(Setting::Dialect, value, (grade, confidence), seen);
        }
        if change
            && self.may(Setting::Dialect)
            && let Some(plan) = &mut self.plan
        {
            plan.dialect = choice;
        }
    }

    /// Up to so many milliseconds, from the seed.
    fn chance(&self, most: u64) -> Duration {
        let n = self.seed.wrapping_add(u64::from(self.layer2.flips) << 16).wrapping_add(1);
        // SplitMix64: seeds that differ by one give times that have nothing in common.
        let n = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Duration::from_millis((n ^ (n >> 31)) % most)
    }
}

fn other(side: Side) -> Side {
    match side {
        Side::User => Side::Network,
        Side::Network => Side::User,
    }
}

/// What is spoken in a line mode while nothing is known: the configured dialect where it is used there.
pub(super) fn default_dialect(mode: SpanKind, setup: &SpanSetup) -> Dialect {
    let configured = setup.plan.dialect;
    let used = match mode {
        SpanKind::T1 => configured != Dialect::EuroIsdn,
        _ => matches!(configured, Dialect::EuroIsdn | Dialect::Qsig),
    };
    let default = if mode == SpanKind::T1 { Dialect::Ni2 } else { Dialect::EuroIsdn };
    if used || setup.pinned.contains(&Setting::Dialect) { configured } else { default }
}
