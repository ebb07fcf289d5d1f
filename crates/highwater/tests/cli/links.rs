//! A link that is wrong is corrected, and stays so.

use crate::stage::{Stage, json as parsed, out};

/// The Contact that carries a last name.
fn contact(stage: &Stage, last: &str) -> serde_json::Value {
    let all = stage.org.records("Contact");
    all.into_iter().find(|contact| contact["LastName"] == last).expect("there is one")
}

async fn linked(stage: &Stage, supporter: u32) -> Option<String> {
    let shown = parsed(&stage.run(&format!("link show {supporter} --format json")).await);
    shown["link"]["contact"].as_str().map(ToOwned::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_who_were_linked_by_mistake_are_parted_and_stay_so() {
    // GIVEN Joe Smith, linked to his Contact
    let stage = Stage::set().await;
    stage.run("sync").await;
    let wrong = contact(&stage, "Smith")["Id"].as_str().expect("an Id").to_owned();
    assert_eq!(linked(&stage, 1).await.as_deref(), Some(wrong.as_str()));
    stage.sql("UPDATE supporters SET email = 'uma@example.org', first_name = 'Uma', last_name = 'Taylor', phone = NULL \
               WHERE supporter_id = 1").await;
    // WHEN an administrator says that they are different people
    let ended = stage.run("link end 1 --why relatives").await;
    assert_eq!(ended.status.code(), Some(0), "{}", out(&ended));
    // THEN he has a Contact of his own, the other keeps its values and no longer his id, and it stays so
    for _ in 0..2 {
        let own = linked(&stage, 1).await.expect("linked anew");
        assert_ne!(own, wrong);
        let all = stage.org.records("Contact");
        let of = |id: &str| all.iter().find(|contact| contact["Id"] == id).expect("there").clone();
        assert_eq!(
            (of(&own)["EN_Supporter_Id__c"].as_str(), of(&own)["LastName"].as_str()),
            (Some("1"), Some("Taylor"))
        );
        assert_eq!(
            (&of(&wrong)["EN_Supporter_Id__c"], of(&wrong)["LastName"].as_str()),
            (&serde_json::Value::Null, Some("Smith"))
        );
        assert_eq!(all.len(), 3);
        stage.run("sync").await;
    }
    // WHEN that was the mistake THEN it is taken back the same way
    let set = stage.run(&format!("link set 1 {wrong} --why one-person")).await;
    assert_eq!(set.status.code(), Some(0), "{}", out(&set));
    assert_eq!(linked(&stage, 1).await.as_deref(), Some(wrong.as_str()));
    stage.refuses(&format!("link set 1 {wrong} --why again"), 2, "HW0111").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_that_is_not_there_is_linked_to_nobody() {
    let stage = Stage::set().await;
    stage.run("sync").await;
    let before = linked(&stage, 1).await;
    let set = stage.run("link set 1 003000000000999AAA --why typo").await;
    let said = crate::stage::err(&set);
    assert_eq!(set.status.code(), Some(3), "{said}");
    assert!(said.contains("Contact 003000000000999AAA is not there: nothing was linked"), "{said}");
    let set = stage.run("link set 77 003000000000999AAA --why typo").await;
    assert!(crate::stage::err(&set).contains("neither supporter 77 nor Contact 003000000000999AAA is there"));
    let trail = parsed(&stage.run("audit list --format json").await).to_string();
    for told in [
        "--link 003000000000999AAA of supporter 1: typo",
        "not carried out, Contact 003000000000999AAA is not",
    ] {
        assert!(trail.contains(told), "{told}: {trail}");
    }
    assert!(!trail.contains("CONTACT") && !trail.contains("changed since"), "{trail}");
    assert_eq!(linked(&stage, 1).await, before);
    assert_eq!(linked(&stage, 3).await, None);
    assert_eq!(stage.run("link end 3 --why nobody").await.status.code(), Some(2));
}
