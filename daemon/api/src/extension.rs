//! Internal numbers.

use crate::auth::Who;
use crate::body::{Body, Id};
use crate::edit::{Base, IfMatch, Versioned};
use crate::noun;
use crate::problem::Problem;
use crate::state::Api;
use axum::extract::State;
use demarc_model::config::{Extension, ExtensionId};

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_extensions, create_extension)).routes(routes!(
        get_extension,
        put_extension,
        delete_extension
    ))
}

/// All extensions
#[utoipa::path(get, path = "/api/extensions", tag = "extensions", responses((status = 200, body = Vec<Extension>)))]
async fn list_extensions(State(api): State<Api>) -> Versioned<Vec<Extension>> {
    noun::list(&api)
}

/// Add an extension
///
/// With id 0 it gets the next free id.
#[utoipa::path(post, path = "/api/extensions", tag = "extensions", params(IfMatch), request_body = Extension,
    responses((status = 201, body = Extension)))]
async fn create_extension(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Body(extension): Body<Extension>,
) -> Result<Versioned<Extension>, Problem> {
    noun::create(&api, &who, base, extension).await
}

/// One extension
#[utoipa::path(get, path = "/api/extensions/{id}", tag = "extensions", params(("id" = ExtensionId, Path)),
    responses((status = 200, body = Extension)))]
async fn get_extension(
    State(api): State<Api>,
    Id(id): Id<ExtensionId>,
) -> Result<Versioned<Extension>, Problem> {
    noun::get(&api, id)
}

/// Change an extension
#[utoipa::path(put, path = "/api/extensions/{id}", tag = "extensions", params(("id" = ExtensionId, Path), IfMatch),
    request_body = Extension, responses((status = 200, body = Extension)))]
async fn put_extension(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<ExtensionId>,
    Body(extension): Body<Extension>,
) -> Result<Versioned<Extension>, Problem> {
    noun::put(&api, &who, base, id, extension).await
}

/// Delete an extension
#[utoipa::path(delete, path = "/api/extensions/{id}", tag = "extensions", params(("id" = ExtensionId, Path), IfMatch),
    responses((status = 204, description = "Deleted")))]
async fn delete_extension(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<ExtensionId>,
) -> Result<Versioned<()>, Problem> {
    noun::delete::<Extension>(&api, &who, base, id).await
}
