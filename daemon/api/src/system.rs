//! What holds for the whole gateway, and how it does.

use crate::auth::Who;
use crate::body::Body;
use crate::edit::{Base, Edited, IfMatch, Versioned, edit};
use crate::problem::Problem;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use demarc_model::config::System;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(get_system, put_system))
        .routes(routes!(get_status))
        .routes(routes!(get_health))
}

/// What holds for the whole gateway
#[utoipa::path(get, path = "/api/system", tag = "system", responses((status = 200, body = System)))]
async fn get_system(State(api): State<Api>) -> Versioned<System> {
    let current = api.current();
    Versioned::ok(current.revision, current.config.system.clone())
}

/// Change what holds for the whole gateway
#[utoipa::path(put, path = "/api/system", tag = "system", params(IfMatch), request_body = System,
    responses((status = 200, body = System)))]
async fn put_system(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Body(system): Body<System>,
) -> Result<Versioned<System>, Problem> {
    edit(&api, &who, base, move |config| {
        config.system = system.clone();
        Ok(Edited { value: system, summary: "changed the system".into(), at: Some("/system".into()) })
    })
    .await
}

/// The gateway itself.
#[derive(Debug, Serialize, ToSchema)]
struct Status {
    /// Version of the gateway.
    version: String,
    /// The revision of the configuration in force.
    revision: u64,
    /// How call records reach the disk.
    call_records: CallRecordStatus,
}

/// How call records reach the disk.
#[derive(Debug, Serialize, ToSchema)]
struct CallRecordStatus {
    /// Records that wait for the disk.
    pending: usize,
    /// Records that found no place to wait, since the start.
    lost: u64,
    /// Why the last write failed; none when it did not.
    error: Option<String>,
    /// Calls that were cut off when the gateway last stopped without warning.
    interrupted: usize,
}

/// Version, revision, and how the disk does
#[utoipa::path(get, path = "/api/status", tag = "system", responses((status = 200, body = Status)))]
async fn get_status(State(api): State<Api>) -> Result<Json<Status>, Problem> {
    let (recorder, interrupted) =
        api.store(|store| Ok((store.recorder_status(), store.interrupted_calls()))).await?;
    Ok(Json(Status {
        version: api.version().to_owned(),
        revision: api.current().revision,
        call_records: CallRecordStatus {
            pending: recorder.pending,
            lost: recorder.lost,
            error: recorder.error,
            interrupted,
        },
    }))
}

/// The gateway answers.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// Always `ok`: whoever cannot say so does not answer.
    status: String,
}

/// Does the gateway answer? Open to everybody
#[utoipa::path(get, path = "/api/health", tag = "system", responses((status = 200, body = Health)))]
async fn get_health() -> Json<Health> {
    Json(Health { status: "ok".into() })
}
