//! Digital spans. A span's id is that of the hardware.

use crate::auth::Who;
use crate::body::{Body, Id};
use crate::edit::{Base, IfMatch, Versioned};
use crate::noun;
use crate::problem::Problem;
use crate::state::Api;
use axum::extract::State;
use demarc_model::SpanId;
use demarc_model::config::Span;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_spans, create_span)).routes(routes!(
        get_span,
        put_span,
        delete_span
    ))
}

/// All spans
#[utoipa::path(get, path = "/api/spans", tag = "spans", responses((status = 200, body = Vec<Span>)))]
async fn list_spans(State(api): State<Api>) -> Versioned<Vec<Span>> {
    noun::list(&api)
}

/// Add a span
///
/// The id is that of the hardware.
#[utoipa::path(post, path = "/api/spans", tag = "spans", params(IfMatch), request_body = Span,
    responses((status = 201, body = Span)))]
async fn create_span(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Body(span): Body<Span>,
) -> Result<Versioned<Span>, Problem> {
    noun::create(&api, &who, base, span).await
}

/// One span
#[utoipa::path(get, path = "/api/spans/{id}", tag = "spans", params(("id" = SpanId, Path)),
    responses((status = 200, body = Span)))]
async fn get_span(State(api): State<Api>, Id(id): Id<SpanId>) -> Result<Versioned<Span>, Problem> {
    noun::get(&api, id)
}

/// Change a span
#[utoipa::path(put, path = "/api/spans/{id}", tag = "spans", params(("id" = SpanId, Path), IfMatch),
    request_body = Span, responses((status = 200, body = Span)))]
async fn put_span(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<SpanId>,
    Body(span): Body<Span>,
) -> Result<Versioned<Span>, Problem> {
    noun::put(&api, &who, base, id, span).await
}

/// Delete a span
#[utoipa::path(delete, path = "/api/spans/{id}", tag = "spans", params(("id" = SpanId, Path), IfMatch),
    responses((status = 204, description = "Deleted")))]
async fn delete_span(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<SpanId>,
) -> Result<Versioned<()>, Problem> {
    noun::delete::<Span>(&api, &who, base, id).await
}
