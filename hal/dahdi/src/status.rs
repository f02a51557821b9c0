//! Layer 1 in our words.

use crate::sys::abi::{SpanInfo, alarm, maint};
use demarc_hal::{Alarm, Defect, Maintenance, SpanStatus};

/// Alarms, worst first.
pub fn alarms(bits: i32) -> Vec<Alarm> {
    const ALARMS: [(i32, Alarm); 9] = [
        (alarm::RED, Alarm::Red),
        (alarm::YELLOW, Alarm::Yellow),
        (alarm::BLUE, Alarm::Blue),
        (alarm::RECOVER, Alarm::Recovering),
        (alarm::LOS, Alarm::LossOfSignal),
        (alarm::LFA, Alarm::LossOfFrame),
        (alarm::LMFA, Alarm::LossOfMultiframe),
        (alarm::LOOPBACK, Alarm::Loopback),
        (alarm::NOTOPEN, Alarm::NotOpen),
    ];
    ALARMS.into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, alarm)| alarm).collect()
}

/// The counters of a span. What the kernel does not know is the driver's to add.
pub fn status(info: &SpanInfo) -> SpanStatus {
    // The counters are signed in the kernel, and wrap.
    let signed = |count: i32| u64::from(count.cast_unsigned());
    SpanStatus {
        alarms: alarms(info.alarms),
        crc_errors: signed(info.crc4count),
        code_violations: info.cvcount.into(),
        // No driver of DAHDI reports slips by themselves.
        slips: 0,
        far_crc_errors: signed(info.ebitcount),
        frame_errors: signed(info.fascount).saturating_add(info.fecount.into()),
        bipolar_violations: signed(info.bpvcount),
        errored_seconds: info.errsec.into(),
        bit_errors: info.becount.into(),
        missed_interrupts: signed(info.irqmisses),
        bad_frames: 0,
        is_clock: info.syncsrc == info.spanno,
        maintenance: Maintenance::None,
    }
}

/// The kernel's command.
pub fn maintenance(wanted: Maintenance) -> i32 {
    match wanted {
        Maintenance::None => maint::NONE,
        Maintenance::LocalLoop => maint::LOCALLOOP,
        Maintenance::LineLoop => maint::NETWORKLINELOOP,
        Maintenance::PayloadLoop => maint::NETWORKPAYLOADLOOP,
        Maintenance::LoopUp => maint::LOOPUP,
        Maintenance::LoopDown => maint::LOOPDOWN,
        Maintenance::Prbs => maint::PRBS,
    }
}

/// The kernel's command.
pub fn defect(defect: Defect) -> i32 {
    match defect {
        Defect::Frame => maint::FAS_DEFECT,
        Defect::Multiframe => maint::MULTI_DEFECT,
        Defect::Crc => maint::CRC_DEFECT,
        Defect::Cas => maint::CAS_DEFECT,
        Defect::Prbs => maint::PRBS_DEFECT,
        Defect::Bipolar => maint::BIPOLAR_DEFECT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Plain;

    #[test]
    fn the_worst_alarm_comes_first() {
        assert_eq!(alarms(alarm::LOS | alarm::RED), [Alarm::Red, Alarm::LossOfSignal]);
        assert_eq!(alarms(0), []);
        assert_eq!(alarms(alarm::LOOPBACK | alarm::LMFA), [Alarm::LossOfMultiframe, Alarm::Loopback]);
    }

    #[test]
    fn counters_of_the_kernel_wrap() {
        let info =
            SpanInfo { crc4count: -1, spanno: 3, syncsrc: 3, fascount: 2, fecount: 3, ..SpanInfo::zeroed() };
        let status = status(&info);
        assert_eq!((status.crc_errors, status.frame_errors), (u64::from(u32::MAX), 5));
        assert!(status.is_clock);
    }
}
