//! Every endpoint: closed to strangers, and exercised here with success.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{CALL, Lab, PASSWORD, SETUP_CODE, fits, operations};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const OPEN: [&str; 4] = ["get_health", "get_setup", "create_setup", "create_session"];

fn example(template: &str) -> String {
    template.replace("{id}", "1").replace("{slot}", "1")
}

#[tokio::test]
async fn strangers_are_refused_everywhere_but_at_the_open_doors() {
    let lab = Lab::new();
    for (method, template, id) in operations() {
        let path = example(&template);
        let closed = !OPEN.contains(&id.as_str());
        let attempts = [
            ("nothing", lab.bare(&method, &path)),
            ("a cookie that is not ours", lab.bare(&method, &path).header("cookie", "demarc_session=FORGED")),
            ("a token that is not ours", lab.bare(&method, &path).header("authorization", "Bearer FORGED")),
            ("a broken header", lab.bare(&method, &path).header("authorization", "Basic YWRtaW46")),
        ];
        for (what, attempt) in attempts {
            let answer = attempt.json(&json!({})).any().send().await;
            assert_eq!(answer.status == 401, closed, "{id} with {what}: {answer:?}");
            if closed {
                assert_eq!(answer.json()["code"], "sign_in", "{id}");
                assert_eq!(answer.header("www-authenticate"), "Bearer", "{id}");
            }
        }
    }
    assert!(lab.gateway.applied.lock().unwrap().is_empty());
    assert!(lab.gateway.hung_up.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_described_is_closed_too() {
    let lab = Lab::new();
    for path in ["/api", "/api/", "/api/nothing", "/api/health/", "/api/session/x", "/api//health"] {
        lab.bare("GET", path).send().await.expect(401);
        lab.call("GET", path).send().await.expect(404);
    }
    lab.bare("PATCH", "/api/trunks").send().await.expect(401);
    let answer = lab.call("PATCH", "/api/trunks").send().await.expect(405);
    assert_eq!(answer.json()["code"], "method_not_allowed");
}

#[tokio::test]
async fn another_site_cannot_use_a_browser_that_is_signed_in() {
    let lab = Lab::new();
    for (method, template, id) in operations() {
        let path = example(&template);
        let evil =
            lab.bare(&method, &path).header("cookie", &lab.cookie).header("origin", "http://evil.example");
        let answer = evil.json(&json!({})).any().send().await;
        assert_eq!(answer.status, 403, "{id}: {answer:?}");
    }
    assert_eq!(lab.revision(), 1);
}

/// A list of the configuration: adds one that is like an existing one, reads, changes and deletes it.
async fn tour(lab: &Lab, list: &str, change: impl Fn(&mut Value)) {
    let path = format!("/api/{list}");
    let all = lab.get(&path).await;
    let mut item = all.as_array().unwrap().last().unwrap_or_else(|| panic!("no {list}")).clone();
    item["id"] = json!(if list == "spans" { 9 } else { 0 });
    item["name"] = json!("Another");
    change(&mut item);
    let added = lab.call("POST", &path).any().json(&item).send().await.expect(201);
    let mut item = added.json();
    let one = format!("/api/{list}/{}", item["id"]);
    assert_eq!(added.header("location"), one);
    assert_eq!(lab.get(&one).await, item);
    assert_eq!(lab.get(&path).await.as_array().unwrap().last().unwrap(), &item, "{list}: put last");

    item["name"] = json!("Renamed");
    assert_eq!(lab.call("PUT", &one).any().json(&item).send().await.expect(200).json(), item);
    if list.ends_with("routes") {
        let mut ids: Vec<Value> =
            lab.get(&path).await.as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
        ids.reverse();
        let order = lab.call("PUT", &format!("{path}/order")).any().json(&json!({"ids": ids}));
        let ordered = order.send().await.expect(200).json();
        assert_eq!(ordered[0], item);
        assert_eq!(lab.get(&path).await, ordered);
    }
    let answer = lab.call("DELETE", &one).any().send().await.expect(204);
    assert!(answer.body.is_empty());
    lab.call("GET", &one).send().await.expect(404);
    lab.call("PUT", &one).any().json(&item).send().await.expect(404);
    lab.call("DELETE", &one).any().send().await.expect(404);
    // Added, changed, ordered or not, deleted: each a revision that the gateway got at once.
    let applied = lab.gateway.applied.lock().unwrap();
    let (revision, config) = applied.last().unwrap();
    assert_eq!(*revision, lab.revision());
    assert_eq!(**config, lab.store.current().unwrap().unwrap().config);
}

#[tokio::test]
async fn every_endpoint_is_exercised() {
    let lab = Lab::new();
    tour(&lab, "spans", |item| item["timing"] = json!(2)).await;
    tour(&lab, "lines", |item| item["channel"] = json!({"span": 2, "slot": 9})).await;
    tour(&lab, "trunks", |item| item["kind"] = sip_trunk()).await;
    tour(&lab, "devices", |item| item["kind"] = json!({"type": "sip", "username": "999", "max_contacts": 1}))
        .await;
    tour(&lab, "extensions", |item| item["number"] = json!("299")).await;
    tour(&lab, "ring_groups", |item| item["number"] = json!("298")).await;
    tour(&lab, "services", |item| item["number"] = json!("*99")).await;
    tour(&lab, "inbound_routes", |item| item["called"] = json!("+442079460999")).await;
    tour(&lab, "outbound_routes", |item| item["patterns"] = json!(["7X."])).await;

    let system = lab.get("/api/system").await;
    lab.call("PUT", "/api/system").any().json(&system).send().await.expect(200);
    assert_eq!(lab.get("/api/status").await["version"], "1.2.3");
    assert_eq!(lab.bare("GET", "/api/health").send().await.expect(200).json(), json!({"status": "ok"}));
    assert_eq!(lab.get("/api/openapi.json").await["openapi"], "3.1.0");
    assert!(lab.get("/api/countries").await.as_array().unwrap().contains(&json!("GB")));

    let templates = lab.get("/api/trunk-templates").await;
    let audiocodes = templates.as_array().unwrap().iter().find(|t| t["id"] == "audiocodes").unwrap();
    assert_eq!(audiocodes["peer"]["cause_profile"], "audiocodes");
    // A template and an address make a trunk.
    let mut kind = audiocodes["peer"].clone();
    kind["type"] = json!("sip");
    kind["host"] = json!("192.0.2.20");
    let trunk = json!({"id": 0, "name": "Mediant", "enabled": true, "kind": kind});
    let trunk = lab.call("POST", "/api/trunks").any().json(&trunk).send().await.expect(201).json();
    assert_eq!(trunk["kind"]["diversion"], "both");
    lab.call("DELETE", &format!("/api/trunks/{}", trunk["id"])).any().send().await.expect(204);

    let account = lab.get("/api/devices/1/account").await;
    assert_eq!(account["username"], "201");
    lab.call("POST", "/api/devices/1/password").any().send().await.expect(200);

    let config = lab.get("/api/config").await;
    lab.call("PUT", "/api/config").any().json(&config).send().await.expect(200);
    let revisions = lab.get("/api/revisions").await;
    assert_eq!(revisions.as_array().unwrap().last().unwrap()["revision"], 1);
    assert_eq!(lab.get("/api/revisions/2").await["against"], 1);
    lab.call("POST", "/api/revisions/1/restore").any().send().await.expect(200);

    let passphrase = "four quiet green lamps";
    let made =
        lab.call("POST", "/api/backup").json(&json!({"passphrase": passphrase})).send().await.expect(200);
    let sealed = json!({"file": made.text(), "passphrase": passphrase});
    let inspected = lab.call("POST", "/api/backup/inspect").json(&sealed).send().await.expect(200).json();
    assert_eq!(inspected["unit"]["version"], "1.2.3");
    lab.call("POST", "/api/backup/restore").any().json(&sealed).send().await.expect(200);

    assert_eq!(lab.get("/api/live").await["calls"], lab.get("/api/calls").await);
    assert_eq!(lab.get(&format!("/api/calls/{CALL}")).await["call"], CALL);
    lab.call("GET", "/api/calls/5").send().await.expect(404);
    assert_eq!(lab.get("/api/cards").await[0]["state"], json!({"state": "working"}));
    assert_eq!(lab.get("/api/findings").await[0]["grade"], "read");
    assert_eq!(lab.get("/api/spans/1/status").await["slips"], 3);
    lab.call("GET", "/api/spans/9/status").send().await.expect(404);
    lab.call("POST", "/api/spans/1/channels/1/restart").send().await.expect(202);
    lab.call("POST", "/api/spans/1/channels/2/restart").send().await.expect(404);
    lab.call("POST", "/api/spans/1/channels/256/restart").send().await.expect(404);
    hardware_tests(&lab).await;
    appliance(&lab).await;
    assert_eq!(lab.get("/api/ladders").await, json!([CALL]));
    assert_eq!(lab.get(&format!("/api/calls/{CALL}/ladder")).await["dropped"], 2);
    lab.call("GET", "/api/calls/5/ladder").send().await.expect(404);
    lab.call("DELETE", &format!("/api/calls/{CALL}")).send().await.expect(202);
    lab.call("DELETE", "/api/calls/5").send().await.expect(404);
    assert_eq!(lab.get("/api/hardware").await[0]["ports"][0]["kind"], "fxo");
    assert_eq!(lab.get("/api/simulated_numbers").await[0]["number"], "02079460100");

    let recorder = lab.store.recorder(Default::default()).unwrap();
    let record = json!({"call": 5, "started_ms": 1, "answered_ms": null, "ended_ms": 2, "from": "Telco",
        "caller": {"number": null, "name": null}, "called": "201", "to": "", "route": null,
        "emergency": false, "cause": 17, "reason": null});
    recorder.record(serde_json::from_value(record).unwrap()).unwrap();
    drop(recorder);
    assert_eq!(lab.get("/api/call_records").await["records"][0]["call"], 5);
    assert_eq!(lab.get("/api/call_records/5").await["cause"], 17);
    lab.call("GET", "/api/call_records/6").send().await.expect(404);
    lab.call("GET", "/api/call_records.csv").send().await.expect(200);

    let token =
        lab.call("POST", "/api/tokens").json(&json!({"name": "backup"})).send().await.expect(201).json();
    assert_eq!(lab.get("/api/tokens").await[0]["name"], "backup");
    lab.call("DELETE", &format!("/api/tokens/{}", token["id"])).send().await.expect(204);

    let change = json!({"current": PASSWORD, "new": "battery staple"});
    lab.call("PUT", "/api/password").json(&change).send().await.expect(204);
    assert_eq!(lab.get("/api/session").await["name"], "admin");
    lab.call("DELETE", "/api/session").send().await.expect(204);
    let login = json!({"password": "battery staple"});
    lab.call("POST", "/api/session").json(&login).send().await.expect(201);

    let fresh = Lab::fresh();
    assert_eq!(fresh.bare("GET", "/api/setup").send().await.expect(200).json(), json!({"done": false}));
    let setup = json!({"code": SETUP_CODE, "password": PASSWORD});
    fresh.bare("POST", "/api/setup").json(&setup).send().await.expect(201);

    // A WebSocket needs a real connection: tests/event.rs.
    let mut seen: BTreeSet<String> = ["watch_events".to_owned()].into();
    let succeeded = lab.succeeded.lock().unwrap().clone();
    let all = succeeded.iter().chain(fresh.succeeded.lock().unwrap().iter()).cloned().collect::<Vec<_>>();
    for (method, path) in all {
        let exact = |t: &String| *t == path;
        let mut fitting = operations().into_iter().filter(|(m, t, _)| *m == method && fits(t, &path));
        let found = fitting.clone().find(|(_, t, _)| exact(t)).or_else(|| fitting.next());
        seen.insert(found.unwrap_or_else(|| panic!("{method} {path} is not described")).2);
    }
    let described: BTreeSet<String> = operations().into_iter().map(|(_, _, id)| id).collect();
    assert_eq!(seen, described, "each endpoint succeeds once in this test");
}

async fn appliance(lab: &Lab) {
    let appliance = lab.get("/api/appliance").await;
    lab.call("PUT", "/api/appliance").any().json(&appliance).send().await.expect(200);
    assert_eq!(lab.get("/api/appliance/status").await["version"], "1.2.3");
    assert_eq!(lab.get("/api/appliance/exposure").await, json!([]));
    assert_eq!(lab.get("/api/appliance/log?lines=7").await, json!(["7 lines"]));
    lab.call("PUT", "/api/appliance/update/bundle").body("a bundle").send().await.expect(204);
    let post = |path: &str, body: Value| lab.call("POST", &format!("/api/appliance/{path}")).json(&body);
    post("update", json!({"source": {"from": "usb"}, "force": true})).send().await.expect(204);
    post("update/switch", json!({"at": "hour", "hour": 3})).send().await.expect(204);
    lab.call("DELETE", "/api/appliance/update/switch").send().await.expect(204);
    for path in ["network/confirm", "reboot", "power_off"] {
        post(path, json!({})).send().await.expect(204);
    }
    post("factory_reset", json!({"password": PASSWORD})).send().await.expect(204);
}

async fn hardware_tests(lab: &Lab) {
    const RUN: &str = "/api/hardware_tests/run";
    assert_eq!(lab.get("/api/hardware_tests").await[0]["id"], "alarms");
    assert_eq!(lab.get(RUN).await["running"], false);
    lab.call("DELETE", RUN).send().await.expect(404);
    lab.call("GET", "/api/hardware_tests/reports/report.pdf").send().await.expect(404);
    lab.call("POST", "/api/hardware_tests/run/answer").json(&json!({"yes": true})).send().await.expect(409);
    lab.call("POST", RUN).json(&json!({"tests": ["nothing"]})).send().await.expect(422);
    let wrong = json!({"bench": {"pair": [{"fxs": "3", "fxo": "4/1"}]}});
    let answer = lab.call("POST", RUN).json(&wrong).send().await.expect(422);
    assert_eq!(answer.fields(), ["body /bench/pair/0/fxs"]);
    let request = json!({"tests": ["alarms"], "length": "quick", "bench": {"unit": "DM-7",
        "span": [{"a": 1, "b": 2}], "pair": [{"fxs": "3/1", "fxo": "4/1"}]}});
    let state = lab.call("POST", RUN).json(&request).send().await.expect(202).json();
    assert_eq!((&state["running"], &state["unit"]), (&json!(true), &json!("DM-7")));
    assert!(state["began_at"].as_u64().unwrap() > 0);
    lab.call("POST", RUN).json(&request).send().await.expect(409);
    lab.call("POST", "/api/hardware_tests/run/answer").json(&json!({"yes": true})).send().await.expect(202);
    lab.call("DELETE", RUN).send().await.expect(202);
    assert_eq!(lab.get(RUN).await["running"], false);
    for (form, kind) in
        [("json", "application/json"), ("html", "text/html; charset=utf-8"), ("pdf", "application/pdf")]
    {
        let path = format!("/api/hardware_tests/reports/report.{form}");
        let answer = lab.call("GET", &path).send().await.expect(200);
        assert_eq!(answer.header("content-type"), kind);
        assert!(answer.header("content-disposition").contains("attachment"));
    }
    lab.call("GET", "/api/hardware_tests/reports/report.exe").send().await.expect(404);
    lab.call("GET", "/api/hardware_tests/files/001-recording-echo.wav").send().await.expect(200);
    lab.call("GET", "/api/hardware_tests/files/..%2f..%2fdemarc.db").send().await.expect(404);
    let bench = |toml| lab.call("POST", "/api/hardware_tests/bench").json(&json!({"toml": toml}));
    bench("").send().await.expect(200);
    assert_eq!(bench("[[[").send().await.expect(422).fields(), ["body /toml"]);
}

fn sip_trunk() -> Value {
    json!({"type": "sip", "host": "sip.example.com", "port": 5060, "transport": "udp",
        "username": "demarc", "password": "trunk password", "register": true})
}
