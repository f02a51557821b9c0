//! The system's spandsp 0.0.6, by thin externs, and safe owners of its contexts.
//!
//! The only `unsafe` of this crate. Contexts are allocated by spandsp (`init(NULL)`), so nothing here
//! depends on their layout. A context is touched only through `&mut`, has no thread affinity and
//! shares nothing with another, hence `Send`.
//!
//! What differs in spandsp 3.x: `digits_rx_callback_t` and `tone_report_func_t` became
//! `span_digits_callback_t` and `span_tone_report_func_t` (same signatures); `dtmf_rx_parms` takes
//! its levels as `float`; `span_put_msg_func_t` is the name of `put_msg_func_t`. We pass no levels,
//! so these externs hold for both.
#![allow(unsafe_code)]

mod adsi;
mod dtmf;
mod plc;

pub use adsi::{AdsiReceiver, AdsiSender, Standard};
pub use dtmf::{DtmfReceiver, KeyEdge};
pub use plc::Plc;

use std::ffi::{c_int, c_void};

/// A context of spandsp: opaque.
#[repr(C)]
struct Context {
    _private: [u8; 0],
}

type ToneReport = unsafe extern "C" fn(user_data: *mut c_void, code: c_int, level: c_int, delay: c_int);
type PutMessage = unsafe extern "C" fn(user_data: *mut c_void, message: *const u8, length: c_int);
type DigitsReport =
    unsafe extern "C" fn(user_data: *mut c_void, digits: *const std::ffi::c_char, length: c_int);

unsafe extern "C" {
    // dtmf.h
    fn dtmf_rx_init(s: *mut Context, callback: Option<DigitsReport>, user_data: *mut c_void) -> *mut Context;
    fn dtmf_rx_set_realtime_callback(s: *mut Context, callback: Option<ToneReport>, user_data: *mut c_void);
    fn dtmf_rx(s: *mut Context, samples: *const i16, count: c_int) -> c_int;
    fn dtmf_rx_free(s: *mut Context) -> c_int;

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
