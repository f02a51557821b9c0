//! The administrator's password is forgotten, because somebody in front of the unit wants it.

use crate::setup::{SetupCode, new_setup_code};
use crate::state::Api;
use demarc_model::Config;
use std::sync::Arc;

impl Api {
    /// Forgets the administrators, their sessions and tokens; the code with which a new one is made.
    /// The configuration stays. It waits for the disk.
    ///
    /// # Errors
    /// In words: then nothing has changed.
    pub fn forget_administrators(&self) -> Result<String, String> {
        let code = new_setup_code()?;
        self.store_here(|store| store.forget_administrators()).map_err(|error| error.to_string())?;
        *self.setup_code() = Some(SetupCode::new(&code));
        tracing::warn!("the administrators were forgotten at the console");
        Ok(code)
    }

    /// The configuration in force, and its revision.
    pub fn configuration(&self) -> (u64, Arc<Config>) {
        let current = self.current();
        (current.revision, current.config)
    }

    /// Is there an administrator?
    pub fn has_administrator(&self) -> bool {
        self.store_here(|store| store.is_set_up()).unwrap_or(true)
    }
}
