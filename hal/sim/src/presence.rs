//! Cards that are pulled out and put back.

use crate::cable::End;
use crate::driver::{SimDriver, Wiring};
use crate::link::{Link, News};
use crate::pair::Pair;
use crate::signal::lock;
use demarc_hal::{DriverEvent, LineEvent, PortKind, SpanId};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Whether the card of a span is there, and which time it was put in: what was opened before it was
/// pulled stays dead.
#[derive(Debug, Default)]
pub(crate) struct Presence(AtomicU32);

impl Presence {
    /// Even while it is there.
    pub(crate) fn now(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn is_there(&self) -> bool {
        self.now().is_multiple_of(2)
    }

    /// True when that is news.
    fn set(&self, there: bool) -> bool {
        let now = self.now();
        now.is_multiple_of(2) != there && {
            self.0.store(now.wrapping_add(1), Ordering::Relaxed);
            true
        }
    }
}

/// The card of one span. Cloning gives another hand at the same card.
#[derive(Debug, Clone)]
pub struct SimCard {
    span: SpanId,
    presence: Arc<Presence>,
    leads: Vec<Lead>,
    news: Arc<News>,
}

/// What leads out of a card.
#[derive(Debug, Clone)]
enum Lead {
    Digital(Arc<Link>, End),
    Analog(Arc<Pair>, PortKind),
}

impl SimDriver {
    /// The card of a span, to pull it out and put it back; also after the driver was given away.
    pub fn card(&self, span: SpanId) -> Option<SimCard> {
        let own = self.span(span)?;
        let leads = match &own.wiring {
            Wiring::Digital { link, end } => vec![Lead::Digital(link.clone(), *end)],
            Wiring::Analog(pairs) => {
                let kind =
                    |slot: u8| own.info.ports.iter().find(|port| port.id.slot == slot).map(|port| port.kind);
                let lead = |(slot, pair): (&u8, &Arc<Pair>)| Some(Lead::Analog(pair.clone(), kind(*slot)?));
                pairs.iter().filter_map(lead).collect()
            }
        };
        Some(SimCard { span, presence: own.presence.clone(), leads, news: self.news.clone() })
    }
}

impl SimCard {
    /// Pulls the card out: [`DriverEvent::Gone`]. What is open on it is dead for good; the far ends of
    /// its cables see no signal, or no battery.
    pub fn pull(&self) {
        self.set(false, DriverEvent::Gone(self.span));
    }

    /// Puts it back: [`DriverEvent::Arrived`]. It has forgotten how it was set.
    pub fn insert(&self) {
        self.set(true, DriverEvent::Arrived(self.span));
    }

    fn set(&self, there: bool, event: DriverEvent) {
        if !self.presence.set(there) {
            return;
        }
        for lead in &self.leads {
            match lead {
                Lead::Digital(link, end) => digital(link, *end, there),
                Lead::Analog(pair, kind) => analog(pair, *kind, there),
            }
        }
        self.news.push(event);
    }
}

fn digital(link: &Link, end: End, there: bool) {
    link.change(|layer1| layer1.set_present(end, there));
    if !there {
        *lock(end.of(&link.hubs)) = None;
    }
}

fn analog(pair: &Pair, kind: PortKind, there: bool) {
    if !there {
        pair.tell(kind, LineEvent::Gone);
    }
    pair.set_present(kind, there);
}
