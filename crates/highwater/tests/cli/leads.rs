//! Supporters with scores become Leads, as somebody who comes from Kentico's replication does it: by hand, hourly, and again after a
//! correction.

use serde_json::{Value, json as value};

use crate::stage::{Stage, err, json, out};

const ACTION: &str = r#"
[replication]
keep_updated = true

[[actions]]
name = "leads"
object = "Lead"
operation = "upsert"
on = { types = ["supporter"], when = [{ path = "supporter.score", at_least = 60 }] }
match = { all = [{ field = "Email", path = "supporter.email" }] }
field = [
  { name = "LastName", path = "supporter.last_name" },
  { name = "Email", path = "supporter.email" },
  { name = "AnnualRevenue", path = "supporter.income" },
  { name = "Company", value = "Private person", only = "create" },
  { name = "Description", template = "Score {supporter.score}" },
]
"#;

/// 5,000 supporters of whom 2,007 have the score; four of those have no address that Salesforce takes, three an income that no
/// field takes.
async fn scored() -> Stage {
    let stage = Stage::set().await;
    stage
        .sql(
            "ALTER TABLE supporters ADD COLUMN score INTEGER; ALTER TABLE supporters ADD COLUMN income TEXT; DELETE FROM supporters;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
             INSERT INTO supporters SELECT i, 'Supporter' || i, 'Jo',
               CASE WHEN i <= 4 THEN 'no address' ELSE 's' || i || '@example.org' END, NULL, NULL,
               '2026-01-01T00:00:00Z', CASE WHEN i <= 2007 THEN 60 + i % 40 ELSE i % 60 END,
               CASE WHEN i BETWEEN 5 AND 7 THEN 'a lot' ELSE '100' END FROM n",
        )
        .await;
    let text = stage.read("highwater.toml");
    stage.write("highwater.toml", &format!("{text}{ACTION}"));
    stage
}

async fn replicated(stage: &Stage, exit: i32) -> Value {
    let run = stage.run("replicate --format json").await;
    assert_eq!(run.status.code(), Some(exit), "{}", err(&run));
    json(&run)
}

async fn listed(stage: &Stage, standing: &str) -> Vec<Value> {
    let run = stage.run(&format!("replicate --list {standing} --format json")).await;
    assert_eq!(run.status.code(), Some(0), "{}", err(&run));
    json(&run).as_array().cloned().unwrap_or_default()
}

fn counts(of: &Value, words: &[&str]) -> Vec<u64> {
    words.iter().map(|word| of[*word].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_supporters_with_scores_become_two_thousand_leads() {
    let stage = scored().await;
    assert_eq!(listed(&stage, "not-replicated").await.len(), 2_007);
    // WHEN they are replicated by hand
    let run = replicated(&stage, 3).await;
    assert_eq!(counts(&run, &["created", "blocked", "not_eligible"]), [2_000, 7, 2_993]);
    assert_eq!(stage.org.records("Lead").len(), 2_000);
    // THEN the filters show the right people, and why seven are set aside
    assert_eq!(
        (listed(&stage, "replicated").await.len(), listed(&stage, "not-replicated").await.len()),
        (2_000, 0)
    );
    let blocked = listed(&stage, "blocked").await;
    let mut why: Vec<(u64, &str)> = blocked
        .iter()
        .map(|one| (one["supporter"].as_str().unwrap().parse().unwrap(), one["why"].as_str().unwrap()))
        .collect();
    why.sort_unstable();
    let address = "INVALID_EMAIL_ADDRESS [Email]";
    let income = "the value for AnnualRevenue does not fit: it takes a number of its size";
    let wanted =
        [(1, address), (2, address), (3, address), (4, address), (5, income), (6, income), (7, income)];
    assert_eq!(why, wanted);
    // Whoever did not change costs nothing, and whoever is set aside stays so.
    let again = replicated(&stage, 3).await;
    assert_eq!(counts(&again, &["unchanged", "still_blocked", "created", "updated"]), [2_000, 7, 0, 0]);
    // WHEN a block is lifted THEN that one is tried again, and set aside for the same reason
    let lifted = stage.run("replicate --retry --all --dry-run --format json").await;
    assert_eq!(json(&lifted), value!({"lifted": 7, "dry_run": true}));
    let lifted = stage.run("replicate --retry 5").await;
    assert!(out(&lifted).contains("lifted   1") && out(&lifted).contains("tries them again"), "{lifted:?}");
    assert_eq!(counts(&replicated(&stage, 3).await, &["blocked", "still_blocked"]), [1, 6]);
    for (wrong, why) in [
        ("--retry 9", "not set aside"),
        ("--retry", "nothing says whose"),
        ("--retry 5 --all", "give one of them"),
        ("--all", "--retry"),
    ] {
        let refused = stage.run(&format!("replicate {wrong}")).await;
        assert_eq!(refused.status.code(), Some(2), "{wrong}: {}", err(&refused));
        assert!(err(&refused).contains(why), "{wrong}: {}", err(&refused));
    }
    // WHEN one is corrected THEN that one is replicated
    stage.sql("UPDATE supporters SET email = 's1@example.org' WHERE supporter_id = 1").await;
    assert_eq!(counts(&replicated(&stage, 3).await, &["created", "still_blocked"]), [1, 6]);
    // WHEN the mapping changes THEN everybody set aside is tried, and the others are kept up to date
    stage.reconfigure("operation = \"upsert\"", "operation = \"upsert\"\nunfit = \"leave_out\"");
    let all = replicated(&stage, 3).await;
    assert_eq!(counts(&all, &["created", "updated", "blocked"]), [3, 2_001, 3]);
    let left_out: Vec<Value> =
        listed(&stage, "replicated").await.into_iter().filter(|one| one["why"] != "").collect();
    assert_eq!(left_out.len(), 3);
    assert_eq!(left_out[0]["why"], "AnnualRevenue: left out, it takes a number of its size");
    // WHEN the service runs THEN it does the same by itself
    stage.sql("UPDATE supporters SET score = 99, email = 's2@example.org' WHERE supporter_id = 2").await;
    let served = stage.serve().await;
    let has_lead = || stage.org.records("Lead").iter().any(|lead| lead["Email"] == "s2@example.org");
    stage.until("the service replicates", has_lead).await;
    assert_eq!(served.stop().await, Some(0));
    let leads = stage.org.records("Lead");
    let second = leads.iter().find(|lead| lead["Email"] == "s2@example.org").unwrap();
    assert_eq!(
        (&second["Description"], &second["Company"]),
        (&value!("Score 99"), &value!("Private person"))
    );
    assert_eq!(leads.len(), 2_005);
    assert_eq!(stage.org.records("Contact").len(), 0, "no Contact beside the Leads");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_supporters_on_one_address_the_second_is_listed_with_the_first_ones_lead_and_what_to_do() {
    let stage = Stage::set().await;
    stage
        .sql(
            "ALTER TABLE supporters ADD COLUMN score INTEGER; ALTER TABLE supporters ADD COLUMN income TEXT;
             DELETE FROM supporters WHERE supporter_id = 3; UPDATE supporters SET score = 90, email = 'family@example.org'",
        )
        .await;
    let text = stage.read("highwater.toml");
    stage.write("highwater.toml", &format!("{text}{ACTION}"));
    assert_eq!(counts(&replicated(&stage, 3).await, &["created", "updated", "blocked"]), [1, 0, 1]);
    let lead = stage.org.records("Lead").remove(0);
    assert_eq!(lead["LastName"], "Smith");
    let blocked = listed(&stage, "blocked").await;
    let told = ["supporter", "record", "why", "met", "met_of"].map(|key| blocked[0][key].as_str().unwrap());
    let id = lead["Id"].as_str().unwrap();
    assert_eq!(told, ["2", "", "another supporter's record", id, "1"]);
    let table = stage.run("replicate --list blocked").await;
    let shown = out(&table);
    assert!(shown.contains(&format!("another supporter's record: {id} is that of 1")), "{shown}");
    assert!(shown.contains("a matcher that only one of them has"), "{shown}");
    assert!(!out(&stage.run("replicate --list replicated").await).contains("a matcher that only"));
}
