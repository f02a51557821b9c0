//! The configuration is checked as a whole.

/// One thing that is wrong, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{field}: {message}")]
pub struct FieldError {
    /// Where: a JSON pointer into the configuration, `/devices/3/kind/username` (positions in the
    /// list count from 0).
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}
