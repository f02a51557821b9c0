//! The whole configuration: export and import.

use crate::auth::Who;
use crate::body::{self, Parameters, RawBody};
use crate::edit::{Base, Edited, IfMatch, Versioned, edit};
use crate::problem::Problem;
use crate::secrets;
use crate::state::Api;
use axum::extract::State;
use demarc_model::Config;
use demarc_model::config::FORMAT;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(get_config, put_config))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Export {
    /// With the passwords of devices and trunks: keep such a file safe.
    #[serde(default)]
    secrets: bool,
}

/// Export the configuration
///
/// Passwords are empty unless asked for.
#[utoipa::path(get, path = "/api/config", tag = "config", params(Export),
    responses((status = 200, body = Config)))]
async fn get_config(
    State(api): State<Api>,
    who: Who,
    Parameters(export): Parameters<Export>,
) -> Versioned<Config> {
    let current = api.current();
    let mut config = (*current.config).clone();
    if export.secrets {
        tracing::info!(author = who.author(), "the configuration was exported with passwords");
    } else {
        secrets::hide_all(&mut config);
    }
    Versioned::ok(current.revision, config)
}

/// Import a configuration in place of the present one
///
/// An empty password stays as it is for the device or trunk with the same id.
#[utoipa::path(put, path = "/api/config", tag = "config", params(IfMatch), request_body = Config,
    responses((status = 200, body = Config)))]
async fn put_config(
    State(api): State<Api>,
    who: Who,
    base: Base,
    RawBody(bytes): RawBody,
) -> Result<Versioned<Config>, Problem> {
    // Before anything else: a file from the future would fail on some word that it alone knows.
    let value: Value = body::parse(&bytes)?;
    if value.get("format").and_then(Value::as_u64).is_some_and(|format| format > u64::from(FORMAT)) {
        return Err(Problem::field(
            "/format",
            format!("comes from a newer gateway; this one knows {FORMAT}"),
        ));
    }
    let mut imported: Config = body::parse(&bytes)?;
    imported.format = FORMAT;
    edit(&api, &who, base, move |config| {
        secrets::keep_all(&mut imported, config)?;
        *config = imported.clone();
        secrets::hide_all(&mut imported);
        Ok(Edited { value: imported, summary: "imported a configuration".into(), at: Some(String::new()) })
    })
    .await
}
