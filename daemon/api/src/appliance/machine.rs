//! What the API asks of the part of the appliance that runs as root.

use demarc_model::appliance::{Answer, Request};
use std::path::PathBuf;

/// The way to the machine.
pub trait Machine: Send + Sync + 'static {
    /// Asks something, and waits for the answer.
    ///
    /// # Errors
    /// In words, when nobody answers.
    fn ask(&self, request: &Request) -> Result<Answer, String>;
    /// Where an update bundle that is uploaded is put.
    fn upload(&self) -> PathBuf;
}
