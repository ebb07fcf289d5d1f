//! What `init` is told about a database nobody has described.

use model::{Direction, FieldMap, TechnicalFields};
use supporters::inspect::{self, Remark, Source};
use supporters::{NewId, Postgres};

use super::support::{database, login};

const SCHEMA: &str = "CREATE TABLE audit (id bigserial PRIMARY KEY, what text);
    CREATE SCHEMA crm;
    CREATE TABLE crm.supporter (supporter_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text, title text,
        first_name varchar(50), last_name text, address_1 text, address_2 text, city text, region text,
        postcode text, country text, phone text, date_of_birth date, opt_in_email boolean, do_not_call boolean,
        shoe_size numeric(4, 1), created_at timestamptz DEFAULT now(), modified_at timestamptz NOT NULL DEFAULT now(),
        salesforce_contact_id varchar(18));
    INSERT INTO crm.supporter (email, last_name, opt_in_email) VALUES ('joe@example.org', 'Smith', true),
        ('ann@example.org', 'Lee', false);
    CREATE VIEW report AS SELECT city, count(*) AS n FROM crm.supporter GROUP BY city";

#[tokio::test]
async fn a_table_in_a_schema_of_its_own_is_understood_and_what_it_lacks_is_named() {
    let database = database(SCHEMA).await;
    let source = Source::Postgres(login(&database));
    let tables = inspect::tables(&source).await.unwrap();
    let names: Vec<&str> = tables.iter().map(|sketch| sketch.name.as_str()).collect();
    assert_eq!(names, ["crm.supporter", "report", "audit"]);
    assert_eq!(tables[0].rows, 2);

    let proposal = inspect::propose(&source, "crm.supporter").await.unwrap();
    let fields: Vec<&str> = proposal.rules.iter().map(|rule| rule.contact_field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "Email",
            "FirstName",
            "LastName",
            "Salutation",
            "MailingCity",
            "MailingState",
            "MailingPostalCode",
            "MailingCountry",
            "HomePhone",
            "Birthdate",
            "MailingStreet",
            "Email_Opt_In__c",
        ]
    );
    assert_eq!(proposal.rules[1].column_length, Some(50));
    assert_eq!(proposal.rules.last().unwrap().yes_no, None, "a boolean is true and false");
    assert_eq!(proposal.new_id, NewId::Database);
    assert_eq!(
        proposal.remarks,
        [
            Remark::ModifiedNotIndexed("modified_at".into()),
            Remark::ModifiedNotStamped("modified_at".into()),
            Remark::OptOut("do_not_call".into()),
        ]
    );
    // THEN what is proposed is a map and a table that work
    let technical =
        TechnicalFields { supporter_id: "EN_Supporter_Id__c".into(), account_id: None, push_marker: None };
    let map = FieldMap::new(proposal.rules.clone(), technical).unwrap();
    let table = proposal.to_table().unwrap();
    Postgres::open(&login(&database), &table, None, map.columns()).await.unwrap();
}

#[tokio::test]
async fn an_index_and_a_trigger_silence_the_remarks_and_other_lacks_are_named() {
    let database = database(SCHEMA).await;
    database
        .run(
            "CREATE INDEX ON crm.supporter (modified_at);
              CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN new.modified_at := now(); RETURN new; END $$;
              CREATE TRIGGER touch BEFORE UPDATE ON crm.supporter FOR EACH ROW EXECUTE FUNCTION touch();
              CREATE TABLE people (id integer, email text, last_name text, updated_at timestamp, sfid text);
              CREATE VIEW person AS SELECT id, email, last_name, updated_at FROM people;
              CREATE VIEW frozen AS SELECT DISTINCT id, email, last_name, updated_at FROM people",
        )
        .await;
    let source = Source::Postgres(login(&database));
    let proposal = inspect::propose(&source, "crm.supporter").await.unwrap();
    assert_eq!(proposal.remarks, [Remark::OptOut("do_not_call".into())]);

    let proposal = inspect::propose(&source, "people").await.unwrap();
    assert_eq!(
        proposal.remarks,
        [
            Remark::IdNotUnique("id".into()),
            Remark::ModifiedNotIndexed("updated_at".into()),
            Remark::ModifiedNotStamped("updated_at".into()),
            Remark::StampsWithoutOffset("updated_at".into()),
        ]
    );
    assert_eq!(proposal.contact_id.as_deref(), Some("sfid"));
    // A view that carries changes through may be pulled into; one that cannot is only pushed.
    let directions = async |view: &str| {
        let proposal = inspect::propose(&source, view).await.unwrap();
        proposal.rules.iter().map(|rule| rule.direction).collect::<Vec<_>>()
    };
    assert_eq!(directions("person").await, [Direction::Both, Direction::Both]);
    assert_eq!(directions("frozen").await, [Direction::Push, Direction::Push]);
}
