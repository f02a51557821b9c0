//! The configuration: typed, whole, and validated as a whole.
//!
//! One value holds everything an administrator can set. The store keeps each revision of it, the
//! API edits it noun by noun, and the rooms get it as an `Arc<Config>`: calls keep the one they
//! began with.

mod adopt;
pub mod appliance;
mod cas;
mod default;
mod device;
mod diff;
mod feature;
mod isdn;
mod line;
mod pattern;
mod route;
mod secret;
mod span;
mod system;
mod trunk;
mod validate;

pub use appliance::{Appliance, IpNetwork};
pub use cas::{EmSettings, EmStart, R2Category, R2Settings, R2Variant};
pub use default::telco_numbers;
pub use device::{
    Device, DeviceKind, Extension, FlashCustom, FxsFeatures, FxsPort, RingGroup, RingStrategy, SipAccount,
};
pub use diff::{Change, ChangeKind};
pub use feature::{ExtensionFeatures, ExtensionSetting, Feature, FeatureCode};
pub use isdn::{
    DataCalls, HoldForm, IsdnAccess, IsdnSettings, IsdnTimers, IsdnTrunk, Layer1Persistence,
    Layer2Persistence, NfasMember, NfasRole, NumberForm, NumberRule, OutgoingBearer, ReceivedPrefixes,
};
pub use line::{AnswerSupervision, DISTINCTIVE_RINGS, DistinctiveRing, Line};
pub use pattern::{Match, Pattern, PatternError, Specificity};
pub use route::{
    CallerIdPolicy, Destination, InboundRoute, NumberFormat, OutboundRoute, Service, ServiceKind,
};
pub use secret::Secret;
pub use span::{Span, SpanDialect, SpanSide};
pub use system::{CauseProfile, RtpSettings, SipSettings, System};
pub use trunk::{
    CauseRule, CauseWay, DiversionForm, DtmfForm, Hunt, SipPeer, SipTransport, Trunk, TrunkKind,
};
pub use validate::{FieldError, is_web_address};

use serde::{Deserialize, Serialize};

/// The version of this form of configuration; a higher one comes from a newer gateway.
pub const FORMAT: u32 = 1;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// Names an FXO line.
    LineId;
    /// Names a trunk.
    TrunkId;
    /// Names a device.
    DeviceId;
    /// Names an extension.
    ExtensionId;
    /// Names a ring group.
    RingGroupId;
    /// Names an inbound route.
    InboundRouteId;
    /// Names an outbound route.
    OutboundRouteId;
    /// Names a service number.
    ServiceId;
}

/// Everything an administrator can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// [`FORMAT`].
    pub format: u32,
    /// What holds for the whole gateway.
    pub system: System,
    /// Digital spans.
    #[serde(default)]
    pub spans: Vec<Span>,
    /// FXO lines.
    #[serde(default)]
    pub lines: Vec<Line>,
    /// Ways to the outside.
    #[serde(default)]
    pub trunks: Vec<Trunk>,
    /// Telephones.
    #[serde(default)]
    pub devices: Vec<Device>,
    /// Internal numbers.
    #[serde(default)]
    pub extensions: Vec<Extension>,
    /// Numbers that ring several extensions.
    #[serde(default)]
    pub ring_groups: Vec<RingGroup>,
    /// Numbers answered by the gateway itself: echo, milliwatt, and the test numbers of a telco.
    #[serde(default)]
    pub services: Vec<Service>,
    /// Who answers calls from outside, in order: the first that matches is taken.
    #[serde(default)]
    pub inbound_routes: Vec<InboundRoute>,
    /// How calls go outside, in order: the first that matches is taken.
    #[serde(default)]
    pub outbound_routes: Vec<OutboundRoute>,
    /// The appliance as a machine in a network; ignored where the operating system is not ours.
    #[serde(default)]
    pub appliance: Appliance,
}
