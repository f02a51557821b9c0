//! What a caller who listens to us hears when the call has failed.

use demarc_model::country::special_information;
use demarc_model::media::{Source, Tone};
use demarc_model::{Cause, Country};

/// The tone that explains `cause`. Busy tone also follows a normal end: a telephone that stays off
/// hook is told to hang up.
pub(crate) fn of_cause(country: Country, cause: Cause) -> Source {
    let plan = country.plan();
    Source::Tone(match cause {
        Cause::UNALLOCATED_NUMBER
        | Cause::NO_ROUTE_TO_TRANSIT
        | Cause::NO_ROUTE_TO_DESTINATION
        | Cause::SPECIAL_INFORMATION_TONE
        | Cause::NUMBER_CHANGED
        | Cause::INVALID_NUMBER_FORMAT => special_information(),
        Cause::NORMAL_CLEARING
        | Cause::USER_BUSY
        | Cause::NO_USER_RESPONDING
        | Cause::NO_ANSWER
        | Cause::SUBSCRIBER_ABSENT
        | Cause::CALL_REJECTED
        | Cause::NORMAL_UNSPECIFIED => plan.busy.tone(),
        _ => plan.congestion.tone(),
    })
}

/// Is there a tone that says more than silence does? After a normal end or an unanswered ring
/// there is not.
pub(crate) fn explains(cause: Cause) -> bool {
    !matches!(
        cause,
        Cause::NORMAL_CLEARING | Cause::NO_USER_RESPONDING | Cause::NO_ANSWER | Cause::NORMAL_UNSPECIFIED
    )
}

/// Dial tone.
pub(crate) fn dial(country: Country) -> Source {
    Source::Tone(Tone::from(&country.plan().dial))
}

/// Ringback tone.
pub(crate) fn ringback(country: Country) -> Source {
    Source::Tone(Tone::from(&country.plan().ringback))
}
