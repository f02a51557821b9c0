//! The countries that the gateway knows.

use crate::state::Api;
use axum::Json;
use demarc_model::Country;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_countries))
}

/// The countries whose lines and numbers the gateway knows
#[utoipa::path(get, path = "/api/countries", tag = "system", responses((status = 200, body = Vec<Country>)))]
async fn list_countries() -> Json<Vec<Country>> {
    Json(Country::ALL.to_vec())
}
