//! What the switch thread shows to everybody else.

use arc_swap::ArcSwap;
use demarc_hal::{Card, SpanInfo};
use demarc_model::Finding;
use demarc_model::live::{Live, LiveEvent};
use std::sync::Arc;
use tokio::sync::broadcast;

/// How many events a slow watcher may be behind before it has to look at the whole again.
const EVENTS: usize = 256;

/// The gateway as it is now, and what changes.
#[derive(Debug)]
pub struct Shared {
    live: ArcSwap<Live>,
    hardware: ArcSwap<Found>,
    findings: ArcSwap<Vec<Finding>>,
    events: broadcast::Sender<LiveEvent>,
}

/// The cards as they were found last.
#[derive(Debug, Default)]
pub struct Found {
    /// Every span with its ports.
    pub spans: Vec<SpanInfo>,
    /// Every card.
    pub cards: Vec<Card>,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            live: ArcSwap::default(),
            hardware: ArcSwap::default(),
            findings: ArcSwap::default(),
            events: broadcast::Sender::new(EVENTS),
        }
    }
}

impl Shared {
    /// As it is now.
    pub fn live(&self) -> Arc<Live> {
        self.live.load_full()
    }

    /// The cards as they were found last.
    pub fn hardware(&self) -> Arc<Found> {
        self.hardware.load_full()
    }

    /// Shows what cards there are now.
    pub fn found(&self, spans: Vec<SpanInfo>, cards: Vec<Card>) {
        self.hardware.store(Arc::new(Found { spans, cards }));
    }

    /// What the autopilot has found out.
    pub fn findings(&self) -> Arc<Vec<Finding>> {
        self.findings.load_full()
    }

    /// Shows what was found out.
    pub fn found_out(&self, findings: Vec<Finding>) {
        self.findings.store(Arc::new(findings));
    }

    /// What changes from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<LiveEvent> {
        self.events.subscribe()
    }

    /// Shows a new state and tells the watchers what is different.
    pub fn publish(&self, live: Live) {
        let former = self.live.swap(Arc::new(live));
        if self.events.receiver_count() > 0 {
            for event in demarc_node::watch::changes(&former, &self.live.load()) {
                self.tell(event);
            }
        }
    }

    /// Tells the watchers something.
    pub fn tell(&self, event: LiveEvent) {
        // It fails when nobody watches.
        let _ = self.events.send(event);
    }
}
