//! `setup`: files for an administrator, and what a changed map needs.

use simorg::Settings;

use crate::stage::{Stage, err, json, out};

/// The differences as "part change name", sorted.
fn differences(output: &std::process::Output) -> Vec<String> {
    let shown = json(output);
    let items = shown["differences"].as_array().cloned().unwrap_or_default();
    let text = |item: &serde_json::Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let mut found: Vec<String> = items
        .iter()
        .map(|item| format!("{} {} {}", text(item, "part"), text(item, "change"), text(item, "name")))
        .collect();
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_asks_nobody_and_says_what_comes_next() {
    let stage = Stage::set().await;
    stage.reconfigure(stage.org.url(), "http://127.0.0.1:1");
    let written = stage.run("setup export org-setup").await;
    assert_eq!(written.status.code(), Some(0), "{}", err(&written));
    let said = out(&written);
    assert!(said.contains("sf project deploy start --source-dir force-app"), "{said}");
    let flow = stage.read("org-setup/force-app/main/default/flows/EN_Push_False.flow-meta.xml");
    for name in ["LastName", "FirstName", "Email", "Phone"] {
        assert!(flow.contains(&format!("ISCHANGED({{!$Record.{name}}})")), "{flow}");
    }
    assert!(stage.read("org-setup/README.md").contains("sandbox"));
    // THEN the same configuration gives the same bytes
    assert_eq!(stage.run("setup export again").await.status.code(), Some(0));
    for file in json(&stage.run("setup export third --format json").await)["files"].as_array().unwrap() {
        let file = file.as_str().unwrap();
        assert_eq!(stage.read(&format!("org-setup/{file}")), stage.read(&format!("again/{file}")), "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_with_something_in_it_is_left_alone() {
    let stage = Stage::set().await;
    std::fs::create_dir(stage.path("mine")).unwrap();
    stage.write("mine/sfdx-project.json", "mine");
    let said = stage.refuses("setup export mine", 2, "HW0111").await;
    assert!(said.contains("not empty"), "{said}");
    assert_eq!(stage.read("mine/sfdx-project.json"), "mine");
    assert_eq!(std::fs::read_dir(stage.path("mine")).unwrap().count(), 1);
    // WHEN told to all the same THEN what is not of the export stays, and is named
    stage.write("mine/Other.flow-meta.xml", "<Flow/>");
    let forced = stage.run("setup export mine --force").await;
    assert_eq!(forced.status.code(), Some(0), "{}", err(&forced));
    assert!(out(&forced).contains("Other.flow-meta.xml"), "{}", out(&forced));
    assert_eq!(stage.read("mine/Other.flow-meta.xml"), "<Flow/>");
    assert!(stage.read("mine/sfdx-project.json").contains("force-app"));
    // GIVEN a file in the folder's place
    stage.write("file", "x");
    assert_eq!(stage.run("setup export file").await.status.code(), Some(1));
    assert_eq!(stage.read("file"), "x");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_map_is_compared_with_an_earlier_export() {
    let stage = Stage::set().await;
    assert_eq!(stage.run("setup export before").await.status.code(), Some(0));
    let same = stage.run("setup diff before --format json").await;
    assert_eq!(same.status.code(), Some(0), "{}", out(&same));
    assert_eq!(json(&same)["complete"], true);
    // WHEN a field is mapped, another no longer pushed, and a third no longer mapped
    stage.reconfigure("contact = \"Phone\"", "contact = \"Nickname__c\"\ntype = \"text\"");
    stage.reconfigure("contact = \"Email\"", "contact = \"Email\"\ndirection = \"pull\"");
    let changed = stage.run("setup diff before --format json").await;
    assert_eq!(changed.status.code(), Some(2), "{}", err(&changed));
    let wanted = [
        "Flow condition add Nickname__c",
        "Flow condition remove Phone",
        "custom field add Nickname__c",
        "field permission add Nickname__c",
        "field permission change Email",
        "field permission remove Phone",
    ];
    assert_eq!(differences(&changed), wanted);
    let csv = out(&stage.run("setup diff before --format csv").await);
    assert!(csv.contains("field permission,change,Email,edit -> read"), "{csv}");
    // THEN what is no export is named
    stage.refuses("setup diff nowhere", 2, "HW0111").await;
    stage.write("before/force-app/main/default/flows/EN_Push_False.flow-meta.xml", "<Flow><half>");
    let said = stage.refuses("setup diff before", 2, "HW0111").await;
    assert!(said.contains("EN_Push_False.flow-meta.xml"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_is_compared_with_the_org() {
    let mut settings = Settings::default();
    settings.hidden_fields.push("Contact.EN_Push__c".to_owned());
    settings.hidden_fields.push("Contact.Phone".to_owned());
    for field in settings.custom_fields.iter_mut().filter(|field| field.name == "EN_Supporter_Id__c") {
        field.unique = false;
    }
    let stage = Stage::set_with(settings).await;
    let lacking = stage.run("setup diff --format json").await;
    assert_eq!(lacking.status.code(), Some(2), "{}", err(&lacking));
    let wanted = [
        "custom field add EN_Push__c",
        "custom field change EN_Supporter_Id__c",
        "field permission add Phone",
    ];
    assert_eq!(differences(&lacking), wanted);
    let whole = Stage::set().await;
    assert_eq!(whole.run("setup diff").await.status.code(), Some(0));
    // THEN an org that is not there is not an org that lacks something
    whole.reconfigure(whole.org.url(), "http://127.0.0.1:1");
    whole.refuses("setup diff", 5, "HW0201").await;
}
