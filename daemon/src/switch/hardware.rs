//! The cards of a switch thread: its driver, its analog lines, and the helpers of its spans.

use super::token;
use crate::isdn::IsdnLink;
use demarc_hal::{Alarm, Driver, DriverEvent, Line, LineCommand, LineEvent, PortKind, SpanSettings};
use demarc_isdn::{Command, Dialect, Event, Settings, Side};
use demarc_model::config::{Span, SpanDialect, SpanSide};
use demarc_model::live::{ChannelState, Live};
use demarc_model::{ChannelId, Config, Instant, SpanId};
use demarc_node::Input;
use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};
use std::path::PathBuf;

/// The cards of a switch thread.
pub struct Hardware {
    driver: Box<dyn Driver>,
    helper: PathBuf,
    lines: Vec<(ChannelId, Box<dyn Line>)>,
    links: Vec<IsdnLink>,
    /// Spans that wait for their calls to end, to be run otherwise (or not at all: `None`).
    pending: Vec<(SpanId, Option<Span>)>,
}

impl Hardware {
    /// Opens every analog port and the D channel of every span that the configuration uses. A port
    /// that cannot be opened is logged and left out: the others work.
    pub fn open(mut driver: Box<dyn Driver>, config: &Config, helper: PathBuf, now: Instant) -> Self {
        let mut lines = Vec::new();
        let ports: Vec<_> = driver.spans().into_iter().flat_map(|span| span.ports).collect();
        for port in ports {
            if matches!(port.kind, PortKind::Fxo | PortKind::Fxs) {
                match driver.open_line(port.id) {
                    Ok(line) => lines.push((port.id, line)),
                    Err(error) => tracing::error!(port = %port.id, %error, "a line cannot be opened"),
                }
            }
        }
        let mut hardware = Self { driver, helper, lines, links: Vec::new(), pending: Vec::new() };
        for span in config.spans.iter().filter(|span| span.enabled) {
            hardware.open_span(span, now);
        }
        hardware
    }

    fn open_span(&mut self, span: &Span, now: Instant) {
        let info = self.driver.spans().into_iter().find(|info| info.id == span.id);
        let d_channel =
            info.and_then(|info| info.ports.into_iter().find(|port| port.kind == PortKind::DChannel));
        let Some(d_channel) = d_channel else {
            tracing::error!(span = %span.id, "a configured span is not there, or has no D channel");
            return;
        };
        if let Err(error) = self.driver.configure_span(span.id, &layer_1(span)) {
            tracing::error!(span = %span.id, %error, "a span cannot be configured");
        }
        match self.driver.open_dchannel(d_channel.id) {
            Ok(fd) => self.links.push(IsdnLink::new(now, span.id, &self.helper, settings(span), fd)),
            Err(error) => tracing::error!(span = %span.id, %error, "a D channel cannot be opened"),
        }
    }

    /// Adds every descriptor to the thread's epoll.
    pub(super) fn watch(&mut self, epoll: &Epoll) -> std::io::Result<()> {
        let readable = |token| EpollEvent::new(EpollFlags::EPOLLIN, token);
        epoll.add(self.driver.wake_fd(), readable(token::DRIVER))?;
        for (index, (_, line)) in self.lines.iter().enumerate() {
            epoll.add(line.wake_fd(), readable(token::LINE + index as u64))?;
        }
        Ok(())
    }

    /// The alarms of every digital span, to begin with.
    pub(super) fn alarms(&self) -> Vec<(SpanId, Vec<Alarm>)> {
        self.links.iter().filter_map(|link| self.alarms_of(link.span())).collect()
    }

    /// The alarms that changed.
    pub(super) fn poll_alarms(&mut self) -> Vec<(SpanId, Vec<Alarm>)> {
        let mut changed = Vec::new();
        while let Some(event) = self.driver.poll_event() {
            match event {
                DriverEvent::AlarmsChanged(span) => changed.extend(self.alarms_of(span)),
                DriverEvent::Gone(span) => changed.push((span, vec![Alarm::Red])),
                DriverEvent::Arrived(span) => changed.extend(self.alarms_of(span)),
                DriverEvent::CardsChanged => {}
            }
        }
        changed
    }

    fn alarms_of(&self, span: SpanId) -> Option<(SpanId, Vec<Alarm>)> {
        Some((span, self.driver.span_status(span).ok()?.alarms))
    }

    /// The next event of the `index`-th line.
    pub(super) fn poll_line(&mut self, index: usize) -> Option<(ChannelId, LineEvent)> {
        let (channel, line) = self.lines.get_mut(index)?;
        Some((*channel, line.poll_event()?))
    }

    /// The next input from the helper of a span.
    pub(super) fn poll_helper(&mut self, span: SpanId, now: Instant) -> Option<Input> {
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
        let Some((_, line)) = self.lines.iter_mut().find(|(id, _)| *id == channel) else { return };
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

    /// Spans that are to run otherwise wait until they are idle: no call is dropped.
    pub(super) fn configure(&mut self, config: &Config) {
        self.pending.clear();
        for wanted in config.spans.iter().filter(|span| span.enabled) {
            let link = self.links.iter().find(|link| link.span() == wanted.id);
            if link.is_none_or(|link| *link.settings() != settings(wanted)) {
                self.pending.push((wanted.id, Some(wanted.clone())));
            }
        }
        for link in &self.links {
            if !config.spans.iter().any(|span| span.enabled && span.id == link.span()) {
                self.pending.push((link.span(), None));
            }
        }
    }

    /// When [`Hardware::handle_timeout`] is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.links.iter().filter_map(IsdnLink::poll_timeout).min()
    }

    /// Runs idle spans as they are now wanted, and starts helpers that are due. What it returns is
    /// for the node: the spans that are no longer run.
    pub(super) fn handle_timeout(&mut self, now: Instant, live: &Live, epoll: &Epoll) -> Vec<Input> {
        let (ready, waiting) =
            std::mem::take(&mut self.pending).into_iter().partition(|(span, _)| is_idle(live, *span));
        self.pending = waiting;
        let mut news = Vec::new();
        let ready: Vec<(SpanId, Option<Span>)> = ready;
        for (span, wanted) in ready {
            let link = self.links.iter_mut().find(|link| link.span() == span);
            match (link, wanted) {
                (Some(link), Some(wanted)) => link.reconfigure(settings(&wanted)),
                (None, Some(wanted)) => {
                    self.open_span(&wanted, now);
                    news.extend(self.alarms_of(span).map(|(span, alarms)| Input::Alarms { span, alarms }));
                }
                (Some(_), None) => {
                    self.links.retain(|link| link.span() != span);
                    news.push(Input::HelperGone { span });
                }
                (None, None) => {}
            }
        }
        for link in &mut self.links {
            if link.handle_timeout(now)
                && let Some(fd) = link.wake_fd()
            {
                let readable = EpollEvent::new(EpollFlags::EPOLLIN, token::HELPER + u64::from(link.span().0));
                // The former helper's descriptor left the epoll when it was closed.
                if let Err(error) = epoll.add(fd, readable) {
                    tracing::error!(span = %link.span(), %error, "the ISDN helper cannot be heard");
                }
            }
        }
        news
    }
}

fn is_idle(live: &Live, span: SpanId) -> bool {
    let Some(span) = live.spans.iter().find(|other| other.span == span) else { return true };
    span.channels.iter().all(|channel| matches!(channel.state, ChannelState::Idle | ChannelState::Down))
}

fn layer_1(span: &Span) -> SpanSettings {
    SpanSettings {
        framing: span.framing,
        line_code: span.line_code,
        timing: span.timing,
        build_out: span.build_out,
        network: span.side == SpanSide::Network,
        terminated: false,
        signalling: span.signalling.clone(),
    }
}

fn settings(span: &Span) -> Settings {
    let side = match span.side {
        SpanSide::User => Side::User,
        SpanSide::Network => Side::Network,
    };
    let dialect = match span.dialect {
        SpanDialect::EuroIsdn => Dialect::EuroIsdn,
        SpanDialect::Ni2 => Dialect::Ni2,
        SpanDialect::Ni1 => Dialect::Ni1,
        SpanDialect::Att5ess => Dialect::Att5ess,
        SpanDialect::Att4ess => Dialect::Att4ess,
        SpanDialect::Dms100 => Dialect::Dms100,
        SpanDialect::Qsig => Dialect::Qsig,
    };
    Settings { side, dialect, overlap: span.overlap, ..Settings::default() }
}
