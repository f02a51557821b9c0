//! What there is, and what happens to it: spans that come and go, alarms, cards.

use super::DahdiDriver;
use crate::cards;
use crate::dchannel;
use crate::span::Span;
use crate::sysfs::{self, Device};
use demarc_hal::{DriverEvent, SpanId};
use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// Events that wait for their reader at most. One more of a kind says nothing new.
const WAITING: usize = 512;

impl DahdiDriver {
    /// Compares what is there with what was.
    pub(super) fn scan(&mut self) {
        // What these do is seen in a moment: the kernel tells when it has.
        cards::astribank::register(&self.paths.sys);
        sysfs::assign(&self.paths.sys);
        let mut found = BTreeMap::new();
        for span in sysfs::spans(&self.paths.sys) {
            if let Some(id) = self.numbering.number(span.device.identity(), span.port) {
                found.insert(id, span);
            }
        }
        let away: Vec<SpanId> = self.spans.values().filter(|span| span.present).map(|span| span.id).collect();
        for id in away {
            let still = found.get(&id).zip(self.spans.get(&id)).is_some_and(|(now, span)| *now == span.found);
            if !still {
                self.lose(id);
            }
        }
        for (id, span) in found {
            // A card that is being pulled out is still listed for a second.
            let known = self.spans.get(&id);
            if !known.is_some_and(|known| known.present || known.found.appearance == span.appearance) {
                self.spans.insert(id, Span::new(id, span, &self.control));
                self.prepare_analog(id);
                self.say(DriverEvent::Arrived(id));
            }
        }
        self.look_at_cards();
    }

    /// Looks at the cards again.
    fn look_at_cards(&mut self) {
        let mut devices: Vec<(Device, Vec<SpanId>)> =
            sysfs::devices(&self.paths.sys).into_iter().map(|device| (device, Vec::new())).collect();
        for span in self.spans.values().filter(|span| span.present) {
            let device = devices.iter_mut().find(|(device, _)| device.name == span.found.device.name);
            if let Some((_, spans)) = device {
                spans.push(span.id);
            }
        }
        if self.inventory.look(&self.paths, &devices) {
            self.say(DriverEvent::CardsChanged);
        }
    }

    /// A span's card has vanished.
    fn lose(&mut self, id: SpanId) {
        let Some(span) = self.spans.get_mut(&id).filter(|span| span.present) else { return };
        span.present = false;
        self.probes.get_mut().unwrap_or_else(PoisonError::into_inner).remove(&id);
        for slot in &span.channels {
            if let Some(copy) = slot.lent().take() {
                self.watch.forget(&*copy);
            }
        }
        self.say(DriverEvent::Gone(id));
    }

    fn say(&mut self, event: DriverEvent) {
        if !self.events.contains(&event) && self.events.len() < WAITING {
            self.events.push_back(event);
            self.watch.ring();
        }
    }

    /// Looks at the alarms of a span again.
    pub(super) fn look(&mut self, id: SpanId) {
        let Some(span) = self.spans.get_mut(&id).filter(|span| span.present) else { return };
        match self.control.span_info(span.found.number) {
            Ok(info) if info.alarms != span.alarms => {
                span.alarms = info.alarms;
                self.say(DriverEvent::AlarmsChanged(id));
            }
            Ok(_) => {}
            // The kernel knows the number no more.
            Err(_) => self.lose(id),
        }
    }

    /// Takes what has happened.
    pub(super) fn service(&mut self) {
        let news = self.watch.take();
        for id in self.spans.keys().copied().collect::<Vec<_>>() {
            if news.tick {
                self.look(id);
            }
            self.listen(id);
        }
        if news.hardware {
            self.scan();
        }
    }

    /// Takes the events of a span's D channel.
    fn listen(&mut self, id: SpanId) {
        let Some(span) = self.spans.get_mut(&id).filter(|span| span.present) else { return };
        let mut alarms = false;
        let mut vanished = false;
        for slot in &span.channels {
            let Some(copy) = slot.lent().clone().filter(|copy| !copy.lent.load(Ordering::Relaxed)) else {
                continue;
            };
            let news = dchannel::listen(&copy);
            span.bad_frames += news.bad_frames;
            alarms |= news.alarms;
            vanished |= news.gone;
        }
        if vanished {
            self.lose(id);
        } else if alarms {
            self.look(id);
        }
    }
}
