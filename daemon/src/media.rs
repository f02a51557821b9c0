//! The media thread: RTP sockets and bearers on one side of the engine, orders and events on the
//! other. The clock of the cards paces it where there is one, else a timer of 20 ms. It takes no
//! lock, and allocates nothing per packet. It looks for packets when a tick is due, and is in real
//! time where it may be: a block has 5 ms.

use crate::arrivals::Arrivals;
use crate::pace::Pace;
use crate::rtp_ports::{RtpPorts, RtpRange};
use crate::wake::Bell;
use demarc_hal::{Bearer, ChannelId, Clock, SpanId};
use demarc_media::Engine;
use demarc_model::{MediaCommand, MediaEvent};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

/// How many orders or events may wait.
const QUEUE: usize = 4096;
/// How many sockets the kernel names at once.
const SOCKETS: usize = 256;
/// How many packets are looked at in a tick: ten for each of 500 calls. What is beyond waits its turn.
const PACKETS: usize = 5000;
/// Before whatever shares the processor by turns, and after the interrupts of the cards, which have 50.
const PRIORITY: u8 = 20;
/// How many missed ticks are caught up with at once; more are skipped and counted.
const CATCH_UP: u64 = 10;

/// Ports that had to wait are looked at again every so many ticks: 5 s.
const TRY_AGAIN: u64 = 250;

const TIMER: u64 = u64::MAX;
const ORDERS: u64 = u64::MAX - 1;

/// Figures of a media thread, for metrics.
#[derive(Debug, Default)]
pub struct MediaFigures {
    /// Ticks of 20 ms that ran.
    pub ticks: AtomicU64,
    /// Ticks that were skipped because the machine was too busy.
    pub skipped_ticks: AtomicU64,
    /// Events that did not fit the queue.
    pub lost_events: AtomicU64,
    /// Packets that the system refused to send.
    pub unsent_packets: AtomicU64,
    /// Packets or blocks that came, of all streams so far.
    pub received: AtomicU64,
    /// Packets or blocks that were sent.
    pub sent: AtomicU64,
    /// Packets that never came, and blocks that a bearer did not have in time.
    pub lost: AtomicU64,
    /// Packets that were not RTP, or not of the stream.
    pub rejected: AtomicU64,
    /// 1 when the thread goes before all that share the processor by turns.
    pub real_time: AtomicU64,
}

/// What the thread is told.
enum Order {
    Do(MediaCommand),
    Ports(RtpRange),
    Bearer(ChannelId, Box<dyn Bearer>),
    NoBearers(SpanId),
}

/// The switch thread's end of a media thread.
pub struct Media {
    orders: rtrb::Producer<Order>,
    /// Orders that found the queue full: they keep their turn.
    waiting: VecDeque<Order>,
    events: rtrb::Consumer<MediaEvent>,
    bell: Bell,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// Its figures.
    pub figures: Arc<MediaFigures>,
}

impl Media {
    /// Starts a media thread; `heard` rings when it has events.
    ///
    /// # Errors
    /// When the system has no descriptor or thread left.
    pub fn start(
        name: &str,
        clock: Option<Box<dyn Clock>>,
        ports: RtpPorts,
        heard: Bell,
    ) -> std::io::Result<Self> {
        let (orders, to_do) = rtrb::RingBuffer::new(QUEUE);
        let (told, events) = rtrb::RingBuffer::new(QUEUE);
        let bell = Bell::new()?;
        let stop = Arc::new(AtomicBool::new(false));
        let figures = Arc::new(MediaFigures::default());
        let pace = Pace::new(clock)?;
        let worker = Worker::new(pace, ports, to_do, told, heard, &bell, stop.clone(), figures.clone())?;
        let thread = std::thread::Builder::new().name(format!("{name}-media")).spawn(move || worker.run())?;
        let waiting = VecDeque::new();
        Ok(Self { orders, waiting, events, bell, stop, thread: Some(thread), figures })
    }

    /// Gives an order. It never blocks and never loses one.
    pub fn order(&mut self, command: MediaCommand) {
        self.give(Order::Do(command));
    }

    /// Streams opened from now on use those ports; open ones keep theirs.
    pub fn use_ports(&mut self, range: RtpRange) {
        self.give(Order::Ports(range));
    }

    /// A port can be heard and spoken to from now on.
    pub fn add_bearer(&mut self, channel: ChannelId, bearer: Box<dyn Bearer>) {
        self.give(Order::Bearer(channel, bearer));
    }

    /// The ports of a span are closed; streams on them end.
    pub fn drop_bearers(&mut self, span: SpanId) {
        self.give(Order::NoBearers(span));
    }

    /// The next thing that media noticed.
    pub fn poll_event(&mut self) -> Option<MediaEvent> {
        self.flush();
        self.events.pop().ok()
    }

    fn give(&mut self, order: Order) {
        self.waiting.push_back(order);
        self.flush();
    }

    fn flush(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        while let Some(order) = self.waiting.pop_front() {
            if let Err(rtrb::PushError::Full(order)) = self.orders.push(order) {
                self.waiting.push_front(order);
                break;
            }
        }
        self.bell.ring();
    }
}

impl Drop for Media {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.bell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Worker {
    engine: Engine,
    ports: RtpPorts,
    orders: rtrb::Consumer<Order>,
    events: rtrb::Producer<MediaEvent>,
    heard: Bell,
    bell: Bell,
    /// Wakes the thread.
    epoll: Epoll,
    /// Knows which RTP sockets have packets.
    sockets: Epoll,
    arrivals: Arrivals,
    pace: Pace,
    stop: Arc<AtomicBool>,
    figures: Arc<MediaFigures>,
}

impl Worker {
    #[allow(clippy::too_many_arguments, reason = "the parts of one thread, named at one place")]
    fn new(
        pace: Pace,
        ports: RtpPorts,
        orders: rtrb::Consumer<Order>,
        events: rtrb::Producer<MediaEvent>,
        heard: Bell,
        bell: &Bell,
        stop: Arc<AtomicBool>,
        figures: Arc<MediaFigures>,
    ) -> std::io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(pace.wake_fd(), EpollEvent::new(EpollFlags::EPOLLIN, TIMER))?;
        epoll.add(bell, EpollEvent::new(EpollFlags::EPOLLIN, ORDERS))?;
        let sockets = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        ports.watch(&sockets)?;
        let (engine, arrivals, bell) = (Engine::new([]), Arrivals::new(), bell.clone());
        Ok(Self { engine, ports, orders, events, heard, bell, epoll, sockets, arrivals, pace, stop, figures })
    }

    fn run(mut self) {
        self.hurry();
        let mut ready = [EpollEvent::empty(); 2];
        while !self.stop.load(Ordering::Relaxed) {
            let count = match self.epoll.wait(&mut ready, EpollTimeout::NONE) {
                Ok(count) => count,
                Err(nix::errno::Errno::EINTR) => continue,
                Err(error) => {
                    tracing::error!(%error, "the media thread cannot wait for its sockets; it ends");
                    return;
                }
            };
            // Orders first: a stream must exist before its packets are looked at.
            self.take_orders();
            for event in ready.iter().take(count) {
                match event.data() {
                    TIMER => self.tick(),
                    _ => self.bell.silence(),
                }
            }
            self.take_orders();
            self.report();
        }
    }

    /// Goes before others, where that is allowed.
    fn hurry(&self) {
        match demarc_real_time::real_time(PRIORITY) {
            Ok(()) => self.figures.real_time.store(1, Ordering::Relaxed),
            Err(error) => {
                tracing::warn!(
                    %error,
                    "audio is not in real time, and may be cut when the machine is busy: \
                     give the daemon CAP_SYS_NICE, or a limit of real-time priority (RLIMIT_RTPRIO) of 20"
                );
            }
        }
    }

    fn take_orders(&mut self) {
        while let Ok(order) = self.orders.pop() {
            match order {
                Order::Do(command) => {
                    if let MediaCommand::OpenRtp { rtp, .. } = &command {
                        self.ports.prepare(rtp.port, &self.sockets);
                    }
                    self.engine.command(command);
                }
                Order::Bearer(channel, bearer) => self.engine.add_bearer(channel, bearer),
                Order::NoBearers(span) => self.engine.drop_bearers(span),
                Order::Ports(range) => {
                    self.ports.want(range);
                    self.settle_ports();
                }
            }
        }
    }

    fn settle_ports(&mut self) {
        self.ports.settle(&self.sockets, |port| self.engine.uses_port(port));
    }

    /// Takes the packets that wait, one of each socket after the other.
    fn hear(&mut self) {
        self.arrivals.look();
        let mut ready = [EpollEvent::empty(); SOCKETS];
        let mut heard = 0;
        while heard < PACKETS {
            let count = match self.sockets.wait(&mut ready, EpollTimeout::ZERO) {
                Ok(count) if count > 0 => count,
                _ => return,
            };
            heard += count;
            for event in ready.iter().take(count) {
                self.receive(event.data());
            }
        }
    }

    fn receive(&mut self, port: u64) {
        let Ok(port) = u16::try_from(port) else { return };
        let Some(socket) = self.ports.socket(port) else { return };
        if let Some((from, packet, ago)) = self.arrivals.next(socket) {
            self.engine.receive(port, from, packet, ago);
        }
    }

    fn tick(&mut self) {
        let due = self.pace.take();
        let skipped = due.saturating_sub(CATCH_UP);
        self.figures.skipped_ticks.fetch_add(skipped, Ordering::Relaxed);
        if due > 0 {
            self.hear();
        }
        for _ in 0..due.min(CATCH_UP) {
            self.engine.tick();
            let ticks = self.figures.ticks.fetch_add(1, Ordering::Relaxed);
            if ticks.is_multiple_of(TRY_AGAIN) {
                self.ports.try_again();
            }
            if ticks.is_multiple_of(50) {
                self.show_figures();
            }
            let (ports, figures) = (&self.ports, &self.figures);
            self.engine.transmit(|port, to, packet| {
                let sent = ports.socket(port).is_some_and(|socket| socket.send_to(packet, to).is_ok());
                if !sent {
                    figures.unsent_packets.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        self.settle_ports();
    }

    /// Shows the engine's figures, once a second.
    fn show_figures(&self) {
        let total = self.engine.counters().total;
        self.figures.received.store(total.received, Ordering::Relaxed);
        self.figures.sent.store(total.sent, Ordering::Relaxed);
        self.figures.lost.store(total.lost, Ordering::Relaxed);
        self.figures.rejected.store(total.rejected, Ordering::Relaxed);
    }

    fn report(&mut self) {
        let mut told = false;
        while let Some(event) = self.engine.poll_event() {
            told = true;
            if self.events.push(event).is_err() {
                self.figures.lost_events.fetch_add(1, Ordering::Relaxed);
            }
        }
        if told {
            self.heard.ring();
        }
    }
}
