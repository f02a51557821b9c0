//! The switch thread: it owns the node and everything that the node hears and tells directly.
//!
//! It waits in epoll for SIP datagrams, line events, ISDN helpers, the media thread, orders of other
//! threads and its own next timeout. It never blocks and takes no lock on call state.

mod hardware;
mod parts;
mod pilot;
mod sockets;

pub use hardware::Hardware;
use hardware::News;
pub use parts::{Records, SwitchParts};

use crate::amend::{Amendment, Amendments};
use crate::inbox::{Inbox, Order};
use crate::media::Media;
use crate::rtp_ports::RtpRange;
use crate::shared::Shared;
use crate::wake::Bell;
use demarc_clock::Clock;
use demarc_hal::SharedDriver;
use demarc_model::live::LiveEvent;
use demarc_model::{CallId, Cause, Config, Instant, Now, SpanId};
use demarc_node::{Input, Node, Output};
use demarc_sip::Transport;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use pilot::Pilot;
use sockets::Sockets;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How many things of one kind are taken before the other kinds have their turn.
const BURST: usize = 64;
/// How often the live view is shown at the most.
const PUBLISH_EVERY: Duration = Duration::from_millis(100);
/// How long calls have to say goodbye when the daemon stops.
const FAREWELL: Duration = Duration::from_millis(500);

/// What woke the thread: the `data` of an epoll event.
mod token {
    pub const BELL: u64 = 1 << 32;
    /// Plus the number of the socket.
    pub const UDP: u64 = 2 << 32;
    pub const DRIVER: u64 = 3 << 32;
    /// Plus the span times 256 and the slot of the line.
    pub const LINE: u64 = 4 << 32;
    /// Plus the number of the span.
    pub const HELPER: u64 = 5 << 32;
    pub const KIND: u64 = !0 << 32;
}

/// Starts a switch thread; it ends at [`Order::Stop`].
///
/// # Errors
/// When the system has no descriptor or thread left.
pub fn start(parts: SwitchParts) -> std::io::Result<JoinHandle<()>> {
    let name = parts.name;
    let switch = Switch::new(parts)?;
    std::thread::Builder::new().name(format!("{name}-switch")).spawn(move || switch.run())
}

struct Switch {
    clock: Clock,
    node: Node,
    hardware: Hardware,
    sip: Sockets,
    runtime: tokio::runtime::Handle,
    media: Media,
    /// The RTP ports of the last change.
    rtp: Option<RtpRange>,
    records: Records,
    amendments: Option<Amendments>,
    /// The telco has none: it is what the gateway's finds out about.
    pilot: Option<Pilot>,
    shared: Arc<Shared>,
    inbox: Inbox,
    orders: Receiver<Order>,
    bell: Bell,
    epoll: Epoll,
    /// Calls that ended since the live view was shown.
    ended: Vec<(CallId, Cause)>,
    /// When the live view is shown next, if it changed.
    publish_at: Option<Instant>,
    published: Instant,
    stopping: Option<Instant>,
}

impl Switch {
    fn new(parts: SwitchParts) -> std::io::Result<Self> {
        let SwitchParts {
            name: _,
            clock,
            node,
            hardware,
            udp,
            tcp,
            runtime,
            media,
            records,
            amendments,
            pilot_seed,
            shared,
            inbox,
            orders,
            bell,
        } = parts;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let readable = |token| EpollEvent::new(EpollFlags::EPOLLIN, token);
        epoll.add(&bell, readable(token::BELL))?;
        let sip = Sockets::new(udp, tcp, &epoll)?;
        let published = clock.now().mono;
        Ok(Self {
            clock,
            node,
            hardware,
            sip,
            runtime,
            media,
            rtp: None,
            records,
            amendments,
            pilot: pilot_seed.map(Pilot::new),
            shared,
            inbox,
            orders,
            bell,
            epoll,
            ended: Vec::new(),
            publish_at: Some(published),
            published,
            stopping: None,
        })
    }

    fn run(mut self) {
        match self.hardware.open(self.clock.now().mono, &self.epoll) {
            Ok(news) => self.take_news(news),
            Err(error) => tracing::error!(%error, "the cards cannot be heard"),
        }
        self.look_after();
        let mut ready = [EpollEvent::empty(); 64];
        loop {
            if self.stopping.is_some_and(|at| self.clock.until(at).is_zero() || self.node.is_quiet()) {
                return;
            }
            let count = match self.epoll.wait(&mut ready, self.patience()) {
                Ok(count) => count,
                Err(nix::errno::Errno::EINTR) => 0,
                Err(error) => {
                    tracing::error!(%error, "the switch cannot wait for its world; it ends");
                    return;
                }
            };
            for event in ready.iter().take(count) {
                self.hear(event.data());
            }
            self.time();
            self.publish();
        }
    }

    /// How long to sleep when nothing happens.
    fn patience(&self) -> EpollTimeout {
        let timeout = self.node.poll_timeout().map(|(at, _)| at);
        let sockets = self.sip.poll_timeout();
        let pilot = self.pilot.as_ref().and_then(Pilot::poll_timeout);
        let due = [timeout, self.publish_at, self.hardware.poll_timeout(), sockets, pilot, self.stopping];
        match due.into_iter().flatten().min() {
            None => EpollTimeout::NONE,
            // epoll counts whole milliseconds: round up, or a timeout that is nearly due spins.
            Some(at) => {
                let ms = self.clock.until(at).as_micros().div_ceil(1000);
                EpollTimeout::try_from(ms.min(60_000)).unwrap_or(EpollTimeout::ZERO)
            }
        }
    }

    fn hear(&mut self, data: u64) {
        let index = data & !token::KIND;
        match data & token::KIND {
            token::BELL => {
                self.bell.silence();
                self.take_media_events();
                self.take_orders();
            }
            token::UDP => self.take_datagrams(index),
            token::DRIVER => {
                let news = self.hardware.poll_driver(self.clock.now().mono, &self.epoll);
                self.take_news(news);
            }
            token::LINE => {
                let channel = hardware::channel_of(index);
                for _ in 0..BURST {
                    let Some(event) = self.hardware.poll_line(channel) else { break };
                    self.input(Input::Line { channel, event });
                }
            }
            token::HELPER => {
                let now = self.clock.now().mono;
                let Ok(span) = u16::try_from(index).map(SpanId) else { return };
                for _ in 0..BURST {
                    let Some(input) = self.hardware.poll_helper(span, now) else { break };
                    self.input(input);
                }
            }
            _ => {}
        }
    }

    fn take_news(&mut self, news: Vec<News>) {
        let opened = !news.is_empty();
        for item in news {
            match item {
                News::Node(input) => self.input(input),
                News::Bearer(channel, bearer) => self.media.add_bearer(channel, bearer),
                News::NoBearers(span) => self.media.drop_bearers(span),
                News::Memory(text) => self.amend(Amendment::Memory(text)),
                News::New(span) => self.amend(Amendment::Card(span)),
                News::Found(spans, cards) => self.shared.found(spans, cards),
            }
        }
        if opened {
            self.look_after();
        }
    }

    fn take_datagrams(&mut self, socket: u64) {
        for _ in 0..BURST {
            let Some((flow, bytes)) = self.sip.receive(socket) else { return };
            self.input(Input::Sip(demarc_sip::Input::Message { flow, bytes }));
        }
    }

    fn take_media_events(&mut self) {
        while let Some(event) = self.media.poll_event() {
            self.input(Input::Media(event));
        }
    }

    fn take_orders(&mut self) {
        for _ in 0..BURST {
            match self.orders.try_recv() {
                Ok(order) => self.obey(order),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => return self.stop(),
            }
        }
        // There may be more: come back after the others had their turn.
        self.bell.ring();
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Sip(input) => self.input(Input::Sip(input)),
            Order::Config(config) => self.apply(config),
            Order::Known(line, what) => self.input(Input::Known { line, what }),
            Order::RestartChannel(channel) => self.input(Input::RestartChannel { channel }),
            Order::HangUp(call) => self.input(Input::HangUp { call }),
            // Whoever asked may be gone by now.
            Order::Ladder(call, reply) => drop(reply.try_send(self.node.ladder(call))),
            Order::LadderCalls(reply) => drop(reply.try_send(self.node.ladder_calls().collect())),
            Order::Lend(spans, reply) => self.lend(&spans, &reply),
            Order::GiveBack(spans) => {
                let news = self.hardware.give_back(&spans, self.clock.now().mono, &self.epoll);
                self.take_news(news);
            }
            Order::Stop => self.stop(),
        }
    }

    fn lend(&mut self, spans: &BTreeSet<SpanId>, reply: &SyncSender<Option<SharedDriver>>) {
        let live = self.node.live(self.clock.now());
        let lent = self.hardware.lend(spans, &live, &self.epoll).map(|(driver, news)| {
            self.take_news(news);
            driver
        });
        let refused = lent.is_none();
        if reply.try_send(lent).is_err() && !refused {
            // Whoever asked is gone by now.
            let news = self.hardware.give_back(spans, self.clock.now().mono, &self.epoll);
            self.take_news(news);
        }
    }

    fn apply(&mut self, config: Arc<Config>) {
        self.hardware.configure(config.clone());
        self.sip.want(&config.system.sip);
        let moved = self.settle_sockets();
        // Before the node knows of the ports, so that they are there when it uses them.
        let rtp = &config.system.rtp;
        self.use_ports(rtp.first_port, rtp.ports);
        self.input(Input::Config(config));
        self.look_after();
        self.tell_moved(moved);
    }

    fn settle_sockets(&mut self) -> Vec<(Transport, SocketAddr)> {
        let calls = self.calls();
        let _runtime = self.runtime.enter();
        self.sip.settle(self.clock.now().mono, &self.epoll, &calls)
    }

    fn tell_moved(&mut self, moved: Vec<(Transport, SocketAddr)>) {
        for (transport, served) in moved {
            tracing::info!(%served, transport = transport.via(), "SIP is served at a new address");
            self.input(Input::Sip(demarc_sip::Input::Moved { transport, served }));
        }
    }

    /// Audio is received where SIP is served.
    fn use_ports(&mut self, first: u16, count: u16) {
        let range = RtpRange { ip: self.sip.media_ip(), first, count };
        if self.rtp.replace(range) != Some(range) {
            self.media.use_ports(range);
        }
    }

    fn calls(&self) -> BTreeSet<CallId> {
        self.node.live(self.clock.now()).calls.iter().map(|call| call.call).collect()
    }

    /// Ends all calls and gives them a moment to be told.
    fn stop(&mut self) {
        let now = self.clock.now();
        self.stopping.get_or_insert(now.mono + FAREWELL);
        let calls: Vec<_> = self.node.live(now).calls.iter().map(|call| call.call).collect();
        for call in calls {
            self.input(Input::HangUp { call });
        }
    }

    fn input(&mut self, input: Input) {
        if let Some(pilot) = &mut self.pilot {
            let now = self.clock.now();
            match &input {
                Input::Isdn { span, event } => pilot.hear_isdn(now, &mut self.hardware, *span, event),
                Input::Alarms { span, alarms } => pilot.hear_alarms(now, &self.hardware, *span, alarms),
                Input::Line { channel, event } => pilot.hear_line(now, *channel, *event),
                _ => {}
            }
        }
        self.node.handle_input(self.clock.now(), input);
        self.act();
    }

    fn time(&mut self) {
        let now = self.clock.now();
        if self.node.poll_timeout().is_some_and(|(at, _)| at <= now.mono) {
            self.node.handle_timeout(now);
            self.act();
        }
        if self.sip.poll_timeout().is_some_and(|at| at <= now.mono) {
            if self.sip.is_due(now.mono) {
                let moved = self.settle_sockets();
                if let Some(RtpRange { first, count, .. }) = self.rtp {
                    self.use_ports(first, count);
                }
                self.tell_moved(moved);
            }
            self.sip.tidy(now.mono, &self.calls());
        }
        let news = self.hardware.handle_timeout(now.mono, &self.shared.live(), &self.epoll);
        self.take_news(news);
        self.fly(now);
    }

    /// Does what the node wants done.
    fn act(&mut self) {
        while let Some(output) = self.node.poll_output() {
            match output {
                Output::SipSend { flow, bytes } => self.sip.send(flow, bytes),
                Output::SipResolve { host, port, transport } => self.resolve(host, port, transport),
                Output::Line { channel, command } => self.hardware.command_line(channel, command),
                Output::Isdn { span, command } => self.hardware.command_span(span, &command),
                Output::R2 { span, command } => self.hardware.command_r2(span, &command),
                Output::Media(command) => self.media.order(command),
                Output::Learned { line, what } => {
                    if let Some(pilot) = &mut self.pilot {
                        pilot.learn(self.clock.now(), self.node.config(), line, &what);
                    }
                    self.amend(Amendment::Learned(line, what));
                }
                Output::Probed { channel, what } => {
                    if let Some(pilot) = &mut self.pilot {
                        pilot.hear_probe(self.clock.now(), channel, what);
                    }
                }
                Output::Setting { extension, setting } => self.amend(Amendment::Setting(extension, setting)),
                Output::Record(record) => {
                    if record.ended_ms.is_some() {
                        self.ended.push((record.call, record.cause.unwrap_or(Cause::NORMAL_UNSPECIFIED)));
                    }
                    (self.records)(record);
                }
            }
        }
        if self.node.take_changed() && self.publish_at.is_none() {
            self.publish_at = Some(self.published + PUBLISH_EVERY);
        }
    }

    /// The cards or the configuration have changed.
    fn look_after(&mut self) {
        if let Some(pilot) = &mut self.pilot {
            pilot.look_after(self.clock.now(), &self.hardware, self.node.config());
        }
    }

    /// Lets the autopilot do what is due, and shows what it has found out.
    fn fly(&mut self, now: Now) {
        let Some(pilot) = &mut self.pilot else { return };
        let news = if pilot.poll_timeout().is_some_and(|at| at <= now.mono) || pilot.wants() {
            let live = self.node.live(now);
            pilot.watch(now, &live);
            pilot.serve(now, &mut self.hardware, &live, &self.epoll)
        } else {
            Vec::new()
        };
        let (findings, proven) = (pilot.take_findings(), pilot.take_proven());
        let steps = pilot.take_steps();
        if let Some(findings) = findings {
            self.shared.found_out(findings);
        }
        for span in proven {
            self.amend(Amendment::Proven(Box::new(span)));
        }
        self.take_news(news);
        for (channel, step) in steps {
            self.node.handle_input(now, Input::Probe { channel, step });
        }
        self.act();
    }

    fn amend(&self, amendment: Amendment) {
        if let Some(amendments) = &self.amendments {
            amendments.ask(amendment);
        }
    }

    fn resolve(&mut self, host: String, port: u16, transport: Transport) {
        let inbox = self.inbox.clone();
        match self.sip.served(transport) {
            Some(served) => {
                self.runtime.spawn(crate::resolve::resolve(inbox, served, host, port, transport));
            }
            None => {
                let flows = Vec::new();
                let nowhere = demarc_sip::Input::Resolved { host, port, transport, flows };
                let _ = inbox.post(Order::Sip(nowhere));
            }
        }
    }

    fn publish(&mut self) {
        let now = self.clock.now();
        if self.publish_at.is_some_and(|at| at <= now.mono) {
            self.publish_at = None;
            self.published = now.mono;
            let live = self.node.live(now);
            if let Some(pilot) = &mut self.pilot {
                pilot.watch(now, &live);
            }
            if self.sip.has_former() {
                self.sip.tidy(now.mono, &live.calls.iter().map(|call| call.call).collect());
            }
            // A call whose last leg is still being released is still shown.
            let (clearing, gone): (Vec<_>, Vec<_>) = std::mem::take(&mut self.ended)
                .into_iter()
                .partition(|(call, _)| live.calls.iter().any(|live| live.call == *call));
            self.ended = clearing;
            self.shared.publish(live);
            // Only now: whoever looks again after this event no longer finds the call.
            for (call, cause) in gone {
                self.shared.tell(LiveEvent::CallEnded { call, cause });
            }
        }
    }
}
