//! What a test has in its hands: cards, time, and somebody to tell.

use crate::rig::{Continue, Rig};
use crate::words::{Stop, failed, skipped};
use demarc_hal::{
    Alarm, Bearer, ChannelId, DChannel, Driver, Error, Line, LineEvent, Maintenance, PortKind, SpanId,
    SpanInfo, SpanStatus,
};
use demarc_model::hardware_test::{Bench, Length, RunState, Value};
use std::time::Duration;

/// How often somebody is told.
const TELL: Duration = Duration::from_millis(200);
/// How long a question waits for its answer.
const ANSWER: Duration = Duration::from_secs(120);
/// How long a port may take to be closed by whoever had it.
const CLOSING: Duration = Duration::from_secs(2);
/// Files of one step at most.
const FILES: usize = 16;
/// Values of one step at most.
const VALUES: usize = 256;

/// One step's hands.
pub(crate) struct Stage<'a, 'r> {
    pub(crate) rig: &'a mut Rig<'r>,
    pub(crate) bench: &'a Bench,
    pub(crate) length: Length,
    pub(crate) state: &'a mut RunState,
    pub(crate) tell: &'a mut dyn FnMut(&RunState) -> Continue,
    pub(crate) values: Vec<Value>,
    pub(crate) files: Vec<String>,
    /// Names the step's files.
    pub(crate) stem: String,
    pub(crate) told: Option<Duration>,
}

impl Stage<'_, '_> {
    /// How long a part lasts: in a thorough run, and in a quick one.
    pub(crate) fn lasts(&self, thorough: Duration, quick: Duration) -> Duration {
        if self.length == Length::Thorough { thorough } else { quick }
    }

    pub(crate) fn now(&self) -> Duration {
        self.rig.time.now()
    }

    /// Keeps what was measured.
    pub(crate) fn measured(&mut self, value: Value) {
        if self.values.len() < VALUES {
            self.values.push(value);
        }
    }

    /// Keeps a file.
    pub(crate) fn keep(&mut self, name: &str, octets: &[u8]) -> Result<(), Stop> {
        if self.files.len() >= FILES {
            return Ok(());
        }
        let name = format!("{}-{name}", self.stem);
        if let Err(error) = (self.rig.keep)(&name, octets) {
            return failed(
                format!("The recording {name} cannot be kept: {error}"),
                "Make room on the disk, or choose another folder.",
            );
        }
        self.files.push(name);
        Ok(())
    }

    /// Says what is being done now.
    pub(crate) fn doing(&mut self, what: impl Into<String>) -> Result<(), Stop> {
        if let Some(now) = &mut self.state.now {
            now.doing = what.into();
        }
        self.say().map(drop)
    }

    fn say(&mut self) -> Result<Continue, Stop> {
        self.told = Some(self.rig.time.now());
        match (self.tell)(self.state) {
            Continue::Cancel => Err(Stop::Cancelled),
            other => Ok(other),
        }
    }

    /// Lets a block's time pass, and now and then tells how far it is.
    pub(crate) fn tick(&mut self) -> Result<(), Stop> {
        if self.rig.alone {
            while self.rig.driver.poll_event().is_some() {}
        }
        self.rig.time.tick();
        let now = self.rig.time.now();
        if self.told.is_none_or(|told| now >= told + TELL) {
            self.say()?;
        }
        Ok(())
    }

    /// How far the step is, of `all`.
    pub(crate) fn progress(&mut self, done: Duration, all: Duration) {
        let share = done.as_secs_f64() / all.as_secs_f64().max(0.001) * 100.0;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
        let percent = share.clamp(0.0, 100.0) as u8;
        if let Some(now) = &mut self.state.now {
            now.percent = percent;
        }
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, time: Duration) -> Result<(), Stop> {
        let until = self.now() + time;
        while self.now() < until {
            self.tick()?;
        }
        Ok(())
    }

    /// Waits for something, for so long at most.
    pub(crate) fn until<T>(
        &mut self,
        patience: Duration,
        mut seen: impl FnMut(&mut Self) -> Result<Option<T>, Stop>,
    ) -> Result<Option<T>, Stop> {
        let end = self.now() + patience;
        loop {
            if let Some(it) = seen(self)? {
                return Ok(Some(it));
            }
            if self.now() >= end {
                return Ok(None);
            }
            self.tick()?;
        }
    }

    /// Asks whoever stands there.
    pub(crate) fn ask(&mut self, question: &str) -> Result<bool, Stop> {
        if let Some(now) = &mut self.state.now {
            now.question = Some(question.to_owned());
        }
        let end = self.now() + ANSWER;
        let answer = loop {
            match self.say() {
                Ok(Continue::Yes) => break Ok(true),
                Ok(Continue::No) => break Ok(false),
                Ok(_) if self.now() >= end => {
                    break skipped("Nobody answered.", "Run it again with somebody at the unit.");
                }
                Ok(_) => {}
                Err(stop) => break Err(stop),
            }
            self.rig.time.tick();
        };
        if let Some(now) = &mut self.state.now {
            now.question = None;
        }
        answer
    }

    /// A span's own words.
    pub(crate) fn info(&self, id: SpanId) -> Result<SpanInfo, Stop> {
        let spans = self.rig.driver.spans();
        let found = spans.into_iter().find(|span| span.id == id);
        found.map_or_else(|| gone(format!("Span {id} is not there any more.")), Ok)
    }

    /// The channels of a kind.
    pub(crate) fn channels(&self, id: SpanId, kind: PortKind) -> Result<Vec<ChannelId>, Stop> {
        let ports = self.info(id)?.ports.into_iter();
        Ok(ports.filter(|port| port.kind == kind).map(|port| port.id).collect())
    }

    pub(crate) fn status(&self, id: SpanId) -> Result<SpanStatus, Stop> {
        self.rig.driver.span_status(id).or_else(|error| refused(&format!("the state of span {id}"), &error))
    }

    /// Fails with the alarms in words while a span has one that stops calls.
    pub(crate) fn in_order(&mut self, id: SpanId) -> Result<(), Stop> {
        let clear = |stage: &mut Self| {
            let alarms = stage.status(id)?.alarms;
            Ok((!alarms.iter().any(|alarm| alarm.stops_calls())).then_some(()))
        };
        if self.until(Duration::from_secs(5), clear)?.is_some() {
            return Ok(());
        }
        let alarms = self.status(id)?.alarms;
        let (reason, remedy) = crate::tests::alarms::words(id, &alarms);
        failed(reason, remedy)
    }

    /// Opens something; whoever had it may still be closing it.
    fn open<T>(&mut self, what: &str, open: impl Fn(&mut dyn Driver) -> Result<T, Error>) -> Result<T, Stop> {
        let end = self.now() + CLOSING;
        loop {
            match open(self.rig.driver) {
                Ok(port) => return Ok(port),
                Err(Error::Busy(_)) if self.now() < end => self.tick()?,
                Err(error) => return refused(what, &error),
            }
        }
    }

    /// Opens the audio of a port as it is, nothing cancelled.
    pub(crate) fn bearer(&mut self, at: ChannelId) -> Result<Box<dyn Bearer>, Stop> {
        let mut bearer = self.open(&format!("the audio of {at}"), |driver| driver.open_bearer(at))?;
        bearer.flush();
        bearer.cancel_echo(false);
        Ok(bearer)
    }

    /// Opens a line.
    pub(crate) fn line(&mut self, at: ChannelId) -> Result<Box<dyn Line>, Stop> {
        self.open(&format!("port {at}"), |driver| driver.open_line(at))
    }

    /// Opens the D channel of a span.
    pub(crate) fn dchannel(&mut self, id: SpanId) -> Result<DChannel, Stop> {
        let Some(at) = self.channels(id, PortKind::DChannel)?.first().copied() else {
            return skipped(format!("Span {id} has no D channel."), "Run it as ISDN.");
        };
        self.open(&format!("D channel {at}"), |driver| driver.open_dchannel(at))
    }

    /// Asks a span for maintenance; false when its card has none of that kind.
    pub(crate) fn maintain(&mut self, id: SpanId, what: Maintenance) -> Result<bool, Stop> {
        match self.rig.driver.maintain(id, what) {
            Ok(()) => Ok(true),
            Err(Error::Unsupported(_)) => Ok(false),
            Err(error) => refused(&format!("maintenance of span {id}"), &error),
        }
    }

    /// Waits for an event of a line; others are forgotten. False when it did not come.
    pub(crate) fn heard(
        &mut self,
        line: &mut dyn Line,
        wanted: LineEvent,
        patience: Duration,
    ) -> Result<bool, Stop> {
        let seen = self.until(patience, |_| {
            while let Some(event) = line.poll_event() {
                if event == wanted {
                    return Ok(Some(()));
                }
                if event == LineEvent::Gone {
                    return gone("The card has vanished.");
                }
            }
            Ok(None)
        })?;
        Ok(seen.is_some())
    }

    /// The span is started and has settled.
    pub(crate) fn settles(&mut self, id: SpanId) -> Result<(), Stop> {
        let settled = |stage: &mut Self| {
            let status = stage.status(id)?;
            let on_its_way = |alarm: &Alarm| matches!(alarm, Alarm::Recovering | Alarm::NotOpen);
            Ok((!status.alarms.iter().any(on_its_way)).then_some(()))
        };
        self.until(Duration::from_secs(10), settled).map(drop)
    }
}

fn gone<T>(what: impl Into<String>) -> Result<T, Stop> {
    failed(what, "Put the card back, and look whether it sits firmly in its socket.")
}

/// The driver said no.
pub(crate) fn refused<T>(what: &str, error: &Error) -> Result<T, Stop> {
    match error {
        Error::Gone | Error::NoSuchSpan(_) | Error::NoSuchPort(_) => {
            gone(format!("Asked for {what}: the card has vanished, or never was there."))
        }
        Error::Busy(at) => failed(
            format!("Asked for {what}: {at} is in use by another program."),
            "End the other program, or run the test from the web interface, which lends its ports.",
        ),
        Error::WrongKind(at) => {
            failed(format!("Asked for {what}: {at} is of another kind."), "Mend the bench.")
        }
        Error::Unsupported(what) => {
            skipped(format!("This card has no {what}."), "Nothing to be done; another test shows as much.")
        }
        Error::Os { what: tried, message } => failed(
            format!("Asked for {what}: {tried}: {message}."),
            "Look into the kernel's log (dmesg) for the driver of this card.",
        ),
    }
}
