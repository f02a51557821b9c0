//! Rows in words.

use demarc_hal::LineCommand;
use demarc_model::record::CallRecord;

/// An order to a line.
pub fn line(command: &LineCommand) -> String {
    match command {
        LineCommand::Ring(length) => format!("Ring {}ms", length.as_millis()),
        LineCommand::OpenLoop(length) => format!("OpenLoop {}ms", length.as_millis()),
        LineCommand::Flash(length) => format!("Flash {}ms", length.as_millis()),
        LineCommand::PulseDigit(digit) => format!("Pulse{digit}"),
        LineCommand::ReversePolarity(true) => "Polarity reversed".into(),
        LineCommand::ReversePolarity(false) => "Polarity normal".into(),
        other => format!("{other:?}"),
    }
}

/// A finished record.
pub fn record(record: &CallRecord) -> String {
    let cause = record.cause.map_or_else(|| "none".into(), |cause| cause.value().to_string());
    let answered = if record.answered_ms.is_some() { "answered" } else { "unanswered" };
    let emergency = if record.emergency { " emergency" } else { "" };
    let caller = record.caller.number.as_deref().unwrap_or("-");
    let route = record.route.as_deref().map(|route| format!(" by {route:?}")).unwrap_or_default();
    format!(
        "record {answered} cause={cause} {:?} ({caller}) dialled {} to {:?}{route}{emergency}",
        record.from, record.called, record.to
    )
}
