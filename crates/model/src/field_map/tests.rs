use super::*;

fn technical() -> TechnicalFields {
    TechnicalFields {
        supporter_id: "EN_Supporter_Id__c".into(),
        account_id: None,
        push_marker: Some("EN_Push__c".into()),
    }
}

fn street() -> FieldRule {
    let columns = vec!["address_1".into(), "address_2".into()];
    FieldRule { columns, ..plain_rule("MailingStreet", "", FieldType::TextArea) }
}

fn map() -> FieldMap {
    let rules = vec![
        plain_rule("Email", "email", FieldType::Email),
        plain_rule("LastName", "last_name", FieldType::Text),
        street(),
        FieldRule {
            yes_no: Some(("Y".into(), "N".into())),
            ..plain_rule("Email_Opt_In__c", "opt_in_email", FieldType::Boolean)
        },
    ];
    FieldMap::new(rules, technical()).unwrap()
}

fn cells(texts: &[&str]) -> Vec<Cell> {
    texts.iter().map(|text| Cell::from_nullable(Some(text))).collect()
}

#[test]
fn two_columns_and_one_street_carry_the_same_lines() {
    let map = map();
    let normal = map.supporter_values(&cells(&["a@b.org", "Lee", "1 High St", "Flat 2", "Y"]));
    assert_eq!(normal[2], Ok(Cell::Value("1 High St\nFlat 2".into())));
    let back = map.rules()[2].to_columns(normal[2].as_ref().unwrap());
    assert_eq!(back, cells(&["1 High St", "Flat 2"]));
    let three = map.rules()[2].to_columns(&Cell::Value("a\nb\nc".into()));
    assert_eq!(three, cells(&["a", "b\nc"]));
}

#[test]
fn a_column_that_was_not_read_makes_the_value_absent_not_empty() {
    let values = map().supporter_values(&[
        Cell::Empty,
        Cell::Empty,
        Cell::Value("1 High St".into()),
        Cell::Absent,
        Cell::Absent,
    ]);
    assert_eq!(values[2], Ok(Cell::Absent));
    assert_eq!(values[3], Ok(Cell::Absent));
}

#[test]
fn an_opt_in_is_spelled_its_own_way_on_each_side() {
    let map = map();
    let rule = &map.rules()[3];
    assert_eq!(rule.from_columns(&[&Cell::Value("y".into())]), Ok(Cell::Value("true".into())));
    assert_eq!(rule.from_columns(&[&Cell::Empty]), Ok(Cell::Value("false".into())));
    assert_eq!(rule.to_columns(&Cell::Value("false".into())), cells(&["N"]));
}

#[test]
fn decoded_values_come_back_as_they_went() {
    let rule = FieldRule {
        decode: vec![Decode { supporter: "1".into(), salesforce: "Gold".into() }],
        ..plain_rule("Level__c", "level", FieldType::Picklist)
    };
    let normal = rule.from_columns(&[&Cell::Value("1".into())]).unwrap();
    assert_eq!(normal, Cell::Value("Gold".into()));
    assert_eq!(rule.to_columns(&normal), cells(&["1"]));
}

#[test]
fn each_choice_of_several_is_decoded() {
    let spelled = |supporter: &str, salesforce: &str| Decode {
        supporter: supporter.into(),
        salesforce: salesforce.into(),
    };
    let rule = FieldRule {
        decode: vec![spelled("1", "Gold"), spelled("2", "Silver")],
        ..plain_rule("Levels__c", "levels", FieldType::MultiPicklist)
    };
    let normal = rule.from_columns(&[&Cell::Value("2; 1 ;other;".into())]).unwrap();
    assert_eq!(normal, Cell::Value("Gold;Silver;other".into()));
    assert_eq!(rule.from_contact(&Cell::Value("other;Silver;Gold".into())), Ok(normal.clone()));
    assert_eq!(rule.to_columns(&normal), cells(&["1;2;other"]));
    assert_eq!(rule.from_columns(&[&Cell::Value(" ; ".into())]), Ok(Cell::Empty));
}

#[test]
fn a_blank_line_between_others_stays_where_it_is() {
    let columns = vec!["one".into(), "two".into(), "three".into()];
    let rule = FieldRule { columns, ..plain_rule("MailingStreet", "", FieldType::TextArea) };
    let read = |texts: &[&str]| rule.from_columns(&cells(texts).iter().collect::<Vec<_>>()).unwrap();
    let held = ["1 High St", "", "Leeds"];
    assert_eq!(read(&held), Cell::Value("1 High St\n\nLeeds".into()));
    assert_eq!(rule.to_columns(&read(&held)), cells(&held));
    for same in [["1 High St", "", ""], ["", "1 High St", ""], ["", " ", "1 High St"]] {
        assert_eq!(read(&same), Cell::Value("1 High St".into()));
    }
    assert_eq!(read(&["", " ", ""]), Cell::Empty);
}

#[test]
fn a_column_is_pulled_into_by_one_rule_and_pushed_by_any() {
    let of = |mut other: FieldRule, direction: Direction| {
        other.direction = direction;
        let rules = vec![
            plain_rule("Email", "email", FieldType::Email),
            plain_rule("LastName", "last_name", FieldType::Text),
            plain_rule("HomePhone", "phone", FieldType::Phone),
            other,
        ];
        FieldMap::new(rules, technical())
    };
    let mobile = || plain_rule("MobilePhone", "Phone", FieldType::Phone);
    for direction in [Direction::Both, Direction::Pull] {
        let twice = InvalidFieldMap::ColumnTwice("Phone".into(), "HomePhone".into(), "MobilePhone".into());
        assert_eq!(of(mobile(), direction), Err(twice));
    }
    assert!(of(mobile(), Direction::Push).is_ok());
    let street = FieldRule { columns: vec!["a".into(), "phone".into()], ..street() };
    assert!(of(street, Direction::Both).is_err());
}

#[test]
fn mistakes_are_named() {
    let bad = |rules: Vec<FieldRule>| FieldMap::new(rules, technical()).unwrap_err();
    let email = || plain_rule("Email", "email", FieldType::Email);
    let last = || plain_rule("LastName", "last", FieldType::Text);
    assert_eq!(bad(vec![email()]), InvalidFieldMap::Missing("LastName"));
    assert_eq!(bad(vec![email(), last(), email()]), InvalidFieldMap::Twice("Email".into()));
    let marker = plain_rule("en_push__c", "x", FieldType::Boolean);
    assert_eq!(bad(vec![email(), last(), marker]), InvalidFieldMap::Technical("en_push__c".into()));
    let odd = plain_rule("Last Name", "x", FieldType::Text);
    assert_eq!(bad(vec![email(), last(), odd]), InvalidFieldMap::Name("Last Name".into()));
    let none = FieldRule { columns: vec![], ..plain_rule("Title", "x", FieldType::Text) };
    assert_eq!(bad(vec![email(), last(), none]), InvalidFieldMap::Source("Title".into()));
}

proptest::proptest! {
    #[test]
    fn lines_and_columns_are_one_value(lines in proptest::collection::vec("[a-c ]{0,3}", 1..6), columns in 1_usize..5) {
        let columns: Vec<String> = (0..columns).map(|at| format!("column{at}")).collect();
        let rule = FieldRule { columns, ..plain_rule("MailingStreet", "", FieldType::TextArea) };
        let whole = rule.from_contact(&Cell::from_nullable(Some(&lines.join("\n")))).unwrap();
        let split = rule.to_columns(&whole);
        proptest::prop_assert_eq!(rule.from_columns(&split.iter().collect::<Vec<_>>()), Ok(whole));
    }

    #[test]
    fn a_yes_and_a_no_come_back_as_what_they_were(yes in "[ynYN01xй ]{0,3}", no in "[ynYN01xй ]{0,3}") {
        // What the configuration accepts.
        proptest::prop_assume!(!yes.trim().is_empty() && yes.trim().to_lowercase() != no.trim().to_lowercase());
        let rule = FieldRule { yes_no: Some((yes, no)), ..plain_rule("Email_Opt_In__c", "opt_in", FieldType::Boolean) };
        for value in ["true", "false"] {
            let value = Cell::Value(value.into());
            let written = rule.to_columns(&value);
            proptest::prop_assert_eq!(rule.from_columns(&written.iter().collect::<Vec<_>>()), Ok(value));
        }
    }

    #[test]
    fn what_a_supporter_holds_survives_the_way_to_salesforce_and_back(one in "[a-zA-Z0-9 ]{0,12}", two in "[a-zA-Z0-9 \n]{0,12}") {
        let rule = street();
        let there = rule.from_columns(&[&Cell::from_nullable(Some(&one)), &Cell::from_nullable(Some(&two))]).unwrap();
        let back = rule.to_columns(&there);
        let again = rule.from_columns(&back.iter().collect::<Vec<_>>()).unwrap();
        proptest::prop_assert_eq!(there, again);
    }
}

#[test]
fn a_map_that_was_there_before_a_key_keeps_its_digest() {
    // As it was before there was the key `consent`: another one compares everybody again.
    let key = DigestKey::new([7; 16]);
    assert_eq!(map().digest(&key), Digest(0x0000_00f5_6af7_ddbb));
    let mut rules = map().rules().to_vec();
    rules[3].consent = Some(Consent::OptOut);
    assert_ne!(FieldMap::new(rules, technical()).unwrap().digest(&key), map().digest(&key));
}

#[test]
fn what_the_tick_says_is_told_by_the_key_before_the_name() {
    let rule = |field: &str, consent| FieldRule { consent, ..plain_rule(field, "c", FieldType::Boolean) };
    for (field, consent, no) in [
        ("Blue_Dot__c", None, false),
        ("Blue_Dot__c", Some(Consent::OptOut), true),
        ("HasOptedOutOfEmail", None, true),
        ("HasOptedOutOfEmail", Some(Consent::OptIn), false),
    ] {
        let rule =
            FieldRule { policy: Policy::Salesforce, first_link: Policy::Salesforce, ..rule(field, consent) };
        assert_eq!(rule.is_opt_out(), no, "{field}");
        assert_eq!(rule.is_consent(), consent.is_some() || no, "{field}");
    }
    // Only a tick says yes or no.
    let text = FieldRule { kind: FieldType::Text, ..rule("Title", Some(Consent::OptIn)) };
    let wrong = FieldMap::new(vec![text], technical());
    assert_eq!(wrong.unwrap_err(), InvalidFieldMap::NoCheckbox("Title".to_owned()));
}
