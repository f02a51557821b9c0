//! What differs from country to country.

use serde::{Deserialize, Serialize};

/// A country whose lines and numbers the gateway knows, by its ISO 3166-1 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[allow(missing_docs)] // the code is the documentation
pub enum Country {
    US,
    CA,
    GB,
    DE,
    FR,
    IT,
    ES,
    NL,
    SE,
    CH,
    BR,
    MX,
    AR,
    AU,
    NZ,
    JP,
    IN,
    CN,
    RU,
    ZA,
    TR,
}
