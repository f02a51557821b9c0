//! The system's spandsp 0.0.6, by thin externs, and safe owners of its contexts.
//!
//! The only `unsafe` of this crate. Contexts are allocated by spandsp (`init(NULL)`), so nothing here
//! depends on their layout. A context is touched only through `&mut`, has no thread affinity and
//! shares nothing with another, hence `Send`.
//!
//! What differs in spandsp 3.x: `span_put_msg_func_t` is the name of `put_msg_func_t` (same signature),
//! so these externs hold for both.
#![allow(unsafe_code)]

mod adsi;
mod plc;

pub use adsi::{AdsiReceiver, AdsiSender, Standard};
pub use plc::Plc;

use std::ffi::{c_int, c_void};

/// A context of spandsp: opaque.
#[repr(C)]
struct Context {
    _private: [u8; 0],
}

type PutMessage = unsafe extern "C" fn(user_data: *mut c_void, message: *const u8, length: c_int);

unsafe extern "C" {
    // adsi.h
    fn adsi_rx_init(
        s: *mut Context,
        standard: c_int,
        put: PutMessage,
        user_data: *mut c_void,
    ) -> *mut Context;
    fn adsi_rx(s: *mut Context, samples: *const i16, count: c_int) -> c_int;
    fn adsi_rx_free(s: *mut Context) -> c_int;
    fn adsi_tx_init(s: *mut Context, standard: c_int) -> *mut Context;
    fn adsi_tx_set_preamble(s: *mut Context, seizure: c_int, mark: c_int, after: c_int, stop: c_int);
    fn adsi_tx_put_message(s: *mut Context, message: *const u8, length: c_int) -> c_int;
    fn adsi_tx(s: *mut Context, samples: *mut i16, count: c_int) -> c_int;
    fn adsi_tx_free(s: *mut Context) -> c_int;
    fn adsi_add_field(
        s: *mut Context,
        message: *mut u8,
        length: c_int,
        kind: u8,
        body: *const u8,
        body_length: c_int,
    ) -> c_int;
    fn adsi_next_field(
        s: *mut Context,
        message: *const u8,
        length: c_int,
        position: c_int,
        kind: *mut u8,
        body: *mut *const u8,
        body_length: *mut c_int,
    ) -> c_int;

    // plc.h
    fn plc_init(s: *mut Context) -> *mut Context;
    fn plc_rx(s: *mut Context, samples: *mut i16, count: c_int) -> c_int;
    fn plc_fillin(s: *mut Context, samples: *mut i16, count: c_int) -> c_int;
    fn plc_free(s: *mut Context) -> c_int;
}

/// The length of a slice as C has it; our slices are blocks and messages, far below the limit.
fn length<T>(slice: &[T]) -> c_int {
    c_int::try_from(slice.len()).unwrap_or(c_int::MAX)
}

#[cfg(test)]
unsafe extern "C" {
    /// g711.h: Table 4 of G.711, a second opinion.
    pub safe fn alaw_to_ulaw(octet: u8) -> u8;
    /// g711.h: Table 3 of G.711, a second opinion.
    pub safe fn ulaw_to_alaw(octet: u8) -> u8;
}
