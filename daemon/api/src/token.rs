//! Tokens for programs: `Authorization: Bearer …`.

use crate::auth::Who;
use crate::body::{Body, Id};
use crate::problem::{Code, Problem};
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use demarc_store::Token as Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Enough for every program of a site.
const MAX_TOKENS: usize = 100;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_tokens, create_token)).routes(routes!(delete_token))
}

/// A token for a program.
#[derive(Debug, Serialize, ToSchema)]
struct Token {
    /// Names it.
    id: i64,
    /// Which program it is for.
    name: String,
    /// When it was made, in milliseconds since 1970 UTC.
    created_ms: u64,
    /// When it was last used, to the minute; none = never.
    last_used_ms: Option<u64>,
}

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    /// Which program it is for, 1–64 characters.
    name: String,
}

/// A token that was made.
#[derive(Debug, Serialize, ToSchema)]
struct CreatedToken {
    /// Names it.
    id: i64,
    /// Which program it is for.
    name: String,
    /// The token itself: shown only now.
    token: String,
}

/// All tokens
#[utoipa::path(get, path = "/api/tokens", tag = "tokens", responses((status = 200, body = Vec<Token>)))]
async fn list_tokens(State(api): State<Api>) -> Result<Json<Vec<Token>>, Problem> {
    let tokens = api.store(|store| store.api_tokens()).await?;
    let tokens = tokens.into_iter().map(|token| Token {
        id: token.id,
        name: token.name,
        created_ms: token.created_ms,
        last_used_ms: token.last_used_ms,
    });
    Ok(Json(tokens.collect()))
}

/// Make a token; it is shown only this once
#[utoipa::path(post, path = "/api/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 201, body = CreatedToken)))]
async fn create_token(
    State(api): State<Api>,
    who: Who,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>), Problem> {
    if !(1..=64).contains(&new.name.trim().chars().count()) {
        return Err(Problem::field("/name", "must have 1–64 characters"));
    }
    let secret = Secret::generate().map_err(Problem::internal)?;
    let hash = secret.hash();
    let token = api
        .work(move |api, store| {
            if store.api_tokens()?.len() >= MAX_TOKENS {
                return Err(Problem::new(Code::Conflict, "there are 100 tokens already: delete one first"));
            }
            Ok(store.add_api_token(new.name.trim(), hash, api.now_ms())?)
        })
        .await?;
    tracing::info!(author = who.author(), token = token.name, "a token was made");
    let created = CreatedToken { id: token.id, name: token.name, token: secret.reveal().to_owned() };
    Ok((StatusCode::CREATED, Json(created)))
}

/// Revoke a token
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "tokens", params(("id" = i64, Path)),
    responses((status = 204, description = "Revoked")))]
async fn delete_token(State(api): State<Api>, who: Who, Id(id): Id<i64>) -> Result<StatusCode, Problem> {
    if !api.store(move |store| store.remove_api_token(id)).await? {
        return Err(Problem::new(Code::NotFound, format!("there is no token {id}")));
    }
    tracing::info!(author = who.author(), token = id, "a token was revoked");
    Ok(StatusCode::NO_CONTENT)
}
