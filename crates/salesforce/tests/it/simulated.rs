//! The client against the simulated org over HTTP: whole flows, and the faults that need two sides.

use std::path::Path;
use std::time::Duration;

use model::{SalesforceId, Stamp, Window};
use salesforce::csv::{Cell, RowWriter};
use salesforce::{
    Class, DuplicateKind, Empty, ErrorKind, Field, Grant, IngestSpec, JobState, Keyset, Operation, Org,
    OrgConfig, ResultRow, ResultSet, Soql,
};
use serde_json::{Map, Value, json};
use simorg::{Fault, Op, Progress, Settings};

use crate::support::quick;

async fn start() -> simorg::Org {
    simorg::Org::start(Settings::default()).await.unwrap()
}

fn config_for(org: &simorg::Org) -> OrgConfig {
    let mut config = quick(org.url());
    config.grant =
        Grant::ClientCredentials { client_id: org.client_id(), client_secret: org.client_secret().into() };
    config
}

fn client(org: &simorg::Org) -> Org {
    Org::new(config_for(org)).unwrap()
}

fn people(count: usize) -> Vec<Map<String, Value>> {
    let person = |n: usize| json!({ "LastName": format!("Person{n}"), "Email": format!("p{n}@example.org"), "EN_Supporter_Id__c": n.to_string() });
    (0..count).map(|n| person(n).as_object().unwrap().clone()).collect()
}

async fn write(path: &Path, columns: &[&str], rows: &[Vec<Cell<'_>>]) {
    let mut writer = RowWriter::create(path, columns).await.unwrap();
    for row in rows {
        writer.write(row).await.unwrap();
    }
    writer.finish().await.unwrap();
}

async fn results(org: &Org, job: &model::JobId, set: ResultSet, dir: &Path) -> Vec<ResultRow> {
    let file = dir.join(format!("{set:?}.csv"));
    let downloaded = org.download_results(job, set, &file, Empty::NoRows).await.unwrap();
    let mut reader = org.read_results(&file, set).await.unwrap();
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row().await.unwrap() {
        rows.push(row);
    }
    assert_eq!(rows.len() as u64, downloaded.rows);
    rows
}

#[tokio::test]
async fn either_grant_opens_a_session_of_the_integration_user() {
    let sim = start().await;
    let identity = client(&sim).identity().await.unwrap();
    assert_eq!(identity.org_id.as_str(), SalesforceId::parse(&sim.org_id()).unwrap().as_str());
    let mut config = config_for(&sim);
    config.grant = Grant::JwtBearer {
        client_id: sim.client_id(),
        username: identity.username.clone(),
        private_key_pem: sim.jwt_private_key_pem().into(),
        audience: None,
    };
    config.expected_org = Some(identity.org_id);
    assert_eq!(Org::new(config).unwrap().identity().await.unwrap(), identity);
    let mut config = config_for(&sim);
    config.grant = Grant::ClientCredentials { client_id: sim.client_id(), client_secret: "wrong".into() };
    assert_eq!(Org::new(config).unwrap().identity().await.unwrap_err().kind(), ErrorKind::NotAuthorised);
}

#[tokio::test]
async fn describe_limits_and_use_are_read() {
    let sim = start().await;
    let org = client(&sim);
    let contact = org.describe("contact").await.unwrap();
    assert!(contact.field("LASTNAME").unwrap().required_on_create());
    let key = contact.field("EN_Supporter_Id__c").unwrap();
    assert!(key.external_id && key.unique && key.upsert_key());
    let calls = org.usage().total();
    org.describe("Contact").await.unwrap();
    assert_eq!(org.usage().total(), calls, "asked once");
    assert_eq!(org.describe("Nothing__c").await.unwrap_err().kind(), ErrorKind::NotFound);
    let limits = org.limits().await.unwrap();
    let usage = org.usage();
    assert_eq!(usage.api_max, limits.daily_api_requests().map(|limit| limit.max));
    assert!(usage.api_used.is_some() && org.server_time().is_some());
}

#[tokio::test]
async fn an_upsert_job_goes_from_rows_to_outcomes() {
    let sim = start().await;
    let dir = tempfile::tempdir().unwrap();
    sim.seed("Contact", people(3)).unwrap();
    let org = client(&sim);
    let file = dir.path().join("rows.csv");
    let cells = |key, last, email| vec![Cell::Text(key), last, email];
    write(
        &file,
        &["EN_Supporter_Id__c", "LastName", "Email"],
        &[
            cells("1", Cell::Text("O'Neil, \"Ann\"\nJr"), Cell::Clear),
            cells("2", Cell::Keep, Cell::Text("new2@example.org")),
            cells("77", Cell::Text("Newcomer"), Cell::Text("n77@example.org")),
            cells("78", Cell::Text("Bad"), Cell::Text("no address")),
        ],
    )
    .await;
    let spec = IngestSpec::upsert("Contact", "EN_Supporter_Id__c").unwrap();
    let job = org.create_ingest_job(&spec).await.unwrap();
    assert_eq!(job.state, JobState::Open);
    org.upload(&job.id, &file).await.unwrap();
    org.close_job(&job.id).await.unwrap();
    let mut looks = 0;
    let done = org.wait(&job.id, Duration::from_secs(30), |_| looks += 1).await.unwrap();
    assert_eq!(
        (done.state, done.number_records_processed, done.number_records_failed),
        (JobState::JobComplete, Some(4), Some(1))
    );
    assert!(looks > 0 && done.succeeded() == Some(3));

    let mut good = results(&org, &job.id, ResultSet::Successful, dir.path()).await;
    good.sort_by_key(|row| row.get("EN_Supporter_Id__c").unwrap().to_owned());
    let outcome: Vec<_> =
        good.iter().map(|row| (row.get("EN_Supporter_Id__c").unwrap(), row.created)).collect();
    assert_eq!(outcome, [("1", false), ("2", false), ("77", true)]);
    let bad = results(&org, &job.id, ResultSet::Failed, dir.path()).await;
    assert_eq!((bad.len(), bad[0].get("EN_Supporter_Id__c")), (1, Some("78")));
    assert_eq!(bad[0].error.as_ref().unwrap().class(), &Class::Permanent);
    assert!(results(&org, &job.id, ResultSet::Unprocessed, dir.path()).await.is_empty());

    let ids: Vec<SalesforceId> = good.iter().map(|row| row.id.unwrap()).collect();
    let rows = org.get_many("Contact", &ids, &["LastName", "Email"]).await.unwrap();
    let first = rows[0].as_ref().unwrap();
    assert_eq!((first.get("LastName"), first.get("Email")), (Some("O'Neil, \"Ann\"\nJr"), None));
    let second = rows[1].as_ref().unwrap();
    assert_eq!((second.get("LastName"), second.get("Email")), (Some("Person2"), Some("new2@example.org")));

    assert!(org.list_ingest_jobs().await.unwrap().iter().any(|listed| listed.id == job.id));
    assert_eq!(org.abort_job(&job.id).await.unwrap().state, JobState::JobComplete);
    assert!(org.delete_job(&job.id).await.unwrap());
    assert_eq!(org.job(&job.id).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!org.delete_job(&job.id).await.unwrap());
}

#[tokio::test]
async fn an_update_job_tells_of_ids_that_lead_nowhere() {
    let sim = start().await;
    let dir = tempfile::tempdir().unwrap();
    let ids = sim.seed("Contact", people(3)).unwrap();
    sim.delete_as(&sim.person(), "Contact", &ids[1]).unwrap();
    let org = client(&sim);
    let file = dir.path().join("rows.csv");
    let rows: Vec<Vec<Cell<'_>>> =
        ids[..2].iter().map(|id| vec![Cell::Text(id), Cell::Text("Changed")]).collect();
    write(&file, &["Id", "FirstName"], &rows).await;
    let job = org.create_ingest_job(&IngestSpec::update("Contact").unwrap()).await.unwrap();
    org.upload(&job.id, &file).await.unwrap();
    org.close_job(&job.id).await.unwrap();
    org.wait(&job.id, Duration::from_secs(30), |_| {}).await.unwrap();
    assert_eq!(results(&org, &job.id, ResultSet::Successful, dir.path()).await.len(), 1);
    let bad = results(&org, &job.id, ResultSet::Failed, dir.path()).await;
    assert_eq!(bad[0].error.as_ref().unwrap().class(), &Class::StaleId);
}

#[tokio::test]
async fn a_column_that_is_unknown_fails_the_job_and_names_itself() {
    let sim = start().await;
    let dir = tempfile::tempdir().unwrap();
    let org = client(&sim);
    let file = dir.path().join("rows.csv");
    write(&file, &["LastName", "Nope__c"], &[vec![Cell::Text("Smith"), Cell::Text("x")]]).await;
    let mut spec = IngestSpec::update("Contact").unwrap();
    spec.operation = Operation::Insert;
    let job = org.create_ingest_job(&spec).await.unwrap();
    org.upload(&job.id, &file).await.unwrap();
    org.close_job(&job.id).await.unwrap();
    let done = org.wait(&job.id, Duration::from_secs(30), |_| {}).await.unwrap();
    assert_eq!(done.state, JobState::Failed);
    assert_eq!(done.error().unwrap().unknown_field(), Some("Nope__c"));
}

#[tokio::test]
async fn answers_lost_on_the_way_are_cleared_up_or_called_unknown() {
    let sim = start().await;
    let dir = tempfile::tempdir().unwrap();
    let org = client(&sim);
    let file = dir.path().join("rows.csv");
    write(&file, &["Id"], &[vec![Cell::Text("003RM0000068xVCYAY")]]).await;
    let spec = IngestSpec::update("Contact").unwrap();

    sim.fault(Op::IngestCreate, Fault::DoThenDropReply);
    assert_eq!(org.create_ingest_job(&spec).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    let orphans = org.list_ingest_jobs().await.unwrap();
    assert_eq!((orphans.len(), orphans[0].state), (1, JobState::Open));
    assert_eq!(org.abort_job(&orphans[0].id).await.unwrap().state, JobState::Aborted);

    let job = org.create_ingest_job(&spec).await.unwrap().id;
    sim.fault(Op::IngestUpload, Fault::DoThenDropReply);
    assert_eq!(org.upload(&job, &file).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    sim.fault(Op::IngestState, Fault::DoThenDropReply);
    assert!(org.close_job(&job).await.unwrap().state != JobState::Open);
    sim.fault(Op::IngestInfo, Fault::Html { status: 200 });
    org.wait(&job, Duration::from_secs(30), |_| {}).await.unwrap();
    for fault in [Fault::Truncate { bytes: 20 }, Fault::TruncateCleanly { bytes: 20 }, Fault::DoThenDropReply]
    {
        sim.fault(Op::IngestFailed, fault);
    }
    assert_eq!(results(&org, &job, ResultSet::Failed, dir.path()).await.len(), 1);
    sim.fault(Op::Limits, Fault::Redirect { to: "https://example.org/".into() });
    assert_eq!(org.limits().await.unwrap_err().kind(), ErrorKind::Redirect);
}

#[tokio::test]
async fn sessions_that_end_are_renewed_on_the_way() {
    let sim = start().await;
    sim.seed("Contact", people(5)).unwrap();
    let org = client(&sim);
    let soql = Soql::select("Contact", ["Id"]).unwrap();
    assert_eq!(org.query(&soql).unwrap().collect(10).await.unwrap().len(), 5);
    sim.end_sessions();
    assert_eq!(org.count(&Soql::count("Contact").unwrap()).await.unwrap(), 5);
    assert_eq!(org.usage().of(salesforce::Call::Token), 2);
}

#[tokio::test]
async fn queries_by_page_window_and_job_agree() {
    let sim = start().await;
    let mut rows = people(4_100);
    for (n, row) in rows.iter_mut().enumerate() {
        // Most share one second.
        let second = if n < 3_000 { 0 } else { n % 50 };
        row.insert("SystemModstamp".into(), json!(format!("2026-01-02T03:04:{second:02}.000+0000")));
    }
    sim.seed("Contact", rows).unwrap();
    let org = client(&sim);
    let fields = ["Id", "Email", "EN_Supporter_Id__c", "Account.Name"];
    let soql = Soql::select("Contact", fields).unwrap();
    let keys = |rows: &[salesforce::Row]| {
        let mut keys: Vec<String> =
            rows.iter().map(|row| row.get("EN_Supporter_Id__c").unwrap().to_owned()).collect();
        keys.sort();
        keys
    };
    let by_page = org.query(&soql).unwrap().collect(5_000).await.unwrap();
    assert_eq!(by_page.len(), 4_100);

    let window = Window {
        from: Stamp::parse("2026-01-02T03:04:00Z").unwrap(),
        until: Stamp::parse("2026-01-02T03:05:00Z").unwrap(),
    };
    let mut pages = org.keyset(Keyset::new("Contact", "SystemModstamp", &fields, window).unwrap(), None);
    let mut by_window = Vec::new();
    let mut middle = None;
    while let Some(page) = pages.next_page().await.unwrap() {
        by_window.extend(page);
        middle.get_or_insert_with(|| pages.position().unwrap().clone());
    }
    assert_eq!(keys(&by_window), keys(&by_page));
    let keyset = Keyset::new("Contact", "SystemModstamp", &fields, window).unwrap();
    let mut rest = org.keyset(keyset, middle);
    let mut after = 0;
    while let Some(page) = rest.next_page().await.unwrap() {
        after += page.len();
    }
    assert_eq!(after, 2_100, "reading goes on where a stored position says");

    let dir = tempfile::tempdir().unwrap();
    sim.fault(Op::QueryJobResults, Fault::Truncate { bytes: 5_000 });
    sim.fault(Op::QueryJobResults, Fault::TruncateCleanly { bytes: 5_000 });
    let mut job = org.bulk_query(&soql, false, 1_000, dir.path(), Duration::from_secs(30)).await.unwrap();
    let mut by_job = Vec::new();
    while let Some(row) = job.next_row().await.unwrap() {
        by_job.push(row);
    }
    assert_eq!(keys(&by_job), keys(&by_page));
    assert_eq!(job.total(), Some(4_100));
    assert!(org.delete_query_job(job.job()).await.unwrap());
}

#[tokio::test]
async fn conditions_find_what_they_say() {
    let sim = start().await;
    let mut rows = people(900);
    rows[7].insert("LastName".into(), json!("O'Brien \\ \"x\" 100%_"));
    rows[8].insert("LastName".into(), json!("O'Brien \\ \"x\" 100ab"));
    sim.seed("Contact", rows).unwrap();
    let org = client(&sim);
    let base = Soql::select("Contact", ["EN_Supporter_Id__c"]).unwrap();
    let find = async |condition| {
        org.query(&base.clone().filter(condition)).unwrap().collect(1_000).await.unwrap().len()
    };
    let last = Field::parse("LastName").unwrap();
    assert_eq!(find(last.eq("o'brien \\ \"X\" 100%_")).await, 1);
    assert_eq!(find(last.like(&salesforce::soql::escape_like("O'Brien \\ \"x\" 100%_"))).await, 1);
    assert_eq!(find(last.like("O'Brien%")).await, 2);
    assert_eq!(
        find(last.ne("Person1").and(last.is_null().negate()).and(last.eq("Person2").or(last.eq("Person3"))))
            .await,
        2
    );
    let emails: Vec<String> = (0..900).map(|n| format!("P{n}@EXAMPLE.org")).collect();
    let mut found = 0;
    for chunk in base.in_chunks(&Field::parse("Email").unwrap(), emails.iter().map(Into::into)) {
        found += org.query(&chunk).unwrap().collect(1_000).await.unwrap().len();
    }
    assert_eq!(found, 900);
    let wrong = Soql::select("Contact", ["Nope__c"]).unwrap();
    let error = org.query(&wrong).unwrap().next_page().await.unwrap_err();
    assert_eq!((error.kind(), error.code().unwrap().as_str()), (ErrorKind::Rejected, "INVALID_FIELD"));
}

#[tokio::test]
async fn changed_deleted_and_merged_records_are_seen() {
    let sim = start().await;
    let ids = sim.seed("Contact", people(4)).unwrap();
    sim.merge_as(&sim.person(), "Contact", &ids[0], &[&ids[1]]).unwrap();
    sim.delete_as(&sim.person(), "Contact", &ids[2]).unwrap();
    let org = client(&sim);
    org.limits().await.unwrap();
    let now = org.server_time().unwrap();
    let (from, until) = (now.minus(Duration::from_secs(3_600)), now.plus(Duration::from_secs(120)));
    let updated = org.updated("Contact", from, until).await.unwrap();
    assert!(updated.ids.iter().any(|id| id.as_str() == ids[0]));
    let deleted = org.deleted("Contact", from, until).await.unwrap();
    let mut gone: Vec<&str> = deleted.records.iter().map(|(id, _)| id.as_str()).collect();
    gone.sort_unstable();
    let mut expected = [ids[1].as_str(), ids[2].as_str()];
    expected.sort_unstable();
    assert_eq!(gone, expected);
    let asked: Vec<SalesforceId> = ids.iter().map(|id| SalesforceId::parse(id).unwrap()).collect();
    let found = org.get_many("Contact", &asked, &["Id"]).await.unwrap();
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false, true]);
    let soql = Soql::select("Contact", ["Id", "IsDeleted", "MasterRecordId"]).unwrap();
    let soql = soql.filter(Field::parse("Id").unwrap().one_of([asked[1]]));
    assert!(org.query(&soql).unwrap().collect(5).await.unwrap().is_empty());
    let rows = org.query_all(&soql).unwrap().collect(5).await.unwrap();
    assert!(rows[0].is_true("IsDeleted"));
    assert_eq!(rows[0].get("MasterRecordId"), Some(ids[0].as_str()));
}

#[tokio::test]
async fn records_are_saved_one_by_one_and_in_collections() {
    let sim = start().await;
    let org = client(&sim);
    let fields = |last: &str| json!({ "LastName": last }).as_object().unwrap().clone();
    let saved = org.create("Contact", &fields("Smith"), None).await.unwrap().unwrap();
    assert!(saved.created);
    assert!(org.update("Contact", saved.id, &fields("Smythe"), None).await.unwrap().is_ok());
    let first =
        org.upsert("Contact", "EN_Supporter_Id__c", "a/b", &fields("Key"), None).await.unwrap().unwrap();
    let second =
        org.upsert("Contact", "EN_Supporter_Id__c", "A/B", &fields("Key"), None).await.unwrap().unwrap();
    assert_eq!((first.created, second.created, first.id == second.id), (true, false, true));
    let empty = org.create("Contact", &Map::new(), None).await.unwrap().unwrap_err();
    assert_eq!(empty.error.code().as_str(), "REQUIRED_FIELD_MISSING");
    let results = org.collections_create("Contact", &[fields("One"), Map::new()], None).await.unwrap();
    assert!(results[0].is_ok() && results[1].is_err());
    let mut keyed = fields("Two");
    keyed.insert("EN_Supporter_Id__c".into(), json!("c"));
    let results =
        org.collections_upsert("Contact", "EN_Supporter_Id__c", &[keyed.clone()], None).await.unwrap();
    assert!(results[0].as_ref().unwrap().created);
    let mut by_id = fields("Three");
    by_id.insert("id".into(), json!(saved.id.as_str()));
    assert!(org.collections_update("Contact", &[by_id], None).await.unwrap()[0].is_ok());
    assert!(org.delete("Contact", saved.id).await.unwrap());
    let gone = org.update("Contact", saved.id, &fields("x"), None).await.unwrap().unwrap_err();
    assert_eq!(gone.error.class(), &Class::StaleId);
}

#[tokio::test]
async fn a_small_job_in_one_call_and_a_stepped_org_are_followed() {
    let sim = start().await;
    let org = client(&sim);
    sim.progress(Progress::Stepped);
    let spec = IngestSpec::upsert("Contact", "EN_Supporter_Id__c").unwrap();
    let job = org.create_ingest_job_with_data(&spec, "EN_Supporter_Id__c,LastName\n5,Five\n").await.unwrap();
    assert_eq!(job.state, JobState::UploadComplete);
    let waited = org.wait(&job.id, Duration::from_millis(50), |_| {}).await;
    assert_eq!(waited.unwrap_err().kind(), ErrorKind::Deadline);
    while !org.job(&job.id).await.unwrap().state.is_terminal() {
        assert!(sim.step_jobs() > 0);
    }
    assert_eq!(sim.records("Contact").len(), 1);
}

#[tokio::test]
async fn a_used_up_allowance_defers_and_a_retired_version_is_named() {
    let mut settings = Settings::default();
    settings.limits.daily_api = 2;
    let sim = simorg::Org::start(settings).await.unwrap();
    let org = client(&sim);
    for _ in 0..2 {
        org.count(&Soql::count("Contact").unwrap()).await.unwrap();
    }
    let error = org.count(&Soql::count("Contact").unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RequestLimit);

    let sim = start().await;
    sim.configure(|settings| settings.api.floor = 67);
    let error = client(&sim).limits().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::VersionRetired);
}

#[tokio::test]
async fn duplicates_are_refused_in_bulk_and_named_over_rest() {
    let sim = start().await;
    let dir = tempfile::tempdir().unwrap();
    let twin = json!({ "FirstName": "Joe", "LastName": "Smith", "Email": "joe@example.org" })
        .as_object()
        .unwrap()
        .clone();
    let ids = sim.seed("Contact", vec![twin.clone()]).unwrap();
    let org = client(&sim);
    let refused = org.create("Contact", &twin, None).await.unwrap().unwrap_err();
    assert_eq!(refused.error.class(), &Class::Duplicate(DuplicateKind::Contact));
    assert_eq!(refused.duplicate.unwrap().matches[0].id.as_str(), ids[0]);

    let file = dir.path().join("rows.csv");
    let row = vec![Cell::Text("1"), Cell::Text("Joe"), Cell::Text("Smith"), Cell::Text("joe@example.org")];
    write(&file, &["EN_Supporter_Id__c", "FirstName", "LastName", "Email"], &[row]).await;
    let spec = IngestSpec::upsert("Contact", "EN_Supporter_Id__c").unwrap();
    let job = org.create_ingest_job(&spec).await.unwrap().id;
    org.upload(&job, &file).await.unwrap();
    org.close_job(&job).await.unwrap();
    org.wait(&job, Duration::from_secs(30), |_| {}).await.unwrap();
    let bad = results(&org, &job, ResultSet::Failed, dir.path()).await;
    assert_eq!(bad[0].error.as_ref().unwrap().class(), &Class::Duplicate(DuplicateKind::Contact));
    assert_eq!(bad[0].id, None);
}
