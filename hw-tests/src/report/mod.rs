//! Reports: what was tested, how it went, and what was measured.

mod html;
mod pdf;

pub use html::html;
pub use pdf::pdf;

use demarc_model::hardware_test::{RunState, StepResult, Value, Verdict};

/// For programs.
///
/// # Errors
/// Never for a state that a run made.
pub fn json(run: &RunState) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec_pretty(run)
}

/// How the whole went: failed when one test did, passed when one did and none failed.
pub fn verdict(run: &RunState) -> Verdict {
    let any = |verdict| run.results.iter().any(|result| result.verdict == verdict);
    if any(Verdict::Failed) {
        Verdict::Failed
    } else if any(Verdict::Passed) && !run.cancelled && !run.running {
        Verdict::Passed
    } else {
        Verdict::Skipped
    }
}

/// A verdict in capitals.
pub(crate) const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "PASSED",
        Verdict::Failed => "FAILED",
        Verdict::Skipped => "SKIPPED",
    }
}

/// How the whole went, in a line.
pub(crate) fn summary(run: &RunState) -> String {
    let number = |verdict| run.results.iter().filter(|result| result.verdict == verdict).count();
    let more = if run.cancelled {
        "; the run was cancelled"
    } else if run.running {
        "; the run goes on"
    } else {
        ""
    };
    format!(
        "{} passed, {} failed, {} skipped{more}",
        number(Verdict::Passed),
        number(Verdict::Failed),
        number(Verdict::Skipped)
    )
}

/// A value as people write it.
pub(crate) fn written(value: &Value) -> String {
    let magnitude = value.value.abs();
    let number = if value.value.fract() == 0.0 && magnitude < 1e15 {
        format!("{}", value.value)
    } else if magnitude < 1e-3 {
        format!("{:.2e}", value.value)
    } else {
        format!("{:.3}", value.value).trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let unit = if value.unit.is_empty() { String::new() } else { format!(" {}", value.unit) };
    let limit = if value.limit.is_empty() { String::new() } else { format!(" (must be {})", value.limit) };
    format!("{}: {number}{unit}{limit}", value.name)
}

/// A test and what it was run on.
pub(crate) fn heading(result: &StepResult) -> String {
    if result.subject.is_empty() {
        result.title.clone()
    } else {
        format!("{}: {}", result.title, result.subject)
    }
}

/// Milliseconds since 1970 as a date and a time, UTC (the days by Hinnant's civil calendar).
pub(crate) fn date(ms: u64) -> String {
    let seconds = ms / 1000;
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", rest / 3600, rest % 3600 / 60)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use demarc_hal::SpanId;

    pub(crate) fn sample() -> RunState {
        let result = |verdict, reason: &str| StepResult {
            test: "bert".into(),
            title: "Bit error rate".into(),
            subject: "spans 1 and 2".into(),
            spans: vec![SpanId(1), SpanId(2)],
            verdict,
            reason: reason.into(),
            remedy: if verdict == Verdict::Failed {
                "Swap the <cable> (it is \"long\").".into()
            } else {
                String::new()
            },
            values: vec![crate::words::value("bit error ratio", 2.5e-7, "", "< 1e-9")],
            files: Vec::new(),
            took_ms: 5000,
        };
        RunState {
            unit: "DM-000123".into(),
            began_at: 1_795_276_800_000,
            steps: 2,
            results: vec![result(Verdict::Passed, "None wrong."), result(Verdict::Failed, "3 < 4 & more.")],
            ..RunState::default()
        }
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01 00:00 UTC");
        assert_eq!(date(951_782_400_000), "2000-02-29 00:00 UTC");
        assert_eq!(date(1_795_276_800_000), "2026-11-21 16:00 UTC");
    }

    #[test]
    fn one_failure_fails_the_whole() {
        let mut run = sample();
        assert_eq!(verdict(&run), Verdict::Failed);
        assert_eq!(summary(&run), "1 passed, 1 failed, 0 skipped");
        run.results.pop();
        assert_eq!(verdict(&run), Verdict::Passed);
        run.cancelled = true;
        assert_eq!(verdict(&run), Verdict::Skipped);
        assert_eq!(verdict(&RunState::default()), Verdict::Skipped);
    }

    #[test]
    fn values_are_written_as_people_do() {
        let written = |number, unit, limit| super::written(&crate::words::value("x", number, unit, limit));
        assert_eq!(written(12.0, "", ""), "x: 12");
        assert_eq!(written(-0.25, "dB", ""), "x: -0.25 dB");
        assert_eq!(written(2.5e-7, "", "< 1e-9"), "x: 2.50e-7 (must be < 1e-9)");
    }

    #[test]
    fn json_comes_back() {
        let run = sample();
        let again: RunState = serde_json::from_slice(&json(&run).unwrap()).unwrap();
        assert_eq!(again, run);
    }
}
