//! The configuration and the causes of the house in the words of the helper.

use demarc_model::Cause;
use demarc_model::config::{R2Category, R2Settings, R2Variant};
use demarc_r2::{CallMode, Category, ClearReason, Settings, Timers, Trouble, Variant};

/// How the helper of a span with MFC/R2 is to run its channels.
pub fn settings(r2: &R2Settings) -> Settings {
    Settings {
        variant: match r2.variant {
            R2Variant::Itu => Variant::Itu,
            R2Variant::Argentina => Variant::Argentina,
            R2Variant::Brazil => Variant::Brazil,
            R2Variant::China => Variant::China,
            R2Variant::Colombia => Variant::Colombia,
            R2Variant::Czech => Variant::Czech,
            R2Variant::Ecuador => Variant::Ecuador,
            R2Variant::Indonesia => Variant::Indonesia,
            R2Variant::Mexico => Variant::Mexico,
            R2Variant::Philippines => Variant::Philippines,
            R2Variant::Venezuela => Variant::Venezuela,
        },
        max_ani: r2.max_ani,
        max_dnis: r2.max_dnis,
        ani_first: r2.ani_first,
        skip_category: r2.skip_category,
        immediate_accept: r2.immediate_accept,
        timers: Timers {
            mf_back: r2.digit_timeout_ms.map(u32::from),
            metering_pulse: r2.metering_pulse_ms.map(u32::from),
            ..Timers::default()
        },
    }
}

/// What our callers are.
pub(super) fn category(r2: &R2Settings) -> Category {
    match r2.category {
        R2Category::National => Category::National,
        R2Category::NationalPriority => Category::NationalPriority,
        R2Category::International => Category::International,
        R2Category::InternationalPriority => Category::InternationalPriority,
        R2Category::Test => Category::Test,
    }
}

/// Who pays for a call that we take.
pub(super) fn mode(r2: &R2Settings) -> CallMode {
    if r2.charge_calls { CallMode::Charge } else { CallMode::NoCharge }
}

/// How an accepted call is hung up.
pub(super) fn hang_up(r2: &R2Settings) -> ClearReason {
    if r2.forced_release { ClearReason::ForcedRelease } else { ClearReason::Normal }
}

/// How a call ended that nobody hung up: a cause, and words for people.
pub(super) fn ended(trouble: Option<Trouble>) -> (Cause, Option<&'static str>) {
    match trouble {
        None => (Cause::NORMAL_CLEARING, None),
        Some(Trouble::NotIdle) => (Cause::REQUESTED_CIRCUIT_UNAVAILABLE, Some("the channel is not idle")),
        Some(Trouble::SeizeTimeout) => (Cause::DESTINATION_OUT_OF_ORDER, Some("no answer to the seizure")),
        Some(Trouble::LineSignal) => (Cause::TEMPORARY_FAILURE, Some("a line signal out of order")),
        Some(Trouble::RegisterSignal) => (Cause::TEMPORARY_FAILURE, Some("a register signal out of order")),
        Some(Trouble::RegisterTimeout) => (Cause::RECOVERY_ON_TIMER, Some("the far end stopped signalling")),
        Some(Trouble::Alarm) => (Cause::DESTINATION_OUT_OF_ORDER, Some("the span went down")),
        Some(Trouble::Internal) => (Cause::TEMPORARY_FAILURE, Some("openr2 failed")),
    }
}
