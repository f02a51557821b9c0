//! One digital span: from the signal on the wire to the switch's dialect.
//!
//! Each step waits for the one before it: line mode, framing and CRC-4, line code, what signals, our side,
//! dialect. The clock is watched all the while.

mod calls;
mod clock;
mod dialect;
mod layer1;
mod layer2;
mod names;

use crate::notebook::Notebook;
use crate::words::{SpanInput, SpanOutput, SpanPlan, SpanSetup};
use calls::CallNotes;
use clock::ClockWatch;
pub(crate) use clock::LAST;
use demarc_hal::{SignallingSeen, SpanId, SpanStatus};
use demarc_isdn::{Event, Side};
use demarc_model::{Finding, Instant, Setting, Subject};
use dialect::Judge;
use layer1::Search;
use layer2::Layer2;
use std::collections::VecDeque;
use std::time::Duration;

/// A change needs so long until what is seen is its doing: framers find their alignment, counters stop.
const SETTLE: Duration = Duration::from_secs(2);
/// How often layer 1 is looked at while something is being found out.
const EAGER: Duration = Duration::from_secs(1);
/// The same once everything is found.
const CALM: Duration = Duration::from_secs(5);
/// The first pause after a search that found nothing, and the longest: each is twice the former.
const REST: Duration = Duration::from_secs(10);
const LONGEST_REST: Duration = Duration::from_secs(300);

/// What was refused is not asked for again for so long.
const REFUSED: Duration = Duration::from_secs(600);

/// The pilot of one digital span.
#[derive(Debug)]
pub struct SpanPilot {
    seed: u64,
    setup: Option<SpanSetup>,
    /// How the span runs now.
    plan: Option<SpanPlan>,
    /// How it ran before the last change, until that has settled.
    before: Option<SpanPlan>,
    /// What could not be done, and until when it is not asked for again.
    refused: Option<(SpanPlan, Instant)>,
    in_use: bool,
    /// Layer 2 has been up with this plan or one that differs above layer 1: what was found is right.
    proven: bool,
    settled_at: Instant,
    /// A message has just crossed the D channel: a call may be in it that nobody has told of yet.
    quiet_at: Instant,
    look_at: Option<Instant>,
    signalling: Option<SignallingSeen>,
    search: Search,
    clock: ClockWatch,
    layer2: Layer2,
    judge: Judge,
    calls: CallNotes,
    notes: Notebook,
    orders: VecDeque<SpanOutput>,
}

impl SpanPilot {
    /// A pilot that waits for [`SpanInput::Setup`]. The seed keeps two autopilots that face each other from
    /// moving in step.
    pub fn new(span: SpanId, seed: u64) -> Self {
        Self {
            seed: seed.wrapping_add(u64::from(span.0)),
            setup: None,
            plan: None,
            before: None,
            refused: None,
            in_use: false,
            proven: false,
            settled_at: Instant::default(),
            quiet_at: Instant::default(),
            look_at: None,
            signalling: None,
            search: Search::default(),
            clock: ClockWatch::default(),
            layer2: Layer2::default(),
            judge: Judge::default(),
            calls: CallNotes::default(),
            notes: Notebook::new(Subject::Span { span }),
            orders: VecDeque::new(),
        }
    }

    /// What was seen.
    pub fn handle_input(&mut self, now: Instant, input: SpanInput) {
        match input {
            SpanInput::Setup(setup) => return self.set_up(now, setup),
            SpanInput::Gone => {
                (self.setup, self.plan, self.look_at) = (None, None, None);
                self.orders.clear();
                return;
            }
            _ if self.plan.is_none() => return,
            // The status that comes with it decides.
            SpanInput::Signalling(seen) => return self.signalling = Some(seen),
            SpanInput::Status(status) => self.on_status(now, status),
            SpanInput::Isdn(event) => return self.on_isdn(now, &event),
            SpanInput::Lapd(frame) => self.on_lapd(now, &frame),
            SpanInput::InUse(in_use) => (self.in_use, self.refused) = (in_use, None),
            SpanInput::Refused => return self.take_back(now),
        }
        self.decide(now);
    }

    /// Time has come to [`SpanPilot::poll_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.look_at.is_some_and(|at| at <= now) {
            self.look_at = Some(now + self.pace());
            self.orders.push_back(SpanOutput::Look);
        }
        if self.layer2.poll_timeout().is_some_and(|at| at <= now) {
            self.layer2_timeout(now);
        }
    }

    /// The next thing it wants.
    pub fn poll_output(&mut self) -> Option<SpanOutput> {
        let found = || self.notes.poll().map(|finding| SpanOutput::Found(Box::new(finding)));
        self.orders.pop_front().or_else(found)
    }

    /// When [`SpanPilot::handle_timeout`] is due, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let look = self.look_at.map(|at| (at, "a look at layer 1"));
        let side = self.layer2.poll_timeout().map(|at| (at, "layer 2 has had its time"));
        look.into_iter().chain(side).min()
    }

    /// How the span runs, as far as the pilot knows.
    pub fn plan(&self) -> Option<&SpanPlan> {
        self.plan.as_ref()
    }

    /// Everything found out so far.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.notes.all()
    }

    fn set_up(&mut self, now: Instant, mut setup: SpanSetup) {
        self.notes.pin(setup.pinned.clone());
        (self.before, self.refused) = (None, None);
        if self.plan.as_ref() == Some(&setup.plan) {
            // The configuration has what was found; the country's default is still what it was.
            if let Some(before) = &self.setup {
                setup.plan.dialect = before.plan.dialect;
            }
        } else {
            self.plan = Some(setup.plan.clone());
            self.proven = false;
            self.search = Search::default();
            self.layer2 = Layer2::default();
            self.judge = Judge::default();
            self.clock = ClockWatch::default();
            self.settle(now);
        }
        self.setup = Some(setup);
        self.look_at = Some(now);
    }

    fn on_status(&mut self, now: Instant, status: SpanStatus) {
        // What is seen meanwhile may be from before the change.
        if now < self.settled_at {
            return;
        }
        self.before = None;
        if self.search.see(now, &status) {
            self.look_at = Some(now + EAGER);
        }
        self.clock.see(now, &status);
    }

    fn on_isdn(&mut self, now: Instant, event: &Event) {
        match event {
            Event::Up => self.layer2_up(),
            Event::Down => self.layer2_down(now),
            Event::SameSide { side } => self.same_side(now, *side),
            Event::Frame { outgoing, octets, .. } => {
                self.quiet_at = now + SETTLE;
                if !outgoing {
                    self.hear_dialect(octets);
                }
            }
            event => self.calls.hear(event, &mut self.notes),
        }
    }

    /// Everything that may lead to a change, in order. Nothing is changed while a call is on the span.
    fn decide(&mut self, now: Instant) {
        let settled = now >= self.settled_at.max(self.quiet_at);
        if self.in_use || !settled || self.plan.is_none() {
            return;
        }
        let before = self.plan.clone();
        if self.decide_layer1(now) && self.plan == before {
            self.decide_layer2(now);
            self.decide_dialect();
            self.decide_overlap();
        }
        let refused =
            |plan: &SpanPlan| self.refused.as_ref().is_some_and(|(no, until)| no == plan && now < *until);
        if self.plan.as_ref().is_some_and(refused) {
            self.plan = before;
        } else if self.plan != before {
            self.before = before;
            if let Some(plan) = &self.plan {
                self.orders.push_back(SpanOutput::Run(Box::new(plan.clone())));
            }
            self.settle(now);
        }
    }

    fn take_back(&mut self, now: Instant) {
        if let Some(before) = self.before.take() {
            self.refused = self.plan.replace(before).map(|plan| (plan, now + REFUSED));
        }
        self.search.rest(now, &mut self.look_at);
    }

    fn settle(&mut self, now: Instant) {
        self.settled_at = now + SETTLE;
        self.search.begin_window();
        self.clock.begin_window();
        self.look_at = Some(now + SETTLE);
    }

    fn pace(&self) -> Duration {
        match self.search.pause() {
            Some(pause) => pause.max(EAGER),
            None if self.proven && self.clock.is_done() && self.search.is_done() => CALM,
            None => EAGER,
        }
    }

    fn may(&self, setting: Setting) -> bool {
        !self.notes.is_pinned(setting)
    }

    /// Which side, dialect and clock priority are of use to the other spans of the machine.
    pub(crate) fn clocking(&self) -> Option<(bool, u8)> {
        let plan = self.plan.as_ref()?;
        Some((plan.side == Side::User, plan.settings.timing))
    }

    /// It may be given another priority: no call is on it, and nobody has pinned it.
    pub(crate) fn may_reorder(&self) -> bool {
        !self.in_use && self.may(Setting::Timing)
    }

    /// The machine's order of clocks gives this span another priority.
    pub(crate) fn set_priority(&mut self, now: Instant, timing: u8) {
        let Some(plan) = &mut self.plan else { return };
        if plan.settings.timing != timing {
            // When it follows a change of the pilot's own, that is what is taken back.
            self.before.get_or_insert_with(|| plan.clone());
            plan.settings.timing = timing;
            self.orders.push_back(SpanOutput::Run(Box::new(plan.clone())));
            self.settle(now);
        }
    }
}
