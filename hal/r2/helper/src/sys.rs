//! openr2 through the shim: the only `unsafe` code of the helper. `shim/shim.h` declares the same.
//!
//! The library calls back while it runs. What it says is kept in [`WORLD`] and fetched afterwards,
//! so that nothing of ours runs inside of it but the reading and writing of packets.

use crate::packets::Packets;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::fd::{BorrowedFd, RawFd};
use std::ptr::NonNull;

/// Events and log lines that wait; they are fetched after every call of the library.
const MANY: usize = 1024;
/// `OR2_CALL_…`, `OR2_CAUSE_…` and their like are handled in [`crate::convert`].
const EIO: c_int = 5;

/// An event as the shim has it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawEvent {
    pub kind: i32,
    pub slot: i32,
    pub value: i32,
    pub category: i32,
    pub withheld: i32,
    pub ani: [c_char; 80],
    pub dnis: [c_char; 80],
}

/// `enum demarc_kind`.
pub mod kind {
    pub const SEIZED: i32 = 0;
    pub const OFFERED: i32 = 1;
    pub const ACCEPTED: i32 = 2;
    pub const ANSWERED: i32 = 3;
    pub const DISCONNECT: i32 = 4;
    pub const ENDED: i32 = 5;
    pub const PULSE: i32 = 6;
    pub const ALARM: i32 = 7;
    pub const PROTOCOL_ERROR: i32 = 8;
    pub const OS_ERROR: i32 = 9;
}

#[repr(C)]
struct RawIo {
    control: extern "C" fn(c_int, c_int, c_int, *mut c_void, c_int) -> c_int,
    read: extern "C" fn(c_int, *mut c_void, c_int) -> c_int,
    write: extern "C" fn(c_int, *const c_void, c_int) -> c_int,
    event: extern "C" fn(*const RawEvent),
    log: extern "C" fn(c_int, c_int, *const c_char),
}

/// Settings as the shim has them.
#[repr(C)]
struct RawSettings {
    variant: i32,
    max_ani: i32,
    max_dnis: i32,
    ani_first: i32,
    skip_category: i32,
    immediate_accept: i32,
    mf_back: i32,
    metering_pulse: i32,
    file: *const c_char,
}

unsafe extern "C" {
    fn demarc_install(io: *const RawIo);
    fn demarc_claim(fd: c_int, ours: c_int);
    fn demarc_set_time(now: i64);
    fn demarc_context(settings: *const RawSettings) -> *mut c_void;
    fn demarc_channel(context: *mut c_void, fd: c_int, slot: c_int) -> *mut c_void;
    fn demarc_received_bits(fd: c_int) -> c_int;
    fn demarc_listen(fd: c_int, on: c_int);

    fn openr2_chan_delete(channel: *mut c_void);
    fn openr2_chan_process_event(channel: *mut c_void) -> c_int;
    fn openr2_chan_get_time_to_next_event(channel: *mut c_void) -> c_int;
    fn openr2_chan_set_idle(channel: *mut c_void) -> c_int;
    fn openr2_chan_set_blocked(channel: *mut c_void) -> c_int;
    fn openr2_chan_handle_cas(channel: *mut c_void) -> c_int;
    fn openr2_chan_enable_read(channel: *mut c_void);
    fn openr2_chan_disable_read(channel: *mut c_void);
    fn openr2_chan_get_tx_mf_signal(channel: *mut c_void) -> c_int;
    fn openr2_chan_make_call(
        channel: *mut c_void,
        ani: *const c_char,
        dnis: *const c_char,
        category: c_int,
    ) -> c_int;
    fn openr2_chan_accept_call(channel: *mut c_void, mode: c_int) -> c_int;
    fn openr2_chan_answer_call_with_mode(channel: *mut c_void, mode: c_int) -> c_int;
    fn openr2_chan_disconnect_call(channel: *mut c_void, cause: c_int) -> c_int;
}

static IO: RawIo = RawIo { control, read, write, event, log };

/// A line that the library logged.
pub struct Line {
    /// 0: not about a channel.
    pub slot: i32,
    /// `OR2_LOG_…`.
    pub level: i32,
    pub text: String,
}

#[derive(Default)]
struct World {
    /// Channels that are no DAHDI channels, by descriptor.
    packets: BTreeMap<RawFd, Packets>,
    events: VecDeque<RawEvent>,
    lines: VecDeque<Line>,
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::default();
}

/// The next event; empty the queue after every call of the library.
pub fn take_event() -> Option<RawEvent> {
    WORLD.with_borrow_mut(|world| world.events.pop_front())
}

/// The next line of the log.
pub fn take_line() -> Option<Line> {
    WORLD.with_borrow_mut(|world| world.lines.pop_front())
}

/// Serves a descriptor by packets from now on.
pub fn claim(fd: RawFd, packets: Packets) {
    WORLD.with_borrow_mut(|world| world.packets.insert(fd, packets));
    // SAFETY: it sets a flag.
    unsafe { demarc_claim(fd, 1) };
}

/// The descriptor is closed.
pub fn unclaim(fd: RawFd) {
    // SAFETY: it sets a flag.
    unsafe { demarc_claim(fd, 0) };
    WORLD.with_borrow_mut(|world| world.packets.remove(&fd));
}

/// Lends the packets of a claimed descriptor. The library must not be called meanwhile.
pub fn with_packets<T>(fd: RawFd, act: impl FnOnce(&mut Packets) -> T) -> Option<T> {
    WORLD.with_borrow_mut(|world| world.packets.get_mut(&fd).map(act))
}

/// The descriptor of a channel, for as long as the channel is borrowed.
pub fn borrow(fd: RawFd, owner: &Channel) -> BorrowedFd<'_> {
    debug_assert_eq!(fd, owner.fd);
    // SAFETY: whoever has the channel keeps its descriptor open.
    unsafe { BorrowedFd::borrow_raw(owner.fd) }
}

/// What the library's settings are.
pub struct ContextSettings {
    pub variant: i32,
    pub max_ani: u8,
    pub max_dnis: u8,
    pub ani_first: Option<bool>,
    pub skip_category: bool,
    pub immediate_accept: bool,
    pub mf_back: Option<u32>,
    pub metering_pulse: Option<u32>,
    /// A file of further definitions.
    pub file: Option<CString>,
}

/// The common part of all channels. There is one in a process, and it lives as long as that.
pub struct Context(NonNull<c_void>);

impl Context {
    /// `None` when the library refuses.
    pub fn new(settings: &ContextSettings) -> Option<Self> {
        let number = |ms: Option<u32>| ms.and_then(|ms| i32::try_from(ms).ok()).unwrap_or(-1);
        let raw = RawSettings {
            variant: settings.variant,
            max_ani: settings.max_ani.into(),
            max_dnis: settings.max_dnis.into(),
            ani_first: settings.ani_first.map_or(-1, i32::from),
            skip_category: settings.skip_category.into(),
            immediate_accept: settings.immediate_accept.into(),
            mf_back: number(settings.mf_back),
            metering_pulse: number(settings.metering_pulse),
            file: settings.file.as_ref().map_or(std::ptr::null(), |file| file.as_ptr()),
        };
        // SAFETY: `IO` lives for ever; the shim reads the settings before it returns.
        let context = unsafe {
            demarc_install(&raw const IO);
            demarc_context(&raw const raw)
        };
        NonNull::new(context).map(Self)
    }

    /// Takes a channel. `None` when the library refuses the descriptor.
    pub fn channel(&self, fd: RawFd, slot: u8) -> Option<Channel> {
        // SAFETY: the context lives as long as the process.
        let channel = unsafe { demarc_channel(self.0.as_ptr(), fd, slot.into()) };
        NonNull::new(channel).map(|raw| Channel { raw, fd })
    }
}

/// A channel of the library. Its descriptor must outlive it. Set the time before each call.
pub struct Channel {
    raw: NonNull<c_void>,
    fd: RawFd,
}

/// What the library says when it refuses; the reason is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

fn checked(result: c_int) -> Result<(), Refused> {
    if result == 0 { Ok(()) } else { Err(Refused) }
}

/// The moment that the library finds on its clock, in microseconds.
pub fn set_time(now: i64) {
    // SAFETY: it sets a number.
    unsafe { demarc_set_time(now) };
}

impl Channel {
    /// Lets the library look at the line and its timers.
    pub fn process(&mut self) -> Result<(), Refused> {
        // SAFETY: the channel lives until it is dropped; so in every call below.
        checked(unsafe { openr2_chan_process_event(self.raw.as_ptr()) })
    }

    /// Milliseconds until [`Channel::process`] is due.
    pub fn next_timer(&mut self) -> Option<u32> {
        // SAFETY: as above.
        u32::try_from(unsafe { openr2_chan_get_time_to_next_event(self.raw.as_ptr()) }).ok()
    }

    /// Forgets any call, and sends "idle" or "blocked".
    pub fn reset(&mut self, blocked: bool) -> Result<(), Refused> {
        // SAFETY: as above.
        checked(unsafe {
            if blocked {
                openr2_chan_set_blocked(self.raw.as_ptr())
            } else {
                openr2_chan_set_idle(self.raw.as_ptr())
            }
        })
    }

    /// Looks at the line signal, changed or not.
    pub fn look(&mut self) {
        // SAFETY: as above.
        unsafe { openr2_chan_handle_cas(self.raw.as_ptr()) };
    }

    /// Whether the library reads audio.
    pub fn listen(&mut self, on: bool) {
        // SAFETY: as above.
        unsafe {
            demarc_listen(self.fd, on.into());
            if on {
                openr2_chan_enable_read(self.raw.as_ptr());
            } else {
                openr2_chan_disable_read(self.raw.as_ptr());
            }
        }
    }

    /// A register signal is being sent.
    pub fn sends(&mut self) -> bool {
        // SAFETY: as above.
        unsafe { openr2_chan_get_tx_mf_signal(self.raw.as_ptr()) != 0 }
    }

    /// The four bits that arrive.
    pub fn received_bits(&self) -> Option<u8> {
        // SAFETY: it asks the descriptor.
        u8::try_from(unsafe { demarc_received_bits(self.fd) }).ok()
    }

    pub fn make_call(&mut self, ani: Option<&CStr>, dnis: &CStr, category: i32) -> Result<(), Refused> {
        let ani = ani.map_or(std::ptr::null(), CStr::as_ptr);
        // SAFETY: the library copies the numbers.
        checked(unsafe { openr2_chan_make_call(self.raw.as_ptr(), ani, dnis.as_ptr(), category) })
    }

    pub fn accept(&mut self, mode: i32) -> Result<(), Refused> {
        // SAFETY: as above.
        checked(unsafe { openr2_chan_accept_call(self.raw.as_ptr(), mode) })
    }

    pub fn answer(&mut self, double: bool) -> Result<(), Refused> {
        // SAFETY: as above. `OR2_ANSWER_SIMPLE` is 0, `OR2_ANSWER_DOUBLE` 1.
        checked(unsafe { openr2_chan_answer_call_with_mode(self.raw.as_ptr(), double.into()) })
    }

    pub fn disconnect(&mut self, cause: i32) -> Result<(), Refused> {
        // SAFETY: as above.
        checked(unsafe { openr2_chan_disconnect_call(self.raw.as_ptr(), cause) })
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        // SAFETY: nobody else has it. The context keeps a pointer in a list that only
        // `openr2_context_…` functions walk which are never called.
        unsafe { openr2_chan_delete(self.raw.as_ptr()) };
    }
}

/// A buffer of the library; none when there is nothing in it.
fn buffer<'a>(start: *mut c_void, length: c_int) -> &'a mut [u8] {
    match usize::try_from(length) {
        // SAFETY: the library gives a buffer of that length, for the time of the call.
        Ok(length) if !start.is_null() => unsafe {
            std::slice::from_raw_parts_mut(start.cast::<u8>(), length)
        },
        _ => &mut [],
    }
}

extern "C" fn control(fd: c_int, number: c_int, reads: c_int, argument: *mut c_void, length: c_int) -> c_int {
    let argument = buffer(argument, length);
    with_packets(fd, |packets| packets.control(number, reads != 0, argument)).unwrap_or(-EIO)
}

extern "C" fn read(fd: c_int, start: *mut c_void, length: c_int) -> c_int {
    with_packets(fd, |packets| packets.read(buffer(start, length))).unwrap_or(-EIO)
}

extern "C" fn write(fd: c_int, start: *const c_void, length: c_int) -> c_int {
    let octets = match usize::try_from(length) {
        // SAFETY: the library gives a buffer of that length, for the time of the call.
        Ok(length) if !start.is_null() => unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length) },
        _ => &[],
    };
    with_packets(fd, |packets| packets.write(octets)).unwrap_or(-EIO)
}

extern "C" fn event(event: *const RawEvent) {
    // SAFETY: the shim gives a whole event.
    let Some(event) = (unsafe { event.as_ref() }) else { return };
    WORLD.with_borrow_mut(|world| {
        if world.events.len() < MANY {
            world.events.push_back(*event);
        }
    });
}

extern "C" fn log(slot: c_int, level: c_int, line: *const c_char) {
    if line.is_null() {
        return;
    }
    // SAFETY: the shim gives a terminated string.
    let text = unsafe { CStr::from_ptr(line) }.to_string_lossy();
    let text = text.trim_end().chars().take(240).collect();
    WORLD.with_borrow_mut(|world| {
        if world.lines.len() < MANY {
            world.lines.push_back(Line { slot, level, text });
        }
    });
}

/// The text before the first zero.
pub fn text(array: &[c_char]) -> String {
    let octets = array.iter().map(|octet| u8::from_ne_bytes(octet.to_ne_bytes()));
    octets.take_while(|octet| *octet != 0).map(char::from).collect()
}
