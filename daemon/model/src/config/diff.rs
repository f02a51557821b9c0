//! What differs between two configurations: for revisions, and to see what a change concerns.

use super::Config;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One thing that was added, changed or removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// Its noun, as the configuration names the list: `trunks`, `devices` … or `system`.
    pub noun: String,
    /// Its id; none for `system` and `appliance`.
    pub id: Option<u32>,
    /// Its name, for people; the new one when that changed.
    pub name: String,
    /// What happened to it.
    pub kind: ChangeKind,
    /// Which of its fields changed, as JSON pointers into it: `/kind/username`. Lists count as one
    /// field. Values are not told: some are secret.
    #[serde(default)]
    pub fields: Vec<String>,
}

/// What happened to a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is no longer there.
    Removed,
    /// Some of its fields changed.
    Changed,
    /// The order of the list changed; `id` is none.
    Reordered,
}

/// The lists of a configuration, in their order.
const NOUNS: [&str; 11] = [
    "system",
    "spans",
    "lines",
    "trunks",
    "devices",
    "extensions",
    "ring_groups",
    "services",
    "inbound_routes",
    "outbound_routes",
    "appliance",
];

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            ChangeKind::Added => "added",
            ChangeKind::Removed => "removed",
            ChangeKind::Changed => "changed",
            ChangeKind::Reordered => "put in another order",
        };
        f.write_str(&self.noun)?;
        if let Some(id) = self.id {
            write!(f, " {id} “{}”", self.name)?;
        }
        write!(f, " {kind}")?;
        let words = self.fields.iter().map(|field| field.trim_start_matches('/').replace('/', " "));
        match words.collect::<Vec<_>>() {
            fields if fields.is_empty() => Ok(()),
            fields => write!(f, ": {}", fields.join(", ")),
        }
    }
}

impl Config {
    /// What `newer` has that this one has not, and the other way round; in the order of the
    /// configuration, then of the ids.
    pub fn diff(&self, newer: &Config) -> Vec<Change> {
        let (old, new) = (object(self), object(newer));
        let mut changes = Vec::new();
        for noun in NOUNS {
            let of = |config: &Map<String, Value>| config.get(noun).cloned().unwrap_or_default();
            match (&of(&old), &of(&new)) {
                (Value::Array(old), Value::Array(new)) => list(noun, old, new, &mut changes),
                (old, new) => changed(noun, None, old, new, &mut changes),
            }
        }
        changes
    }
}

fn object(config: &Config) -> Map<String, Value> {
    match serde_json::to_value(config) {
        Ok(Value::Object(map)) => map,
        // A `Config` is a struct of numbers, strings and lists: it always becomes an object.
        _ => Map::new(),
    }
}

fn list(noun: &str, old: &[Value], new: &[Value], changes: &mut Vec<Change>) {
    let by_id = |list: &[Value]| -> BTreeMap<u32, Value> {
        list.iter().filter_map(|item| Some((id(item)?, item.clone()))).collect()
    };
    let (old_ids, new_ids) = (by_id(old), by_id(new));
    for (id, item) in &old_ids {
        match new_ids.get(id) {
            None => changes.push(change(noun, Some(*id), item, ChangeKind::Removed, Vec::new())),
            Some(new) => changed(noun, Some(*id), item, new, changes),
        }
    }
    for (id, item) in new_ids.iter().filter(|(id, _)| !old_ids.contains_key(id)) {
        changes.push(change(noun, Some(*id), item, ChangeKind::Added, Vec::new()));
    }
    let kept = |list: &[Value], others: &BTreeMap<u32, Value>| -> Vec<u32> {
        list.iter().filter_map(id).filter(|id| others.contains_key(id)).collect()
    };
    if kept(old, &new_ids) != kept(new, &old_ids) {
        changes.push(change(noun, None, &Value::Null, ChangeKind::Reordered, Vec::new()));
    }
}

fn changed(noun: &str, id: Option<u32>, old: &Value, new: &Value, changes: &mut Vec<Change>) {
    let mut fields = Vec::new();
    compare(String::new(), old, new, &mut fields);
    fields.sort();
    if !fields.is_empty() {
        changes.push(change(noun, id, new, ChangeKind::Changed, fields));
    }
}

fn compare(pointer: String, old: &Value, new: &Value, fields: &mut Vec<String>) {
    let (Value::Object(old_map), Value::Object(new_map)) = (old, new) else {
        if old != new {
            fields.push(pointer);
        }
        return;
    };
    for (key, old) in old_map {
        compare(format!("{pointer}/{key}"), old, new_map.get(key).unwrap_or(&Value::Null), fields);
    }
    for key in new_map.keys().filter(|key| !old_map.contains_key(*key)) {
        fields.push(format!("{pointer}/{key}"));
    }
}

fn change(noun: &str, id: Option<u32>, item: &Value, kind: ChangeKind, fields: Vec<String>) -> Change {
    let name = item.get("name").and_then(Value::as_str).unwrap_or_default().to_string();
    Change { noun: noun.into(), id, name, kind, fields }
}

fn id(item: &Value) -> Option<u32> {
    item.get("id").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::*;

    fn gateway() -> Config {
        Config::default_gateway(&mut || Secret::new("long-enough-secret"))
    }

    fn words(old: &Config, new: &Config) -> Vec<String> {
        old.diff(new).iter().map(Change::to_string).collect()
    }

    #[test]
    fn every_list_is_compared() {
        let mut nouns: Vec<String> = object(&gateway()).into_iter().map(|(noun, _)| noun).collect();
        nouns.retain(|noun| noun != "format");
        nouns.sort();
        let mut compared = NOUNS;
        compared.sort();
        assert_eq!(nouns, compared);
    }

    #[test]
    fn the_same_has_no_difference() {
        assert_eq!(gateway().diff(&gateway()), []);
    }

    #[test]
    fn fields_are_named_and_secrets_are_not_told() {
        let (old, mut new) = (gateway(), gateway());
        new.system.sip.realm = "example.com".into();
        if let DeviceKind::Sip(account) = &mut new.devices[0].kind {
            account.password = Secret::new("another-long-secret");
        }
        new.trunks[0].name = "ISDN".into();
        assert_eq!(
            words(&old, &new),
            [
                "system changed: sip realm",
                "trunks 1 “ISDN” changed: name",
                "devices 1 “Phone 201” changed: kind password"
            ]
        );
    }

    #[test]
    fn added_removed_reordered() {
        let (old, mut new) = (gateway(), gateway());
        new.services.remove(0);
        new.outbound_routes.swap(2, 3);
        new.extensions.push(Extension {
            id: ExtensionId(9),
            number: "209".into(),
            name: "Lift".into(),
            devices: vec![],
            outside_number: None,
            outside_name: None,
            withhold: false,
            features: ExtensionFeatures::default(),
        });
        assert_eq!(
            words(&old, &new),
            [
                "extensions 9 “Lift” added",
                "services 1 “Echo test” removed",
                "outbound_routes put in another order"
            ]
        );
    }

    #[test]
    fn an_optional_field_that_comes_or_goes_is_a_change() {
        let (old, mut new) = (gateway(), gateway());
        new.extensions[0].outside_number = None;
        let changes = old.diff(&new);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].fields, ["/outside_number"]);
        let kind = DeviceKind::Fxs(FxsPort {
            channel: crate::ChannelId::new(3, 9),
            reverse_on_answer: false,
            open_loop_on_hangup: true,
            features: FxsFeatures::default(),
        });
        new.devices[0].kind = kind;
        assert!(
            old.diff(&new).iter().any(|c| c.noun == "devices" && c.fields.contains(&"/kind/type".into()))
        );
    }
}
