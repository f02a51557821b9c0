//! Live calls and their ladders.

use crate::body::Id;
use crate::problem::{Code, Problem};
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use demarc_model::CallId;
use demarc_model::live::{Ladder, LiveCall};
use demarc_model::trace::Direction;
use std::fmt::Write;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_calls))
        .routes(routes!(get_call, hang_up_call))
        .routes(routes!(get_call_ladder))
        .routes(routes!(list_ladders))
}

/// Calls that live now
#[utoipa::path(get, path = "/api/calls", tag = "calls", responses((status = 200, body = Vec<LiveCall>)))]
async fn list_calls(State(api): State<Api>) -> Json<Vec<LiveCall>> {
    Json(api.gateway().live().calls.clone())
}

/// A call that lives now
#[utoipa::path(get, path = "/api/calls/{id}", tag = "calls", params(("id" = CallId, Path)),
    responses((status = 200, body = LiveCall)))]
async fn get_call(State(api): State<Api>, Id(id): Id<CallId>) -> Result<Json<LiveCall>, Problem> {
    let live = api.gateway().live();
    live.calls.iter().find(|call| call.call == id).cloned().map(Json).ok_or_else(|| no_call(id))
}

/// Hang up a call
///
/// It ends a moment later: a `call_ended` event tells.
#[utoipa::path(delete, path = "/api/calls/{id}", tag = "calls", params(("id" = CallId, Path)),
    responses((status = 202, description = "It is being hung up")))]
async fn hang_up_call(State(api): State<Api>, Id(id): Id<CallId>) -> Result<StatusCode, Problem> {
    if api.gateway().hang_up(id) { Ok(StatusCode::ACCEPTED) } else { Err(no_call(id)) }
}

/// Everything that was said on the legs of a call
///
/// For calls that live and for recent ones. With `Accept: text/plain` as text.
#[utoipa::path(get, path = "/api/calls/{id}/ladder", tag = "calls", params(("id" = CallId, Path)),
    responses((status = 200, content((Ladder = "application/json"), (String = "text/plain")))))]
async fn get_call_ladder(
    State(api): State<Api>,
    Id(id): Id<CallId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(ladder) = api.gateway().ladder(id) else {
        return Err(Problem::new(Code::NotFound, format!("there is no ladder of call {id} (any more)")));
    };
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.trim_start().starts_with("text/plain") {
        return Ok(as_text(&ladder).into_response());
    }
    Ok(Json(ladder).into_response())
}

/// The calls that have a ladder, newest first
#[utoipa::path(get, path = "/api/ladders", tag = "calls", responses((status = 200, body = Vec<CallId>)))]
async fn list_ladders(State(api): State<Api>) -> Json<Vec<CallId>> {
    Json(api.gateway().recent_ladders())
}

fn no_call(id: CallId) -> Problem {
    Problem::new(Code::NotFound, format!("there is no call {id} now"))
}

/// A ladder for people without a browser: `0.000123 → phone 201  INVITE`.
fn as_text(ladder: &Ladder) -> String {
    let mut text = format!("Call {}\n", ladder.call);
    let width = ladder.parties.iter().map(|party| party.chars().count()).max().unwrap_or(0);
    for row in &ladder.rows {
        let arrow = match row.direction {
            Direction::In => '→',
            Direction::Out => '←',
            Direction::Note => '·',
        };
        let party = ladder.parties.get(row.party).map_or("", String::as_str);
        let (s, us) = (row.at_us / 1_000_000, row.at_us % 1_000_000);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{s:>5}.{us:06} {arrow} {party:<width$}  {}", row.label);
        for line in row.detail.lines() {
            let _ = writeln!(text, "{:>16}{line}", "");
        }
    }
    if ladder.dropped > 0 {
        let _ = writeln!(text, "{} more rows did not fit", ladder.dropped);
    }
    text
}
