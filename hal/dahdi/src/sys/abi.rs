//! Structures and numbers of the DAHDI interface (`dahdi/user.h` of dahdi-linux 2.11 to 3.x).
//!
//! The fields keep the kernel's names. `tests/abi.rs` compiles a C program against the real header
//! and compares every size, offset and number.
#![allow(missing_docs)]

use super::ioctl::{Plain, Request};

/// What a read or write of a channel answers as long as an event waits.
pub const ELAST: i32 = 500;

/// Signalling of a channel. `SIG_FXS…` is what an FXO port speaks, and the other way round.
pub mod sig {
    pub const NONE: i32 = 0;
    const FXO: i32 = 1 << 12;
    const FXS: i32 = 1 << 13;
    pub const FXSLS: i32 = 1 | FXS;
    pub const FXSGS: i32 = 1 << 1 | FXS;
    pub const FXSKS: i32 = 1 << 2 | FXS;
    pub const FXOLS: i32 = 1 << 3 | FXO;
    pub const FXOGS: i32 = 1 << 4 | FXO;
    pub const FXOKS: i32 = 1 << 5 | FXO;
    pub const EM: i32 = 1 << 6;
    pub const CLEAR: i32 = 1 << 7;
    pub const HDLCRAW: i32 = 1 << 8 | CLEAR;
    pub const HDLCFCS: i32 = 1 << 9 | HDLCRAW;
    pub const CAS: i32 = 1 << 15;
    pub const EM_E1: i32 = 1 << 17;
    pub const HARDHDLC: i32 = 1 << 19 | CLEAR;
}

/// Line configuration of a span.
pub mod line {
    pub const D4: i32 = 1 << 4;
    pub const ESF: i32 = 1 << 5;
    pub const AMI: i32 = 1 << 6;
    pub const B8ZS: i32 = 1 << 7;
    pub const CCS: i32 = 1 << 8;
    pub const HDB3: i32 = 1 << 9;
    pub const CRC4: i32 = 1 << 10;
    pub const NTTE: i32 = 1 << 11;
    pub const TERM: i32 = 1 << 12;
}

/// Alarms of a span or channel.
pub mod alarm {
    pub const RECOVER: i32 = 1;
    pub const LOOPBACK: i32 = 1 << 1;
    pub const YELLOW: i32 = 1 << 2;
    pub const RED: i32 = 1 << 3;
    pub const BLUE: i32 = 1 << 4;
    pub const NOTOPEN: i32 = 1 << 5;
    pub const LOS: i32 = 1 << 8;
    pub const LFA: i32 = 1 << 9;
    pub const LMFA: i32 = 1 << 10;
}

/// Commands of maintenance.
pub mod maint {
    pub const NONE: i32 = 0;
    pub const LOCALLOOP: i32 = 1;
    pub const NETWORKLINELOOP: i32 = 2;
    pub const LOOPUP: i32 = 3;
    pub const LOOPDOWN: i32 = 4;
    pub const FAS_DEFECT: i32 = 6;
    pub const MULTI_DEFECT: i32 = 7;
    pub const CRC_DEFECT: i32 = 8;
    pub const CAS_DEFECT: i32 = 9;
    pub const PRBS_DEFECT: i32 = 10;
    pub const BIPOLAR_DEFECT: i32 = 11;
    pub const PRBS: i32 = 12;
    pub const NETWORKPAYLOADLOOP: i32 = 13;
    pub const RESET_COUNTERS: i32 = 14;
}

/// Events of a channel.
pub mod event {
    pub const NONE: i32 = 0;
    pub const ONHOOK: i32 = 1;
    pub const RINGOFFHOOK: i32 = 2;
    pub const WINKFLASH: i32 = 3;
    pub const ALARM: i32 = 4;
    pub const NOALARM: i32 = 5;
    pub const ABORT: i32 = 6;
    pub const OVERRUN: i32 = 7;
    pub const BADFCS: i32 = 8;
    pub const DIALCOMPLETE: i32 = 9;
    pub const RINGERON: i32 = 10;
    pub const RINGEROFF: i32 = 11;
    pub const HOOKCOMPLETE: i32 = 12;
    pub const BITSCHANGED: i32 = 13;
    pub const PULSE_START: i32 = 14;
    pub const TIMER_EXPIRED: i32 = 15;
    pub const POLARITY: i32 = 17;
    pub const RINGBEGIN: i32 = 18;
    pub const REMOVED: i32 = 20;
    pub const READ_OVERRUN: i32 = 29;
    pub const WRITE_UNDERRUN: i32 = 30;
    /// With the digit, in ASCII.
    pub const PULSEDIGIT: i32 = 1 << 16;
}

/// Arguments of `HOOK`.
pub mod hook {
    pub const ONHOOK: i32 = 0;
    pub const OFFHOOK: i32 = 1;
    pub const WINK: i32 = 2;
    pub const FLASH: i32 = 3;
    pub const START: i32 = 4;
    pub const RING: i32 = 5;
    pub const RINGOFF: i32 = 6;
}

pub const LAW_DEFAULT: i32 = 0;
pub const LAW_MULAW: i32 = 1;
pub const LAW_ALAW: i32 = 2;

pub const POLICY_IMMEDIATE: i32 = 0;

pub const FLUSH_READ: i32 = 1;
pub const FLUSH_WRITE: i32 = 2;
pub const FLUSH_EVENT: i32 = 4;

pub const DIAL_OP_APPEND: i32 = 1;
pub const MAX_DTMF_BUF: usize = 256;
pub const MAX_CADENCE: usize = 16;

pub const VMWI_HVAC: u32 = 1 << 2;

/// `struct dahdi_params`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Params {
    pub channo: i32,
    pub spanno: i32,
    pub chanpos: i32,
    pub sigtype: i32,
    pub sigcap: i32,
    pub rxisoffhook: i32,
    pub rxbits: i32,
    pub txbits: i32,
    pub txhooksig: i32,
    pub rxhooksig: i32,
    pub curlaw: i32,
    pub idlebits: i32,
    pub name: [u8; 40],
    pub prewinktime: i32,
    pub preflashtime: i32,
    pub winktime: i32,
    pub flashtime: i32,
    pub starttime: i32,
    pub rxwinktime: i32,
    pub rxflashtime: i32,
    pub debouncetime: i32,
    pub pulsebreaktime: i32,
    pub pulsemaketime: i32,
    pub pulseaftertime: i32,
    pub chan_alarms: u32,
}

/// `struct dahdi_spaninfo`.
#[derive(Debug, Clone, Copy)]
#[repr(C, packed)]
pub struct SpanInfo {
    pub spanno: i32,
    pub name: [u8; 20],
    pub desc: [u8; 40],
    pub alarms: i32,
    pub txlevel: i32,
    pub rxlevel: i32,
    pub bpvcount: i32,
    pub crc4count: i32,
    pub ebitcount: i32,
    pub fascount: i32,
    pub fecount: u32,
    pub cvcount: u32,
    pub becount: u32,
    pub prbs: u32,
    pub errsec: u32,
    pub irqmisses: i32,
    pub syncsrc: i32,
    pub numchans: i32,
    pub totalchans: i32,
    pub totalspans: i32,
    pub lbo: i32,
    pub lineconfig: i32,
    pub lboname: [u8; 40],
    pub location: [u8; 40],
    pub manufacturer: [u8; 40],
    pub devicetype: [u8; 40],
    pub irq: i32,
    pub linecompat: i32,
    pub spantype: [u8; 6],
}

/// `struct dahdi_maintinfo`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct MaintInfo {
    pub spanno: i32,
    pub command: i32,
}

/// `struct dahdi_gains`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Gains {
    pub chan: i32,
    pub rxgain: [u8; 256],
    pub txgain: [u8; 256],
}

/// `struct dahdi_lineconfig`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct LineConfig {
    pub span: i32,
    pub name: [u8; 20],
    pub lbo: i32,
    pub lineconfig: i32,
    pub sync: i32,
}

/// `struct dahdi_chanconfig`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct ChanConfig {
    pub chan: i32,
    pub name: [u8; 40],
    pub sigtype: i32,
    pub deflaw: i32,
    pub master: i32,
    pub idlebits: i32,
    pub netdev_name: [u8; 16],
}

/// `struct dahdi_tone_def_header`, with no tones after it.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct ToneZone {
    pub count: i32,
    pub zone: i32,
    pub ringcadence: [i32; MAX_CADENCE],
    pub name: [u8; 40],
}

/// `struct dahdi_bufferinfo`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct BufferInfo {
    pub txbufpolicy: i32,
    pub rxbufpolicy: i32,
    pub numbufs: i32,
    pub bufsize: i32,
    pub readbufs: i32,
    pub writebufs: i32,
}

/// `struct dahdi_dialoperation`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct DialOperation {
    pub op: i32,
    pub dialstr: [u8; MAX_DTMF_BUF],
}

/// `struct dahdi_ring_cadence`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct RingCadence {
    pub ringcadence: [i32; MAX_CADENCE],
}

/// `struct dahdi_versioninfo`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct VersionInfo {
    pub version: [u8; 80],
    pub echo_canceller: [u8; 80],
}

/// `struct dahdi_attach_echocan`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct AttachEchocan {
    pub chan: i32,
    pub echocan: [u8; 16],
}

/// `struct dahdi_dynamic_span`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct DynamicSpan {
    pub driver: [u8; 20],
    pub addr: [u8; 40],
    pub numchans: i32,
    pub timing: i32,
    pub spanno: i32,
}

/// `struct dahdi_hwgain`: tenths of a decibel, and 1 for what is sent.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct HwGain {
    pub newgain: i32,
    pub tx: u32,
}

/// `struct dahdi_vmwi_info`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct VmwiInfo {
    pub vmwi_type: u32,
}

macro_rules! plain {
    ($($kind:ty),*) => { $(
        // SAFETY: a `repr(C)` structure of integers and arrays of integers.
        unsafe impl Plain for $kind {}
    )* };
}
plain!(i32, Params, SpanInfo, MaintInfo, Gains, LineConfig, ChanConfig, ToneZone, BufferInfo);
plain!(DialOperation, RingCadence, VersionInfo, AttachEchocan, DynamicSpan, HwGain, VmwiInfo);

pub const GET_PARAMS: Request<Params> = Request::both(5);
pub const SET_PARAMS: Request<Params> = Request::write(5);
pub const FLUSH: Request<i32> = Request::write(3);
pub const HOOK: Request<i32> = Request::write(7);
pub const GETEVENT: Request<i32> = Request::read(8);
pub const SPANSTAT: Request<SpanInfo> = Request::both(10);
pub const MAINT: Request<MaintInfo> = Request::write(11);
pub const SETGAINS: Request<Gains> = Request::write(16);
pub const SPANCONFIG: Request<LineConfig> = Request::write(18);
pub const CHANCONFIG: Request<ChanConfig> = Request::write(19);
pub const LOADZONE: Request<ToneZone> = Request::write(25);
pub const SET_BUFINFO: Request<BufferInfo> = Request::write(27);
pub const GET_BUFINFO: Request<BufferInfo> = Request::read(27);
pub const DIAL: Request<DialOperation> = Request::write(31);
pub const AUDIOMODE: Request<i32> = Request::write(32);
pub const ECHOCANCEL: Request<i32> = Request::write(33);
pub const CHANNO: Request<i32> = Request::read(34);
pub const SPECIFY: Request<i32> = Request::write(38);
pub const SETLAW: Request<i32> = Request::write(39);
pub const SETCADENCE: Request<RingCadence> = Request::write(42);
pub const GETRXBITS: Request<i32> = Request::read(43);
pub const SETTXBITS: Request<i32> = Request::write(43);
pub const TIMERCONFIG: Request<i32> = Request::write(47);
pub const TIMERACK: Request<i32> = Request::write(48);
pub const ONHOOKTRANSFER: Request<i32> = Request::write(51);
pub const GETVERSION: Request<VersionInfo> = Request::read(57);
pub const ATTACH_ECHOCAN: Request<AttachEchocan> = Request::write(59);
pub const DYNAMIC_CREATE: Request<DynamicSpan> = Request::both(80);
pub const DYNAMIC_DESTROY: Request<DynamicSpan> = Request::write(81);
pub const SET_HWGAIN: Request<HwGain> = Request::write(86);
pub const SETPOLARITY: Request<i32> = Request::write(92);
pub const VMWI: Request<i32> = Request::both(94);
pub const VMWI_CONFIG: Request<VmwiInfo> = Request::write(95);
pub const STARTUP: Request<i32> = Request::write(99);
pub const SHUTDOWN: Request<i32> = Request::write(100);
pub const BUFFER_EVENTS: Request<i32> = Request::write(105);
