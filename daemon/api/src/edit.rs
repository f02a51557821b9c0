//! How the configuration is read and changed: one revision number for the whole, one transaction
//! for each change, validated as a whole.

use crate::auth::Who;
use crate::problem::{Code, Problem, ProblemField, ProblemSource};
use crate::state::{Api, Current};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use demarc_model::Config;
use demarc_store::Change;
use serde::Serialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// The revision that a change is based on, from `If-Match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// This one and no other.
    Revision(u64),
    /// Whichever is in force: `*`.
    Any,
}

/// How [`Base`] is described.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)] // only described
pub(crate) struct IfMatch {
    /// The revision that the change is based on, as `ETag` gave it: `"17"`. `*` means whichever is
    /// in force.
    #[param(rename = "If-Match", example = "\"17\"")]
    if_match: String,
}

impl<S: Sync> FromRequestParts<S> for Base {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Err(Problem::new(
                Code::RevisionRequired,
                "say which revision the change is based on: If-Match with the ETag of what you read",
            ));
        };
        let value = value.to_str().unwrap_or_default().trim();
        if value == "*" {
            return Ok(Base::Any);
        }
        match value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).and_then(|v| v.parse().ok()) {
            Some(revision) => Ok(Base::Revision(revision)),
            None => Err(Problem::new(Code::Malformed, "If-Match must be a revision in quotes, as in \"17\"")),
        }
    }
}

/// An answer that tells the revision it belongs to.
pub(crate) struct Versioned<T> {
    pub(crate) status: StatusCode,
    pub(crate) revision: u64,
    pub(crate) location: Option<String>,
    pub(crate) body: T,
}

impl<T> Versioned<T> {
    pub(crate) fn ok(revision: u64, body: T) -> Self {
        Self { status: StatusCode::OK, revision, location: None, body }
    }
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = if self.status == StatusCode::NO_CONTENT {
            self.status.into_response()
        } else {
            (self.status, axum::Json(self.body)).into_response()
        };
        let mut set = |name: HeaderName, value: String| {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        };
        set(header::ETAG, format!("\"{}\"", self.revision));
        if let Some(location) = self.location {
            set(header::LOCATION, location);
        }
        response
    }
}

/// What a change did, as the one who wrote it tells.
pub(crate) struct Edited<T> {
    /// What to answer.
    pub(crate) value: T,
    /// For the list of revisions.
    pub(crate) summary: String,
    /// Where the body of the request went, as a JSON pointer into the configuration: errors below
    /// it are told as errors of the body.
    pub(crate) at: Option<String>,
}

/// Changes the configuration: all of it happens, or nothing.
pub(crate) async fn edit<T: Send + 'static>(
    api: &Api,
    who: &Who,
    base: Base,
    change: impl FnOnce(&mut Config) -> Result<Edited<T>, Problem> + Send + 'static,
) -> Result<Versioned<T>, Problem> {
    edit_as(api, who.author(), base, change).await
}

/// As [`edit`], by whoever came in through no door of the API.
pub(crate) async fn edit_as<T: Send + 'static>(
    api: &Api,
    author: String,
    base: Base,
    change: impl FnOnce(&mut Config) -> Result<Edited<T>, Problem> + Send + 'static,
) -> Result<Versioned<T>, Problem> {
    api.work(move |api, store| {
        let _turn = api.editing();
        let current = api.current();
        if let Base::Revision(revision) = base
            && revision != current.revision
        {
            return Err(Problem::new(
                Code::StaleRevision,
                format!(
                    "the configuration is at revision {} by now, and the change is based on {revision}: \
                     read it again and decide anew",
                    current.revision
                ),
            ));
        }
        let mut config = (*current.config).clone();
        let edited = change(&mut config)?;
        check(&config, edited.at.as_deref())?;
        if config == *current.config {
            return Ok(Versioned::ok(current.revision, edited.value));
        }
        let change =
            Change { expected: current.revision, config: &config, author: &author, summary: &edited.summary };
        let revision = store.commit(change, api.now_ms())?;
        take_into_force(api, revision, config);
        tracing::info!(revision, author, summary = edited.summary, "the configuration was changed");
        Ok(Versioned::ok(revision, edited.value))
    })
    .await
}

/// After the commit, and still under [`Api::editing`].
pub(crate) fn take_into_force(api: &Api, revision: u64, config: Config) {
    let config = Arc::new(config);
    api.set_current(Current { revision, config: config.clone() });
    api.gateway().apply(revision, config);
}

/// Is the whole in order? Errors at or below `at` are the body's.
pub(crate) fn check(config: &Config, at: Option<&str>) -> Result<(), Problem> {
    let Err(errors) = config.validate() else { return Ok(()) };
    let errors = errors.into_iter().map(|error| {
        let below =
            at.and_then(|at| error.field.strip_prefix(at)).filter(|r| r.is_empty() || r.starts_with('/'));
        match below {
            Some(rest) => {
                ProblemField { field: rest.to_owned(), message: error.message, source: ProblemSource::Body }
            }
            None => ProblemField {
                field: error.field,
                message: error.message,
                source: ProblemSource::Configuration,
            },
        }
    });
    Err(Problem::invalid(errors.collect()))
}
