//! One FXO line: battery, the country of its tones, what ends calls and what answers them, caller
//! identity.
//!
//! Most of it is learnt from calls by the line's room ([`Learned`]); the pilot writes it down and compares
//! it with the country. Once, on a line that is free, it goes off hook and listens to the dial tone.

mod countries;
mod heard;

use crate::notebook::Notebook;
use crate::words::{LineInput, LineOrder, LineOutput, LineSetup};
use demarc_hal::{ChannelId, LineEvent};
use demarc_model::country::Confidence;
use demarc_model::media::ProgressTone;
use demarc_model::{Country, Finding, Grade, Instant, Setting, Subject};
use std::collections::VecDeque;
use std::time::Duration;

/// A line rests this long before it is probed: a call may be coming, or have just ended.
const QUIET: Duration = Duration::from_secs(15);
/// After a probe that was disturbed or heard nothing; each pause is twice the former, to an hour.
const AGAIN: Duration = Duration::from_secs(120);
const LONGEST: Duration = Duration::from_secs(3600);
/// How long to listen for one continuous dial tone, and for one with a cadence.
const LISTEN: Duration = Duration::from_millis(1200);
const LISTEN_CADENCE: Duration = Duration::from_millis(4500);
/// How long an exchange may take to give dial tone, on top of that.
const SLOW: Duration = Duration::from_millis(1800);

/// The pilot of one FXO line.
#[derive(Debug)]
pub struct LinePilot {
    setup: Option<LineSetup>,
    battery: bool,
    in_use: bool,
    shared: bool,
    probe: Probe,
    /// Probes that came to nothing.
    failures: u32,
    /// Where the line may be, narrowed by each thing heard; all: nothing was.
    possible: Vec<Country>,
    orders: VecDeque<LineOrder>,
    notes: Notebook,
}

/// How far the probe is.
#[derive(Debug)]
enum Probe {
    /// Nothing to do.
    Done,
    /// Once it is this late.
    Due(Instant),
    /// Off hook: listening for the dial tone of one country, others wait.
    Listening { to: Country, others: VecDeque<Country>, until: Instant, heard: Option<Country> },
}

impl LinePilot {
    /// A pilot that waits for [`LineInput::Setup`].
    pub fn new(channel: ChannelId) -> Self {
        Self {
            setup: None,
            battery: true,
            in_use: false,
            shared: false,
            probe: Probe::Done,
            failures: 0,
            possible: Country::ALL.to_vec(),
            orders: VecDeque::new(),
            notes: Notebook::new(Subject::Line { channel }),
        }
    }

    /// What was seen.
    pub fn handle_input(&mut self, now: Instant, input: LineInput) {
        match input {
            LineInput::Setup(setup) => self.set_up(now, setup),
            LineInput::Gone => {
                (self.setup, self.probe) = (None, Probe::Done);
                self.orders.clear();
            }
            _ if self.setup.is_none() => {}
            LineInput::Event(event) => self.on_event(now, event),
            LineInput::InUse(in_use) => {
                self.in_use = in_use;
                if in_use {
                    self.give_up(now, QUIET);
                } else if let Probe::Due(at) = &mut self.probe {
                    *at = (*at).max(now + QUIET);
                }
            }
            LineInput::Heard { country, tone } => self.on_tone(now, country, tone),
            LineInput::Unknown(tone) => self.hear_unknown(&tone),
            LineInput::Learned(learned) => self.learn(&learned),
            LineInput::Refused => {
                self.orders.clear();
                self.fail(now);
            }
        }
    }

    /// Time has come to [`LinePilot::poll_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        match &mut self.probe {
            Probe::Due(at) if *at <= now => self.begin(now),
            Probe::Listening { until, .. } if *until <= now => self.listen_on(now),
            _ => {}
        }
    }

    /// The next thing it wants.
    pub fn poll_output(&mut self) -> Option<LineOutput> {
        let found = || self.notes.poll().map(|finding| LineOutput::Found(Box::new(finding)));
        self.orders.pop_front().map(LineOutput::Do).or_else(found)
    }

    /// When [`LinePilot::handle_timeout`] is due, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        match &self.probe {
            Probe::Done => None,
            Probe::Due(at) => Some((*at, "a probe of the dial tone")),
            Probe::Listening { until, .. } => Some((*until, "the next dial tone")),
        }
    }

    /// Everything found out so far.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.notes.all()
    }

    fn set_up(&mut self, now: Instant, setup: LineSetup) {
        self.notes.pin(setup.pinned.clone());
        let moved = self.setup.as_ref().is_none_or(|old| old.country != setup.country);
        self.setup = Some(setup);
        if moved {
            self.give_up(now, QUIET);
            self.possible = Country::ALL.to_vec();
            self.due(now + QUIET);
        }
    }

    fn on_event(&mut self, now: Instant, event: LineEvent) {
        let read = (Grade::Read, Confidence::High);
        match event {
            LineEvent::BatteryLost => {
                self.battery = false;
                self.notes.note(
                    Setting::Battery,
                    Some("false".into()),
                    read,
                    "No battery: nothing is plugged in.",
                );
                self.give_up(now, QUIET);
                self.probe = Probe::Done;
            }
            LineEvent::BatteryRestored => {
                self.battery = true;
                self.notes.note(Setting::Battery, Some("true".into()), read, "Battery is there.");
                // Another line may have been plugged in.
                self.possible = Country::ALL.to_vec();
                self.failures = 0;
                self.due(now + QUIET);
            }
            LineEvent::LineInUse => {
                self.shared = true;
                self.give_up(now, AGAIN);
            }
            LineEvent::LineFree => self.shared = false,
            // A call comes.
            LineEvent::RingStarted => self.give_up(now, QUIET),
            _ => {}
        }
    }

    fn due(&mut self, at: Instant) {
        let pinned = self.notes.is_pinned(Setting::DialTone) && self.notes.is_pinned(Setting::Country);
        if !pinned && self.battery {
            self.probe = Probe::Due(at);
        }
    }

    /// Ends a probe that is under way, to begin it again later.
    fn give_up(&mut self, now: Instant, pause: Duration) {
        match self.probe {
            Probe::Listening { .. } => {
                self.orders.push_back(LineOrder::Release);
                self.probe = Probe::Due(now + pause);
            }
            Probe::Due(at) => self.probe = Probe::Due(at.max(now + pause)),
            Probe::Done => {}
        }
    }

    fn fail(&mut self, now: Instant) {
        let pause = AGAIN.saturating_mul(1 << self.failures.min(5)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        self.probe = Probe::Due(now + pause);
    }

    fn begin(&mut self, now: Instant) {
        let Some(setup) = &self.setup else { return };
        if self.in_use || self.shared || !self.battery {
            self.probe = Probe::Due(now + QUIET);
            return;
        }
        let mut others: VecDeque<Country> = countries::one_of_each(setup.country).into();
        let Some(to) = others.pop_front() else { return };
        self.orders.extend([LineOrder::Seize, LineOrder::Listen(to)]);
        self.probe = Probe::Listening { to, others, until: now + SLOW + listen(to), heard: None };
    }

    fn on_tone(&mut self, now: Instant, country: Country, tone: ProgressTone) {
        match &mut self.probe {
            Probe::Listening { to, heard, others, until } if *to == country && tone == ProgressTone::Dial => {
                *heard = Some(country);
                // A long burst of a tone with a cadence sounds like a continuous one.
                others.clear();
                others.extend(countries::with_cadence(country));
                *until = now;
            }
            // A busy or congestion tone of a burst's length is no dial tone.
            Probe::Listening { .. } => {}
            _ if tone == ProgressTone::Busy => self.hear_busy(country),
            _ => {}
        }
    }

    /// The time for one dial tone is over, or it was heard.
    fn listen_on(&mut self, now: Instant) {
        let Probe::Listening { to, others, until, heard } = &mut self.probe else { return };
        if let Some(next) = others.pop_front() {
            (*to, *until) = (next, now + listen(next));
            self.orders.push_back(LineOrder::Listen(next));
            return;
        }
        let heard = *heard;
        self.orders.push_back(LineOrder::Release);
        match heard {
            Some(country) => {
                self.probe = Probe::Done;
                self.failures = 0;
                self.hear_dial(country);
            }
            None => {
                self.fail(now);
                let seen = "Off hook, no dial tone of any country of the table was heard.";
                self.notes.note(
                    Setting::DialTone,
                    Some("false".into()),
                    (Grade::Probed, Confidence::Medium),
                    seen,
                );
            }
        }
    }
}

fn listen(to: Country) -> Duration {
    if to.plan().dial.cadence.is_empty() { LISTEN } else { LISTEN_CADENCE }
}
