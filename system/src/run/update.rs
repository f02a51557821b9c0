//! Updates as they go on in the machine.

use super::{Stop, System};
use crate::command;
use crate::files;
use crate::status;
use crate::update::{
    AtBoot, Baseline, Gate, Job, News, Record, Stage, Verdict, at_boot, is_time, parse_slots,
};
use demarc_clock::unix_s;
use demarc_model::appliance::{
    Answer, Beat, SlotStatus, SwitchWhen, UpdateOutcome, UpdateSource, UpdateState,
};
use demarc_model::{Instant, Now};
use std::time::Duration;

const RECORD: &str = "update.json";
const LAST: &str = "last-update.json";
/// A boot loader that could not be told that a boot was good is told again after so long: a good slot that nobody says is good is
/// left at its third boot.
const MARK_AGAIN: Duration = Duration::from_secs(30);

/// An update.
#[derive(Debug, Default)]
pub(super) struct Update {
    /// Being installed.
    job: Option<Job>,
    /// What the job said last, or why it failed.
    news: UpdateState,
    /// Installed, or on trial.
    record: Option<Record>,
    gate: Option<Gate>,
    /// This boot was found good, and the boot loader knows it.
    marked: bool,
    /// When the boot loader is told again, after it could not be.
    mark_at: Option<Instant>,
    pub(super) slots: Vec<SlotStatus>,
    pub(super) last: Option<UpdateOutcome>,
}

impl Update {
    /// The gateway said how it does; a number when a test call is wanted.
    pub(super) fn beat(&mut self, now: Instant, beat: &Beat) -> Option<u64> {
        self.gate.as_mut()?.beat(now, beat)
    }

    /// The gateway ended by itself.
    pub(super) fn crashed(&mut self, how: &str) {
        if let Some(gate) = &mut self.gate {
            gate.crashed(how);
        }
    }

    pub(super) fn state(&self, now: Instant) -> UpdateState {
        if let Some(gate) = &self.gate {
            let (missing, left_s) = match gate.verdict(now) {
                Verdict::Pending { missing, left } => (missing, left.as_secs()),
                Verdict::Good => (Vec::new(), 0),
                Verdict::Bad { reason } => (vec![reason], 0),
            };
            return UpdateState::OnTrial { missing, left_s: u32::try_from(left_s).unwrap_or(u32::MAX) };
        }
        match (&self.job, &self.record) {
            (None, Some(record)) if !matches!(self.news, UpdateState::Failed { .. }) => {
                UpdateState::Installed { version: record.to.clone(), when: record.when }
            }
            _ => self.news.clone(),
        }
    }
}

impl System {
    /// What this boot means for an update; before the gateway is started.
    pub(super) fn begin_update(&mut self) {
        let now = self.clock.now();
        self.update.last = files::read_json(&self.paths.state(LAST));
        let record = files::read_json(&self.paths.state(RECORD));
        let slot = status::slot(&self.paths);
        match at_boot(record, slot.as_deref(), unix_s(now.wall)) {
            // What is being written stays noted: when only we were killed, RAUC goes on writing and makes the new slot the
            // next one, which is to be judged then.
            AtBoot::Nothing => {}
            AtBoot::Waits(record) => self.update.record = Some(record),
            AtBoot::Trial(mut record) => {
                record.to = status::version(&self.paths);
                self.journal.milestone(&format!("update: version {} is on trial", record.to));
                self.update.gate = Some(Gate::new(now.mono, record.baseline.clone(), unix_s(now.wall)));
                self.update.record = Some(record);
            }
            AtBoot::CameBack(outcome) => {
                let fault = outcome.fault.clone().unwrap_or_default();
                self.journal.milestone(&format!(
                    "update: version {} was taken back to {}: {fault}",
                    outcome.to, outcome.from
                ));
                self.finish_update(outcome);
            }
        }
    }

    fn finish_update(&mut self, outcome: UpdateOutcome) {
        if let Err(error) = files::write_json(&self.paths.state(LAST), &outcome) {
            self.journal.note("update", format!("the outcome cannot be kept: {error}"));
        }
        let _ = files::remove(&self.paths.state(RECORD));
        (self.update.record, self.update.gate) = (None, None);
        self.update.news = UpdateState::Idle;
        self.update.last = Some(outcome);
    }

    /// Every second.
    pub(super) fn look_at_update(&mut self, now: Now) {
        self.look_at_job();
        self.look_at_gate(now);
        if self.update.gate.is_none() {
            let due = self.update.mark_at.is_none_or(|at| at <= now.mono);
            if !self.update.marked && due && self.is_healthy(now.mono) {
                self.update.marked = self.mark(&["mark-good", "booted"]);
                self.update.mark_at = Some(now.mono + MARK_AGAIN);
            }
            self.look_at_switch(now);
        }
    }

    fn look_at_job(&mut self) {
        while let Some(news) = self.update.job.as_ref().and_then(Job::poll) {
            match news {
                News::Fetched(octets) => self.update.news = UpdateState::Fetching { octets },
                News::Progress(percent, step) => self.update.news = UpdateState::Installing { percent, step },
                News::Failed(fault, reason) => {
                    self.journal.note("update", format!("it was not installed: {reason}"));
                    self.update.job = None;
                    let _ = files::remove(&self.paths.state(RECORD));
                    self.update.news = UpdateState::Failed { fault, reason };
                }
                News::Done(version) => {
                    self.update.job = None;
                    self.installed(version);
                }
            }
        }
    }

    fn installed(&mut self, version: String) {
        self.journal.note("update", format!("version {version} is installed"));
        // It is written, and nothing more: until it is taken into service this version boots.
        self.mark(&["mark-active", "booted"]);
        let record = Record { to: version, stage: Stage::Installed, ..self.new_record() };
        self.keep_record(record);
        self.update.news = UpdateState::Idle;
    }

    /// An update that is being written.
    fn new_record(&self) -> Record {
        let from_slot = status::slot(&self.paths).unwrap_or_default();
        let to_slot = if from_slot == "A" { "B" } else { "A" };
        Record {
            to_slot: to_slot.into(),
            from_slot,
            from: status::version(&self.paths),
            to: "not known".into(),
            stage: Stage::Writing,
            baseline: self.baseline(),
            when: self.machine.appliance.update.hour.map(|hour| SwitchWhen::Hour { hour }),
            fault: None,
        }
    }

    fn keep_record(&mut self, record: Record) {
        if let Err(error) = files::write_json(&self.paths.state(RECORD), &record) {
            self.journal.note("update", format!("what goes on cannot be kept: {error}"));
        }
        self.update.record = Some(record);
    }

    fn baseline(&self) -> Baseline {
        self.beat.as_ref().map(|(_, beat)| Baseline::of(beat)).unwrap_or_default()
    }

    fn look_at_gate(&mut self, now: Now) {
        let Some(gate) = &self.update.gate else { return };
        let verdict = gate.verdict(now.mono);
        let Some(record) = self.update.record.clone() else { return };
        match verdict {
            Verdict::Pending { .. } => {}
            Verdict::Good => {
                // What the boot loader is told follows, as after every boot.
                self.journal.milestone(&format!("update: version {} is good", record.to));
                let at_s = unix_s(now.wall);
                self.finish_update(UpdateOutcome { from: record.from, to: record.to, fault: None, at_s });
            }
            Verdict::Bad { reason } if self.stopping.is_none() => {
                self.journal.milestone(&format!("update: version {} is not good: {reason}", record.to));
                self.keep_record(Record { fault: Some(reason), stage: Stage::Switched, ..record });
                self.mark(&["mark-bad", "booted"]);
                self.mark(&["mark-active", "other"]);
                self.stop(Stop::Reboot);
            }
            Verdict::Bad { .. } => {}
        }
    }

    fn look_at_switch(&mut self, now: Now) {
        let Some(record) = &self.update.record else { return };
        let calls = self.beat.as_ref().map(|(_, beat)| beat.calls);
        let due = record.when.is_some_and(|when| is_time(when, unix_s(now.wall), calls));
        if !due || self.stopping.is_some() || self.update.job.is_some() {
            return;
        }
        self.journal.milestone(&format!("update: version {} is taken into service", record.to));
        let record =
            Record { stage: Stage::Switched, baseline: self.baseline(), when: None, ..record.clone() };
        self.keep_record(record);
        if self.mark(&["mark-active", "other"]) {
            self.stop(Stop::Reboot);
        } else if let Some(record) = self.update.record.clone() {
            self.keep_record(Record { stage: Stage::Installed, ..record });
        }
    }

    /// Tells the boot loader something, through RAUC.
    fn mark(&mut self, arguments: &[&str]) -> bool {
        if status::slot(&self.paths).is_none() {
            return false;
        }
        let mut words = vec!["status"];
        words.extend(arguments);
        let done = command::run("rauc", &words, "");
        if let Err(error) = &done {
            self.journal.note("update", format!("the boot loader was not told: {error}"));
        }
        if let Ok(text) = command::run("rauc", &["status", "--detailed", "--output-format=json"], "") {
            self.update.slots = parse_slots(&text);
        }
        done.is_ok()
    }

    pub(super) fn install(&mut self, source: UpdateSource, force: bool) -> Answer {
        let refused = |reason: &str| Answer::Refused { reason: reason.to_owned() };
        if status::slot(&self.paths).is_none() {
            return refused("this system was not booted from a slot: there is nowhere to write to");
        }
        if self.update.job.is_some() {
            return refused("an update is being installed already");
        }
        if self.update.gate.is_some() {
            return refused("a new version is on trial: wait until it is found good");
        }
        if self.stopping.is_some() {
            return refused("the unit is stopping");
        }
        // What was installed before is about to be overwritten. RAUC makes the new slot the next one as
        // soon as it is written: a power cut right then must find out that it is to be judged.
        let record = self.new_record();
        self.keep_record(record);
        self.update.record = None;
        self.update.news = UpdateState::Installing { percent: 0, step: "Beginning".into() };
        let running = status::version(&self.paths);
        self.journal.note("update", format!("an update is installed, from {source:?}"));
        self.update.job = Some(Job::start(&self.paths, source, running, force));
        Answer::Done
    }

    pub(super) fn switch_when(&mut self, when: Option<SwitchWhen>) -> Answer {
        match self.update.record.clone() {
            Some(record) if self.update.gate.is_none() => {
                self.keep_record(Record { when, ..record });
                Answer::Done
            }
            _ => Answer::Refused { reason: "no version is installed that waits".into() },
        }
    }
}
