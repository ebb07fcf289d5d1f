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
    let mut names = vec!["README.md".to_owned()];
    let mut index = "# Error and finding codes\n\n| code | what |\n| --- | --- |\n".to_owned();
    for code in code::all() {
        current(&format!("errors/{code}.md"), &code.page());
        index.push_str(&format!("| [{code}]({code}.md) | {} |\n", code.title));
        names.push(format!("{code}.md"));
    }
    current("errors/README.md", &index);
    for entry in std::fs::read_dir(folder().join("errors")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name), "docs/reference/errors/{name} explains no code");
    }
}
