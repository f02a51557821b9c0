//! What holds for the whole gateway.

use super::FeatureCode;
use crate::Country;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};

/// What holds for the whole gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct System {
    /// The site's name, 1–64 characters.
    pub name: String,
    /// Tones, caller identity and number plan.
    pub country: Country,
    /// The area code without trunk prefix, for local numbers: `20` for London; may be empty.
    #[serde(default)]
    pub area_code: String,
    /// Emergency numbers beside those of the country.
    #[serde(default)]
    pub emergency_numbers: Vec<String>,
    /// How long a called party is rung before the call fails with cause 19, in seconds (5–300).
    pub ring_timeout_s: u16,
    /// The longest call, in minutes (1–1440).
    pub max_call_minutes: u16,
    /// SIP.
    pub sip: SipSettings,
    /// RTP.
    pub rtp: RtpSettings,
    /// How Q.850 causes and SIP statuses map.
    #[serde(default)]
    pub cause_profile: CauseProfile,
    /// What users of telephones may change and ask for by dialling a code.
    #[serde(default = "super::feature::default_codes")]
    pub feature_codes: Vec<FeatureCode>,
}

/// SIP for the whole gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SipSettings {
    /// Where UDP is served; none = not at all.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub udp: Option<SocketAddr>,
    /// Where TCP is served; none = not at all.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub tcp: Option<SocketAddr>,
    /// Digest realm and domain, 1–64 characters.
    pub realm: String,
    /// The address that others see, when it is not our own (behind NAT).
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub external_address: Option<IpAddr>,
    /// The longest registration, in seconds (60–86400).
    pub registration_max_s: u32,
}

/// RTP for the whole gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RtpSettings {
    /// The first port; even.
    pub first_port: u16,
    /// How many even ports for RTP; each odd one after it is left for RTCP. 2–2000.
    pub ports: u16,
    /// A call whose party sends no RTP for this long is ended, in seconds (0 = never, else 5–3600).
    pub lost_after_s: u16,
}

/// How Q.850 causes and SIP statuses map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CauseProfile {
    /// RFC 3398.
    #[default]
    Rfc3398,
    /// As Asterisk maps them.
    Asterisk,
    /// As AudioCodes gateways map them.
    Audiocodes,
}
