//! libpri through the shim: the only `unsafe` code of the helper. `shim/shim.h` declares the same.

use crate::dchannel::DChannel;
use std::cell::{RefCell, RefMut};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::os::fd::AsRawFd;
use std::ptr::NonNull;

/// A number as the shim has it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawNumber {
    pub valid: i32,
    pub plan: i32,
    pub presentation: i32,
    pub digits: [c_char; 64],
}

/// An event as the shim has it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawEvent {
    pub kind: i32,
    pub reference: i32,
    pub channel: i32,
    pub cause: i32,
    pub progress: i32,
    pub complete: i32,
    pub flexible: i32,
    pub capability: i32,
    pub call: *mut c_void,
    pub called: RawNumber,
    pub calling: RawNumber,
    pub redirecting: RawNumber,
    pub connected: RawNumber,
    pub name: [c_char; 64],
    pub text: [c_char; 256],
}

/// A call to be begun, as the shim has it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawSetup {
    pub channel: i32,
    pub exclusive: i32,
    pub complete: i32,
    pub capability: i32,
    pub layer_1: i32,
    pub called: RawNumber,
    pub calling: RawNumber,
    pub redirecting: RawNumber,
    pub name: [c_char; 64],
}

/// libpri's name of a call. It may be out of date: libpri looks it up before it uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handle(NonNull<c_void>);

impl Handle {
    /// The handle in an event, if there is one.
    pub fn new(call: *mut c_void) -> Option<Self> {
        NonNull::new(call).map(Self)
    }
}

type Io = extern "C" fn(*mut c_void, *mut c_void, c_int) -> c_int;
type Log = extern "C" fn(*mut c_void, *mut c_char);

unsafe extern "C" {
    fn demarc_new(
        fd: c_int,
        network: c_int,
        dialect: c_int,
        overlap: c_int,
        read: Io,
        write: Io,
        user: *mut c_void,
    ) -> *mut c_void;
    fn demarc_log_to(log: Log);
    fn demarc_user(pri: *mut c_void) -> *mut c_void;
    fn demarc_next(pri: *mut c_void) -> i64;
    fn demarc_clock() -> i64;
    fn demarc_run_timers(pri: *mut c_void, event: *mut RawEvent) -> c_int;
    fn demarc_read_frame(pri: *mut c_void, event: *mut RawEvent) -> c_int;
    fn demarc_new_call(pri: *mut c_void) -> *mut c_void;
    fn demarc_reference(pri: *mut c_void, call: *mut c_void) -> c_int;
    fn demarc_is_valid(pri: *mut c_void, call: *mut c_void) -> c_int;
    fn demarc_setup(pri: *mut c_void, call: *mut c_void, setup: *const RawSetup) -> c_int;
    fn demarc_information(pri: *mut c_void, call: *mut c_void, digit: c_char) -> c_int;
    fn demarc_setup_ack(pri: *mut c_void, call: *mut c_void, channel: c_int, band: c_int) -> c_int;
    fn demarc_proceeding(pri: *mut c_void, call: *mut c_void, channel: c_int, band: c_int) -> c_int;
    fn demarc_alerting(pri: *mut c_void, call: *mut c_void, channel: c_int, band: c_int) -> c_int;
    fn demarc_progress(pri: *mut c_void, call: *mut c_void, channel: c_int, cause: c_int) -> c_int;
    fn demarc_connect(
        pri: *mut c_void,
        call: *mut c_void,
        channel: c_int,
        connected: *const RawNumber,
    ) -> c_int;
    fn demarc_hang_up(pri: *mut c_void, call: *mut c_void, cause: c_int) -> c_int;
    fn demarc_destroy(pri: *mut c_void, call: *mut c_void);
    fn demarc_restart(pri: *mut c_void, channel: c_int) -> c_int;
}

/// The monotonic clock by which libpri's timers run, in microseconds.
pub fn clock() -> i64 {
    // SAFETY: it only reads the clock.
    unsafe { demarc_clock() }
}

/// libpri's machine for one span. There is one in a process, and it lives as long as that.
pub struct Controller {
    pri: NonNull<c_void>,
    /// libpri holds a pointer to it as its user data. Never freed, like the machine itself.
    dchannel: &'static RefCell<DChannel>,
}

impl Controller {
    /// Starts layer 2 on the D channel. `None` when libpri refuses.
    pub fn new(dchannel: DChannel, network: bool, dialect: i32, overlap: bool) -> Option<Self> {
        let fd = dchannel.as_raw_fd();
        let dchannel: &'static RefCell<DChannel> = Box::leak(Box::new(RefCell::new(dchannel)));
        let user = std::ptr::from_ref(dchannel).cast_mut().cast();
        // SAFETY: the callbacks have the types that the shim declares, and `user` lives for ever.
        let pri = unsafe {
            demarc_log_to(log);
            demarc_new(fd, network.into(), dialect, overlap.into(), read, write, user)
        };
        NonNull::new(pri).map(|pri| Self { pri, dchannel })
    }

    /// The D channel. The borrow must end before any other function of this type is called, since
    /// libpri reads and writes frames in them.
    pub fn dchannel(&self) -> RefMut<'_, DChannel> {
        self.dchannel.borrow_mut()
    }

    /// When a timer is due, by [`clock`].
    pub fn next_timer(&mut self) -> Option<i64> {
        // SAFETY: `pri` is libpri's for as long as the process lives; so in every call below.
        let next = unsafe { demarc_next(self.pri.as_ptr()) };
        (next >= 0).then_some(next)
    }

    /// The event of a timer that is due, if any.
    pub fn run_timers(&mut self) -> Option<RawEvent> {
        let mut event = RawEvent::EMPTY;
        // SAFETY: the shim writes a whole event or nothing.
        let some = unsafe { demarc_run_timers(self.pri.as_ptr(), &raw mut event) };
        (some != 0).then_some(event)
    }

    /// Takes one frame from the D channel; the event that it is, if it is one.
    pub fn read_frame(&mut self) -> Option<RawEvent> {
        let mut event = RawEvent::EMPTY;
        // SAFETY: as above.
        let some = unsafe { demarc_read_frame(self.pri.as_ptr(), &raw mut event) };
        (some != 0).then_some(event)
    }

    /// A new outgoing call and its call reference.
    pub fn new_call(&mut self) -> Option<(Handle, u16)> {
        // SAFETY: the call is fresh, so its reference may be read.
        unsafe {
            let call = NonNull::new(demarc_new_call(self.pri.as_ptr()))?;
            let reference = demarc_reference(self.pri.as_ptr(), call.as_ptr());
            Some((Handle(call), u16::try_from(reference).ok()?))
        }
    }

    /// Whether libpri still knows the call.
    pub fn is_valid(&mut self, call: Handle) -> bool {
        // SAFETY: libpri compares the pointer with those that it knows; so in every call below.
        unsafe { demarc_is_valid(self.pri.as_ptr(), call.0.as_ptr()) != 0 }
    }

    /// SETUP. False when libpri refuses.
    pub fn setup(&mut self, call: Handle, setup: &RawSetup) -> bool {
        // SAFETY: `setup` is terminated by zeros, see `terminated`.
        unsafe { demarc_setup(self.pri.as_ptr(), call.0.as_ptr(), setup) == 0 }
    }

    /// INFORMATION with one digit.
    pub fn information(&mut self, call: Handle, digit: u8) {
        let digit = c_char::from_ne_bytes([digit]);
        // SAFETY: see `is_valid`.
        unsafe { demarc_information(self.pri.as_ptr(), call.0.as_ptr(), digit) };
    }

    /// SETUP ACKNOWLEDGE.
    pub fn setup_ack(&mut self, call: Handle, slot: u8, in_band: bool) {
        let (slot, band) = (slot.into(), in_band.into());
        // SAFETY: see `is_valid`.
        unsafe { demarc_setup_ack(self.pri.as_ptr(), call.0.as_ptr(), slot, band) };
    }

    /// CALL PROCEEDING; only the first one is sent.
    pub fn proceeding(&mut self, call: Handle, slot: u8, in_band: bool) {
        let (slot, band) = (slot.into(), in_band.into());
        // SAFETY: see `is_valid`.
        unsafe { demarc_proceeding(self.pri.as_ptr(), call.0.as_ptr(), slot, band) };
    }

    /// ALERTING, and CALL PROCEEDING before it when none was sent.
    pub fn alerting(&mut self, call: Handle, slot: u8, in_band: bool) {
        let (slot, band) = (slot.into(), in_band.into());
        // SAFETY: see `is_valid`.
        unsafe { demarc_alerting(self.pri.as_ptr(), call.0.as_ptr(), slot, band) };
    }

    /// PROGRESS with progress indicator 8.
    pub fn progress(&mut self, call: Handle, slot: u8, cause: Option<u8>) {
        let cause = cause.map_or(-1, c_int::from);
        // SAFETY: see `is_valid`.
        unsafe { demarc_progress(self.pri.as_ptr(), call.0.as_ptr(), slot.into(), cause) };
    }

    /// CONNECT.
    pub fn connect(&mut self, call: Handle, slot: u8, connected: &RawNumber) {
        // SAFETY: see `is_valid`; `connected` is terminated by zeros.
        unsafe { demarc_connect(self.pri.as_ptr(), call.0.as_ptr(), slot.into(), connected) };
    }

    /// Whatever ends the call in its state; nothing when libpri has forgotten it.
    pub fn hang_up(&mut self, call: Handle, cause: u8) {
        if !self.is_valid(call) {
            return;
        }
        // SAFETY: see `is_valid`.
        unsafe { demarc_hang_up(self.pri.as_ptr(), call.0.as_ptr(), cause.into()) };
    }

    /// Forgets the call without a word.
    pub fn destroy(&mut self, call: Handle) {
        if !self.is_valid(call) {
            return;
        }
        // SAFETY: see `is_valid`.
        unsafe { demarc_destroy(self.pri.as_ptr(), call.0.as_ptr()) };
    }

    /// RESTART of one B channel.
    pub fn restart(&mut self, slot: u8) {
        // SAFETY: see `next_timer`.
        unsafe { demarc_restart(self.pri.as_ptr(), slot.into()) };
    }
}

/// The D channel behind libpri's callbacks.
fn user(pri: *mut c_void) -> Option<&'static RefCell<DChannel>> {
    if pri.is_null() {
        return None;
    }
    // SAFETY: libpri calls back with its own machine; its user data is null or what
    // `Controller::new` leaked.
    unsafe { demarc_user(pri).cast::<RefCell<DChannel>>().as_ref() }
}

extern "C" fn read(pri: *mut c_void, buffer: *mut c_void, length: c_int) -> c_int {
    let (Some(dchannel), Ok(length)) = (user(pri), usize::try_from(length)) else { return 0 };
    let Ok(mut dchannel) = dchannel.try_borrow_mut() else { return 0 };
    // SAFETY: libpri gives a buffer of that length.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), length) };
    c_int::try_from(dchannel.read(buffer)).unwrap_or(0)
}

extern "C" fn write(pri: *mut c_void, buffer: *mut c_void, length: c_int) -> c_int {
    let (Some(dchannel), Ok(octets)) = (user(pri), usize::try_from(length)) else { return 0 };
    let Ok(mut dchannel) = dchannel.try_borrow_mut() else { return 0 };
    // SAFETY: libpri gives a frame of that length.
    dchannel.write(unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), octets) });
    length
}

extern "C" fn log(pri: *mut c_void, line: *mut c_char) {
    let Some(dchannel) = user(pri) else { return };
    let Ok(mut dchannel) = dchannel.try_borrow_mut() else { return };
    if !line.is_null() {
        // SAFETY: libpri gives a terminated string.
        dchannel.log(&unsafe { CStr::from_ptr(line) }.to_string_lossy());
    }
}

impl RawNumber {
    /// No number.
    pub const EMPTY: Self = Self { valid: 0, plan: 0, presentation: 0, digits: [0; 64] };
}

impl RawEvent {
    /// No event.
    const EMPTY: Self = Self {
        kind: 0,
        reference: -1,
        channel: 0,
        cause: -1,
        progress: 0,
        complete: 0,
        flexible: 0,
        capability: 0,
        call: std::ptr::null_mut(),
        called: RawNumber::EMPTY,
        calling: RawNumber::EMPTY,
        redirecting: RawNumber::EMPTY,
        connected: RawNumber::EMPTY,
        name: [0; 64],
        text: [0; 256],
    };
}

/// A text in an array that ends with at least one zero, cut when it is too long.
pub fn terminated<const N: usize>(text: &[u8]) -> [c_char; N] {
    let mut out = [0; N];
    for (to, from) in out.iter_mut().take(N.saturating_sub(1)).zip(text) {
        *to = c_char::from_ne_bytes([*from]);
    }
    out
}

/// The octets before the first zero.
pub fn text(array: &[c_char]) -> Vec<u8> {
    let octets = array.iter().map(|octet| u8::from_ne_bytes(octet.to_ne_bytes()));
    octets.take_while(|octet| *octet != 0).collect()
}
