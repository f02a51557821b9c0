//! The gateway's REST API and its stream of events.
//!
//! Everything is under `/api` and described by an OpenAPI 3.1 document ([`openapi`]), which is
//! checked in as `openapi.json`. All but a few doors ([`auth`]) ask for a session or a token; a new
//! endpoint is closed until somebody opens it. The configuration has one revision number: reads
//! give it as `ETag`, changes must name it in `If-Match`.
#![forbid(unsafe_code)]

mod amend;
mod appliance;
mod attempts;
mod auth;
mod backup;
mod body;
mod call;
mod call_record;
mod card;
mod config;
mod country;
mod device;
mod diff;
mod edit;
mod event;
mod extension;
mod gateway;
mod hardware_test;
mod headers;
mod inbound_route;
mod line;
mod live;
mod noun;
mod outbound_route;
mod password;
mod problem;
mod revision;
mod ring_group;
mod secrets;
mod service;
mod session;
mod setup;
mod span;
mod state;
mod system;
mod token;
mod trunk;
mod trunk_template;

pub use amend::AmendError;
pub use appliance::Machine;
pub use auth::over_tls;
pub use backup::{BackupContents, BackupCounts, BackupFile, MAX_FILE as MAX_BACKUP, Restored, SealedFile};
pub use gateway::{Gateway, HardwarePort, HardwareSpan, Refusal, ReportForm, SimulatedNumber};
pub use headers::secure;
pub use setup::new_setup_code;
pub use state::{Api, Options};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use problem::{Code, Problem};
use std::time::Duration;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The largest request: an import of a whole configuration.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// The longest an answer may take, not counting a stream that has begun.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Everything under `/api`. Serve it with `into_make_service_with_connect_info::<SocketAddr>()`,
/// so that failed logins are counted per source.
pub fn router(api: Api) -> Router {
    let (router, _) = all_routes().split_for_parts();
    let router = router
        .route("/api", axum::routing::any(not_found))
        .route("/api/{*rest}", axum::routing::any(not_found))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(api.clone(), auth::guard))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(within_time))
        .with_state(api);
    headers::secure_api(router)
}

/// The description of the API.
pub fn openapi() -> OpenApi {
    headers::describe(all_routes().into_openapi())
}

fn all_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .merge(system::routes())
        .merge(span::routes())
        .merge(line::routes())
        .merge(trunk::routes())
        .merge(trunk_template::routes())
        .merge(device::routes())
        .merge(extension::routes())
        .merge(ring_group::routes())
        .merge(service::routes())
        .merge(inbound_route::routes())
        .merge(outbound_route::routes())
        .merge(config::routes())
        .merge(revision::routes())
        .merge(backup::routes())
        .merge(live::routes())
        .merge(card::routes())
        .merge(hardware_test::routes())
        .merge(call::routes())
        .merge(call_record::routes())
        .merge(event::routes())
        .merge(setup::routes())
        .merge(session::routes())
        .merge(password::routes())
        .merge(token::routes())
        .merge(country::routes())
        .merge(appliance::routes())
        .routes(routes!(get_openapi))
}

/// This description
#[utoipa::path(get, path = "/api/openapi.json", tag = "system",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
async fn get_openapi() -> axum::Json<OpenApi> {
    axum::Json(openapi())
}

async fn within_time(request: Request, next: Next) -> Response {
    if request.uri().path() == appliance::UPLOAD {
        // It has a patience of its own.
        return next.run(request).await;
    }
    match tokio::time::timeout(TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(Code::Timeout, "the request took too long").into_response(),
    }
}

async fn not_found() -> Problem {
    Problem::new(Code::NotFound, "there is nothing at this address")
}

async fn method_not_allowed() -> Problem {
    Problem::new(Code::MethodNotAllowed, "this address does not take that method")
}
