//! The gateway as it is now.

use crate::state::Api;
use crate::{HardwareSpan, SimulatedNumber};
use axum::Json;
use axum::extract::State;
use demarc_model::live::Live;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(get_live))
        .routes(routes!(list_hardware))
        .routes(routes!(list_simulated_numbers))
}

/// Everything that lives now
#[utoipa::path(get, path = "/api/live", tag = "live", responses((status = 200, body = Live)))]
async fn get_live(State(api): State<Api>) -> Json<Live> {
    Json((*api.gateway().live()).clone())
}

/// The cards as they were found at the start
#[utoipa::path(get, path = "/api/hardware", tag = "live", responses((status = 200, body = Vec<HardwareSpan>)))]
async fn list_hardware(State(api): State<Api>) -> Json<Vec<HardwareSpan>> {
    Json(api.gateway().hardware())
}

/// The numbers of the simulated telco; none on real hardware
#[utoipa::path(get, path = "/api/simulated_numbers", tag = "live",
    responses((status = 200, body = Vec<SimulatedNumber>)))]
async fn list_simulated_numbers(State(api): State<Api>) -> Json<Vec<SimulatedNumber>> {
    Json(api.gateway().simulated_numbers())
}
