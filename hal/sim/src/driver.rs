//! The driver of one machine's simulated cards.

use crate::audio::{self, Jack};
use crate::cable::End;
use crate::dchannel;
use crate::line::SimLine;
use crate::link::{Link, News};
use crate::pair::Pair;
use crate::signal::{Bundle, lock};
use demarc_hal::{
    Bearer, ChannelId, DChannel, Driver, DriverEvent, Error, Framing, Line, LineCode, Port, PortKind, SpanId,
    SpanInfo, SpanKind, SpanSettings, SpanStatus,
};
use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Simulated cards, as one machine sees them.
pub struct SimDriver {
    pub(crate) spans: Vec<Span>,
    pub(crate) news: Arc<News>,
    wake: Bundle,
}

pub(crate) struct Span {
    pub(crate) info: SpanInfo,
    pub(crate) jacks: BTreeMap<u8, Jack>,
    pub(crate) wiring: Wiring,
    pub(crate) gone: Arc<AtomicBool>,
}

/// What leads out of a span. A port without a cable has wires that end in the air.
pub(crate) enum Wiring {
    Digital { link: Arc<Link>, end: End },
    Analog(BTreeMap<u8, Arc<Pair>>),
}

impl SimDriver {
    pub(crate) fn new() -> Result<Self, Error> {
        let (news, wake) = (Arc::new(News::new()?), Bundle::new()?);
        wake.add(news.bell())?;
        Ok(Self { spans: Vec::new(), news, wake })
    }

    pub(crate) fn span(&self, id: SpanId) -> Option<&Span> {
        self.spans.iter().find(|span| span.info.id == id)
    }

    /// The span and kind of a channel, when its card is there.
    fn port(&self, channel: ChannelId) -> Result<(&Span, PortKind), Error> {
        let span = self.span(channel.span).ok_or(Error::NoSuchPort(channel))?;
        let port = span.info.ports.iter().find(|port| port.id == channel);
        let Port { kind, .. } = port.ok_or(Error::NoSuchPort(channel))?;
        span.present()?;
        Ok((span, *kind))
    }

    /// Moves D-channel frames over the cables; see [`dchannel`].
    fn carry(&self) {
        for span in &self.spans {
            if let Wiring::Digital { link, end } = &span.wiring {
                dchannel::carry(link, *end);
            }
        }
    }
}

impl Driver for SimDriver {
    fn spans(&self) -> Vec<SpanInfo> {
        self.spans.iter().map(|span| span.info.clone()).collect()
    }

    fn open_line(&mut self, channel: ChannelId) -> Result<Box<dyn Line>, Error> {
        let (span, kind) = self.port(channel)?;
        let Wiring::Analog(pairs) = &span.wiring else { return Err(Error::WrongKind(channel)) };
        let pair = pairs.get(&channel.slot).ok_or(Error::NoSuchPort(channel))?;
        let line = SimLine::open(pair, kind).ok_or(Error::Busy(channel))?;
        Ok(Box::new(line))
    }

    fn open_dchannel(&mut self, channel: ChannelId) -> Result<DChannel, Error> {
        // The last owner may have closed its descriptor a moment ago.
        self.carry();
        let (span, kind) = self.port(channel)?;
        let Wiring::Digital { link, end } = &span.wiring else {
            return Err(Error::WrongKind(channel));
        };
        if kind != PortKind::DChannel {
            return Err(Error::WrongKind(channel));
        }
        let mut hub = lock(end.of(&link.hubs));
        if hub.is_some() {
            return Err(Error::Busy(channel));
        }
        let (fd, mine) = dchannel::pair()?;
        self.wake.add(&mine)?;
        *hub = Some(mine);
        Ok(DChannel { fd })
    }

    fn open_bearer(&mut self, channel: ChannelId) -> Result<Box<dyn Bearer>, Error> {
        let (span, _) = self.port(channel)?;
        // Every port but the D channel has a jack.
        let jack = span.jacks.get(&channel.slot).ok_or(Error::WrongKind(channel))?;
        let bearer = audio::open(jack, span.info.companding, &span.gone);
        Ok(Box::new(bearer.ok_or(Error::Busy(channel))?))
    }

    fn configure_span(&mut self, id: SpanId, settings: &SpanSettings) -> Result<(), Error> {
        let span = self.span(id).ok_or(Error::NoSuchSpan(id))?;
        span.present()?;
        let fits = match span.info.kind {
            SpanKind::E1 => {
                matches!(settings.framing, Framing::Crc4 | Framing::Basic)
                    && matches!(settings.line_code, LineCode::Hdb3 | LineCode::Ami)
            }
            SpanKind::T1 => {
                matches!(settings.framing, Framing::Esf | Framing::D4)
                    && matches!(settings.line_code, LineCode::B8zs | LineCode::Ami)
            }
            SpanKind::Bri => true,
            SpanKind::Analog => return Err(Error::Unsupported("an analog span has no framing")),
        };
        // A cable has no clock and no bits of its own: there is nothing else to set.
        if fits { Ok(()) } else { Err(Error::Unsupported("framing or line code of another span")) }
    }

    fn span_status(&self, id: SpanId) -> Result<SpanStatus, Error> {
        let span = self.span(id).ok_or(Error::NoSuchSpan(id))?;
        span.present()?;
        let alarms = match &span.wiring {
            Wiring::Digital { link, end } => link.alarms(*end),
            Wiring::Analog(_) => Vec::new(),
        };
        Ok(SpanStatus { alarms, ..SpanStatus::default() })
    }

    fn poll_event(&mut self) -> Option<DriverEvent> {
        self.carry();
        self.news.pop()
    }

    fn wake_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

impl Span {
    fn present(&self) -> Result<(), Error> {
        if self.gone.load(Ordering::Relaxed) { Err(Error::Gone) } else { Ok(()) }
    }
}
