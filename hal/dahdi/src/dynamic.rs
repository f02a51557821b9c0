//! Spans of software, for the laboratory: `dahdi_dynamic`.

use crate::device::{Control, os};
use crate::sys::Plain;
use crate::sys::abi::{DYNAMIC_CREATE, DYNAMIC_DESTROY, DynamicSpan};
use crate::text;
use demarc_hal::Error;
use std::path::Path;

/// Makes a span; the kernel's number of it. `driver` is `loc` for two spans that are connected in
/// the kernel; their `address`es are `key:0` and `key:1`, with one hexadecimal digit as the key.
///
/// # Errors
/// [`Error::Os`].
pub fn create(dev: &Path, driver: &str, address: &str, channels: u8) -> Result<i32, Error> {
    let mut span = named(driver, address);
    span.numchans = channels.into();
    Control::new(dev)?.request(DYNAMIC_CREATE, &mut span).map_err(os("making a span of software"))?;
    Ok(span.spanno)
}

/// Takes a span away: to what is open on it, as if its card were pulled.
///
/// # Errors
/// [`Error::Os`].
pub fn destroy(dev: &Path, driver: &str, address: &str) -> Result<(), Error> {
    let mut span = named(driver, address);
    Control::new(dev)?.request(DYNAMIC_DESTROY, &mut span).map_err(os("taking a span of software away"))
}

fn named(driver: &str, address: &str) -> DynamicSpan {
    DynamicSpan { driver: text::field(driver), addr: text::field(address), ..DynamicSpan::zeroed() }
}
