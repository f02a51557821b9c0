//! A line for an emergency call when there is none.

use crate::call::Call;
use demarc_model::config::TrunkId;
use demarc_model::{CallId, LegId};
use std::collections::BTreeMap;

/// Where a line for an emergency call comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// This leg is being cleared anyway: wait for it.
    Clearing(LegId),
    /// This call is to be ended, and this leg of it to be waited for.
    Preempt(CallId, LegId),
}

/// Finds a line on one of `trunks`: one that is being cleared and that no other emergency call
/// waits for (`awaited`), or else that of the youngest call, which is never an emergency call.
pub(crate) fn find(
    calls: &BTreeMap<CallId, Call>,
    trunks: &[TrunkId],
    awaited: &BTreeMap<LegId, CallId>,
) -> Option<Source> {
    let legs = || {
        let of = |call| Call::legs_on(call, trunks).map(move |(leg, live)| (call, leg, live));
        calls.values().rev().flat_map(of)
    };
    let clearing = legs().find(|(_, leg, live)| !live && !awaited.contains_key(leg));
    let youngest = || legs().find(|(call, _, live)| *live && !call.is_emergency());
    clearing
        .map(|(_, leg, _)| Source::Clearing(leg))
        .or_else(|| youngest().map(|(call, leg, _)| Source::Preempt(call.id(), leg)))
}
