//! Errors as problem details (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use demarc_store::{CommitError, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What went wrong, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Code {
    /// 400: the request cannot be read.
    Malformed,
    /// 401: sign in first.
    SignIn,
    /// 403: not from there.
    Forbidden,
    /// 404: there is no such thing.
    NotFound,
    /// 405: not with this method.
    MethodNotAllowed,
    /// 408: the request took too long.
    Timeout,
    /// 409: it does not fit what there is.
    Conflict,
    /// 412: the configuration was changed meanwhile.
    StaleRevision,
    /// 413: too large.
    TooLarge,
    /// 415: send `application/json`.
    UnsupportedMediaType,
    /// 422: the request can be read, but what it asks for is wrong; `errors` says where.
    Invalid,
    /// 428: `If-Match` is missing.
    RevisionRequired,
    /// 429: too many attempts; `Retry-After` says how long to wait.
    TooManyAttempts,
    /// 500: our fault; the log says more.
    Internal,
    /// 503: too much to do right now.
    Busy,
    /// 507: the disk is full.
    DiskFull,
}

impl Code {
    fn status(self) -> StatusCode {
        match self {
            Code::Malformed => StatusCode::BAD_REQUEST,
            Code::SignIn => StatusCode::UNAUTHORIZED,
            Code::Forbidden => StatusCode::FORBIDDEN,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Code::Timeout => StatusCode::REQUEST_TIMEOUT,
            Code::Conflict => StatusCode::CONFLICT,
            Code::StaleRevision => StatusCode::PRECONDITION_FAILED,
            Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Code::RevisionRequired => StatusCode::PRECONDITION_REQUIRED,
            Code::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Code::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Code::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        }
    }
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    code: Code,
    detail: String,
    errors: Vec<ProblemField>,
    retry_after_s: Option<u64>,
}

/// One thing that is wrong, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ProblemField {
    /// Where: a JSON pointer (RFC 6901) into the request's body or into the configuration, or the
    /// name of a parameter.
    pub(crate) field: String,
    /// What is wrong and what would be right.
    pub(crate) message: String,
    /// What `field` points into.
    pub(crate) source: ProblemSource,
}

/// What a field points into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProblemSource {
    /// The body of the request.
    Body,
    /// The configuration as it would have become: another object does not fit the change.
    Configuration,
    /// A query parameter.
    Query,
}

/// Problem details (RFC 9457).
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDocument {
    /// Always `about:blank`: `code` says more.
    r#type: String,
    /// The HTTP status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What went wrong, for people.
    detail: String,
    /// What went wrong, for programs.
    code: Code,
    /// Which fields are wrong.
    errors: Vec<ProblemField>,
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after_s: None }
    }

    /// Fields that are wrong.
    pub(crate) fn invalid(errors: Vec<ProblemField>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{}: {}", one.field, one.message),
            many => format!("{} fields are wrong", many.len()),
        };
        Self { errors, ..Self::new(Code::Invalid, detail) }
    }

    /// One field of the body that is wrong.
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(vec![ProblemField {
            field: field.into(),
            message: message.into(),
            source: ProblemSource::Body,
        }])
    }

    /// In words, for whoever is not a program.
    pub(crate) fn words(&self) -> String {
        let word = |error: &ProblemField| match error.field.strip_prefix('/').unwrap_or(&error.field) {
            // It names the place itself.
            field if field.starts_with("mapping/") => error.message.clone(),
            field => format!("{field}: {}", error.message),
        };
        if self.errors.is_empty() {
            return self.detail.clone();
        }
        self.errors.iter().map(word).collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn too_many_attempts(retry_after_s: u64) -> Self {
        let detail = format!("too many failed attempts; try again in {retry_after_s} seconds");
        Self { retry_after_s: Some(retry_after_s), ..Self::new(Code::TooManyAttempts, detail) }
    }

    /// Our fault: the log gets the reason, the client a sentence.
    pub(crate) fn internal(reason: impl std::fmt::Display) -> Self {
        tracing::error!(%reason, "a request failed");
        Self::new(Code::Internal, "the gateway failed to do this; its log says why")
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::DiskFull => Problem::new(Code::DiskFull, error.to_string()),
            StoreError::Failed(_) => Problem::internal(error),
        }
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Stale { .. } => Problem::new(Code::StaleRevision, error.to_string()),
            CommitError::AlreadySetUp => Problem::new(Code::Conflict, error.to_string()),
            CommitError::Store(error) => error.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.code.status();
        let document = ProblemDocument {
            r#type: "about:blank".into(),
            title: status.canonical_reason().unwrap_or_default().into(),
            status: status.as_u16(),
            detail: self.detail,
            code: self.code,
            errors: self.errors,
        };
        let mut response = (status, axum::Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == Code::SignIn {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
