//! Values as the configuration writes them, and as people read them.

use demarc_hal::{Framing, LineCode, Signalling, SpanKind};
use demarc_isdn::{Dialect, Side};

pub(super) fn mode(mode: SpanKind) -> &'static str {
    match mode {
        SpanKind::E1 => "e1",
        SpanKind::T1 => "t1",
        SpanKind::Bri => "bri",
        SpanKind::Analog => "analog",
    }
}

pub(super) fn framing(framing: Framing) -> &'static str {
    match framing {
        Framing::Crc4 => "crc4",
        Framing::Basic => "basic",
        Framing::Esf => "esf",
        Framing::D4 => "d4",
    }
}

pub(super) fn code(code: LineCode) -> &'static str {
    match code {
        LineCode::Hdb3 => "hdb3",
        LineCode::B8zs => "b8zs",
        LineCode::Ami => "ami",
    }
}

pub(super) fn signalling(signalling: &Signalling) -> &'static str {
    match signalling {
        Signalling::Isdn => "isdn",
        Signalling::Bearers => "bearers",
        Signalling::R2 => "r2",
        Signalling::EAndM => "e_and_m",
        Signalling::ChannelBank(_) => "channel_bank",
    }
}

pub(super) fn side(side: Side) -> &'static str {
    match side {
        Side::User => "user",
        Side::Network => "network",
    }
}

pub(super) fn dialect(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::EuroIsdn => "euro_isdn",
        Dialect::Ni2 => "ni2",
        Dialect::Ni1 => "ni1",
        Dialect::Att5ess => "att5ess",
        Dialect::Att4ess => "att4ess",
        Dialect::Dms100 => "dms100",
        Dialect::Qsig => "qsig",
    }
}

/// For sentences.
pub(super) fn spoken(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::EuroIsdn => "EuroISDN",
        Dialect::Ni2 => "NI-2",
        Dialect::Ni1 => "NI-1",
        Dialect::Att5ess => "5ESS",
        Dialect::Att4ess => "4ESS",
        Dialect::Dms100 => "DMS-100",
        Dialect::Qsig => "QSIG",
    }
}
