//! libpri through the shim: the only `unsafe` code of the helper. `shim/shim.h` declares the same.

mod raw;

pub use raw::{
    RATES, RawCharge, RawEvent, RawMoney, RawNumber, RawParty, RawRate, RawRedirecting, RawSettings,
    RawSetup, RawSub, RawSubaddress,
};

use crate::dchannel::DChannel;
use std::cell::{RefCell, RefMut};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::os::fd::AsRawFd;
use std::ptr::NonNull;

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
    #[cfg(test)]
    fn demarc_size(which: c_int) -> c_int;
    fn demarc_new(
        fd: c_int,
        settings: *const RawSettings,
        read: Io,
        write: Io,
        user: *mut c_void,
    ) -> *mut c_void;
    fn demarc_join(first: *mut c_void, second: *mut c_void);
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
    fn demarc_connected_line(pri: *mut c_void, call: *mut c_void, party: *const RawParty) -> c_int;
    fn demarc_connect(pri: *mut c_void, call: *mut c_void, channel: c_int) -> c_int;
    fn demarc_hang_up(pri: *mut c_void, call: *mut c_void, cause: c_int) -> c_int;
    fn demarc_destroy(pri: *mut c_void, call: *mut c_void);
    fn demarc_restart(pri: *mut c_void, channel: c_int) -> c_int;
    fn demarc_hold(pri: *mut c_void, call: *mut c_void) -> c_int;
    fn demarc_hold_ack(pri: *mut c_void, call: *mut c_void) -> c_int;
    fn demarc_hold_reject(pri: *mut c_void, call: *mut c_void, cause: c_int) -> c_int;
    fn demarc_retrieve(pri: *mut c_void, call: *mut c_void, channel: c_int) -> c_int;
    fn demarc_retrieve_ack(pri: *mut c_void, call: *mut c_void, channel: c_int) -> c_int;
    fn demarc_retrieve_reject(pri: *mut c_void, call: *mut c_void, cause: c_int) -> c_int;
    fn demarc_transfer(pri: *mut c_void, call: *mut c_void, with: *mut c_void) -> c_int;
    fn demarc_transfer_answer(pri: *mut c_void, call: *mut c_void, invoke: c_int, ok: c_int) -> c_int;
    fn demarc_notify(pri: *mut c_void, call: *mut c_void, indicator: c_int) -> c_int;
    fn demarc_display(pri: *mut c_void, call: *mut c_void, text: *const c_char) -> c_int;
    fn demarc_keypad(pri: *mut c_void, call: *mut c_void, digits: *const c_char) -> c_int;
    fn demarc_user_user(pri: *mut c_void, call: *mut c_void, text: *const c_char);
    fn demarc_aoc(
        pri: *mut c_void,
        call: *mut c_void,
        which: c_int,
        charge: *const RawCharge,
        rate: *const RawRate,
        rates: c_int,
    ) -> c_int;
    fn demarc_aoc_answer(
        pri: *mut c_void,
        call: *mut c_void,
        invoke: c_int,
        response: c_int,
        rate: *const RawRate,
        rates: c_int,
    ) -> c_int;
    fn demarc_mwi(
        pri: *mut c_void,
        mailbox: *const RawNumber,
        voicemail: *const RawNumber,
        messages: c_int,
    ) -> c_int;
    fn demarc_service(pri: *mut c_void, interface: c_int, channel: c_int, status: c_int) -> c_int;
}

/// The monotonic clock by which libpri's timers run, in microseconds.
pub fn clock() -> i64 {
    // SAFETY: it only reads the clock.
    unsafe { demarc_clock() }
}

/// What is asked of libpri about one call, beside what begins and ends it.
pub enum Ask<'a> {
    Hold,
    HoldAck,
    HoldReject(u8),
    /// On this channel, 0 for any.
    Retrieve(i32),
    RetrieveAck(i32),
    RetrieveReject(u8),
    Transfer(Handle),
    TransferAnswer(i32, bool),
    Notify(u8),
    Display(&'a [c_char; 132]),
    Keypad(&'a [c_char; 64]),
    UserUser(&'a [c_char; 264]),
    ConnectedLine(&'a RawParty),
    AocStart(&'a [RawRate]),
    AocDuring(&'a RawCharge),
    AocEnd(&'a RawCharge),
    /// Invocation, response and rates.
    AocAnswer(i32, i32, &'a [RawRate]),
}

/// One D channel: libpri's machine for it.
struct Link {
    pri: NonNull<c_void>,
    /// libpri holds a pointer to it as its user data. Never freed, like the machine itself.
    dchannel: &'static RefCell<DChannel>,
}

/// libpri's machines for one span or one NFAS group. They live as long as the process.
pub struct Controller {
    links: Vec<Link>,
    /// The one on which calls are begun.
    active: usize,
}

impl Link {
    fn new(dchannel: DChannel, settings: &RawSettings) -> Option<Self> {
        let fd = dchannel.as_raw_fd();
        let dchannel: &'static RefCell<DChannel> = Box::leak(Box::new(RefCell::new(dchannel)));
        let user = std::ptr::from_ref(dchannel).cast_mut().cast();
        // SAFETY: the callbacks have the types that the shim declares, and `user` lives for ever.
        let pri = unsafe {
            demarc_log_to(log);
            demarc_new(fd, settings, read, write, user)
        };
        NonNull::new(pri).map(|pri| Self { pri, dchannel })
    }
}

impl Controller {
    /// Starts layer 2 on the D channel. `None` when libpri refuses.
    pub fn new(dchannel: DChannel, settings: &RawSettings) -> Option<Self> {
        Some(Self { links: vec![Link::new(dchannel, settings)?], active: 0 })
    }

    /// A second D channel with the calls of the first; false when libpri refuses or there are two.
    pub fn join(&mut self, dchannel: DChannel, settings: &RawSettings) -> bool {
        let [first] = &self.links[..] else { return false };
        let Some(second) = Link::new(dchannel, settings) else { return false };
        // SAFETY: both are libpri's own.
        unsafe { demarc_join(first.pri.as_ptr(), second.pri.as_ptr()) };
        self.links.push(second);
        true
    }

    /// How many D channels there are: 1 or 2.
    pub fn links(&self) -> usize {
        self.links.len()
    }

    /// The D channel on which calls are begun.
    pub fn active(&self) -> usize {
        self.active
    }

    /// Begins calls on that D channel from now on.
    pub fn activate(&mut self, link: usize) {
        if link < self.links.len() {
            self.active = link;
        }
    }

    /// A D channel. The borrow must end before any other function of this type is called, since
    /// libpri reads and writes frames in them. `None`: there is no such D channel.
    pub fn dchannel(&self, link: usize) -> Option<RefMut<'_, DChannel>> {
        self.links.get(link).map(|link| link.dchannel.borrow_mut())
    }

    /// libpri looks calls up in the list that all D channels share, so that any of them serves. (It
    /// refuses a null machine.)
    fn any(&self) -> *mut c_void {
        self.links.get(self.active).map_or(std::ptr::null_mut(), |link| link.pri.as_ptr())
    }

    /// When a timer is due, by [`clock`].
    pub fn next_timer(&mut self) -> Option<i64> {
        // SAFETY: each `pri` is libpri's for as long as the process lives; so in every call below.
        let due = self.links.iter().map(|link| unsafe { demarc_next(link.pri.as_ptr()) });
        due.filter(|due| *due >= 0).min()
    }

    /// The event of a timer that is due, if any.
    pub fn run_timers(&mut self, link: usize) -> Option<Box<RawEvent>> {
        let mut event = Box::new(RawEvent::EMPTY);
        let pri = self.links.get(link)?.pri.as_ptr();
        // SAFETY: the shim writes a whole event or nothing.
        let some = unsafe { demarc_run_timers(pri, &raw mut *event) };
        (some != 0).then_some(event)
    }

    /// Takes one frame from the D channel; the event that it is, if it is one.
    pub fn read_frame(&mut self, link: usize) -> Option<Box<RawEvent>> {
        let mut event = Box::new(RawEvent::EMPTY);
        let pri = self.links.get(link)?.pri.as_ptr();
        // SAFETY: as above.
        let some = unsafe { demarc_read_frame(pri, &raw mut *event) };
        (some != 0).then_some(event)
    }

    /// A new outgoing call and its call reference.
    pub fn new_call(&mut self) -> Option<(Handle, u16)> {
        // SAFETY: the call is fresh, so its reference may be read.
        unsafe {
            let call = NonNull::new(demarc_new_call(self.any()))?;
            let reference = demarc_reference(self.any(), call.as_ptr());
            Some((Handle(call), u16::try_from(reference).ok()?))
        }
    }

    /// Whether libpri still knows the call.
    pub fn is_valid(&mut self, call: Handle) -> bool {
        // SAFETY: libpri compares the pointer with those that it knows; so in every call below.
        unsafe { demarc_is_valid(self.any(), call.0.as_ptr()) != 0 }
    }

    /// SETUP. False when libpri refuses.
    pub fn setup(&mut self, call: Handle, setup: &RawSetup) -> bool {
        // SAFETY: the texts in `setup` are terminated by zeros, see `terminated`.
        unsafe { demarc_setup(self.any(), call.0.as_ptr(), setup) == 0 }
    }

    /// INFORMATION with one digit.
    pub fn information(&mut self, call: Handle, digit: u8) {
        let digit = c_char::from_ne_bytes([digit]);
        // SAFETY: see `is_valid`.
        unsafe { demarc_information(self.any(), call.0.as_ptr(), digit) };
    }

    /// SETUP ACKNOWLEDGE.
    pub fn setup_ack(&mut self, call: Handle, channel: i32, in_band: bool) {
        // SAFETY: see `is_valid`.
        unsafe { demarc_setup_ack(self.any(), call.0.as_ptr(), channel, in_band.into()) };
    }

    /// CALL PROCEEDING; only the first one is sent.
    pub fn proceeding(&mut self, call: Handle, channel: i32, in_band: bool) {
        // SAFETY: see `is_valid`.
        unsafe { demarc_proceeding(self.any(), call.0.as_ptr(), channel, in_band.into()) };
    }

    /// ALERTING, and CALL PROCEEDING before it when none was sent.
    pub fn alerting(&mut self, call: Handle, channel: i32, in_band: bool) {
        // SAFETY: see `is_valid`.
        unsafe { demarc_alerting(self.any(), call.0.as_ptr(), channel, in_band.into()) };
    }

    /// PROGRESS with progress indicator 8.
    pub fn progress(&mut self, call: Handle, channel: i32, cause: Option<u8>) {
        let cause = cause.map_or(-1, c_int::from);
        // SAFETY: see `is_valid`.
        unsafe { demarc_progress(self.any(), call.0.as_ptr(), channel, cause) };
    }

    /// CONNECT.
    pub fn connect(&mut self, call: Handle, channel: i32) {
        // SAFETY: see `is_valid`.
        unsafe { demarc_connect(self.any(), call.0.as_ptr(), channel) };
    }

    /// Whatever ends the call in its state; nothing when libpri has forgotten it.
    pub fn hang_up(&mut self, call: Handle, cause: u8) {
        if !self.is_valid(call) {
            return;
        }
        // SAFETY: see `is_valid`.
        unsafe { demarc_hang_up(self.any(), call.0.as_ptr(), cause.into()) };
    }

    /// Forgets the call without a word.
    pub fn destroy(&mut self, call: Handle) {
        if !self.is_valid(call) {
            return;
        }
        // SAFETY: see `is_valid`.
        unsafe { demarc_destroy(self.any(), call.0.as_ptr()) };
    }

    /// RESTART of one B channel; false when libpri refuses.
    pub fn restart(&mut self, channel: i32) -> bool {
        // SAFETY: see `next_timer`.
        unsafe { demarc_restart(self.any(), channel) == 0 }
    }

    /// SERVICE about one B channel; false when libpri refuses.
    pub fn service(&mut self, interface: u8, slot: u8, status: i32) -> bool {
        // SAFETY: see `next_timer`.
        unsafe { demarc_service(self.any(), interface.into(), slot.into(), status) == 0 }
    }

    /// Message waiting indication; false when libpri refuses.
    pub fn mwi(&mut self, mailbox: &RawNumber, voicemail: &RawNumber, messages: u16) -> bool {
        // SAFETY: the digits are terminated by zeros.
        unsafe { demarc_mwi(self.any(), mailbox, voicemail, messages.into()) == 0 }
    }

    /// Anything else about a call; false when libpri refuses, or has forgotten the call.
    pub fn ask(&mut self, call: Handle, what: &Ask<'_>) -> bool {
        if !self.is_valid(call) {
            return false;
        }
        let (pri, call) = (self.any(), call.0.as_ptr());
        let none = RawCharge::EMPTY;
        let count = |rates: &[RawRate]| c_int::try_from(rates.len().min(RATES)).unwrap_or(0);
        // SAFETY: see `is_valid`; texts are terminated by zeros, and rates are counted.
        let failed = unsafe {
            match *what {
                Ask::Hold => demarc_hold(pri, call),
                Ask::HoldAck => demarc_hold_ack(pri, call),
                Ask::HoldReject(cause) => demarc_hold_reject(pri, call, cause.into()),
                Ask::Retrieve(channel) => demarc_retrieve(pri, call, channel),
                Ask::RetrieveAck(channel) => demarc_retrieve_ack(pri, call, channel),
                Ask::RetrieveReject(cause) => demarc_retrieve_reject(pri, call, cause.into()),
                Ask::Transfer(with) => demarc_transfer(pri, call, with.0.as_ptr()),
                Ask::TransferAnswer(invoke, ok) => demarc_transfer_answer(pri, call, invoke, ok.into()),
                Ask::Notify(indicator) => demarc_notify(pri, call, indicator.into()),
                Ask::Display(text) => demarc_display(pri, call, text.as_ptr()),
                Ask::Keypad(digits) => demarc_keypad(pri, call, digits.as_ptr()),
                Ask::UserUser(text) => {
                    demarc_user_user(pri, call, text.as_ptr());
                    0
                }
                Ask::ConnectedLine(party) => demarc_connected_line(pri, call, party),
                Ask::AocStart(rates) => {
                    demarc_aoc(pri, call, 0, &raw const none, rates.as_ptr(), count(rates))
                }
                Ask::AocDuring(charge) => demarc_aoc(pri, call, 1, charge, std::ptr::null(), 0),
                Ask::AocEnd(charge) => demarc_aoc(pri, call, 2, charge, std::ptr::null(), 0),
                Ask::AocAnswer(invoke, response, rates) => {
                    demarc_aoc_answer(pri, call, invoke, response, rates.as_ptr(), count(rates))
                }
            }
        };
        failed == 0
    }
}

/// The D channel behind libpri's callbacks.
fn user(pri: *mut c_void) -> Option<&'static RefCell<DChannel>> {
    if pri.is_null() {
        return None;
    }
    // SAFETY: libpri calls back with its own machine; its user data is null or what
    // `Link::new` leaked.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_mean_the_same_structures() {
        let ours = [
            size_of::<RawEvent>(),
            size_of::<RawSub>(),
            size_of::<RawSetup>(),
            size_of::<RawSettings>(),
            size_of::<RawCharge>(),
            size_of::<RawRate>(),
            size_of::<RawParty>(),
            size_of::<RawRedirecting>(),
        ];
        for (which, ours) in ours.into_iter().enumerate() {
            // SAFETY: it reads a constant.
            let theirs = unsafe { demarc_size(c_int::try_from(which).unwrap()) };
            assert_eq!(usize::try_from(theirs).unwrap(), ours, "structure {which}");
        }
    }
}
