//! What the kernel's events mean, and what is to be done about them: no descriptor, no clock.

use crate::sys::abi::{event, hook};
use demarc_hal::{Error, LineCommand, LineEvent, PortKind, StartMode};
use std::collections::VecDeque;
use std::time::Duration;

/// Events that wait for their reader at most.
const WAITING: usize = 256;

/// What is to be told to the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `HOOK`.
    Hook(i32),
    /// Open the loop for so many milliseconds.
    Flash(i32),
    /// Ring for so many milliseconds.
    Ring(i32),
    /// Dial a digit by pulses.
    Dial(u8),
    /// Dialling is done.
    Dialled,
    /// `SETPOLARITY`.
    Polarity(bool),
    /// `ONHOOKTRANSFER`, in milliseconds.
    OnHookTransmission(i32),
    /// `VMWI`.
    Lamp(bool),
    /// Look at the hook again when the break is over.
    AfterBreak,
    /// Forget what waits for its turn.
    Forget,
}

/// A port as far as it is known.
#[derive(Debug)]
pub struct Machine {
    kind: PortKind,
    start: StartMode,
    /// FXO: we have closed the loop. FXS and E&M: the other side is off hook.
    off_hook: bool,
    /// FXO: ringing voltage is there. FXS: we have asked for it.
    ringing: bool,
    /// FXO: there is no battery.
    dead: bool,
    gone: bool,
    pub events: VecDeque<LineEvent>,
    pub orders: VecDeque<Order>,
}

impl Machine {
    /// A port at rest.
    pub fn new(kind: PortKind, start: StartMode) -> Self {
        Self {
            kind,
            start,
            off_hook: false,
            ringing: false,
            dead: false,
            gone: false,
            events: VecDeque::new(),
            orders: VecDeque::new(),
        }
    }

    /// The card has vanished.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// The other side is off hook, as far as it is known.
    pub fn is_off_hook(&self) -> bool {
        self.off_hook
    }

    /// What the port finds when it opens.
    pub fn find(&mut self, off_hook: bool, ringing: bool, alarm: bool) {
        match self.kind {
            PortKind::Fxo => {
                if alarm {
                    self.kernel(event::ALARM);
                } else if ringing {
                    self.kernel(event::RINGBEGIN);
                }
            }
            _ if off_hook => self.kernel(event::RINGOFFHOOK),
            _ => {}
        }
    }

    /// The kernel has an event. Any may come at any time.
    pub fn kernel(&mut self, event: i32) {
        match (event, self.kind) {
            (event::REMOVED, _) => self.vanish(),
            (event::DIALCOMPLETE, _) => self.orders.push_back(Order::Dialled),
            (_, PortKind::Fxo) => self.exchange(event),
            (_, PortKind::Fxs) => self.telephone(event),
            _ => self.trunk(event),
        }
    }

    /// The card has vanished.
    pub fn vanish(&mut self) {
        if !std::mem::replace(&mut self.gone, true) {
            self.orders.clear();
            self.say(LineEvent::Gone);
        }
    }

    fn say(&mut self, event: LineEvent) {
        if self.events.len() < WAITING {
            self.events.push_back(event);
        }
    }

    /// FXO: what comes from the exchange.
    fn exchange(&mut self, event: i32) {
        match event {
            event::RINGBEGIN if !self.ringing => {
                self.ringing = true;
                self.say(LineEvent::RingStarted);
            }
            event::RINGOFFHOOK if self.ringing => self.quiet(),
            // For 2 s after a hang-up the kernel does not tell when ringing begins; it rang all the same.
            event::RINGOFFHOOK if !self.off_hook => {
                self.say(LineEvent::RingStarted);
                self.say(LineEvent::RingStopped);
            }
            event::ONHOOK if self.off_hook => self.say(LineEvent::LoopBreak),
            event::POLARITY => self.say(LineEvent::PolarityReversed),
            event::ALARM if !self.dead => {
                self.dead = true;
                self.quiet();
                self.say(LineEvent::BatteryLost);
            }
            event::NOALARM if self.dead => {
                self.dead = false;
                self.say(LineEvent::BatteryRestored);
            }
            _ => {}
        }
    }

    fn quiet(&mut self) {
        if std::mem::take(&mut self.ringing) {
            self.say(LineEvent::RingStopped);
        }
    }

    /// FXS: what the telephone does.
    fn telephone(&mut self, event: i32) {
        match event {
            // A loop that closes soon after it was opened, or after the port was set up, is a flash or a
            // pulse to the kernel: it is closed all the same.
            event::RINGOFFHOOK | event::WINKFLASH | event::PULSE_START if !self.off_hook => {
                self.off_hook = true;
                // The kernel rings on until it is told.
                if std::mem::take(&mut self.ringing) {
                    self.orders.push_back(Order::Forget);
                    self.orders.push_back(Order::Hook(hook::RINGOFF));
                }
                self.orders.push_back(Order::Hook(hook::OFFHOOK));
                self.say(LineEvent::OffHook);
            }
            event::ONHOOK if self.off_hook => {
                self.off_hook = false;
                self.orders.push_back(Order::Forget);
                self.orders.push_back(Order::Hook(hook::ONHOOK));
                self.say(LineEvent::OnHook);
            }
            event::WINKFLASH => self.say(LineEvent::Flash),
            // The burst is over; left alone the kernel would begin another.
            event::RINGEROFF if self.ringing => {
                self.ringing = false;
                self.orders.push_back(Order::Hook(hook::RINGOFF));
            }
            _ if event & event::PULSEDIGIT != 0 && self.off_hook => {
                let digit = u8::try_from(event & 0xFF).map(char::from);
                if let Ok(digit @ '0'..='9') = digit {
                    self.say(LineEvent::PulseDigit(digit));
                }
            }
            _ => {}
        }
    }

    /// E&M: what the far end does.
    fn trunk(&mut self, event: i32) {
        match event {
            event::RINGOFFHOOK if !self.off_hook => {
                self.off_hook = true;
                self.say(LineEvent::OffHook);
            }
            event::ONHOOK if self.off_hook => {
                self.off_hook = false;
                self.say(LineEvent::OnHook);
            }
            event::WINKFLASH => self.say(LineEvent::Wink),
            _ => {}
        }
    }

    /// An order of the port's user.
    ///
    /// # Errors
    /// [`Error::Unsupported`], [`Error::Gone`].
    pub fn command(&mut self, command: &LineCommand) -> Result<(), Error> {
        if self.gone {
            return Err(Error::Gone);
        }
        let orders = &mut self.orders;
        match (self.kind, command) {
            (PortKind::Fxo, LineCommand::OffHook) => {
                if !std::mem::replace(&mut self.off_hook, true) {
                    let seize = if self.start == StartMode::Ground { hook::START } else { hook::OFFHOOK };
                    orders.push_back(Order::Hook(seize));
                }
            }
            (PortKind::Fxo, LineCommand::OnHook) => {
                self.off_hook = false;
                orders.extend([Order::Forget, Order::Dialled, Order::Hook(hook::ONHOOK)]);
                // The kernel tells nothing of ringing for 2 s from here.
                self.quiet();
            }
            (PortKind::Fxo, LineCommand::Flash(open)) => orders.push_back(Order::Flash(milliseconds(*open))),
            (PortKind::Fxo, LineCommand::PulseDigit(digit @ '0'..='9')) => {
                orders.push_back(Order::Dial(u8::try_from(*digit).unwrap_or(b'0')));
            }
            (PortKind::Fxo, LineCommand::PulseDigit(_)) => {
                return Err(Error::Unsupported("that digit by pulses"));
            }
            // A closed loop is not rung.
            (PortKind::Fxs, LineCommand::Ring(_)) if self.off_hook => {}
            (PortKind::Fxs, LineCommand::Ring(time)) => {
                if std::mem::replace(&mut self.ringing, true) {
                    orders.push_back(Order::Hook(hook::RINGOFF));
                }
                orders.push_back(Order::Ring(milliseconds(*time)));
            }
            (PortKind::Fxs, LineCommand::StopRinging) => {
                if std::mem::take(&mut self.ringing) {
                    orders.extend([Order::Forget, Order::Hook(hook::RINGOFF)]);
                }
            }
            (PortKind::Fxs, LineCommand::ReversePolarity(reversed)) => {
                orders.push_back(Order::Polarity(*reversed))
            }
            // The kernel's break takes 500 ms, whatever was asked for; it makes none to a telephone on hook.
            (PortKind::Fxs, LineCommand::OpenLoop(_)) => {
                if self.off_hook {
                    orders.extend([Order::Hook(hook::ONHOOK), Order::AfterBreak]);
                }
            }
            (PortKind::Fxs, LineCommand::OnHookTransmission(time)) => {
                orders.push_back(Order::OnHookTransmission(milliseconds(*time)));
            }
            (PortKind::Fxs, LineCommand::MessageLamp(on)) => orders.push_back(Order::Lamp(*on)),
            (PortKind::EAndM, LineCommand::OffHook) => orders.push_back(Order::Hook(hook::OFFHOOK)),
            (PortKind::EAndM, LineCommand::OnHook) => {
                orders.extend([Order::Forget, Order::Hook(hook::ONHOOK)]);
            }
            (PortKind::EAndM, LineCommand::Wink) => orders.push_back(Order::Hook(hook::WINK)),
            (PortKind::EAndM, LineCommand::Flash(open)) => {
                orders.push_back(Order::Flash(milliseconds(*open)))
            }
            (PortKind::Fxo, _) => return Err(Error::Unsupported("an order for an FXS port")),
            (PortKind::Fxs, _) => return Err(Error::Unsupported("an order for an FXO port")),
            _ => return Err(Error::Unsupported("an order for an analog port")),
        }
        Ok(())
    }
}

/// The kernel counts samples in 31 bits: at most an hour.
fn milliseconds(time: Duration) -> i32 {
    i32::try_from(time.as_millis()).unwrap_or(i32::MAX).clamp(1, 3_600_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(kind: PortKind) -> Machine {
        Machine::new(kind, StartMode::Kewl)
    }

    fn events(machine: &mut Machine) -> Vec<LineEvent> {
        machine.events.drain(..).collect()
    }

    fn orders(machine: &mut Machine) -> Vec<Order> {
        machine.orders.drain(..).collect()
    }

    #[test]
    fn a_burst_ends_by_itself() {
        let mut fxs = machine(PortKind::Fxs);
        fxs.command(&LineCommand::Ring(Duration::from_secs(1))).unwrap();
        fxs.kernel(event::RINGEROFF);
        fxs.kernel(event::RINGEROFF);
        assert_eq!(orders(&mut fxs), [Order::Ring(1000), Order::Hook(hook::RINGOFF)]);
    }

    #[test]
    fn an_answered_telephone_is_rung_no_more() {
        let mut fxs = machine(PortKind::Fxs);
        fxs.command(&LineCommand::Ring(Duration::from_secs(60))).unwrap();
        orders(&mut fxs);
        fxs.kernel(event::RINGOFFHOOK);
        fxs.kernel(event::RINGOFFHOOK);
        let expected = [Order::Forget, Order::Hook(hook::RINGOFF), Order::Hook(hook::OFFHOOK)];
        assert_eq!(orders(&mut fxs), expected);
        assert_eq!(events(&mut fxs), [LineEvent::OffHook]);
        fxs.command(&LineCommand::Ring(Duration::from_secs(1))).unwrap();
        assert_eq!(orders(&mut fxs), []);
    }

    #[test]
    fn a_flash_on_hook_is_off_hook() {
        for event in [event::WINKFLASH, event::PULSE_START] {
            let mut fxs = machine(PortKind::Fxs);
            fxs.kernel(event);
            assert_eq!(events(&mut fxs), [LineEvent::OffHook]);
        }
    }

    #[test]
    fn ringing_that_began_unseen_was_ringing() {
        let mut fxo = machine(PortKind::Fxo);
        fxo.kernel(event::RINGOFFHOOK);
        assert_eq!(events(&mut fxo), [LineEvent::RingStarted, LineEvent::RingStopped]);
        fxo.command(&LineCommand::OffHook).unwrap();
        fxo.kernel(event::RINGOFFHOOK);
        assert_eq!(events(&mut fxo), []);
    }

    #[test]
    fn a_break_counts_off_hook_only() {
        let mut fxo = machine(PortKind::Fxo);
        fxo.kernel(event::ONHOOK);
        fxo.command(&LineCommand::OffHook).unwrap();
        fxo.kernel(event::ONHOOK);
        assert_eq!(events(&mut fxo), [LineEvent::LoopBreak]);
    }

    #[test]
    fn a_dead_line_stops_ringing() {
        let mut fxo = machine(PortKind::Fxo);
        for event in [event::RINGBEGIN, event::ALARM, event::ALARM, event::NOALARM, event::NOALARM] {
            fxo.kernel(event);
        }
        let expected = [
            LineEvent::RingStarted,
            LineEvent::RingStopped,
            LineEvent::BatteryLost,
            LineEvent::BatteryRestored,
        ];
        assert_eq!(events(&mut fxo), expected);
    }

    #[test]
    fn a_port_says_what_it_finds() {
        for (kind, expected) in [
            (PortKind::Fxo, LineEvent::BatteryLost),
            (PortKind::Fxs, LineEvent::OffHook),
            (PortKind::EAndM, LineEvent::OffHook),
        ] {
            let mut port = machine(kind);
            port.find(true, true, true);
            assert_eq!(events(&mut port), [expected]);
        }
    }

    #[test]
    fn any_event_in_any_order_is_no_harm() {
        let known = [1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 17, 18, 0, -1, i32::MAX, i32::MIN];
        let pulses = [event::PULSEDIGIT | 0x35, event::PULSEDIGIT, event::PULSEDIGIT | 0xFF];
        for kind in [PortKind::Fxo, PortKind::Fxs, PortKind::EAndM] {
            let mut port = machine(kind);
            let mut state = 1_usize;
            for _ in 0..100_000 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let all = known.iter().chain(&pulses);
                let event = all.clone().nth((state >> 33) % all.count()).copied().unwrap();
                port.kernel(event);
                port.orders.clear();
                assert!(port.events.len() <= WAITING);
            }
            port.kernel(event::REMOVED);
            port.kernel(event::REMOVED);
            assert_eq!(port.command(&LineCommand::OffHook), Err(Error::Gone));
        }
    }

    #[test]
    fn gone_is_said_once() {
        let mut port = machine(PortKind::Fxs);
        port.kernel(event::REMOVED);
        port.vanish();
        assert_eq!(events(&mut port), [LineEvent::Gone]);
    }
}
