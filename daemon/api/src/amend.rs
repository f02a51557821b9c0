//! Changes that no administrator makes: a feature code that somebody dialled, a card that was
//! plugged in, what the autopilot found out. They are revisions like any other.

use crate::edit::take_into_force;
use crate::state::Api;
use demarc_model::Config;
use demarc_store::Change;

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmendError {
    /// The whole would not be in order: the field and the remedy of its first fault.
    #[error("{field}: {message}")]
    Invalid {
        /// JSON pointer into the configuration.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// The store does not take it.
    #[error("the store does not take it: {0}")]
    Store(String),
}

impl Api {
    /// Changes the configuration in force, in the name of `author`, and gives it to the gateway. It
    /// waits for the disk. False when `change` changed nothing.
    ///
    /// # Errors
    /// [`AmendError`]: then nothing has changed.
    pub fn amend(
        &self,
        author: &str,
        summary: &str,
        change: impl FnOnce(&mut Config),
    ) -> Result<bool, AmendError> {
        let _turn = self.editing();
        let current = self.current();
        let mut config = (*current.config).clone();
        change(&mut config);
        if config == *current.config {
            return Ok(false);
        }
        if let Err(faults) = config.validate()
            && let Some(fault) = faults.into_iter().next()
        {
            return Err(AmendError::Invalid { field: fault.field, message: fault.message });
        }
        let change = Change { expected: current.revision, config: &config, author, summary };
        let revision = self.commit(change).map_err(|error| AmendError::Store(error.to_string()))?;
        take_into_force(self, revision, config);
        tracing::info!(revision, author, summary, "the configuration was changed");
        Ok(true)
    }
}
