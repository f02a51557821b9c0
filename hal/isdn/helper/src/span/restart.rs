//! RESTART both ways (Q.931 §5.5). libpri knows one RESTART of ours at a time and says nothing when
//! it gives up: they wait for one another here, and T316 is watched.

use super::{Channel, Span};
use crate::convert::{self, N316, T316_MS};
use crate::sys::{Handle, RawEvent, clock};
use demarc_isdn::{CallRef, Event, Interface};
use std::collections::VecDeque;

/// How many wait: all channels of a large group.
const MOST: usize = 512;
/// How long after libpri's last T316 it is over, in microseconds.
const GRACE: i64 = 50_000;

/// Our RESTARTs.
#[derive(Debug, Default)]
pub struct Restarts {
    /// On its way, and when it is given up.
    current: Option<(Channel, i64)>,
    waiting: VecDeque<Channel>,
}

impl Restarts {
    /// When the current one is given up.
    pub fn deadline(&self) -> Option<i64> {
        self.current.map(|(_, until)| until)
    }
}

impl Span {
    /// Sends RESTART, when those before it are over.
    pub(super) fn restart(&mut self, channel: Channel) {
        let known = self.restarts.waiting.contains(&channel)
            || self.restarts.current.is_some_and(|(current, _)| current == channel);
        if known {
            return;
        }
        // There is no RESTART on a bus, and none can be acknowledged without layer 2.
        let bus = self.settings.interface == Interface::BriPtmp;
        if !self.up || bus || self.restarts.waiting.len() >= MOST {
            self.out.push_back(timeout(channel));
            return;
        }
        self.restarts.waiting.push_back(channel);
        self.next_restart();
    }

    fn next_restart(&mut self) {
        while self.restarts.current.is_none() {
            let Some(channel) = self.restarts.waiting.pop_front() else { return };
            let timers = self.settings.timers;
            let t316 = i64::from(timers.t316_ms.unwrap_or(T316_MS).clamp(100, 3_600_000)) * 1000;
            let times = i64::from(timers.n316.unwrap_or(N316).clamp(1, 10));
            if self.pri.restart(convert::channel(channel, self.settings.nfas.is_some())) {
                self.restarts.current = Some((channel, clock() + t316 * times + GRACE));
            } else {
                self.out.push_back(timeout(channel));
            }
        }
    }

    /// The far end acknowledged: the calls on that channel are over at both ends.
    pub(super) fn restart_acked(&mut self, channel: Option<Channel>) {
        let Some((current, _)) = self.restarts.current else { return };
        if channel.is_some_and(|channel| channel != current) {
            return;
        }
        self.restarts.current = None;
        self.cut(|channel| channel == current);
        let Channel { interface, slot } = current;
        self.out.push_back(Event::RestartAcked { interface, slot });
        self.next_restart();
    }

    /// Gives up a RESTART that nobody acknowledged.
    pub(super) fn run_restarts(&mut self) {
        if let Some((channel, until)) = self.restarts.current
            && until <= clock()
        {
            self.restarts.current = None;
            self.out.push_back(timeout(channel));
            self.next_restart();
        }
    }

    /// The far end restarted a channel or an interface; libpri has acknowledged.
    pub(super) fn restarted(&mut self, link: usize, event: &RawEvent) {
        let interface = self.interface_of(link, event);
        let channel = self.channel_of(link, event);
        self.cut(|at| match channel {
            Some(channel) => at == channel,
            None => at.interface == interface,
        });
        let slot = channel.map(|channel| channel.slot);
        self.out.push_back(Event::Restarted { interface, slot });
    }

    /// Ends calls by their channels, without a word to the far end.
    fn cut(&mut self, is: impl Fn(Channel) -> bool) {
        let cut: Vec<(CallRef, Handle)> = self
            .calls
            .iter()
            .filter(|call| call.channel.slot != 0 && is(call.channel))
            .map(|call| (call.id, call.handle))
            .collect();
        for (id, handle) in cut {
            self.pri.destroy(handle);
            self.finish(id, 41);
        }
    }
}

fn timeout(channel: Channel) -> Event {
    let Channel { interface, slot } = channel;
    Event::RestartTimeout { interface, slot }
}
