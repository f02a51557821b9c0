//! Numbers that the gateway answers by itself.

use crate::auth::Who;
use crate::body::{Body, Id};
use crate::edit::{Base, IfMatch, Versioned};
use crate::noun;
use crate::problem::Problem;
use crate::state::Api;
use axum::extract::State;
use demarc_model::config::{Service, ServiceId};

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_services, create_service)).routes(routes!(
        get_service,
        put_service,
        delete_service
    ))
}

/// All services
#[utoipa::path(get, path = "/api/services", tag = "services", responses((status = 200, body = Vec<Service>)))]
async fn list_services(State(api): State<Api>) -> Versioned<Vec<Service>> {
    noun::list(&api)
}

/// Add a service
///
/// With id 0 it gets the next free id.
#[utoipa::path(post, path = "/api/services", tag = "services", params(IfMatch), request_body = Service,
    responses((status = 201, body = Service)))]
async fn create_service(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Body(service): Body<Service>,
) -> Result<Versioned<Service>, Problem> {
    noun::create(&api, &who, base, service).await
}

/// One service
#[utoipa::path(get, path = "/api/services/{id}", tag = "services", params(("id" = ServiceId, Path)),
    responses((status = 200, body = Service)))]
async fn get_service(State(api): State<Api>, Id(id): Id<ServiceId>) -> Result<Versioned<Service>, Problem> {
    noun::get(&api, id)
}

/// Change a service
#[utoipa::path(put, path = "/api/services/{id}", tag = "services", params(("id" = ServiceId, Path), IfMatch),
    request_body = Service, responses((status = 200, body = Service)))]
async fn put_service(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<ServiceId>,
    Body(service): Body<Service>,
) -> Result<Versioned<Service>, Problem> {
    noun::put(&api, &who, base, id, service).await
}

/// Delete a service
#[utoipa::path(delete, path = "/api/services/{id}", tag = "services", params(("id" = ServiceId, Path), IfMatch),
    responses((status = 204, description = "Deleted")))]
async fn delete_service(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<ServiceId>,
) -> Result<Versioned<()>, Problem> {
    noun::delete::<Service>(&api, &who, base, id).await
}
