//! The machine under the gateway, as the API shows it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Lab, PASSWORD};
use demarc_model::appliance::{Request, SwitchWhen, UpdateFault, UpdateSource, UpdateState};
use serde_json::json;

#[tokio::test]
async fn where_the_operating_system_is_not_ours_only_the_configuration_is_there() {
    let lab = Lab::new();
    *lab.gateway.machine.lock().unwrap() = None;
    lab.call("GET", "/api/appliance").send().await.expect(200);
    for (method, path) in [
        ("GET", "/api/appliance/status"),
        ("GET", "/api/appliance/exposure"),
        ("POST", "/api/appliance/reboot"),
        ("PUT", "/api/appliance/update/bundle"),
    ] {
        let answer = lab.call(method, path).send().await.expect(404);
        assert!(answer.json()["detail"].as_str().unwrap().contains("not ours"), "{answer:?}");
    }
    let erase = lab.call("POST", "/api/appliance/factory_reset").json(&json!({"password": PASSWORD}));
    erase.send().await.expect(404);
}

#[tokio::test]
async fn a_remote_shell_is_not_opened_for_ever() {
    let lab = Lab::new();
    let mut appliance = lab.get("/api/appliance").await;
    appliance["ssh"]["keys"] = json!([format!("ssh-ed25519 {}", "A".repeat(68))]);
    appliance["ssh"]["enabled_until"] = json!(1_000_000 + 8 * 86_400);
    let answer = lab.call("PUT", "/api/appliance").any().json(&appliance).send().await.expect(422);
    assert_eq!(answer.fields(), ["body /ssh/enabled_until"]);
    appliance["ssh"]["enabled_until"] = json!(1_000_000 + 86_400);
    lab.call("PUT", "/api/appliance").any().json(&appliance).send().await.expect(200);
    // Later, and something else is changed: what was right then is not wrong now.
    appliance["hostname"] = json!("lift-room");
    lab.call("PUT", "/api/appliance").any().json(&appliance).send().await.expect(200);
    appliance["hostname"] = json!("lift room");
    let answer = lab.call("PUT", "/api/appliance").any().json(&appliance).send().await.expect(422);
    assert_eq!(answer.fields(), ["body /hostname"]);
}

#[tokio::test]
async fn a_factory_reset_asks_for_the_password_again() {
    let lab = Lab::new();
    let erase = |password: &str| {
        lab.call("POST", "/api/appliance/factory_reset").json(&json!({ "password": password }))
    };
    assert_eq!(erase("wrong horse").send().await.expect(422).fields(), ["body /password"]);
    assert!(lab.gateway.asked().is_empty());
    erase(PASSWORD).send().await.expect(204);
    assert_eq!(lab.gateway.asked(), [Request::FactoryReset]);
}

#[tokio::test]
async fn an_update_is_uploaded_whole_however_large_and_installed_and_taken_into_service() {
    let lab = Lab::new();
    let bundle: Vec<u8> = (0..6 * 1024 * 1024u32).map(|n| (n % 251) as u8).collect();
    for content in [b"an older one".to_vec(), bundle] {
        let upload = lab.call("PUT", "/api/appliance/update/bundle").body(content.clone());
        upload.send().await.expect(204);
        let path = lab.gateway.machine.lock().unwrap().as_ref().unwrap().upload.clone();
        assert_eq!(std::fs::read(path).unwrap(), content);
    }
    let install = |body| lab.call("POST", "/api/appliance/update").json(&body);
    assert_eq!(install(json!({})).send().await.expect(422).fields(), ["body /source"]);
    install(json!({"source": {"from": "upload"}})).send().await.expect(204);
    let switch = |body| lab.call("POST", "/api/appliance/update/switch").json(&body);
    assert_eq!(switch(json!({"at": "hour", "hour": 24})).send().await.expect(422).fields(), ["body /hour"]);
    switch(json!({"at": "idle"})).send().await.expect(204);
    let refused = lab.call("DELETE", "/api/appliance/update/switch").send().await.expect(409);
    assert!(refused.json()["detail"].as_str().unwrap().contains("no version"));
    assert_eq!(
        lab.gateway.asked(),
        [
            Request::Install { source: UpdateSource::Upload, force: false },
            Request::Switch { when: SwitchWhen::Idle },
            Request::CancelSwitch
        ]
    );
}

#[tokio::test]
async fn at_what_an_update_failed_is_told_apart() {
    let lab = Lab::new();
    for (fault, name) in [
        (UpdateFault::Older, "older"),
        (UpdateFault::NotOurs, "not_ours"),
        (UpdateFault::NotBrought, "not_brought"),
        (UpdateFault::NotWritten, "not_written"),
    ] {
        let machine = lab.gateway.machine.lock().unwrap().clone().unwrap();
        *machine.update.lock().unwrap() = UpdateState::Failed { fault, reason: "it is so".into() };
        let update = lab.get("/api/appliance/status").await["update"].clone();
        assert_eq!(update, json!({"state": "failed", "fault": name, "reason": "it is so"}));
    }
    // An older version is installed when it is said that it is meant.
    let body = json!({"source": {"from": "usb"}, "force": true});
    lab.call("POST", "/api/appliance/update").json(&body).send().await.expect(204);
    let forced = Request::Install { source: UpdateSource::Usb, force: true };
    assert_eq!(lab.gateway.asked().last(), Some(&forced));
}

#[tokio::test]
async fn the_setup_code_is_for_who_stands_in_front_of_the_unit() {
    let lab = Lab::new();
    let status = lab.get("/api/appliance/status").await;
    assert_eq!(status["version"], "1.2.3");
    assert_eq!(status.get("setup_code"), None);
}
