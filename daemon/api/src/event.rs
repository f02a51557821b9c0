//! What happens, as it happens: a WebSocket of [`LiveEvent`]s.

use crate::auth::{Who, still_valid};
use crate::problem::{Code, Problem};
use crate::state::Api;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use demarc_model::live::LiveEvent;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval, timeout};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A client that takes no octet for so long is dropped.
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// Keeps routers awake, and finds out who has gone or has been signed out.
const PING_EVERY: Duration = Duration::from_secs(20);
/// Clients have nothing to say but pongs.
const MAX_MESSAGE: usize = 1024;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(watch_events))
}

/// What happens, as it happens
///
/// A WebSocket: each text message is one event as JSON. Read `/api/live` after it is open, and
/// apply the events to that. A client that cannot follow is closed with code 1013 and begins anew.
#[utoipa::path(get, path = "/api/events", tag = "live",
    responses((status = 101, description = "Each message is one event", body = LiveEvent)))]
async fn watch_events(
    State(api): State<Api>,
    who: Who,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|_| Problem::new(Code::Malformed, "this is a WebSocket"))?;
    let Ok(place) = api.watchers().try_acquire_owned() else {
        return Err(Problem::new(Code::Busy, "too many event streams are open"));
    };
    // Before the upgrade is answered: nothing that happens after the client sees it open is missed.
    let events = api.gateway().subscribe();
    Ok(upgrade.max_message_size(MAX_MESSAGE).on_upgrade(move |socket| watch(api, who, socket, events, place)))
}

async fn watch(
    api: Api,
    who: Who,
    mut socket: WebSocket,
    mut events: Receiver<LiveEvent>,
    _place: OwnedSemaphorePermit,
) {
    let mut ping = interval(PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            event = events.recv() => match event {
                Ok(event) => match serde_json::to_string(&event) {
                    Ok(text) => Message::Text(text.into()),
                    Err(error) => {
                        tracing::error!(%error, "an event cannot be written");
                        continue;
                    }
                },
                Err(RecvError::Lagged(_)) => close(close_code::AGAIN, "too slow: events were missed"),
                Err(RecvError::Closed) => close(close_code::AWAY, "the gateway stops"),
            },
            received = socket.recv() => match received {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Text(_) | Message::Binary(_))) => {
                    close(close_code::POLICY, "there is nothing to say here")
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            _ = ping.tick() => {
                if still_valid(&api, &who).await {
                    Message::Ping(Vec::new().into())
                } else {
                    close(close_code::POLICY, "signed out")
                }
            }
        };
        let last = matches!(message, Message::Close(_));
        let sent = timeout(SEND_WITHIN, socket.send(message)).await;
        if last || !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}

fn close(code: u16, reason: &'static str) -> Message {
    Message::Close(Some(CloseFrame { code, reason: reason.into() }))
}
