//! A digital cable: layer 1 of two spans.

use crate::cable::End;
use crate::dchannel::Hub;
use crate::signal::{Bell, lock};
use demarc_hal::{Alarm, DriverEvent, Error, SpanId};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Two spans and what lies between them.
#[derive(Debug)]
pub(crate) struct Link {
    plugged: Arc<AtomicBool>,
    /// What was injected, by end.
    alarms: Mutex<[Option<Alarm>; 2]>,
    /// Who is told, by end. A span without a cable has nobody at its far end.
    watchers: Mutex<[Option<Watcher>; 2]>,
    /// The D channel's ends inside the cable.
    pub(crate) hubs: [Mutex<Option<Hub>>; 2],
}

/// The driver of one end.
#[derive(Debug)]
pub(crate) struct Watcher {
    pub(crate) span: SpanId,
    pub(crate) news: Arc<News>,
}

impl Link {
    pub(crate) fn new(plugged: bool, a: Option<Watcher>, b: Option<Watcher>) -> Self {
        Self {
            plugged: Arc::new(AtomicBool::new(plugged)),
            alarms: Mutex::new([None, None]),
            watchers: Mutex::new([a, b]),
            hubs: [Mutex::new(None), Mutex::new(None)],
        }
    }

    pub(crate) fn is_plugged(&self) -> bool {
        self.plugged.load(Ordering::Relaxed)
    }

    /// Shared with the channels' audio.
    pub(crate) fn plug(&self) -> &Arc<AtomicBool> {
        &self.plugged
    }

    pub(crate) fn set_plugged(&self, plugged: bool) {
        if self.plugged.swap(plugged, Ordering::Relaxed) != plugged {
            self.tell(End::A);
            self.tell(End::B);
        }
    }

    pub(crate) fn set_alarm(&self, end: End, alarm: Option<Alarm>) {
        let before = {
            let mut alarms = lock(&self.alarms);
            let [a, b] = &mut *alarms;
            std::mem::replace(if end == End::A { a } else { b }, alarm)
        };
        if before != alarm {
            self.tell(end);
        }
    }

    /// What the end sees now, worst first.
    pub(crate) fn alarms(&self, end: End) -> Vec<Alarm> {
        let injected = *end.of(&lock(&self.alarms));
        let unplugged = (!self.is_plugged()).then_some(Alarm::Red);
        let mut alarms: Vec<Alarm> = unplugged.into_iter().chain(injected).collect();
        alarms.dedup();
        alarms
    }

    fn tell(&self, end: End) {
        if let Some(watcher) = end.of(&lock(&self.watchers)) {
            watcher.news.push(DriverEvent::AlarmsChanged(watcher.span));
        }
    }
}

/// What a driver has to tell.
#[derive(Debug)]
pub(crate) struct News {
    events: Mutex<VecDeque<DriverEvent>>,
    bell: Bell,
}

impl News {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self { events: Mutex::new(VecDeque::new()), bell: Bell::new()? })
    }

    /// Each event says "look again", so one that waits already is enough: the queue is as long as
    /// there are spans.
    pub(crate) fn push(&self, event: DriverEvent) {
        let mut events = lock(&self.events);
        if !events.contains(&event) {
            events.push_back(event);
        }
        self.bell.ring();
    }

    pub(crate) fn pop(&self) -> Option<DriverEvent> {
        let mut events = lock(&self.events);
        let event = events.pop_front();
        if events.is_empty() {
            self.bell.hush();
        }
        event
    }

    pub(crate) fn bell(&self) -> &Bell {
        &self.bell
    }
}
