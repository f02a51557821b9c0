//! What goes into a backup of this unit, and what comes out of one.

use crate::problem::Problem;
use crate::state::Api;
use demarc_model::appliance::{Answer, Request};
use demarc_model::backup::{self, Backup, BackupUnit, PlacedPort, PlacedSpan};
use demarc_model::config::{Config, LineId};
use demarc_model::learned::{Known, Learned};
use demarc_store::{ConfigError, read_config};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// More spans than any unit has.
const MAX_SPANS: usize = 1000;

/// How much is in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupCounts {
    /// Internal numbers.
    pub extensions: usize,
    /// Telephones.
    pub devices: usize,
    /// Ways to the outside.
    pub trunks: usize,
    /// Digital spans.
    pub spans: usize,
    /// Lines.
    pub lines: usize,
    /// Those of the lines of which something was learnt from their traffic.
    pub learned_lines: usize,
    /// Numbers that ring several extensions.
    pub ring_groups: usize,
    /// Numbers that the gateway itself answers.
    pub services: usize,
    /// Who answers calls from outside.
    pub inbound_routes: usize,
    /// How calls go outside.
    pub outbound_routes: usize,
}

impl BackupCounts {
    pub(super) fn of(Backup { config, learned, .. }: &Backup) -> Self {
        Self {
            learned_lines: learned.as_ref().map_or(0, |known| known.iter().count()),
            extensions: config.extensions.len(),
            devices: config.devices.len(),
            trunks: config.trunks.len(),
            spans: config.spans.len(),
            lines: config.lines.len(),
            ring_groups: config.ring_groups.len(),
            services: config.services.len(),
            inbound_routes: config.inbound_routes.len(),
            outbound_routes: config.outbound_routes.len(),
        }
    }
}

/// The hardware as it is now.
pub(super) fn hardware(api: &Api) -> Vec<PlacedSpan> {
    let cards = api.gateway().cards();
    let place = |span: crate::HardwareSpan| {
        let ports = span.ports.iter().map(|port| PlacedPort { slot: port.channel.slot, kind: port.kind });
        PlacedSpan::new(span.id, span.name, span.kind, ports.collect(), &cards)
    };
    api.gateway().hardware().into_iter().map(place).collect()
}

/// Who makes the backup.
pub(super) async fn this_unit(api: &Api, config: &Config) -> BackupUnit {
    BackupUnit {
        name: config.system.name.clone(),
        hostname: config.appliance.hostname.clone(),
        macs: macs(api).await,
        version: api.version().to_owned(),
        at_ms: api.now_ms(),
    }
}

/// The addresses of the unit's network interfaces; none where the operating system is not ours, or does
/// not answer: a backup is worth more than what is on a label.
async fn macs(api: &Api) -> Vec<String> {
    let Some(machine) = api.gateway().machine() else { return Vec::new() };
    let answer = api.work(move |_, _| Ok(machine.ask(&Request::Status))).await;
    match answer {
        Ok(Ok(Answer::Status { status })) => status
            .interfaces
            .into_iter()
            .map(|interface| interface.mac)
            .filter(|mac| !mac.is_empty())
            .collect(),
        _ => Vec::new(),
    }
}

/// What is known of the lines of a configuration: of others nobody wants to know any more.
pub(super) fn known_of(config: &Config, known: Known) -> Known {
    known.only(|id| config.lines.iter().any(|line| line.id == id))
}

/// `harbour-office-17.demarc`: the name for the file of a backup.
pub(super) fn file_name(site: &str, revision: u64) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = site.chars().map(plain).collect();
    let words: Vec<&str> = name.split('-').filter(|word| !word.is_empty()).collect();
    let site = if words.is_empty() { "gateway".to_owned() } else { words.join("-") };
    format!("{site}-{revision}.demarc")
}

/// What a backup has around its configuration.
#[derive(Deserialize)]
struct Around {
    format: u32,
    unit: BackupUnit,
    hardware: Vec<PlacedSpan>,
    config: Value,
    #[serde(default)]
    learned: Option<BTreeMap<LineId, Vec<Value>>>,
}

/// Reads what was sealed: of this version, or of an older one. The configuration is in order.
pub(super) fn read(plain: &[u8]) -> Result<Backup, Problem> {
    let newer = |what: String| {
        Problem::field(
            "/file",
            format!("the backup was made by a newer gateway ({what}): update this one first"),
        )
    };
    let damaged =
        |error: &dyn std::fmt::Display| Problem::field("/file", format!("the backup is damaged: {error}"));
    // Before anything else: one from the future would fail on some word that it alone knows.
    let value: Value = serde_json::from_slice(plain).map_err(|error| damaged(&error))?;
    if value.get("format").and_then(Value::as_u64).is_some_and(|format| format > backup::FORMAT.into()) {
        let version = value.pointer("/unit/version").and_then(Value::as_str).unwrap_or("unknown");
        return Err(newer(format!("version {version}")));
    }
    let around: Around = serde_json::from_value(value).map_err(|error| damaged(&error))?;
    let config = read_config(around.config).map_err(|error| match error {
        ConfigError::Newer(_) => newer(format!("version {}", around.unit.version)),
        ConfigError::Damaged(error) => damaged(&error),
    })?;
    if around.hardware.len() > MAX_SPANS {
        return Err(damaged(&"no unit has so many spans"));
    }
    config.validate().map_err(|errors| {
        let first = errors.first().map(ToString::to_string).unwrap_or_default();
        Problem::field("/file", format!("the configuration in the backup is not in order: {first}"))
    })?;
    let learned = around.learned.map(|lines| known_of(&config, readable(lines)));
    Ok(Backup { format: around.format, unit: around.unit, hardware: around.hardware, config, learned })
}

/// What this version understands of it. The rest is learnt anew: that is no reason to refuse a backup.
fn readable(lines: BTreeMap<LineId, Vec<Value>>) -> Known {
    let mut known = Known::default();
    for (line, list) in lines {
        for what in list.into_iter().filter_map(|value| serde_json::from_value::<Learned>(value).ok()) {
            known.learn(line, &what);
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::config::Secret;
    use serde_json::json;

    #[test]
    fn a_file_is_named_after_the_site() {
        for (site, name) in [
            ("Harbour Office", "harbour-office-17.demarc"),
            ("  Büro / 3 ", "b-ro-3-17.demarc"),
            ("\"\r\n", "gateway-17.demarc"),
            ("東京", "gateway-17.demarc"),
        ] {
            assert_eq!(file_name(site, 17), name);
        }
    }

    fn backup() -> Value {
        let unit = BackupUnit {
            name: "Harbour Office".into(),
            hostname: "demarc".into(),
            macs: Vec::new(),
            version: "1.2.3".into(),
            at_ms: 0,
        };
        let config = Config::default_gateway(&mut || Secret::new("a long password"));
        let mut known = Known::default();
        known.learn(LineId(1), &Learned::HangupPolarity);
        let learned = Some(known);
        let backup = Backup { format: backup::FORMAT, unit, hardware: Vec::new(), config, learned };
        serde_json::to_value(backup).unwrap()
    }

    fn refused(change: impl FnOnce(&mut Value)) -> String {
        let mut value = backup();
        change(&mut value);
        format!("{:?}", read(value.to_string().as_bytes()).unwrap_err())
    }

    #[test]
    fn a_backup_of_an_older_version_is_read() {
        let mut value = backup();
        let whole = read(value.to_string().as_bytes()).unwrap();
        // Neither was there before there was an appliance.
        value["config"].as_object_mut().unwrap().remove("appliance").unwrap();
        value["unit"].as_object_mut().unwrap().remove("macs").unwrap();
        for line in value["config"]["lines"].as_array_mut().unwrap() {
            line.as_object_mut().unwrap().remove("pinned").unwrap();
        }
        assert_eq!(read(value.to_string().as_bytes()).unwrap(), whole);
        // Nor was this: then nothing is said of what the lines do.
        value.as_object_mut().unwrap().remove("learned").unwrap();
        assert_eq!(read(value.to_string().as_bytes()).unwrap(), Backup { learned: None, ..whole });
    }

    #[test]
    fn what_a_newer_version_learnt_is_passed_over() {
        let mut value = backup();
        value["learned"]["1"].as_array_mut().unwrap().push(json!({"barometer": 3}));
        value["learned"]["1"].as_array_mut().unwrap().push(json!("hangup_loop_break"));
        value["learned"]["4000"] = json!(["shared_pair"]);
        let known = read(value.to_string().as_bytes()).unwrap().learned.unwrap();
        assert_eq!(known.of(LineId(1)), [Learned::HangupPolarity, Learned::HangupLoopBreak]);
        assert_eq!(known.iter().count(), 1, "there is no line 4000");
    }

    /// An older version reads what it knows of, and nothing else.
    #[test]
    fn an_older_version_passes_over_what_was_learnt() {
        #[derive(Deserialize)]
        struct Before {
            format: u32,
            config: Value,
        }
        let before: Before = serde_json::from_value(backup()).unwrap();
        assert_eq!(before.format, 1);
        assert!(read_config(before.config).is_ok());
    }

    #[test]
    fn what_cannot_be_restored_is_said_in_words() {
        for newer in [
            refused(|backup| backup["format"] = json!(2)),
            refused(|backup| backup["config"]["format"] = json!(2)),
            refused(|backup| backup["config"]["lines"][0]["fibre"] = json!(true)),
            // Of a newer one nothing else need be as it is now.
            refused(|backup| *backup = json!({"format": 9, "unit": {"version": "1.2.3"}})),
        ] {
            assert!(newer.contains("made by a newer gateway (version 1.2.3): update this one"), "{newer}");
        }
        for damaged in [
            refused(|backup| *backup = json!([])),
            refused(|backup| backup["hardware"] = json!(null)),
            refused(|backup| backup["config"]["system"] = json!(3)),
        ] {
            assert!(damaged.contains("is damaged"), "{damaged}");
        }
        let wrong = refused(|backup| backup["config"]["trunks"][0]["name"] = json!(""));
        assert!(wrong.contains("not in order: /trunks/0/name"), "{wrong}");
        let huge = refused(|backup| {
            let span = json!({"id": 1, "name": "", "kind": "e1", "ports": [], "card": null, "port": 1});
            backup["hardware"] = json!(vec![span; MAX_SPANS + 1]);
        });
        assert!(huge.contains("so many spans"), "{huge}");
    }
}
