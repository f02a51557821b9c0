//! What comes in: bodies, paths and queries, refused with a problem that names the field.

use crate::problem::{Code, Problem, ProblemField, ProblemSource};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        read(request, state).await.and_then(|bytes| parse(&bytes)).map(Body)
    }
}

/// A JSON body, unread.
pub(crate) struct RawBody(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        read(request, state).await.map(RawBody)
    }
}

/// The last part of the path.
pub(crate) struct Id<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Id(id)),
            Err(_) => Err(Problem::new(Code::NotFound, "there is nothing at this address")),
        }
    }
}

/// The query.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(parameters)) => Ok(Parameters(parameters)),
            Err(error) => Err(Problem::new(Code::Malformed, error.body_text())),
        }
    }
}

/// Reads JSON; what does not fit is named by its place.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let place = pointer(error.path());
        let error = error.into_inner();
        match error.classify() {
            Category::Data => {
                let message = error.to_string();
                // " at line 1 column 7" tells a person nothing in a form.
                let message = message.split(" at line ").next().unwrap_or_default().to_owned();
                let field = format!("{place}{}", named_in(&message));
                Problem::invalid(vec![ProblemField { field, message, source: ProblemSource::Body }])
            }
            Category::Io | Category::Syntax | Category::Eof => not_json(&error),
        }
    })?;
    json.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::new(Code::Malformed, format!("the body is not JSON: {error}"))
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new(Code::UnsupportedMediaType, "send Content-Type: application/json"));
    }
    Bytes::from_request(request, state).await.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Code::TooLarge, "the body is too large"),
        _ => Problem::new(Code::Malformed, error.body_text()),
    })
}

pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1")))
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// serde names a missing field only in words: "missing field `name`".
fn named_in(message: &str) -> String {
    let rest = message.strip_prefix("missing field `");
    match rest.and_then(|rest| rest.split_once('`')) {
        Some((name, _)) => format!("/{name}"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::config::Trunk;

    fn place(json: &str) -> String {
        let problem = parse::<Trunk>(json.as_bytes()).unwrap_err();
        format!("{problem:?}").split("field: \"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    #[test]
    fn errors_name_their_field() {
        assert_eq!(place(r#"{"id":1,"name":5}"#), "/name");
        assert_eq!(place(r#"{"id":1,"enabled":true,"kind":{"type":"sip"}}"#), "/kind/host");
        assert_eq!(place(r#"{"id":1,"name":"a","enabled":true}"#), "/kind");
        assert_eq!(place(r#"{"id":1,"nam":"a"}"#), "/nam");
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for body in ["", "{", "{} {}", "nul"] {
            let problem = parse::<serde_json::Value>(body.as_bytes()).unwrap_err();
            assert!(format!("{problem:?}").contains("Malformed"), "{body}");
        }
    }
}
