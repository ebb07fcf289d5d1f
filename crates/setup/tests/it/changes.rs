//! What a change of the map needs.

use setup::{Blueprint, Change, Difference, MappedField, Needs, Part, SignIn, Work, diff, export};

use crate::maps::{small, technical};

fn with(change: impl FnOnce(&mut Vec<MappedField>)) -> Blueprint {
    let mut fields = small().fields().to_vec();
    change(&mut fields);
    let work = Work { push: true, create: true };
    Blueprint::new(fields, technical(), "66.0", work, SignIn::ClientCredentials).expect("the names are good")
}

fn changes(to: &Blueprint) -> Vec<(Part, Change, String)> {
    let found = diff(&Needs::of(&small()), &Needs::of(to));
    found.into_iter().map(|Difference { part, change, name, .. }| (part, change, name)).collect()
}

fn mapped(name: &str) -> MappedField {
    MappedField {
        name: name.to_owned(),
        direction: model::Direction::Both,
        kind: Some(model::FieldType::Text),
        length: Some(40),
    }
}

#[test]
fn the_same_map_needs_nothing() {
    assert_eq!(changes(&small()), []);
}

#[test]
fn a_new_field_needs_a_condition_a_permission_and_a_definition_where_it_is_the_orgs_own() {
    let own = changes(&with(|fields| fields.push(mapped("Nickname__c"))));
    let name = || "Nickname__c".to_owned();
    assert_eq!(
        own,
        [
            (Part::Field, Change::Add, name()),
            (Part::FlowCondition, Change::Add, name()),
            (Part::FieldPermission, Change::Add, name()),
        ]
    );
    // THEN another part of an address is permitted already
    let part = changes(&with(|fields| fields.push(mapped("MailingStreet"))));
    assert_eq!(part, [(Part::FlowCondition, Change::Add, "MailingStreet".to_owned())]);
}

#[test]
fn a_field_that_is_no_longer_mapped_is_taken_out() {
    let gone = changes(&with(|fields| fields.retain(|field| field.name != "Phone")));
    let name = || "Phone".to_owned();
    assert_eq!(
        gone,
        [(Part::FlowCondition, Change::Remove, name()), (Part::FieldPermission, Change::Remove, name())]
    );
}

#[test]
fn a_field_that_is_only_pulled_from_now_on_needs_less() {
    let found =
        diff(&Needs::of(&small()), &Needs::of(&with(|fields| fields[1].direction = model::Direction::Pull)));
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].part, found[0].name.as_str(), found[0].text.as_str()),
        (Part::FieldPermission, "Email", "edit -> read")
    );
}

#[test]
fn an_org_without_flows_and_one_with_other_flows_are_told_apart() {
    let files = export(&small());
    let read = |keep: &dyn Fn(&str) -> bool, replace: (&str, &str)| {
        let kept: Vec<(String, String)> = files
            .iter()
            .filter(|file| keep(&file.path))
            .map(|file| (file.path.clone(), file.text.replace(replace.0, replace.1)))
            .collect();
        let texts = kept.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        let found = diff(&Needs::read(texts, &technical()).expect("files"), &Needs::of(&small()));
        found.into_iter().map(|found| (found.part, found.change, found.name)).collect::<Vec<_>>()
    };
    let nothing = ("\u{0}", "");
    let flows =
        [(Part::Flow, Change::Add, "stamping".to_owned()), (Part::Flow, Change::Add, "unticking".to_owned())];
    assert_eq!(read(&|path| !path.contains("/flows/"), nothing), flows);
    // GIVEN Flows that are switched off THEN they are as good as none
    assert_eq!(read(&|_| true, ("<status>Active</status>", "<status>Draft</status>")), flows);
    // GIVEN a condition that forgets one field and asks for another
    let other = read(&|_| true, ("ISCHANGED({!$Record.Email})", "ISCHANGED( {!$Record.Fax} )"));
    let condition = |change, name: &str| (Part::FlowCondition, change, name.to_owned());
    assert_eq!(other, [condition(Change::Add, "Email"), condition(Change::Remove, "Fax")]);
    // GIVEN a permission set that may do everything
    let mighty = read(&|_| true, ("<name>ApiEnabled</name>", "<name>ModifyAllData</name>"));
    assert_eq!(
        mighty,
        [
            (Part::SystemPermission, Change::Add, "ApiEnabled".to_owned()),
            (Part::SystemPermission, Change::Remove, "ModifyAllData".to_owned()),
        ]
    );
}

#[test]
fn a_file_that_is_no_metadata_is_named() {
    let files = export(&small());
    let broken: Vec<(&str, &str)> = files
        .iter()
        .map(|file| (file.path.as_str(), file.text.get(..file.text.len() / 2).unwrap_or_default()))
        .collect();
    let refused = Needs::read(broken, &technical()).expect_err("half a file is none");
    assert!(refused.path.ends_with("-meta.xml"), "{refused}");
}
