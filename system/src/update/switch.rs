//! When an installed version is taken into service. Sans-IO.

use demarc_model::appliance::SwitchWhen;

/// Seconds before the end of the hour at which nothing is waited for any more.
const LAST: u64 = 60;

/// Is it time? `now_s` in seconds since 1970 UTC; `calls` as the gateway says, none when it says
/// nothing: then there is nobody to disturb.
pub fn is_time(when: SwitchWhen, now_s: u64, calls: Option<u32>) -> bool {
    let idle = calls.unwrap_or(0) == 0;
    match when {
        SwitchWhen::Now => true,
        SwitchWhen::Idle => idle,
        SwitchWhen::Hour { hour } => {
            let (in_hour, left) = (now_s / 3600 % 24 == u64::from(hour), 3600 - now_s % 3600);
            in_hour && (idle || left <= LAST)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_for_idle_or_for_the_end_of_its_hour() {
        assert!(is_time(SwitchWhen::Now, 0, Some(9)));
        assert!(!is_time(SwitchWhen::Idle, 0, Some(1)));
        assert!(is_time(SwitchWhen::Idle, 0, Some(0)) && is_time(SwitchWhen::Idle, 0, None));
        let three = SwitchWhen::Hour { hour: 3 };
        let clock = |hour: u64, minute: u64| 20_000 * 86_400 + hour * 3600 + minute * 60;
        assert!(!is_time(three, clock(2, 59), Some(0)));
        assert!(is_time(three, clock(3, 0), Some(0)));
        assert!(!is_time(three, clock(3, 30), Some(2)));
        assert!(is_time(three, clock(3, 59), Some(2)), "at its end in any case");
        assert!(!is_time(three, clock(4, 0), Some(0)));
    }
    /// The first moment of two days, second by second, at which an order would be obeyed.
    fn first(when: SwitchWhen, from: u64, calls: impl Fn(u64) -> u32) -> Option<u64> {
        (from..from + 2 * 86_400).find(|now_s| is_time(when, *now_s, Some(calls(*now_s))))
    }

    #[test]
    fn an_order_is_obeyed_in_its_time_and_not_before() {
        let midnight = 20_000 * 86_400;
        let clock = |day: u64, hour: u64, minute: u64| midnight + day * 86_400 + hour * 3600 + minute * 60;
        let ordered = clock(0, 10, 5);
        let three = SwitchWhen::Hour { hour: 3 };
        assert_eq!(first(three, ordered, |_| 0), Some(clock(1, 3, 0)), "idle all day, and it still waits");
        assert_eq!(first(three, ordered, |_| 7), Some(clock(1, 3, 59)), "a call that never ends");
        let until = clock(1, 3, 20);
        assert_eq!(first(three, ordered, |now_s| u32::from(now_s < until)), Some(until));
        assert_eq!(first(three, clock(0, 3, 30), |_| 0), Some(clock(0, 3, 30)), "ordered within its hour");
        // Across midnight.
        assert_eq!(first(SwitchWhen::Hour { hour: 0 }, clock(0, 23, 59), |_| 0), Some(clock(1, 0, 0)));
        assert_eq!(first(SwitchWhen::Idle, ordered, |now_s| u32::from(now_s < until)), Some(until));
        assert_eq!(first(SwitchWhen::Idle, ordered, |_| 1), None, "a call is never cut by it");
        assert_eq!(first(SwitchWhen::Now, ordered, |_| 9), Some(ordered));
    }
}
