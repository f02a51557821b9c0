//! B channels that the two ends see differently, and RESTART, which mends that (Q.931 §5.5).
//!
//! A channel is under suspicion when the far end never released a call on it, or says twice in a row
//! that it is busy (cause 44) while no call of ours is on it, or when our side forgot its calls (the
//! helper died). It is restarted, one channel after the other, and never one that a call is on; no
//! call is placed on one that the far end holds until the RESTART is acknowledged.
//!
//! Some switches ignore RESTART. The pause before the next one grows, and after a few it is given up:
//! the channel is tried with a call, for that is what is left to try. The alarm stays until one
//! succeeds.

use super::channels::BChannel;
use crate::desk::{Desk, Timer};
use demarc_isdn::Command;
use demarc_model::{ChannelId, Instant, SpanId};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often a channel is refused in a row before it is suspect: once may be a call of the far end
/// that crosses ours.
const STRIKES: u8 = 2;
/// Pauses after RESTARTs that nobody acknowledged, in minutes.
const PAUSES: [u64; 4] = [5, 15, 60, 240];
/// The helper tells when nobody acknowledged; should it not, this is the end of waiting: N316 times
/// the longest T316 that can be set is more, but no channel waits for hours.
const WAIT: Duration = Duration::from_secs(600);
/// The longest pause between two rounds over all idle channels: a week.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);
/// How long a channel that the far end does not have is left alone.
const ABSENT: Duration = Duration::from_secs(3600);
const RESTART: &str = "RESTART";

/// Why a channel is under suspicion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The far end never released a call.
    NeverReleased,
    /// The far end says that it is busy.
    BusyThere,
    /// The far end says that it does not exist.
    NoSuchChannel,
    /// Our side forgot the call on it.
    Forgotten,
    /// Somebody asked for a RESTART.
    Asked,
    /// It is its turn.
    Turn,
}

#[derive(Debug, Clone, Copy)]
struct Trouble {
    why: Why,
    step: Step,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// RESTART is sent then.
    Due(Instant),
    /// RESTART was sent; nobody will answer after that.
    Sent(Instant),
    /// Nobody answers RESTART here: a call decides.
    OnProbation,
}

/// The suspects of a span.
#[derive(Debug, Default)]
pub(crate) struct Restarts {
    strikes: BTreeMap<ChannelId, u8>,
    troubles: BTreeMap<ChannelId, Trouble>,
    /// RESTARTs in a row without acknowledgement.
    unanswered: usize,
    /// The next round over all idle channels.
    round: Option<Instant>,
}

impl Restarts {
    /// A channel is under suspicion.
    pub(crate) fn suspect(&mut self, desk: &mut Desk, id: ChannelId, why: Why) {
        if why != Why::Asked && self.troubles.contains_key(&id) {
            return;
        }
        let now = desk.now.mono;
        let step = match why {
            Why::Asked => Step::Due(now),
            Why::NoSuchChannel => Step::Due(now + ABSENT),
            _ => match self.pause() {
                Some(pause) => Step::Due(now + pause),
                None => Step::OnProbation,
            },
        };
        if matches!((why, step), (Why::Turn | Why::Forgotten, Step::OnProbation)) {
            return;
        }
        self.troubles.insert(id, Trouble { why, step });
        desk.changed();
    }

    /// The far end refused a call on a channel without having said anything about the call before.
    pub(crate) fn refused(&mut self, desk: &mut Desk, id: ChannelId, exists: bool) {
        let strikes = self.strikes.entry(id).or_default();
        *strikes = strikes.saturating_add(1);
        if *strikes >= STRIKES {
            self.strikes.remove(&id);
            let why = if exists { Why::BusyThere } else { Why::NoSuchChannel };
            if let Some(trouble) = self.troubles.get(&id)
                && matches!(trouble.step, Step::OnProbation)
            {
                self.troubles.remove(&id);
            }
            self.suspect(desk, id, why);
        }
    }

    /// Both ends agree about a channel: there is a call on it, or it was restarted.
    pub(crate) fn agreed(&mut self, desk: &mut Desk, id: ChannelId) {
        self.strikes.remove(&id);
        if self.troubles.remove(&id).is_some() {
            desk.changed();
        }
    }

    /// RESTART was acknowledged.
    pub(crate) fn acknowledged(&mut self, desk: &mut Desk, id: ChannelId) {
        self.unanswered = 0;
        self.agreed(desk, id);
    }

    /// Nobody acknowledged RESTART.
    pub(crate) fn timed_out(&mut self, desk: &mut Desk, id: ChannelId) {
        let Some(trouble) = self.troubles.get(&id).copied() else { return };
        if !matches!(trouble.step, Step::Sent(_)) {
            return;
        }
        self.unanswered = self.unanswered.saturating_add(1);
        desk.changed();
        match trouble.why {
            Why::Asked => {
                self.troubles.remove(&id);
            }
            Why::Turn | Why::Forgotten => {
                self.troubles.retain(|_, other| !matches!(other.why, Why::Turn | Why::Forgotten));
            }
            Why::NeverReleased | Why::BusyThere | Why::NoSuchChannel => {
                let step = match self.pause() {
                    Some(pause) => Step::Due(desk.now.mono + pause),
                    None => Step::OnProbation,
                };
                self.troubles.insert(id, Trouble { step, ..trouble });
            }
        }
    }

    /// The helper is gone: what it was told to do is told again.
    pub(crate) fn helper_gone(&mut self, desk: &Desk) {
        for trouble in self.troubles.values_mut() {
            if matches!(trouble.step, Step::Sent(_)) {
                trouble.step = Step::Due(desk.now.mono);
            }
        }
    }

    /// Channels that are not there any more.
    pub(crate) fn retain(&mut self, exists: impl Fn(ChannelId) -> bool) {
        self.troubles.retain(|id, _| exists(*id));
        self.strikes.retain(|id, _| exists(*id));
    }

    /// Every idle channel has its turn each `every`; never when there is none.
    pub(crate) fn set_round(&mut self, desk: &Desk, every: Option<Duration>) {
        self.round = every.map(|every| desk.now.mono + self.stretched(every));
    }

    /// Does what is due, while the D channel works. `idle`: the channels without a call.
    pub(crate) fn work(&mut self, desk: &mut Desk, span: SpanId, every: Option<Duration>, idle: &[BChannel]) {
        let now = desk.now.mono;
        if self.round.is_some_and(|at| at <= now) {
            for channel in idle {
                self.suspect(desk, channel.id, Why::Turn);
            }
            self.set_round(desk, every);
        }
        let late = |trouble: &Trouble| matches!(trouble.step, Step::Sent(until) if until <= now);
        let late: Vec<ChannelId> =
            self.troubles.iter().filter(|(_, trouble)| late(trouble)).map(|(id, _)| *id).collect();
        for id in late {
            self.timed_out(desk, id);
        }
        // One at a time: there is one global call reference for all of them (Q.931 §5.5.1).
        while !self.troubles.values().any(|trouble| matches!(trouble.step, Step::Sent(_))) {
            let due = |trouble: &Trouble| matches!(trouble.step, Step::Due(at) if at <= now);
            let Some((id, trouble)) = self.troubles.iter().find(|(_, trouble)| due(trouble)) else { return };
            let (id, why) = (*id, trouble.why);
            let Some(channel) = idle.iter().find(|channel| channel.id == id) else {
                // A call is on it, so it works.
                self.troubles.remove(&id);
                continue;
            };
            if why == Why::NoSuchChannel {
                // RESTART makes no channel: a call finds out whether there is one now.
                self.troubles.remove(&id);
                continue;
            }
            self.troubles.insert(id, Trouble { why, step: Step::Sent(now + WAIT) });
            let (interface, slot) = (channel.interface, id.slot);
            desk.isdn(span, Command::Restart { interface, slot });
            desk.changed();
        }
    }

    /// When [`Restarts::work`] has something to do.
    pub(crate) fn poll_timeout(&self) -> Timer {
        let sent = self.troubles.values().any(|trouble| matches!(trouble.step, Step::Sent(_)));
        let steps = self.troubles.values().filter_map(|trouble| match trouble.step {
            Step::Sent(until) => Some(until),
            Step::Due(at) if !sent => Some(at),
            Step::Due(_) | Step::OnProbation => None,
        });
        steps.chain(self.round).min().map(|at| (at, RESTART))
    }

    /// No call is placed on it.
    pub(crate) fn blocks(&self, id: ChannelId) -> bool {
        self.troubles.get(&id).is_some_and(|trouble| match trouble.step {
            Step::OnProbation => false,
            Step::Sent(_) => true,
            // Nothing speaks against these yet: when the switch ignores RESTART, one after the other would
            // be gone for minutes.
            Step::Due(_) => !matches!(trouble.why, Why::Turn | Why::Forgotten),
        })
    }

    /// What is wrong with a channel, in words.
    pub(crate) fn alarm(&self, id: ChannelId) -> Option<&'static str> {
        let trouble = self.troubles.get(&id)?;
        Some(match (trouble.step, trouble.why) {
            (_, Why::NoSuchChannel) => "the far end says that this channel does not exist",
            (Step::Sent(_), _) => "the channel is being restarted",
            (Step::OnProbation, _) => "stuck: the far end does not answer RESTART; the next call is a trial",
            (_, Why::NeverReleased) => "stuck: the far end never released the last call",
            (_, Why::BusyThere) => "stuck: the far end says that it is busy, but no call is on it",
            (_, Why::Forgotten | Why::Asked | Why::Turn) => "the channel is about to be restarted",
        })
    }

    /// The pause that is due after what was not acknowledged; none when that was enough.
    fn pause(&self) -> Option<Duration> {
        match self.unanswered.checked_sub(1) {
            None => Some(Duration::ZERO),
            Some(n) => PAUSES.get(n).map(|minutes| Duration::from_secs(60 * minutes)),
        }
    }

    fn stretched(&self, every: Duration) -> Duration {
        let factor = 1_u32 << self.unanswered.min(10);
        every.saturating_mul(factor).min(LONGEST).max(every)
    }
}
