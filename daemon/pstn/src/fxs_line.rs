//! A telephone on an FXS port: here the gateway is the exchange.
//!
//! ```text
//!            OffHook: Offered          last digit, Proceed        Answer
//!  OnHook ──────────────────► Collecting ─────────────► Waiting ─────────► Active
//!   │ ▲ ▲                         │ no digit, PBX hangs up │                │ ▲
//!   │ │ │ OnHook                  ▼                        ▼   PBX hangs up │ │
//!   │ │ └─────────────────────── Parked ◄───────────────────────────────────┘ │
//!   │ │ PBX hangs up              (a tone says why, the howler, silence)      │
//!   │ └────────────── Called ─────────────────────────────────────────────────┘
//!   └── Dial ──────────► │                     OffHook while it rings
//!                        └ OffHook before the first ring: the telephone calls itself
//! ```
//!
//! A telephone that hangs up ends its leg in every state. One that is left off hook has no leg any
//! more: a stream of its own plays it the tone.
//!
//! One telephone can have three legs: the one that it talks on, one on hold (`second`), and one of
//! somebody who knocks (`knock`). They share one stream, because there is one loop. Two rules keep
//! them from talking over one another: a leg that is not the active one is on hold, so that the
//! PBX plays nothing for it; and what the line itself plays it plays only while the active leg's
//! audio is not yet, or no longer, the PBX's.

mod knock;
mod lamp;
mod ringing;
mod second;

use crate::desk::{Desk, Place, Timer};
use crate::tone;
use demarc_hal::{LineCommand, LineEvent};
use demarc_model::config::{Config, DeviceId, DeviceKind, ExtensionFeatures, FxsPort};
use demarc_model::live::{ChannelState, LiveLine};
use demarc_model::media::{Detect, Source};
use demarc_model::trace::Protocol;
use demarc_model::{
    Bearer, CallerId, Cause, ChannelId, LegCommand, LegEvent, LegId, MediaEvent, Offer, Party, StreamId,
};
use knock::Knock;
use ringing::Called;
use std::time::Duration;

/// How long dial tone lasts when nothing is dialled.
const FIRST_DIGIT: Duration = Duration::from_secs(15);
/// The pause after which a number is taken to be complete.
const NEXT_DIGIT: Duration = Duration::from_secs(4);
/// The longest number.
const MAX_DIGITS: usize = 32;
/// How long a telephone that is left off hook hears why.
const TONE: Duration = Duration::from_secs(30);
/// How long it hears the howler after that.
const HOWLER: Duration = Duration::from_secs(60);
/// The kewl-start disconnect signal.
const OPEN_LOOP: Duration = Duration::from_millis(500);

const KEYS: Detect = Detect { dtmf: true, ..Detect::NONE };

#[derive(Debug)]
enum State {
    OnHook,
    Collecting {
        digits: usize,
        /// It began with `*` or `#`: a code, in which `#` is a digit.
        code: bool,
    },
    Waiting,
    Called(Called),
    Active,
    /// The recall key was pressed with two calls: a digit says what for.
    Choosing,
    /// Off hook with nobody to talk to.
    Parked {
        howls: bool,
    },
    /// The card is gone.
    Down,
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
    /// The call on hold; in a conference, the one that was there first.
    held: Option<LegId>,
    conference: bool,
    /// The active call was dialled while the other was on hold.
    dialled_second: bool,
    knock: Option<Knock>,
    /// The call for help, the last there was.
    emergency: Option<LegId>,
    /// Who is about to be rung has been told of it: it knocked before.
    alerted: bool,
    stream: Option<StreamId>,
    reversed: bool,
    timer: Timer,
    lamp: lamp::Lamp,
}

impl FxsLine {
    pub(crate) fn new(channel: ChannelId) -> Self {
        Self {
            channel,
            device: None,
            wanted: None,
            state: State::OnHook,
            leg: None,
            held: None,
            conference: false,
            dialled_second: false,
            knock: None,
            emergency: None,
            alerted: false,
            stream: None,
            reversed: false,
            timer: None,
            lamp: lamp::Lamp::default(),
        }
    }

    pub(crate) fn configure(&mut self, desk: &mut Desk) {
        self.wanted = device_at(&desk.config, self.channel);
        if self.is_idle() {
            self.device.clone_from(&self.wanted);
        }
        self.think_of_lamp(desk);
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
        self.leg.is_none() && self.held.is_none() && self.knock.is_none() && self.stream.is_none()
    }

    pub(crate) fn live(&self) -> LiveLine {
        let state = match &self.state {
            State::OnHook => ChannelState::Idle,
            State::Collecting { .. } | State::Waiting => ChannelState::Dialling,
            State::Called(_) => ChannelState::Ringing,
            State::Active | State::Choosing => ChannelState::Busy,
            State::Parked { .. } => ChannelState::OffHook,
            State::Down => ChannelState::Down,
        };
        LiveLine { channel: self.channel, line: None, device: self.device(), state }
    }

    pub(crate) fn handle_event(&mut self, desk: &mut Desk, event: LineEvent) {
        if event == LineEvent::OffHook && matches!(self.state, State::OnHook) && self.device.is_some() {
            self.leg = Some(desk.mint_leg());
        }
        desk.trace_line(self.leg, event);
        match event {
            LineEvent::OffHook => self.off_hook(desk),
            LineEvent::OnHook => self.on_hook(desk),
            LineEvent::Flash => self.flash(desk),
            LineEvent::PulseDigit(digit) => match (&self.state, self.leg) {
                (State::Active, Some(leg)) => desk.leg(LegEvent::Digit { leg, digit, out_of_band: true }),
                _ => self.digit(desk, digit),
            },
            LineEvent::Gone => {
                let cause = match self.state {
                    State::Active | State::Choosing => Cause::TEMPORARY_FAILURE,
                    _ => Cause::DESTINATION_OUT_OF_ORDER,
                };
                self.free(desk, State::Down);
                let all = [self.leg.take(), self.held.take(), self.knock.take().map(|knock| knock.leg)];
                for leg in all.into_iter().flatten() {
                    desk.ended(leg, cause, Some("the card has vanished"));
                }
            }
            _ => {}
        }
    }

    pub(crate) fn handle_command(&mut self, desk: &mut Desk, command: LegCommand) {
        let leg = command.leg();
        if self.leg != Some(leg) {
            if let LegCommand::Hangup { cause, .. } = command {
                self.other_ended(desk, leg, cause);
            }
            return;
        }
        let country = desk.config.system.country;
        match (command, &self.state) {
            (LegCommand::NeedDigits { dial_tone: true, .. }, State::Collecting { digits: 0, .. }) => {
                let tone = self.dial_tone(desk);
                desk.play(self.stream, tone);
            }
            (LegCommand::Proceed { .. }, State::Collecting { digits, .. }) => {
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
            (LegCommand::Hangup { cause, .. }, _) => self.let_go(desk, cause),
            (LegCommand::Emergency { .. }, _) => self.emergency = Some(leg),
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
            (MediaEvent::CallerIdSent { .. }, State::Called(called), _) if called.identifies() => {
                self.ring_on(desk);
            }
            (MediaEvent::MessageWaitingSent { .. }, State::OnHook, _) => self.lamp_is_set(desk),
            _ => {}
        }
    }

    pub(crate) fn handle_timeout(&mut self, desk: &mut Desk) {
        self.knock_timeout(desk);
        if self.timer.is_none_or(|(at, _)| at > desk.now.mono) {
            return;
        }
        self.timer = None;
        match self.state {
            State::Collecting { digits: 0, .. } => match self.hot_line() {
                Some(number) => {
                    desk.play(self.stream, Source::Silence);
                    self.enough(State::Waiting);
                    if let Some(leg) = self.leg {
                        desk.leg(LegEvent::MoreDigits { leg, digits: number, complete: true });
                    }
                }
                None => self.nothing_dialled(desk),
            },
            State::Collecting { .. } => self.complete(desk),
            State::Called(_) => self.ring_on(desk),
            State::Choosing => self.choose(desk, '2'),
            // A call on hold wants its user back, not a howl.
            State::Parked { howls: false } if self.held.is_none() => {
                desk.play(self.stream, Source::Tone(desk.config.system.country.plan().howler()));
                self.state = State::Parked { howls: true };
                self.timer = Some((desk.at(HOWLER), "howler"));
            }
            State::Parked { howls: true } => {
                desk.close(self.stream.take());
                desk.changed();
            }
            State::OnHook => self.lamp_timeout(desk),
            _ => {}
        }
    }

    pub(crate) fn poll_timeout(&self) -> Timer {
        [self.timer, self.knock.as_ref().and_then(Knock::poll_timeout)].into_iter().flatten().min()
    }

    fn off_hook(&mut self, desk: &mut Desk) {
        match &self.state {
            State::OnHook => {
                self.stop_lamp(desk);
                self.begin(desk);
            }
            State::Called(called) if called.has_rung() => self.ring_tripped(desk),
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

    /// The telephone begins a call: the first, or a second one on the same stream.
    fn begin(&mut self, desk: &mut Desk) {
        let Some((device, _)) = self.device else {
            self.state = State::Parked { howls: true };
            return desk.changed();
        };
        let leg = *self.leg.get_or_insert_with(|| desk.mint_leg());
        desk.settle(leg, Place::Port(self.channel));
        let stream = match self.stream {
            Some(stream) => stream,
            None => desk.open(self.channel, KEYS),
        };
        self.stream = Some(stream);
        self.state = State::Collecting { digits: 0, code: false };
        let delay = self.features().map_or(0, |features| features.hot_line_after_s);
        let (called, complete) = match self.hot_line() {
            Some(number) if delay == 0 => {
                self.enough(State::Waiting);
                (number, true)
            }
            Some(_) => {
                self.timer = Some((desk.at(Duration::from_secs(delay.into())), "hot line"));
                (String::new(), false)
            }
            None => {
                self.timer = Some((desk.at(FIRST_DIGIT), "first digit"));
                (String::new(), false)
            }
        };
        desk.leg(LegEvent::Offered(Box::new(Offer {
            leg,
            from: Party::Device(device),
            called,
            complete,
            caller: CallerId::default(),
            redirecting: None,
            bearer: Bearer::Speech,
            stream,
            place: self.channel.to_string(),
        })));
        desk.changed();
    }

    fn on_hook(&mut self, desk: &mut Desk) {
        if matches!(self.state, State::OnHook | State::Called(_) | State::Down) {
            return;
        }
        if self.held.is_some() || self.knock.is_some() {
            return self.on_hook_with_others(desk);
        }
        self.free(desk, State::OnHook);
        self.end_leg(desk, Cause::NORMAL_CLEARING, None);
    }

    /// One more digit. `#` after others ends the number, unless it belongs to a code.
    fn digit(&mut self, desk: &mut Desk, digit: char) {
        if let State::Choosing = self.state {
            return self.choose(desk, digit);
        }
        let (State::Collecting { digits, code }, Some(leg)) = (&mut self.state, self.leg) else { return };
        if *digits > 0 && digit == '#' && !*code {
            return self.complete(desk);
        }
        if !digit.is_ascii_digit() && !matches!(digit, '*' | '#') {
            return;
        }
        let first = *digits == 0;
        *code |= first && !digit.is_ascii_digit();
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

    /// Dial tone; another one where the user should know that something is switched on.
    fn dial_tone(&self, desk: &Desk) -> Source {
        let country = desk.config.system.country;
        let special = self.extension(&desk.config).is_some_and(|features| {
            features.message_waiting || features.do_not_disturb || features.forward_always.is_some()
        });
        match special && self.held.is_none() {
            true => Source::Tone(country.plan().special_dial()),
            false => tone::dial(country),
        }
    }

    /// What the user of the telephone's extension has switched on.
    fn extension<'a>(&self, config: &'a Config) -> Option<&'a ExtensionFeatures> {
        let device = self.device.as_ref().map(|(id, _)| *id)?;
        config.extensions.iter().find(|e| e.devices.contains(&device)).map(|e| &e.features)
    }

    fn features(&self) -> Option<&demarc_model::config::FxsFeatures> {
        self.device.as_ref().map(|(_, port)| &port.features)
    }

    /// The number to be called by itself; a second call is dialled.
    fn hot_line(&self) -> Option<String> {
        self.features().and_then(|features| features.hot_line.clone()).filter(|_| self.held.is_none())
    }

    fn nothing_dialled(&mut self, desk: &mut Desk) {
        let congestion = Source::Tone(desk.config.system.country.plan().congestion.tone());
        self.park(desk, congestion);
        self.end_leg(desk, Cause::INVALID_NUMBER_FORMAT, Some("nothing was dialled"));
    }

    /// The PBX ends the active call, but the telephone is off hook.
    fn let_go(&mut self, desk: &mut Desk, cause: Cause) {
        if self.conference {
            // The other party is still there.
            self.end_leg(desk, cause, None);
            self.leg = self.held.take();
            self.conference = false;
            self.state = State::Active;
            return;
        }
        let open_loop = self.device.as_ref().is_some_and(|(_, port)| port.open_loop_on_hangup);
        let was_active = matches!(self.state, State::Active | State::Choosing);
        let alone = self.held.is_none() && self.knock.is_none();
        if alone {
            self.free(desk, State::Parked { howls: false });
        }
        if was_active && open_loop && alone {
            desk.line(self.channel, self.leg, LineCommand::OpenLoop(OPEN_LOOP));
        }
        let tone = tone::of_cause(desk.config.system.country, cause);
        self.park(desk, tone);
        self.end_leg(desk, cause, None);
    }

    /// It hears why.
    fn park(&mut self, desk: &mut Desk, tone: Source) {
        if self.held.is_none() && self.knock.is_none() {
            self.free(desk, State::Parked { howls: false });
            self.stream = Some(desk.open(self.channel, Detect::default()));
        }
        self.state = State::Parked { howls: false };
        desk.play(self.stream, tone);
        self.timer = Some((desk.at(TONE), "tone to a telephone off hook"));
        desk.changed();
    }

    /// Closes the audio, takes ringing and reversal away.
    fn free(&mut self, desk: &mut Desk, next: State) {
        if matches!(&self.state, State::Called(called) if called.has_rung()) {
            desk.line(self.channel, self.leg, LineCommand::StopRinging);
        }
        self.polarity(desk, false);
        desk.close(self.stream.take());
        self.timer = None;
        self.state = next;
        self.conference = false;
        if self.is_idle() {
            self.device.clone_from(&self.wanted);
            self.think_of_lamp(desk);
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
