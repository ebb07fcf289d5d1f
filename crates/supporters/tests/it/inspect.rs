//! What `init` is told about a database nobody has described.

use model::{Direction, FieldMap, FieldRule, FieldType, TechnicalFields};
use supporters::inspect::{self, Remark, Source};
use supporters::{NewId, Sqlite};

use crate::support::{File, owned};

fn fields(rules: &[FieldRule]) -> Vec<(&str, String)> {
    rules.iter().map(|rule| (rule.contact_field.as_str(), rule.columns.join("+"))).collect()
}

#[tokio::test]
async fn a_plain_table_of_supporters_is_understood() {
    let file = File::new(
        "CREATE TABLE audit (id INTEGER PRIMARY KEY, what TEXT);
         CREATE TABLE supporter (supporter_id INTEGER PRIMARY KEY, email TEXT, title TEXT, first_name VARCHAR(50),
            last_name TEXT, address_1 TEXT, address_2 TEXT, city TEXT, region TEXT, postcode TEXT, country TEXT,
            phone TEXT, opt_in_email TEXT, do_not_call TEXT, shoe_size TEXT, modified_at TEXT, created_at TEXT,
            salesforce_contact_id TEXT);
         INSERT INTO supporter (email, last_name, opt_in_email, modified_at) VALUES
            ('joe@example.org', 'Smith', 'Y', '2025-10-05 12:00:00'), ('ann@example.org', 'Lee', 'N', NULL);",
    )
    .await;
    let url = Source::Sqlite(file.table().url);
    let tables = inspect::tables(&url).await.unwrap();
    assert_eq!((tables[0].name.as_str(), tables[0].rows), ("supporter", 2));
    assert!(tables[0].likeness > tables[1].likeness);

    let proposal = inspect::propose(&url, "supporter").await.unwrap();
    let expected = [
        ("Email", "email"),
        ("FirstName", "first_name"),
        ("LastName", "last_name"),
        ("Salutation", "title"),
        ("MailingCity", "city"),
        ("MailingState", "region"),
        ("MailingPostalCode", "postcode"),
        ("MailingCountry", "country"),
        ("HomePhone", "phone"),
        ("MailingStreet", "address_1+address_2"),
        ("Email_Opt_In__c", "opt_in_email"),
    ];
    let found = fields(&proposal.rules);
    assert_eq!(found.iter().map(|(field, columns)| (*field, columns.as_str())).collect::<Vec<_>>(), expected);
    let opt_in = proposal.rules.last().unwrap();
    assert_eq!((opt_in.kind, opt_in.yes_no.clone()), (FieldType::Boolean, Some(("Y".into(), "N".into()))));
    assert_eq!(proposal.rules[1].column_length, Some(50));
    assert_eq!(proposal.unmapped, ["do_not_call", "shoe_size", "created_at"]);
    assert_eq!(
        proposal.remarks,
        [
            Remark::ModifiedNotIndexed("modified_at".into()),
            Remark::StampsWithoutOffset("modified_at".into()),
            Remark::OptOut("do_not_call".into()),
        ]
    );

    // THEN what is proposed is a map and a table that work
    let technical =
        TechnicalFields { supporter_id: "EN_Supporter_Id__c".into(), account_id: None, push_marker: None };
    let map = FieldMap::new(proposal.rules.clone(), technical).unwrap();
    let table = proposal.to_table().unwrap();
    assert_eq!((table.contact_id.as_deref(), table.new_id), (Some("salesforce_contact_id"), NewId::Database));
    Sqlite::open(&table, map.columns()).await.unwrap();
}

#[tokio::test]
async fn values_tell_what_names_do_not() {
    let file = File::new(
        "CREATE TABLE t (key TEXT PRIMARY KEY, kontakt TEXT, adresse TEXT, \"Nach name\" TEXT, dayUpdated TEXT);
         INSERT INTO t VALUES ('a', '003RM0000068xVC', 'joe@example.org', 'Smith', '2025-10-05T12:00:00Z')",
    )
    .await;
    let proposal = inspect::propose(&Source::Sqlite(file.table().url), "T").await.unwrap();
    assert_eq!(proposal.contact_id.as_deref(), Some("kontakt"));
    assert_eq!(proposal.email.as_deref(), Some("adresse"));
    assert_eq!(proposal.modified.as_deref(), Some("dayUpdated"));
    assert_eq!((proposal.id.as_deref(), proposal.new_id), (Some("key"), NewId::Uuid));
    assert_eq!(proposal.unmapped, ["Nach name"]);
    assert!(proposal.remarks.contains(&Remark::NoLastName));
}

#[tokio::test]
async fn a_table_of_something_else_is_said_to_lack_everything() {
    let file =
        File::new("CREATE TABLE t (a, b); CREATE VIEW v AS SELECT a AS surname, b AS email FROM t").await;
    let proposal = inspect::propose(&Source::Sqlite(file.table().url), "t").await.unwrap();
    assert_eq!(proposal.to_table(), None);
    let all = [Remark::NoId, Remark::NoModified, Remark::NoContactId, Remark::NoEmail, Remark::NoLastName];
    assert_eq!(proposal.remarks, all);
    let view = inspect::propose(&Source::Sqlite(file.table().url), "v").await.unwrap();
    assert!(view.rules.iter().all(|rule| rule.direction == Direction::Push) && view.rules.len() == 2);
    assert!(inspect::propose(&Source::Sqlite(file.table().url), "w").await.is_err());
    assert!(Sqlite::open(&file.table(), &owned(&[])).await.is_err());
}
