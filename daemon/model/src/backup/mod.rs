//! A backup of a gateway: its whole configuration, and the hardware that it was configured for, so that
//! another unit finds for each span, line and telephone the port of its own that is meant.
//!
//! [`propose`] says what goes where, [`relocate`] makes the configuration for this unit of it. Both are
//! functions of what they are given.

mod cards;
mod mapping;
mod network;
mod relocate;

pub use mapping::{
    Choice, ChoiceFault, Configured, ConfiguredNoun, Move, MoveReason, Place, PortNeed, propose,
};
pub use network::keep_network;
pub use relocate::{NOWHERE, relocate};

use crate::Config;
use crate::learned::Known;
use demarc_hal::{Bus, Card, PortKind, SpanId, SpanKind};
use serde::{Deserialize, Serialize};

/// The version of this form of backup; a higher one comes from a newer gateway.
pub const FORMAT: u32 = 1;

/// What a backup holds: all that a new unit needs. The administrator's password, sessions, tokens and the
/// private keys of certificates belong to the unit and are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// [`FORMAT`].
    pub format: u32,
    /// Whose it is.
    pub unit: BackupUnit,
    /// The hardware of the unit.
    pub hardware: Vec<PlacedSpan>,
    /// The whole configuration, with its passwords. What the administrator has pinned against the autopilot
    /// is part of it.
    pub config: Config,
    /// What its lines were seen to do, by their numbers, which stay the same wherever a line goes. None in a
    /// backup of a gateway that did not put it in yet; one that does not know this passes it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learned: Option<Known>,
}

/// The unit that made a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BackupUnit {
    /// The site's name.
    pub name: String,
    /// Its name in the network.
    pub hostname: String,
    /// The hardware addresses of its network interfaces, as on its label; empty where the operating system
    /// is not ours.
    #[serde(default)]
    pub macs: Vec<String>,
    /// The version of the gateway that wrote it.
    pub version: String,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: u64,
}

/// A span of a unit, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlacedSpan {
    /// Its number.
    pub id: SpanId,
    /// The card and port, for people.
    pub name: String,
    /// What it carries.
    pub kind: SpanKind,
    /// Its channels, in order.
    pub ports: Vec<PlacedPort>,
    /// Its card; none when it has none, as simulated ones.
    pub card: Option<PlacedCard>,
    /// Which span of the card it is, from 1.
    pub port: u16,
}

/// A channel of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlacedPort {
    /// Timeslot or port number, from 1.
    pub slot: u8,
    /// What it is.
    pub kind: PortKind,
}

/// The card of a span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlacedCard {
    /// What names the card for good.
    pub id: String,
    /// Which bus it is on.
    pub bus: Bus,
    /// Vendor, from the bus.
    pub vendor: u16,
    /// Device, from the bus.
    pub device: u16,
    /// Subsystem vendor; 0 when the bus has none.
    pub subvendor: u16,
    /// Subsystem device; 0 when the bus has none.
    pub subdevice: u16,
    /// Model, for people.
    pub model: String,
}

impl PlacedSpan {
    /// A span as the hardware has it, with its card of `cards`.
    pub fn new(id: SpanId, name: String, kind: SpanKind, ports: Vec<PlacedPort>, cards: &[Card]) -> Self {
        let found = cards.iter().find_map(|card| {
            let at = card.spans.iter().position(|span| *span == id)?;
            Some((card, u16::try_from(at).ok()?.checked_add(1)?))
        });
        let (card, port) = match found {
            Some((card, port)) => (Some(PlacedCard::of(card)), port),
            None => (None, 1),
        };
        Self { id, name, kind, ports, card, port }
    }
}

impl PlacedCard {
    fn of(card: &Card) -> Self {
        Self {
            id: card.id.clone(),
            bus: card.bus,
            vendor: card.vendor,
            device: card.device,
            subvendor: card.subvendor,
            subdevice: card.subdevice,
            model: card.model.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
