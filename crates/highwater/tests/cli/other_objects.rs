//! `sync.object`: supporters as Leads or person accounts, from the configuration file on.

use serde_json::json as value;

use crate::stage::{Stage, err, json};

/// An org whose key is on this object, and a file that maps to it.
async fn stage_of(word: &str, object: &str, map: &[(&str, &str)]) -> Stage {
    let mut settings =
        simorg::Settings { person_accounts: object == "Account", ..simorg::Settings::default() };
    let mut key = settings.custom_fields.iter().find(|field| field.unique).cloned().unwrap();
    object.clone_into(&mut key.object);
    settings.custom_fields.push(key);
    let stage = Stage::set_with(settings).await;
    for (part, with) in map {
        stage.reconfigure(&format!("contact = \"{part}\""), &format!("contact = \"{with}\""));
    }
    let text = stage.read("highwater.toml");
    stage.write("highwater.toml", &format!("{text}\n[sync]\nobject = \"{word}\"\n"));
    stage
}

async fn synced(stage: &Stage) -> serde_json::Value {
    let run = stage.run("sync --format json").await;
    assert_eq!(run.status.code(), Some(0), "{}", err(&run));
    json(&run)
}

#[tokio::test(flavor = "multi_thread")]
async fn supporters_are_leads_where_the_file_says_so() {
    let stage = stage_of("lead", "Lead", &[]).await;
    // A Lead needs a company, and the map says where it comes from.
    let said = stage.refuses("sync", 2, "HW0104").await;
    assert!(said.contains("Company must be mapped"), "{said}");
    let text = stage.read("highwater.toml");
    let company = "\n[[field]]\ncontact = \"Company\"\nconstant = \"Household\"\ndirection = \"push\"\n";
    stage.write("highwater.toml", &format!("{text}{company}"));
    let check = stage.run("check").await;
    assert_eq!(check.status.code(), Some(0), "{}{}", String::from_utf8_lossy(&check.stdout), err(&check));
    // WHEN
    synced(&stage).await;
    // THEN
    let leads = stage.org.records("Lead");
    assert_eq!((leads.len(), stage.org.records("Contact").len()), (2, 0));
    assert!(leads.iter().all(|lead| lead["Company"] == "Household"));
    // AND a state of Leads is not one of Contacts
    stage.reconfigure("object = \"lead\"", "object = \"contact\"");
    stage.reconfigure(company, "");
    let said = stage.refuses("sync", 2, "HW0504").await;
    assert!(said.contains("this state is of another object"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn supporters_are_person_accounts_where_the_file_says_so() {
    let map = [("Email", "PersonEmail"), ("Phone", "PersonHomePhone")];
    let stage = stage_of("person_account", "Account", &map).await;
    let check = stage.run("check").await;
    assert_eq!(check.status.code(), Some(0), "{}{}", String::from_utf8_lossy(&check.stdout), err(&check));
    synced(&stage).await;
    let people = stage.org.records("Account");
    assert_eq!(people.len(), 2);
    let smith = people.iter().find(|person| person["LastName"] == "Smith").unwrap();
    assert_eq!(smith["IsPersonAccount"], true);
    assert_eq!(smith["PersonEmail"], "joe@example.org");
    assert!(stage.rows().await.iter().any(|row| row.contains(&hex(smith["Id"].as_str().unwrap()))));
    // An edit of the person in the org comes back, and then there is nothing to do.
    let admin = stage.org.admin();
    let edit = value!({"PersonHomePhone": "555-9999"});
    admin.edit_as(&admin.person(), "Account", smith["Id"].as_str().unwrap(), &edit).unwrap();
    admin.clock().advance(std::time::Duration::from_secs(120));
    synced(&stage).await;
    assert!(stage.rows().await.iter().any(|row| row.contains(&hex("555-9999"))));
    let said = stage.run("setup export there").await;
    assert!(err(&said).contains("Contacts only"), "{}", err(&said));
}

/// As the rows of the stage show it.
fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02X}")).collect()
}
