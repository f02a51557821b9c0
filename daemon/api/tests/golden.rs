//! The description of the API is checked in: a change of the API is seen in review, and the web
//! UI's client is made from it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[test]
fn openapi_is_as_checked_in() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let mut now = serde_json::to_string_pretty(&demarc_api::openapi()).unwrap();
    now.push('\n');
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        now == golden,
        "the API changed: look at the difference after UPDATE_GOLDEN=1 cargo nextest run -p demarc-api"
    );
}
