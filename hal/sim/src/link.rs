//! A digital cable: two spans, and who is told when one of them sees something new.

use crate::cable::End;
use crate::cas::Wires;
use crate::clock::SimClock;
use crate::dchannel::Hub;
use crate::fate::Fates;
use crate::layer1::Layer1;
use crate::signal::{Bell, lock};
use demarc_hal::{Alarm, DriverEvent, Error, Maintenance, SignallingSeen, SpanId, SpanKind, SpanStatus};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Two spans and what lies between them.
#[derive(Debug)]
pub(crate) struct Link {
    layer1: Mutex<Layer1>,
    clock: SimClock,
    /// What layer 1 says, where the audio can see it without a lock.
    carries: Arc<AtomicBool>,
    /// Who is told, by end. A span without a cable has nobody at its far end.
    watchers: Mutex<[Option<Watcher>; 2]>,
    /// The D channel's ends inside the cable.
    pub(crate) hubs: [Mutex<Option<Hub>>; 2],
    /// Channel-associated signalling.
    pub(crate) wires: Wires,
    /// What happens to the audio.
    pub(crate) fates: Arc<Fates>,
}

/// The driver of one end.
#[derive(Debug)]
pub(crate) struct Watcher {
    pub(crate) span: SpanId,
    pub(crate) news: Arc<News>,
}

impl Link {
    /// A span in the air.
    pub(crate) fn open(kind: SpanKind, clock: SimClock) -> Self {
        Self::new([kind, kind], false, [None, None], clock)
    }

    /// A cable, plugged in.
    pub(crate) fn cable(kinds: [SpanKind; 2], watchers: [Option<Watcher>; 2], clock: SimClock) -> Self {
        Self::new(kinds, true, watchers, clock)
    }

    fn new([a, b]: [SpanKind; 2], plugged: bool, watchers: [Option<Watcher>; 2], clock: SimClock) -> Self {
        let layer1 = Layer1::new(a, b, plugged, clock.now());
        Self {
            carries: Arc::new(AtomicBool::new(layer1.carries())),
            layer1: Mutex::new(layer1),
            clock,
            watchers: Mutex::new(watchers),
            hubs: [Mutex::new(None), Mutex::new(None)],
            wires: Wires::default(),
            fates: Arc::default(),
        }
    }

    /// The plug is in.
    pub(crate) fn is_plugged(&self) -> bool {
        lock(&self.layer1).plugged
    }

    /// Frames cross.
    pub(crate) fn carries(&self) -> bool {
        self.carries.load(Ordering::Relaxed)
    }

    /// Shared with the channels' audio.
    pub(crate) fn carrier(&self) -> &Arc<AtomicBool> {
        &self.carries
    }

    pub(crate) fn set_plugged(&self, plugged: bool) {
        self.change(|layer1| layer1.plugged = plugged);
    }

    /// Changes something, and tells whoever sees other alarms for it.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Layer1)) {
        let both = [End::A, End::B];
        let (before, after) = {
            let mut layer1 = lock(&self.layer1);
            layer1.settle(self.clock.now());
            let before = both.map(|end| layer1.alarms(end));
            change(&mut layer1);
            self.carries.store(layer1.carries(), Ordering::Relaxed);
            (before, both.map(|end| layer1.alarms(end)))
        };
        for end in both {
            if end.of(&before) != end.of(&after) {
                self.tell(end);
            }
        }
    }

    /// What the end sees now, worst first.
    pub(crate) fn alarms(&self, end: End) -> Vec<Alarm> {
        lock(&self.layer1).alarms(end)
    }

    pub(crate) fn signalling(&self, end: End) -> SignallingSeen {
        lock(&self.layer1).signalling(end)
    }

    /// What the end sees now and has counted.
    pub(crate) fn status(&self, end: End) -> SpanStatus {
        let mut layer1 = lock(&self.layer1);
        layer1.settle(self.clock.now());
        let counters = layer1.counters(end);
        SpanStatus {
            alarms: layer1.alarms(end),
            crc_errors: counters.crc_errors / 1000,
            far_crc_errors: counters.far_crc_errors / 1000,
            code_violations: counters.code_violations / 1000,
            bipolar_violations: counters.bipolar_violations / 1000,
            frame_errors: counters.frame_errors / 1000,
            slips: counters.slips / 1000,
            errored_seconds: counters.errored / 1000,
            maintenance: layer1.maintenance(end),
            ..SpanStatus::default()
        }
    }

    /// Loops the end, its far end, or neither.
    pub(crate) fn maintain(&self, end: End, maintenance: Maintenance) {
        let own = matches!(maintenance, Maintenance::LocalLoop | Maintenance::LoopUp);
        let far = matches!(maintenance, Maintenance::LineLoop | Maintenance::PayloadLoop);
        self.fates.set_looped(end, own);
        self.fates.set_looped(end.other(), far);
        self.change(|layer1| layer1.maintain(end, maintenance));
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

    /// Each event says "look again", so one that waits already is enough, and the later of two
    /// stands: the queue is three times as long as there are spans.
    pub(crate) fn push(&self, event: DriverEvent) {
        let mut events = lock(&self.events);
        let waits = events.contains(&event);
        match event {
            DriverEvent::AlarmsChanged(_) if waits => {}
            _ => {
                events.retain(|other| *other != event);
                events.push_back(event);
            }
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
