//! What the helper tells the gateway.

use crate::{Bearer, CallRef, ChannelChoice, PartyNumber};
use serde::{Deserialize, Serialize};

/// Something happened on the D channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Layer 2 is up (multiple-frame established).
    Up,
    /// Layer 2 is down. Calls are not cleared yet: [`Event::Cleared`] follows for each.
    Down,
    /// The far end begins a call: SETUP.
    Setup(Box<IncomingSetup>),
    /// More digits: INFORMATION.
    Information {
        /// Which call.
        call: CallRef,
        /// One or more digits.
        digits: String,
        /// Sending Complete came with them.
        complete: bool,
    },
    /// SETUP ACKNOWLEDGE: send more digits.
    SetupAck {
        /// Which call.
        call: CallRef,
        /// The B channel that the far end settled on.
        slot: u8,
        /// Dial tone is in band.
        in_band: bool,
    },
    /// CALL PROCEEDING.
    Proceeding {
        /// Which call.
        call: CallRef,
        /// The B channel that the far end settled on.
        slot: u8,
        /// Progress indicator 1 or 8.
        in_band: bool,
    },
    /// ALERTING.
    Alerting {
        /// Which call.
        call: CallRef,
        /// Progress indicator 1 or 8.
        in_band: bool,
    },
    /// PROGRESS.
    Progress {
        /// Which call.
        call: CallRef,
        /// Progress indicator 1 or 8.
        in_band: bool,
        /// Q.850, when given.
        cause: Option<u8>,
    },
    /// CONNECT: the far end answered (acknowledged by the helper).
    Connect {
        /// Which call.
        call: CallRef,
        /// Connected number, when given.
        connected: Option<PartyNumber>,
    },
    /// DISCONNECT: the far end hangs up. The gateway answers with `Command::Clear`; when `in_band`
    /// it may listen first.
    Disconnect {
        /// Which call.
        call: CallRef,
        /// Q.850.
        cause: u8,
        /// A tone or announcement is in band (progress indicator 8).
        in_band: bool,
    },
    /// The call is over and its B channel free; the last event of a call.
    Cleared {
        /// Which call.
        call: CallRef,
        /// Q.850.
        cause: u8,
    },
    /// The far end restarted B channels and the helper acknowledged; calls on them are cleared.
    Restarted {
        /// One timeslot, or the whole interface.
        slot: Option<u8>,
    },
    /// A layer-3 message crossed the D channel: for the ladder.
    Frame {
        /// The call, when it is known.
        call: Option<CallRef>,
        /// From us to the far end.
        outgoing: bool,
        /// The Q.931 message, from the protocol discriminator on.
        octets: Vec<u8>,
    },
    /// A word of warning for the log.
    Warning(String),
}

/// A new call from the far end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncomingSetup {
    /// Named by the helper: even.
    pub call: CallRef,
    /// The B channel asked for.
    pub channel: ChannelChoice,
    /// Called party number; may be empty with overlap.
    pub called: PartyNumber,
    /// Sending Complete came with it.
    pub complete: bool,
    /// Calling party number.
    pub calling: Option<PartyNumber>,
    /// Calling name (display).
    pub name: Option<String>,
    /// Redirecting number.
    pub redirecting: Option<PartyNumber>,
    /// Bearer capability.
    pub bearer: Bearer,
}
