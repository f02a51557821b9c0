//! What can be done with the machine.

use super::ask;
use crate::auth::{Source, Who};
use crate::body::{Body, Parameters};
use crate::problem::{Code, Problem};
use crate::session::check_password;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use demarc_model::appliance::{Answer, Request};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(confirm_network))
        .routes(routes!(reboot))
        .routes(routes!(power_off))
        .routes(routes!(factory_reset))
        .routes(routes!(get_log))
}

/// The administrator still gets in: keep the changed network
#[utoipa::path(post, path = "/api/appliance/network/confirm", tag = "appliance",
    responses((status = 204, description = "It stays")))]
async fn confirm_network(State(api): State<Api>) -> Result<StatusCode, Problem> {
    done(&api, Request::ConfirmNetwork).await
}

/// Boot the unit again
#[utoipa::path(post, path = "/api/appliance/reboot", tag = "appliance",
    responses((status = 204, description = "It has begun")))]
async fn reboot(State(api): State<Api>, who: Who) -> Result<StatusCode, Problem> {
    tracing::info!(author = who.author(), "the unit is booted again");
    done(&api, Request::Reboot).await
}

/// Switch the unit off
#[utoipa::path(post, path = "/api/appliance/power_off", tag = "appliance",
    responses((status = 204, description = "It has begun")))]
async fn power_off(State(api): State<Api>, who: Who) -> Result<StatusCode, Problem> {
    tracing::info!(author = who.author(), "the unit is switched off");
    done(&api, Request::PowerOff).await
}

/// What cannot be undone asks for the password again.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Erase {
    /// The administrator's.
    password: String,
}

/// Forget everything: configuration, call records, recordings, keys
///
/// Both versions of the system stay. Not for tokens.
#[utoipa::path(post, path = "/api/appliance/factory_reset", tag = "appliance", request_body = Erase,
    responses((status = 204, description = "It has begun")))]
async fn factory_reset(
    State(api): State<Api>,
    who: Who,
    source: Source,
    Body(erase): Body<Erase>,
) -> Result<StatusCode, Problem> {
    super::machine(&api)?;
    let Who::Session { administrator, .. } = who else {
        return Err(Problem::new(Code::Forbidden, "a token cannot erase everything: sign in"));
    };
    if !check_password(&api, source, administrator.clone(), erase.password).await? {
        return Err(Problem::field("/password", "is not the present password"));
    }
    tracing::info!(author = administrator, "everything is erased");
    done(&api, Request::FactoryReset).await
}

/// Which lines of the log.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct LogQuery {
    /// How many of the newest, 1–1000; 200 when not given.
    lines: Option<u16>,
}

/// The newest lines of the system's log, the oldest first
#[utoipa::path(get, path = "/api/appliance/log", tag = "appliance", params(LogQuery),
    responses((status = 200, body = Vec<String>)))]
async fn get_log(
    State(api): State<Api>,
    Parameters(query): Parameters<LogQuery>,
) -> Result<Json<Vec<String>>, Problem> {
    match ask(&api, Request::Log { lines: query.lines.unwrap_or(200).clamp(1, 1000) }).await? {
        Answer::Log { lines } => Ok(Json(lines)),
        other => Err(Problem::internal(format!("no log: {other:?}"))),
    }
}

/// Has something done.
pub(super) async fn done(api: &Api, request: Request) -> Result<StatusCode, Problem> {
    match ask(api, request).await? {
        Answer::Done => Ok(StatusCode::NO_CONTENT),
        other => Err(Problem::internal(format!("not done: {other:?}"))),
    }
}
