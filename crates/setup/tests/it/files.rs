//! What the exported files say.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use setup::{
    Blueprint, File, InvalidBlueprint, MappedField, Needs, SeenField, SignIn, Work, export, lacking,
    permission_name,
};

use crate::maps::{any_map, any_technical, blueprint_of, small, technical};
use crate::reading::{at, leaves};

fn text<'a>(files: &'a [File], end: &str) -> &'a str {
    let file = files.iter().find(|file| file.path.ends_with(end));
    &file.unwrap_or_else(|| panic!("no file ends with {end}")).text
}

/// The names inside `ISCHANGED({!$Record.…})`, without the marker's.
fn watched(files: &[File], marker: &str) -> Vec<String> {
    let mut names = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".flow-meta.xml")) {
        for formula in at(&leaves(&file.text), "Flow/start/filterFormula") {
            let parts = formula.split("ISCHANGED({!$Record.").skip(1);
            names.extend(parts.map(|part| part.split("})").next().unwrap_or_default().to_owned()));
        }
    }
    names.retain(|name| name != marker);
    names
}

#[test]
fn the_stamping_flow_asks_for_each_mapped_field_and_for_the_marker() {
    let files = export(&small());
    let flow = leaves(text(&files, "flows/EN_Push_False.flow-meta.xml"));
    let formula = "AND(\n  NOT({!$Record.EN_Push__c}),\n  OR(\n    ISNEW(),\n    AND(\n      NOT(ISCHANGED({!$Record.EN_Push__c})),\n      \
                   OR(\n        ISCHANGED({!$Record.LastName}),\n        ISCHANGED({!$Record.Email}),\n        \
                   ISCHANGED({!$Record.MailingCity}),\n        ISCHANGED({!$Record.Opt_In__c}),\n        \
                   ISCHANGED({!$Record.Phone}),\n        ISCHANGED({!$Record.Gifts__c})\n      )\n    )\n  )\n)";
    assert_eq!(at(&flow, "Flow/start/filterFormula"), [formula]);
    assert_eq!(at(&flow, "Flow/start/triggerType"), ["RecordBeforeSave"]);
    assert_eq!(at(&flow, "Flow/start/recordTriggerType"), ["CreateAndUpdate"]);
    let assigned = at(&flow, "Flow/assignments/assignmentItems/assignToReference");
    assert_eq!(assigned, ["$Record.EN_Last_Modified_Date__c"]);
    let value = at(&flow, "Flow/assignments/assignmentItems/value/elementReference");
    assert_eq!(value, ["$Flow.CurrentDateTime"]);
    // THEN what the start leads to is there
    assert_eq!(at(&flow, "Flow/start/connector/targetReference"), at(&flow, "Flow/assignments/name"));
}

#[test]
fn the_other_flow_unticks_the_marker_and_runs_after_the_one_that_reads_it() {
    let files = export(&small());
    let stamping = leaves(text(&files, "flows/EN_Push_False.flow-meta.xml"));
    let unticking = leaves(text(&files, "flows/EN_Push_True.flow-meta.xml"));
    assert_eq!(at(&unticking, "Flow/start/filters/field"), ["EN_Push__c"]);
    assert_eq!(at(&unticking, "Flow/start/filters/value/booleanValue"), ["true"]);
    assert_eq!(at(&unticking, "Flow/assignments/assignmentItems/assignToReference"), ["$Record.EN_Push__c"]);
    assert_eq!(at(&unticking, "Flow/assignments/assignmentItems/value/booleanValue"), ["false"]);
    let order = |flow: &[(String, String)]| at(flow, "Flow/triggerOrder")[0].parse::<u32>().unwrap();
    assert!(order(&stamping) < order(&unticking));
}

#[test]
fn the_permission_set_gives_no_more_than_the_map_needs() {
    let files = export(&small());
    let set = leaves(text(&files, "permissionsets/Highwater_Integration.permissionset-meta.xml"));
    let fields = at(&set, "PermissionSet/fieldPermissions/field");
    let edit = at(&set, "PermissionSet/fieldPermissions/editable");
    let given: BTreeMap<&str, &str> =
        fields.iter().map(String::as_str).zip(edit.iter().map(String::as_str)).collect();
    // THEN edit only where something is pushed, an address as a whole, and no entry for the name
    let wanted = BTreeMap::from([
        ("Contact.EN_Last_Modified_Date__c", "false"),
        ("Contact.EN_Push__c", "true"),
        ("Contact.EN_Supporter_Id__c", "true"),
        ("Contact.Email", "true"),
        ("Contact.Gifts__c", "false"),
        ("Contact.MailingAddress", "true"),
        ("Contact.Opt_In__c", "true"),
        ("Contact.Phone", "true"),
    ]);
    assert_eq!(given, wanted);
    assert_eq!(at(&set, "PermissionSet/userPermissions/name"), ["ApiEnabled"]);
    assert_eq!(at(&set, "PermissionSet/objectPermissions/object"), ["Account", "Contact"]);
    assert_eq!(at(&set, "PermissionSet/objectPermissions/allowRead"), ["true", "true"]);
    assert_eq!(at(&set, "PermissionSet/objectPermissions/allowCreate"), ["false", "true"]);
    assert_eq!(at(&set, "PermissionSet/objectPermissions/allowEdit"), ["false", "true"]);
    for never in ["allowDelete", "modifyAllRecords", "viewAllRecords"] {
        assert_eq!(at(&set, &format!("PermissionSet/objectPermissions/{never}")), ["false", "false"]);
    }
}

#[test]
fn fields_that_other_settings_name_are_permitted_as_well() {
    let names = setup::Technical {
        supporter_deleted: Some("EN_Supporter_Deleted__c".to_owned()),
        // THEN one that is mapped too keeps its right to be edited, however it is spelt
        read: vec!["Do_Not_Sync__c".to_owned(), "Work_Email__c".to_owned(), "PHONE".to_owned()],
        ..technical()
    };
    let fields = small().fields().to_vec();
    let work = Work { push: true, create: true };
    let wish = Blueprint::new(fields, names, "66.0", work, SignIn::ClientCredentials).unwrap();
    let needs = Needs::of(&wish);
    for (name, edit) in [
        ("EN_Supporter_Deleted__c", true),
        ("Do_Not_Sync__c", false),
        ("Work_Email__c", false),
        ("Phone", true),
    ] {
        assert_eq!(needs.permissions.get(name), Some(&edit), "{name}");
    }
    assert_eq!(needs.permissions.get("PHONE"), None);
    // THEN the flag is ours to make, and what is only read is not
    assert_eq!(needs.fields["EN_Supporter_Deleted__c"].kind, "Checkbox");
    assert!(!needs.fields.contains_key("Do_Not_Sync__c"));
    let files = export(&wish);
    let flag = leaves(text(&files, "objects/Contact/fields/EN_Supporter_Deleted__c.field-meta.xml"));
    assert_eq!(at(&flag, "CustomField/defaultValue"), ["false"]);
    // THEN an org without them lacks them
    let lacks: Vec<String> = lacking(&wish, |name| {
        (!name.contains("Do_Not") && !name.contains("Deleted")).then_some(SeenField {
            editable: true,
            external_id: true,
            unique: true,
            calculated: false,
        })
    })
    .into_iter()
    .map(|found| found.name)
    .collect();
    assert_eq!(lacks, ["Do_Not_Sync__c", "EN_Supporter_Deleted__c"]);
    let read = vec!["RecordType.Name".to_owned()];
    let names = setup::Technical { read, ..technical() };
    let refused = Blueprint::new(small().fields().to_vec(), names, "66.0", work, SignIn::ClientCredentials);
    assert!(refused.is_err());
}

#[test]
fn who_only_pulls_may_write_nothing() {
    let mut wish = small();
    wish.work.push = false;
    let needs = Needs::of(&wish);
    assert!(needs.permissions.values().all(|edit| !edit));
    assert!(!needs.objects["Contact"].edit && !needs.objects["Contact"].create);
}

#[test]
fn a_field_of_ones_own_is_created_and_a_packages_is_only_used() {
    let files = export(&small());
    let key = leaves(text(&files, "objects/Contact/fields/EN_Supporter_Id__c.field-meta.xml"));
    for (path, wanted) in [("externalId", "true"), ("unique", "true"), ("type", "Text"), ("length", "50")] {
        assert_eq!(at(&key, &format!("CustomField/{path}")), [wanted], "{path}");
    }
    // GIVEN the names of a package
    let names = setup::Technical {
        supporter_id: "engaging__EN_Supporter_Id__c".to_owned(),
        account_id: Some("engaging__Account_Id__c".to_owned()),
        push_marker: "engaging__EN_Push__c".to_owned(),
        last_modified: "engaging__EN_Last_Modified_Date__c".to_owned(),
        supporter_deleted: None,
        read: Vec::new(),
    };
    let fields = vec![MappedField {
        name: "LastName".to_owned(),
        direction: model::Direction::Both,
        kind: None,
        length: None,
    }];
    let work = Work { push: true, create: true };
    let wish = Blueprint::new(fields, names, "60.0", work, SignIn::OtherGrant).unwrap();
    let files = export(&wish);
    // THEN none of its fields is defined, no name of ours is used in its place, and the Flows have names that can be deployed
    assert!(!files.iter().any(|file| file.path.contains("/fields/")));
    let flow = text(&files, "flows/EN_Push_False.flow-meta.xml");
    assert!(flow.contains("$Record.engaging__EN_Last_Modified_Date__c"), "{flow}");
    for file in &files {
        assert!(!file.text.contains("$Record.EN_"), "{}", file.path);
        assert!(!file.text.contains("Contact.EN_"), "{}", file.path);
    }
    assert!(flow.contains("<apiVersion>60.0</apiVersion>"));
    assert!(text(&files, "sfdx-project.json").contains("\"sourceApiVersion\": \"60.0\""));
    assert!(text(&files, "ecaOauth-meta.xml").contains("Api, RefreshToken"));
}

#[test]
fn names_that_would_leave_the_folder_or_the_formula_are_refused() {
    for bad in ["../x__c", "a b", "", "1a", "a})", "x<y", "é__c"] {
        let mut fields = small().fields().to_vec();
        fields[0].name = bad.to_owned();
        let work = Work { push: true, create: true };
        let refused = Blueprint::new(fields, technical(), "66.0", work, SignIn::ClientCredentials);
        assert_eq!(refused, Err(InvalidBlueprint::Name(bad.to_owned())));
    }
}

proptest! {
    #[test]
    fn every_map_gives_flows_that_watch_exactly_its_fields(map in any_map(), names in any_technical()) {
        let mut watching = watched(&export(&blueprint_of(&map, names.clone())), &names.push_marker);
        let mut mapped: Vec<String> = map.rules().iter().map(|rule| rule.contact_field.clone()).collect();
        watching.sort();
        mapped.sort();
        prop_assert_eq!(watching, mapped);
    }

    #[test]
    fn every_map_gives_permissions_for_exactly_its_fields(map in any_map(), names in any_technical()) {
        let files = export(&blueprint_of(&map, names.clone()));
        let set = leaves(text(&files, ".permissionset-meta.xml"));
        let fields = at(&set, "PermissionSet/fieldPermissions/field");
        let edit = at(&set, "PermissionSet/fieldPermissions/editable");
        let given: BTreeSet<(String, String)> = fields.iter().cloned().zip(edit).collect();
        prop_assert_eq!(given.len(), fields.len());
        let own = [(Some(names.supporter_id), true), (names.account_id, true), (Some(names.push_marker), true),
            (Some(names.last_modified), false)];
        let own = own.into_iter().filter_map(|(name, edit)| Some((name?, edit)));
        let mapped = map.rules().iter().map(|rule| (rule.contact_field.clone(), rule.pushes()));
        let mut wanted: BTreeMap<String, bool> = BTreeMap::new();
        for (name, edit) in mapped.chain(own) {
            if let Some(name) = permission_name(&name) {
                *wanted.entry(format!("Contact.{name}")).or_default() |= edit;
            }
        }
        let wanted: BTreeSet<(String, String)> =
            wanted.into_iter().map(|(name, edit)| (name, edit.to_string())).collect();
        prop_assert_eq!(given, wanted);
    }

    #[test]
    fn every_map_gives_files_that_are_well_formed_and_the_same_each_time(map in any_map(), names in any_technical()) {
        let wish = blueprint_of(&map, names);
        let files = export(&wish);
        prop_assert_eq!(&files, &export(&wish));
        let mut paths = BTreeSet::new();
        for file in &files {
            prop_assert!(paths.insert(file.path.to_lowercase()), "{} is written twice", file.path);
            prop_assert!(!file.path.contains("..") && !file.path.starts_with('/'));
            if file.path.ends_with(".xml") {
                let found = leaves(&file.text);
                for formula in at(&found, "Flow/start/filterFormula") {
                    prop_assert!(formula.len() <= 3_900);
                }
            }
        }
    }

    #[test]
    fn every_export_is_read_back_as_what_was_wished_for(map in any_map(), names in any_technical()) {
        let wish = blueprint_of(&map, names.clone());
        let files = export(&wish);
        let texts = files.iter().map(|file| (file.path.as_str(), file.text.as_str()));
        prop_assert_eq!(Needs::read(texts, &names), Ok(Needs::of(&wish)));
    }
}
