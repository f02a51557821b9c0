//! The cards of a switch thread: its driver, its lines, and the helpers of its spans.
//!
//! What is open follows the cards and the configuration: [`Hardware::settle`] opens whatever of a
//! span should be open and is not, and may be called at any time. A span that has to be closed
//! first (other signalling, a card that vanished) is opened again by the same way.

mod found_out;
mod words;

use super::token;
use crate::gate::Gates;
use crate::helper::{Isdn, Link, Programs, R2, Tongue};
use demarc_hal::{
    Alarm, Bearer, Card, DChannel, Driver, DriverEvent, Error, Line, LineCommand, LineEvent, PortKind,
    SharedDriver, Signalling, SpanInfo, SpanKind, SpanSettings,
};
use demarc_isdn::{Command, Event};
use demarc_model::config::Span;
use demarc_model::live::{ChannelState, Live};
use demarc_model::{ChannelId, Config, Instant, SpanId};
use demarc_node::{Input, r2_settings, signalling};
use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use words::{layer_1, line_settings};

/// How soon a port that is still being closed elsewhere is tried again.
const AGAIN: Duration = Duration::from_millis(50);

/// The cards of a switch thread.
pub struct Hardware {
    driver: SharedDriver,
    programs: Programs,
    config: Arc<Config>,
    lines: BTreeMap<ChannelId, Box<dyn Line>>,
    links: Vec<Link<Isdn>>,
    r2_links: Vec<Link<R2>>,
    /// What keeps media from register signals.
    gates: Gates,
    /// Ports whose audio the media thread has.
    bearers: BTreeSet<ChannelId>,
    /// Digital spans as they were set up last.
    configured: BTreeMap<SpanId, SpanSettings>,
    /// Spans as the node knows them.
    known: BTreeMap<SpanId, SpanInfo>,
    /// Spans that wait for their calls to end, to be run otherwise.
    pending: BTreeSet<SpanId>,
    /// Spans of which something could not be opened yet.
    again: BTreeMap<SpanId, Instant>,
    /// Spans that the autopilot runs otherwise than configured, to find out.
    tried: BTreeMap<SpanId, Span>,
    /// Spans that a hardware test has: nothing of them is open here.
    lent: BTreeSet<SpanId>,
}

/// What the cards have to tell the rest of the gateway.
pub enum News {
    /// For the node.
    Node(Input),
    /// The audio of a port, for the media thread.
    Bearer(ChannelId, Box<dyn Bearer>),
    /// The media thread is to close the ports of a span.
    NoBearers(SpanId),
    /// What the driver wants to be given again at the next start.
    Memory(String),
    /// A span that was never seen before: the configuration may want it.
    New(SpanInfo),
    /// Spans and cards as they are now, for whoever looks.
    Found(Vec<SpanInfo>, Vec<Card>),
}

impl Hardware {
    /// Sets up every digital span that the configuration uses; nothing is open yet. A span that
    /// cannot be set up is logged and left as it is: the others work.
    pub fn new(driver: SharedDriver, config: Arc<Config>, programs: Programs) -> Self {
        let mut hardware = Self {
            driver,
            programs,
            config,
            lines: BTreeMap::new(),
            links: Vec::new(),
            r2_links: Vec::new(),
            gates: Gates::default(),
            bearers: BTreeSet::new(),
            configured: BTreeMap::new(),
            known: BTreeMap::new(),
            pending: BTreeSet::new(),
            again: BTreeMap::new(),
            tried: BTreeMap::new(),
            lent: BTreeSet::new(),
        };
        for span in hardware.driver.spans() {
            let _ = hardware.set_up(&span);
        }
        hardware.known = hardware.driver.spans().into_iter().map(|span| (span.id, span)).collect();
        hardware
    }

    /// Every span with its ports, for the node to begin with.
    pub fn spans(&self) -> Vec<SpanInfo> {
        self.known.values().cloned().collect()
    }

    /// Every card that was found.
    pub fn cards(&self) -> Vec<Card> {
        self.driver.cards()
    }

    /// Opens everything, and adds every descriptor to the thread's epoll.
    pub(super) fn open(&mut self, now: Instant, epoll: &Epoll) -> std::io::Result<Vec<News>> {
        epoll.add(self.driver.wake_fd(), readable(token::DRIVER))?;
        let spans: Vec<SpanId> = self.known.keys().copied().collect();
        Ok(spans.into_iter().flat_map(|span| self.settle(span, now, epoll)).collect())
    }

    /// What the driver has to tell.
    pub(super) fn poll_driver(&mut self, now: Instant, epoll: &Epoll) -> Vec<News> {
        let mut news = Vec::new();
        while let Some(event) = self.driver.poll_event() {
            match event {
                DriverEvent::AlarmsChanged(span) => news.extend(self.alarms_of(span)),
                DriverEvent::Gone(span) => {
                    tracing::error!(%span, "a card has vanished; its calls end");
                    self.configured.remove(&span);
                    self.again.remove(&span);
                    news.extend(self.close(span, epoll));
                    news.push(self.found());
                }
                DriverEvent::Arrived(span) => {
                    tracing::info!(%span, "a card is there");
                    if self.known.remove(&span).is_none() {
                        let spans = self.driver.spans();
                        news.extend(spans.into_iter().find(|info| info.id == span).map(News::New));
                    }
                    news.extend(self.settle(span, now, epoll));
                    news.push(self.found());
                }
                DriverEvent::CardsChanged => news.push(self.found()),
            }
        }
        news.extend(self.driver.memory().map(News::Memory));
        news
    }

    /// The next event of a line.
    pub(super) fn poll_line(&mut self, channel: ChannelId) -> Option<LineEvent> {
        self.lines.get_mut(&channel)?.poll_event()
    }

    /// The next input from the helper of a span.
    pub(super) fn poll_helper(&mut self, span: SpanId, now: Instant) -> Option<Input> {
        if let Some(link) = self.r2_links.iter_mut().find(|link| link.span() == span) {
            return match link.poll_event(now) {
                Ok(event) => event.map(|event| {
                    self.gates.heard(span, &event);
                    Input::R2 { span, event }
                }),
                Err(_) => {
                    self.gates.open(span);
                    Some(Input::HelperGone { span })
                }
            };
        }
        let link = self.links.iter_mut().find(|link| link.span() == span)?;
        match link.poll_event(now) {
            Ok(event) => {
                let event = event?;
                match &event {
                    Event::Up => tracing::info!(%span, "the D channel is up"),
                    Event::Down => tracing::warn!(%span, "the D channel is down"),
                    Event::Warning(text) => tracing::debug!(%span, text, "libpri"),
                    _ => {}
                }
                Some(Input::Isdn { span, event })
            }
            Err(_) => Some(Input::HelperGone { span }),
        }
    }

    /// Tells a line something.
    pub(super) fn command_line(&mut self, channel: ChannelId, command: LineCommand) {
        let Some(line) = self.lines.get_mut(&channel) else { return };
        if let Err(error) = line.command(command) {
            tracing::warn!(%channel, %error, "a line does not take an order");
        }
    }

    /// Tells the helper of a span something.
    pub(super) fn command_span(&mut self, span: SpanId, command: &Command) {
        if let Some(link) = self.links.iter_mut().find(|link| link.span() == span) {
            link.send(command);
        }
    }

    /// Tells the MFC/R2 helper of a span something.
    pub(super) fn command_r2(&mut self, span: SpanId, command: &demarc_r2::Command) {
        if let Some(link) = self.r2_links.iter_mut().find(|link| link.span() == span) {
            self.gates.told(span, command);
            link.send(command);
        }
    }

    /// Spans that are to run otherwise wait until they are idle: no call is dropped.
    pub(super) fn configure(&mut self, config: Arc<Config>) {
        for line in &config.lines {
            let former = self.config.lines.iter().find(|former| former.channel == line.channel);
            let former = former.map(|former| line_settings(former, self.config.system.country));
            let wanted = line_settings(line, config.system.country);
            if former.as_ref() != Some(&wanted)
                && let Err(error) = self.driver.configure_line(line.channel, &wanted)
            {
                tracing::error!(channel = %line.channel, %error, "a line cannot be set up");
            }
        }
        // What an administrator writes counts; the autopilot begins anew from there.
        let former = std::mem::replace(&mut self.config, config);
        let same = |span: &SpanId| {
            let of = |config: &Config| config.spans.iter().find(|other| other.id == *span).cloned();
            of(&former) == of(&self.config)
        };
        self.tried.retain(|span, _| same(span));
        let known = self.known.keys().copied();
        self.pending = known.filter(|span| !self.lent.contains(span) && !self.is_as_wanted(*span)).collect();
    }

    /// Lends spans to a hardware test: their ports are closed here until they are given back. None
    /// when one carries a call, or is lent already.
    pub(super) fn lend(
        &mut self,
        spans: &BTreeSet<SpanId>,
        live: &Live,
        epoll: &Epoll,
    ) -> Option<(SharedDriver, Vec<News>)> {
        let free = |span: &SpanId| self.known.contains_key(span) && !self.lent.contains(span);
        if !spans.iter().all(|span| free(span) && is_idle(live, *span)) {
            return None;
        }
        let news = spans.iter().flat_map(|span| self.close(*span, epoll)).collect();
        for span in spans {
            self.again.remove(span);
            // Whatever the test makes of it: it is set up anew afterwards.
            self.configured.remove(span);
            self.lent.insert(*span);
        }
        Some((self.driver.clone(), news))
    }

    /// Takes lent spans back, and opens them again.
    pub(super) fn give_back(&mut self, spans: &BTreeSet<SpanId>, now: Instant, epoll: &Epoll) -> Vec<News> {
        let back: Vec<SpanId> = spans.iter().copied().filter(|span| self.lent.remove(span)).collect();
        back.into_iter()
            .flat_map(|span| {
                self.known.remove(&span);
                self.settle(span, now, epoll)
            })
            .collect()
    }

    /// When [`Hardware::handle_timeout`] is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let links = self.links.iter().filter_map(Link::poll_timeout);
        links
            .chain(self.r2_links.iter().filter_map(Link::poll_timeout))
            .chain(self.again.values().copied())
            .min()
    }

    /// Runs idle spans as they are now wanted, opens what could not be opened, and starts helpers
    /// that are due.
    pub(super) fn handle_timeout(&mut self, now: Instant, live: &Live, epoll: &Epoll) -> Vec<News> {
        let mut news = Vec::new();
        let idle: Vec<SpanId> = self.pending.iter().copied().filter(|span| is_idle(live, *span)).collect();
        for span in idle {
            self.pending.remove(&span);
            news.extend(self.run_as_wanted(span, now, epoll));
        }
        let due: Vec<SpanId> =
            self.again.iter().filter(|(_, at)| **at <= now).map(|(span, _)| *span).collect();
        for span in due {
            self.again.remove(&span);
            news.extend(self.settle(span, now, epoll));
        }
        for link in &mut self.links {
            if link.handle_timeout(now) {
                hear(link, epoll);
            }
        }
        for link in &mut self.r2_links {
            if link.handle_timeout(now) {
                hear(link, epoll);
            }
        }
        news
    }

    /// As the autopilot tries it, or as it is configured.
    fn wanted(&self, span: SpanId) -> Option<&Span> {
        let tried = self.tried.get(&span);
        tried.or_else(|| self.configured_as(span))
    }

    /// How the D channel of a span is run; none when it has none of its own.
    fn spoken(&self, span: SpanId) -> Option<demarc_node::Signalling> {
        let Some(tried) = self.tried.get(&span) else { return signalling(&self.config, span) };
        let mut config = Config::clone(&self.config);
        *config.spans.iter_mut().find(|known| known.id == span)? = tried.clone();
        signalling(&config, span)
    }

    fn configured_as(&self, span: SpanId) -> Option<&Span> {
        self.config.spans.iter().find(|wanted| wanted.id == span && wanted.enabled)
    }

    fn is_as_wanted(&self, span: SpanId) -> bool {
        let link = self.links.iter().find(|link| link.span() == span);
        match self.wanted(span) {
            None => link.is_none() && !self.configured.contains_key(&span),
            Some(wanted) => {
                let r2 = self.r2_links.iter().find(|link| link.span() == span);
                let spoken = match wanted.signalling {
                    Signalling::Isdn => {
                        link.map(Link::settings) == self.spoken(span).map(|s| s.settings).as_ref()
                    }
                    Signalling::R2 => r2.is_some_and(|link| *link.settings() == r2_settings(&wanted.r2)),
                    _ => true,
                };
                spoken && self.configured.get(&span) == Some(&layer_1(wanted))
            }
        }
    }

    /// A span that is idle becomes what the configuration says.
    fn run_as_wanted(&mut self, span: SpanId, now: Instant, epoll: &Epoll) -> Vec<News> {
        let wanted = self.wanted(span);
        let wanted = wanted.map(|wanted| (layer_1(wanted), self.spoken(span), r2_settings(&wanted.r2)));
        let former = self.configured.get(&span);
        let closes = match (&wanted, former) {
            (Some((wanted, ..)), Some(former)) => wanted.signalling != former.signalling,
            (None, _) => true,
            (Some(_), None) => false,
        };
        let mut news = Vec::new();
        if closes {
            self.configured.remove(&span);
            news.extend(self.close(span, epoll));
        }
        let Some((_, spoken, r2)) = wanted else { return news };
        let link = self.r2_links.iter_mut().find(|link| link.span() == span);
        if let Some(link) = link.filter(|link| *link.settings() != r2) {
            link.reconfigure(r2);
        }
        match (self.links.iter_mut().find(|link| link.span() == span), spoken) {
            (Some(link), Some(spoken)) if *link.settings() != spoken.settings => {
                link.reconfigure(spoken.settings);
            }
            // Its calls are signalled on another span's D channel from now on.
            (Some(_), None) => {
                self.links.retain(|link| link.span() != span);
                news.push(News::Node(Input::HelperGone { span }));
            }
            _ => {}
        }
        news.extend(self.settle(span, now, epoll));
        news
    }

    /// Opens what of a span should be open and is not.
    fn settle(&mut self, id: SpanId, now: Instant, epoll: &Epoll) -> Vec<News> {
        let mut news = Vec::new();
        if self.lent.contains(&id) {
            return news;
        }
        let Some(found) = self.driver.spans().into_iter().find(|found| found.id == id) else { return news };
        let mut busy = matches!(self.set_up(&found), Err(Error::Busy(_)));
        let Some(span) = self.driver.spans().into_iter().find(|found| found.id == id) else { return news };
        if self.known.get(&id) != Some(&span) {
            news.push(News::Node(Input::SpanArrived(span.clone())));
            self.known.insert(id, span.clone());
        }
        if span.kind != SpanKind::Analog && self.wanted(id).is_none() {
            return news;
        }
        for port in &span.ports {
            if matches!(port.kind, PortKind::Fxo | PortKind::Fxs | PortKind::EAndM) {
                busy |= self.open_line(port.id, epoll);
            }
            if port.kind != PortKind::DChannel && !self.bearers.contains(&port.id) {
                match self.driver.open_bearer(port.id) {
                    Ok(bearer) => {
                        self.bearers.insert(port.id);
                        let bearer = match port.kind {
                            PortKind::Cas => self.gates.before(port.id, bearer),
                            _ => bearer,
                        };
                        news.push(News::Bearer(port.id, bearer));
                    }
                    Err(Error::Busy(_)) => busy = true,
                    Err(error) => {
                        tracing::error!(port = %port.id, %error, "the audio of a port cannot be opened");
                    }
                }
            }
            if port.kind == PortKind::DChannel {
                busy |= self.open_dchannel(id, port.id, now);
            }
        }
        if span.ports.iter().any(|port| port.kind == PortKind::Cas) {
            busy |= self.open_r2(&span, now);
        }
        news.extend(self.alarms_of(id));
        if busy {
            self.again.insert(id, now + AGAIN);
        }
        news
    }

    /// Sets a digital span up, if it is used and not set up like this already.
    fn set_up(&mut self, span: &SpanInfo) -> Result<(), Error> {
        let Some(wanted) = self.wanted(span.id).map(layer_1) else { return Ok(()) };
        if span.kind == SpanKind::Analog || self.configured.get(&span.id) == Some(&wanted) {
            return Ok(());
        }
        let mode = self.wanted(span.id).and_then(|wanted| wanted.line_mode);
        if let Some(mode) = mode.filter(|mode| *mode != span.kind)
            && let Err(error) = self.driver.set_line_mode(span.id, mode)
        {
            if matches!(error, Error::Busy(_)) {
                return Err(error);
            }
            tracing::error!(span = %span.id, %error, "a span cannot change its line mode");
        }
        let done = self.driver.configure_span(span.id, &wanted);
        match &done {
            Err(Error::Busy(_)) => return done,
            Err(error) => tracing::error!(span = %span.id, %error, "a span cannot be set up"),
            Ok(()) => {}
        }
        // One that was refused is not asked again until it is wanted otherwise.
        self.configured.insert(span.id, wanted);
        done
    }

    /// True when the port is still being closed elsewhere.
    fn open_line(&mut self, channel: ChannelId, epoll: &Epoll) -> bool {
        if self.lines.contains_key(&channel) {
            return false;
        }
        if let Some(line) = self.config.lines.iter().find(|line| line.channel == channel)
            && let Err(error) =
                self.driver.configure_line(channel, &line_settings(line, self.config.system.country))
        {
            tracing::error!(%channel, %error, "a line cannot be set up");
        }
        match self.driver.open_line(channel) {
            Ok(line) => {
                let token = token::LINE + (u64::from(channel.span.0) << 8) + u64::from(channel.slot);
                if let Err(error) = epoll.add(line.wake_fd(), readable(token)) {
                    tracing::error!(%channel, %error, "a line cannot be heard");
                }
                self.lines.insert(channel, line);
                false
            }
            Err(Error::Busy(_)) => true,
            Err(error) => {
                tracing::error!(%channel, %error, "a line cannot be opened");
                false
            }
        }
    }

    /// True when the channel is still being closed elsewhere.
    fn open_dchannel(&mut self, span: SpanId, channel: ChannelId, now: Instant) -> bool {
        let Some(spoken) = self.spoken(span) else { return false };
        if self.links.iter().any(|link| link.span() == span) {
            return false;
        }
        match self.driver.open_dchannel(channel) {
            Ok(d_channel) => {
                let backup = spoken.backup.and_then(|(interface, span)| {
                    let opened = self.open_backup(span).inspect_err(|error| {
                        tracing::error!(%span, %error, "the backup D channel cannot be opened");
                    });
                    Some((interface, opened.ok()?))
                });
                let tongue = Isdn { d_channel, backup };
                let settings = spoken.settings;
                self.links.push(Link::new(now, span, &self.programs.isdn, settings, tongue));
                false
            }
            Err(Error::Busy(_)) => true,
            Err(error) => {
                tracing::error!(%span, %error, "a D channel cannot be opened");
                false
            }
        }
    }

    /// The D channel of a span of an NFAS group that takes over when the primary one fails.
    fn open_backup(&mut self, span: SpanId) -> Result<DChannel, Error> {
        let found = self.driver.spans().into_iter().find(|found| found.id == span);
        self.set_up(&found.ok_or(Error::NoSuchSpan(span))?)?;
        let found = self.driver.spans().into_iter().find(|found| found.id == span);
        let ports = found.map(|found| found.ports).unwrap_or_default();
        let port = ports.into_iter().find(|port| port.kind == PortKind::DChannel);
        self.driver.open_dchannel(port.ok_or(Error::NoSuchSpan(span))?.id)
    }

    /// True when a channel is still being closed elsewhere.
    fn open_r2(&mut self, span: &SpanInfo, now: Instant) -> bool {
        let Some(settings) = self.wanted(span.id).map(|wanted| r2_settings(&wanted.r2)) else { return false };
        if self.r2_links.iter().any(|link| link.span() == span.id) {
            return false;
        }
        let mut channels = Vec::new();
        for port in span.ports.iter().filter(|port| port.kind == PortKind::Cas) {
            match self.driver.open_cas(port.id) {
                Ok(channel) => channels.push((port.id.slot, channel)),
                // Those that are open close again, and all are tried together.
                Err(Error::Busy(_)) => return true,
                Err(error) => tracing::error!(channel = %port.id, %error, "a channel cannot be opened"),
            }
        }
        self.r2_links.push(Link::new(now, span.id, &self.programs.r2, settings, R2 { channels }));
        false
    }

    /// Closes everything of a span: its calls end with cause 41.
    fn close(&mut self, span: SpanId, epoll: &Epoll) -> Vec<News> {
        self.lines.retain(|channel, line| {
            let stays = channel.span != span;
            if !stays {
                // The descriptor may outlive the line: a driver may keep it for the next opening.
                let _ = epoll.delete(line.wake_fd());
            }
            stays
        });
        self.links.retain(|link| link.span() != span);
        self.r2_links.retain(|link| link.span() != span);
        self.bearers.retain(|channel| channel.span != span);
        vec![News::Node(Input::SpanGone(span)), News::NoBearers(span)]
    }

    fn alarms_of(&self, span: SpanId) -> Option<News> {
        let analog = self.known.get(&span).is_none_or(|known| known.kind == SpanKind::Analog);
        if analog {
            return None;
        }
        let alarms = self.driver.span_status(span).map_or_else(|_| vec![Alarm::Red], |status| status.alarms);
        Some(News::Node(Input::Alarms { span, alarms }))
    }

    fn found(&self) -> News {
        News::Found(self.driver.spans(), self.driver.cards())
    }
}

/// The line that a token of the epoll means.
pub(super) fn channel_of(index: u64) -> ChannelId {
    ChannelId::new((index >> 8) as u16, index as u8)
}

/// A new helper's descriptor enters the epoll; the former one's left it when it was closed.
fn hear<T: Tongue>(link: &Link<T>, epoll: &Epoll) {
    let Some(fd) = link.wake_fd() else { return };
    if let Err(error) = epoll.add(fd, readable(token::HELPER + u64::from(link.span().0))) {
        tracing::error!(span = %link.span(), %error, "the {} helper cannot be heard", T::NAME);
    }
}

fn readable(token: u64) -> EpollEvent {
    EpollEvent::new(EpollFlags::EPOLLIN, token)
}

pub(super) fn is_idle(live: &Live, span: SpanId) -> bool {
    let rests = |state| matches!(state, ChannelState::Idle | ChannelState::Down);
    let digital = live.spans.iter().filter(|other| other.span == span).flat_map(|span| &span.channels);
    let analog = live.lines.iter().filter(|line| line.channel.span == span);
    digital.map(|channel| channel.state).chain(analog.map(|line| line.state)).all(rests)
}
