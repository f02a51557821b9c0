//! One call for every request: the request knows the type of its argument, so that the wrong one
//! does not compile.

use nix::libc;
use std::io;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

/// DAHDI's letter among the ioctls.
const CODE: u32 = 0xDA;
const WRITE: u32 = 1;
const READ: u32 = 2;

/// A structure for which every pattern of bits is a value.
///
/// # Safety
/// It is `repr(C)`, and made of integers and of arrays of integers only.
pub unsafe trait Plain: Copy {
    /// All zeroes.
    fn zeroed() -> Self {
        // SAFETY: every pattern of bits is a value, by the contract of this trait.
        unsafe { MaybeUninit::zeroed().assume_init() }
    }
}

/// A request with its number and the type of its argument.
pub struct Request<T> {
    number: u32,
    argument: PhantomData<fn(T)>,
}

impl<T> Clone for Request<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Request<T> {}

impl<T> Request<T> {
    /// The kernel reads the argument.
    pub(super) const fn write(number: u32) -> Self {
        Self::new(WRITE, number)
    }

    /// The kernel writes the argument.
    pub(super) const fn read(number: u32) -> Self {
        Self::new(READ, number)
    }

    /// Both.
    pub(super) const fn both(number: u32) -> Self {
        Self::new(READ | WRITE, number)
    }

    const fn new(direction: u32, number: u32) -> Self {
        let size = size_of::<T>() as u32;
        Self { number: direction << 30 | size << 16 | CODE << 8 | number, argument: PhantomData }
    }

    /// As the kernel counts it.
    pub const fn number(self) -> u32 {
        self.number
    }
}

/// Makes a request.
///
/// # Errors
/// What the kernel answers; [`super::abi::ELAST`] and its like are raw error numbers.
pub fn call<T: Plain>(fd: impl AsFd, request: Request<T>, argument: &mut T) -> io::Result<()> {
    let fd = fd.as_fd().as_raw_fd();
    // SAFETY: the descriptor is open for as long as it is borrowed. The argument is live, exclusively
    // ours, and of the size that the request's number names; whatever the kernel leaves in it is a
    // value of its type (`Plain`).
    let result = unsafe { libc::ioctl(fd, libc::Ioctl::from(request.number), std::ptr::from_mut(argument)) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Duplicates whatever descriptor has this number, if any.
///
/// # Errors
/// `EBADF` when there is none.
pub fn duplicate(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: a number without a descriptor is refused. What comes back is new and ours alone.
    unsafe {
        match libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 0) {
            copy if copy < 0 => Err(io::Error::last_os_error()),
            copy => Ok(OwnedFd::from_raw_fd(copy)),
        }
    }
}
