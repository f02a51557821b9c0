//! What changed from one revision to another, thing by thing.

use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// One difference between two configurations.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ConfigChange {
    /// Where: a path of names; things in lists go by their id: `/devices/id=3/name`.
    pub(crate) path: String,
    /// Before; none when it is new.
    pub(crate) before: Option<Value>,
    /// After; none when it is gone.
    pub(crate) after: Option<Value>,
}

/// The differences, in order of their paths. Passwords show only that they changed.
pub(crate) fn diff(before: &Value, after: &Value) -> Vec<ConfigChange> {
    let mut changes = Vec::new();
    walk("", Some(before), Some(after), &mut changes);
    changes
}

fn walk(path: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<ConfigChange>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                walk(&format!("{path}/{name}"), a.get(name), b.get(name), changes);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) if has_ids(a) && has_ids(b) => {
            let ids: BTreeSet<u64> = a.iter().chain(b).filter_map(id).collect();
            let find = |list: &'_ [Value], wanted| list.iter().position(|item| id(item) == Some(wanted));
            for wanted in ids {
                let (a, b) = (find(a, wanted).and_then(|i| a.get(i)), find(b, wanted).and_then(|i| b.get(i)));
                walk(&format!("{path}/id={wanted}"), a, b, changes);
            }
            let order = |list: &[Value], other: &[Value]| -> Vec<u64> {
                let common = |id: &u64| find(other, *id).is_some();
                list.iter().filter_map(id).filter(common).collect()
            };
            let (old, new) = (order(a, b), order(b, a));
            if old != new {
                let path = format!("{path}/order");
                changes.push(ConfigChange { path, before: Some(old.into()), after: Some(new.into()) });
            }
        }
        _ => changes.push(ConfigChange {
            path: path.to_owned(),
            before: before.map(|value| masked(path, value)),
            after: after.map(|value| masked(path, value)),
        }),
    }
}

fn has_ids(list: &[Value]) -> bool {
    list.iter().all(|item| id(item).is_some())
}

fn id(item: &Value) -> Option<u64> {
    item.get("id").and_then(Value::as_u64)
}

fn masked(path: &str, value: &Value) -> Value {
    match value {
        Value::String(secret) if path.ends_with("/password") && !secret.is_empty() => "••••••••".into(),
        Value::Object(object) => {
            let mask = |(name, value): (&String, &Value)| (name.clone(), masked(&format!("/{name}"), value));
            Value::Object(object.iter().map(mask).collect::<Map<_, _>>())
        }
        Value::Array(list) => list.iter().map(|item| masked("", item)).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(before: Value, after: Value) -> Vec<String> {
        let show = |v: Option<Value>| v.map_or("-".into(), |v| v.to_string());
        let line = |c: ConfigChange| format!("{} {} {}", c.path, show(c.before), show(c.after));
        diff(&before, &after).into_iter().map(line).collect()
    }

    #[test]
    fn things_are_matched_by_id() {
        let before = json!({"devices": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}], "format": 1});
        let after = json!({"devices": [{"id": 3, "name": "c"}, {"id": 2, "name": "B"}], "format": 1});
        assert_eq!(
            paths(before, after),
            [
                r#"/devices/id=1 {"id":1,"name":"a"} -"#,
                r#"/devices/id=2/name "b" "B""#,
                r#"/devices/id=3 - {"id":3,"name":"c"}"#,
            ]
        );
    }

    #[test]
    fn another_order_is_a_change() {
        let before = json!([{"id": 1}, {"id": 2}, {"id": 3}]);
        let after = json!([{"id": 2}, {"id": 1}]);
        assert_eq!(paths(before, after), [r#"/id=3 {"id":3} -"#, "/order [1,2] [2,1]"]);
    }

    #[test]
    fn passwords_never_show() {
        let device = |password: &str| json!({"devices": [{"id": 1, "kind": {"password": password}}]});
        let changed = paths(device("correct"), device("horse"));
        assert_eq!(changed, [r#"/devices/id=1/kind/password "••••••••" "••••••••""#]);
        let added = paths(json!({"devices": []}), device("correct"));
        assert_eq!(added.len(), 1);
        assert!(added.iter().all(|line| !line.contains("correct")), "{added:?}");
    }
}
