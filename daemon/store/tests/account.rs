//! Administrators, sessions and tokens.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use demarc_store::{NewSession, PasswordHash, Store, Token};

fn store() -> (tempfile::TempDir, Store) {
    let (dir, path) = common::place();
    let store = Store::open(path).unwrap();
    store.set_up("admin", &PasswordHash::new("correct horse").unwrap(), None, 0).unwrap();
    (dir, store)
}

fn begin(store: &Store, expires_ms: u64, now_ms: u64) -> Token {
    let token = Token::generate().unwrap();
    store
        .begin_session(NewSession { hash: token.hash(), administrator: "admin", expires_ms }, now_ms)
        .unwrap();
    token
}

#[test]
fn a_session_ends_at_its_time_or_when_told() {
    let (_dir, store) = store();
    let token = begin(&store, 1000, 0);
    assert_eq!(store.session(token.hash(), 999).unwrap(), Some(("admin".into(), 1000)));
    assert_eq!(store.session(token.hash(), 1000).unwrap(), None);
    store.end_session(token.hash()).unwrap();
    assert_eq!(store.session(token.hash(), 0).unwrap(), None);
}

#[test]
fn sessions_are_bounded_and_the_newest_stay() {
    let (_dir, store) = store();
    let tokens: Vec<Token> = (1..=70).map(|n| begin(&store, 1000 + n, 0)).collect();
    let alive = tokens.iter().filter(|token| store.session(token.hash(), 0).unwrap().is_some()).count();
    assert_eq!(alive, 64);
    assert!(store.session(tokens.last().unwrap().hash(), 0).unwrap().is_some());
    assert!(store.session(tokens.first().unwrap().hash(), 0).unwrap().is_none());
}

#[test]
fn a_new_password_ends_the_other_sessions() {
    let (_dir, store) = store();
    let (mine, other) = (begin(&store, 1000, 0), begin(&store, 1000, 0));
    let password = PasswordHash::new("battery staple").unwrap();
    store.set_password("admin", &password, Some(mine.hash()), 1).unwrap();
    assert!(store.session(mine.hash(), 1).unwrap().is_some());
    assert!(store.session(other.hash(), 1).unwrap().is_none());
    let stored = store.password("admin").unwrap().unwrap();
    assert!(stored.verify("battery staple") && !stored.verify("correct horse"));
}

#[test]
fn a_token_is_known_until_it_is_revoked() {
    let (_dir, store) = store();
    let token = Token::generate().unwrap();
    let made = store.add_api_token("backup", token.hash(), 5).unwrap();
    assert_eq!(store.use_api_token(token.hash(), 10_000).unwrap().as_deref(), Some("backup"));
    // Used again at once: the row is not written for each request.
    store.use_api_token(token.hash(), 10_001).unwrap();
    assert_eq!(store.api_tokens().unwrap()[0].last_used_ms, Some(10_000));
    store.use_api_token(token.hash(), 70_000).unwrap();
    assert_eq!(store.api_tokens().unwrap()[0].last_used_ms, Some(70_000));
    assert!(store.remove_api_token(made.id).unwrap());
    assert!(!store.remove_api_token(made.id).unwrap());
    assert_eq!(store.use_api_token(token.hash(), 80_000).unwrap(), None);
}

#[test]
fn forgotten_administrators_take_their_sessions_and_tokens_along() {
    let (_dir, store) = store();
    let session = begin(&store, 1000, 0);
    let token = Token::generate().unwrap();
    store.add_api_token("program", token.hash(), 0).unwrap();
    store.forget_administrators().unwrap();
    assert!(!store.is_set_up().unwrap());
    assert_eq!(store.session(session.hash(), 0).unwrap(), None);
    assert_eq!(store.use_api_token(token.hash(), 0).unwrap(), None);
    store.set_up("admin", &PasswordHash::new("another horse").unwrap(), None, 0).unwrap();
}
