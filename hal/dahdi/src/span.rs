//! A span as the driver keeps it.

use crate::channel::Channel;
use crate::configure::{self, Configured, LinePlan};
use crate::device::Control;
use crate::sys::abi::{ChanConfig, LAW_ALAW, LAW_DEFAULT, sig};
use crate::sysfs::FoundSpan;
use demarc_hal::{
    ChannelId, Companding, LineSettings, Maintenance, Port, PortKind, Signalling, SpanId, SpanInfo, SpanKind,
    SpanSettings,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// A span that is there, or was.
#[derive(Debug)]
pub struct Span {
    pub id: SpanId,
    pub found: FoundSpan,
    pub kind: SpanKind,
    pub companding: Companding,
    pub channels: Vec<Slot>,
    /// What its timeslots are used for; none until it was configured.
    pub signalling: Option<Signalling>,
    /// What `SPANCONFIG` was called with last.
    pub line: Option<LinePlan>,
    /// False when its card has vanished.
    pub present: bool,
    pub maintenance: Maintenance,
    /// Alarms when they were looked at last.
    pub alarms: i32,
    pub bad_frames: u64,
}

/// A channel of a span.
#[derive(Debug)]
pub struct Slot {
    /// From 1.
    pub slot: u8,
    /// The kernel's number.
    pub number: i32,
    /// What signalling it can be set to.
    pub capability: i32,
    /// What `CHANCONFIG` was called with last.
    pub configured: Option<Configured>,
    /// How its analog port is run.
    pub settings: LineSettings,
    /// Who has it open.
    pub open: Weak<Channel>,
    /// The copy of a descriptor that was handed out.
    pub lent: Mutex<Option<Arc<Channel>>>,
}

impl Span {
    /// Asks the kernel what a found span is made of.
    pub fn new(id: SpanId, found: FoundSpan, control: &Control) -> Self {
        let kind = kind(&found.kind, found.channels);
        let mut law = None;
        let channels = (1..=found.channels).filter_map(|slot| {
            let number = found.first + i32::from(slot) - 1;
            let params = control.params(number).ok()?;
            law = law.or(Some(params.curlaw));
            Some(Slot {
                slot,
                number,
                capability: params.sigcap,
                configured: None,
                settings: LineSettings::default(),
                open: Weak::new(),
                lent: Mutex::default(),
            })
        });
        let channels = channels.collect();
        let companding = match kind {
            SpanKind::E1 | SpanKind::Bri => Companding::ALaw,
            SpanKind::T1 => Companding::MuLaw,
            SpanKind::Analog if law == Some(LAW_ALAW) => Companding::ALaw,
            SpanKind::Analog => Companding::MuLaw,
        };
        let alarms = control.span_info(found.number).map_or(0, |info| info.alarms);
        Self {
            id,
            found,
            kind,
            companding,
            channels,
            signalling: None,
            line: None,
            present: true,
            maintenance: Maintenance::None,
            alarms,
            bad_frames: 0,
        }
    }

    /// What a channel is, as the span is configured.
    pub fn port(&self, slot: &Slot) -> Option<PortKind> {
        match self.kind {
            SpanKind::Analog => analog(slot.capability),
            kind => {
                let none = Signalling::default();
                self.signalling.as_ref().unwrap_or(&none).port(kind, slot.slot)
            }
        }
    }

    pub fn info(&self) -> SpanInfo {
        let port = |slot: &Slot| {
            let id = ChannelId { span: self.id, slot: slot.slot };
            self.port(slot).map(|kind| Port { id, kind })
        };
        let device = &self.found.device;
        let words = [device.manufacturer.as_str(), device.model.as_str(), self.found.name.as_str()];
        let mut name = String::new();
        for word in words {
            if !word.is_empty() && !name.contains(word) {
                if !name.is_empty() {
                    name.push(' ');
                }
                name.push_str(word);
            }
        }
        SpanInfo {
            id: self.id,
            name,
            kind: self.kind,
            companding: self.companding,
            ports: self.channels.iter().filter_map(port).collect(),
        }
    }

    /// The timeslot that signalling has by default.
    pub fn signalling_slot(&self) -> Option<&Slot> {
        let place = self.kind.d_slot()?;
        self.channels.iter().find(|slot| slot.slot == place)
    }

    /// What `CHANCONFIG` makes of the channels under these settings.
    pub fn plan(&self, settings: &SpanSettings) -> Result<configure::Plan, demarc_hal::Error> {
        configure::plan(self, settings)
    }
}

impl Slot {
    /// The copy of a descriptor that was handed out, if any.
    pub fn lent(&self) -> MutexGuard<'_, Option<Arc<Channel>>> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the channel is set to in the kernel.
    pub fn config(&self) -> ChanConfig {
        let none = Configured { signalling: sig::NONE, law: LAW_DEFAULT, idle: 0, canceller: false };
        self.configured.unwrap_or(none).of(self.number)
    }
}

/// The kind of a span from the kernel's words. A span of software says nothing but its channels.
fn kind(words: &str, channels: u8) -> SpanKind {
    match words {
        "E1" => SpanKind::E1,
        "T1" | "J1" => SpanKind::T1,
        "FXS" | "FXO" | "ANALOG_MIXED" => SpanKind::Analog,
        _ if words.starts_with("BRI") => SpanKind::Bri,
        _ => match channels {
            0..=3 => SpanKind::Bri,
            4..=24 => SpanKind::T1,
            _ => SpanKind::E1,
        },
    }
}

/// An analog port from what it can signal: FXS signalling is spoken by an FXO port.
fn analog(capability: i32) -> Option<PortKind> {
    let can = |signalling: i32| capability & signalling == signalling;
    if capability < 0 {
        // The sign is the mark of a broken port.
        return None;
    }
    if can(sig::FXOKS) || can(sig::FXOLS) {
        return Some(PortKind::Fxs);
    }
    (can(sig::FXSKS) || can(sig::FXSLS)).then_some(PortKind::Fxo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_names_the_kind() {
        assert_eq!(kind("J1", 24), SpanKind::T1);
        assert_eq!(kind("BRI_NT", 3), SpanKind::Bri);
        assert_eq!(kind("DYNAMIC", 31), SpanKind::E1);
        assert_eq!(kind("DYNAMIC", 24), SpanKind::T1);
        assert_eq!(kind("ANALOG_MIXED", 8), SpanKind::Analog);
    }

    #[test]
    fn ports_are_named_from_the_other_side() {
        assert_eq!(analog(sig::FXOKS | sig::FXOLS), Some(PortKind::Fxs));
        assert_eq!(analog(sig::FXSKS | sig::FXSLS), Some(PortKind::Fxo));
        assert_eq!(analog(0), None);
        assert_eq!(analog(i32::MIN | sig::FXOKS), None);
    }
}
