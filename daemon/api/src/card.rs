//! Cards as they are plugged in, how their spans do, and what the autopilot found out.

use crate::body::Id;
use crate::problem::{Code, Problem};
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use demarc_model::{Card, ChannelId, Finding, SpanId, SpanStatus};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_cards))
        .routes(routes!(list_findings))
        .routes(routes!(get_span_status))
        .routes(routes!(restart_channel))
}

/// Every card that was found, those that nothing drives among them
#[utoipa::path(get, path = "/api/cards", tag = "hardware", responses((status = 200, body = Vec<Card>)))]
async fn list_cards(State(api): State<Api>) -> Json<Vec<Card>> {
    Json(api.gateway().cards())
}

/// What the autopilot found out, from what, and how sure it is
#[utoipa::path(get, path = "/api/findings", tag = "hardware", responses((status = 200, body = Vec<Finding>)))]
async fn list_findings(State(api): State<Api>) -> Json<Vec<Finding>> {
    Json(api.gateway().findings())
}

/// Layer 1 of a span: alarms and counters
#[utoipa::path(get, path = "/api/spans/{id}/status", tag = "hardware", params(("id" = SpanId, Path)),
    responses((status = 200, body = SpanStatus)))]
async fn get_span_status(State(api): State<Api>, Id(id): Id<SpanId>) -> Result<Json<SpanStatus>, Problem> {
    let status = api.gateway().span_status(id);
    status.map(Json).ok_or_else(|| Problem::new(Code::NotFound, format!("no card has a span {id} now")))
}

/// RESTART a B channel that is stuck
///
/// It never touches a call: a channel that carries one is refused. Both sides forget what they think
/// of the channel (Q.931 §5.5); how it went shows in the live view.
#[utoipa::path(post, path = "/api/spans/{id}/channels/{slot}/restart", tag = "hardware",
    params(("id" = SpanId, Path), ("slot" = u8, Path)),
    responses((status = 202, description = "It is being restarted")))]
async fn restart_channel(
    State(api): State<Api>,
    Id((id, slot)): Id<(u16, u8)>,
) -> Result<StatusCode, Problem> {
    let channel = ChannelId::new(id, slot);
    if api.gateway().restart_channel(channel) {
        return Ok(StatusCode::ACCEPTED);
    }
    let message = format!(
        "channel {channel} cannot be restarted: it is no B channel of an ISDN span, or it carries a call: \
         hang that up first"
    );
    Err(Problem::new(Code::NotFound, message))
}
