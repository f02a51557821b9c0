//! The loop around an [`Autopilot`]: what the daemon and the tests have in common.

use crate::pilot::Autopilot;
use crate::words::{Input, LineInput, LineOrder, LineOutput, Output, SpanInput, SpanOutput, SpanPlan};
use demarc_hal::{ChannelId, SignallingSeen, SpanId, SpanStatus};
use demarc_model::{Finding, Now};

/// Outputs that one turn obeys, so that no fault can hold its caller.
const TURN: usize = 4096;

/// What the autopilot needs done.
pub trait Hands {
    /// `Driver::span_status` and, where the driver can, `Driver::signalling_seen`.
    fn look(&mut self, span: SpanId) -> Option<(Option<SignallingSeen>, SpanStatus)>;

    /// Runs a span otherwise: line mode, `configure_span`, and its ISDN helper. False when it cannot be
    /// done now.
    fn run(&mut self, span: SpanId, plan: &SpanPlan) -> bool;

    /// Does something on a line. False when a call has it.
    fn line(&mut self, channel: ChannelId, order: LineOrder) -> bool;

    /// Something was found out.
    fn found(&mut self, finding: &Finding);
}

/// Lets the autopilot do what is due, until it wants nothing more for now. Call it after every input
/// and at [`Autopilot::poll_timeout`].
pub fn serve(pilot: &mut Autopilot, now: Now, hands: &mut dyn Hands) {
    if pilot.poll_timeout().is_some_and(|(at, _)| at <= now.mono) {
        pilot.handle_timeout(now);
    }
    for _ in 0..TURN {
        let Some(output) = pilot.poll_output() else { return };
        match output {
            Output::Span { span, output } => obey_span(pilot, now, hands, span, output),
            Output::Line { channel, output } => match output {
                LineOutput::Found(finding) => hands.found(&finding),
                LineOutput::Do(order) => {
                    if !hands.line(channel, order) {
                        pilot.handle_input(now, Input::Line { channel, input: LineInput::Refused });
                    }
                }
            },
        }
    }
}

fn obey_span(pilot: &mut Autopilot, now: Now, hands: &mut dyn Hands, span: SpanId, output: SpanOutput) {
    match output {
        SpanOutput::Found(finding) => hands.found(&finding),
        SpanOutput::Run(plan) => {
            if !hands.run(span, &plan) {
                pilot.handle_input(now, Input::Span { span, input: SpanInput::Refused });
            }
        }
        SpanOutput::Look => {
            let Some((signalling, status)) = hands.look(span) else { return };
            if let Some(seen) = signalling {
                pilot.handle_input(now, Input::Span { span, input: SpanInput::Signalling(seen) });
            }
            pilot.handle_input(now, Input::Span { span, input: SpanInput::Status(status) });
        }
    }
}
