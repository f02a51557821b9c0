//! Digital spans.

use super::IsdnSettings;
use super::cas::{EmSettings, R2Settings};
use crate::finding::Setting;
use demarc_hal::{Framing, LineCode, Signalling, SpanId, SpanKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A digital span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// Its number: that of the hardware.
    pub id: SpanId,
    /// For people, 1–64 characters.
    pub name: String,
    /// Not used when false.
    pub enabled: bool,
    /// Our side of the interface.
    pub side: SpanSide,
    /// The switch's dialect.
    pub dialect: SpanDialect,
    /// Frame alignment.
    pub framing: Framing,
    /// Line code.
    pub line_code: LineCode,
    /// Clock priority: 0 = we are the master, 1 = first source …
    pub timing: u8,
    /// The called number may come digit by digit.
    pub overlap: bool,
    /// ISDN, when that is the signalling.
    #[serde(default)]
    pub isdn: IsdnSettings,
    /// What its timeslots are used for.
    #[serde(default)]
    pub signalling: Signalling,
    /// MFC/R2, when that is the signalling.
    #[serde(default)]
    pub r2: R2Settings,
    /// E&M, when that is the signalling.
    #[serde(default)]
    pub e_and_m: EmSettings,
    /// T1 line build-out, 0 (0–133 ft) to 7.
    #[serde(default)]
    pub build_out: u8,
    /// E1 or T1 on a card that does both; none = as the card is, or as the autopilot finds.
    #[serde(default)]
    pub line_mode: Option<SpanKind>,
    /// Settings that the autopilot leaves alone.
    #[serde(default)]
    pub pinned: BTreeSet<Setting>,
}

impl Span {
    /// Called numbers may cross it digit by digit: overlap sending and receiving (Q.931 §5.1.3, §5.2.4).
    pub fn takes_digits(&self) -> bool {
        self.overlap && self.signalling == Signalling::Isdn
    }
}

/// Our side of the interface (Q.921, Q.931).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SpanSide {
    /// Towards a telco.
    User,
    /// Towards a PBX.
    Network,
}

/// The switch's dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SpanDialect {
    /// ETSI EN 300 403.
    EuroIsdn,
    /// National ISDN 2.
    Ni2,
    /// National ISDN 1.
    Ni1,
    /// AT&T 5ESS custom.
    Att5ess,
    /// AT&T 4ESS.
    Att4ess,
    /// Nortel DMS-100.
    Dms100,
    /// ECMA-143 between PBXs.
    Qsig,
}
