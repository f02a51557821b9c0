//! Analog lines from the telco.

use crate::auth::Who;
use crate::body::{Body, Id};
use crate::edit::{Base, IfMatch, Versioned};
use crate::noun;
use crate::problem::Problem;
use crate::state::Api;
use axum::extract::State;
use demarc_model::config::{Line, LineId};

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_lines, create_line)).routes(routes!(
        get_line,
        put_line,
        delete_line
    ))
}

/// All lines
#[utoipa::path(get, path = "/api/lines", tag = "lines", responses((status = 200, body = Vec<Line>)))]
async fn list_lines(State(api): State<Api>) -> Versioned<Vec<Line>> {
    noun::list(&api)
}

/// Add a line
///
/// With id 0 it gets the next free id.
#[utoipa::path(post, path = "/api/lines", tag = "lines", params(IfMatch), request_body = Line,
    responses((status = 201, body = Line)))]
async fn create_line(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Body(line): Body<Line>,
) -> Result<Versioned<Line>, Problem> {
    noun::create(&api, &who, base, line).await
}

/// One line
#[utoipa::path(get, path = "/api/lines/{id}", tag = "lines", params(("id" = LineId, Path)),
    responses((status = 200, body = Line)))]
async fn get_line(State(api): State<Api>, Id(id): Id<LineId>) -> Result<Versioned<Line>, Problem> {
    noun::get(&api, id)
}

/// Change a line
#[utoipa::path(put, path = "/api/lines/{id}", tag = "lines", params(("id" = LineId, Path), IfMatch),
    request_body = Line, responses((status = 200, body = Line)))]
async fn put_line(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<LineId>,
    Body(line): Body<Line>,
) -> Result<Versioned<Line>, Problem> {
    noun::put(&api, &who, base, id, line).await
}

/// Delete a line
#[utoipa::path(delete, path = "/api/lines/{id}", tag = "lines", params(("id" = LineId, Path), IfMatch),
    responses((status = 204, description = "Deleted")))]
async fn delete_line(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<LineId>,
) -> Result<Versioned<()>, Problem> {
    noun::delete::<Line>(&api, &who, base, id).await
}
