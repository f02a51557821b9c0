//! Ways to the outside. The password of a SIP trunk is write-only.

use crate::auth::Who;
use crate::body::{Body, Id};
use crate::edit::{Base, IfMatch, Versioned};
use crate::noun;
use crate::problem::Problem;
use crate::state::Api;
use axum::extract::State;
use demarc_model::config::{Trunk, TrunkId};

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_trunks, create_trunk)).routes(routes!(
        get_trunk,
        put_trunk,
        delete_trunk
    ))
}

/// All trunks
#[utoipa::path(get, path = "/api/trunks", tag = "trunks", responses((status = 200, body = Vec<Trunk>)))]
async fn list_trunks(State(api): State<Api>) -> Versioned<Vec<Trunk>> {
    noun::list(&api)
}

/// Add a trunk
///
/// With id 0 it gets the next free id.
#[utoipa::path(post, path = "/api/trunks", tag = "trunks", params(IfMatch), request_body = Trunk,
    responses((status = 201, body = Trunk)))]
async fn create_trunk(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Body(trunk): Body<Trunk>,
) -> Result<Versioned<Trunk>, Problem> {
    noun::create(&api, &who, base, trunk).await
}

/// One trunk
#[utoipa::path(get, path = "/api/trunks/{id}", tag = "trunks", params(("id" = TrunkId, Path)),
    responses((status = 200, body = Trunk)))]
async fn get_trunk(State(api): State<Api>, Id(id): Id<TrunkId>) -> Result<Versioned<Trunk>, Problem> {
    noun::get(&api, id)
}

/// Change a trunk
#[utoipa::path(put, path = "/api/trunks/{id}", tag = "trunks", params(("id" = TrunkId, Path), IfMatch),
    request_body = Trunk, responses((status = 200, body = Trunk)))]
async fn put_trunk(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<TrunkId>,
    Body(trunk): Body<Trunk>,
) -> Result<Versioned<Trunk>, Problem> {
    noun::put(&api, &who, base, id, trunk).await
}

/// Delete a trunk
#[utoipa::path(delete, path = "/api/trunks/{id}", tag = "trunks", params(("id" = TrunkId, Path), IfMatch),
    responses((status = 204, description = "Deleted")))]
async fn delete_trunk(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<TrunkId>,
) -> Result<Versioned<()>, Problem> {
    noun::delete::<Trunk>(&api, &who, base, id).await
}
