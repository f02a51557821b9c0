//! Signing in and out.

use crate::auth::{COOKIE, Encrypted, Source, Who};
use crate::body::Body;
use crate::problem::{Code, Problem};
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use demarc_store::{NewSession, Token};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How long a session lasts.
const LIFETIME_S: u64 = 24 * 60 * 60;

/// The administrator that setup makes.
pub(crate) const ADMINISTRATOR: &str = "admin";

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(get_session, create_session, delete_session))
}

/// Who one is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    /// The administrator's or the token's name.
    name: String,
    /// A person or a program.
    kind: SessionKind,
    /// When it ends, in milliseconds since 1970 UTC; none = never.
    expires_ms: Option<u64>,
}

/// A person or a program.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SessionKind {
    /// A person in a browser.
    Session,
    /// A program.
    Token,
}

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    /// The administrator's name; `admin` unless told.
    #[serde(default = "administrator")]
    name: String,
    /// The password.
    password: String,
}

fn administrator() -> String {
    ADMINISTRATOR.into()
}

/// Sign in: the answer sets the session's cookie
#[utoipa::path(post, path = "/api/session", tag = "session", request_body = Login,
    responses((status = 201, body = Session)))]
async fn create_session(
    State(api): State<Api>,
    source: Source,
    encrypted: Encrypted,
    Body(login): Body<Login>,
) -> Result<impl IntoResponse, Problem> {
    if !check_password(&api, source, login.name.clone(), login.password).await? {
        tracing::warn!(source = %source.0, name = login.name, "a sign-in failed");
        return Err(Problem::new(Code::SignIn, "name or password is wrong"));
    }
    begin(&api, login.name, encrypted).await
}

/// Who am I?
#[utoipa::path(get, path = "/api/session", tag = "session", responses((status = 200, body = Session)))]
async fn get_session(who: Who) -> Json<Session> {
    Json(match who {
        Who::Session { administrator, expires_ms, .. } => {
            Session { name: administrator, kind: SessionKind::Session, expires_ms: Some(expires_ms) }
        }
        Who::Token { name, .. } => Session { name, kind: SessionKind::Token, expires_ms: None },
    })
}

/// Sign out
#[utoipa::path(delete, path = "/api/session", tag = "session",
    responses((status = 204, description = "Signed out")))]
async fn delete_session(
    State(api): State<Api>,
    encrypted: Encrypted,
    who: Who,
) -> Result<impl IntoResponse, Problem> {
    if let Who::Session { hash, .. } = who {
        api.store(move |store| store.end_session(hash)).await?;
    }
    Ok((StatusCode::NO_CONTENT, [cookie(encrypted, "", 0)]))
}

/// Begins a session for somebody who has proved who it is.
pub(crate) async fn begin(
    api: &Api,
    administrator: String,
    encrypted: Encrypted,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Session>), Problem> {
    let token = Token::generate().map_err(Problem::internal)?;
    let (hash, now_ms) = (token.hash(), api.now_ms());
    let expires_ms = now_ms.saturating_add(LIFETIME_S * 1000);
    let name = administrator.clone();
    api.store(move |store| {
        store.begin_session(NewSession { hash, administrator: &administrator, expires_ms }, now_ms)
    })
    .await?;
    let session = Session { name, kind: SessionKind::Session, expires_ms: Some(expires_ms) };
    Ok((StatusCode::CREATED, [cookie(encrypted, token.reveal(), LIFETIME_S)], Json(session)))
}

/// Is it the password? Takes as long when there is no such administrator.
pub(crate) async fn check_password(
    api: &Api,
    Source(address): Source,
    name: String,
    password: String,
) -> Result<bool, Problem> {
    let begun = api.attempts().begin(address, api.now().mono);
    begun.map_err(|wait| Problem::too_many_attempts(wait.as_secs() + 1))?;
    let good = api
        .hash(move |api, store| {
            let decoy = api.decoy()?;
            let stored = store.password(&name)?;
            let matches = stored.as_ref().unwrap_or(decoy).verify(&password);
            Ok(matches && stored.is_some())
        })
        .await?;
    if good {
        api.attempts().succeeded(address);
    }
    Ok(good)
}

fn cookie(Encrypted(encrypted): Encrypted, value: &str, max_age_s: u64) -> (HeaderName, String) {
    let secure = if encrypted { "; Secure" } else { "" };
    let value = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={max_age_s}{secure}");
    (header::SET_COOKIE, value)
}
