//! Packet loss concealment.

use super::*;
use std::ptr::{NonNull, null_mut};

/// A concealer (`plc`): repeats the last pitch period, faded to silence within 50 ms.
pub struct Plc {
    context: NonNull<Context>,
}

impl Plc {
    /// A concealer; `None` when there is no memory.
    pub fn new() -> Option<Self> {
        // SAFETY: NULL asks spandsp to allocate.
        NonNull::new(unsafe { plc_init(null_mut()) }).map(|context| Self { context })
    }

    /// Remembers what came; after a loss its beginning is blended with what was made up.
    pub fn heard(&mut self, samples: &mut [i16]) {
        // SAFETY: the context is live and `samples` writable for its length.
        unsafe { plc_rx(self.context.as_ptr(), samples.as_mut_ptr(), length(samples)) };
    }

    /// Makes up what did not come.
    pub fn conceal(&mut self, samples: &mut [i16]) {
        // SAFETY: the context is live and `samples` writable for its length.
        unsafe { plc_fillin(self.context.as_ptr(), samples.as_mut_ptr(), length(samples)) };
    }
}

impl Drop for Plc {
    fn drop(&mut self) {
        // SAFETY: the context came from `plc_init` and is freed once.
        unsafe { plc_free(self.context.as_ptr()) };
    }
}

// SAFETY: see the module.
unsafe impl Send for Plc {}
