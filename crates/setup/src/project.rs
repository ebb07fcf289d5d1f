//! The files that make a folder a Salesforce project.

use std::collections::BTreeMap;

use crate::blueprint::Blueprint;
use crate::element::Element;

/// `sfdx-project.json`: the folders `sf` looks at. The first is deployed where none is named.
pub(crate) fn sfdx(wish: &Blueprint, folders: &[&str]) -> String {
    let entries: Vec<String> = folders
        .iter()
        .enumerate()
        .map(|(at, path)| {
            let default = if at == 0 { ", \"default\": true" } else { "" };
            format!("    {{ \"path\": \"{path}\"{default} }}")
        })
        .collect();
    format!(
        "{{\n  \"packageDirectories\": [\n{}\n  ],\n  \"name\": \"highwater-setup\",\n  \"namespace\": \"\",\n  \
         \"sourceApiVersion\": \"{}\"\n}}\n",
        entries.join(",\n"),
        wish.api_version()
    )
}

/// `package.xml`: what stands in the default folder, by type and name.
pub(crate) fn manifest(wish: &Blueprint, members: &BTreeMap<&str, Vec<String>>) -> String {
    let mut package = Element::new("Package");
    for (kind, names) in members.iter().filter(|(_, names)| !names.is_empty()) {
        let mut types = Element::new("types");
        for name in names {
            types = types.text("members", name);
        }
        package = package.with(types.text("name", kind));
    }
    package.text("version", wish.api_version()).file()
}
