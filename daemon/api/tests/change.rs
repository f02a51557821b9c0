//! Changes of the configuration: based on a revision, validated as a whole, told by field.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Lab, PHONE_PASSWORD};
use serde_json::{Value, json};

#[tokio::test]
async fn a_change_names_the_revision_it_is_based_on() {
    let lab = Lab::new();
    let read = lab.call("GET", "/api/trunks/1").send().await.expect(200);
    assert_eq!(read.header("etag"), "\"1\"");
    let mut trunk = read.json();
    trunk["name"] = json!("Renamed");
    let put = |if_match: Option<&str>| {
        let call = lab.call("PUT", "/api/trunks/1").json(&trunk);
        match if_match {
            Some(value) => call.header("if-match", value),
            None => call,
        }
    };
    let missing = put(None).send().await.expect(428);
    assert_eq!(missing.json()["code"], "revision_required");
    put(Some("17")).send().await.expect(400);
    let changed = put(Some("\"1\"")).send().await.expect(200);
    assert_eq!(changed.header("etag"), "\"2\"");
    let stale = put(Some("\"1\"")).send().await.expect(412);
    assert_eq!(stale.json()["code"], "stale_revision");
    assert!(stale.json()["detail"].as_str().unwrap().contains("revision 2"), "{stale:?}");
    assert_eq!(lab.gateway.applied.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_changes_nothing_makes_no_revision() {
    let lab = Lab::new();
    let system = lab.get("/api/system").await;
    let answer = lab.call("PUT", "/api/system").header("if-match", "\"1\"").json(&system).send().await;
    assert_eq!(answer.expect(200).header("etag"), "\"1\"");
    assert!(lab.gateway.applied.lock().unwrap().is_empty());
}

#[tokio::test]
async fn of_many_at_once_one_wins() {
    let lab = Lab::new();
    let extension = lab.get("/api/extensions/201").await;
    let attempts = (0..16).map(|n| {
        let mut extension = extension.clone();
        extension["name"] = json!(format!("Name {n}"));
        lab.call("PUT", "/api/extensions/201").header("if-match", "\"1\"").json(&extension).send()
    });
    let mut statuses: Vec<u16> =
        futures_util::future::join_all(attempts).await.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|s| **s == 412).count(), 15, "{statuses:?}");
    assert_eq!(lab.revision(), 2);
}

#[tokio::test]
async fn errors_name_the_field_of_the_body() {
    let lab = Lab::new();
    let post = |list: &'static str, body: Value| lab.call("POST", list).any().json(&body).send();

    let answer = post("/api/extensions", json!({"id": 0, "number": "299", "devices": []})).await.expect(422);
    assert_eq!(answer.fields(), ["body /name"]);
    let answer = post("/api/extensions", json!({"id": 0, "number": 5, "name": "A", "devices": []})).await;
    assert_eq!(answer.expect(422).fields(), ["body /number"]);
    let answer = post("/api/extensions", json!({"id": 0, "number": "5x", "name": "", "devices": []})).await;
    let fields = answer.expect(422).fields();
    assert!(fields.contains(&"body /number".into()) && fields.contains(&"body /name".into()), "{fields:?}");
    let taken = json!({"id": 201, "number": "299", "name": "A", "devices": []});
    assert_eq!(post("/api/extensions", taken).await.expect(422).fields(), ["body /id"]);
    let nested = json!({"id": 0, "name": "A", "enabled": true, "kind": {"type": "sip"}});
    assert_eq!(post("/api/trunks", nested).await.expect(422).fields(), ["body /kind/host"]);
    let unknown = json!({"id": 0, "name": "A", "enabled": true, "kind": {"type": "pigeon"}});
    assert_eq!(post("/api/trunks", unknown).await.expect(422).fields(), ["body /kind/type"]);

    let mut system = lab.get("/api/system").await;
    system["ring_timeout_s"] = json!(1);
    let answer = lab.call("PUT", "/api/system").any().json(&system).send().await.expect(422);
    assert_eq!(answer.fields(), ["body /ring_timeout_s"]);

    let mut extension = lab.get("/api/extensions/201").await;
    extension["id"] = json!(202);
    let answer = lab.call("PUT", "/api/extensions/201").any().json(&extension).send().await.expect(422);
    assert_eq!(answer.fields(), ["body /id"]);
    assert_eq!(lab.revision(), 1);
}

#[tokio::test]
async fn what_is_in_use_cannot_be_deleted_and_who_uses_it_is_told() {
    let lab = Lab::new();
    let answer = lab.call("DELETE", "/api/devices/1").any().send().await.expect(422);
    assert_eq!(answer.fields(), ["configuration /extensions/0/devices/0"]);
    let answer = lab.call("DELETE", "/api/trunks/2").any().send().await.expect(422);
    assert!(answer.fields().iter().all(|field| field.starts_with("configuration /")), "{answer:?}");
    assert_eq!(lab.revision(), 1);
}

#[tokio::test]
async fn an_order_names_each_route_once() {
    let lab = Lab::new();
    for ids in [json!([1, 2]), json!([1, 1, 2, 3, 4]), json!([1, 2, 3, 4, 5])] {
        let order = lab.call("PUT", "/api/outbound_routes/order").any().json(&json!({ "ids": ids }));
        assert_eq!(order.send().await.expect(422).fields(), ["body /ids"]);
    }
}

#[tokio::test]
async fn bodies_are_json_of_a_bounded_size() {
    let lab = Lab::new();
    let system = lab.get("/api/system").await.to_string();
    let put = || lab.call("PUT", "/api/system").any();
    put().body(system.as_str()).send().await.expect(415);
    put().header("content-type", "text/plain").body(system.as_str()).send().await.expect(415);
    put()
        .header("content-type", "application/json; charset=utf-8")
        .body(system.as_str())
        .send()
        .await
        .expect(200);
    let answer = put().header("content-type", "application/json").body("{").send().await.expect(400);
    assert_eq!(answer.json()["code"], "malformed");
    let huge = format!("\"{}\"", "x".repeat(5 * 1024 * 1024));
    let answer = put().header("content-type", "application/json").body(huge).send().await.expect(413);
    assert_eq!(answer.json()["code"], "too_large");
}

/// Whatever is sent to whichever address: refused with a problem, and never our fault.
#[tokio::test]
async fn odd_input_is_the_senders_fault() {
    let lab = Lab::new();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let bodies: [&[u8]; 9] = [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"-1e999",
        b"{\"id\": 99999999999999999999}",
        b"\xff\xfe{",
        b"{\"id\":1,\"id\":2}",
        deep.as_bytes(),
    ];
    for (method, template, id) in common::operations() {
        // Three that ask for no body would do as they are told; they have tests of their own.
        if ["delete_session", "restore_revision", "renew_device_password"].contains(&id.as_str()) {
            continue;
        }
        for odd in ["0", "-1", "4294967296", "99999999999999999999", "x", "%00", "%ff", "1%2F2"] {
            if !template.contains("{id}") && odd != "0" {
                continue;
            }
            let path = template.replace("{id}", odd);
            for body in bodies {
                let call = lab.call(&method, &path).any().header("content-type", "application/json");
                let answer = call.body(body).send().await;
                if answer.status.is_success() {
                    continue;
                }
                assert!(answer.status.is_client_error(), "{id} {path}: {answer:?}");
                assert_eq!(
                    answer.header("content-type"),
                    "application/problem+json",
                    "{id} {path}: {answer:?}"
                );
                assert_eq!(answer.json()["status"], answer.status.as_u16());
            }
            lab.advance(3600); // attempts to sign in are forgotten
        }
    }
    assert_eq!(lab.revision(), 1, "nothing of this was a change");
}

#[tokio::test(start_paused = true)]
async fn who_sends_too_slowly_is_told_so() {
    let lab = Lab::new();
    let call = lab.call("PUT", "/api/system").any().header("content-type", "application/json");
    let answer = call.send_body(axum::body::Body::from_stream(futures_util::stream::pending::<
        Result<axum::body::Bytes, std::io::Error>,
    >()));
    assert_eq!(answer.await.expect(408).json()["code"], "timeout");
}

#[tokio::test]
async fn passwords_go_in_and_do_not_come_out() {
    let lab = Lab::new();
    let trunk = json!({"id": 0, "name": "Provider", "enabled": true, "kind": {"type": "sip",
        "host": "sip.example.com", "port": 5060, "transport": "udp", "username": "demarc",
        "password": "trunk-password-9", "register": false}});
    let added = lab.call("POST", "/api/trunks").any().json(&trunk).send().await.expect(201);
    assert_eq!(added.json()["kind"]["password"], "");
    lab.call("POST", "/api/devices/2/password").any().send().await.expect(200);
    for (method, template, id) in common::operations() {
        if method != "GET" || id == "get_device_account" || id == "watch_events" {
            continue;
        }
        let answer = lab.call("GET", &template.replace("{id}", "2")).send().await;
        for secret in ["trunk-password-9", "phone-password-"] {
            assert!(!String::from_utf8_lossy(&answer.body).contains(secret), "{id} tells {secret}");
        }
    }

    // What came out goes in again without harm.
    let mut device = lab.get("/api/devices/1").await;
    device["name"] = json!("Reception");
    lab.call("PUT", "/api/devices/1").any().json(&device).send().await.expect(200);
    let account = lab.get("/api/devices/1/account").await;
    assert_eq!((&account["password"], &account["name"]), (&json!(PHONE_PASSWORD), &json!("Reception")));
    assert_eq!(account["udp"], "127.0.0.1:5060");
    *lab.gateway.sip.lock().unwrap() = Some("192.0.2.1:5070".parse().unwrap());
    let forced = lab.get("/api/devices/1/account").await;
    assert_eq!((&forced["udp"], &forced["tcp"]), (&json!("192.0.2.1:5070"), &json!("192.0.2.1:5070")));
    *lab.gateway.sip.lock().unwrap() = None;

    device["kind"]["password"] = json!("a new password 1");
    lab.call("PUT", "/api/devices/1").any().json(&device).send().await.expect(200);
    assert_eq!(lab.get("/api/devices/1/account").await["password"], "a new password 1");

    let renewed = lab.call("POST", "/api/devices/1/password").any().send().await.expect(200).json();
    assert_eq!(renewed, lab.get("/api/devices/1/account").await);
    assert_eq!(renewed["password"].as_str().unwrap().len(), 20);
    lab.call("GET", "/api/devices/11/account").send().await.expect(404);
    lab.call("POST", "/api/devices/11/password").any().send().await.expect(404);

    let new = json!({"id": 0, "name": "A", "kind": {"type": "sip", "username": "a", "max_contacts": 1}});
    let new = lab.call("POST", "/api/devices").any().json(&new).send().await.expect(201).json();
    let account = lab.get(&format!("/api/devices/{}/account", new["id"])).await;
    assert_eq!(account["password"].as_str().unwrap().len(), 20);
}

#[tokio::test]
async fn an_export_can_be_imported() {
    let lab = Lab::new();
    let whole = lab.get("/api/config?secrets=true").await;
    assert_eq!(whole["devices"][0]["kind"]["password"], PHONE_PASSWORD);
    let mut config = lab.get("/api/config").await;
    assert_eq!(config["devices"][0]["kind"]["password"], "");
    config["system"]["name"] = json!("Imported");
    lab.call("PUT", "/api/config").any().json(&config).send().await.expect(200);
    let mut expected = whole;
    expected["system"]["name"] = json!("Imported");
    assert_eq!(lab.get("/api/config?secrets=true").await, expected, "passwords stayed");

    config["format"] = json!(99);
    config["warp_drive"] = json!(true);
    let future = lab.call("PUT", "/api/config").any().json(&config).send().await.expect(422);
    assert_eq!(future.fields(), ["body /format"]);
    config["format"] = json!(1);
    let unknown = lab.call("PUT", "/api/config").any().json(&config).send().await.expect(422);
    assert_eq!(unknown.fields(), ["body /warp_drive"]);
    lab.call("GET", "/api/config?secret=true").send().await.expect(400);
}

#[tokio::test]
async fn an_old_revision_is_compared_and_restored() {
    let lab = Lab::new();
    let mut system = lab.get("/api/system").await;
    for name in ["Second", "Third"] {
        system["name"] = json!(name);
        lab.call("PUT", "/api/system").any().json(&system).send().await.expect(200);
    }
    let third = lab.get("/api/revisions/3").await;
    assert_eq!((&third["author"], &third["summary"]), (&json!("admin"), &json!("changed the system")));
    assert_eq!(third["changes"], json!([{"path": "/system/name", "before": "Second", "after": "Third"}]));
    let from_first = lab.get("/api/revisions/3?against=1").await;
    assert_eq!(from_first["changes"][0]["before"], "Demarc");
    assert_eq!(lab.get("/api/revisions/1").await["changes"], json!([]));
    lab.call("GET", "/api/revisions/9").send().await.expect(404);
    lab.call("GET", "/api/revisions/3?against=9").send().await.expect(404);

    lab.call("POST", "/api/revisions/1/restore").header("if-match", "\"2\"").send().await.expect(412);
    let restored = lab.call("POST", "/api/revisions/1/restore").header("if-match", "\"3\"").send().await;
    assert_eq!(restored.expect(200).json()["system"]["name"], "Demarc");
    assert_eq!(lab.revision(), 4);
    assert_eq!(lab.get("/api/devices/1/account").await["password"], PHONE_PASSWORD);
    let list = lab.get("/api/revisions?limit=2").await;
    assert_eq!((&list[0]["summary"], &list[1]["revision"]), (&json!("restored revision 1"), &json!(3)));
    assert_eq!(lab.get("/api/revisions?before=2").await.as_array().unwrap().len(), 1);
    lab.call("POST", "/api/revisions/99/restore").any().send().await.expect(404);
}
