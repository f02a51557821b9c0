//! Who answers calls from outside: in order, the first that matches is taken.

use crate::auth::Who;
use crate::body::{Body, Id};
use crate::edit::{Base, IfMatch, Versioned};
use crate::noun::{self, Order};
use crate::problem::Problem;
use crate::state::Api;
use axum::extract::State;
use demarc_model::config::{InboundRoute, InboundRouteId};

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_inbound_routes, create_inbound_route))
        .routes(routes!(get_inbound_route, put_inbound_route, delete_inbound_route))
        .routes(routes!(order_inbound_routes))
}

/// All inbound routes, in order
#[utoipa::path(get, path = "/api/inbound_routes", tag = "inbound_routes", responses((status = 200, body = Vec<InboundRoute>)))]
async fn list_inbound_routes(State(api): State<Api>) -> Versioned<Vec<InboundRoute>> {
    noun::list(&api)
}

/// Add an inbound route
///
/// With id 0 it gets the next free id. It is put last.
#[utoipa::path(post, path = "/api/inbound_routes", tag = "inbound_routes", params(IfMatch), request_body = InboundRoute,
    responses((status = 201, body = InboundRoute)))]
async fn create_inbound_route(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Body(inbound_route): Body<InboundRoute>,
) -> Result<Versioned<InboundRoute>, Problem> {
    noun::create(&api, &who, base, inbound_route).await
}

/// One inbound route
#[utoipa::path(get, path = "/api/inbound_routes/{id}", tag = "inbound_routes", params(("id" = InboundRouteId, Path)),
    responses((status = 200, body = InboundRoute)))]
async fn get_inbound_route(
    State(api): State<Api>,
    Id(id): Id<InboundRouteId>,
) -> Result<Versioned<InboundRoute>, Problem> {
    noun::get(&api, id)
}

/// Change an inbound route
#[utoipa::path(put, path = "/api/inbound_routes/{id}", tag = "inbound_routes", params(("id" = InboundRouteId, Path), IfMatch),
    request_body = InboundRoute, responses((status = 200, body = InboundRoute)))]
async fn put_inbound_route(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<InboundRouteId>,
    Body(inbound_route): Body<InboundRoute>,
) -> Result<Versioned<InboundRoute>, Problem> {
    noun::put(&api, &who, base, id, inbound_route).await
}

/// Delete an inbound route
#[utoipa::path(delete, path = "/api/inbound_routes/{id}", tag = "inbound_routes", params(("id" = InboundRouteId, Path), IfMatch),
    responses((status = 204, description = "Deleted")))]
async fn delete_inbound_route(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<InboundRouteId>,
) -> Result<Versioned<()>, Problem> {
    noun::delete::<InboundRoute>(&api, &who, base, id).await
}

/// Put the inbound routes into another order
#[utoipa::path(put, path = "/api/inbound_routes/order", tag = "inbound_routes", params(IfMatch), request_body = Order,
    responses((status = 200, body = Vec<InboundRoute>)))]
async fn order_inbound_routes(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Body(order): Body<Order>,
) -> Result<Versioned<Vec<InboundRoute>>, Problem> {
    noun::order(&api, &who, base, order.ids.into_iter().map(InboundRouteId).collect()).await
}
