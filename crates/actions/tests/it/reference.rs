//! The reference page is what the code says. With `UPDATE_REFERENCE=1` it is written instead.

use std::path::Path;

#[test]
fn the_page_of_the_actions_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/actions.md");
    let wanted = actions::reference::page();
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/reference/actions.md is not current: run the tests with UPDATE_REFERENCE=1"
    );
}
