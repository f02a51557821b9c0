//! A look at a timeslot of signalling: for a moment it is a clear channel.

use crate::channel::Channel;
use crate::device::{Control, os};
use crate::seen::{self, ENOUGH};
use crate::sys::Plain;
use crate::sys::abi::{ChanConfig, LAW_DEFAULT, sig};
use demarc_hal::{ChannelId, Error, SignallingSeen};
use std::io::IoSliceMut;
use std::path::Path;

/// Octets of a buffer of the kernel, of which there are eight.
const BUFFER: usize = 128;

/// A look that has begun.
#[derive(Debug)]
pub struct Probe {
    channel: Channel,
    heard: Vec<u8>,
}

impl Probe {
    /// Begins to look.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the card keeps the timeslot to itself; [`Error::Gone`], [`Error::Os`].
    pub fn begin(control: &Control, dev: &Path, at: ChannelId, number: i32) -> Result<Self, Error> {
        let clear =
            ChanConfig { chan: number, sigtype: sig::CLEAR, deflaw: LAW_DEFAULT, ..ChanConfig::zeroed() };
        control.configure_channel(clear).map_err(|error| match error {
            error if error.kind() == std::io::ErrorKind::InvalidInput => {
                Error::Unsupported("the card keeps it")
            }
            error => os("looking at a signalling channel")(error),
        })?;
        let channel = Channel::open(dev, at, number)?;
        channel.buffers(8, BUFFER as i32).map_err(os("looking at a signalling channel"))?;
        Ok(Self { channel, heard: Vec::with_capacity(ENOUGH + BUFFER) })
    }

    /// Looks on; what was seen when it was enough.
    pub fn look(&mut self) -> Option<SignallingSeen> {
        let mut buffer = [0; BUFFER];
        while self.heard.len() < ENOUGH {
            match self.channel.read(&mut [IoSliceMut::new(&mut buffer)]) {
                Ok(octets) if octets > 0 => self.heard.extend(buffer.get(..octets).unwrap_or_default()),
                Err(error) if error.raw_os_error() == Some(crate::sys::abi::ELAST) => {
                    // Nobody else is told: it is nobody else's channel.
                    self.channel.kernel_event().ok().flatten()?;
                }
                _ => return None,
            }
        }
        Some(seen::look(&self.heard))
    }

    /// Ends it, and sets the timeslot back to what it was.
    ///
    /// # Errors
    /// [`Error::Gone`], [`Error::Os`].
    pub fn end(self, control: &Control, former: ChanConfig) -> Result<(), Error> {
        drop(self.channel);
        control.configure_channel(former).map_err(os("setting a signalling channel back"))
    }
}
