//! The export's own README: what to do with it, in order, and what no file can do.

use crate::access::permission_name;
use crate::blueprint::{Blueprint, SignIn};
use crate::export::PERMISSION_SET;
use crate::flow::Flow;
use crate::{client_app, custom_field};

/// The text.
pub(crate) fn text(wish: &Blueprint, flows: &[Flow]) -> String {
    let mut out = "# What the org needs\n\nWritten by `highwater setup export` from the field map. Do not edit it: change the map, \
                   export again, and see with `highwater setup diff` what that changes.\n\nDeploy to a sandbox first. Nothing here \
                   deletes anything.\n\n"
        .to_owned();
    steps(&mut out, wish);
    out.push_str("\n## What is in it\n\n");
    contents(&mut out, wish, flows);
    out.push_str("\n## What no file can do\n\n");
    by_hand(&mut out, wish);
    out
}

fn steps(out: &mut String, wish: &Blueprint) {
    out.push_str(
        "## Steps\n\n```sh\nsf org login web --alias sandbox --instance-url https://test.salesforce.com\n",
    );
    if !custom_field::mapped(wish).is_empty() {
        out.push_str(
            "# Only if the org lacks these fields: a field that is there would get the definition in this folder.\n\
             sf project deploy start --source-dir mapped-fields --target-org sandbox\n",
        );
    }
    out.push_str(
        "sf project deploy start --source-dir force-app --target-org sandbox --dry-run\n\
         sf project deploy start --source-dir force-app --target-org sandbox\n",
    );
    out.push_str(&format!(
        "sf org assign permset --name {PERMISSION_SET} --on-behalf-of the-integration-user@example.org --target-org sandbox\n"
    ));
    out.push_str(&format!(
        "# After replacing {} in client-app/:\nsf project deploy start --source-dir client-app --target-org sandbox\n```\n\n",
        client_app::PLACEHOLDER
    ));
    let technical = wish.technical();
    out.push_str(&format!(
        "Then say in the configuration that the Flows are there:\n\n```toml\n[contact_fields]\npush_marker = \"{}\"\nlast_modified = \
         \"{}\"\n```\n\nand let `highwater check` have a look.\n",
        technical.push_marker, technical.last_modified
    ));
}

fn contents(out: &mut String, wish: &Blueprint, flows: &[Flow]) {
    let technical = wish.technical();
    let created: Vec<String> = custom_field::technical(wish).into_iter().map(|(name, _)| name).collect();
    if created.is_empty() {
        out.push_str("- No custom field: the ones the map names come with a package.\n");
    } else {
        out.push_str(&format!("- Custom fields of the Contact: {}.\n", created.join(", ")));
    }
    let names: Vec<&str> = flows.iter().map(|flow| flow.name.as_str()).collect();
    out.push_str(&format!(
        "- Flows {}, before save: all but the last set {} when a Contact is created or one of the {} mapped fields changes and {} \
         is not ticked; the last unticks it in the same save. If the org has the Flows \"EN Push False\" and \"EN Push True\" \
         under other names, deactivate those.\n",
        names.join(", "),
        technical.last_modified,
        wish.fields().len(),
        technical.push_marker
    ));
    let inherent: Vec<&str> = wish
        .fields()
        .iter()
        .map(|field| field.name.as_str())
        .filter(|name| permission_name(name).is_none())
        .collect();
    out.push_str(&format!(
        "- Permission set {PERMISSION_SET}: API Enabled, Contact as far as highwater works on it, Account to read (Salesforce \
         gives no Contact without it), and the fields the configuration names. The parts of an address are permitted together."
    ));
    if inherent.is_empty() {
        out.push('\n');
    } else {
        out.push_str(&format!(
            " {} need no entry: whoever may read Contacts may read them.\n",
            inherent.join(", ")
        ));
    }
    out.push_str("- `client-app/`: an External Client App with its OAuth scopes.\n");
}

fn by_hand(out: &mut String, wish: &Blueprint) {
    let undefined = custom_field::undefined(wish);
    if !undefined.is_empty() {
        out.push_str(&format!(
            "- The fields {}: the map does not say their type, or they have choices or a target of their own. Create them before \
             deploying.\n",
            undefined.join(", ")
        ));
    }
    out.push_str(
        "- The integration user: a user of its own, API Only (profile \"Minimum Access - API Only Integrations\"), never with \
         Modify All Data.\n\
         - In production a Flow arrives inactive, unless Setup, Process Automation Settings allows deploying Flows as active: \
         activate each in Setup, Flows.\n\
         - External Client Apps may have to be allowed first: Setup, External Client App Settings.\n",
    );
    out.push_str(match wish.sign_in {
        SignIn::ClientCredentials => {
            "- The app's secret, its client credentials flow and its run-as user: Setup, External Client App Manager, Highwater. \
             Enable the flow under Settings, name the integration user as Run As under Policies, copy consumer key and secret.\n"
        }
        SignIn::OtherGrant => {
            "- The app's consumer key, its flow and its certificate: Setup, External Client App Manager, Highwater. Enable the \
             flow that the configuration names under Settings, and under Policies admit the users of the permission set.\n"
        }
    });
    out.push_str(
        "- View All on Contact, if sharing hides Contacts from the integration user: a Contact that it does not see is one that \
         highwater would create again.\n",
    );
}
