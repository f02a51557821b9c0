//! The driver of one machine's simulated cards.

use crate::audio::{self, Jack};
use crate::cable::End;
use crate::cas::{EmLine, Pace};
use crate::dchannel;
use crate::line::SimLine;
use crate::link::{Link, News};
use crate::pair::Pair;
use crate::presence::Presence;
use crate::signal::{Bundle, lock};
use demarc_hal::{
    Alarm, Bearer, CasChannel, CasForm, ChannelId, Companding, DChannel, Defect, Driver, DriverEvent, Error,
    Framing, Line, LineCode, Maintenance, Port, PortKind, Signalling, SignallingSeen, SpanId, SpanInfo,
    SpanKind, SpanSettings, SpanStatus,
};
use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

/// Periods of channel-associated signalling that are caught up with; more are skipped.
const MOST_TICKS: u64 = 5;

/// Simulated cards, as one machine sees them.
pub struct SimDriver {
    pub(crate) spans: Vec<Span>,
    pub(crate) news: Arc<News>,
    wake: Bundle,
    pace: Pace,
}

pub(crate) struct Span {
    pub(crate) info: SpanInfo,
    pub(crate) jacks: BTreeMap<u8, Jack>,
    pub(crate) wiring: Wiring,
    pub(crate) presence: Arc<Presence>,
    /// Line modes, where there is a choice.
    pub(crate) modes: Vec<SpanKind>,
    pub(crate) settings: Option<Run>,
}

/// How a span is run, and since which time its card was put in.
pub(crate) struct Run {
    settings: SpanSettings,
    since: u32,
}

/// What leads out of a span. A port without a cable has wires that end in the air.
pub(crate) enum Wiring {
    Digital { link: Arc<Link>, end: End },
    Analog(BTreeMap<u8, Arc<Pair>>),
}

impl SimDriver {
    pub(crate) fn new() -> Result<Self, Error> {
        let (news, wake) = (Arc::new(News::new()?), Bundle::new()?);
        let pace = Pace::new()?;
        wake.add(news.bell())?;
        wake.add(&pace)?;
        Ok(Self { spans: Vec::new(), news, wake, pace })
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

    /// The span that the card takes its clock from: the sound one with the lowest priority number.
    fn clock(&self) -> Option<SpanId> {
        let sources = self.spans.iter().filter_map(|span| Some((span.clock_priority()?, span.info.id)));
        sources.min().map(|(_, span)| span)
    }

    /// Moves D-channel frames over the cables, and what speakers of channel-associated signalling
    /// say; see [`dchannel`] and [`crate::cas`].
    fn carry(&mut self) {
        let ticks = self.pace.take().min(MOST_TICKS);
        let mut timed = false;
        for span in &self.spans {
            if let Wiring::Digital { link, end } = &span.wiring {
                dchannel::carry(link, *end);
                let there = span.presence.is_there();
                timed |= link.wires.serve(link, *end, there, span.info.companding, ticks);
            }
        }
        self.pace.run(timed);
    }
}

impl Driver for SimDriver {
    fn spans(&self) -> Vec<SpanInfo> {
        self.spans.iter().filter(|span| span.presence.is_there()).map(|span| span.info.clone()).collect()
    }

    fn open_line(&mut self, channel: ChannelId) -> Result<Box<dyn Line>, Error> {
        let (span, kind) = self.port(channel)?;
        let pairs = match &span.wiring {
            Wiring::Analog(pairs) => pairs,
            Wiring::Digital { link, end } if kind == PortKind::EAndM => {
                let line = EmLine::open(link, *end, channel.span, channel.slot, &span.presence)?;
                return Ok(Box::new(line));
            }
            Wiring::Digital { .. } => return Err(Error::WrongKind(channel)),
        };
        let pair = pairs.get(&channel.slot).ok_or(Error::NoSuchPort(channel))?;
        let line = SimLine::open(pair, kind, &span.presence).ok_or(Error::Busy(channel))?;
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

    fn open_cas(&mut self, channel: ChannelId) -> Result<CasChannel, Error> {
        // The last owner may have closed its descriptor a moment ago.
        self.carry();
        let (span, kind) = self.port(channel)?;
        let Wiring::Digital { link, end } = &span.wiring else {
            return Err(Error::WrongKind(channel));
        };
        if kind != PortKind::Cas {
            return Err(Error::WrongKind(channel));
        }
        let fd = link.wires.open(channel.slot, *end, &self.wake)?.ok_or(Error::Busy(channel))?;
        Ok(CasChannel { fd, form: CasForm::Packets })
    }

    fn open_bearer(&mut self, channel: ChannelId) -> Result<Box<dyn Bearer>, Error> {
        let (span, kind) = self.port(channel)?;
        if kind == PortKind::DChannel {
            return Err(Error::WrongKind(channel));
        }
        let jack = span.jacks.get(&channel.slot).ok_or(Error::WrongKind(channel))?;
        let bearer = audio::open(jack, span.info.companding, &span.presence);
        Ok(Box::new(bearer.ok_or(Error::Busy(channel))?))
    }

    fn configure_span(&mut self, id: SpanId, settings: &SpanSettings) -> Result<(), Error> {
        self.carry();
        let span = self.spans.iter_mut().find(|span| span.info.id == id).ok_or(Error::NoSuchSpan(id))?;
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
        if !fits {
            return Err(Error::Unsupported("framing or line code of another span"));
        }
        let kind = span.info.kind;
        let ports = ports(id, kind, &settings.signalling);
        if ports != span.info.ports {
            span.at_rest()?;
            span.info.ports = ports;
        }
        if let Wiring::Digital { link, end } = &span.wiring {
            link.change(|layer1| layer1.configure(*end, Some(settings.clone())));
        }
        span.settings = Some(Run { settings: settings.clone(), since: span.presence.now() });
        Ok(())
    }

    fn line_modes(&self, id: SpanId) -> Vec<SpanKind> {
        self.span(id).map(|span| span.modes.clone()).unwrap_or_default()
    }

    fn set_line_mode(&mut self, id: SpanId, mode: SpanKind) -> Result<(), Error> {
        self.carry();
        let span = self.spans.iter_mut().find(|span| span.info.id == id).ok_or(Error::NoSuchSpan(id))?;
        span.present()?;
        if !span.modes.contains(&mode) {
            return Err(Error::Unsupported("this line mode"));
        }
        if span.info.kind == mode {
            return Ok(());
        }
        span.at_rest()?;
        span.info.kind = mode;
        span.info.companding = if mode == SpanKind::T1 { Companding::MuLaw } else { Companding::ALaw };
        span.info.ports = ports(id, mode, &Signalling::Isdn);
        span.settings = None;
        if let Wiring::Digital { link, end } = &span.wiring {
            link.change(|layer1| layer1.set_kind(*end, mode));
        }
        Ok(())
    }

    fn signalling_seen(&self, id: SpanId) -> Result<SignallingSeen, Error> {
        let span = self.span(id).ok_or(Error::NoSuchSpan(id))?;
        span.present()?;
        match &span.wiring {
            Wiring::Digital { link, end } => Ok(link.signalling(*end)),
            Wiring::Analog(_) => Err(Error::Unsupported("an analog span has no signalling channel")),
        }
    }

    fn span_status(&self, id: SpanId) -> Result<SpanStatus, Error> {
        let span = self.span(id).ok_or(Error::NoSuchSpan(id))?;
        span.present()?;
        Ok(match &span.wiring {
            Wiring::Digital { link, end } => {
                SpanStatus { is_clock: self.clock() == Some(id), ..link.status(*end) }
            }
            Wiring::Analog(_) => SpanStatus::default(),
        })
    }

    fn maintain(&mut self, id: SpanId, maintenance: Maintenance) -> Result<(), Error> {
        let span = self.span(id).ok_or(Error::NoSuchSpan(id))?;
        span.present()?;
        let code = matches!(maintenance, Maintenance::LoopUp | Maintenance::LoopDown);
        match &span.wiring {
            Wiring::Analog(_) => Err(Error::Unsupported("maintenance of an analog span")),
            _ if maintenance == Maintenance::Prbs => Err(Error::Unsupported("a pattern of the card")),
            _ if code && span.info.kind != SpanKind::T1 => Err(Error::Unsupported("loop codes but on T1")),
            Wiring::Digital { link, end } => {
                link.maintain(*end, maintenance);
                Ok(())
            }
        }
    }

    fn insert(&mut self, id: SpanId, defect: Defect) -> Result<(), Error> {
        let span = self.span(id).ok_or(Error::NoSuchSpan(id))?;
        span.present()?;
        let mut known = false;
        if let Wiring::Digital { link, end } = &span.wiring {
            link.change(|layer1| known = layer1.insert(*end, defect));
        }
        if known { Ok(()) } else { Err(Error::Unsupported("that error")) }
    }

    fn poll_event(&mut self) -> Option<DriverEvent> {
        self.carry();
        self.news.pop()
    }

    fn wake_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

/// The ports that the signalling makes of a span.
fn ports(span: SpanId, kind: SpanKind, signalling: &Signalling) -> Vec<Port> {
    let port = |slot| Some(Port { id: ChannelId { span, slot }, kind: signalling.port(kind, slot)? });
    (1..=kind.slots()).filter_map(port).collect()
}

impl Span {
    fn present(&self) -> Result<(), Error> {
        if self.presence.is_there() { Ok(()) } else { Err(Error::Gone) }
    }

    /// Nothing of it is open.
    fn at_rest(&self) -> Result<(), Error> {
        let busy = |slot: u8| Err(Error::Busy(ChannelId { span: self.info.id, slot }));
        if let Some((slot, _)) = self.jacks.iter().find(|(_, jack)| lock(jack).is_none()) {
            return busy(*slot);
        }
        if let Wiring::Digital { link, end } = &self.wiring
            && let Some(slot) = link.wires.busy(*end)
        {
            return busy(slot);
        }
        match &self.wiring {
            Wiring::Digital { link, end } if lock(end.of(&link.hubs)).is_some() => {
                busy(self.info.kind.d_slot().unwrap_or(0))
            }
            _ => Ok(()),
        }
    }

    /// Its clock priority, when it can be the clock.
    fn clock_priority(&self) -> Option<u8> {
        let Wiring::Digital { link, end } = &self.wiring else { return None };
        let run = self.settings.as_ref().filter(|run| run.since == self.presence.now())?;
        let sound = !link.alarms(*end).contains(&Alarm::Red);
        (sound && run.settings.timing > 0).then_some(run.settings.timing)
    }
}
