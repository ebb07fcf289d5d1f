use std::path::Path;
use std::time::Duration;

use salesforce::{Class, DuplicateKind, Empty, ErrorKind, ResultSet, Soql, TransportErrorKind};

use crate::support::{JOB, Reply, Scripted, csv, html, job_id, job_in, json, org, refusal};

const GOOD: &str = "\"sf__Id\",\"sf__Created\",Key__c,LastName\n\"003RM0000068xVCYAY\",\"true\",\"1001\",\"Bro\"\"wn\nJr\"\n";

fn files_in(dir: &Path) -> Vec<String> {
    std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_whole_is_fetched_again_and_then_refused() {
    let cut = |at: usize| GOOD[..at].to_owned();
    let cases: Vec<(Box<dyn Fn() -> Reply + Send>, ErrorKind)> = vec![
        (Box::new(move || csv(&cut(GOOD.len() - 1))), ErrorKind::Incomplete),
        (Box::new(move || csv(&cut(GOOD.len() - 5))), ErrorKind::Incomplete),
        (Box::new(|| csv(GOOD).with("sforce-numberofrecords", "2")), ErrorKind::Incomplete),
        (Box::new(|| csv("")), ErrorKind::Contract),
        (Box::new(|| Reply::Http(204, vec![], vec![])), ErrorKind::Contract),
        (Box::new(|| html(200)), ErrorKind::Contract),
        (Box::new(|| json(200, "[]")), ErrorKind::Contract),
        (Box::new(|| csv("<html>sign in</html>\n")), ErrorKind::Contract),
        (Box::new(|| csv("a,b\n1\n")), ErrorKind::Contract),
        (
            Box::new(|| Reply::Http(200, vec![], vec![Ok(GOOD.into()), Err(TransportErrorKind::BodyCut)])),
            ErrorKind::Incomplete,
        ),
    ];
    for (reply, kind) in cases {
        let dir = tempfile::tempdir().unwrap();
        let script = Scripted::new(move |_, _| reply());
        let to = dir.path().join("ok.csv");
        let error = org(&script)
            .download_results(&job_id(), ResultSet::Successful, &to, Empty::Refused)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(script.seen().len(), 4);
        assert!(files_in(dir.path()).is_empty(), "nothing is left behind");
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_set_without_rows_may_come_without_a_header() {
    for reply in
        [|| csv(""), || Reply::Http(204, vec![], vec![]), || csv("\"sf__Id\",\"sf__Error\",LastName\n")]
    {
        let dir = tempfile::tempdir().unwrap();
        let script = Scripted::new(move |_, _| reply());
        let to = dir.path().join("failed.csv");
        let got =
            org(&script).download_results(&job_id(), ResultSet::Failed, &to, Empty::NoRows).await.unwrap();
        assert_eq!((got.rows, script.seen().len()), (0, 1));
        assert_eq!(files_in(dir.path()), ["failed.csv"]);
    }
    // Where it says how many there are, nothing is not all of them; a page of a query has always a header.
    let dir = tempfile::tempdir().unwrap();
    let script = Scripted::new(|_, _| csv("").with("sforce-numberofrecords", "2"));
    let to = dir.path().join("failed.csv");
    let refused = org(&script).download_results(&job_id(), ResultSet::Failed, &to, Empty::NoRows).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Incomplete);
    let script = Scripted::new(|_, _| csv(""));
    let refused = org(&script).query_page(&job_id(), None, 10, &to).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Contract);
    assert!(files_in(dir.path()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_query_that_found_nothing_fetches_no_page() {
    let dir = tempfile::tempdir().unwrap();
    let script = Scripted::new(|request, _| {
        assert!(!request.line.contains("/results"), "{}", request.line);
        json(200, &format!("{{\"id\":\"{JOB}\",\"state\":\"JobComplete\",\"numberRecordsProcessed\":0}}"))
    });
    let patience = Duration::from_secs(60);
    let mut rows = org(&script).bulk_rows(job_id(), None, 10, dir.path(), patience).await.unwrap();
    assert!(rows.next_row().await.unwrap().is_none());
    assert!(rows.complete(0).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_download_recovers_and_replaces_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("ok.csv");
    std::fs::write(&to, "old").unwrap();
    std::fs::write(dir.path().join("ok.csv.part"), "left over").unwrap();
    let script = Scripted::new(|_, number| if number == 0 { csv(&GOOD[..60]) } else { csv(GOOD) });
    let done =
        org(&script).download_results(&job_id(), ResultSet::Successful, &to, Empty::Refused).await.unwrap();
    assert_eq!((done.rows, done.bytes), (1, GOOD.len() as u64));
    assert_eq!(std::fs::read_to_string(&to).unwrap(), GOOD);
    assert_eq!(files_in(dir.path()), ["ok.csv"]);
    assert_eq!(script.lines()[0], format!("GET /jobs/ingest/{JOB}/successfulResults/"));
    assert_eq!(script.seen()[0].headers["accept"], "text/csv");
    assert_eq!(script.seen()[0].headers["accept-encoding"], "gzip");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

async fn read(text: &str, set: ResultSet) -> Result<Vec<salesforce::ResultRow>, salesforce::Error> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("results.csv");
    std::fs::write(&file, text).unwrap();
    let script = Scripted::new(|_, _| html(500));
    let mut reader = org(&script).read_results(&file, set).await?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row().await? {
        rows.push(row);
    }
    Ok(rows)
}

#[tokio::test]
async fn results_are_read_by_column_name_in_any_order_without_nul() {
    let rows = read(GOOD, ResultSet::Successful).await.unwrap();
    assert!(rows[0].created);
    assert_eq!(rows[0].id.unwrap().as_str(), "003RM0000068xVCYAY");
    assert_eq!(rows[0].get("lastname"), Some("Bro\"wn\nJr"));
    assert!(rows[0].error.is_none());

    let failed = "LastName,\"sf__Error\",Key__c,\"sf__Id\"\r\n\"Smi\u{0}th\",\"DUPLICATES_DETECTED:Use one of these records?:--\",\"1003\",\"\"\r\n";
    let rows = read(failed, ResultSet::Failed).await.unwrap();
    assert_eq!(rows[0].id, None);
    assert_eq!(rows[0].get("Key__c"), Some("1003"));
    assert_eq!(rows[0].get("LastName"), Some("Smith"));
    assert_eq!(rows[0].error.as_ref().unwrap().class(), &Class::Duplicate(DuplicateKind::Contact));
    assert!(!format!("{rows:?}").contains("Smith"));

    assert!(read("Key__c,LastName\n", ResultSet::Unprocessed).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_result_file_that_is_none_is_refused() {
    for (text, kind) in [
        (&GOOD[..GOOD.len() - 3], ErrorKind::Incomplete),
        ("Key__c\n1\n", ErrorKind::Contract),
        ("", ErrorKind::Contract),
        ("sf__Id,sf__Created\nnonsense,true\n", ErrorKind::Contract),
        ("sf__Id,sf__Created\n,true,surplus\n", ErrorKind::Contract),
    ] {
        assert_eq!(read(text, ResultSet::Successful).await.unwrap_err().kind(), kind, "{text}");
    }
    let huge = format!("sf__Id,sf__Created\n\"{}\",true\n", "x".repeat(600 << 10));
    assert_eq!(read(&huge, ResultSet::Successful).await.unwrap_err().kind(), ErrorKind::TooLarge);
}

#[tokio::test(start_paused = true)]
async fn a_query_job_is_read_page_by_page_to_the_locator_null() {
    let dir = tempfile::tempdir().unwrap();
    let page = |id: &str, locator: &str| {
        csv(&format!("\"Id\",\"Account.Name\"\n\"{id}\",\"\"\n"))
            .with("sforce-locator", locator)
            .with("sforce-numberofrecords", "1")
    };
    let script =
        Scripted::new(move |seen, number| match (seen.line.split(['?', ' ']).nth(1).unwrap(), number) {
            ("/jobs/query", _) => job_in("UploadComplete"),
            (path, 1) if path.ends_with(JOB) => job_in("InProgress"),
            (path, _) if path.ends_with(JOB) => job_in("JobComplete"),
            // The first download breaks off.
            (_, 3) => {
                Reply::Http(200, vec![("content-type", "text/csv".into())], vec![Ok("\"Id\"\n\"0".into())])
            }
            (_, 4) => page("003A", "MD+/w="),
            _ => page("003B", "null"),
        });
    let soql = Soql::select("Contact", ["Id", "Account.Name"]).unwrap();
    let org = org(&script);
    let mut rows = org.bulk_query(&soql, true, 50_000, dir.path(), Duration::from_secs(600)).await.unwrap();
    assert_eq!(rows.next_row().await.unwrap().unwrap().get("Id"), Some("003A"));
    let second = rows.next_row().await.unwrap().unwrap();
    assert_eq!((second.get("Id"), second.get("Account.Name")), (Some("003B"), None));
    assert!(rows.next_row().await.unwrap().is_none());
    assert!(rows.next_row().await.unwrap().is_none());
    assert!(files_in(dir.path()).is_empty());
    let lines = script.lines();
    assert_eq!(lines[3], lines[4], "the broken page is asked for again");
    assert_eq!(lines[5], format!("GET /jobs/query/{JOB}/results?maxRecords=50000&locator=MD%2B%2Fw%3D"));
    assert!(script.seen()[0].text().contains("\"operation\":\"queryAll\""));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_lost_its_locator_on_the_way_is_not_the_whole_result() {
    let dir = tempfile::tempdir().unwrap();
    let soql = Soql::select("Contact", ["Id"]).unwrap();
    for (announced, whole) in
        [(",\"numberRecordsProcessed\":2", false), (",\"numberRecordsProcessed\":1", true), ("", true)]
    {
        let script = Scripted::new(move |seen, _| {
            if seen.line.contains("/results") {
                return csv("\"Id\"\n\"003A\"\n");
            }
            json(200, &format!(r#"{{"id":"{JOB}","state":"JobComplete"{announced}}}"#))
        });
        let mut rows =
            org(&script).bulk_query(&soql, true, 1, dir.path(), Duration::from_secs(60)).await.unwrap();
        while rows.next_row().await.unwrap().is_some() {}
        assert_eq!(
            rows.complete(0).map_err(|error| error.kind()).err(),
            (!whole).then_some(ErrorKind::Incomplete)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn query_jobs_that_fail_or_turn_in_circles_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let soql = Soql::select("Contact", ["Id"]).unwrap();
    let script = Scripted::new(|_, _| job_in("Failed"));
    let failed = org(&script).bulk_query(&soql, false, 10, dir.path(), Duration::from_secs(60)).await;
    assert_eq!(failed.err().unwrap().kind(), ErrorKind::JobFailed);
    let script = Scripted::new(|_, _| csv("Id\n").with("sforce-locator", "same"));
    let to = dir.path().join("page.csv");
    let error = org(&script).query_page(&job_id(), Some("same"), 10, &to).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Contract);
    let script = Scripted::new(|_, _| refusal(409, "INVALIDJOBSTATE", "version"));
    assert_eq!(
        org(&script).query_page(&job_id(), None, 10, &to).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
}
