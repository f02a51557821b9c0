//! The files of the web UI over HTTP.

use crate::asset::{Asset, asset};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// Only what the gateway serves itself may run, load or connect; nobody may frame it.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
);

const NOT_BUILT: &str = include_str!("not-built.html");

/// Serves the web UI. Every path that is no file and has no extension is a page of the app.
/// Use it as the fallback of the API's router.
pub fn router() -> Router {
    Router::new().fallback(serve)
}

async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let path = uri.path().trim_start_matches('/');
    if let Some(file) = asset(path).filter(|_| !path.ends_with(".gz")) {
        return respond(file, &headers);
    }
    if path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match asset("index.html") {
        Some(page) => respond(page, &headers),
        None => (StatusCode::SERVICE_UNAVAILABLE, axum::response::Html(NOT_BUILT)).into_response(),
    }
}

fn respond(file: Asset, request: &HeaderMap) -> Response {
    let tag = etag(&file.hash);
    let mut response = Response::new(Body::empty());
    let unchanged = request.get(header::IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == tag.as_bytes());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let keep = if file.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    let body = match file.gzip.filter(|_| takes_gzip(request)) {
        Some(gzip) => {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            gzip
        }
        None => file.body,
    };
    *response.body_mut() = Body::from(body.into_owned());
    response
}

fn etag(hash: &[u8; 32]) -> String {
    use std::fmt::Write;
    hash.iter().take(12).fold(String::from("\""), |mut tag, octet| {
        let _ = write!(tag, "{octet:02x}");
        tag
    }) + "\""
}

fn takes_gzip(request: &HeaderMap) -> bool {
    request
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|coding| coding.trim().split(';').next() == Some("gzip")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use axum::body::to_bytes;

    async fn get(path: &str) -> Response {
        serve(Method::GET, path.parse().unwrap(), HeaderMap::new()).await
    }

    #[tokio::test]
    async fn a_page_of_the_app_is_the_index_and_a_missing_file_is_missing() {
        let page = get("/trunks/3").await;
        assert_eq!(page.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        let built = asset("index.html").is_some();
        assert_eq!(page.status(), if built { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE });
        let text = to_bytes(page.into_body(), 1 << 20).await.unwrap();
        assert!(String::from_utf8_lossy(&text).contains(if built { "id=\"app\"" } else { "npm run build" }));
        assert_eq!(get("/assets/gone.js").await.status(), StatusCode::NOT_FOUND);
        assert_eq!(get("/../Cargo.toml").await.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn only_reading_is_served() {
        let answer = serve(Method::POST, "/".parse().unwrap(), HeaderMap::new()).await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    }

    fn file(immutable: bool) -> Asset {
        Asset {
            body: b"long".as_slice().into(),
            gzip: Some(b"short".as_slice().into()),
            content_type: "text/javascript; charset=utf-8",
            immutable,
            hash: [7; 32],
        }
    }

    #[tokio::test]
    async fn hashed_names_are_kept_for_ever_and_others_are_asked_for() {
        let kept = respond(file(true), &HeaderMap::new());
        assert_eq!(kept.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        let asked = respond(file(false), &HeaderMap::new());
        assert_eq!(asked.headers()[header::CACHE_CONTROL], "no-cache");
        let mut again = HeaderMap::new();
        again.insert(header::IF_NONE_MATCH, asked.headers()[header::ETAG].clone());
        assert_eq!(respond(file(false), &again).status(), StatusCode::NOT_MODIFIED);
    }

    #[tokio::test]
    async fn gzip_is_sent_to_those_who_take_it() {
        let mut takes = HeaderMap::new();
        takes.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("br, gzip;q=1"));
        let packed = respond(file(true), &takes);
        assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
        assert_eq!(to_bytes(packed.into_body(), 100).await.unwrap(), "short");
        let plain = respond(file(true), &HeaderMap::new());
        assert!(plain.headers().get(header::CONTENT_ENCODING).is_none());
        assert_eq!(to_bytes(plain.into_body(), 100).await.unwrap(), "long");
    }
}
