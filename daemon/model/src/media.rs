//! What media are told and what they notice.
//!
//! A stream is one party's audio, both ways. Media pull: each stream has one [`Source`], and every
//! 20 ms it sends its party a block of that. Joining two parties is two sources that name each
//! other. A digit that arrives in one stream is passed to the streams whose source it is, in the
//! form that stream uses: RFC 4733 packets on RTP, a tone on a bearer.

use crate::{CallerId, ChannelId, Country, StreamId};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// An order to media. One for an unknown stream changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaCommand {
    /// Begin an RTP stream on an already bound port.
    OpenRtp {
        /// Its name.
        stream: StreamId,
        /// How to run it.
        rtp: Rtp,
    },
    /// Run an RTP stream otherwise (answer, re-INVITE). Source and detectors stay.
    UpdateRtp {
        /// Which.
        stream: StreamId,
        /// How to run it now.
        rtp: Rtp,
    },
    /// Begin a stream on a bearer or an analog port.
    OpenBearer {
        /// Its name.
        stream: StreamId,
        /// Where.
        channel: ChannelId,
    },
    /// The octets of a bearer pass as they are from now on: no echo canceller, nobody who listens for
    /// tones (64 kbit/s unrestricted).
    Transparent {
        /// Its name.
        stream: StreamId,
    },
    /// End a stream. Streams that play it fall silent.
    Close {
        /// Which.
        stream: StreamId,
    },
    /// What the party hears from now on.
    Play {
        /// Whose party.
        stream: StreamId,
        /// What.
        source: Source,
    },
    /// Sound a tone for the party once, in the place of what it plays, which goes on afterwards
    /// (call-waiting tone). Those who hear the party do not hear it.
    Interject {
        /// Whose party.
        stream: StreamId,
        /// What; it is not repeated, whatever it says.
        tone: Tone,
    },
    /// What to listen for in the party's audio from now on (replaces the former order).
    Detect {
        /// Whose party.
        stream: StreamId,
        /// What.
        detect: Detect,
    },
    /// Send digits to the party, over whatever it plays: tones on a bearer, RFC 4733 on RTP.
    SendDigits {
        /// Whose party.
        stream: StreamId,
        /// `0`–`9`, `*`, `#`, `A`–`D`; a `,` waits half a second.
        digits: String,
        /// Length of a tone, in milliseconds (40–1000).
        on_ms: u16,
        /// Length of the pause after it, in milliseconds (40–1000).
        off_ms: u16,
    },
    /// Send caller identity to an analog telephone, in the form of the country.
    SendCallerId {
        /// Whose party.
        stream: StreamId,
        /// Who calls; what may not be shown is sent as "withheld".
        caller: CallerId,
        /// The form.
        form: CallerIdForm,
        /// Local time for the telephone's clock: month 1–12, day, hour, minute.
        clock: [u8; 4],
    },
    /// Tell a telephone in a call who else calls (call-waiting caller identity, GR-30 §2.3, EN 300
    /// 659-2): the CPE alerting signal (2130 + 2750 Hz), up to 0.3 s for the telephone's DTMF `A` or
    /// `D`, and then the data. The party hears nothing else meanwhile and is not heard; its `A` and
    /// `D` are no keys. [`MediaEvent::CallWaitingIdSent`] says how it ended. The tone for the person
    /// (`Plan::call_waiting`) comes before, and is the room's to play.
    SendCallWaitingId {
        /// Whose party.
        stream: StreamId,
        /// Who calls; what may not be shown is sent as "withheld".
        caller: CallerId,
        /// The form; one without a call-waiting form (DTMF, Japan) is not acknowledged.
        form: CallerIdForm,
        /// Local time for the telephone's clock: month 1–12, day, hour, minute.
        clock: [u8; 4],
    },
    /// Switch the message lamp of an analog telephone that is on hook (VMWI: GR-1401, EN 300 659-3,
    /// message type 0x82). [`MediaEvent::MessageWaitingSent`] follows, at once where the form has no
    /// such message (DTMF, Japan).
    SendMessageWaiting {
        /// Whose party.
        stream: StreamId,
        /// Messages wait: the lamp is lit.
        waiting: bool,
        /// The form.
        form: CallerIdForm,
        /// In a single data message (type 0x06), as old Bell 202 telephones want it.
        single: bool,
    },
}

/// How an RTP stream is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rtp {
    /// Our port, out of the pool of bound ones.
    pub port: u16,
    /// Where the party wants to be sent to; none until it says. Symmetric RTP (RFC 4961): once
    /// packets arrive from elsewhere, that place is used.
    pub remote: Option<SocketAddr>,
    /// The codec.
    pub codec: Codec,
    /// Payload type of telephone-event (RFC 4733), when agreed: 96–127.
    pub telephone_event: Option<u8>,
    /// Do we send? (SDP direction.)
    pub send: bool,
    /// Do we take what arrives? (SDP direction.)
    pub receive: bool,
    /// Our synchronisation source.
    pub ssrc: u32,
    /// Report [`MediaEvent::RtpLost`] after this many seconds without a packet; 0 = never.
    pub lost_after_s: u16,
}

/// An RTP codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// G.711 A-law, payload type 8.
    Pcma,
    /// G.711 mu-law, payload type 0.
    Pcmu,
}

/// What a party hears.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// Nothing.
    Silence,
    /// Another party.
    Stream(StreamId),
    /// Several parties at once (conference): at most [`MAX_MIX`], the rest are left out.
    Mix(Vec<StreamId>),
    /// Itself.
    Echo,
    /// A tone with its cadence.
    Tone(Tone),
}

/// How many parties one party can hear at once.
pub const MAX_MIX: usize = 4;

/// A tone with its cadence.
#[derive(Debug, Clone, PartialEq)]
pub struct Tone {
    /// In order.
    pub parts: Vec<TonePart>,
    /// Begin again after the last part; otherwise silence follows and
    /// [`MediaEvent::Played`] is reported.
    pub repeat: bool,
}

/// One piece of a tone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TonePart {
    /// First frequency in Hz; 0 = silence.
    pub f1: f32,
    /// Second frequency in Hz, added or modulating; 0 = none.
    pub f2: f32,
    /// `f1` is modulated by `f2` (E.180 `f1 × f2`) instead of added to it.
    pub modulated: bool,
    /// Level of each component in dBm0, −40 to 0.
    pub level_dbm0: f32,
    /// How long, in milliseconds; 0 = for ever.
    pub ms: u32,
}

/// What to listen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Detect {
    /// Digits: RFC 4733 and, on a bearer or when no telephone-event was agreed, tones.
    pub dtmf: bool,
    /// Call-progress tones of this country.
    pub progress: Option<Country>,
    /// A tone that this line was seen to end calls with; reported as [`ProgressTone::Busy`].
    pub hangup_tone: Option<HangupTone>,
    /// Tones with a regular cadence that are no tone of the country, such as might end a call:
    /// [`MediaEvent::UnknownTone`]. Needs `progress`.
    pub unknown_tones: bool,
    /// Caller identity of an analog line, in this form.
    pub caller_id: Option<CallerIdForm>,
    /// Caller identity in whatever form it comes; [`MediaEvent::CallerId`] says which it was.
    pub caller_id_any: bool,
    /// Speech begins (answer by voice).
    pub voice: bool,
    /// The CPE alerting signal of call-waiting caller identity (what a telephone listens for).
    pub alerting_signal: bool,
    /// So many seconds without a sound: [`MediaEvent::Silent`]; 0 = never.
    pub silent_after_s: u16,
}

impl Detect {
    /// Nothing.
    pub const NONE: Detect = Detect {
        dtmf: false,
        progress: None,
        hangup_tone: None,
        unknown_tones: false,
        caller_id: None,
        caller_id_any: false,
        voice: false,
        alerting_signal: false,
        silent_after_s: 0,
    };
}

/// A tone that ends calls on a line: what was learnt, or what the admin wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HangupTone {
    /// First frequency in Hz (200–2000).
    pub f1: u16,
    /// Second frequency in Hz, added; 0 = none.
    #[serde(default)]
    pub f2: u16,
    /// How long it sounds, in milliseconds (50–2000).
    pub on_ms: u16,
    /// How long it is silent, in milliseconds (50–2000).
    pub off_ms: u16,
}

/// How caller identity is sent on an analog line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CallerIdForm {
    /// Bell 202 FSK, MDMF, after the first ring (GR-30).
    Bell202,
    /// V.23 FSK, ETSI EN 300 659-1.
    V23,
    /// V.23 FSK in the form of Japan.
    V23Japan,
    /// DTMF digits.
    Dtmf,
}

/// A call-progress tone that was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProgressTone {
    /// Dial tone: the exchange is ready.
    Dial,
    /// Busy: the far end hung up, or is busy.
    Busy,
    /// Congestion.
    Congestion,
    /// Ringback: the far end is being alerted.
    Ringback,
    /// Special information tone: the call failed and words follow.
    SpecialInformation,
}

/// What media noticed.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaEvent {
    /// The party pressed a key (or the line sent a tone).
    Digit {
        /// Whose party.
        stream: StreamId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
    },
    /// All digits of the last order are sent.
    DigitsSent {
        /// Whose party.
        stream: StreamId,
    },
    /// A tone without repetition is over.
    Played {
        /// Whose party.
        stream: StreamId,
    },
    /// A call-progress tone was recognised (after as many periods as certainty takes).
    ProgressTone {
        /// Whose party.
        stream: StreamId,
        /// Which.
        tone: ProgressTone,
    },
    /// Somebody speaks.
    Voice {
        /// Whose party.
        stream: StreamId,
    },
    /// Caller identity was sent.
    CallerIdSent {
        /// Whose party.
        stream: StreamId,
    },
    /// Caller identity was received.
    CallerId {
        /// Whose party.
        stream: StreamId,
        /// Who calls.
        caller: CallerId,
        /// In which form it came.
        form: CallerIdForm,
    },
    /// Call-waiting caller identity is over.
    CallWaitingIdSent {
        /// Whose party.
        stream: StreamId,
        /// The telephone answered the alerting signal and got the data.
        acknowledged: bool,
    },
    /// The message of [`MediaCommand::SendMessageWaiting`] was sent.
    MessageWaitingSent {
        /// Whose party.
        stream: StreamId,
    },
    /// The exchange says whether messages wait (VMWI).
    MessageWaiting {
        /// Whose party.
        stream: StreamId,
        /// They do.
        waiting: bool,
    },
    /// A CPE alerting signal was heard: a telephone mutes itself and sends DTMF `D`.
    AlertingSignal {
        /// Whose party.
        stream: StreamId,
    },
    /// Nothing was heard for as long as [`Detect::silent_after_s`] says. Reported once until it sounds.
    Silent {
        /// Whose party.
        stream: StreamId,
    },
    /// Six periods of a tone that is none of the country's. Reported once until it stops.
    UnknownTone {
        /// Whose party.
        stream: StreamId,
        /// As it was measured.
        tone: HangupTone,
    },
    /// No RTP has arrived for as long as the stream allows.
    RtpLost {
        /// Whose party.
        stream: StreamId,
    },
    /// The stream ended; its figures.
    Closed {
        /// Which.
        stream: StreamId,
        /// How it was.
        stats: StreamStats,
    },
}

impl MediaEvent {
    /// The stream it is about.
    pub fn stream(&self) -> StreamId {
        match self {
            MediaEvent::Digit { stream, .. }
            | MediaEvent::DigitsSent { stream }
            | MediaEvent::Played { stream }
            | MediaEvent::ProgressTone { stream, .. }
            | MediaEvent::Voice { stream }
            | MediaEvent::CallerIdSent { stream }
            | MediaEvent::CallerId { stream, .. }
            | MediaEvent::CallWaitingIdSent { stream, .. }
            | MediaEvent::MessageWaitingSent { stream }
            | MediaEvent::MessageWaiting { stream, .. }
            | MediaEvent::AlertingSignal { stream }
            | MediaEvent::Silent { stream }
            | MediaEvent::UnknownTone { stream, .. }
            | MediaEvent::RtpLost { stream }
            | MediaEvent::Closed { stream, .. } => *stream,
        }
    }
}

/// The figures of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StreamStats {
    /// Blocks or packets that came from the party.
    pub received: u64,
    /// Blocks or packets sent to the party.
    pub sent: u64,
    /// Packets that never came, or blocks that the card did not have in time.
    pub lost: u64,
    /// Packets that came too late or twice.
    pub late: u64,
    /// Packets that were not RTP, or not ours.
    pub rejected: u64,
    /// Interarrival jitter, RFC 3550 §6.4.1, in microseconds.
    pub jitter_us: u32,
}
