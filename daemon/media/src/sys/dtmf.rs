//! DTMF reception.

use super::*;
use std::ptr::{NonNull, null_mut};

/// A key went down or came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyEdge {
    /// `0`–`9`, `*`, `#`, `A`–`D` is heard.
    Down(char),
    /// It is heard no more.
    Up,
}

/// How many edges one block of 20 ms can bring; a detector needs 25 ms for each.
const EDGES: usize = 4;

/// A DTMF receiver (`dtmf_rx`): Q.24 timing, 8 dB twist, 4 dB reverse twist.
pub struct DtmfReceiver {
    context: NonNull<Context>,
    /// Filled by spandsp while it processes a block.
    edges: Edges,
}

#[derive(Default)]
struct Edges {
    list: [Option<KeyEdge>; EDGES],
    count: usize,
}

impl DtmfReceiver {
    /// A receiver; `None` when there is no memory.
    pub fn new() -> Option<Self> {
        // SAFETY: NULL asks spandsp to allocate; no digits callback is given.
        let context = NonNull::new(unsafe { dtmf_rx_init(null_mut(), None, null_mut()) })?;
        Some(Self { context, edges: Edges::default() })
    }

    /// Listens to `samples`; what happened in them, in order.
    pub fn listen(&mut self, samples: &[i16]) -> impl Iterator<Item = KeyEdge> + '_ {
        let edges = &raw mut self.edges;
        // SAFETY: the context is live and `samples` readable for its length. spandsp uses the pointer
        // only during the second call, when we hold no reference to the edges; later it gets another.
        unsafe {
            dtmf_rx_set_realtime_callback(self.context.as_ptr(), Some(report), edges.cast());
            dtmf_rx(self.context.as_ptr(), samples.as_ptr(), length(samples));
        }
        let edges = std::mem::take(&mut self.edges);
        edges.list.into_iter().flatten()
    }
}

unsafe extern "C" fn report(user_data: *mut c_void, code: c_int, _level: c_int, _delay: c_int) {
    // SAFETY: `user_data` is the `Edges` of the receiver that is listening, to which nobody else
    // holds a reference now.
    let edges = unsafe { &mut *user_data.cast::<Edges>() };
    let edge = match u8::try_from(code) {
        Ok(digit @ (b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D')) => KeyEdge::Down(char::from(digit)),
        _ => KeyEdge::Up,
    };
    if let Some(slot) = edges.list.get_mut(edges.count) {
        *slot = Some(edge);
        edges.count += 1;
    }
}

impl Drop for DtmfReceiver {
    fn drop(&mut self) {
        // SAFETY: the context came from `dtmf_rx_init` and is freed once.
        unsafe { dtmf_rx_free(self.context.as_ptr()) };
    }
}

// SAFETY: see the module.
unsafe impl Send for DtmfReceiver {}
