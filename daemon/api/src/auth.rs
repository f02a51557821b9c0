//! Who may come in. Every request passes here; all but [`PUBLIC`] need a session or a token.

use crate::body::is_json;
use crate::problem::{Code, Problem};
use crate::state::Api;
use axum::Router;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use demarc_store::{Token, TokenHash};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The doors that are open: everything that is not here is closed.
pub(crate) const PUBLIC: [(Method, &str); 4] = [
    (Method::GET, "/api/health"),
    (Method::GET, "/api/setup"),
    (Method::POST, "/api/setup"),
    (Method::POST, "/api/session"),
];

/// The name of the session's cookie.
pub(crate) const COOKIE: &str = "demarc_session";

/// Who makes the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// A person in a browser.
    Session {
        /// The administrator's name.
        administrator: String,
        /// The session.
        hash: TokenHash,
        /// When it ends.
        expires_ms: u64,
    },
    /// A program.
    Token {
        /// The token's name.
        name: String,
        /// The token.
        hash: TokenHash,
    },
}

impl Who {
    /// The author of a revision.
    pub(crate) fn author(&self) -> String {
        match self {
            Who::Session { administrator, .. } => administrator.clone(),
            Who::Token { name, .. } => format!("token {name}"),
        }
    }
}

/// Handlers that need to know; the guard has put it there.
impl<S: Sync> FromRequestParts<S> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Who>().cloned().ok_or_else(sign_in)
    }
}

/// The request came over TLS: what it gets is for TLS alone.
#[derive(Debug, Clone, Copy)]
struct OverTls;

/// Marks every request as one that came over TLS: the session's cookie is for HTTPS only then.
pub fn over_tls(router: Router) -> Router {
    router.layer(axum::Extension(OverTls))
}

/// Did the request come over TLS?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Encrypted(pub(crate) bool);

impl<S: Sync> FromRequestParts<S> for Encrypted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Encrypted(parts.extensions.get::<OverTls>().is_some()))
    }
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source(pub(crate) IpAddr);

impl<S: Sync> FromRequestParts<S> for Source {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        // Without the address of the peer all share one count: safe, if not kind.
        Ok(Source(info.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip())))
    }
}

/// Lets a request through or not.
pub(crate) async fn guard(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let result = match identify(&api, request.headers()).await {
        Err(problem) => Err(problem),
        Ok(who) => admit(who, &request),
    };
    match result {
        Err(problem) => problem.into_response(),
        Ok(who) => {
            if let Some(who) = who {
                request.extensions_mut().insert(who);
            }
            next.run(request).await
        }
    }
}

fn admit(who: Option<Who>, request: &Request) -> Result<Option<Who>, Problem> {
    let (method, path) = (request.method(), request.uri().path());
    let public = PUBLIC.iter().any(|(m, p)| m == method && *p == path);
    // A program shows its token on purpose; a browser sends its cookie for anybody who asks.
    if !matches!(who, Some(Who::Token { .. })) {
        same_origin(method, request.uri(), request.headers())?;
    }
    if who.is_none() && !public { Err(sign_in()) } else { Ok(who) }
}

/// Who shows this session or token; none when it shows nothing that is valid.
async fn identify(api: &Api, headers: &HeaderMap) -> Result<Option<Who>, Problem> {
    let now_ms = api.now_ms();
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let Some(token) = value.to_str().ok().and_then(bearer) else { return Ok(None) };
        let hash = Token::from_client(token).hash();
        let name = api.store(move |store| store.use_api_token(hash, now_ms)).await?;
        return Ok(name.map(|name| Who::Token { name, hash }));
    }
    let Some(hash) = session_cookie(headers) else { return Ok(None) };
    let session = api.store(move |store| store.session(hash, now_ms)).await?;
    Ok(session.map(|(administrator, expires_ms)| Who::Session { administrator, hash, expires_ms }))
}

/// Is it still who it was? For streams, which outlive the request that opened them.
pub(crate) async fn still_valid(api: &Api, who: &Who) -> bool {
    let now_ms = api.now_ms();
    let found = match *who {
        Who::Session { hash, .. } => api.store(move |s| Ok(s.session(hash, now_ms)?.is_some())).await,
        Who::Token { hash, .. } => api.store(move |s| Ok(s.use_api_token(hash, now_ms)?.is_some())).await,
    };
    found.unwrap_or(false)
}

/// Refuses what another site makes a browser send (CSRF, cross-site WebSockets).
fn same_origin(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(origin) = text(header::ORIGIN) {
        let host = text(header::HOST).or_else(|| uri.authority().map(|a| a.as_str()));
        let ours = host.is_some_and(|host| is_origin_of(origin, host));
        return if ours {
            Ok(())
        } else {
            Err(Problem::new(Code::Forbidden, "this comes from another site"))
        };
    }
    if method.is_safe() {
        return Ok(());
    }
    // Browsers name the origin; whoever does not must at least send what no HTML form can.
    match text(header::HeaderName::from_static("sec-fetch-site")) {
        Some("same-origin" | "none") => Ok(()),
        Some(_) => Err(Problem::new(Code::Forbidden, "this comes from another site")),
        None if *method != Method::POST || is_json(headers) => Ok(()),
        None => Err(Problem::new(Code::UnsupportedMediaType, "send Content-Type: application/json")),
    }
}

fn is_origin_of(origin: &str, host: &str) -> bool {
    let (rest, default) = match origin.split_once("://") {
        Some(("http", rest)) => (rest, ":80"),
        Some(("https", rest)) => (rest, ":443"),
        _ => return false,
    };
    let bare = |authority: &str| authority.strip_suffix(default).unwrap_or(authority).to_ascii_lowercase();
    bare(rest) == bare(host)
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn session_cookie(headers: &HeaderMap) -> Option<TokenHash> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| Token::from_client(value).hash())
}

fn sign_in() -> Problem {
    Problem::new(Code::SignIn, "sign in first, or send a token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_ours_or_not() {
        for (origin, host) in [
            ("http://gateway.example", "gateway.example"),
            ("http://gateway.example", "Gateway.Example:80"),
            ("https://192.0.2.1", "192.0.2.1:443"),
            ("http://[2001:db8::1]:8080", "[2001:db8::1]:8080"),
        ] {
            assert!(is_origin_of(origin, host), "{origin} {host}");
        }
        for (origin, host) in [
            ("http://gateway.example", "gateway.example:8080"),
            ("http://evil.example", "gateway.example"),
            ("http://gateway.example.evil.example", "gateway.example"),
            ("null", "null"),
            ("file://gateway.example", "gateway.example"),
            ("", ""),
        ] {
            assert!(!is_origin_of(origin, host), "{origin} {host}");
        }
    }
}
