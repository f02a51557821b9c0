//! What the slot that was booted says about an update. Sans-IO.

use demarc_model::SpanId;
use demarc_model::appliance::{Beat, SwitchWhen, UpdateOutcome};
use demarc_model::config::TrunkId;
use serde::{Deserialize, Serialize};

/// What worked before an update.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Baseline {
    /// Spans that were in order.
    pub spans: Vec<SpanId>,
    /// Trunks that could carry calls.
    pub trunks: Vec<TrunkId>,
}

impl Baseline {
    /// As the gateway said.
    pub fn of(beat: &Beat) -> Self {
        Self { spans: beat.spans_up.clone(), trunks: beat.trunks_up.clone() }
    }
}

/// How far an update is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It is being written.
    Writing,
    /// It is written and waits.
    Installed,
    /// It was taken into service.
    Switched,
}

/// An update, kept over restarts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The slot that ran when it was installed.
    pub from_slot: String,
    /// The slot that it is in.
    pub to_slot: String,
    /// The version that ran.
    pub from: String,
    /// Its version.
    pub to: String,
    /// How far it is.
    pub stage: Stage,
    /// What worked before.
    pub baseline: Baseline,
    /// When it is to be taken into service.
    pub when: Option<SwitchWhen>,
    /// Why it was given up, noted before the reboot into the old version.
    pub fault: Option<String>,
}

/// What a boot means for an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtBoot {
    /// There is none.
    Nothing,
    /// It still waits.
    Waits(Record),
    /// The new version runs, and has to show that it works.
    Trial(Record),
    /// The old version is back.
    CameBack(UpdateOutcome),
}

/// What this boot means.
pub fn at_boot(record: Option<Record>, booted: Option<&str>, now_s: u64) -> AtBoot {
    let (Some(record), Some(booted)) = (record, booted) else { return AtBoot::Nothing };
    if booted == record.to_slot {
        // Also when nobody switched: the boot loader may have found the old slot destroyed.
        return AtBoot::Trial(record);
    }
    match record.stage {
        // Half of it is nothing.
        Stage::Writing => AtBoot::Nothing,
        Stage::Installed => AtBoot::Waits(record),
        Stage::Switched => {
            let fault = record.fault.unwrap_or_else(|| {
                "it did not start: the kernel or the gateway of the new version stopped before it was found good"
                    .into()
            });
            AtBoot::CameBack(UpdateOutcome {
                from: record.from,
                to: record.to,
                fault: Some(fault),
                at_s: now_s,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(stage: Stage, fault: Option<&str>) -> Option<Record> {
        Some(Record {
            from_slot: "A".into(),
            to_slot: "B".into(),
            from: "1.0.0".into(),
            to: "1.1.0".into(),
            stage,
            baseline: Baseline::default(),
            when: None,
            fault: fault.map(Into::into),
        })
    }

    #[test]
    fn the_slot_tells_what_became_of_it() {
        assert_eq!(at_boot(None, Some("A"), 0), AtBoot::Nothing);
        assert_eq!(at_boot(record(Stage::Switched, None), None, 0), AtBoot::Nothing);
        assert_eq!(at_boot(record(Stage::Writing, None), Some("A"), 0), AtBoot::Nothing);
        assert!(matches!(at_boot(record(Stage::Writing, None), Some("B"), 0), AtBoot::Trial(_)));
        assert!(matches!(at_boot(record(Stage::Installed, None), Some("A"), 0), AtBoot::Waits(_)));
        assert!(matches!(at_boot(record(Stage::Switched, None), Some("B"), 0), AtBoot::Trial(_)));
        assert!(matches!(at_boot(record(Stage::Installed, None), Some("B"), 0), AtBoot::Trial(_)));
        let AtBoot::CameBack(outcome) = at_boot(record(Stage::Switched, Some("span 1")), Some("A"), 7) else {
            panic!()
        };
        assert_eq!((outcome.fault.as_deref(), outcome.at_s), (Some("span 1"), 7));
        let AtBoot::CameBack(outcome) = at_boot(record(Stage::Switched, None), Some("A"), 7) else {
            panic!()
        };
        assert!(outcome.fault.unwrap().contains("did not start"));
    }
}
