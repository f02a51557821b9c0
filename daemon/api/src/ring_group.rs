//! Numbers that ring several extensions.

use crate::auth::Who;
use crate::body::{Body, Id};
use crate::edit::{Base, IfMatch, Versioned};
use crate::noun;
use crate::problem::Problem;
use crate::state::Api;
use axum::extract::State;
use demarc_model::config::{RingGroup, RingGroupId};

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_ring_groups, create_ring_group)).routes(routes!(
        get_ring_group,
        put_ring_group,
        delete_ring_group
    ))
}

/// All ring groups
#[utoipa::path(get, path = "/api/ring_groups", tag = "ring_groups", responses((status = 200, body = Vec<RingGroup>)))]
async fn list_ring_groups(State(api): State<Api>) -> Versioned<Vec<RingGroup>> {
    noun::list(&api)
}

/// Add a ring group
///
/// With id 0 it gets the next free id.
#[utoipa::path(post, path = "/api/ring_groups", tag = "ring_groups", params(IfMatch), request_body = RingGroup,
    responses((status = 201, body = RingGroup)))]
async fn create_ring_group(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Body(ring_group): Body<RingGroup>,
) -> Result<Versioned<RingGroup>, Problem> {
    noun::create(&api, &who, base, ring_group).await
}

/// One ring group
#[utoipa::path(get, path = "/api/ring_groups/{id}", tag = "ring_groups", params(("id" = RingGroupId, Path)),
    responses((status = 200, body = RingGroup)))]
async fn get_ring_group(
    State(api): State<Api>,
    Id(id): Id<RingGroupId>,
) -> Result<Versioned<RingGroup>, Problem> {
    noun::get(&api, id)
}

/// Change a ring group
#[utoipa::path(put, path = "/api/ring_groups/{id}", tag = "ring_groups", params(("id" = RingGroupId, Path), IfMatch),
    request_body = RingGroup, responses((status = 200, body = RingGroup)))]
async fn put_ring_group(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<RingGroupId>,
    Body(ring_group): Body<RingGroup>,
) -> Result<Versioned<RingGroup>, Problem> {
    noun::put(&api, &who, base, id, ring_group).await
}

/// Delete a ring group
#[utoipa::path(delete, path = "/api/ring_groups/{id}", tag = "ring_groups", params(("id" = RingGroupId, Path), IfMatch),
    responses((status = 204, description = "Deleted")))]
async fn delete_ring_group(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<RingGroupId>,
) -> Result<Versioned<()>, Problem> {
    noun::delete::<RingGroup>(&api, &who, base, id).await
}
