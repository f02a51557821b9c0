//! Signing in and out, tokens, the first start, and what every answer carries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Answer, Lab, PASSWORD, SETUP_CODE};
use demarc_model::config::{Destination, DeviceKind};
use serde_json::{Value, json};

async fn login(lab: &Lab, body: Value) -> Answer {
    lab.bare("POST", "/api/session").json(&body).send().await
}

#[tokio::test]
async fn the_password_opens_a_session_and_nothing_else_does() {
    let lab = Lab::new();
    for wrong in [json!({"password": "wrong horse"}), json!({"name": "mallory", "password": PASSWORD})] {
        let answer = login(&lab, wrong).await.expect(401);
        assert_eq!(answer.json()["detail"], "name or password is wrong");
        assert_eq!(answer.header("set-cookie"), "");
    }
    let answer = login(&lab, json!({"name": "admin", "password": PASSWORD})).await.expect(201);
    let cookie = answer.header("set-cookie");
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Strict; Max-Age=86400");
    let who = lab.bare("GET", "/api/session").header("cookie", pair).send().await.expect(200).json();
    assert_eq!((&who["name"], &who["kind"]), (&json!("admin"), &json!("session")));
    lab.advance(86_400);
    lab.bare("GET", "/api/session").header("cookie", pair).send().await.expect(401);
}

#[tokio::test]
async fn signing_out_ends_the_session_at_once() {
    let lab = Lab::new();
    let answer = lab.call("DELETE", "/api/session").send().await.expect(204);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    lab.call("GET", "/api/session").send().await.expect(401);
}

#[tokio::test]
async fn guessing_takes_longer_and_longer() {
    let lab = Lab::new();
    for _ in 0..5 {
        login(&lab, json!({"password": "wrong horse"})).await.expect(401);
    }
    // Also the right one has to wait; otherwise waiting would tell nothing.
    let answer = login(&lab, json!({"password": PASSWORD})).await.expect(429);
    assert_eq!(answer.json()["code"], "too_many_attempts");
    assert_eq!(answer.header("retry-after"), "6");
    let elsewhere =
        lab.bare("POST", "/api/session").from("198.51.100.1:1").json(&json!({"password": PASSWORD}));
    elsewhere.send().await.expect(201);
    // Changing the password is no way around.
    let change = json!({"current": "wrong horse", "new": "battery staple"});
    lab.call("PUT", "/api/password").json(&change).send().await.expect(429);
    lab.advance(6);
    login(&lab, json!({"password": PASSWORD})).await.expect(201);
    login(&lab, json!({"password": "wrong horse"})).await.expect(401);
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let lab = Lab::new();
    let other = lab.sign_in();
    let put = |body: Value| lab.call("PUT", "/api/password").json(&body).send();
    let short = put(json!({"current": PASSWORD, "new": "short"})).await.expect(422);
    assert_eq!(short.fields(), ["body /new"]);
    let wrong = put(json!({"current": "wrong horse", "new": "battery staple"})).await.expect(422);
    assert_eq!(wrong.fields(), ["body /current"]);
    put(json!({"current": PASSWORD, "new": "battery staple"})).await.expect(204);
    lab.call("GET", "/api/session").send().await.expect(200);
    lab.bare("GET", "/api/session").header("cookie", &other).send().await.expect(401);
    login(&lab, json!({"password": PASSWORD})).await.expect(401);
    login(&lab, json!({"password": "battery staple"})).await.expect(201);
}

#[tokio::test]
async fn a_token_works_until_it_is_revoked() {
    let lab = Lab::new();
    let made =
        lab.call("POST", "/api/tokens").json(&json!({"name": "backup"})).send().await.expect(201).json();
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let with = |method: &str, path: &str| lab.bare(method, path).header("authorization", &bearer);
    let who = with("GET", "/api/session").send().await.expect(200).json();
    assert_eq!((&who["name"], &who["kind"]), (&json!("backup"), &json!("token")));

    // No browser sends a token by itself: no origin is asked for.
    let mut system = with("GET", "/api/system").send().await.expect(200).json();
    system["name"] = json!("By token");
    with("PUT", "/api/system").any().json(&system).send().await.expect(200);
    assert_eq!(lab.get("/api/revisions").await[0]["author"], "token backup");
    let change = json!({"current": PASSWORD, "new": "battery staple"});
    with("PUT", "/api/password").json(&change).send().await.expect(403);

    let list = lab.get("/api/tokens").await;
    assert!(list[0]["last_used_ms"].is_u64() && list[0].get("token").is_none(), "{list}");
    let empty = lab.call("POST", "/api/tokens").json(&json!({"name": "  "})).send().await.expect(422);
    assert_eq!(empty.fields(), ["body /name"]);
    lab.call("DELETE", &format!("/api/tokens/{}", made["id"])).send().await.expect(204);
    lab.call("DELETE", &format!("/api/tokens/{}", made["id"])).send().await.expect(404);
    with("GET", "/api/session").send().await.expect(401);
}

#[tokio::test]
async fn a_form_on_another_site_cannot_post() {
    let lab = Lab::new();
    let post = |headers: &[(&str, &str)]| {
        let mut call = lab.bare("POST", "/api/devices/1/password").any().header("cookie", &lab.cookie);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        call.send()
    };
    post(&[("origin", "null")]).await.expect(403);
    post(&[("origin", "http://gateway.example.evil.example")]).await.expect(403);
    post(&[("sec-fetch-site", "cross-site")]).await.expect(403);
    post(&[("sec-fetch-site", "same-site")]).await.expect(403);
    post(&[("content-type", "text/plain")]).await.expect(415);
    post(&[]).await.expect(415);
    post(&[("origin", "http://gateway.example")]).await.expect(200);
    post(&[("sec-fetch-site", "same-origin")]).await.expect(200);
    post(&[("content-type", "application/json")]).await.expect(200);
}

#[tokio::test]
async fn every_answer_carries_the_headers_of_caution() {
    let lab = Lab::new();
    for answer in [
        lab.call("GET", "/api/system").send().await,
        lab.bare("GET", "/api/system").send().await,
        lab.call("GET", "/api/nothing").send().await,
    ] {
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

async fn set_up(lab: &Lab, body: Value) -> Answer {
    lab.bare("POST", "/api/setup").json(&body).send().await
}

#[tokio::test]
async fn the_first_start_needs_the_code_and_happens_once() {
    let lab = Lab::fresh();
    let wrong = set_up(&lab, json!({"code": "0000-0000", "password": PASSWORD})).await.expect(422);
    assert_eq!(wrong.fields(), ["body /code"]);
    let short = set_up(&lab, json!({"code": SETUP_CODE, "password": "short"})).await.expect(422);
    assert_eq!(short.fields(), ["body /password"]);
    assert!(!lab.store.is_set_up().unwrap());

    // As people copy it: small letters, no dash, O for 0.
    let answer = set_up(&lab, json!({"code": "7k2m9qoa", "password": PASSWORD})).await.expect(201);
    assert_eq!(answer.json(), json!({"name": "admin", "revision": 1, "accounts": []}));
    let (cookie, _) = answer.header("set-cookie").split_once(';').unwrap();
    lab.bare("GET", "/api/session").header("cookie", cookie).send().await.expect(200);
    set_up(&lab, json!({"code": SETUP_CODE, "password": "another password"})).await.expect(409);
    assert_eq!(lab.bare("GET", "/api/setup").send().await.json(), json!({"done": true}));
    login(&lab, json!({"password": PASSWORD})).await.expect(201);
}

#[tokio::test]
async fn the_code_cannot_be_guessed() {
    let lab = Lab::fresh();
    let wrong = json!({"code": "0000-0000", "password": PASSWORD});
    for n in 0..20 {
        // From ever new places, so that no wait stops it.
        let call = lab.bare("POST", "/api/setup").from(&format!("198.51.100.{n}:1")).json(&wrong);
        call.send().await.expect(422);
    }
    let right = json!({"code": SETUP_CODE, "password": PASSWORD});
    let answer = lab.bare("POST", "/api/setup").from("203.0.113.1:1").json(&right).send().await.expect(429);
    assert!(answer.json()["detail"].as_str().unwrap().contains("restart"), "{answer:?}");
    assert!(!lab.store.is_set_up().unwrap());
}

#[tokio::test]
async fn the_wizard_does_all_or_nothing() {
    let lab = Lab::fresh();
    let mut wizard = json!({
        "name": "Office", "country": "DE", "area_code": "30",
        "phones": [{"number": "201", "name": "Reception"}, {"number": "301", "name": "Workshop"}],
        "answers": [
            {"called": "+493079460900", "numbers": ["201", "301"]},
            {"called": "+493079460901", "numbers": ["999"]},
        ],
    });
    let setup = |wizard: &Value| json!({"code": SETUP_CODE, "password": PASSWORD, "wizard": wizard});
    let answer = set_up(&lab, setup(&wizard)).await.expect(422);
    assert_eq!(answer.fields(), ["body /wizard/answers/1/numbers/0"]);
    assert!(!lab.store.is_set_up().unwrap());
    assert_eq!(lab.revision(), 1);

    wizard["answers"][1]["numbers"] = json!(["301"]);
    let done = set_up(&lab, setup(&wizard)).await.expect(201).json();
    assert_eq!(done["revision"], 2);
    assert_eq!(
        (&done["accounts"][0]["username"], &done["accounts"][0]["name"]),
        (&json!("201"), &json!("Reception"))
    );
    assert_eq!(done["accounts"][1]["username"], "301");
    assert_eq!(done["accounts"][1]["password"].as_str().unwrap().len(), 20);

    let (revision, config) = lab.gateway.applied.lock().unwrap().last().cloned().unwrap();
    assert_eq!(revision, 2);
    assert_eq!((config.system.name.as_str(), config.system.area_code.as_str()), ("Office", "30"));
    let extension = |number: &str| config.extensions.iter().find(|e| e.number == number).unwrap();
    assert_eq!(extension("201").name, "Reception");
    assert_eq!(extension("201").devices.len(), 1, "it had a phone already");
    let workshop = config.devices.iter().find(|d| extension("301").devices.contains(&d.id)).unwrap();
    assert!(matches!(&workshop.kind, DeviceKind::Sip(account) if account.username == "301"));
    let [first, second, ..] = config.inbound_routes.as_slice() else { panic!("two routes") };
    let Destination::RingGroup { id } = first.destination else { panic!("{first:?}") };
    let group = config.ring_groups.iter().find(|group| group.id == id).unwrap();
    assert_eq!(group.extensions, [extension("201").id, extension("301").id]);
    assert_eq!(second.destination, Destination::Extension { id: extension("301").id });
    assert!(config.validate().is_ok());
}

#[tokio::test]
async fn over_tls_the_cookie_is_for_tls_alone() {
    let mut lab = Lab::new();
    let login = json!({"password": PASSWORD});
    let plain = lab.bare("POST", "/api/session").json(&login).send().await.expect(201);
    assert!(!plain.header("set-cookie").contains("Secure"), "{plain:?}");
    lab.router = demarc_api::over_tls(lab.router.clone());
    let secured = lab.bare("POST", "/api/session").json(&login).send().await.expect(201);
    assert!(secured.header("set-cookie").ends_with("; Secure"), "{secured:?}");
    let ended = lab.call("DELETE", "/api/session").send().await.expect(204);
    assert!(ended.header("set-cookie").ends_with("Max-Age=0; Secure"), "{ended:?}");
    // The certificate is our own: nobody is told to insist on it.
    assert_eq!(secured.header("strict-transport-security"), "");

    let mut fresh = Lab::fresh();
    fresh.router = demarc_api::over_tls(fresh.router.clone());
    let setup = json!({"code": SETUP_CODE, "password": PASSWORD});
    let done = fresh.bare("POST", "/api/setup").json(&setup).send().await.expect(201);
    assert!(done.header("set-cookie").ends_with("; Secure"), "{done:?}");
}
