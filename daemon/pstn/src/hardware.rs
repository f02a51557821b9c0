//! Cards that come and go.

use crate::em_line::EmLine;
use crate::fxo_line::FxoLine;
use crate::fxs_line::FxsLine;
use crate::isdn_span::IsdnSpan;
use crate::r2_span::R2Span;
use crate::room::Pstn;
use demarc_hal::{Alarm, LineEvent, PortKind, SpanInfo, SpanKind};
use demarc_model::SpanId;

impl Pstn {
    /// The card of a span has vanished: its calls end with cause 41, and its ports stay down until
    /// the span arrives again.
    pub(crate) fn span_gone(&mut self, span: SpanId) {
        let desk = &mut self.desk;
        if let Some(digital) = self.spans.get_mut(&span) {
            digital.handle_helper_gone(desk);
            digital.handle_alarms(desk, vec![Alarm::Red]);
        }
        for (_, line) in self.fxo.iter_mut().filter(|(channel, _)| channel.span == span) {
            line.handle_event(desk, LineEvent::Gone);
        }
        for (_, line) in self.fxs.iter_mut().filter(|(channel, _)| channel.span == span) {
            line.handle_event(desk, LineEvent::Gone);
        }
        for (_, line) in self.em.iter_mut().filter(|(channel, _)| channel.span == span) {
            line.handle_event(desk, LineEvent::Gone);
        }
        if let Some(span) = self.r2.get_mut(&span) {
            span.handle_helper_gone(desk);
            span.handle_alarms(desk, vec![Alarm::Red]);
        }
        desk.changed();
    }

    /// A span is there, new or changed: its ports begin anew. What was up on it ends first.
    pub(crate) fn span_arrived(&mut self, span: &SpanInfo) {
        self.span_gone(span.id);
        self.spans.remove(&span.id);
        self.fxo.retain(|channel, _| channel.span != span.id);
        self.fxs.retain(|channel, _| channel.span != span.id);
        self.em.retain(|channel, _| channel.span != span.id);
        self.r2.remove(&span.id);
        self.add_span(span);
        self.configure();
    }

    /// Makes a machine for each port that has one.
    pub(crate) fn add_span(&mut self, span: &SpanInfo) {
        let has_bearers = span.ports.iter().any(|port| port.kind == PortKind::Bearer);
        if span.kind != SpanKind::Analog && has_bearers {
            self.spans.insert(span.id, IsdnSpan::new(span));
        }
        if span.ports.iter().any(|port| port.kind == PortKind::Cas) {
            self.r2.insert(span.id, R2Span::new(span));
        }
        for port in &span.ports {
            match port.kind {
                PortKind::Fxo => {
                    self.fxo.insert(port.id, FxoLine::new(port.id));
                }
                PortKind::Fxs => {
                    self.fxs.insert(port.id, FxsLine::new(port.id));
                }
                PortKind::EAndM => {
                    self.em.insert(port.id, EmLine::new(port.id));
                }
                PortKind::Bearer | PortKind::DChannel | PortKind::Cas => {}
            }
        }
    }
}
