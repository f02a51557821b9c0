//! The shim's structures, field by field as in `shim/shim.h`.

use std::ffi::{c_char, c_void};

/// A number.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawNumber {
    pub valid: i32,
    pub plan: i32,
    pub presentation: i32,
    pub digits: [c_char; 64],
}

/// A subaddress.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawSubaddress {
    pub valid: i32,
    pub kind: i32,
    pub odd: i32,
    pub length: i32,
    pub data: [u8; 32],
}

/// Somebody.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawParty {
    pub number: RawNumber,
    pub subaddress: RawSubaddress,
    pub name: [c_char; 64],
}

/// A redirection.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawRedirecting {
    pub valid: i32,
    pub reason: i32,
    pub count: i32,
    pub original_reason: i32,
    pub from: RawParty,
    pub to: RawParty,
    pub original: RawNumber,
}

/// An amount of money.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawMoney {
    pub cost: i32,
    pub multiplier: i32,
    pub currency: [c_char; 12],
}

/// A rate.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawRate {
    pub item: i32,
    pub kind: i32,
    pub money: RawMoney,
    pub time: i32,
    pub scale: i32,
    pub step: i32,
    pub other: i32,
}

/// What was charged.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawCharge {
    pub charge: i32,
    pub total: i32,
    pub units: i32,
    pub money: RawMoney,
}

/// How many rates one advice has.
pub const RATES: usize = 10;

/// A subcommand.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawSub {
    pub kind: i32,
    pub invoke: i32,
    pub wish: i32,
    pub rates: i32,
    pub call_1: *mut c_void,
    pub call_2: *mut c_void,
    pub party: RawParty,
    pub charge: RawCharge,
    pub rate: [RawRate; RATES],
    pub text: [c_char; 132],
}

/// An event.
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
    pub info: i32,
    pub subs: i32,
    pub call: *mut c_void,
    pub subcall: *mut c_void,
    pub called: RawNumber,
    pub called_subaddress: RawSubaddress,
    pub calling: RawParty,
    pub redirecting: RawRedirecting,
    pub keypad: [c_char; 64],
    pub user_user: [c_char; 264],
    pub text: [c_char; 256],
    pub sub: [RawSub; 8],
}

/// A call to be begun.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawSetup {
    pub channel: i32,
    pub exclusive: i32,
    pub complete: i32,
    pub capability: i32,
    pub layer_1: i32,
    pub aoc: i32,
    pub called: RawNumber,
    pub called_subaddress: RawSubaddress,
    pub calling: RawParty,
    pub redirecting: RawRedirecting,
    pub keypad: [c_char; 64],
    pub user_user: [c_char; 264],
}

/// What a D channel is begun with.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawSettings {
    pub network: i32,
    pub dialect: i32,
    pub overlap: i32,
    pub bri: i32,
    pub layer_2: i32,
    pub service: i32,
    pub supplementary: i32,
    pub timers: [i32; 11],
}

impl RawNumber {
    /// No number.
    pub const EMPTY: Self = Self { valid: 0, plan: 0, presentation: 0, digits: [0; 64] };
}

impl RawSubaddress {
    /// No subaddress.
    pub const EMPTY: Self = Self { valid: 0, kind: 0, odd: 0, length: 0, data: [0; 32] };
}

impl RawParty {
    /// Nobody.
    pub const EMPTY: Self =
        Self { number: RawNumber::EMPTY, subaddress: RawSubaddress::EMPTY, name: [0; 64] };
}

impl RawRedirecting {
    /// No redirection.
    pub const EMPTY: Self = Self {
        valid: 0,
        reason: 0,
        count: 0,
        original_reason: 0,
        from: RawParty::EMPTY,
        to: RawParty::EMPTY,
        original: RawNumber::EMPTY,
    };
}

impl RawMoney {
    /// No money.
    pub const EMPTY: Self = Self { cost: 0, multiplier: 3, currency: [0; 12] };
}

impl RawRate {
    /// A rate that is not known.
    pub const EMPTY: Self =
        Self { item: 0, kind: 0, money: RawMoney::EMPTY, time: 0, scale: 0, step: 0, other: 0 };
}

impl RawCharge {
    /// A charge that is not known.
    pub const EMPTY: Self = Self { charge: 0, total: 0, units: -1, money: RawMoney::EMPTY };
}

impl RawSub {
    const EMPTY: Self = Self {
        kind: 0,
        invoke: 0,
        wish: 0,
        rates: 0,
        call_1: std::ptr::null_mut(),
        call_2: std::ptr::null_mut(),
        party: RawParty::EMPTY,
        charge: RawCharge::EMPTY,
        rate: [RawRate::EMPTY; RATES],
        text: [0; 132],
    };

    /// Its rates.
    pub fn rates(&self) -> &[RawRate] {
        self.rate.get(..usize::try_from(self.rates).unwrap_or(0)).unwrap_or_default()
    }
}

impl RawEvent {
    /// No event.
    pub const EMPTY: Self = Self {
        kind: 0,
        reference: -1,
        channel: 0,
        cause: -1,
        progress: 0,
        complete: 0,
        flexible: 0,
        capability: 0,
        info: 0,
        subs: 0,
        call: std::ptr::null_mut(),
        subcall: std::ptr::null_mut(),
        called: RawNumber::EMPTY,
        called_subaddress: RawSubaddress::EMPTY,
        calling: RawParty::EMPTY,
        redirecting: RawRedirecting::EMPTY,
        keypad: [0; 64],
        user_user: [0; 264],
        text: [0; 256],
        sub: [RawSub::EMPTY; 8],
    };

    /// What came with it.
    pub fn subs(&self) -> &[RawSub] {
        self.sub.get(..usize::try_from(self.subs).unwrap_or(0)).unwrap_or_default()
    }
}
