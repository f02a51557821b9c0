//! Cards: what is plugged into the machine, driven or not.

use crate::port::SpanId;
use serde::{Deserialize, Serialize};

/// A telephony card, or something that looks like one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Card {
    /// What names the card for good: `pci-0000:05:00.0`, `usb-X1040120`, and the like. The numbers
    /// of its spans hang on it.
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
    /// Model, for people: `Digium TE435`.
    pub model: String,
    /// The kernel driver that is bound to it.
    pub driver: Option<String>,
    /// How it does.
    pub state: CardState,
    /// Its spans; none until it works.
    pub spans: Vec<SpanId>,
}

/// Where a card is plugged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Bus {
    /// PCI or PCI Express.
    Pci,
    /// USB.
    Usb,
    /// No bus: made of software.
    Virtual,
}

/// How a card does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum CardState {
    /// Its spans can be used.
    Working,
    /// It is on its way: an Astribank that loads its firmware.
    Starting {
        /// What it does now, in words.
        stage: String,
    },
    /// Known, but nothing drives it.
    NotDriven {
        /// Why, in words.
        reason: String,
        /// What to do about it, in words.
        remedy: String,
    },
    /// Driven, but its firmware is missing or was refused.
    FirmwareMissing {
        /// Which file is wanted.
        file: String,
        /// What to do about it, in words.
        remedy: String,
    },
    /// Seen, but not supported.
    Unsupported {
        /// Why, in words.
        reason: String,
        /// What to do about it, in words.
        remedy: String,
    },
    /// It was there, and is not any more.
    Gone,
}
