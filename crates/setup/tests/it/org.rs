//! What an org lacks.

use setup::{Change, Part, SeenField, lacking};

use crate::maps::small;

fn whole(name: &str) -> SeenField {
    let key = name == "EN_Supporter_Id__c";
    SeenField { editable: true, external_id: key, unique: key, calculated: false }
}

fn found(seen: impl Fn(&str) -> Option<SeenField>) -> Vec<(Part, Change, String, String)> {
    let found = lacking(&small(), seen);
    found.into_iter().map(|found| (found.part, found.change, found.name, found.text)).collect()
}

#[test]
fn an_org_with_everything_lacks_nothing() {
    assert_eq!(found(|name| Some(whole(name))), []);
}

#[test]
fn a_missing_field_is_named_with_what_it_should_be() {
    let gone = found(|name| (name != "EN_Supporter_Id__c" && name != "Phone").then(|| whole(name)));
    assert_eq!(gone[0].0, Part::Field);
    assert!(gone[0].3.contains("Text(50), External ID, Unique"), "{gone:?}");
    assert_eq!((gone[1].0, gone[1].2.as_str()), (Part::FieldPermission, "Phone"));
    assert_eq!(gone.len(), 2);
}

#[test]
fn a_key_without_ticks_and_a_pushed_field_without_edit_are_named() {
    let unfit = found(|name| Some(SeenField { editable: name != "Phone", ..SeenField::default() }));
    let wanted = [
        (
            Part::Field,
            Change::Change,
            "EN_Supporter_Id__c".to_owned(),
            "tick External ID and Unique".to_owned(),
        ),
        (Part::FieldPermission, Change::Change, "Phone".to_owned(), "read -> edit".to_owned()),
    ];
    assert_eq!(unfit, wanted);
}

#[test]
fn what_is_only_pulled_or_only_stamped_need_not_be_editable() {
    let read_only = ["Gifts__c", "EN_Last_Modified_Date__c"];
    assert_eq!(found(|name| Some(SeenField { editable: !read_only.contains(&name), ..whole(name) })), []);
}
