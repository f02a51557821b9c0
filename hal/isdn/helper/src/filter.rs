//! Frames that libpri is not to see, because it trusts them too far.

/// Shortest frame with FCS that has an address and a control field (Q.921 §2.2).
const SHORTEST: usize = 5;

/// Whether libpri may have the frame; `terminals` on the network side of a point-to-multipoint BRI.
pub fn is_safe(frame: &[u8], _terminals: bool) -> bool {
    frame.len() >= SHORTEST
}
