//! What a leg says, and what it is told.
//!
//! A leg is one party of a call. The rooms at the edge (`sip`, `pstn`) turn their protocols into
//! [`LegEvent`]s; the `pbx` room answers with [`LegCommand`]s. Each leg has one audio stream, owned
//! by its edge room; the PBX decides what each stream plays ([`crate::MediaCommand::Play`]).
//!
//! Life of an incoming leg: `Offered`, then any of `MoreDigits`, `Digit`, `Held`, `Retrieved`,
//! `Flash`, `Charge`, at last `Ended`. Life of an outgoing leg: `Dial`, then `Proceeding`, `Progress`,
//! `Alerting`, `Answered` (each at most once, `Progress` often), at last `Ended`. `Ended` is always
//! the last event of a leg, also after the PBX told it to hang up; until then its channel and its
//! stream are not free.

use crate::config::{DeviceId, TrunkId};
use crate::number::Redirecting;
use crate::record::Charge;
use crate::{CallerId, Cause, LegId, StreamId};
use serde::{Deserialize, Serialize};

/// Who is at the other end of a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Party {
    /// A SIP phone, a browser or an FXS port.
    Device(DeviceId),
    /// The outside, through a trunk.
    Trunk(TrunkId),
}

/// What a call carries (information transfer capability, Q.931 §4.5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bearer {
    /// Speech.
    #[default]
    Speech,
    /// 3.1 kHz audio: fax and modem calls ask for this.
    Audio31k,
    /// Unrestricted digital, 64 kbit/s: no octet may be touched.
    Unrestricted,
}

/// Somebody calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The new leg.
    pub leg: LegId,
    /// Who offers it.
    pub from: Party,
    /// The called number as received (`+…` only when the edge knows that it is E.164).
    pub called: String,
    /// No more digits will follow. When false the PBX answers `NeedDigits` or `Proceed`.
    pub complete: bool,
    /// Who calls. For a device this is what the device claims; the PBX sets the truth.
    pub caller: CallerId,
    /// The diversion that brought the call here.
    pub redirecting: Option<Redirecting>,
    /// What it is to carry.
    pub bearer: Bearer,
    /// Its audio; nothing is heard until the PBX says so.
    pub stream: StreamId,
    /// Where it came in, for the ladder and the live view: `1/17`, `192.0.2.7:5060`.
    pub place: String,
}

/// Messages wait for somebody, or no more do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageWaiting {
    /// Whose mailbox, as the network writes the number (`+…` when it is known as E.164).
    pub mailbox: String,
    /// How many wait; 0 = none any more.
    pub messages: u16,
    /// The number that plays them, when told.
    pub voicemail: Option<String>,
}

/// What a leg says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegEvent {
    /// A new incoming leg.
    Offered(Box<Offer>),
    /// Overlap: more digits of the called number.
    MoreDigits {
        /// Which leg.
        leg: LegId,
        /// The new digits only; may be empty when `complete`.
        digits: String,
        /// No more will follow.
        complete: bool,
    },
    /// The far end has taken the call and looks for the party. Its audio exists from now on.
    Proceeding {
        /// Which leg.
        leg: LegId,
        /// Its audio.
        stream: StreamId,
        /// Channel or address, for people.
        place: String,
    },
    /// Something to hear, or to know, before the answer.
    Progress {
        /// Which leg.
        leg: LegId,
        /// The far end is sending audio that the caller should hear.
        in_band: bool,
        /// The call will fail for this reason; the far end explains it in band.
        cause: Option<Cause>,
    },
    /// The party is being alerted.
    Alerting {
        /// Which leg.
        leg: LegId,
        /// The far end is sending the ringback itself.
        in_band: bool,
    },
    /// The party answered.
    Answered {
        /// Which leg.
        leg: LegId,
        /// Who answered, when told.
        connected: Option<CallerId>,
    },
    /// The party pressed a key.
    Digit {
        /// Which leg.
        leg: LegId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
        /// It came by signalling (SIP INFO), not in the stream: the PBX passes it on. Digits in
        /// the stream are passed on by media.
        out_of_band: bool,
    },
    /// The party put us on hold.
    Held {
        /// Which leg.
        leg: LegId,
    },
    /// The party took us off hold.
    Retrieved {
        /// Which leg.
        leg: LegId,
    },
    /// The party pressed the recall key (hook flash).
    Flash {
        /// Which leg.
        leg: LegId,
    },
    /// The party sends the other party of this call to a number (blind transfer, RFC 5589 §6). On
    /// success the PBX hangs this leg up; else it says [`LegCommand::TransferRefused`].
    Transfer {
        /// Which leg.
        leg: LegId,
        /// As it would be dialled.
        to: String,
    },
    /// The party joins the other parties of two of its calls and leaves both (attended transfer,
    /// RFC 3891); the call of `other` may still be ringing. On success the PBX hangs up both legs
    /// of the party; else it says [`LegCommand::TransferRefused`].
    TransferTo {
        /// Which leg.
        leg: LegId,
        /// The party's leg in the other call.
        other: LegId,
    },
    /// The party talks with the other parties of two of its calls at once. `Held` of one of the two
    /// legs parts them again.
    Conference {
        /// Which leg.
        leg: LegId,
        /// The party's leg in the other call.
        other: LegId,
    },
    /// The network says what the call costs; what came last holds.
    Charge {
        /// Which leg.
        leg: LegId,
        /// What.
        charge: Charge,
    },
    /// The leg is over and everything it held is free. Always the last event.
    Ended {
        /// Which leg.
        leg: LegId,
        /// Why.
        cause: Cause,
        /// In words, when there is more to say than the cause: `SIP 486 Busy Here`.
        reason: Option<String>,
    },
}

impl LegEvent {
    /// The leg it is about.
    pub fn leg(&self) -> LegId {
        match self {
            LegEvent::Offered(offer) => offer.leg,
            LegEvent::MoreDigits { leg, .. }
            | LegEvent::Proceeding { leg, .. }
            | LegEvent::Progress { leg, .. }
            | LegEvent::Alerting { leg, .. }
            | LegEvent::Answered { leg, .. }
            | LegEvent::Digit { leg, .. }
            | LegEvent::Held { leg }
            | LegEvent::Retrieved { leg }
            | LegEvent::Flash { leg }
            | LegEvent::Transfer { leg, .. }
            | LegEvent::TransferTo { leg, .. }
            | LegEvent::Conference { leg, .. }
            | LegEvent::Charge { leg, .. }
            | LegEvent::Ended { leg, .. } => *leg,
        }
    }
}

/// A call to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dial {
    /// Named by the PBX.
    pub leg: LegId,
    /// Whom to call. A trunk picks its own line or channel and, when it has none, ends the leg with
    /// cause 34 (busy) or 27/38 (down) at once.
    pub to: Party,
    /// The number to send, ready for the trunk (`+…` means E.164); for a device the number that
    /// was called.
    pub called: String,
    /// No more digits will follow. When false, [`LegCommand::MoreDigits`] brings them; only trunks that
    /// send digit by digit are called so.
    pub complete: bool,
    /// Who calls, as the called party is to see it, privacy included.
    pub caller: CallerId,
    /// The diversion that leads to this call.
    pub redirecting: Option<Redirecting>,
    /// What it is to carry.
    pub bearer: Bearer,
    /// An emergency call: it may wait for a line on guard, and its number is never withheld from
    /// the trunk.
    pub emergency: bool,
    /// How a telephone is to ring.
    pub ring: RingKind,
}

/// Where a call comes from, for telephones that ring differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RingKind {
    /// From outside: the ringing of the country.
    #[default]
    External,
    /// From another extension.
    Internal,
}

/// What a leg is told. A command that does not fit the state of the leg changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegCommand {
    /// Make a call.
    Dial(Box<Dial>),
    /// Outgoing, overlap: more digits of the called number. `Proceeding` says that the far end wants no
    /// more.
    MoreDigits {
        /// Which leg.
        leg: LegId,
        /// The new digits only; may be empty when `complete`.
        digits: String,
        /// No more will follow.
        complete: bool,
    },
    /// Incoming: the number is not complete yet (overlap). `dial_tone`: nothing was dialled so far.
    NeedDigits {
        /// Which leg.
        leg: LegId,
        /// Let the caller hear dial tone.
        dial_tone: bool,
    },
    /// Incoming: enough digits; we look for the party.
    Proceed {
        /// Which leg.
        leg: LegId,
    },
    /// Incoming: the party is being alerted. The edge gives ringback where its kind of leg needs it
    /// from us (FXS, network-side ISDN) unless `in_band`: then the PBX plays into the stream.
    Ring {
        /// Which leg.
        leg: LegId,
        /// The stream carries what the caller is to hear.
        in_band: bool,
    },
    /// Incoming: the stream carries early media.
    Progress {
        /// Which leg.
        leg: LegId,
        /// The call will fail for this reason.
        cause: Option<Cause>,
    },
    /// Incoming: answer.
    Answer {
        /// Which leg.
        leg: LegId,
        /// Who answered.
        connected: Option<CallerId>,
    },
    /// Incoming: the call is one for help. Its party must not lose it by accident: the recall key does
    /// nothing until it is over, and putting the telephone down transfers it to nobody.
    Emergency {
        /// Which leg.
        leg: LegId,
    },
    /// The other party put this one on hold; what it hears is the PBX's.
    Hold {
        /// Which leg.
        leg: LegId,
    },
    /// The other party is back.
    Retrieve {
        /// Which leg.
        leg: LegId,
    },
    /// Press the recall key toward the far end: an FXO line flashes its hook, and digits may follow
    /// ([`MediaCommand::SendDigits`](crate::MediaCommand::SendDigits)).
    Flash {
        /// Which leg.
        leg: LegId,
    },
    /// A transfer that the party wanted cannot be done; the call stays as it was.
    TransferRefused {
        /// Which leg.
        leg: LegId,
        /// Why.
        cause: Cause,
    },
    /// Both legs are answered and lead to the same network, and their parties talk to each other:
    /// the network may connect them itself (explicit call transfer, two-B-channel transfer). Then
    /// both legs end with cause 16; when the network cannot or does not want to, nothing changes.
    Join {
        /// Which leg.
        leg: LegId,
        /// The other one.
        with: LegId,
    },
    /// End the leg, whatever its state. An analog telephone then hears the tone that fits the
    /// cause; a trunk carries the cause. `Ended` follows.
    Hangup {
        /// Which leg.
        leg: LegId,
        /// Why.
        cause: Cause,
    },
}

impl LegCommand {
    /// The leg it is for.
    pub fn leg(&self) -> LegId {
        match self {
            LegCommand::Dial(dial) => dial.leg,
            LegCommand::MoreDigits { leg, .. }
            | LegCommand::NeedDigits { leg, .. }
            | LegCommand::Proceed { leg }
            | LegCommand::Ring { leg, .. }
            | LegCommand::Progress { leg, .. }
            | LegCommand::Answer { leg, .. }
            | LegCommand::Hold { leg }
            | LegCommand::Retrieve { leg }
            | LegCommand::Emergency { leg }
            | LegCommand::Flash { leg }
            | LegCommand::TransferRefused { leg, .. }
            | LegCommand::Join { leg, .. }
            | LegCommand::Hangup { leg, .. } => *leg,
        }
    }
}
