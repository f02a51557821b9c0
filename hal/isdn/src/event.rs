//! What the helper tells the gateway.

use crate::command::{Mwi, Side};
use crate::{
    Aoc, AocWish, Bearer, CallRef, ChannelChoice, PartyId, PartyNumber, Redirection, Service, Subaddress,
};
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
        /// Interface of the NFAS group; 0 without NFAS.
        interface: u8,
        /// The B channel that the far end settled on.
        slot: u8,
        /// Dial tone is in band.
        in_band: bool,
    },
    /// CALL PROCEEDING.
    Proceeding {
        /// Which call.
        call: CallRef,
        /// Interface of the NFAS group; 0 without NFAS.
        interface: u8,
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
        /// Interface of the NFAS group; 0 without NFAS.
        interface: u8,
        /// One timeslot, or the whole interface.
        slot: Option<u8>,
    },
    /// The far end acknowledged our RESTART: the B channel is idle at both ends.
    RestartAcked {
        /// Interface of the NFAS group; 0 without NFAS.
        interface: u8,
        /// Timeslot.
        slot: u8,
    },
    /// Nobody acknowledged our RESTART, T316 having run out N316 times.
    RestartTimeout {
        /// Interface of the NFAS group; 0 without NFAS.
        interface: u8,
        /// Timeslot.
        slot: u8,
    },
    /// HOLD: the far end wants to hold the call. The gateway acknowledges or rejects.
    Hold {
        /// Which call.
        call: CallRef,
    },
    /// HOLD ACKNOWLEDGE: the call has no B channel any more.
    HoldAck {
        /// Which call.
        call: CallRef,
    },
    /// HOLD REJECT, or no answer within T-HOLD.
    HoldReject {
        /// Which call.
        call: CallRef,
        /// Q.850.
        cause: u8,
    },
    /// RETRIEVE: the far end wants its call back. The gateway acknowledges or rejects.
    Retrieve {
        /// Which call.
        call: CallRef,
        /// The B channel that it asks for; slot 0 when it leaves the choice to us.
        channel: ChannelChoice,
    },
    /// RETRIEVE ACKNOWLEDGE: the call is back on this B channel.
    RetrieveAck {
        /// Which call.
        call: CallRef,
        /// Interface of the NFAS group; 0 without NFAS.
        interface: u8,
        /// Timeslot.
        slot: u8,
    },
    /// RETRIEVE REJECT, or no answer within T-RETRIEVE.
    RetrieveReject {
        /// Which call.
        call: CallRef,
        /// Q.850.
        cause: u8,
    },
    /// The far end asks us to join two of its calls (explicit call transfer, EN 300 369). The gateway
    /// answers with `Command::TransferAnswer` and clears both.
    TransferAsked {
        /// One call: the invocation came in it.
        call: CallRef,
        /// The other.
        with: CallRef,
        /// For the answer.
        invoke: i32,
    },
    /// NOTIFY.
    Notify {
        /// Which call.
        call: CallRef,
        /// Notification indicator, 0–127.
        indicator: u8,
    },
    /// Who is at the far end now: a transfer there, or the name and number that come with an answer
    /// (then just before [`Event::Connect`]).
    ConnectedLine {
        /// Which call.
        call: CallRef,
        /// Who.
        party: Box<PartyId>,
    },
    /// The far end diverts our call to somebody else.
    Diverting {
        /// Which call.
        call: CallRef,
        /// Where to, as far as it says so.
        to: Box<PartyId>,
        /// Why, as [`Redirection::reason`].
        reason: u8,
    },
    /// Text for the display.
    Display {
        /// Which call.
        call: CallRef,
        /// At most 128 characters.
        text: String,
    },
    /// User-user information; just before the event of the message that it came with.
    UserUser {
        /// Which call.
        call: CallRef,
        /// As libpri gives it: up to the first zero octet.
        text: String,
    },
    /// Advice of charge.
    Aoc {
        /// Which call.
        call: CallRef,
        /// What it costs.
        aoc: Box<Aoc>,
    },
    /// The far end asks for advice of charge; after its SETUP. The gateway answers with
    /// `Command::AocAnswer`.
    AocAsked {
        /// Which call.
        call: CallRef,
        /// What it wants.
        wish: AocWish,
        /// For the answer.
        invoke: i32,
    },
    /// Messages wait in a mailbox of ours, or none does any more.
    Mwi(Box<Mwi>),
    /// SERVICE: the far end takes a B channel out of service or puts it back; acknowledged.
    Service {
        /// Interface of the NFAS group; 0 without NFAS.
        interface: u8,
        /// Timeslot.
        slot: u8,
        /// Its new state.
        status: Service,
    },
    /// SERVICE ACKNOWLEDGE.
    ServiceAcked {
        /// Interface of the NFAS group; 0 without NFAS.
        interface: u8,
        /// Timeslot.
        slot: u8,
        /// Its new state.
        status: Service,
    },
    /// A D channel of an NFAS group changed. [`Event::Up`] and [`Event::Down`] speak of the group:
    /// it is up while one D channel is.
    DChannel {
        /// The interface that carries it.
        interface: u8,
        /// Its layer 2 is up.
        up: bool,
        /// New calls are signalled on it.
        active: bool,
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
    /// SABME from a peer that takes itself for the same side of the interface as we are (the C/R bit
    /// says so, Q.921 §3.3.2): layer 2 cannot come up.
    SameSide {
        /// The side that both are on.
        side: Side,
    },
}

/// A new call from the far end.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
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
    /// Why and how often it was redirected, beside [`IncomingSetup::redirecting`].
    pub redirection: Option<Box<Redirection>>,
    /// Called party subaddress.
    pub called_subaddress: Option<Subaddress>,
    /// Calling party subaddress.
    pub calling_subaddress: Option<Subaddress>,
    /// Keypad facility.
    pub keypad: Option<String>,
    /// User-user information, up to the first zero octet.
    pub user_user: Option<String>,
    /// Progress indicators 1–8 that came with it, bit n for indicator n + 1: bit 2 says that the caller is
    /// not on ISDN.
    pub progress: u8,
}
