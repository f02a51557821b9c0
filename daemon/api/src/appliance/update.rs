//! New versions: brought, written, and taken into service.

use super::control::done;
use super::machine;
use crate::auth::Who;
use crate::body::Body;
use crate::problem::{Code, Problem};
use crate::state::Api;
use axum::body::Body as Stream;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use demarc_model::appliance::{Request, SwitchWhen, UpdateSource};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use std::path::Path;
use tokio::io::AsyncWriteExt;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The largest bundle, in octets.
const LARGEST: u64 = 2 * 1024 * 1024 * 1024;
/// An upload that says nothing for so long is given up.
const SILENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// Where an upload goes: it may take longer than other requests.
pub(crate) const UPLOAD: &str = "/api/appliance/update/bundle";

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(install_update))
        .routes(routes!(switch_version, keep_version))
        .merge(OpenApiRouter::new().routes(routes!(upload_update)).layer(DefaultBodyLimit::disable()))
}

/// What to install.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Install {
    /// Where the bundle is; none = the address in the configuration.
    #[serde(default)]
    source: Option<UpdateSource>,
    /// Also an older version than the one that runs.
    #[serde(default)]
    force: bool,
}

/// Install a new version
///
/// It is verified and written into the slot that is not in use; calls go on. How far it is shows in
/// the status. It is taken into service later.
#[utoipa::path(post, path = "/api/appliance/update", tag = "appliance", request_body = Install,
    responses((status = 204, description = "It has begun")))]
async fn install_update(
    State(api): State<Api>,
    who: Who,
    Body(install): Body<Install>,
) -> Result<StatusCode, Problem> {
    let configured =
        || api.current().config.appliance.update.url.clone().map(|url| UpdateSource::Url { url });
    let Some(source) = install.source.or_else(configured) else {
        return Err(Problem::field("/source", "no address is configured: say where the update is"));
    };
    tracing::info!(author = who.author(), ?source, force = install.force, "an update is installed");
    done(&api, Request::Install { source, force: install.force }).await
}

/// Upload an update bundle
///
/// It is only kept; `install_update` from `upload` verifies it and writes it.
#[utoipa::path(put, path = "/api/appliance/update/bundle", tag = "appliance",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204, description = "It is here")))]
async fn upload_update(State(api): State<Api>, body: Stream) -> Result<StatusCode, Problem> {
    let path = machine(&api)?.upload();
    let result = receive(&path, body).await;
    if result.is_err() {
        let _ = tokio::fs::remove_file(&path).await;
    }
    result.map(|()| StatusCode::NO_CONTENT)
}

async fn receive(path: &Path, body: Stream) -> Result<(), Problem> {
    let disk = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            Problem::new(Code::DiskFull, "there is no room for it: bring it on a USB stick")
        }
        _ => Problem::internal(error),
    };
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(disk)?;
    }
    // Never into a file that somebody verifies already.
    let _ = tokio::fs::remove_file(path).await;
    let mut file = tokio::fs::File::create_new(path).await.map_err(disk)?;
    let mut stream = body.into_data_stream();
    let mut octets = 0u64;
    loop {
        let part = match tokio::time::timeout(SILENCE, stream.next()).await {
            Err(_) => return Err(Problem::new(Code::Timeout, "the upload stopped")),
            Ok(None) => break,
            Ok(Some(Err(error))) => return Err(Problem::new(Code::Malformed, error.to_string())),
            Ok(Some(Ok(part))) => part,
        };
        octets = octets.saturating_add(part.len() as u64);
        if octets > LARGEST {
            return Err(Problem::new(Code::TooLarge, "no update is so large"));
        }
        file.write_all(&part).await.map_err(disk)?;
    }
    file.sync_all().await.map_err(disk)
}

/// Take the installed version into service: the unit boots again
#[utoipa::path(post, path = "/api/appliance/update/switch", tag = "appliance", request_body = SwitchWhen,
    responses((status = 204, description = "It will be")))]
async fn switch_version(
    State(api): State<Api>,
    who: Who,
    Body(when): Body<SwitchWhen>,
) -> Result<StatusCode, Problem> {
    if let SwitchWhen::Hour { hour } = when
        && hour > 23
    {
        return Err(Problem::field("/hour", "an hour of the day is 0–23"));
    }
    tracing::info!(author = who.author(), ?when, "the installed version is to be taken into service");
    done(&api, Request::Switch { when }).await
}

/// Do not take the installed version into service
#[utoipa::path(delete, path = "/api/appliance/update/switch", tag = "appliance",
    responses((status = 204, description = "It waits")))]
async fn keep_version(State(api): State<Api>) -> Result<StatusCode, Problem> {
    done(&api, Request::CancelSwitch).await
}
