//! A backup of one unit, restored on another.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Answer, Lab, analog, card};
use demarc_api::HardwareSpan;
use demarc_model::appliance::Request;
use demarc_model::config::{LineId, TrunkKind};
use demarc_model::learned::{Known, Learned};
use demarc_model::{Card, ChannelId, Config, PortKind, SpanId, SpanKind};
use serde_json::{Value, json};

const PASSPHRASE: &str = "four quiet green lamps";

fn e1(id: u16) -> HardwareSpan {
    HardwareSpan { id: SpanId(id), name: format!("E1 {id}"), kind: SpanKind::E1, ports: Vec::new() }
}

/// A unit with this hardware.
fn unit(spans: Vec<HardwareSpan>, cards: Vec<Card>) -> Lab {
    let lab = Lab::new();
    *lab.gateway.plugged_in.lock().unwrap() = (spans, cards);
    lab
}

/// The hardware for which the configuration fresh from the box is made.
fn old_unit() -> Lab {
    unit(vec![e1(1), analog(2, &[PortKind::Fxo; 4]), analog(3, &[PortKind::Fxs; 4])], vec![card("a", &[1])])
}

async fn made(lab: &Lab) -> String {
    let answer = lab.call("POST", "/api/backup").json(&json!({"passphrase": PASSPHRASE})).send().await;
    let answer = answer.expect(200);
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    assert!(answer.header("content-disposition").starts_with("attachment; filename=\""), "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.text()
}

async fn restore(lab: &Lab, file: &str, more: Value) -> Answer {
    let mut body = json!({"file": file, "passphrase": PASSPHRASE});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    lab.call("POST", "/api/backup/restore").any().json(&body).send().await
}

fn config(lab: &Lab) -> Config {
    lab.store.current().unwrap().unwrap().config
}

#[tokio::test]
async fn another_unit_puts_everything_where_it_belongs_and_can_take_it_back() {
    let old = old_unit();
    let mut system = old.get("/api/system").await;
    system["name"] = json!("Harbour Office");
    system["sip"]["external_address"] = json!("198.51.100.1");
    old.call("PUT", "/api/system").any().json(&system).send().await.expect(200);
    let mut appliance = old.get("/api/appliance").await;
    appliance["hostname"] = json!("harbour");
    old.call("PUT", "/api/appliance").any().json(&appliance).send().await.expect(200);
    let file = made(&old).await;
    for secret in ["phone-password-0001", "Harbour", "harbour"] {
        assert!(!file.contains(secret), "{secret} is readable");
    }

    // Its cards are probed in another order, and it has two ports for lines only.
    let hardware =
        || vec![analog(1, &[PortKind::Fxs; 4]), e1(2), e1(3), analog(4, &[PortKind::Fxo, PortKind::Fxo])];
    let new = unit(hardware(), vec![card("b", &[3])]);
    let mut phone = new.get("/api/devices/1").await;
    phone["kind"]["password"] = json!("quite another password");
    new.call("PUT", "/api/devices/1").any().json(&phone).send().await.expect(200);
    let before = config(&new);

    let sealed = json!({"file": file, "passphrase": PASSPHRASE});
    let seen = new.call("POST", "/api/backup/inspect").json(&sealed).send().await.expect(200).json();
    assert_eq!(
        (&seen["unit"]["name"], &seen["unit"]["hostname"]),
        (&json!("Harbour Office"), &json!("harbour"))
    );
    assert_eq!(seen["counts"]["lines"], before.lines.len());
    assert_eq!(seen["here"][3]["ports"].as_array().unwrap().len(), 2);
    let of = |need: &str| -> Vec<Value> {
        let moves = seen["moves"].as_array().unwrap().iter().filter(|step| step["need"] == need);
        moves.map(|step| json!([step["from"], step["to"], step["why"]])).collect()
    };
    let at = |span: u16, slot: Option<u8>| json!({"span": span, "slot": slot});
    assert_eq!(
        of("e1"),
        [json!([at(1, None), at(3, None), "same_type"])],
        "the card decides, not the number"
    );
    assert_eq!(
        of("fxo"),
        [
            json!([at(2, Some(1)), at(4, Some(1)), "same_kind"]),
            json!([at(2, Some(2)), at(4, Some(2)), "same_kind"]),
            json!([at(2, Some(3)), null, "no_place"]),
            json!([at(2, Some(4)), null, "no_place"]),
        ]
    );
    assert_eq!(of("fxs")[0], json!([at(3, Some(1)), at(1, Some(1)), "same_kind"]));
    assert_eq!(config(&new), before, "looking changes nothing");

    let revision = new.revision();
    let answer = restore(&new, &file, json!({})).await.expect(200);
    assert_eq!(answer.header("etag"), format!("\"{}\"", revision + 1));
    assert_eq!(answer.json()["moves"], seen["moves"]);
    let now = config(&new);
    assert_eq!(now.validate(), Ok(()));
    assert_eq!(now.system.name, "Harbour Office");
    assert_eq!(now.spans[0].id, SpanId(3));
    let lines: Vec<ChannelId> = now.lines.iter().map(|line| line.channel).collect();
    assert_eq!(lines[..2], [ChannelId::new(4, 1), ChannelId::new(4, 2)]);
    assert!(lines[2].span.0 > 60_000 && lines[3].span == lines[2].span, "{lines:?}");
    let of_trunk = |config: &Config| {
        config.trunks.iter().find_map(|trunk| match &trunk.kind {
            TrunkKind::Fxo { lines, .. } => Some(lines.clone()),
            _ => None,
        })
    };
    assert_eq!(of_trunk(&now), of_trunk(&config(&old)), "all lines are in their trunk");
    assert_eq!(now.devices[0].kind, config(&old).devices[0].kind, "with its password");
    assert_eq!(now.appliance, before.appliance, "the network is its own");
    assert_eq!(now.system.sip.external_address, None);
    let applied = new.gateway.applied.lock().unwrap().last().cloned().unwrap();
    assert_eq!((applied.0, &*applied.1), (revision + 1, &now));

    let summary = &new.get("/api/revisions").await[0]["summary"];
    assert_eq!(summary, "restored a backup of Harbour Office");
    new.call("POST", &format!("/api/revisions/{revision}/restore")).any().send().await.expect(200);
    assert_eq!(config(&new), before);
}

#[tokio::test]
async fn what_was_learnt_of_a_line_goes_where_the_line_goes() {
    let known = |list: &[(u32, Learned)]| {
        let mut known = Known::default();
        list.iter().for_each(|(line, what)| known.learn(LineId(*line), what));
        known
    };
    let old = old_unit();
    let ids: Vec<u32> = config(&old).lines.iter().map(|line| line.id.0).collect();
    let learned = [(ids[0], Learned::HangupPolarity), (ids[1], Learned::DialTone { after_ms: 900 })];
    *old.gateway.known.lock().unwrap() = known(&learned);
    // Of a line that is not there any more.
    old.gateway.known.lock().unwrap().learn(LineId(4000), &Learned::SharedPair);
    let file = made(&old).await;

    let new = unit(vec![analog(1, &[PortKind::Fxo; 4]), e1(2)], vec![]);
    let before = known(&[(ids[0], Learned::HangupLoopBreak), (ids[2], Learned::SharedPair)]);
    *new.gateway.known.lock().unwrap() = before.clone();
    let sealed = json!({"file": file, "passphrase": PASSPHRASE});
    let seen = new.call("POST", "/api/backup/inspect").json(&sealed).send().await.expect(200).json();
    assert_eq!(seen["counts"]["learned_lines"], 2);
    assert_eq!(*new.gateway.known.lock().unwrap(), before, "looking changes nothing");
    let body = json!({"file": file, "passphrase": PASSPHRASE});
    let stale = new.call("POST", "/api/backup/restore").header("if-match", "\"7\"").json(&body).send().await;
    stale.expect(412);
    assert_eq!(*new.gateway.known.lock().unwrap(), before, "all of it happens, or nothing");
    restore(&new, &file, json!({})).await.expect(200);
    assert_eq!(config(&new).lines[0].channel, ChannelId::new(1, 1));
    assert_eq!(*new.gateway.known.lock().unwrap(), known(&learned));
}

#[tokio::test]
async fn the_administrator_decides_what_goes_where() {
    let lab = old_unit();
    let file = made(&lab).await;
    let at = |span: u16, slot: Option<u8>| json!({"span": span, "slot": slot});
    let mapping = |list: &[(Value, Value)]| {
        let list: Vec<Value> = list.iter().map(|(from, to)| json!({"from": from, "to": to})).collect();
        json!({ "mapping": list })
    };
    let before = config(&lab);
    let wrong = mapping(&[
        (at(2, Some(1)), at(3, Some(1))),
        (at(9, None), Value::Null),
        (at(2, Some(2)), at(2, Some(4))),
        (at(2, Some(3)), at(2, Some(4))),
    ]);
    let fields = restore(&lab, &file, wrong).await.expect(422).fields();
    assert_eq!(fields, ["body /mapping/0/to", "body /mapping/1/from", "body /mapping/3/to"]);
    assert_eq!(config(&lab), before);

    let crossed = mapping(&[(at(2, Some(1)), at(2, Some(2))), (at(2, Some(4)), Value::Null)]);
    let moves = restore(&lab, &file, crossed).await.expect(200).json()["moves"].clone();
    assert_eq!(moves[1]["why"], "chosen");
    let lines: Vec<ChannelId> = config(&lab).lines.iter().map(|line| line.channel).collect();
    assert_eq!(lines[..3], [ChannelId::new(2, 2), ChannelId::new(2, 1), ChannelId::new(2, 3)]);
    assert!(lines[3].span.0 > 60_000);
}

#[tokio::test]
async fn the_network_moves_when_it_is_asked_for_and_an_open_shell_does_not() {
    let old = old_unit();
    let mut appliance = old.get("/api/appliance").await;
    appliance["hostname"] = json!("harbour");
    appliance["ssh"] =
        json!({"keys": [format!("ssh-ed25519 {}", "A".repeat(68))], "enabled_until": 1_000_000 + 86_400});
    old.call("PUT", "/api/appliance").any().json(&appliance).send().await.expect(200);
    let file = made(&old).await;
    assert!(old.gateway.asked().contains(&Request::Status), "for what is on its label");
    let new = old_unit();
    restore(&new, &file, json!({"network": true})).await.expect(200);
    let now = config(&new).appliance;
    assert_eq!((now.hostname.as_str(), now.ssh.enabled_until), ("harbour", None));
    assert_eq!(now.ssh.keys.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_opened_changes_nothing_and_is_said() {
    let lab = old_unit();
    let file = made(&lab).await;
    let before = (lab.revision(), config(&lab));
    let short = lab.call("POST", "/api/backup").json(&json!({"passphrase": "eleven char"})).send().await;
    assert_eq!(short.expect(422).fields(), ["body /passphrase"]);
    let half = &file[..file.len() / 2];
    for (file, passphrase, field, words) in [
        (file.as_str(), "four quiet green lamp", "body /passphrase", "not the passphrase"),
        (half, PASSPHRASE, "body /file", "end of the file is missing"),
        ("[general]\n", PASSPHRASE, "body /file", "no backup"),
        ("{\"demarc_backup\":2}", PASSPHRASE, "body /file", "newer gateway"),
    ] {
        let body = json!({"file": file, "passphrase": passphrase});
        for (path, body) in [("inspect", &body), ("restore", &body)] {
            let call = lab.call("POST", &format!("/api/backup/{path}")).any().json(body);
            let answer = call.send().await.expect(422);
            assert_eq!(answer.fields(), [field]);
            assert!(answer.text().contains(words), "{answer:?}");
        }
    }
    let huge = json!({"file": " ".repeat(17 << 20), "passphrase": PASSPHRASE});
    lab.call("POST", "/api/backup/inspect").json(&huge).send().await.expect(413);
    let body = json!({"file": file, "passphrase": PASSPHRASE});
    let path = "/api/backup/restore";
    lab.call("POST", path).json(&body).send().await.expect(428);
    let stale = lab.call("POST", path).header("if-match", "\"7\"").json(&body).send().await;
    stale.expect(412);
    assert_eq!((lab.revision(), config(&lab)), before);
    assert_eq!(lab.gateway.applied.lock().unwrap().len(), 0);
}
