//! The configuration in the words of the cards and of the ISDN helper.

use demarc_hal::{LineSettings, SpanSettings};
use demarc_isdn::{Dialect, Settings, Side};
use demarc_model::config::{Line, Span, SpanDialect, SpanSide};

/// Layer 1 of a span.
pub(super) fn layer_1(span: &Span) -> SpanSettings {
    SpanSettings {
        framing: span.framing,
        line_code: span.line_code,
        timing: span.timing,
        build_out: span.build_out,
        network: span.side == SpanSide::Network,
        terminated: false,
        signalling: span.signalling.clone(),
    }
}

/// How an analog line is run.
pub(super) fn line_settings(line: &Line) -> LineSettings {
    let _ = line;
    LineSettings::default()
}

/// Layers 2 and 3 of a span.
pub(super) fn settings(span: &Span) -> Settings {
    let side = match span.side {
        SpanSide::User => Side::User,
        SpanSide::Network => Side::Network,
    };
    let dialect = match span.dialect {
        SpanDialect::EuroIsdn => Dialect::EuroIsdn,
        SpanDialect::Ni2 => Dialect::Ni2,
        SpanDialect::Ni1 => Dialect::Ni1,
        SpanDialect::Att5ess => Dialect::Att5ess,
        SpanDialect::Att4ess => Dialect::Att4ess,
        SpanDialect::Dms100 => Dialect::Dms100,
        SpanDialect::Qsig => Dialect::Qsig,
    };
    Settings { side, dialect, overlap: span.overlap, ..Settings::default() }
}
