//! The blueprint as files of a Salesforce project in source format.

use std::collections::BTreeMap;

use crate::blueprint::Blueprint;
use crate::needs::{FieldShape, Needs};
use crate::{client_app, custom_field, flow, permission_set, project, readme};

/// API name of the permission set.
pub const PERMISSION_SET: &str = "Highwater_Integration";

/// What every org needs.
const DEFAULT: &str = "force-app";

/// Mapped fields that the org may have already. Apart, so that no definition of the administrator's is replaced.
const MAPPED: &str = "mapped-fields";

/// The app. Apart, because it holds a placeholder and needs a setting that not every org has.
const APP: &str = "client-app";

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Below the export's folder, with `/`.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

/// The files of a blueprint, in the order of their paths. The same blueprint gives the same bytes.
#[must_use]
pub fn export(wish: &Blueprint) -> Vec<File> {
    let mut files = Vec::new();
    let mut add = |path: String, text: String| files.push(File { path, text });
    let needs = Needs::of(wish);
    let technical = custom_field::technical(wish);
    let mapped = custom_field::mapped(wish);
    for (name, shape) in &technical {
        add(field_path(DEFAULT, name), custom_field::file(name, shape, custom_field::purpose(wish, name)));
    }
    for (name, shape) in &mapped {
        add(field_path(MAPPED, name), custom_field::file(name, shape, "Kept in step by highwater."));
    }
    let flows = flow::flows(wish);
    for flow in &flows {
        add(format!("{DEFAULT}/main/default/flows/{}.flow-meta.xml", flow.name), flow.text.clone());
    }
    let set = format!("{DEFAULT}/main/default/permissionsets/{PERMISSION_SET}.permissionset-meta.xml");
    add(set, permission_set::file(&needs));
    add(format!("{APP}/main/default/externalClientApps/{}.eca-meta.xml", client_app::APP), client_app::app());
    add(
        format!("{APP}/main/default/extlClntAppOauthSettings/{}.ecaOauth-meta.xml", client_app::OAUTH),
        client_app::oauth(wish),
    );
    let folders: Vec<&str> =
        [Some(DEFAULT), (!mapped.is_empty()).then_some(MAPPED), Some(APP)].into_iter().flatten().collect();
    add("sfdx-project.json".to_owned(), project::sfdx(wish, &folders));
    let members = BTreeMap::from([
        ("CustomField", technical.iter().map(member).collect()),
        ("Flow", flows.iter().map(|flow| flow.name.clone()).collect()),
        ("PermissionSet", vec![PERMISSION_SET.to_owned()]),
    ]);
    add("manifest/package.xml".to_owned(), project::manifest(wish, &members));
    add("README.md".to_owned(), readme::text(wish, &flows));
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

fn field_path(folder: &str, name: &str) -> String {
    format!("{folder}/main/default/objects/Contact/fields/{name}.field-meta.xml")
}

fn member((name, _): &(String, FieldShape)) -> String {
    format!("Contact.{name}")
}
