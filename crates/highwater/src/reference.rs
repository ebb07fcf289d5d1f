//! Reference pages are written from the code. These tests fail when a page is not what the code says; with
//! `UPDATE_REFERENCE=1` they write it instead.

mod command_line;
mod configuration;
mod exit_codes;

use std::path::{Path, PathBuf};

use crate::code;

/// `docs/reference` of this repository.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference")
}

fn current(page: &str, wanted: &str) {
    let path = folder().join(page);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "docs/reference/{page} is not current: run the tests with UPDATE_REFERENCE=1");
}

#[test]
fn the_page_of_the_configuration_is_current() {
    current("config.md", &configuration::page());
}

#[test]
fn the_page_of_the_exit_codes_is_current() {
    current("exit-codes.md", &exit_codes::page());
}

#[test]
fn the_page_of_the_command_line_is_current() {
    current("cli.md", &command_line::page());
}

#[test]
fn the_pages_of_the_codes_are_current_and_there_are_no_others() {
    let mut index = "# Error and finding codes\n\n| code | what |\n| --- | --- |\n".to_owned();
    for code in code::all() {
        let path = code.page_path();
        current(&path, &code.page());
        let link = path.strip_prefix("errors/").map_or_else(|| format!("../{path}"), str::to_owned);
        index.push_str(&format!("| [{code}]({link}) | {} |\n", code.title));
    }
    current("errors/README.md", &index);
    current("checks/README.md", &checks());
    for part in ["errors", "checks"] {
        for entry in std::fs::read_dir(folder().join(part)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let path = format!("{part}/{name}");
            let known = name == "README.md" || code::all().any(|code| code.page_path() == path);
            assert!(known, "docs/reference/{path} explains no code");
        }
    }
}

/// What `check` can find, with the failures that it can meet on the way.
fn checks() -> String {
    let mut page = "# What `highwater check` finds\n\nEach finding has a code, says what it is about and what to do, and has a \
                    weight: `stop` (a cycle would fail or do harm), `warning` (a cycle would work, somebody should look), or \
                    `note`. `check` only reads. How it ends: [exit codes](../exit-codes.md).\n\n## In the org\n\n| code | \
                    what |\n| --- | --- |\n"
        .to_owned();
    let of_org = code::contact_fields::ALL.iter().chain(code::org_setup::ALL);
    for code in of_org {
        page.push_str(&format!("| [{code}]({code}.md) | {} |\n", code.title));
    }
    page.push_str("\n## In the supporter database, and where a side cannot be asked\n\n| code | what |\n| --- | --- |\n");
    for code in code::supporters::ALL.iter().chain(code::org::ALL) {
        page.push_str(&format!("| [{code}](../errors/{code}.md) | {} |\n", code.title));
    }
    page
}
