//! Named checks, one line each on the console.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Counts what passed and what did not.
#[derive(Debug, Default)]
pub struct Checks {
    only: Option<String>,
    passed: u32,
    failed: Vec<String>,
}

impl Checks {
    /// Only checks whose name contains `only` are run.
    pub fn new(only: Option<String>) -> Self {
        Self { only, ..Self::default() }
    }

    /// Runs one; a panic is a failure. False when it failed.
    pub fn run(&mut self, name: &str, check: impl FnOnce()) -> bool {
        if self.only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            return true;
        }
        if catch_unwind(AssertUnwindSafe(check)).is_ok() {
            println!("ok      {name}");
            self.passed += 1;
            true
        } else {
            println!("FAILED  {name}");
            self.failed.push(name.to_owned());
            false
        }
    }

    /// Says how it went; true when all passed and there was at least one.
    pub fn finish(self) -> bool {
        for name in &self.failed {
            println!("failed: {name}");
        }
        println!("{} passed, {} failed", self.passed, self.failed.len());
        self.failed.is_empty() && self.passed > 0
    }
}
