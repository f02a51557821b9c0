//! Advice of charge, to and from libpri's numbers.

use super::ia5;
use super::words;
use crate::sys::{RATES, RawCharge, RawMoney, RawRate};
use demarc_isdn::{AocWish, Charge, Money, Rate, RateKind};

/// Hundredths of a second in each of `PRI_AOC_TIME_SCALE_*`.
const SCALES: [u64; 7] = [1, 10, 100, 1_000, 6_000, 360_000, 8_640_000];
/// Cost is an INTEGER up to 16 777 215 (ETS 300 182 §7).
const MOST: u32 = 0x00FF_FFFF;

/// `PRI_AOC_MULTIPLIER_ONE`.
const ONE: i32 = 3;

fn raw_money(money: &Money) -> RawMoney {
    RawMoney {
        cost: i32::try_from(money.cost.min(MOST)).unwrap_or(0),
        multiplier: i32::from(money.exponent.clamp(-3, 3)) + ONE,
        currency: ia5(&money.currency, 10),
    }
}

fn money(raw: &RawMoney) -> Money {
    Money {
        currency: words(&raw.currency).unwrap_or_default(),
        cost: u32::try_from(raw.cost).unwrap_or(0),
        exponent: i8::try_from((raw.multiplier - ONE).clamp(-3, 3)).unwrap_or(0),
    }
}

/// A charge for libpri.
pub fn raw_charge(charge: &Charge, total: bool) -> RawCharge {
    let none = RawCharge { total: total.into(), ..RawCharge::EMPTY };
    match charge {
        Charge::NotAvailable => none,
        Charge::Free => RawCharge { charge: 1, ..none },
        Charge::Money(money) => RawCharge { charge: 2, money: raw_money(money), ..none },
        Charge::Units(units) => {
            RawCharge { charge: 3, units: i32::try_from((*units).min(MOST)).unwrap_or(0), ..none }
        }
    }
}

/// A charge from libpri.
pub fn charge(raw: &RawCharge) -> Charge {
    match raw.charge {
        1 => Charge::Free,
        2 => Charge::Money(money(&raw.money)),
        3 => u32::try_from(raw.units).map_or(Charge::NotAvailable, Charge::Units),
        _ => Charge::NotAvailable,
    }
}

/// Rates for libpri, as many as one advice has.
pub fn raw_rates(rates: &[Rate]) -> Vec<RawRate> {
    rates.iter().take(RATES).map(raw_rate).collect()
}

fn raw_rate(rate: &Rate) -> RawRate {
    let raw = RawRate { item: rate.item.min(6).into(), ..RawRate::EMPTY };
    match &rate.kind {
        RateKind::NotAvailable => raw,
        RateKind::Free => RawRate { kind: 1, ..raw },
        RateKind::FreeFromBeginning => RawRate { kind: 2, ..raw },
        RateKind::Duration { money, centiseconds, step } => {
            let (time, scale) = time(*centiseconds);
            RawRate { kind: 3, money: raw_money(money), time, scale, step: (*step).into(), ..raw }
        }
        RateKind::Flat(money) => RawRate { kind: 4, money: raw_money(money), ..raw },
        RateKind::Volume(money, unit) => {
            RawRate { kind: 5, money: raw_money(money), other: (*unit).min(2).into(), ..raw }
        }
        RateKind::Special(code) => RawRate { kind: 6, other: (*code).into(), ..raw },
    }
}

/// The largest scale that keeps a time whole, since its length has 24 bits.
fn time(centiseconds: u64) -> (i32, i32) {
    let whole = |(_, scale): &(usize, &u64)| centiseconds.is_multiple_of(**scale);
    let (at, scale) = SCALES.iter().enumerate().rev().find(whole).unwrap_or((0, &1));
    let length = (centiseconds / scale).min(MOST.into());
    (i32::try_from(length).unwrap_or(0), i32::try_from(at).unwrap_or(0))
}

/// Rates from libpri.
pub fn rates(raw: &[RawRate]) -> Vec<Rate> {
    raw.iter().map(rate).collect()
}

fn rate(raw: &RawRate) -> Rate {
    let byte = |value: i32| u8::try_from(value).unwrap_or(0);
    let kind = match raw.kind {
        1 => RateKind::Free,
        2 => RateKind::FreeFromBeginning,
        3 => {
            let scale = usize::try_from(raw.scale).ok().and_then(|scale| SCALES.get(scale));
            let length = u64::try_from(raw.time).unwrap_or(0);
            RateKind::Duration {
                money: money(&raw.money),
                centiseconds: length * scale.copied().unwrap_or(1),
                step: raw.step != 0,
            }
        }
        4 => RateKind::Flat(money(&raw.money)),
        5 => RateKind::Volume(money(&raw.money), byte(raw.other)),
        6 => RateKind::Special(byte(raw.other)),
        _ => RateKind::NotAvailable,
    };
    Rate { item: byte(raw.item), kind }
}

/// What a request for advice asks for.
pub fn wish(bits: i32) -> AocWish {
    AocWish { start: bits & 1 != 0, during: bits & 2 != 0, end: bits & 4 != 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_comes_back_as_it_went() {
        let money = Money { currency: "GBP".into(), cost: 25, exponent: -2 };
        let kinds = [
            RateKind::NotAvailable,
            RateKind::Free,
            RateKind::FreeFromBeginning,
            RateKind::Flat(money.clone()),
            RateKind::Duration { money: money.clone(), centiseconds: 6_000, step: true },
            RateKind::Duration { money: money.clone(), centiseconds: 7, step: false },
            RateKind::Volume(money, 2),
            RateKind::Special(7),
        ];
        for kind in kinds {
            let rate = Rate { item: 2, kind };
            assert_eq!(rates(&raw_rates(std::slice::from_ref(&rate))), [rate]);
        }
        assert_eq!(raw_rates(&vec![Rate { item: 0, kind: RateKind::Free }; 12]).len(), RATES);
    }

    #[test]
    fn a_charge_comes_back_as_it_went() {
        let money = Money { currency: "EUR".into(), cost: MOST, exponent: 3 };
        for of in [Charge::NotAvailable, Charge::Free, Charge::Units(0), Charge::Money(money)] {
            assert_eq!(charge(&raw_charge(&of, true)), of);
        }
    }
}
