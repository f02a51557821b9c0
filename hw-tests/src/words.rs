//! Verdicts and values, written shortly.

use demarc_model::hardware_test::Value;

/// Why a test does not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It is not in order.
    Failed { reason: String, remedy: String },
    /// It cannot be found out.
    Skipped { reason: String, remedy: String },
    /// Nobody wants to know any more.
    Cancelled,
}

/// Why it passed, in a sentence.
pub(crate) type Outcome = Result<String, Stop>;

/// Not in order.
pub(crate) fn failed<T>(reason: impl Into<String>, remedy: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Failed { reason: reason.into(), remedy: remedy.into() })
}

/// Not to be found out.
pub(crate) fn skipped<T>(reason: impl Into<String>, remedy: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Skipped { reason: reason.into(), remedy: remedy.into() })
}

/// Something measured, with what it must be.
pub(crate) fn value(name: impl Into<String>, value: f64, unit: &str, limit: &str) -> Value {
    // What no file can carry is as bad as it gets.
    let value = if value.is_finite() { (value * 1e12).round() / 1e12 } else { f64::from(f32::MAX) };
    Value { name: name.into(), value, unit: unit.into(), limit: limit.into() }
}

/// A count as a value.
#[allow(clippy::cast_precision_loss, reason = "a count of errors or bits: 53 bits are plenty")]
pub(crate) fn count(name: impl Into<String>, number: u64, limit: &str) -> Value {
    value(name, number as f64, "", limit)
}
