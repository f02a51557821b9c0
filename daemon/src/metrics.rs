//! Figures for Prometheus, at `/metrics`, for scrapers on the same machine.

use crate::media::MediaFigures;
use crate::shared::Shared;
use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::routing::get;
use demarc_model::live::ChannelState;
use demarc_store::Store;
use metrics::{counter, gauge};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Where the figures come from.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
    shared: Arc<Shared>,
    media: Arc<MediaFigures>,
    store: Store,
}

impl Metrics {
    /// Takes the process's metrics.
    ///
    /// # Errors
    /// When somebody else has taken them.
    pub fn install(shared: Arc<Shared>, media: Arc<MediaFigures>, store: Store) -> Result<Self, BuildError> {
        let handle = PrometheusBuilder::new().install_recorder()?;
        Ok(Self { handle, shared, media, store })
    }

    /// Serves them.
    pub fn router(self) -> Router {
        Router::new().route("/metrics", get(show)).with_state(self)
    }

    /// Brings the figures up to date.
    fn gather(&self) {
        let live = self.shared.live();
        gauge!("demarc_calls").set(live.calls.len() as f64);
        for span in &live.spans {
            let label = span.span.to_string();
            let busy = span
                .channels
                .iter()
                .filter(|channel| !matches!(channel.state, ChannelState::Idle | ChannelState::Down));
            gauge!("demarc_span_channels_busy", "span" => label.clone()).set(busy.count() as f64);
            gauge!("demarc_span_d_channel_up", "span" => label.clone()).set(f64::from(span.d_channel_up));
            gauge!("demarc_span_alarms", "span" => label).set(span.alarms.len() as f64);
        }
        for trunk in &live.trunks {
            gauge!("demarc_trunk_up", "trunk" => trunk.trunk.to_string()).set(f64::from(trunk.up));
        }
        let reachable = live.devices.iter().filter(|device| device.reachable).count();
        gauge!("demarc_devices_reachable").set(reachable as f64);
        let media = &self.media;
        for (name, figure) in [
            ("demarc_media_ticks", &media.ticks),
            ("demarc_media_skipped_ticks", &media.skipped_ticks),
            ("demarc_media_lost_events", &media.lost_events),
            ("demarc_media_unsent_packets", &media.unsent_packets),
            ("demarc_media_received", &media.received),
            ("demarc_media_sent", &media.sent),
            ("demarc_media_lost", &media.lost),
            ("demarc_media_rejected", &media.rejected),
        ] {
            counter!(name).absolute(figure.load(Ordering::Relaxed));
        }
        gauge!("demarc_media_real_time").set(media.real_time.load(Ordering::Relaxed) as f64);
        let recorder = self.store.recorder_status();
        gauge!("demarc_call_records_pending").set(recorder.pending as f64);
        counter!("demarc_call_records_lost").absolute(recorder.lost);
    }
}

async fn show(
    State(metrics): State<Metrics>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
) -> Result<String, (StatusCode, &'static str)> {
    if !from.ip().is_loopback() {
        return Err((StatusCode::FORBIDDEN, "metrics are shown on this machine only\n"));
    }
    metrics.gather();
    Ok(metrics.handle.render())
}
