//! What RAUC says, read. Sans-IO.

use demarc_model::appliance::SlotStatus;
use serde_json::Value;

/// What a bundle says of itself, once its signature was found good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Its version.
    pub version: String,
    /// For which units it is.
    pub compatible: String,
}

/// Reads `rauc info --output-format=json`.
pub fn parse_info(text: &str) -> Option<Bundle> {
    // Warnings may come before it.
    let value: Value = serde_json::from_str(text.get(text.find('{')?..)?).ok()?;
    let update = value.get("update").unwrap_or(&value);
    let get = |name: &str| update.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Bundle { version: get("version")?, compatible: get("compatible").unwrap_or_default() })
}

/// Reads one line of `rauc install`: percent and what is being done.
pub fn parse_progress(line: &str) -> Option<(u8, String)> {
    let (percent, step) = line.trim().split_once('%')?;
    let percent: u8 = percent.trim().parse().ok().filter(|percent| *percent <= 100)?;
    Some((percent, step.trim().chars().take(120).collect()))
}

/// Reads `rauc status --output-format=json`.
pub fn parse_slots(text: &str) -> Vec<SlotStatus> {
    let parse = || -> Option<Vec<SlotStatus>> {
        let value: Value = serde_json::from_str(text.get(text.find('{')?..)?).ok()?;
        let primary = value.get("boot_primary").and_then(Value::as_str).unwrap_or_default();
        let slots = value.get("slots")?.as_array()?;
        Some(
            slots
                .iter()
                .filter_map(Value::as_object)
                .flat_map(|slots| slots.iter())
                .filter_map(|(name, slot)| {
                    let get = |name: &str| slot.get(name).and_then(Value::as_str);
                    let bundle = slot.pointer("/slot_status/bundle/version").and_then(Value::as_str);
                    Some(SlotStatus {
                        name: get("bootname")?.to_owned(),
                        version: bundle.map(str::to_owned),
                        booted: get("state") == Some("booted"),
                        good: get("boot_status") == Some("good"),
                        next: name == primary,
                    })
                })
                .take(4)
                .collect(),
        )
    };
    parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_tells_its_version() {
        let text = r#"{"compatible":"demarc-x86_64","version":"1.2.3","description":null,"images":[]}"#;
        let bundle = Bundle { version: "1.2.3".into(), compatible: "demarc-x86_64".into() };
        assert_eq!(parse_info(text), Some(bundle.clone()));
        let newer = r#"note{"#.replace("note{", "note ")
            + r#"{"update":{"compatible":"demarc-x86_64","version":"1.2.3"}}"#;
        assert_eq!(parse_info(&newer), Some(bundle));
        assert_eq!(parse_info("{}"), None);
        assert_eq!(parse_info("not JSON"), None);
    }

    #[test]
    fn progress() {
        assert_eq!(parse_progress(" 40% Checking bundle done."), Some((40, "Checking bundle done.".into())));
        assert_eq!(parse_progress("Installing `x` succeeded"), None);
        assert_eq!(parse_progress("400% x"), None);
    }

    #[test]
    fn slots() {
        let text = r#"{"compatible":"demarc","boot_primary":"rootfs.1","slots":[
            {"rootfs.1":{"bootname":"B","state":"inactive","boot_status":"good",
                "slot_status":{"bundle":{"version":"1.1.0"}}}},
            {"rootfs.0":{"bootname":"A","state":"booted","boot_status":"bad"}}]}"#;
        let slots = parse_slots(text);
        assert_eq!((slots[0].name.as_str(), slots[0].version.as_deref()), ("B", Some("1.1.0")));
        assert!(slots[0].next && slots[0].good && !slots[0].booted);
        assert!(slots[1].booted && !slots[1].good);
        assert_eq!(parse_slots("x"), []);
    }
}
