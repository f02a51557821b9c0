//! What `dahdi_cfg` does, from our settings: a plan first, so that what cannot be is refused before
//! anything has changed.

use crate::span::{Slot, Span};
use crate::sys::Plain;
use crate::sys::abi::{ChanConfig, LAW_ALAW, LAW_MULAW, line, sig};
use demarc_hal::{
    Companding, Error, Framing, LineCode, LineSettings, PortKind, SpanKind, SpanSettings, StartMode,
};

/// Idle bits of a channel with channel-associated signalling: blocked (ITU-T Q.421: b = 1), until
/// somebody speaks for it.
const BLOCKED: i32 = 0b1101;

/// What a span is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub line: LinePlan,
    /// By slot.
    pub channels: Vec<(u8, Configured)>,
}

/// The arguments of `SPANCONFIG`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinePlan {
    pub lineconfig: i32,
    /// Bits that are left out where the card does not know them.
    pub optional: i32,
    pub lbo: i32,
    pub sync: i32,
}

/// The arguments of `CHANCONFIG`, and whether a canceller belongs to the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Configured {
    pub signalling: i32,
    pub law: i32,
    pub idle: i32,
    pub canceller: bool,
}

impl Configured {
    /// The arguments for the kernel's channel `number`.
    pub fn of(self, number: i32) -> ChanConfig {
        ChanConfig {
            chan: number,
            sigtype: self.signalling,
            deflaw: self.law,
            idlebits: self.idle,
            ..ChanConfig::zeroed()
        }
    }
}

/// What a digital span is set to.
///
/// # Errors
/// [`Error::Unsupported`].
pub fn plan(span: &Span, settings: &SpanSettings) -> Result<Plan, Error> {
    let line = line_plan(span.kind, settings)?;
    let law = law(span.companding);
    let channel = |slot: &Slot| {
        let port = settings.signalling.port(span.kind, slot.slot);
        Ok((slot.slot, channel(port, span.kind, slot.capability, law, &slot.settings)?))
    };
    let channels = span.channels.iter().map(channel).collect::<Result<_, Error>>()?;
    Ok(Plan { line, channels })
}

fn line_plan(kind: SpanKind, settings: &SpanSettings) -> Result<LinePlan, Error> {
    let common = match settings.signalling {
        demarc_hal::Signalling::Isdn | demarc_hal::Signalling::Bearers => line::CCS,
        _ => 0,
    };
    let framing = match (kind, settings.framing) {
        (SpanKind::E1, Framing::Crc4) => line::CRC4,
        (SpanKind::E1, Framing::Basic) | (SpanKind::Bri, _) => 0,
        (SpanKind::T1, Framing::Esf) => line::ESF,
        (SpanKind::T1, Framing::D4) => line::D4,
        (SpanKind::Analog, _) => return Err(Error::Unsupported("an analog span has no framing")),
        _ => return Err(Error::Unsupported("framing of another kind of span")),
    };
    let code = match (kind, settings.line_code) {
        (SpanKind::E1, LineCode::Hdb3) => line::HDB3,
        (SpanKind::T1, LineCode::B8zs) => line::B8ZS,
        (SpanKind::E1 | SpanKind::T1, LineCode::Ami) | (SpanKind::Bri, _) => line::AMI,
        _ => return Err(Error::Unsupported("line code of another kind of span")),
    };
    let optional = match kind {
        // A T1 has no place for it: channel-associated bits are robbed where a channel asks for them.
        SpanKind::T1 => 0,
        SpanKind::Bri => {
            let side = if settings.network { line::NTTE } else { 0 };
            let end = if settings.terminated { line::TERM } else { 0 };
            common | side | end
        }
        _ => common,
    };
    if kind == SpanKind::Bri && common == 0 {
        return Err(Error::Unsupported("a basic rate interface has no channel-associated signalling"));
    }
    if settings.build_out > 7 || (settings.build_out > 0 && kind != SpanKind::T1) {
        return Err(Error::Unsupported("that line build-out"));
    }
    Ok(LinePlan {
        lineconfig: framing | code | optional,
        optional,
        lbo: settings.build_out.into(),
        sync: settings.timing.into(),
    })
}

/// What one port is set to.
///
/// # Errors
/// [`Error::Unsupported`].
pub fn port(
    port: PortKind,
    kind: SpanKind,
    capability: i32,
    law: Companding,
    settings: &LineSettings,
) -> Result<Configured, Error> {
    channel(Some(port), kind, capability, self::law(law), settings)
}

/// The kernel's number of a law.
pub fn law(companding: Companding) -> i32 {
    match companding {
        Companding::ALaw => LAW_ALAW,
        Companding::MuLaw => LAW_MULAW,
    }
}

fn channel(
    port: Option<PortKind>,
    kind: SpanKind,
    capability: i32,
    law: i32,
    settings: &LineSettings,
) -> Result<Configured, Error> {
    let can = |signalling: i32| capability & signalling == signalling;
    let Some(port) = port else {
        return Ok(Configured { signalling: sig::NONE, law, idle: 0, canceller: false });
    };
    let signalling = match port {
        PortKind::Bearer => sig::CLEAR,
        // HDLC in the kernel wherever the octets can be had; a BRI card has a controller of its own.
        PortKind::DChannel if can(sig::CLEAR) && !(kind == SpanKind::Bri && can(sig::HARDHDLC)) => {
            sig::HDLCFCS
        }
        PortKind::DChannel => sig::HARDHDLC,
        PortKind::Cas => sig::CAS,
        PortKind::EAndM if kind == SpanKind::E1 && can(sig::EM_E1) => sig::EM_E1,
        PortKind::EAndM => sig::EM,
        PortKind::Fxs => match settings.start {
            StartMode::Kewl => sig::FXOKS,
            StartMode::Loop => sig::FXOLS,
            StartMode::Ground => sig::FXOGS,
        },
        PortKind::Fxo => match settings.start {
            StartMode::Kewl => sig::FXSKS,
            StartMode::Loop => sig::FXSLS,
            StartMode::Ground => sig::FXSGS,
        },
    };
    let known = if signalling == sig::HDLCFCS { sig::CLEAR } else { signalling };
    if !can(known) {
        return Err(Error::Unsupported(match port {
            PortKind::DChannel => "a D channel in that timeslot",
            PortKind::Fxo | PortKind::Fxs => "that kind of start on this port",
            _ => "that signalling on this card",
        }));
    }
    let idle = if port == PortKind::Cas { BLOCKED } else { 0 };
    Ok(Configured { signalling, law, idle, canceller: port != PortKind::DChannel })
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_hal::Signalling;

    fn line(kind: SpanKind, settings: SpanSettings) -> Result<i32, Error> {
        line_plan(kind, &settings).map(|plan| plan.lineconfig)
    }

    #[test]
    fn the_line_is_set_as_dahdi_cfg_would() {
        let (e1, t1) = (SpanSettings::of(SpanKind::E1), SpanSettings::of(SpanKind::T1));
        assert_eq!(line(SpanKind::E1, e1.clone()), Ok(line::CCS | line::HDB3 | line::CRC4));
        let r2 = SpanSettings { signalling: Signalling::R2, framing: Framing::Basic, ..e1.clone() };
        assert_eq!(line(SpanKind::E1, r2), Ok(line::HDB3));
        assert_eq!(line(SpanKind::T1, t1), Ok(line::ESF | line::B8ZS));
        let bri = SpanSettings { network: true, terminated: true, ..SpanSettings::of(SpanKind::Bri) };
        assert_eq!(line(SpanKind::Bri, bri), Ok(line::AMI | line::CCS | line::NTTE | line::TERM));
        assert!(line(SpanKind::T1, e1.clone()).is_err());
        assert!(line(SpanKind::Analog, e1.clone()).is_err());
        assert!(line(SpanKind::E1, SpanSettings { build_out: 1, ..e1 }).is_err());
    }

    #[test]
    fn channels_are_set_as_the_card_can() {
        let all = sig::CLEAR | sig::EM | sig::CAS | sig::FXOKS | sig::FXSKS;
        let set = |port, kind, capability| {
            channel(Some(port), kind, capability, LAW_ALAW, &LineSettings::default())
                .map(|set| set.signalling)
        };
        assert_eq!(set(PortKind::DChannel, SpanKind::E1, all), Ok(sig::HDLCFCS));
        assert_eq!(set(PortKind::DChannel, SpanKind::E1, all | sig::HARDHDLC), Ok(sig::HDLCFCS));
        assert_eq!(set(PortKind::DChannel, SpanKind::Bri, sig::HARDHDLC), Ok(sig::HARDHDLC));
        assert_eq!(set(PortKind::EAndM, SpanKind::E1, all), Ok(sig::EM));
        assert_eq!(set(PortKind::EAndM, SpanKind::E1, all | sig::EM_E1), Ok(sig::EM_E1));
        assert_eq!(set(PortKind::Fxo, SpanKind::Analog, sig::FXSKS), Ok(sig::FXSKS));
        assert!(set(PortKind::Fxs, SpanKind::Analog, sig::FXSKS).is_err());
        assert!(set(PortKind::DChannel, SpanKind::E1, sig::EM).is_err());
    }

    #[test]
    fn every_port_but_a_d_channel_has_a_canceller() {
        let set = |port| channel(port, SpanKind::T1, i32::MAX, LAW_MULAW, &LineSettings::default()).unwrap();
        for port in [PortKind::Bearer, PortKind::Cas, PortKind::EAndM, PortKind::Fxo, PortKind::Fxs] {
            assert!(set(Some(port)).canceller, "{port:?}");
        }
        assert!(!set(Some(PortKind::DChannel)).canceller && !set(None).canceller);
    }
}
