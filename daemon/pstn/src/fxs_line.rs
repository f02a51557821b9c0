//! A telephone on an FXS port: here the gateway is the exchange.
//!
//! ```text
//!            OffHook: Offered          last digit, Proceed        Answer
//!  OnHook ──────────────────► Collecting ─────────────► Waiting ─────────► Active
//!   │ ▲ ▲                         │ no digit, PBX hangs up │                │ ▲
//!   │ │ │ OnHook                  ▼                        ▼   PBX hangs up │ │
//!   │ │ └─────────────────────── Parked ◄───────────────────────────────────┘ │
//!   │ │ PBX hangs up              (a tone says why, then silence)             │
//!   │ └────────────── Called ─────────────────────────────────────────────────┘
//!   └── Dial ──────────► │                     OffHook while it rings
//!                        └ OffHook before the first ring: the telephone calls itself
//! ```
//!
//! A telephone that hangs up ends its leg in every state. One that is left off hook has no leg any
//! more: a stream of its own plays it the tone.

use crate::caller_id::{self, Step};
use crate::desk::{Desk, Place, Timer};
use crate::tone;
use demarc_hal::{LineCommand, LineEvent};
use demarc_model::config::{Config, DeviceId, DeviceKind, FxsPort};
use demarc_model::leg::Dial;
use demarc_model::live::{ChannelState, LiveLine};
use demarc_model::media::{Detect, Source};
use demarc_model::trace::Protocol;
use demarc_model::{
    CallerId, Cause, ChannelId, LegCommand, LegEvent, LegId, MediaCommand, MediaEvent, Offer, Party, StreamId,
};
use std::collections::VecDeque;
use std::time::Duration;

/// How long dial tone lasts when nothing is dialled.
const FIRST_DIGIT: Duration = Duration::from_secs(15);
/// The pause after which a number is taken to be complete.
const NEXT_DIGIT: Duration = Duration::from_secs(4);
/// The longest number.
const MAX_DIGITS: usize = 32;
/// How long a telephone that is left off hook hears why.
const TONE: Duration = Duration::from_secs(60);
/// The kewl-start disconnect signal.
const OPEN_LOOP: Duration = Duration::from_millis(500);
/// The longest that sending caller identity may take before it rings without.
const IDENTIFYING: Duration = Duration::from_secs(4);

const KEYS: Detect = Detect { dtmf: true, ..Detect::NONE };

#[derive(Debug)]
enum State {
    OnHook,
    Collecting {
        digits: usize,
    },
    Waiting,
    Called(Called),
    Active,
    /// Off hook with nobody to talk to.
    Parked,
    /// The card is gone.
    Down,
}

/// It is being rung.
#[derive(Debug)]
struct Called {
    caller: CallerId,
    /// What is done next; the cadence follows, again and again.
    steps: VecDeque<Step>,
    identifying: bool,
    /// It has rung at least once.
    rung: bool,
}

/// One port.
#[derive(Debug)]
pub(crate) struct FxsLine {
    channel: ChannelId,
    /// In force; the wanted one replaces it when the telephone is on hook.
    device: Option<(DeviceId, FxsPort)>,
    wanted: Option<(DeviceId, FxsPort)>,
    state: State,
    leg: Option<LegId>,
    stream: Option<StreamId>,
    reversed: bool,
    timer: Timer,
}

impl FxsLine {
    pub(crate) fn new(channel: ChannelId) -> Self {
        Self {
            channel,
            device: None,
            wanted: None,
            state: State::OnHook,
            leg: None,
            stream: None,
            reversed: false,
            timer: None,
        }
    }

    pub(crate) fn configure(&mut self, desk: &mut Desk) {
        self.wanted = device_at(&desk.config, self.channel);
        if self.is_idle() {
            self.device.clone_from(&self.wanted);
        }
        desk.changed();
    }

    /// The configured device on this port.
    pub(crate) fn device(&self) -> Option<DeviceId> {
        self.wanted.as_ref().map(|(id, _)| *id)
    }

    /// Can it be rung (or would it be, were it on hook)?
    pub(crate) fn works(&self) -> bool {
        !matches!(self.state, State::Down)
    }

    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.state, State::OnHook | State::Down)
    }

    /// Nothing of a call is left. A telephone may lie off hook for days: that is no call.
    pub(crate) fn is_quiet(&self) -> bool {
        self.leg.is_none() && self.stream.is_none()
    }

    pub(crate) fn live(&self) -> LiveLine {
        let state = match &self.state {
            State::OnHook => ChannelState::Idle,
            State::Collecting { .. } | State::Waiting => ChannelState::Dialling,
            State::Called(_) => ChannelState::Ringing,
            State::Active => ChannelState::Busy,
            State::Parked => ChannelState::OffHook,
            State::Down => ChannelState::Down,
        };
        LiveLine { channel: self.channel, line: None, device: self.device(), state }
    }

    /// Rings the telephone.
    pub(crate) fn dial(&mut self, desk: &mut Desk, dial: &Dial) {
        let refusal = match self.state {
            State::OnHook if self.device.is_some() => None,
            State::OnHook | State::Down => Some(Cause::DESTINATION_OUT_OF_ORDER),
            _ => Some(Cause::USER_BUSY),
        };
        if let Some(cause) = refusal {
            return desk.ended(dial.leg, cause, None);
        }
        let country = desk.config.system.country;
        desk.settle(dial.leg, Place::Port(self.channel));
        let stream = desk.open(self.channel, Detect::default());
        self.leg = Some(dial.leg);
        self.stream = Some(stream);
        self.state = State::Called(Called {
            caller: caller_id::shown(&dial.caller, country),
            steps: caller_id::prelude(country).into(),
            identifying: false,
            rung: false,
        });
        desk.leg(LegEvent::Proceeding { leg: dial.leg, stream, place: self.channel.to_string() });
        self.ring_on(desk);
        desk.changed();
    }

    pub(crate) fn handle_event(&mut self, desk: &mut Desk, event: LineEvent) {
        if event == LineEvent::OffHook && matches!(self.state, State::OnHook) && self.device.is_some() {
            self.leg = Some(desk.mint_leg());
        }
        desk.trace_line(self.leg, event);
        match event {
            LineEvent::OffHook => self.off_hook(desk),
            LineEvent::OnHook => self.on_hook(desk),
            LineEvent::Flash => match (&self.state, self.leg) {
                (State::Active, Some(leg)) => desk.leg(LegEvent::Flash { leg }),
                // A telephone hung up for a moment only: its user wants dial tone.
                (State::Parked, _) => {
                    desk.close(self.stream.take());
                    self.begin(desk);
                }
                _ => {}
            },
            LineEvent::PulseDigit(digit) => match (&self.state, self.leg) {
                (State::Active, Some(leg)) => desk.leg(LegEvent::Digit { leg, digit, out_of_band: true }),
                _ => self.digit(desk, digit),
            },
            LineEvent::Gone => {
                let cause = match self.state {
                    State::Active => Cause::TEMPORARY_FAILURE,
                    _ => Cause::DESTINATION_OUT_OF_ORDER,
                };
                self.free(desk, State::Down);
                self.end_leg(desk, cause, Some("the card has vanished"));
            }
            _ => {}
        }
    }

    pub(crate) fn handle_command(&mut self, desk: &mut Desk, command: LegCommand) {
        if self.leg != Some(command.leg()) {
            return;
        }
        let country = desk.config.system.country;
        match (command, &self.state) {
            (LegCommand::NeedDigits { dial_tone: true, .. }, State::Collecting { digits: 0 }) => {
                desk.play(self.stream, tone::dial(country));
            }
            (LegCommand::Proceed { .. }, State::Collecting { digits }) => {
                if *digits == 0 {
                    desk.play(self.stream, Source::Silence);
                }
                self.enough(State::Waiting);
            }
            (LegCommand::Ring { in_band, .. }, State::Collecting { .. } | State::Waiting) => {
                self.enough(State::Waiting);
                if !in_band {
                    desk.play(self.stream, tone::ringback(country));
                }
            }
            // Here, and after an answer, what is heard is the PBX's: not a word from us.
            (LegCommand::Progress { .. }, State::Collecting { .. }) => self.enough(State::Waiting),
            (LegCommand::Answer { .. }, State::Collecting { .. } | State::Waiting) => {
                self.enough(State::Active);
                if self.device.as_ref().is_some_and(|(_, port)| port.reverse_on_answer) {
                    self.polarity(desk, true);
                }
            }
            (LegCommand::Hangup { cause, .. }, State::Called(_)) => {
                self.free(desk, State::OnHook);
                self.end_leg(desk, cause, None);
            }
            (LegCommand::Hangup { cause, .. }, _) => self.park(desk, cause, None),
            _ => return,
        }
        desk.changed();
    }

    pub(crate) fn handle_media(&mut self, desk: &mut Desk, event: &MediaEvent) {
        if self.stream != Some(event.stream()) {
            return;
        }
        match (event, &self.state, self.leg) {
            (MediaEvent::Digit { digit, .. }, State::Active, Some(leg)) => {
                desk.leg(LegEvent::Digit { leg, digit: *digit, out_of_band: false });
            }
            (MediaEvent::Digit { digit, .. }, ..) => self.digit(desk, *digit),
            (MediaEvent::CallerIdSent { .. }, State::Called(Called { identifying: true, .. }), _) => {
                self.ring_on(desk);
            }
            _ => {}
        }
    }

    pub(crate) fn handle_timeout(&mut self, desk: &mut Desk) {
        if self.timer.is_none_or(|(at, _)| at > desk.now.mono) {
            return;
        }
        self.timer = None;
        match self.state {
            State::Collecting { digits: 0 } => {
                self.park(desk, Cause::INVALID_NUMBER_FORMAT, Some("nothing was dialled"));
            }
            State::Collecting { .. } => self.complete(desk),
            State::Called(_) => self.ring_on(desk),
            State::Parked => {
                desk.close(self.stream.take());
                desk.changed();
            }
            _ => {}
        }
    }

    pub(crate) fn poll_timeout(&self) -> Timer {
        self.timer
    }

    fn off_hook(&mut self, desk: &mut Desk) {
        match &self.state {
            State::OnHook => self.begin(desk),
            State::Called(Called { rung: true, .. }) => {
                desk.line(self.channel, self.leg, LineCommand::StopRinging);
                self.polarity(desk, false);
                self.state = State::Active;
                self.timer = None;
                desk.detect(self.stream, KEYS);
                if let Some(leg) = self.leg {
                    desk.leg(LegEvent::Answered { leg, connected: None });
                }
                desk.changed();
            }
            State::Called(_) => {
                // It has not rung yet: who lifts it now wants to call, and knows of no other call.
                if let Some(leg) = self.leg {
                    desk.note(leg, Protocol::Line, "glare: the telephone went off hook before it rang");
                }
                self.free(desk, State::OnHook);
                self.end_leg(desk, Cause::USER_BUSY, None);
                self.begin(desk);
            }
            _ => {}
        }
    }

    /// The telephone begins a call.
    fn begin(&mut self, desk: &mut Desk) {
        let Some((device, _)) = self.device else {
            self.state = State::Parked;
            return desk.changed();
        };
        let leg = *self.leg.get_or_insert_with(|| desk.mint_leg());
        desk.settle(leg, Place::Port(self.channel));
        let stream = desk.open(self.channel, KEYS);
        self.stream = Some(stream);
        self.state = State::Collecting { digits: 0 };
        self.timer = Some((desk.at(FIRST_DIGIT), "first digit"));
        desk.leg(LegEvent::Offered(Box::new(Offer {
            leg,
            from: Party::Device(device),
            called: String::new(),
            complete: false,
            caller: CallerId::default(),
            redirecting: None,
            bearer: demarc_model::Bearer::Speech,
            stream,
            place: self.channel.to_string(),
        })));
        desk.changed();
    }

    fn on_hook(&mut self, desk: &mut Desk) {
        if matches!(self.state, State::OnHook | State::Called(_) | State::Down) {
            return;
        }
        self.free(desk, State::OnHook);
        self.end_leg(desk, Cause::NORMAL_CLEARING, None);
    }

    /// One more digit. `#` after others ends the number.
    fn digit(&mut self, desk: &mut Desk, digit: char) {
        let (State::Collecting { digits }, Some(leg)) = (&mut self.state, self.leg) else { return };
        if *digits > 0 && digit == '#' {
            return self.complete(desk);
        }
        if !digit.is_ascii_digit() && !matches!(digit, '*' | '#') {
            return;
        }
        let first = *digits == 0;
        *digits += 1;
        let complete = *digits >= MAX_DIGITS;
        self.timer = Some((desk.at(NEXT_DIGIT), "next digit"));
        if first {
            desk.play(self.stream, Source::Silence);
        }
        if complete {
            self.enough(State::Waiting);
        }
        desk.leg(LegEvent::MoreDigits { leg, digits: digit.to_string(), complete });
    }

    fn complete(&mut self, desk: &mut Desk) {
        self.enough(State::Waiting);
        if let Some(leg) = self.leg {
            desk.leg(LegEvent::MoreDigits { leg, digits: String::new(), complete: true });
        }
    }

    /// The PBX has heard enough digits.
    fn enough(&mut self, next: State) {
        self.state = next;
        self.timer = None;
    }

    /// The next steps of ringing, up to one that takes time.
    fn ring_on(&mut self, desk: &mut Desk) {
        let country = desk.config.system.country;
        while let State::Called(called) = &mut self.state {
            called.identifying = false;
            let Some(step) = called.steps.pop_front() else {
                called.steps = caller_id::cadence(country).into();
                if called.steps.is_empty() { return } else { continue }
            };
            match step {
                Step::Reverse => self.polarity(desk, true),
                Step::Pause(length) => {
                    self.timer = Some((desk.at(length), "ringing cadence"));
                    return;
                }
                Step::Identify(form) => {
                    called.identifying = true;
                    let caller = called.caller.clone();
                    self.timer = Some((desk.at(IDENTIFYING), "caller identity"));
                    if let Some(stream) = self.stream {
                        let clock = caller_id::clock(desk.now);
                        desk.media(MediaCommand::SendCallerId { stream, caller, form, clock });
                    }
                    return;
                }
                Step::Ring(length) => {
                    let first = !std::mem::replace(&mut called.rung, true);
                    self.timer = Some((desk.at(length), "ringing cadence"));
                    desk.line(self.channel, self.leg, LineCommand::Ring(length));
                    if let (true, Some(leg)) = (first, self.leg) {
                        desk.leg(LegEvent::Alerting { leg, in_band: false });
                    }
                    return;
                }
            }
        }
    }

    /// The call is over, but the telephone is off hook: it hears why.
    fn park(&mut self, desk: &mut Desk, cause: Cause, reason: Option<&str>) {
        let open_loop = self.device.as_ref().is_some_and(|(_, port)| port.open_loop_on_hangup);
        let was_active = matches!(self.state, State::Active);
        self.free(desk, State::Parked);
        if was_active && open_loop {
            desk.line(self.channel, self.leg, LineCommand::OpenLoop(OPEN_LOOP));
        }
        self.stream = Some(desk.open(self.channel, Detect::default()));
        desk.play(self.stream, tone::of_cause(desk.config.system.country, cause));
        self.timer = Some((desk.at(TONE), "tone to a telephone off hook"));
        self.end_leg(desk, cause, reason);
    }

    /// Closes the audio, takes ringing and reversal away.
    fn free(&mut self, desk: &mut Desk, next: State) {
        if matches!(self.state, State::Called(Called { rung: true, .. })) {
            desk.line(self.channel, self.leg, LineCommand::StopRinging);
        }
        self.polarity(desk, false);
        desk.close(self.stream.take());
        self.timer = None;
        self.state = next;
        if self.is_idle() {
            self.device.clone_from(&self.wanted);
        }
        desk.changed();
    }

    fn polarity(&mut self, desk: &mut Desk, reversed: bool) {
        if self.reversed != reversed {
            self.reversed = reversed;
            desk.line(self.channel, self.leg, LineCommand::ReversePolarity(reversed));
        }
    }

    fn end_leg(&mut self, desk: &mut Desk, cause: Cause, reason: Option<&str>) {
        if let Some(leg) = self.leg.take() {
            desk.ended(leg, cause, reason);
        }
    }
}

/// The device whose telephone is on the port.
fn device_at(config: &Config, channel: ChannelId) -> Option<(DeviceId, FxsPort)> {
    config.devices.iter().find_map(|device| match &device.kind {
        DeviceKind::Fxs(port) if port.channel == channel => Some((device.id, port.clone())),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
