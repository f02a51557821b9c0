//! What the switch thread shows to everybody else.

use arc_swap::ArcSwap;
use demarc_model::live::{Live, LiveEvent};
use std::sync::Arc;
use tokio::sync::broadcast;

/// How many events a slow watcher may be behind before it has to look at the whole again.
const EVENTS: usize = 256;

/// The gateway as it is now, and what changes.
#[derive(Debug)]
pub struct Shared {
    live: ArcSwap<Live>,
    events: broadcast::Sender<LiveEvent>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { live: ArcSwap::default(), events: broadcast::Sender::new(EVENTS) }
    }
}

impl Shared {
    /// As it is now.
    pub fn live(&self) -> Arc<Live> {
        self.live.load_full()
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
