//! How calls go outside: in order, the first that matches is taken.

use crate::auth::Who;
use crate::body::{Body, Id};
use crate::edit::{Base, IfMatch, Versioned};
use crate::noun::{self, Order};
use crate::problem::Problem;
use crate::state::Api;
use axum::extract::State;
use demarc_model::config::{OutboundRoute, OutboundRouteId};

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_outbound_routes, create_outbound_route))
        .routes(routes!(get_outbound_route, put_outbound_route, delete_outbound_route))
        .routes(routes!(order_outbound_routes))
}

/// All outbound routes, in order
#[utoipa::path(get, path = "/api/outbound_routes", tag = "outbound_routes", responses((status = 200, body = Vec<OutboundRoute>)))]
async fn list_outbound_routes(State(api): State<Api>) -> Versioned<Vec<OutboundRoute>> {
    noun::list(&api)
}

/// Add an outbound route
///
/// With id 0 it gets the next free id. It is put last.
#[utoipa::path(post, path = "/api/outbound_routes", tag = "outbound_routes", params(IfMatch), request_body = OutboundRoute,
    responses((status = 201, body = OutboundRoute)))]
async fn create_outbound_route(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Body(outbound_route): Body<OutboundRoute>,
) -> Result<Versioned<OutboundRoute>, Problem> {
    noun::create(&api, &who, base, outbound_route).await
}

/// One outbound route
#[utoipa::path(get, path = "/api/outbound_routes/{id}", tag = "outbound_routes", params(("id" = OutboundRouteId, Path)),
    responses((status = 200, body = OutboundRoute)))]
async fn get_outbound_route(
    State(api): State<Api>,
    Id(id): Id<OutboundRouteId>,
) -> Result<Versioned<OutboundRoute>, Problem> {
    noun::get(&api, id)
}

/// Change an outbound route
#[utoipa::path(put, path = "/api/outbound_routes/{id}", tag = "outbound_routes", params(("id" = OutboundRouteId, Path), IfMatch),
    request_body = OutboundRoute, responses((status = 200, body = OutboundRoute)))]
async fn put_outbound_route(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<OutboundRouteId>,
    Body(outbound_route): Body<OutboundRoute>,
) -> Result<Versioned<OutboundRoute>, Problem> {
    noun::put(&api, &who, base, id, outbound_route).await
}

/// Delete an outbound route
#[utoipa::path(delete, path = "/api/outbound_routes/{id}", tag = "outbound_routes", params(("id" = OutboundRouteId, Path), IfMatch),
    responses((status = 204, description = "Deleted")))]
async fn delete_outbound_route(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<OutboundRouteId>,
) -> Result<Versioned<()>, Problem> {
    noun::delete::<OutboundRoute>(&api, &who, base, id).await
}

/// Put the outbound routes into another order
#[utoipa::path(put, path = "/api/outbound_routes/order", tag = "outbound_routes", params(IfMatch), request_body = Order,
    responses((status = 200, body = Vec<OutboundRoute>)))]
async fn order_outbound_routes(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Body(order): Body<Order>,
) -> Result<Versioned<Vec<OutboundRoute>>, Problem> {
    noun::order(&api, &who, base, order.ids.into_iter().map(OutboundRouteId).collect()).await
}
