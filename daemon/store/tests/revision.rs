//! The configuration as revisions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{commit, config, place};
use demarc_store::{Change, CommitError, KEEP_REVISIONS, PasswordHash, Store};

#[test]
fn a_change_based_on_an_old_revision_is_refused() {
    let (_dir, path) = place();
    let store = Store::open(&path).unwrap();
    commit(&store, "first");
    commit(&store, "second");
    let config = config("late");
    let change = Change { expected: 1, config: &config, author: "admin", summary: "late" };
    let error = store.commit(change, 0).unwrap_err();
    assert!(matches!(error, CommitError::Stale { expected: 1, current: 2 }), "{error}");
    assert_eq!(store.current().unwrap().unwrap().config.system.name, "second");
}

#[test]
fn history_is_bounded_and_its_numbers_go_on() {
    let (_dir, path) = place();
    let store = Store::open(&path).unwrap();
    for n in 1..=KEEP_REVISIONS + 3 {
        assert_eq!(commit(&store, &format!("r{n}")), n);
    }
    let list = store.revisions(None, 10_000).unwrap();
    assert_eq!(list.len() as u64, KEEP_REVISIONS);
    assert_eq!((list.first().unwrap().revision, list.last().unwrap().revision), (KEEP_REVISIONS + 3, 4));
    assert!(store.revision(3).unwrap().is_none());
    let (summary, value) = store.revision(4).unwrap().unwrap();
    assert_eq!((summary.summary.as_str(), value["system"]["name"].as_str()), ("r4", Some("r4")));
    let page: Vec<u64> = store.revisions(Some(6), 10).unwrap().iter().map(|r| r.revision).collect();
    assert_eq!(page, [5, 4]);
}

#[test]
fn the_first_administrator_comes_with_the_first_change_or_not_at_all() {
    let (_dir, path) = place();
    let store = Store::open(&path).unwrap();
    commit(&store, "fresh");
    let password = PasswordHash::new("correct horse").unwrap();
    let config = config("London");
    let change = |expected| Change { expected, config: &config, author: "admin", summary: "first start" };

    let error = store.set_up("admin", &password, Some(change(9)), 0).unwrap_err();
    assert!(matches!(error, CommitError::Stale { .. }), "{error}");
    assert!(!store.is_set_up().unwrap(), "nothing is half done");

    assert_eq!(store.set_up("admin", &password, Some(change(1)), 0).unwrap(), Some(2));
    assert!(store.is_set_up().unwrap());
    let error = store.set_up("mallory", &password, None, 0).unwrap_err();
    assert!(matches!(error, CommitError::AlreadySetUp), "{error}");
    assert!(store.password("mallory").unwrap().is_none());
}
