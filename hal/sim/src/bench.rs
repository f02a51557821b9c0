//! Putting drivers, spans and cables together.

use crate::audio;
use crate::cable::{Cable, End, Kind};
use crate::clock::SimClock;
use crate::driver::{SimDriver, Span, Wiring};
use crate::fate::Fate;
use crate::link::{Link, Watcher};
use crate::pair::Pair;
use demarc_hal::{ChannelId, Companding, Error, Port, PortKind, Signalling, SpanId, SpanInfo, SpanKind};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A timeslot has its jack whatever it is used for: that changes with line mode and signalling.
const DIGITAL_SLOTS: u8 = 31;

/// A driver on the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DriverKey(usize);

/// Where cards and cables are put together. Everything begins without cables.
#[derive(Default)]
pub struct Bench {
    drivers: Vec<SimDriver>,
    clock: SimClock,
}

/// Why something does not fit together.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// There is no such driver or span on this bench.
    #[error("no such driver or span on this bench")]
    NoSuchSpan,
    /// Too many spans, or ports that the kind of span does not have.
    #[error("a span cannot have these ports")]
    BadPorts,
    /// E1 with T1, FXS with FXS, A-law with mu-law.
    #[error("these two do not fit one cable")]
    Misfit,
    /// One of the ends has its cable already.
    #[error("one of these has a cable already")]
    Taken,
    /// The operating system said no.
    #[error(transparent)]
    Hal(#[from] Error),
}

impl Bench {
    /// An empty bench.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty bench whose counters grow with a clock of your own.
    pub fn with_clock(clock: SimClock) -> Self {
        Self { drivers: Vec::new(), clock }
    }

    /// One more machine.
    ///
    /// # Errors
    /// [`BenchError::Hal`] when descriptors run out.
    pub fn driver(&mut self) -> Result<DriverKey, BenchError> {
        self.drivers.push(SimDriver::new()?);
        Ok(DriverKey(self.drivers.len() - 1))
    }

    /// A new E1 span: bearers in timeslots 1–15 and 17–31, the D channel in 16, A-law. Spans of a
    /// driver are numbered from 1 in the order in which they are made.
    ///
    /// # Errors
    /// [`BenchError`].
    pub fn e1(&mut self, driver: DriverKey, name: &str) -> Result<SpanId, BenchError> {
        self.digital(driver, name, SpanKind::E1, Companding::ALaw)
    }

    /// A new T1 span: bearers in timeslots 1–23, the D channel in 24, mu-law.
    ///
    /// # Errors
    /// [`BenchError`].
    pub fn t1(&mut self, driver: DriverKey, name: &str) -> Result<SpanId, BenchError> {
        self.digital(driver, name, SpanKind::T1, Companding::MuLaw)
    }

    /// A new span of a card that does E1 and T1, in `mode` to begin with.
    ///
    /// # Errors
    /// [`BenchError`].
    pub fn dual_mode(&mut self, driver: DriverKey, name: &str, mode: SpanKind) -> Result<SpanId, BenchError> {
        let span = match mode {
            SpanKind::E1 => self.e1(driver, name)?,
            SpanKind::T1 => self.t1(driver, name)?,
            SpanKind::Bri | SpanKind::Analog => return Err(BenchError::BadPorts),
        };
        self.find_mut((driver, span))?.modes = vec![SpanKind::E1, SpanKind::T1];
        Ok(span)
    }

    /// A new digital span with a law of your own.
    ///
    /// # Errors
    /// [`BenchError`].
    pub fn digital(
        &mut self,
        driver: DriverKey,
        name: &str,
        kind: SpanKind,
        companding: Companding,
    ) -> Result<SpanId, BenchError> {
        if kind == SpanKind::Analog {
            return Err(BenchError::BadPorts);
        }
        let kinds = (1..=kind.slots()).filter_map(|slot| Signalling::Isdn.port(kind, slot));
        let air = Arc::new(Link::open(kind, self.clock.clone()));
        let wiring = Wiring::Digital { link: air, end: End::A };
        self.span(driver, name, kind, companding, kinds.collect(), wiring)
    }

    /// A new group of analog ports, FXO and FXS, numbered from 1.
    ///
    /// # Errors
    /// [`BenchError`].
    pub fn analog(
        &mut self,
        driver: DriverKey,
        name: &str,
        companding: Companding,
        ports: &[PortKind],
    ) -> Result<SpanId, BenchError> {
        let analog = |kind: &PortKind| matches!(kind, PortKind::Fxo | PortKind::Fxs);
        if ports.is_empty() || ports.len() > 255 || !ports.iter().all(analog) {
            return Err(BenchError::BadPorts);
        }
        let slots = (1..=u8::MAX).take(ports.len());
        let pairs: Result<BTreeMap<_, _>, Error> =
            slots.map(|slot| Ok((slot, Arc::new(Pair::new(false)?)))).collect();
        let wiring = Wiring::Analog(pairs?);
        self.span(driver, name, SpanKind::Analog, companding, ports.to_vec(), wiring)
    }

    /// A crossover cable between two digital spans, of two drivers or of one. `A` is the first.
    ///
    /// # Errors
    /// [`BenchError::NoSuchSpan`], [`BenchError::Misfit`], [`BenchError::Taken`].
    pub fn cable_spans(
        &mut self,
        a: (DriverKey, SpanId),
        b: (DriverKey, SpanId),
    ) -> Result<Cable, BenchError> {
        let (kind, far_kind) = (self.find(a)?.info.kind, self.find(b)?.info.kind);
        let modes =
            |span: &Span| if span.modes.is_empty() { vec![span.info.kind] } else { span.modes.clone() };
        let far_modes = modes(self.find(b)?);
        let fit = modes(self.find(a)?).iter().any(|mode| far_modes.contains(mode));
        if a == b || !fit || kind == SpanKind::Analog {
            return Err(BenchError::Misfit);
        }
        if self.is_cabled(a)? || self.is_cabled(b)? {
            return Err(BenchError::Taken);
        }
        let watchers = [self.watcher(a), self.watcher(b)];
        let link = Arc::new(Link::cable([kind, far_kind], watchers, self.clock.clone()));
        for slot in 1..=DIGITAL_SLOTS {
            let fate = |end| Fate::new(&link.fates, end, slot);
            let (jack, far_jack) = audio::channel_with(link.carrier(), [fate(End::A), fate(End::B)]);
            self.find_mut(a)?.jacks.insert(slot, jack);
            self.find_mut(b)?.jacks.insert(slot, far_jack);
        }
        self.find_mut(a)?.wiring = Wiring::Digital { link: link.clone(), end: End::A };
        self.find_mut(b)?.wiring = Wiring::Digital { link: link.clone(), end: End::B };
        Ok(Cable(Kind::Digital(link)))
    }

    /// A loopback plug in a digital span: it hears itself.
    ///
    /// # Errors
    /// [`BenchError::NoSuchSpan`], [`BenchError::Misfit`], [`BenchError::Taken`].
    pub fn plug_loop(&mut self, at: (DriverKey, SpanId)) -> Result<Cable, BenchError> {
        let kind = self.find(at)?.info.kind;
        if kind == SpanKind::Analog {
            return Err(BenchError::Misfit);
        }
        if self.is_cabled(at)? {
            return Err(BenchError::Taken);
        }
        let link = Arc::new(Link::cable([kind, kind], [self.watcher(at), None], self.clock.clone()));
        link.fates.set_looped(End::A, true);
        for slot in 1..=DIGITAL_SLOTS {
            let fate = |end| Fate::new(&link.fates, end, slot);
            let (jack, _) = audio::channel_with(link.carrier(), [fate(End::A), fate(End::B)]);
            self.find_mut(at)?.jacks.insert(slot, jack);
        }
        self.find_mut(at)?.wiring = Wiring::Digital { link: link.clone(), end: End::A };
        Ok(Cable(Kind::Digital(link)))
    }

    /// A pair of wires between an FXO and an FXS port, in either order.
    ///
    /// # Errors
    /// [`BenchError::NoSuchSpan`], [`BenchError::Misfit`], [`BenchError::Taken`].
    pub fn cable_lines(
        &mut self,
        a: (DriverKey, ChannelId),
        b: (DriverKey, ChannelId),
    ) -> Result<Cable, BenchError> {
        let (kind, far_kind) = (self.kind(a)?, self.kind(b)?);
        let fits =
            matches!((kind, far_kind), (PortKind::Fxo, PortKind::Fxs) | (PortKind::Fxs, PortKind::Fxo));
        let span = |(driver, channel): (DriverKey, ChannelId)| (driver, channel.span);
        let same_law = self.find(span(a))?.info.companding == self.find(span(b))?.info.companding;
        if !fits || !same_law {
            return Err(BenchError::Misfit);
        }
        let pair = Arc::new(Pair::new(true)?);
        let (jack, far_jack) = audio::channel(pair.plug());
        // A port in the air is the only owner of its pair but for whoever opened it: nobody yet.
        for (driver, channel) in [a, b] {
            let Wiring::Analog(pairs) = &self.find((driver, channel.span))?.wiring else {
                return Err(BenchError::Misfit);
            };
            if pairs.get(&channel.slot).is_some_and(|pair| pair.is_plugged()) {
                return Err(BenchError::Taken);
            }
        }
        for ((driver, channel), jack) in [(a, jack), (b, far_jack)] {
            let span = self.find_mut((driver, channel.span))?;
            span.jacks.insert(channel.slot, jack);
            if let Wiring::Analog(pairs) = &mut span.wiring {
                pairs.insert(channel.slot, pair.clone());
            }
        }
        Ok(Cable(Kind::Analog(pair)))
    }

    /// The drivers, in the order in which they were made.
    pub fn build(self) -> Vec<SimDriver> {
        self.drivers
    }

    fn span(
        &mut self,
        driver: DriverKey,
        name: &str,
        kind: SpanKind,
        companding: Companding,
        ports: Vec<PortKind>,
        wiring: Wiring,
    ) -> Result<SpanId, BenchError> {
        let driver = self.drivers.get_mut(driver.0).ok_or(BenchError::NoSuchSpan)?;
        let number = u16::try_from(driver.spans.len() + 1).map_err(|_| BenchError::BadPorts)?;
        let id = SpanId(number);
        let ports: Vec<Port> = (1..=u8::MAX)
            .zip(ports)
            .map(|(slot, kind)| Port { id: ChannelId { span: id, slot }, kind })
            .collect();
        let unplugged = Arc::new(AtomicBool::new(false));
        let jacks = ports
            .iter()
            .map(|port| port.id.slot)
            .chain((1..=DIGITAL_SLOTS).filter(|_| kind != SpanKind::Analog))
            .map(|slot| (slot, audio::channel(&unplugged).0))
            .collect();
        let info = SpanInfo { id, name: name.to_owned(), kind, companding, ports };
        let (modes, presence) = (Vec::new(), Arc::default());
        driver.spans.push(Span { info, jacks, wiring, presence, modes, settings: None });
        Ok(id)
    }

    fn find(&self, (driver, span): (DriverKey, SpanId)) -> Result<&Span, BenchError> {
        let driver = self.drivers.get(driver.0);
        driver.and_then(|driver| driver.span(span)).ok_or(BenchError::NoSuchSpan)
    }

    fn find_mut(&mut self, (driver, span): (DriverKey, SpanId)) -> Result<&mut Span, BenchError> {
        let driver = self.drivers.get_mut(driver.0).ok_or(BenchError::NoSuchSpan)?;
        driver.spans.iter_mut().find(|own| own.info.id == span).ok_or(BenchError::NoSuchSpan)
    }

    fn kind(&self, (driver, channel): (DriverKey, ChannelId)) -> Result<PortKind, BenchError> {
        let span = self.find((driver, channel.span))?;
        let port = span.info.ports.iter().find(|port| port.id == channel);
        port.map(|port| port.kind).ok_or(BenchError::NoSuchSpan)
    }

    fn is_cabled(&self, at: (DriverKey, SpanId)) -> Result<bool, BenchError> {
        Ok(match &self.find(at)?.wiring {
            Wiring::Digital { link, .. } => link.is_plugged(),
            Wiring::Analog(_) => false,
        })
    }

    fn watcher(&self, (driver, span): (DriverKey, SpanId)) -> Option<Watcher> {
        let news = self.drivers.get(driver.0)?.news.clone();
        Some(Watcher { span, news })
    }
}
