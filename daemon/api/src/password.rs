//! The administrator's password.

use crate::auth::{Source, Who};
use crate::body::Body;
use crate::problem::{Code, Problem};
use crate::session::check_password;
use crate::state::Api;
use axum::extract::State;
use axum::http::StatusCode;
use demarc_store::PasswordHash;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Shortest and longest password, in characters. Length is all that helps; so length is all that
/// is asked for.
const LENGTH: std::ops::RangeInclusive<usize> = 10..=256;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(put_password))
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    /// The present one.
    current: String,
    /// The new one, 10–256 characters.
    new: String,
}

/// Change one's password
///
/// Every other session of this administrator ends. Not for tokens.
#[utoipa::path(put, path = "/api/password", tag = "session", request_body = PasswordChange,
    responses((status = 204, description = "Changed")))]
async fn put_password(
    State(api): State<Api>,
    who: Who,
    source: Source,
    Body(change): Body<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let Who::Session { administrator, hash, .. } = who else {
        return Err(Problem::new(Code::Forbidden, "a token has no password: sign in"));
    };
    check_new("/new", &change.new)?;
    if !check_password(&api, source, administrator.clone(), change.current).await? {
        return Err(Problem::field("/current", "is not the present password"));
    }
    api.hash(move |api, store| {
        let password = PasswordHash::new(&change.new).map_err(Problem::internal)?;
        Ok(store.set_password(&administrator, &password, Some(hash), api.now_ms())?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Is it good enough?
pub(crate) fn check_new(field: &str, password: &str) -> Result<(), Problem> {
    if LENGTH.contains(&password.chars().count()) {
        return Ok(());
    }
    Err(Problem::field(field, format!("must have {}–{} characters", LENGTH.start(), LENGTH.end())))
}
