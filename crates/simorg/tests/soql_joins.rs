//! Semi-joins, field groups and longer paths in REST queries.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Caller, plain, split};

/// Two Accounts of one owner; Brown and Green give, Lee does not.
async fn givers() -> Caller {
    let org = Caller::start(plain()).await;
    for (account, last, amount) in
        [("Acme", "Brown", Some(20)), ("Acme", "Green", Some(5)), ("Bees", "Lee", None)]
    {
        let account = match org.org.records("Account").iter().find(|a| a["Name"] == account) {
            Some(known) => known["Id"].as_str().expect("an id").to_owned(),
            None => org.seed("Account", json!({"Name": account})),
        };
        let contact = org.seed("Contact", json!({"LastName": last, "AccountId": account}));
        if let Some(amount) = amount {
            org.seed("Donation__c", json!({"Contact__c": contact, "Amount__c": amount}));
        }
    }
    org.seed("Contact", json!({"LastName": "Nobody"}));
    org.seed("Donation__c", json!({"Amount__c": 1}));
    org
}

async fn last_names(org: &Caller, filter: &str) -> Vec<String> {
    let found = org.records(&format!("SELECT LastName FROM Contact WHERE {filter} ORDER BY LastName")).await;
    found.iter().filter_map(|record| record["LastName"].as_str().map(str::to_owned)).collect()
}

async fn refusal(org: &Caller, soql: &str) -> (String, String) {
    let query = org.call(Method::GET, "/query").query(&[("q", soql)]);
    let (status, error) = split(query.send().await.expect("an answer")).await;
    assert_eq!(status, 400, "{soql}: {error}");
    let text = |key: &str| error[0][key].as_str().expect("a text").to_owned();
    (text("errorCode"), text("message"))
}

#[tokio::test]
async fn a_semi_join_keeps_who_is_found_and_an_anti_join_who_is_not() {
    let org = givers().await;
    let inner = "SELECT Contact__c FROM Donation__c";
    assert_eq!(last_names(&org, &format!("Id IN ({inner})")).await, ["Brown", "Green"]);
    assert_eq!(last_names(&org, &format!("Id NOT IN ({inner})")).await, ["Lee", "Nobody"]);
    assert_eq!(last_names(&org, &format!("Id IN ({inner} WHERE Amount__c > 10)")).await, ["Brown"]);
    let both = format!(
        "Id IN ({inner}) AND AccountId IN (SELECT Id FROM Account WHERE Name = 'acme') AND LastName != 'Green'"
    );
    assert_eq!(last_names(&org, &both).await, ["Brown"]);
    let over_parent =
        "AccountId IN (SELECT Contact__r.AccountId FROM Donation__c WHERE Contact__r.LastName = 'Green')";
    assert_eq!(last_names(&org, over_parent).await, ["Brown", "Green"]);
    let (_, counted) = split(
        org.call(Method::GET, "/query")
            .query(&[("q", format!("SELECT COUNT() FROM Contact WHERE Id IN ({inner})"))])
            .send()
            .await
            .expect("an answer"),
    )
    .await;
    assert_eq!((&counted["totalSize"], &counted["records"]), (&json!(2), &json!([])));
}

#[tokio::test]
async fn a_semi_join_sees_what_was_saved_since() {
    let org = givers().await;
    let filter = "Id IN (SELECT Contact__c FROM Donation__c)";
    let lee = org.records("SELECT Id FROM Contact WHERE LastName = 'Lee'").await[0]["Id"].clone();
    org.seed("Donation__c", json!({"Contact__c": lee}));
    assert_eq!(last_names(&org, filter).await, ["Brown", "Green", "Lee"]);
}

#[tokio::test]
async fn what_a_semi_join_may_not_do_is_refused() {
    let org = givers().await;
    let inner = "SELECT Contact__c FROM Donation__c";
    for (filter, code, text) in [
        (format!("LastName = 'x' OR Id IN ({inner})"), "MALFORMED_QUERY", "with the 'OR' operator"),
        (format!("NOT (Id IN ({inner}))"), "MALFORMED_QUERY", "with the 'NOT' operator"),
        (
            format!("Id IN ({inner}) AND Id NOT IN ({inner}) AND Id IN ({inner})"),
            "MALFORMED_QUERY",
            "Maximum 2 semi join sub-selects are allowed",
        ),
        (
            format!("AccountId IN (SELECT AccountId FROM Contact WHERE Id IN ({inner}))"),
            "MALFORMED_QUERY",
            "Nesting of semi join sub-selects is not supported",
        ),
        ("Id IN (SELECT ReportsToId FROM Contact)".to_owned(), "MALFORMED_QUERY", "same object type"),
        ("Id IN (SELECT Name FROM Donation__c)".to_owned(), "INVALID_FIELD", "cannot use: 'Name'"),
        (format!("LastName IN ({inner})"), "INVALID_FIELD", "id field or reference field"),
        (format!("Id IN ({inner} LIMIT 1)"), "MALFORMED_QUERY", "LIMIT"),
        ("Id IN (SELECT COUNT() FROM Donation__c)".to_owned(), "MALFORMED_QUERY", "COUNT"),
        (format!("Id IN ({inner}"), "MALFORMED_QUERY", "<EOF>"),
    ] {
        let (got, message) = refusal(&org, &format!("SELECT Id FROM Contact WHERE {filter}")).await;
        assert_eq!(got, code, "{filter}");
        assert!(message.contains(text), "{filter}: {message}");
    }
}

#[tokio::test]
async fn a_path_may_go_two_levels_up_and_through_an_owner() {
    let org = givers().await;
    let soql = "SELECT Contact__r.Account.Name, Contact__r.Account.Owner.Username FROM Donation__c \
                WHERE Contact__r.Account.Owner.Name = 'Joe Smith' AND Amount__c = 20";
    let found = org.records(soql).await;
    assert_eq!(found[0]["Contact__r"]["Account"]["Name"], "Acme");
    assert_eq!(found[0]["Contact__r"]["Account"]["Owner"]["Username"], "joe.smith@example.org");
    org.seed("Lead", json!({"LastName": "Lee", "Company": "Acme"}));
    assert_eq!(org.records("SELECT Owner.Name FROM Lead").await[0]["Owner"]["Name"], "Joe Smith");
}

#[tokio::test]
async fn groups_of_fields_respect_security_and_need_a_limit() {
    let org = givers().await;
    org.org.configure(|settings| settings.hidden_fields = vec!["Contact.Title".into()]);
    let of = |record: &Value| -> Vec<String> {
        record.as_object().expect("a record").keys().filter(|key| *key != "attributes").cloned().collect()
    };
    let custom = of(&org.records("SELECT FIELDS(CUSTOM) FROM Contact LIMIT 1").await[0]);
    assert!(custom.len() == 7 && custom.iter().all(|name| name.ends_with("__c")), "{custom:?}");
    let standard = of(&org.records("SELECT fields(standard), EN_Push__c FROM Contact").await[0]);
    assert!(standard.contains(&"MailingAddress".to_owned()) && !standard.contains(&"Title".to_owned()));
    let all = of(&org.records("SELECT FIELDS(ALL) FROM Contact LIMIT 200").await[0]);
    assert_eq!(all.len(), standard.len() + custom.len() - 1);
    for soql in ["SELECT FIELDS(ALL) FROM Contact", "SELECT FIELDS(CUSTOM) FROM Contact LIMIT 201"] {
        let (code, message) = refusal(&org, soql).await;
        assert_eq!(code, "MALFORMED_QUERY");
        assert_eq!(message, "The SOQL FIELDS function must have a LIMIT of at most 200");
    }
    let (code, message) = refusal(&org, "SELECT Id, FIELDS(STANDARD) FROM Contact").await;
    assert!(code == "INVALID_FIELD" && message.ends_with("duplicate field selected: Id"), "{message}");
    assert_eq!(refusal(&org, "SELECT FIELDS(SOME) FROM Contact").await.0, "MALFORMED_QUERY");
    let job = json!({"operation": "query", "query": "SELECT FIELDS(STANDARD) FROM Contact"});
    let (status, error) = org.send(Method::POST, "/jobs/query", &job).await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("FEATURE_NOT_ENABLED")));
}

#[tokio::test]
async fn relative_dates_count_from_the_clock_of_the_org() {
    let org = Caller::start(plain()).await;
    let noon = simorg::value::Stamp::parse("2026-10-07T12:00:00Z").expect("a moment");
    org.org.clock().hold(noon);
    for (last, made) in
        [("Old", "2026-08-31"), ("Month", "2026-09-10"), ("Yesterday", "2026-10-06"), ("Today", "2026-10-07")]
    {
        org.seed("Contact", json!({"LastName": last, "CreatedDate": format!("{made}T09:00:00Z")}));
    }
    for (filter, expected) in [
        ("CreatedDate = TODAY", vec!["Today"]),
        ("CreatedDate = YESTERDAY", vec!["Yesterday"]),
        ("CreatedDate = LAST_N_DAYS:1", vec!["Today", "Yesterday"]),
        ("CreatedDate = LAST_MONTH", vec!["Month"]),
        ("CreatedDate = THIS_YEAR", vec!["Month", "Old", "Today", "Yesterday"]),
        ("CreatedDate < THIS_MONTH", vec!["Month", "Old"]),
        ("CreatedDate > LAST_FISCAL_QUARTER", vec!["Today", "Yesterday"]),
    ] {
        assert_eq!(last_names(&org, filter).await, expected, "{filter}");
    }
}

#[tokio::test]
async fn grouping_sub_selects_and_their_kin_are_refused_by_name() {
    let org = givers().await;
    for soql in [
        "SELECT LastName, COUNT(Id) FROM Contact GROUP BY LastName",
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
        "SELECT TYPEOF Owner WHEN User THEN Email END FROM Lead",
        "SELECT MAX(CreatedDate) FROM Contact",
        "SELECT Id FROM Contact WHERE CALENDAR_YEAR(CreatedDate) = 2026",
        "SELECT toLabel(Salutation) FROM Contact",
        "SELECT Id FROM Contact WITH SECURITY_ENFORCED",
    ] {
        let (code, message) = refusal(&org, soql).await;
        assert_eq!(code, "MALFORMED_QUERY", "{soql}");
        assert!(message.contains("is not supported"), "{soql}: {message}");
    }
    assert_eq!(refusal(&org, "SELECT Id FROM Contact OFFSET 2001").await.0, "NUMBER_OUTSIDE_VALID_RANGE");
}
