//! SIP gateways of other makers, and what each needs set.

use crate::state::Api;
use axum::Json;
use demarc_model::TrunkTemplate;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_trunk_templates))
}

/// SIP trunks that are filled in but for the address, and what to set on the box
#[utoipa::path(get, path = "/api/trunk-templates", tag = "trunks",
    responses((status = 200, body = Vec<TrunkTemplate>)))]
async fn list_trunk_templates() -> Json<Vec<TrunkTemplate>> {
    Json(TrunkTemplate::all())
}
