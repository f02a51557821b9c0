//! Layer 1 between two spans: what each sends, what the other makes of it, and what it counts.
//!
//! A cable does not care how its ends are set; the ends do. What is modelled is what framers show:
//!
//! | far end, as seen from here | here | far end |
//! |---|---|---|
//! | no cable, no card, broken pair | red, LOS | yellow, if it still hears us |
//! | the other line mode | red, LFA, code violations | the same |
//! | ESF against D4 | red, LFA, frame errors | the same |
//! | CRC-4 here, none there | LMFA (G.706 §4.2: remote alarm after 400 ms) | yellow |
//! | CAS here, a D channel there (E1) | LMFA | nothing: it has no multiframe to lose |
//! | AMI here, zeros substituted there | violations in bursts, and errors in what was substituted | E bits |
//! | zeros substituted here, AMI there | few violations: too many zeros in a row | more |
//! | both masters, or both slaves | slips | slips |
//!
//! An end that nobody has configured takes whatever comes.

use crate::cable::End;
use demarc_hal::{
    Alarm, Defect, Framing, LineCode, Maintenance, Signalling, SignallingSeen, SpanKind, SpanSettings,
};
use std::time::Duration;

/// Two ends and what lies between them.
#[derive(Debug)]
pub(crate) struct Layer1 {
    ends: [Span; 2],
    pub(crate) plugged: bool,
    /// The counters are right up to here.
    at: Duration,
}

/// One end.
#[derive(Debug)]
struct Span {
    kind: SpanKind,
    /// None until configured.
    settings: Option<SpanSettings>,
    /// The card is there.
    present: bool,
    /// The pair of wires that leads here is broken.
    deaf: bool,
    /// What equipment on the way makes it report.
    injected: Option<Alarm>,
    maintenance: Maintenance,
    /// CRC errors a second of what arrives here.
    noisy: u64,
    counters: Counters,
}

/// What an end has counted, in thousandths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) crc_errors: u64,
    pub(crate) far_crc_errors: u64,
    pub(crate) code_violations: u64,
    pub(crate) bipolar_violations: u64,
    pub(crate) frame_errors: u64,
    pub(crate) slips: u64,
    pub(crate) errored: u64,
}

/// What an end makes of the signal that arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Nothing,
    WrongRate,
    NoFrame,
    NoCrcMultiframe,
    NoCasMultiframe,
    Frames,
}

impl Layer1 {
    pub(crate) fn new(kind: SpanKind, far_kind: SpanKind, plugged: bool, at: Duration) -> Self {
        let span = |kind| Span {
            kind,
            settings: None,
            present: true,
            deaf: false,
            injected: None,
            maintenance: Maintenance::None,
            noisy: 0,
            counters: Counters::default(),
        };
        Self { ends: [span(kind), span(far_kind)], plugged, at }
    }

    pub(crate) fn configure(&mut self, end: End, settings: Option<SpanSettings>) {
        self.end_mut(end).settings = settings;
    }

    pub(crate) fn set_kind(&mut self, end: End, kind: SpanKind) {
        let span = self.end_mut(end);
        (span.kind, span.settings) = (kind, None);
    }

    pub(crate) fn set_present(&mut self, end: End, present: bool) {
        let span = self.end_mut(end);
        // A card that comes back has forgotten everything.
        (span.present, span.settings, span.counters) = (present, None, Counters::default());
    }

    pub(crate) fn set_deaf(&mut self, end: End, deaf: bool) {
        self.end_mut(end).deaf = deaf;
    }

    pub(crate) fn inject(&mut self, end: End, alarm: Option<Alarm>) {
        self.end_mut(end).injected = alarm;
    }

    pub(crate) fn maintain(&mut self, end: End, maintenance: Maintenance) {
        self.end_mut(end).maintenance = maintenance;
    }

    pub(crate) fn maintenance(&self, end: End) -> Maintenance {
        self.end(end).maintenance
    }

    pub(crate) fn set_noisy(&mut self, end: End, errors: u64) {
        self.end_mut(end).noisy = errors;
    }

    /// The end sends one error on purpose; false when that cannot be.
    pub(crate) fn insert(&mut self, end: End, defect: Defect) -> bool {
        let heard = self.heard(end.other()) == Heard::Frames;
        let counters = &mut self.end_mut(end.other()).counters;
        let counter = match defect {
            Defect::Crc => &mut counters.crc_errors,
            Defect::Frame => &mut counters.frame_errors,
            Defect::Bipolar => &mut counters.bipolar_violations,
            Defect::Multiframe | Defect::Cas | Defect::Prbs => return false,
        };
        if heard {
            *counter = counter.saturating_add(1000);
        }
        true
    }

    /// Frames and blocks cross, both ways: an end that hears nothing useful is in no call.
    pub(crate) fn carries(&self) -> bool {
        [End::A, End::B].into_iter().all(|end| self.heard(end) == Heard::Frames) && self.same_code()
    }

    /// What the end shows now, worst first.
    pub(crate) fn alarms(&self, end: End) -> Vec<Alarm> {
        let heard = self.heard(end);
        let mut alarms: Vec<Alarm> = match heard {
            Heard::Nothing => vec![Alarm::Red, Alarm::LossOfSignal],
            Heard::WrongRate | Heard::NoFrame => vec![Alarm::Red, Alarm::LossOfFrame],
            Heard::NoCrcMultiframe | Heard::NoCasMultiframe => vec![Alarm::LossOfMultiframe],
            Heard::Frames => Vec::new(),
        };
        // The remote alarm is a bit of the frame: who finds no frame does not see it.
        let framed = matches!(heard, Heard::NoCrcMultiframe | Heard::NoCasMultiframe | Heard::Frames);
        if framed && self.sends_yellow(end.other()) {
            alarms.push(Alarm::Yellow);
        }
        alarms.extend(self.end(end).injected);
        alarms.sort_unstable();
        alarms.dedup();
        alarms
    }

    /// What the far end sends where signalling would be.
    pub(crate) fn signalling(&self, end: End) -> SignallingSeen {
        let far = self.end(end.other());
        let framed = !matches!(self.heard(end), Heard::Nothing | Heard::WrongRate | Heard::NoFrame);
        match &far.settings {
            Some(settings) if framed => match settings.signalling {
                Signalling::Isdn => SignallingSeen::Flags,
                Signalling::Bearers => SignallingSeen::Nothing,
                _ if far.kind == SpanKind::E1 => SignallingSeen::Multiframe,
                _ => SignallingSeen::Nothing,
            },
            _ => SignallingSeen::Nothing,
        }
    }

    pub(crate) fn counters(&self, end: End) -> Counters {
        self.end(end).counters
    }

    /// Counts what happened until `now`.
    pub(crate) fn settle(&mut self, now: Duration) {
        let passed = u64::try_from(now.saturating_sub(self.at).as_millis()).unwrap_or(u64::MAX);
        if passed == 0 {
            return;
        }
        self.at += Duration::from_millis(passed);
        for end in [End::A, End::B] {
            let rate = self.rate(end);
            let counters = &mut self.end_mut(end).counters;
            for (counter, rate) in [
                (&mut counters.crc_errors, rate.crc_errors),
                (&mut counters.far_crc_errors, rate.far_crc_errors),
                (&mut counters.code_violations, rate.code_violations),
                (&mut counters.bipolar_violations, rate.bipolar_violations),
                (&mut counters.frame_errors, rate.frame_errors),
                (&mut counters.slips, rate.slips),
                (&mut counters.errored, rate.errored),
            ] {
                *counter = counter.saturating_add(rate.saturating_mul(passed) / 1000);
            }
        }
    }

    /// Thousandths a second.
    fn rate(&self, end: End) -> Counters {
        let heard = self.heard(end);
        let mut rate = Counters::default();
        match heard {
            Heard::Nothing => return rate,
            Heard::WrongRate => (rate.code_violations, rate.frame_errors) = (900_000, 4_000_000),
            Heard::NoFrame => rate.frame_errors = 4_000_000,
            Heard::NoCrcMultiframe | Heard::NoCasMultiframe | Heard::Frames => {
                self.count_violations(end, &mut rate);
                self.count_slips(end, &mut rate);
            }
        }
        let quiet = Counters { errored: 0, ..rate } == Counters { slips: rate.slips, ..Counters::default() };
        rate.errored = if quiet { rate.slips } else { 1000 };
        rate
    }

    fn count_violations(&self, end: End, rate: &mut Counters) {
        rate.crc_errors += self.end(end).noisy.saturating_mul(1000);
        let (Some(own), Some(far)) = (&self.end(end).settings, &self.end(end.other()).settings) else {
            return;
        };
        if own.line_code == far.line_code {
            return;
        }
        let crc = |settings: &SpanSettings| matches!(settings.framing, Framing::Crc4 | Framing::Esf);
        if own.line_code == LineCode::Ami {
            // Each substituted run of zeros breaks the alternation twice, and is read as ones.
            (rate.code_violations, rate.bipolar_violations) = (48_000, 48_000);
            rate.crc_errors += if crc(own) { 24_000 } else { 0 };
        } else {
            // A run of zeros that nobody substituted.
            rate.code_violations = 6_000;
            let told = own.framing == Framing::Crc4 && far.framing == Framing::Crc4;
            rate.far_crc_errors = if told { 24_000 } else { 0 };
        }
    }

    /// Two oscillators of 32 × 10⁻⁶ or less drift apart by a frame (125 µs) every few seconds. Two ends
    /// that follow one another have no clock at all, and wander.
    fn count_slips(&self, end: End, rate: &mut Counters) {
        let (Some(own), Some(far)) = (&self.end(end).settings, &self.end(end.other()).settings) else {
            return;
        };
        rate.slips = match (own.timing, far.timing) {
            (0, 0) => 250,
            (1.., 1..) => 125,
            _ => 0,
        };
    }

    fn heard(&self, end: End) -> Heard {
        let (own, far) = (self.end(end), self.end(end.other()));
        if !self.plugged || own.deaf || !own.present || !far.present {
            return Heard::Nothing;
        }
        if own.kind != far.kind {
            return Heard::WrongRate;
        }
        let (Some(ours), Some(theirs)) = (&own.settings, &far.settings) else { return Heard::Frames };
        if own.kind == SpanKind::T1 && ours.framing != theirs.framing {
            return Heard::NoFrame;
        }
        if ours.framing == Framing::Crc4 && theirs.framing == Framing::Basic {
            return Heard::NoCrcMultiframe;
        }
        let cas =
            |settings: &SpanSettings| !matches!(settings.signalling, Signalling::Isdn | Signalling::Bearers);
        if own.kind == SpanKind::E1 && cas(ours) && !cas(theirs) {
            return Heard::NoCasMultiframe;
        }
        Heard::Frames
    }

    fn sends_yellow(&self, end: End) -> bool {
        !matches!(self.heard(end), Heard::Frames | Heard::NoCasMultiframe)
    }

    fn same_code(&self) -> bool {
        let [a, b] = &self.ends;
        match (&a.settings, &b.settings) {
            (Some(a), Some(b)) => a.line_code == b.line_code,
            _ => true,
        }
    }

    fn end(&self, end: End) -> &Span {
        end.of(&self.ends)
    }

    fn end_mut(&mut self, end: End) -> &mut Span {
        let [a, b] = &mut self.ends;
        if end == End::A { a } else { b }
    }
}
