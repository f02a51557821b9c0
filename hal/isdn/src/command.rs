//! What the gateway tells the helper.

use crate::{
    Aoc, AocAnswer, AocWish, Bearer, CallRef, ChannelChoice, PartyId, PartyNumber, Redirection, Service,
    Subaddress,
};
use serde::{Deserialize, Serialize};

pub use crate::settings::{Dialect, Interface, Layer2, Nfas, Settings, Side, Timers};

/// One order. The first one is [`Command::Start`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Begin; the D channel's descriptor comes with it (`SCM_RIGHTS`).
    Start(Settings),
    /// The backup D channel of an NFAS group; its descriptor comes with it. At any time after
    /// [`Command::Start`] when [`Settings::nfas`] is set.
    Backup {
        /// The span that carries it: [`Nfas`] numbers interfaces.
        interface: u8,
    },
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
        /// Interface of the NFAS group; 0 without NFAS.
        interface: u8,
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
    /// RESTART one B channel (Q.931 §5.5). [`crate::Event::RestartAcked`] or
    /// [`crate::Event::RestartTimeout`] follows.
    Restart {
        /// Interface of the NFAS group; 0 without NFAS.
        interface: u8,
        /// Timeslot.
        slot: u8,
    },
    /// HOLD (Q.932 §6.2): the B channel becomes free when the far end acknowledges. libpri has it
    /// for EuroISDN and QSIG.
    Hold {
        /// Which call.
        call: CallRef,
    },
    /// HOLD ACKNOWLEDGE.
    HoldAck {
        /// Which call.
        call: CallRef,
    },
    /// HOLD REJECT.
    HoldReject {
        /// Which call.
        call: CallRef,
        /// Why (Q.850).
        cause: u8,
    },
    /// RETRIEVE.
    Retrieve {
        /// Which call.
        call: CallRef,
        /// The B channel wanted; `None` leaves it to the far end.
        channel: Option<ChannelChoice>,
    },
    /// RETRIEVE ACKNOWLEDGE on this B channel.
    RetrieveAck {
        /// Which call.
        call: CallRef,
        /// Interface of the NFAS group; 0 without NFAS.
        interface: u8,
        /// Timeslot.
        slot: u8,
    },
    /// RETRIEVE REJECT.
    RetrieveReject {
        /// Which call.
        call: CallRef,
        /// Why (Q.850).
        cause: u8,
    },
    /// Ask the network to join two calls and to let us go: explicit call transfer with EuroISDN,
    /// two-B-channel transfer with NI-2, 5ESS and 4ESS, release link trunk with DMS-100, path
    /// replacement with QSIG. Both calls need the same bearer capability. Success is that both calls are cleared by the far end; nothing
    /// comes when it does not care to.
    Transfer {
        /// One call.
        call: CallRef,
        /// The other.
        with: CallRef,
    },
    /// Answers [`crate::Event::TransferAsked`].
    TransferAnswer {
        /// The call of the event.
        call: CallRef,
        /// The invocation of the event.
        invoke: i32,
        /// The gateway has joined the two parties; it clears both calls then.
        accepted: bool,
    },
    /// NOTIFY (Q.931 §3.1.10).
    Notify {
        /// Which call.
        call: CallRef,
        /// Notification indicator, 0–127 (Q.931 §4.5.22, Q.763): 0x79 remote hold, 0x7A retrieved.
        indicator: u8,
    },
    /// Who is at our end now: a transfer, or a name for the CONNECT that follows.
    ConnectedLine {
        /// Which call.
        call: CallRef,
        /// Who.
        party: Box<PartyId>,
    },
    /// Text for the far end's display: INFORMATION.
    Display {
        /// Which call.
        call: CallRef,
        /// At most 80 characters.
        text: String,
    },
    /// Keypad facility: INFORMATION.
    Keypad {
        /// Which call.
        call: CallRef,
        /// `0`–`9`, `*`, `#`; at most 32.
        digits: String,
    },
    /// User-user information for the next message of the call that may carry it (ALERTING, CONNECT,
    /// DISCONNECT, RELEASE).
    UserUser {
        /// Which call.
        call: CallRef,
        /// At most 128 octets; libpri takes no zero octet.
        text: String,
    },
    /// Advice of charge to the far end (ETS 300 182, Q.956.2): EuroISDN, network side. What came at
    /// the end rides in the message that ends the call; give it before [`Command::Clear`].
    Aoc {
        /// Which call.
        call: CallRef,
        /// What it costs.
        aoc: Box<Aoc>,
    },
    /// Answers [`crate::Event::AocAsked`].
    AocAnswer {
        /// The call of the event.
        call: CallRef,
        /// The invocation of the event.
        invoke: i32,
        /// Whether it will be told.
        answer: AocAnswer,
    },
    /// Message waiting indication to the far end (EN 300 745 with EuroISDN, ECMA-242 with QSIG).
    Mwi(Box<Mwi>),
    /// SERVICE: takes a B channel out of service or puts it back (NI-2, 5ESS, 4ESS, DMS-100).
    /// Needs [`Settings::service_messages`].
    Service {
        /// Interface of the NFAS group; 0 without NFAS.
        interface: u8,
        /// Timeslot.
        slot: u8,
        /// Its new state.
        status: Service,
    },
}

/// Messages wait in a mailbox, or no more do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mwi {
    /// Whose.
    pub mailbox: PartyNumber,
    /// How many, 0–65 535; 0: none waits any more.
    pub messages: u16,
    /// The number that retrieves them.
    pub voicemail: Option<PartyNumber>,
}

/// A new call from us.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
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
    /// Why and how often it was redirected, beside [`Setup::redirecting`].
    pub redirection: Option<Box<Redirection>>,
    /// Called party subaddress.
    pub called_subaddress: Option<Subaddress>,
    /// Calling party subaddress.
    pub calling_subaddress: Option<Subaddress>,
    /// Keypad facility, at most 32 digits.
    pub keypad: Option<String>,
    /// User-user information, at most 128 octets and no zero among them.
    pub user_user: Option<String>,
    /// Advice of charge that we ask for (EuroISDN, user side).
    pub aoc: AocWish,
}
