//! The control device, `/dev/dahdi/ctl`: spans and channels that need not be open.

use crate::sys::abi::{self, AttachEchocan, ChanConfig, LineConfig, MaintInfo, Params, SpanInfo, ToneZone};
use crate::sys::{Plain, Request, call};
use crate::text;
use demarc_hal::Error;
use nix::errno::Errno;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The control device. It is there when DAHDI is loaded, which may happen later.
#[derive(Debug)]
pub struct Control {
    path: PathBuf,
    file: OnceLock<File>,
}

impl Control {
    /// The control device of this folder, opened when it is there.
    ///
    /// # Errors
    /// [`Error::Os`], when it is there and we may not.
    pub fn new(dev: &Path) -> Result<Self, Error> {
        let control = Self { path: dev.join("ctl"), file: OnceLock::new() };
        match control.file() {
            Err(error) if !is_missing(&error) => Err(os("opening /dev/dahdi/ctl")(error)),
            _ => Ok(control),
        }
    }

    /// DAHDI is loaded.
    pub fn is_loaded(&self) -> bool {
        self.file().is_ok()
    }

    fn file(&self) -> io::Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let file = open(&self.path)?;
        load_zone(&file);
        Ok(self.file.get_or_init(|| file))
    }

    pub fn params(&self, channel: i32) -> io::Result<Params> {
        let mut params = Params { channo: channel, ..Params::zeroed() };
        call(self.file()?, abi::GET_PARAMS, &mut params)?;
        Ok(params)
    }

    pub fn span_info(&self, span: i32) -> io::Result<SpanInfo> {
        let mut info = SpanInfo { spanno: span, ..SpanInfo::zeroed() };
        call(self.file()?, abi::SPANSTAT, &mut info)?;
        Ok(info)
    }

    pub fn configure_span(&self, mut config: LineConfig) -> io::Result<()> {
        call(self.file()?, abi::SPANCONFIG, &mut config)
    }

    pub fn configure_channel(&self, mut config: ChanConfig) -> io::Result<()> {
        call(self.file()?, abi::CHANCONFIG, &mut config)
    }

    pub fn start(&self, mut span: i32) -> io::Result<()> {
        call(self.file()?, abi::STARTUP, &mut span)
    }

    pub fn maintain(&self, span: i32, command: i32) -> io::Result<()> {
        call(self.file()?, abi::MAINT, &mut MaintInfo { spanno: span, command })
    }

    /// Attaches a canceller to a channel, or takes it away when `name` is empty.
    pub fn attach_canceller(&self, chan: i32, name: &str) -> io::Result<()> {
        call(self.file()?, abi::ATTACH_ECHOCAN, &mut AttachEchocan { chan, echocan: text::field(name) })
    }

    /// The cancellers that are loaded, in the kernel's order.
    pub fn cancellers(&self) -> io::Result<Vec<String>> {
        let mut version = abi::VersionInfo::zeroed();
        call(self.file()?, abi::GETVERSION, &mut version)?;
        let names = text::of(&version.echo_canceller);
        Ok(names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect())
    }

    /// Any other request.
    #[cfg(feature = "dynamic")]
    pub fn request<T: Plain>(&self, request: Request<T>, argument: &mut T) -> io::Result<()> {
        call(self.file()?, request, argument)
    }
}

/// Far from the numbers of libtonezone, which counts from 0.
const ZONE: i32 = 200;

/// Loads a tone zone without tones, if there is none: without any the kernel neither rings nor dials.
/// A zone of that number is there already when another program loaded it; that is as good.
fn load_zone(control: &File) {
    let mut zone = ToneZone::zeroed();
    zone.zone = ZONE;
    zone.name = text::field("demarc");
    for (to, from) in zone.ringcadence.iter_mut().zip([2000, 4000]) {
        *to = from;
    }
    let _ = call(control, abi::LOADZONE, &mut zone);
}

/// No module has made the device.
fn is_missing(error: &io::Error) -> bool {
    is(error, Errno::ENOENT) || gone(error)
}

/// Opens a device as all are opened: without blocking.
pub fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).custom_flags(nix::libc::O_NONBLOCK).open(path)
}

/// An error of the system; one that a vanished card gives is [`Error::Gone`].
pub fn os(what: &'static str) -> impl Fn(io::Error) -> Error {
    move |error| if gone(&error) { Error::Gone } else { Error::Os { what, message: error.to_string() } }
}

/// The card has vanished.
pub fn gone(error: &io::Error) -> bool {
    is(error, Errno::ENODEV) || is(error, Errno::ENXIO)
}

/// An error of this number.
pub fn is(error: &io::Error, number: Errno) -> bool {
    error.raw_os_error() == Some(number as i32)
}

/// Makes a request of one number.
pub fn set(fd: &File, request: Request<i32>, mut value: i32) -> io::Result<()> {
    call(fd, request, &mut value)
}

/// Asks for one number.
pub fn get(fd: &File, request: Request<i32>) -> io::Result<i32> {
    let mut value = 0;
    call(fd, request, &mut value)?;
    Ok(value)
}
