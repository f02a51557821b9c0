//! An analog cable: a pair of wires that makes a loop between an FXS and an FXO port.

use crate::signal::{Bell, Bundle, Timer, lock};
use demarc_hal::{Error, LineCommand, LineEvent, PortKind};
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A loop that opens for less than this is a register recall, longer is a hang-up.
const FLASH_LIMIT: Duration = Duration::from_millis(700);
/// One dial pulse: 10 a second.
const PULSE: Duration = Duration::from_millis(100);
/// How long the loop stays closed after the last pulse of a digit until the digit counts.
const DIGIT_PAUSE: Duration = Duration::from_millis(300);
/// Digits and flashes that may wait their turn at the telephone.
const MANY: usize = 64;

/// The loop. `FXS` feeds it, `FXO` closes it.
#[derive(Debug)]
pub(crate) struct Pair {
    state: Mutex<Loop>,
    /// The state's flag again, where the audio can see it without a lock.
    plugged: std::sync::Arc<AtomicBool>,
    fxo: Post,
    fxs: Post,
}

/// How one end is woken: events that wait, and a time after which there is one.
#[derive(Debug)]
struct Post {
    bell: Bell,
    timer: Timer,
    wake: Bundle,
}

#[derive(Debug, Default)]
struct Loop {
    /// The loop can be closed: the cable and both cards are there.
    plugged: bool,
    cable: bool,
    /// Their cards are out: that of the FXO port, that of the FXS port.
    absent: [bool; 2],
    /// The FXO port closes the loop.
    off_hook: bool,
    /// The FXS port applies ringing voltage.
    ringing: bool,
    reversed: bool,
    /// What the telephone is doing with its hook, each with how long it takes and what the FXS
    /// port sees at its end.
    hook: VecDeque<(Duration, LineEvent)>,
    fxo: Inbox,
    fxs: Inbox,
}

/// What an end has not fetched yet.
#[derive(Debug, Default)]
struct Inbox {
    open: bool,
    events: VecDeque<LineEvent>,
}

impl Pair {
    pub(crate) fn new(plugged: bool) -> Result<Self, Error> {
        Ok(Self {
            state: Mutex::new(Loop { plugged, cable: plugged, ..Loop::default() }),
            plugged: std::sync::Arc::new(AtomicBool::new(plugged)),
            fxo: Post::new()?,
            fxs: Post::new()?,
        })
    }

    pub(crate) fn plug(&self) -> &std::sync::Arc<AtomicBool> {
        &self.plugged
    }

    pub(crate) fn is_plugged(&self) -> bool {
        self.plugged.load(Ordering::Relaxed)
    }

    pub(crate) fn set_plugged(&self, plugged: bool) {
        let mut state = self.settled();
        state.cable = plugged;
        self.connect(&mut state);
    }

    /// The card of an end was pulled out or put in.
    pub(crate) fn set_present(&self, kind: PortKind, there: bool) {
        let mut state = self.settled();
        if !there {
            self.release(&mut state, kind);
        }
        let [fxo, fxs] = &mut state.absent;
        *(if kind == PortKind::Fxo { fxo } else { fxs }) = !there;
        self.connect(&mut state);
    }

    /// Tells an end something that has nothing to do with the loop.
    pub(crate) fn tell(&self, kind: PortKind, event: LineEvent) {
        self.settled().inbox(kind).push(event, &self.post(kind).bell);
    }

    fn connect(&self, state: &mut Loop) {
        let plugged = state.cable && state.absent == [false, false];
        if std::mem::replace(&mut state.plugged, plugged) == plugged {
            return;
        }
        self.plugged.store(plugged, Ordering::Relaxed);
        if plugged {
            self.tell_fxo(state, LineEvent::BatteryRestored);
            if state.off_hook {
                self.tell_fxs(state, LineEvent::OffHook);
            }
            return;
        }
        self.stop_ringing(state);
        self.forget_hook(state);
        if state.off_hook {
            self.tell_fxs(state, LineEvent::OnHook);
        }
        self.tell_fxo(state, LineEvent::BatteryLost);
    }

    /// Opens an end; false when it is open. What the port would find on the loop is its first
    /// event: no battery, or a telephone that is off hook already.
    pub(crate) fn open(&self, kind: PortKind) -> bool {
        let mut state = self.settled();
        let inbox = state.inbox(kind);
        if std::mem::replace(&mut inbox.open, true) {
            return false;
        }
        match kind {
            PortKind::Fxo if !state.plugged => self.tell_fxo(&mut state, LineEvent::BatteryLost),
            PortKind::Fxs if state.plugged && state.off_hook => {
                self.tell_fxs(&mut state, LineEvent::OffHook);
            }
            _ => {}
        }
        true
    }

    /// Closes an end and leaves the port at rest: on hook, or not ringing with normal polarity.
    pub(crate) fn close(&self, kind: PortKind) {
        let mut state = self.settled();
        self.release(&mut state, kind);
        *state.inbox(kind) = Inbox::default();
        self.post(kind).bell.hush();
    }

    fn release(&self, state: &mut Loop, kind: PortKind) {
        if kind == PortKind::Fxo {
            self.on_hook(state);
        } else {
            self.stop_ringing(state);
            self.reverse(state, false);
        }
    }

    pub(crate) fn poll_event(&self, kind: PortKind) -> Option<LineEvent> {
        let mut state = self.settled();
        let events = &mut state.inbox(kind).events;
        let event = events.pop_front();
        if events.is_empty() {
            self.post(kind).bell.hush();
        }
        event
    }

    pub(crate) fn wake_fd(&self, kind: PortKind) -> BorrowedFd<'_> {
        self.post(kind).wake.as_fd()
    }

    pub(crate) fn command(&self, kind: PortKind, command: LineCommand) -> Result<(), Error> {
        let state = &mut *self.settled();
        match (kind, command) {
            (PortKind::Fxo, LineCommand::OffHook) => self.off_hook(state),
            (PortKind::Fxo, LineCommand::OnHook) => self.on_hook(state),
            (PortKind::Fxo, LineCommand::Flash(open)) => self.flash(state, open),
            (PortKind::Fxo, LineCommand::PulseDigit(digit)) => return self.dial(state, digit),
            (PortKind::Fxs, LineCommand::Ring(time)) => self.start_ringing(state, time),
            (PortKind::Fxs, LineCommand::StopRinging) => self.stop_ringing(state),
            (PortKind::Fxs, LineCommand::ReversePolarity(reversed)) => {
                self.reverse(state, reversed);
            }
            (PortKind::Fxs, LineCommand::OpenLoop(_)) => {
                if state.plugged && state.off_hook {
                    self.tell_fxo(state, LineEvent::LoopBreak);
                }
            }
            // Audio passes a simulated loop on hook too, and the telephone has no lamp.
            (PortKind::Fxs, LineCommand::OnHookTransmission(_) | LineCommand::MessageLamp(_)) => {}
            (PortKind::Fxs, _) => return Err(Error::Unsupported("an order for an FXO port")),
            (_, _) => return Err(Error::Unsupported("an order for an FXS port")),
        }
        Ok(())
    }

    fn off_hook(&self, state: &mut Loop) {
        if std::mem::replace(&mut state.off_hook, true) || !state.plugged {
            return;
        }
        // Ring trip: the exchange takes ringing away from a closed loop.
        self.stop_ringing(state);
        self.tell_fxs(state, LineEvent::OffHook);
    }

    fn on_hook(&self, state: &mut Loop) {
        self.forget_hook(state);
        if std::mem::replace(&mut state.off_hook, false) && state.plugged {
            self.tell_fxs(state, LineEvent::OnHook);
        }
    }

    fn flash(&self, state: &mut Loop, open: Duration) {
        if !state.off_hook || !state.plugged {
            return;
        }
        if open < FLASH_LIMIT {
            self.work_hook(state, open, LineEvent::Flash);
        } else {
            self.tell_fxs(state, LineEvent::OnHook);
            self.work_hook(state, open, LineEvent::OffHook);
        }
    }

    fn dial(&self, state: &mut Loop, digit: char) -> Result<(), Error> {
        let pulses = match digit.to_digit(10) {
            Some(0) => 10,
            Some(count) => count,
            None => return Err(Error::Unsupported("only 0 to 9 can be dialled by pulses")),
        };
        if state.off_hook && state.plugged {
            self.work_hook(state, PULSE * pulses + DIGIT_PAUSE, LineEvent::PulseDigit(digit));
        }
        Ok(())
    }

    fn start_ringing(&self, state: &mut Loop, time: Duration) {
        if !state.plugged || state.off_hook {
            return;
        }
        self.fxo.timer.arm(time);
        if !std::mem::replace(&mut state.ringing, true) {
            self.tell_fxo(state, LineEvent::RingStarted);
        }
    }

    fn stop_ringing(&self, state: &mut Loop) {
        self.fxo.timer.disarm();
        if std::mem::replace(&mut state.ringing, false) {
            self.tell_fxo(state, LineEvent::RingStopped);
        }
    }

    fn reverse(&self, state: &mut Loop, reversed: bool) {
        if std::mem::replace(&mut state.reversed, reversed) != reversed && state.plugged {
            self.tell_fxo(state, LineEvent::PolarityReversed);
        }
    }

    fn work_hook(&self, state: &mut Loop, time: Duration, seen: LineEvent) {
        if state.hook.is_empty() {
            self.fxs.timer.arm(time);
        }
        if state.hook.len() < MANY {
            state.hook.push_back((time, seen));
        }
    }

    fn forget_hook(&self, state: &mut Loop) {
        self.fxs.timer.disarm();
        state.hook.clear();
    }

    /// The state after what time has done to it.
    fn settled(&self) -> std::sync::MutexGuard<'_, Loop> {
        let mut state = lock(&self.state);
        if self.fxo.timer.fired() {
            self.stop_ringing(&mut state);
        }
        if self.fxs.timer.fired() {
            if let Some((_, seen)) = state.hook.pop_front() {
                self.tell_fxs(&mut state, seen);
            }
            if let Some((time, _)) = state.hook.front() {
                self.fxs.timer.arm(*time);
            }
        }
        state
    }

    fn tell_fxo(&self, state: &mut Loop, event: LineEvent) {
        state.fxo.push(event, &self.fxo.bell);
    }

    fn tell_fxs(&self, state: &mut Loop, event: LineEvent) {
        state.fxs.push(event, &self.fxs.bell);
    }

    fn post(&self, kind: PortKind) -> &Post {
        if kind == PortKind::Fxo { &self.fxo } else { &self.fxs }
    }
}

impl Post {
    fn new() -> Result<Self, Error> {
        let (bell, timer, wake) = (Bell::new()?, Timer::new()?, Bundle::new()?);
        wake.add(&bell)?;
        wake.add(&timer)?;
        Ok(Self { bell, timer, wake })
    }
}

impl Loop {
    fn inbox(&mut self, kind: PortKind) -> &mut Inbox {
        if kind == PortKind::Fxo { &mut self.fxo } else { &mut self.fxs }
    }
}

impl Inbox {
    /// A port that nobody opened sees nothing; one that nobody reads loses the oldest.
    fn push(&mut self, event: LineEvent, bell: &Bell) {
        if !self.open {
            return;
        }
        if self.events.len() >= MANY {
            self.events.pop_front();
        }
        self.events.push_back(event);
        bell.ring();
    }
}
