//! One channel: orders of the gateway in, events for it out, the library in the middle.

use crate::convert;
use crate::packets::{Arrived, Packets};
use crate::sys::{self, RawEvent, kind};
use demarc_hal::CasForm;
use demarc_hal::cas::CasTime;
use demarc_r2::{Category, ClearReason, Event, Trouble};
use nix::poll::PollFlags;
use nix::time::{ClockId, clock_gettime};
use std::collections::VecDeque;
use std::ffi::CString;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// Packets that one turn takes from a channel.
const BATCH: usize = 64;
/// The signalling bits of Q.421 (a and b), and two of their values.
const AB: u8 = 0b1100;
const IDLE: u8 = 0b1000;
const BLOCKED: u8 = 0b1100;

/// Where a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// There is none.
    Idle,
    /// Ours, on its way.
    Dialling,
    /// The far end's: digits arrive.
    Digits,
    /// The far end waits for a decision.
    Offered,
    /// It was told that the party is free, and has not confirmed it yet.
    Accepting,
    /// The party is being alerted, or has answered.
    Up,
    /// It is being cleared.
    Clearing,
}

/// See the module's documentation.
pub struct Channel {
    slot: u8,
    form: CasForm,
    fd: RawFd,
    /// Dropped before its descriptor.
    library: sys::Channel,
    /// DAHDI's descriptor; that of a packet channel lies in its [`Packets`].
    dahdi: Option<OwnedFd>,
    phase: Phase,
    /// What the gateway wants as soon as the library can do it.
    clear: Option<ClearReason>,
    answer: Option<bool>,
    blocked: bool,
    alarm: bool,
    listening: bool,
    far_idle: Option<bool>,
    gone: bool,
}

impl Channel {
    /// Takes a descriptor over. `None` when it is no channel of ours.
    pub fn open(
        context: &sys::Context,
        slot: u8,
        form: CasForm,
        fd: OwnedFd,
        events: &mut VecDeque<Event>,
    ) -> Option<Self> {
        let raw = fd.as_raw_fd();
        let dahdi = match form {
            CasForm::Dahdi => Some(fd),
            CasForm::Packets => {
                sys::claim(raw, Packets::new(fd, slot));
                None
            }
        };
        let Some(library) = context.channel(raw, slot) else {
            sys::unclaim(raw);
            return None;
        };
        let mut channel = Self {
            slot,
            form,
            fd: raw,
            library,
            dahdi,
            phase: Phase::Idle,
            clear: None,
            answer: None,
            blocked: false,
            alarm: false,
            listening: false,
            far_idle: None,
            gone: false,
        };
        channel.wind();
        channel.library.reset(false).ok()?;
        channel.library.look();
        events.push_back(Event::Opened { slot });
        channel.finish(events);
        Some(channel)
    }

    /// The descriptor does not work any more.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// What to wait for on the descriptor, which is open as long as this channel is.
    pub fn interest(&mut self) -> (BorrowedFd<'_>, PollFlags) {
        let flags = match self.form {
            CasForm::Packets => PollFlags::POLLIN,
            CasForm::Dahdi => {
                let mut flags = PollFlags::POLLPRI;
                if self.listening {
                    flags |= PollFlags::POLLIN;
                }
                if self.library.sends() {
                    flags |= PollFlags::POLLOUT;
                }
                flags
            }
        };
        (sys::borrow(self.fd, &self.library), flags)
    }

    /// Milliseconds until [`Channel::run`] is due even if nothing happens.
    pub fn timer(&mut self) -> Option<u32> {
        match self.form {
            // Its time is made of packets.
            CasForm::Packets => None,
            CasForm::Dahdi => {
                self.wind();
                self.library.next_timer()
            }
        }
    }

    /// Something may have happened on the line, or a timer may be due.
    pub fn run(&mut self, events: &mut VecDeque<Event>) {
        match self.form {
            CasForm::Dahdi => self.process(events),
            CasForm::Packets => {
                for _ in 0..BATCH {
                    match sys::with_packets(self.fd, Packets::receive) {
                        Some(Arrived::Something) => self.process(events),
                        Some(Arrived::Time) => {
                            self.process(events);
                            sys::with_packets(self.fd, |packets| packets.done());
                        }
                        Some(Arrived::Nothing) => break,
                        Some(Arrived::Closed) | None => {
                            self.gone = true;
                            break;
                        }
                    }
                }
            }
        }
    }

    /// Begins a call.
    pub fn seize(
        &mut self,
        dnis: String,
        ani: Option<String>,
        category: Category,
        events: &mut VecDeque<Event>,
    ) {
        self.wind();
        let ani = ani.map(CString::new).transpose();
        let (Ok(dnis), Ok(ani)) = (CString::new(dnis), ani) else { return self.refuse(events) };
        let busy = self.phase != Phase::Idle || self.blocked || self.alarm;
        let category = convert::category(category);
        if busy || self.library.make_call(ani.as_deref(), &dnis, category).is_err() {
            return self.refuse(events);
        }
        self.phase = Phase::Dialling;
        self.listen(true);
        self.finish(events);
    }

    /// The party of an offered call is free.
    pub fn accept(&mut self, mode: demarc_r2::CallMode, events: &mut VecDeque<Event>) {
        if self.phase == Phase::Offered {
            self.wind();
            if self.library.accept(convert::mode(mode)).is_ok() {
                self.phase = Phase::Accepting;
            }
            self.finish(events);
        }
    }

    /// The party of an accepted call answers; at once when the caller has confirmed that.
    pub fn answer(&mut self, double: bool, events: &mut VecDeque<Event>) {
        match self.phase {
            Phase::Accepting => self.answer = Some(double),
            Phase::Up => {
                self.wind();
                let _ = self.library.answer(double);
                self.finish(events);
            }
            _ => {}
        }
    }

    /// Ends the call; as soon as the library can.
    pub fn clear(&mut self, reason: ClearReason, events: &mut VecDeque<Event>) {
        self.clear.get_or_insert(reason);
        self.wind();
        self.finish(events);
    }

    /// Shows the far end that no calls are taken here, or that they are.
    pub fn block(&mut self, blocked: bool, events: &mut VecDeque<Event>) {
        self.blocked = blocked;
        if self.phase == Phase::Idle {
            self.wind();
            let _ = self.library.reset(blocked);
            self.finish(events);
        }
    }

    /// The channel is given back: the far end sees it blocked.
    pub fn close(&mut self) {
        self.wind();
        let _ = self.library.reset(true);
    }

    fn refuse(&mut self, events: &mut VecDeque<Event>) {
        events.push_back(Event::Trouble { slot: self.slot, trouble: Trouble::NotIdle });
        self.finish(events);
    }

    fn process(&mut self, events: &mut VecDeque<Event>) {
        self.wind();
        if self.library.process().is_err() {
            self.gone = true;
        }
        self.finish(events);
    }

    /// Sets the library's clock to that of this channel.
    fn wind(&self) {
        let packets = sys::with_packets(self.fd, |packets| packets.time).filter(|_| self.dahdi.is_none());
        let monotonic = || {
            let now = clock_gettime(ClockId::CLOCK_MONOTONIC);
            now.map_or(0, |now| now.tv_sec() * 1_000_000 + now.tv_nsec() / 1000)
        };
        sys::set_time(packets.unwrap_or_else(monotonic));
    }

    /// Takes what the library said, does what waits, and tells the driver what is wanted.
    fn finish(&mut self, events: &mut VecDeque<Event>) {
        loop {
            self.take_lines(events);
            match sys::take_event() {
                Some(event) => self.take(&event, events),
                None if self.try_clear() => {}
                None => break,
            }
        }
        self.watch_far_end(events);
        if self.dahdi.is_none() {
            let time = match self.library.next_timer() {
                _ if self.listening => CasTime::Audio,
                Some(_) => CasTime::Ticks,
                None => CasTime::Off,
            };
            sys::with_packets(self.fd, |packets| packets.want(time));
        }
    }

    fn take(&mut self, raw: &RawEvent, events: &mut VecDeque<Event>) {
        let slot = self.slot;
        match raw.kind {
            kind::SEIZED => {
                self.phase = Phase::Digits;
                self.listen(true);
                events.push_back(Event::Seized { slot });
            }
            kind::OFFERED => {
                self.phase = Phase::Offered;
                events.push_back(Event::Offered {
                    slot,
                    dnis: sys::text(&raw.dnis),
                    ani: (raw.withheld == 0).then(|| sys::text(&raw.ani)),
                    category: convert::category_of(raw.category),
                });
            }
            kind::ACCEPTED => {
                self.phase = Phase::Up;
                self.listen(false);
                events.push_back(Event::Accepted { slot, mode: convert::mode_of(raw.value) });
                if let Some(double) = self.answer.take()
                    && self.clear.is_none()
                {
                    let _ = self.library.answer(double);
                }
            }
            kind::ANSWERED => events.push_back(Event::Answered { slot }),
            kind::PULSE => events.push_back(Event::Pulse { slot }),
            kind::DISCONNECT => {
                self.listen(false);
                if self.phase == Phase::Clearing {
                    // The far end clears what we have refused: it is over.
                    let _ = self.library.disconnect(convert::reason(ClearReason::Normal));
                } else {
                    self.phase = Phase::Up;
                    events.push_back(Event::Disconnected { slot, reason: convert::reason_of(raw.value) });
                }
            }
            kind::ENDED => self.over(Event::Ended { slot }, events),
            kind::PROTOCOL_ERROR => {
                let trouble = convert::trouble_of(raw.value);
                self.over(Event::Trouble { slot, trouble }, events);
            }
            kind::ALARM => {
                self.alarm = raw.value != 0;
                if self.phase != Phase::Idle {
                    self.over(Event::Trouble { slot, trouble: Trouble::Alarm }, events);
                }
                let _ = self.library.reset(self.blocked);
            }
            kind::OS_ERROR => self.gone = true,
            _ => {}
        }
    }

    /// The last word about a call.
    fn over(&mut self, last: Event, events: &mut VecDeque<Event>) {
        let was = std::mem::replace(&mut self.phase, Phase::Idle);
        self.clear = None;
        self.answer = None;
        self.listen(false);
        if was != Phase::Idle {
            events.push_back(last);
        }
        if self.blocked {
            let _ = self.library.reset(true);
        }
    }

    /// Clears when that is wanted and the library can: not while digits arrive, and not in the
    /// middle of a register signal.
    fn try_clear(&mut self) -> bool {
        let Some(reason) = self.clear else { return false };
        match self.phase {
            Phase::Idle | Phase::Clearing => {
                self.clear = None;
                false
            }
            Phase::Digits | Phase::Accepting => false,
            Phase::Dialling | Phase::Offered | Phase::Up => {
                let decided = self.phase != Phase::Offered;
                self.clear = None;
                self.phase = Phase::Clearing;
                if decided {
                    self.listen(false);
                }
                let _ = self.library.disconnect(convert::reason(reason));
                true
            }
        }
    }

    fn listen(&mut self, on: bool) {
        if on != self.listening {
            self.listening = on;
            self.library.listen(on);
        }
    }

    /// Between calls the line signal says whether the far end takes calls.
    fn watch_far_end(&mut self, events: &mut VecDeque<Event>) {
        if self.phase != Phase::Idle || self.alarm {
            return;
        }
        let idle = match self.library.received_bits().map(|bits| bits & AB) {
            Some(IDLE) => true,
            Some(BLOCKED) => false,
            _ => return,
        };
        if self.far_idle != Some(idle) {
            self.far_idle = Some(idle);
            events.push_back(Event::FarEnd { slot: self.slot, idle });
        }
    }

    fn take_lines(&self, events: &mut VecDeque<Event>) {
        while let Some(line) = sys::take_line() {
            let slot = u8::try_from(line.slot).unwrap_or(self.slot);
            match convert::signal(&line.text) {
                Some((outgoing, words)) => events.push_back(Event::Signal { slot, outgoing, words }),
                // Errors and warnings.
                None if line.level & 0b11 != 0 => {
                    events.push_back(Event::Warning(format!("channel {slot}: {}", line.text)));
                }
                None => {}
            }
        }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        if self.form == CasForm::Packets {
            // The library's channel does not touch its descriptor when it goes.
            sys::unclaim(self.fd);
        }
    }
}
