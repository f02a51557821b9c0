//! Our words and those of the library (`openr2/r2proto.h`).

use demarc_r2::{CallMode, Category, ClearReason, Trouble, Variant};

/// `openr2_variant_t`.
pub fn variant(variant: Variant) -> i32 {
    match variant {
        Variant::Argentina => 0,
        Variant::Brazil => 20,
        Variant::China => 40,
        Variant::Czech => 60,
        Variant::Colombia => 70,
        Variant::Ecuador => 80,
        Variant::Indonesia => 90,
        Variant::Itu => 100,
        Variant::Mexico => 120,
        Variant::Philippines => 140,
        Variant::Venezuela => 160,
    }
}

/// `openr2_calling_party_category_t`, from 0.
const CATEGORIES: [Category; 7] = [
    Category::National,
    Category::NationalPriority,
    Category::International,
    Category::InternationalPriority,
    Category::CollectCall,
    Category::Unknown,
    Category::Test,
];

/// `openr2_call_mode_t`, from 0.
const MODES: [CallMode; 4] = [CallMode::Charge, CallMode::NoCharge, CallMode::Special, CallMode::Unknown];

/// `openr2_call_disconnect_cause_t`, from 0.
const REASONS: [ClearReason; 10] = [
    ClearReason::Busy,
    ClearReason::Congestion,
    ClearReason::Unallocated,
    ClearReason::OutOfOrder,
    ClearReason::Unspecified,
    ClearReason::NoAnswer,
    ClearReason::Normal,
    ClearReason::CollectCallRejected,
    ClearReason::ForcedRelease,
    ClearReason::NumberChanged,
];

/// `openr2_protocol_error_t`, from 0.
const TROUBLES: [Trouble; 12] = [
    Trouble::LineSignal,
    Trouble::RegisterSignal,
    Trouble::RegisterTimeout,
    Trouble::SeizeTimeout,
    Trouble::RegisterTimeout,
    Trouble::RegisterSignal,
    Trouble::SeizeTimeout,
    Trouble::LineSignal,
    Trouble::RegisterSignal,
    Trouble::RegisterSignal,
    Trouble::Internal,
    Trouble::Internal,
];

fn index<T: PartialEq>(list: &[T], item: &T) -> i32 {
    list.iter().position(|other| other == item).and_then(|at| i32::try_from(at).ok()).unwrap_or(0)
}

fn item<T: Copy>(list: &[T], at: i32) -> Option<T> {
    usize::try_from(at).ok().and_then(|at| list.get(at)).copied()
}

pub fn category(category: Category) -> i32 {
    index(&CATEGORIES, &category)
}

pub fn category_of(raw: i32) -> Category {
    item(&CATEGORIES, raw).unwrap_or(Category::Unknown)
}

pub fn mode(mode: CallMode) -> i32 {
    index(&MODES, &mode)
}

pub fn mode_of(raw: i32) -> CallMode {
    item(&MODES, raw).unwrap_or(CallMode::Unknown)
}

pub fn reason(reason: ClearReason) -> i32 {
    index(&REASONS, &reason)
}

pub fn reason_of(raw: i32) -> ClearReason {
    item(&REASONS, raw).unwrap_or(ClearReason::Unspecified)
}

pub fn trouble_of(raw: i32) -> Trouble {
    item(&TROUBLES, raw).unwrap_or(Trouble::Internal)
}

/// A line of the library's trace as an arrow of the ladder: whether it goes out, and its words.
pub fn signal(line: &str) -> Option<(bool, String)> {
    let (outgoing, rest) = match line.split_once(" >> ") {
        Some(("CAS Tx" | "MF Tx", rest)) => (true, rest),
        Some(_) => return None,
        None => match line.split_once(" << ") {
            Some(("CAS Rx" | "MF Rx", rest)) => (false, rest),
            _ => return None,
        },
    };
    if let Some(name) = rest.strip_prefix('[') {
        return Some((outgoing, name.split(']').next()?.to_owned()));
    }
    let (digit, state) = rest.split_once(' ')?;
    let digit = match digit {
        "0" => "10",
        "B" => "11",
        "C" => "12",
        "D" => "13",
        "E" => "14",
        "F" => "15",
        digit => digit,
    };
    let state = if state.contains("ON") { "on" } else { "off" };
    Some((outgoing, format!("{digit} {state}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_there_comes_back() {
        for it in CATEGORIES {
            assert_eq!(category_of(category(it)), it);
        }
        for it in MODES {
            assert_eq!(mode_of(mode(it)), it);
        }
        for it in REASONS {
            assert_eq!(reason_of(reason(it)), it);
        }
        assert_eq!(category_of(-1), Category::Unknown);
        assert_eq!(trouble_of(77), Trouble::Internal);
    }

    #[test]
    fn trace_lines_are_arrows() {
        assert_eq!(signal("CAS Tx >> [SEIZE] 0x00"), Some((true, "SEIZE".into())));
        assert_eq!(signal("CAS Rx << [SEIZE ACK] 0x0C"), Some((false, "SEIZE ACK".into())));
        assert_eq!(signal("MF Tx >> 0 [ON]"), Some((true, "10 on".into())));
        assert_eq!(signal("MF Rx << F [OFF]"), Some((false, "15 off".into())));
        assert_eq!(signal("CAS Raw Tx >> 0x01"), None);
        assert_eq!(signal("Call ended"), None);
    }
}
