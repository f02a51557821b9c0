//! The configuration in the words of the cards.

use demarc_hal::{LineSettings, PulseTiming, Signalling, SpanSettings};
use demarc_model::Country;
use demarc_model::config::{IsdnAccess, Line, NfasRole, Span, SpanSide};

/// Layer 1 of a span.
pub(super) fn layer_1(span: &Span) -> SpanSettings {
    let shares = span.isdn.nfas.is_some_and(|nfas| nfas.d_channel == NfasRole::None);
    SpanSettings {
        framing: span.framing,
        line_code: span.line_code,
        timing: span.timing,
        build_out: span.build_out,
        network: span.side == SpanSide::Network,
        // Point to point the network ends the bus with us; elsewhere its last socket does.
        terminated: span.isdn.access == IsdnAccess::BasicRatePtp,
        signalling: match &span.signalling {
            // Signalled on the D channel of another span of its group.
            Signalling::Isdn if shares => Signalling::Bearers,
            signalling => signalling.clone(),
        },
    }
}

/// How an analog line is run.
pub(super) fn line_settings(line: &Line, country: Country) -> LineSettings {
    let plan = country.loop_plan();
    LineSettings {
        pulse: Some(PulseTiming { break_ms: plan.break_ms, make_ms: plan.make_ms }),
        start: line.start,
        receive_gain_db: f32::from(line.receive_gain_db),
        transmit_gain_db: f32::from(line.transmit_gain_db),
    }
}
