//! The end of calls, from either side.

use super::{Span, cause};
use crate::rewrite::Rewrite;
use crate::sys::{Handle, RawEvent, clock};
use demarc_isdn::{CallRef, Event, Side};

/// How long the gateway may take to answer a DISCONNECT, in microseconds of [`clock`].
const DISCONNECT_GUARD: i64 = 10_000_000;
/// The same when the far end plays a tone: longer than its T306.
const TONE_GUARD: i64 = 60_000_000;

impl Span {
    pub(super) fn clear(&mut self, call: CallRef, cause: u8) {
        self.with(call, |span, call| {
            call.guard = None;
            let first = call.cause.is_none();
            call.cause.get_or_insert(cause);
            if call.in_band {
                // Becomes the RELEASE, see `rewrite`.
                if !std::mem::replace(&mut call.releasing, true) {
                    span.pri.information(call.handle, b'0');
                }
                return;
            }
            let (told, wish) = if !call.answered && !call.reference.ours {
                // With this cause libpri refuses a call.
                (88, Some(Rewrite::Refuse(cause)))
            } else if first && matches!(cause, 1 | 6 | 7 | 26 | 34 | 44 | 81 | 82 | 88) {
                (16, Some(Rewrite::Disconnect(cause)))
            } else {
                (cause, None)
            };
            if let Some(wish) = wish {
                span.rewrite(call.reference, Some(wish));
            }
            span.pri.hang_up(call.handle, told);
        });
    }

    pub(super) fn disconnect_in_band(&mut self, call: CallRef, cause: u8) {
        // A tone comes from the network, and only to a caller who has not hung up.
        let network = self.settings.side == Side::Network;
        let may = self.calls.get(call).is_some_and(|call| call.cause.is_none());
        if !network || !may {
            self.clear(call, cause);
            return;
        }
        self.with(call, |span, call| {
            if !call.answered {
                span.pri.proceeding(call.handle, span.channel(call), false);
                (call.answered, call.proceeding) = (true, true);
            }
            span.rewrite(call.reference, Some(Rewrite::InBand(cause)));
            (call.in_band, call.cause) = (true, Some(cause));
            span.pri.hang_up(call.handle, cause);
        });
    }

    pub(super) fn disconnected(&mut self, event: &RawEvent) {
        let Some(handle) = Handle::new(event.call) else { return };
        let cause = cause(event).unwrap_or(31);
        let Some(call) = self.calls.by_handle(handle) else {
            // Nobody else would answer it, and that would cost T305.
            self.pri.hang_up(handle, cause);
            return;
        };
        let in_band = self.tones.contains(&call.reference);
        self.tones.clear();
        call.cause.get_or_insert(cause);
        call.guard = Some(clock() + if in_band { TONE_GUARD } else { DISCONNECT_GUARD });
        self.out.push_back(Event::Disconnect { call: call.id, cause, in_band });
    }

    pub(super) fn hung_up(&mut self, event: &RawEvent) {
        let Some(handle) = Handle::new(event.call) else { return };
        let cause = cause(event).unwrap_or(31);
        // RELEASE COMPLETE if one is due; it frees the call. After HANGUP_ACK it is free already,
        // and then this does nothing.
        self.pri.hang_up(handle, cause);
        self.flush_frames();
        if let Some(id) = self.calls.by_handle(handle).map(|call| call.id) {
            self.finish(id, cause);
        }
    }

    /// Ends calls whose DISCONNECT the gateway left without an answer.
    pub(super) fn run_guards(&mut self) {
        let now = clock();
        let late: Vec<CallRef> = self
            .calls
            .iter()
            .filter(|call| call.guard.is_some_and(|guard| guard <= now))
            .map(|call| call.id)
            .collect();
        for id in late {
            self.warn("the gateway left a DISCONNECT without an answer");
            self.clear(id, 16);
        }
    }

    /// Ends calls that are over although libpri gave no event: it forgets a call after RELEASE
    /// COMPLETE without a word, and keeps one for ever that was given up before our first answer.
    pub(super) fn sweep(&mut self) {
        self.flush_frames();
        for (id, cause) in std::mem::take(&mut self.over) {
            if let Some(handle) = self.calls.get(id).map(|call| call.handle) {
                self.pri.destroy(handle);
                self.finish(id, cause);
            }
        }
        let calls: Vec<(CallRef, Handle)> = self.calls.iter().map(|call| (call.id, call.handle)).collect();
        for (id, handle) in calls {
            if !self.pri.is_valid(handle) {
                self.finish(id, 31);
            }
        }
    }

    /// The first cause of a call is its cause; `otherwise` is for calls that have none yet.
    pub(super) fn finish(&mut self, id: CallRef, otherwise: u8) {
        let Some((call, forgotten)) = self.calls.remove(id) else { return };
        if let Some(reference) = forgotten {
            self.rewrite(reference, None);
        }
        self.out.push_back(Event::Cleared { call: id, cause: call.cause.unwrap_or(otherwise) });
    }
}
