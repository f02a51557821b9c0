use super::hash::Ingredients;
use super::*;
use demarc_model::Instant;
use proptest::prelude::*;
use std::time::Duration;

fn at(seconds: u64) -> Instant {
    Instant::from_start(Duration::from_secs(seconds))
}

/// RFC 7616 §3.9.1.
#[test]
fn vectors_of_rfc_7616() {
    let ingredients = Ingredients {
        username: "Mufasa",
        realm: "http-auth@example.org",
        password: "Circle of Life",
        method: "GET",
        uri: "/dir/index.html",
        nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        auth: Some(("00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")),
    };
    assert_eq!(
        ingredients.response(Algorithm::Sha256),
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    );
    assert_eq!(ingredients.response(Algorithm::Md5), "8ca523f5e9506fed4657c9700eebdbec");
}

/// RFC 2617 §3.5, and the same without qop as RFC 2069 computes it.
#[test]
fn vectors_of_rfc_2617() {
    let mut ingredients = Ingredients {
        username: "Mufasa",
        realm: "testrealm@host.com",
        password: "Circle Of Life",
        method: "GET",
        uri: "/dir/index.html",
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        auth: Some(("00000001", "0a4f113b")),
    };
    assert_eq!(ingredients.response(Algorithm::Md5), "6629fae49393a05397450978507c4ef1");
    ingredients.auth = None;
    assert_eq!(ingredients.response(Algorithm::Md5), "670fd8c2df070c60b045671b8b24ff02");
}

fn login<'a>(password: &'a str, count: u32) -> Login<'a> {
    Login { username: "201", password, method: "REGISTER", uri: "sip:example.com", cnonce: "c\"1", count }
}

fn verify(server: &mut Authenticator, second: u64, value: &str) -> Verdict {
    let credentials = Credentials::parse(value).unwrap();
    assert_eq!(credentials.username, "201");
    server.verify(at(second), &credentials, "REGISTER", "correct horse")
}

#[test]
fn a_client_with_the_password_gets_in_by_either_algorithm() {
    let mut server = Authenticator::new("the \"office\"", [7; 32]);
    let challenges = server.challenges(at(1), false);
    assert!(challenges[0].contains("algorithm=MD5") && challenges[1].contains("algorithm=SHA-256"));
    assert!(challenges.iter().all(|c| !c.contains("stale")));
    let both = answer_challenge(challenges.iter().map(String::as_str), &login("correct horse", 1)).unwrap();
    assert!(both.contains("algorithm=SHA-256"));
    assert_eq!(verify(&mut server, 2, &both), Verdict::Good);
    let md5 =
        answer_challenge(challenges[..1].iter().map(String::as_str), &login("correct horse", 2)).unwrap();
    assert!(md5.contains("algorithm=MD5"));
    assert_eq!(verify(&mut server, 2, &md5), Verdict::Good);
    // What was said once is not good again.
    assert_eq!(verify(&mut server, 2, &both), Verdict::Stale);
    assert!(server.challenges(at(1), true).iter().all(|c| c.ends_with(", stale=true")));
}

#[test]
fn others_do_not() {
    let mut server = Authenticator::new("office", [7; 32]);
    let challenges = server.challenges(at(1), false);
    let answer = |password, count| {
        answer_challenge(challenges.iter().map(String::as_str), &login(password, count)).unwrap()
    };
    assert_eq!(verify(&mut server, 2, &answer("wrong", 1)), Verdict::Bad);
    let good = answer("correct horse", 1);
    assert_eq!(verify(&mut Authenticator::new("home", [7; 32]), 2, &good), Verdict::Bad);
    assert_eq!(verify(&mut server, 2, &good.replace("qop=auth", "qop=auth-int")), Verdict::Bad);
    assert_eq!(verify(&mut server, 2, &good.replace("SHA-256", "SHA-512")), Verdict::Bad);
    assert_eq!(verify(&mut server, 2, &good.replace("nc=00000001", "nc=00000002")), Verdict::Bad);
    let credentials = Credentials::parse(&good).unwrap();
    assert_eq!(server.verify(at(2), &credentials, "INVITE", "correct horse"), Verdict::Bad);
    // The right password with a nonce of yesterday, or of another start of the server.
    assert_eq!(verify(&mut server, 86_400, &good), Verdict::Stale);
    assert_eq!(verify(&mut Authenticator::new("office", [8; 32]), 2, &good), Verdict::Stale);
    assert_eq!(verify(&mut server, 2, &good), Verdict::Good);
}

#[test]
fn an_old_client_without_qop_gets_in_once_per_nonce() {
    let mut server = Authenticator::new("office", [7; 32]);
    let old = server.challenges(at(1), false)[0].replace(", qop=\"auth\"", "");
    let answer = answer_challenge([old.as_str()].into_iter(), &login("correct horse", 1)).unwrap();
    assert!(!answer.contains("cnonce"));
    assert_eq!(verify(&mut server, 2, &answer), Verdict::Good);
    assert_eq!(verify(&mut server, 2, &answer), Verdict::Stale);
}

#[test]
fn challenges_that_are_not_understood_are_passed_over() {
    let answer = |challenges: &[&str]| answer_challenge(challenges.iter().copied(), &login("p", 1));
    assert!(answer(&["Basic realm=\"x\"", "Digest realm=\"x\"", "Digest"]).is_none());
    assert!(answer(&["Digest realm=\"x\", nonce=\"y\", algorithm=SHA-512-256"]).is_none());
    assert!(answer(&["Digest realm=\"x\", nonce=\"y\", qop=\"auth-int\""]).is_none());
    let value =
        answer(&["Digest realm=\"x, y\",nonce=\"n\" , qop=\"auth-int, auth\", opaque=\"o\""]).unwrap();
    assert!(
        value.contains("realm=\"x, y\"") && value.ends_with("opaque=\"o\"") && !value.contains("algorithm")
    );
}

proptest! {
    #[test]
    fn no_header_value_gets_in_by_chance(value in "(Digest )?(([a-z]{1,9}|username|realm|nonce|uri|response|qop|nc|cnonce)=\"?[ -~]{0,12}\"?,){0,9}") {
        let mut server = Authenticator::new("office", [7; 32]);
        if let Some(credentials) = Credentials::parse(&value) {
            prop_assert_eq!(server.verify(at(1), &credentials, "REGISTER", "p"), Verdict::Bad);
        }
    }
}
