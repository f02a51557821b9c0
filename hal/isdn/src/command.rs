//! What the gateway tells the helper.

use crate::{Bearer, CallRef, ChannelChoice, PartyNumber};
use serde::{Deserialize, Serialize};

/// Which side of the interface we are (Q.921, Q.931).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Terminal side: towards a telco.
    User,
    /// Network side: towards a PBX.
    Network,
}

/// The protocol variant of the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
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

/// How a span's signalling is run; sent once, with the D channel's descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Our side.
    pub side: Side,
    /// The switch's dialect.
    pub dialect: Dialect,
    /// The called number may come digit by digit.
    pub overlap: bool,
}

/// One order. The first one is [`Command::Start`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Begin; the D channel's descriptor comes with it (`SCM_RIGHTS`).
    Start(Settings),
    /// Begin a call: SETUP.
    Setup(Box<Setup>),
    /// More digits of the called number: INFORMATION.
    Information {
        /// Which call.
        call: CallRef,
        /// One or more digits.
        digits: String,
    },
    /// Ask for more digits: SETUP ACKNOWLEDGE.
    SetupAck {
        /// Which call.
        call: CallRef,
        /// Dial tone is in band (progress indicator 8).
        in_band: bool,
    },
    /// Incoming: the call takes this B channel, not the preferred one. Given before the first answer
    /// to its SETUP, which then names the channel (Q.931 §5.2.3.1).
    UseChannel {
        /// Which call.
        call: CallRef,
        /// Timeslot.
        slot: u8,
    },
    /// Enough digits: CALL PROCEEDING.
    Proceeding {
        /// Which call.
        call: CallRef,
        /// In-band information (progress indicator 8).
        in_band: bool,
    },
    /// The called party is being alerted: ALERTING.
    Alerting {
        /// Which call.
        call: CallRef,
        /// In-band information (progress indicator 8).
        in_band: bool,
    },
    /// PROGRESS.
    Progress {
        /// Which call.
        call: CallRef,
        /// In-band information (progress indicator 8).
        in_band: bool,
        /// Why, when the call will fail (Q.850).
        cause: Option<u8>,
    },
    /// Answer: CONNECT.
    Connect {
        /// Which call.
        call: CallRef,
        /// Who answered.
        connected: Option<PartyNumber>,
    },
    /// End the call: DISCONNECT, RELEASE or RELEASE COMPLETE, whichever is due.
    Clear {
        /// Which call.
        call: CallRef,
        /// Why (Q.850, 1–127).
        cause: u8,
    },
    /// DISCONNECT with a tone in band (progress indicator 8): network side, the release follows
    /// with [`Command::Clear`] or T306.
    DisconnectInBand {
        /// Which call.
        call: CallRef,
        /// Why (Q.850, 1–127).
        cause: u8,
    },
    /// RESTART one B channel.
    Restart {
        /// Timeslot.
        slot: u8,
    },
}

/// A new call from us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// Named by us: odd.
    pub call: CallRef,
    /// Its B channel.
    pub channel: ChannelChoice,
    /// Called party number.
    pub called: PartyNumber,
    /// Sending Complete: no more digits follow.
    pub complete: bool,
    /// Calling party number.
    pub calling: Option<PartyNumber>,
    /// Calling name (display), at most 32 characters.
    pub name: Option<String>,
    /// Redirecting number.
    pub redirecting: Option<PartyNumber>,
    /// Bearer capability.
    pub bearer: Bearer,
}
