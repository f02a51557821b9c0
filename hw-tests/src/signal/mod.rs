//! Measuring: pure functions over octets and samples at 8000 a second.

pub mod chirp;
pub mod g711;
pub mod level;
pub mod prbs;
pub mod wav;
pub mod weighting;

/// Samples a second.
pub const RATE: f64 = 8000.0;
