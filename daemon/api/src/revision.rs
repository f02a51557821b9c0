//! The revisions of the configuration.

use crate::auth::Who;
use crate::body::{Id, Parameters};
use crate::diff::{ConfigChange, diff};
use crate::edit::{Base, Edited, IfMatch, Versioned, edit};
use crate::problem::{Code, Problem};
use crate::secrets;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use demarc_model::Config;
use demarc_store::RevisionSummary;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_revisions))
        .routes(routes!(get_revision))
        .routes(routes!(restore_revision))
}

/// A revision of the configuration.
#[derive(Debug, Serialize, ToSchema)]
struct Revision {
    /// Its number.
    revision: u64,
    /// When it was made, in milliseconds since 1970 UTC.
    at_ms: u64,
    /// Who made it.
    author: String,
    /// What changed, in a few words.
    summary: String,
}

/// A revision of the configuration and what it changed.
#[derive(Debug, Serialize, ToSchema)]
struct RevisionDetail {
    /// Number, time, author and summary.
    #[serde(flatten)]
    revision: Revision,
    /// The revision it is compared with; none when there is no earlier one.
    against: Option<u64>,
    /// The differences.
    changes: Vec<ConfigChange>,
}

impl From<RevisionSummary> for Revision {
    fn from(s: RevisionSummary) -> Self {
        Self { revision: s.revision, at_ms: s.at_ms, author: s.author, summary: s.summary }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Page {
    /// Only revisions below this one.
    before: Option<u64>,
    /// How many, 1–500; 50 unless told.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// The revisions, newest first
#[utoipa::path(get, path = "/api/revisions", tag = "revisions", params(Page),
    responses((status = 200, body = Vec<Revision>)))]
async fn list_revisions(
    State(api): State<Api>,
    Parameters(page): Parameters<Page>,
) -> Result<Json<Vec<Revision>>, Problem> {
    let limit = page.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    let list = api.store(move |store| store.revisions(page.before, limit)).await?;
    Ok(Json(list.into_iter().map(Revision::from).collect()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Against {
    /// Compare with this revision; the one before it unless told.
    against: Option<u64>,
}

/// A revision and what it changed
#[utoipa::path(get, path = "/api/revisions/{id}", tag = "revisions", params(("id" = u64, Path), Against),
    responses((status = 200, body = RevisionDetail)))]
async fn get_revision(
    State(api): State<Api>,
    Id(id): Id<u64>,
    Parameters(query): Parameters<Against>,
) -> Result<Json<RevisionDetail>, Problem> {
    let against = query.against.unwrap_or(id.saturating_sub(1));
    let (this, other) = api.store(move |store| Ok((store.revision(id)?, store.revision(against)?))).await?;
    let (summary, config) = this.ok_or_else(|| absent(id))?;
    if other.is_none() && query.against.is_some() {
        return Err(absent(against));
    }
    let changes = match &other {
        Some((_, before)) => diff(before, &config),
        // The first, or the oldest that is kept: nothing is known of what was before.
        None => Vec::new(),
    };
    Ok(Json(RevisionDetail { revision: summary.into(), against: other.map(|(s, _)| s.revision), changes }))
}

/// Take an old revision into force again, as a new one
#[utoipa::path(post, path = "/api/revisions/{id}/restore", tag = "revisions",
    params(("id" = u64, Path), IfMatch), responses((status = 200, body = Config)))]
async fn restore_revision(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<u64>,
) -> Result<Versioned<Config>, Problem> {
    let old = api.store(move |store| store.revision(id)).await?;
    let (_, value) = old.ok_or_else(|| absent(id))?;
    let mut restored = read(id, value)?;
    edit(&api, &who, base, move |config| {
        *config = restored.clone();
        secrets::hide_all(&mut restored);
        Ok(Edited { value: restored, summary: format!("restored revision {id}"), at: None })
    })
    .await
}

fn read(id: u64, value: Value) -> Result<Config, Problem> {
    serde_json::from_value(value).map_err(|error| {
        let detail = format!("revision {id} is of a form that this version cannot restore: {error}");
        Problem::new(Code::Conflict, detail)
    })
}

fn absent(id: u64) -> Problem {
    Problem::new(Code::NotFound, format!("there is no revision {id} (any more)"))
}
