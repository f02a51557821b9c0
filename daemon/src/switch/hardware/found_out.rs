//! What the autopilot asks of the cards.

use super::words::layer_1;
use super::{Hardware, News};
use demarc_autopilot::{SpanPlan, SpanSetup};
use demarc_hal::{ChannelId, Driver, Signalling, SignallingSeen, SpanId, SpanStatus};
use demarc_isdn::{Dialect, Side};
use demarc_model::Instant;
use demarc_model::config::{Span, SpanDialect, SpanSide};
use nix::sys::epoll::Epoll;
use std::collections::BTreeMap;

impl Hardware {
    /// The ISDN spans that run here, for the autopilot.
    pub(crate) fn piloted(&self) -> BTreeMap<SpanId, SpanSetup> {
        let here = self.known.values().filter(|span| !self.lent.contains(&span.id));
        here.filter_map(|known| {
            let span = self.wanted(known.id).filter(|span| span.signalling == Signalling::Isdn)?;
            let spoken = self.spoken(known.id)?.settings;
            let plan = SpanPlan {
                mode: known.kind,
                settings: layer_1(span),
                side: spoken.side,
                dialect: spoken.dialect,
                overlap: span.overlap,
            };
            let modes = self.driver.line_modes(known.id);
            // A trial is the autopilot's own doing: only what is configured is news to it.
            let tried = self.tried.contains_key(&known.id);
            (!tried).then(|| (known.id, SpanSetup { plan, modes, pinned: span.pinned.clone() }))
        })
        .collect()
    }

    /// Spans that run as the autopilot tries them.
    pub(crate) fn is_tried(&self, span: SpanId) -> bool {
        self.tried.contains_key(&span)
    }

    /// The lines that are open.
    pub(crate) fn open_lines(&self) -> impl Iterator<Item = ChannelId> + '_ {
        self.lines.keys().copied()
    }

    /// Layer 1 as it is.
    pub(crate) fn status(&self, span: SpanId) -> Option<SpanStatus> {
        self.driver.span_status(span).ok()
    }

    /// What the far end sends where signalling would be, where the card can tell.
    pub(crate) fn signalling_seen(&self, span: SpanId) -> Option<SignallingSeen> {
        self.driver.signalling_seen(span).ok()
    }

    /// Runs a span, which is idle, as the autopilot wants to see it. None when it is not ours to try.
    pub(crate) fn try_plan(
        &mut self,
        span: SpanId,
        plan: &SpanPlan,
        now: Instant,
        epoll: &Epoll,
    ) -> Option<Vec<News>> {
        if self.lent.contains(&span) || self.pending.contains(&span) {
            return None;
        }
        let tried = with_plan(self.configured_as(span)?.clone(), plan);
        let switches = self.known.get(&span).is_some_and(|known| known.kind != plan.mode);
        self.tried.insert(span, tried);
        let mut news = Vec::new();
        if switches {
            self.configured.remove(&span);
            news.extend(self.close(span, epoll));
        }
        news.extend(self.run_as_wanted(span, now, epoll));
        Some(news)
    }

    /// Layer 2 is up with what was tried: the configuration is to have it.
    pub(crate) fn take_proven(&mut self, span: SpanId) -> Option<Span> {
        self.tried.get(&span).cloned()
    }
}

fn with_plan(mut span: Span, plan: &SpanPlan) -> Span {
    span.line_mode = Some(plan.mode);
    span.framing = plan.settings.framing;
    span.line_code = plan.settings.line_code;
    span.timing = plan.settings.timing;
    span.build_out = plan.settings.build_out;
    span.side = match plan.side {
        Side::User => SpanSide::User,
        Side::Network => SpanSide::Network,
    };
    span.dialect = match plan.dialect {
        Dialect::EuroIsdn => SpanDialect::EuroIsdn,
        Dialect::Ni2 => SpanDialect::Ni2,
        Dialect::Ni1 => SpanDialect::Ni1,
        Dialect::Att5ess => SpanDialect::Att5ess,
        Dialect::Att4ess => SpanDialect::Att4ess,
        Dialect::Dms100 => SpanDialect::Dms100,
        Dialect::Qsig => SpanDialect::Qsig,
    };
    span.overlap = plan.overlap;
    span
}
