//! The driver of one family of cards.

use crate::bearer::{Bearer, Clock};
use crate::card::Card;
use crate::line::{Line, LineSettings};
use crate::port::{ChannelId, SpanId};
use crate::span::{Defect, Maintenance, SignallingSeen, SpanInfo, SpanKind, SpanSettings, SpanStatus};
use std::os::fd::{BorrowedFd, OwnedFd};

/// A D channel: a file descriptor that carries one HDLC frame a read or write, each followed by
/// its two FCS octets, which the hardware has checked (reading) or will replace (writing).
///
/// A DAHDI descriptor answers error 500 (`ELAST`) to both as long as an event waits that the driver
/// has to take: try again a moment later.
#[derive(Debug)]
pub struct DChannel {
    /// Handed to the process that speaks Q.921.
    pub fd: OwnedFd,
}

/// A channel with channel-associated signalling: handed to the process that speaks MFC/R2.
#[derive(Debug)]
pub struct CasChannel {
    /// Carries the octets of the bearer and the signalling bits, in the manner of `form`.
    pub fd: OwnedFd,
    /// How.
    pub form: CasForm,
}

/// How a descriptor carries channel-associated signalling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum CasForm {
    /// A DAHDI channel: octets by read and write, bits by its ioctls.
    Dahdi,
    /// A socket of sequenced packets: see [`crate::cas`].
    Packets,
}

/// A driver. It opens each port once; a second opening is [`Error::Busy`] until the first is
/// dropped. Nothing in it blocks.
pub trait Driver: Send {
    /// Every span with its ports, in a stable order.
    fn spans(&self) -> Vec<SpanInfo>;

    /// Opens an FXO or FXS port.
    ///
    /// # Errors
    /// [`Error::NoSuchPort`], [`Error::Busy`], [`Error::WrongKind`], [`Error::Gone`].
    fn open_line(&mut self, channel: ChannelId) -> Result<Box<dyn Line>, Error>;

    /// Opens the D channel of a digital span.
    ///
    /// # Errors
    /// As [`Driver::open_line`].
    fn open_dchannel(&mut self, channel: ChannelId) -> Result<DChannel, Error>;

    /// Opens the audio of a bearer or of an analog port.
    ///
    /// # Errors
    /// As [`Driver::open_line`].
    fn open_bearer(&mut self, channel: ChannelId) -> Result<Box<dyn Bearer>, Error>;

    /// Opens a channel with channel-associated signalling.
    ///
    /// # Errors
    /// As [`Driver::open_line`].
    fn open_cas(&mut self, channel: ChannelId) -> Result<CasChannel, Error> {
        Err(Error::WrongKind(channel))
    }

    /// The clock of the cards, where media can be paced by it; once.
    ///
    /// # Errors
    /// [`Error::Os`].
    fn open_clock(&mut self) -> Result<Option<Box<dyn Clock>>, Error> {
        Ok(None)
    }

    /// Sets up an analog port, open or not.
    ///
    /// # Errors
    /// As [`Driver::configure_span`].
    fn configure_line(&mut self, channel: ChannelId, settings: &LineSettings) -> Result<(), Error> {
        let _ = (channel, settings);
        Ok(())
    }

    /// Sets up a digital span, and starts it. Its ports are afterwards what the signalling makes of
    /// them: read [`Driver::spans`] again. Other spans go on undisturbed.
    ///
    /// # Errors
    /// [`Error::NoSuchPort`], [`Error::Unsupported`], [`Error::Gone`]; [`Error::Busy`] when a
    /// change of signalling finds one of its channels open.
    fn configure_span(&mut self, span: SpanId, settings: &SpanSettings) -> Result<(), Error>;

    /// The line modes that a span can be switched between: E1 and T1 on a dual-mode card. Empty when
    /// it is what it is.
    fn line_modes(&self, span: SpanId) -> Vec<SpanKind> {
        let _ = span;
        Vec::new()
    }

    /// Switches a span of a dual-mode card to another line mode. It is another span afterwards: read
    /// [`Driver::spans`] again and configure it.
    ///
    /// # Errors
    /// [`Error::NoSuchSpan`], [`Error::Unsupported`], [`Error::Gone`]; [`Error::Busy`] when one of its
    /// channels is open.
    fn set_line_mode(&mut self, span: SpanId, mode: SpanKind) -> Result<(), Error> {
        let _ = (span, mode);
        Err(Error::Unsupported("another line mode"))
    }

    /// What the far end sends where signalling would be, whatever the span is set to.
    ///
    /// # Errors
    /// [`Error::NoSuchSpan`], [`Error::Gone`]; [`Error::Unsupported`] where the card cannot tell.
    fn signalling_seen(&self, span: SpanId) -> Result<SignallingSeen, Error> {
        let _ = span;
        Err(Error::Unsupported("a look at the signalling channel"))
    }

    /// Layer 1 of a span, as it is now.
    ///
    /// # Errors
    /// [`Error::NoSuchPort`], [`Error::Gone`].
    fn span_status(&self, span: SpanId) -> Result<SpanStatus, Error>;

    /// Asks a span for maintenance, or for normal service again.
    ///
    /// # Errors
    /// As [`Driver::configure_span`].
    fn maintain(&mut self, span: SpanId, maintenance: Maintenance) -> Result<(), Error> {
        let _ = (span, maintenance);
        Err(Error::Unsupported("maintenance"))
    }

    /// Puts one error into what a span sends.
    ///
    /// # Errors
    /// As [`Driver::configure_span`].
    fn insert(&mut self, span: SpanId, defect: Defect) -> Result<(), Error> {
        let _ = (span, defect);
        Err(Error::Unsupported("error insertion"))
    }

    /// Sets the counters of a span to zero.
    ///
    /// # Errors
    /// As [`Driver::configure_span`].
    fn reset_counters(&mut self, span: SpanId) -> Result<(), Error> {
        let _ = span;
        Err(Error::Unsupported("resetting counters"))
    }

    /// Every card that was found, those that nothing drives among them.
    fn cards(&self) -> Vec<Card> {
        Vec::new()
    }

    /// What the driver wants to be given again at the next start (which hardware has which number),
    /// as text, when it has changed since this was asked last.
    fn memory(&mut self) -> Option<String> {
        None
    }

    /// The next thing that happened to a span, if any.
    fn poll_event(&mut self) -> Option<DriverEvent>;

    /// Readable when [`Driver::poll_event`] has something.
    fn wake_fd(&self) -> BorrowedFd<'_>;
}

/// Something happened to a whole span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriverEvent {
    /// Its alarms changed: read [`Driver::span_status`].
    AlarmsChanged(SpanId),
    /// Its card has vanished: close what is open on it.
    Gone(SpanId),
    /// It is there, for the first time or again: configure and open it.
    Arrived(SpanId),
    /// [`Driver::cards`] has changed.
    CardsChanged,
}

/// Why a driver could not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such span or channel.
    #[error("there is no channel {0}")]
    NoSuchPort(ChannelId),
    /// No such span.
    #[error("there is no span {0}")]
    NoSuchSpan(SpanId),
    /// Somebody has it open.
    #[error("channel {0} is already open")]
    Busy(ChannelId),
    /// The port is of another kind.
    #[error("channel {0} is of another kind")]
    WrongKind(ChannelId),
    /// The port or span cannot do that.
    #[error("not supported here: {0}")]
    Unsupported(&'static str),
    /// The card has vanished.
    #[error("the card has vanished")]
    Gone,
    /// The operating system said no.
    #[error("{what}: {message}")]
    Os {
        /// What was tried.
        what: &'static str,
        /// What it said.
        message: String,
    },
}
