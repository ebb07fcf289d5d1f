use std::time::Duration;

use salesforce::{ErrorKind, IngestSpec, JobState, TransportErrorKind};

use crate::support::{JOB, Reply, Scripted, job_id, job_in, json, org, refusal};

#[tokio::test]
async fn the_steps_of_a_job_are_the_documented_requests() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rows.csv");
    std::fs::write(&file, "Id\n003\n").unwrap();
    let script = Scripted::new(|seen, _| match seen.line.split(' ').next().unwrap() {
        "PUT" => Reply::Http(201, vec![], vec![]),
        "DELETE" => Reply::Http(204, vec![], vec![]),
        "PATCH" => job_in("UploadComplete"),
        _ => job_in("Open"),
    });
    let org = org(&script);
    let job =
        org.create_ingest_job(&IngestSpec::upsert("Contact", "EN_Supporter_Id__c").unwrap()).await.unwrap();
    org.upload(&job.id, &file).await.unwrap();
    assert_eq!(org.close_job(&job.id).await.unwrap().state, JobState::UploadComplete);
    assert!(org.delete_job(&job.id).await.unwrap());
    let seen = script.seen();
    assert_eq!(
        script.lines(),
        [
            "POST /jobs/ingest".to_owned(),
            format!("PUT /jobs/ingest/{JOB}/batches"),
            format!("PATCH /jobs/ingest/{JOB}"),
            format!("DELETE /jobs/ingest/{JOB}"),
        ]
    );
    let create: serde_json::Value = serde_json::from_slice(&seen[0].body).unwrap();
    assert_eq!(create["externalIdFieldName"], "EN_Supporter_Id__c");
    assert_eq!((&create["operation"], &create["lineEnding"]), (&"upsert".into(), &"LF".into()));
    assert_eq!(seen[1].headers["content-type"], "text/csv; charset=UTF-8");
    assert_eq!(seen[2].text(), r#"{"state":"UploadComplete"}"#);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_close_is_cleared_up_by_reading_the_state() {
    // The close took effect.
    let script = Scripted::new(|seen, _| {
        if seen.line.starts_with("PATCH") {
            Reply::Broken(TransportErrorKind::NoAnswer)
        } else {
            job_in("InProgress")
        }
    });
    assert_eq!(org(&script).close_job(&job_id()).await.unwrap().state, JobState::InProgress);
    assert_eq!(script.seen().len(), 2);
    // It did not, and goes out again.
    let script = Scripted::new(|seen, number| match (seen.line.starts_with("PATCH"), number) {
        (true, 0) => Reply::Http(502, vec![], vec![]),
        (true, _) => job_in("UploadComplete"),
        (false, _) => job_in("Open"),
    });
    assert_eq!(org(&script).close_job(&job_id()).await.unwrap().state, JobState::UploadComplete);
    assert_eq!(script.seen().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_cannot_be_closed_is_a_conflict_and_a_missing_one_is_not_found() {
    let script = Scripted::new(|seen, _| {
        if seen.line.starts_with("PATCH") { refusal(400, "INVALIDJOBSTATE", "x") } else { job_in("Aborted") }
    });
    assert_eq!(org(&script).close_job(&job_id()).await.unwrap_err().kind(), ErrorKind::Conflict);
    let script = Scripted::new(|_, _| refusal(404, "NOT_FOUND", "The requested resource does not exist"));
    assert_eq!(org(&script).close_job(&job_id()).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!org(&script).delete_job(&job_id()).await.unwrap());
    let script = Scripted::new(|_, _| Reply::Broken(TransportErrorKind::NoAnswer));
    assert_eq!(org(&script).close_job(&job_id()).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
}

#[tokio::test(start_paused = true)]
async fn aborting_a_job_that_has_ended_gives_it_back() {
    let script = Scripted::new(|seen, _| {
        if seen.line.starts_with("PATCH") {
            refusal(400, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
        } else {
            job_in("JobComplete")
        }
    });
    assert_eq!(org(&script).abort_job(&job_id()).await.unwrap().state, JobState::JobComplete);
}

#[tokio::test(start_paused = true)]
async fn an_upload_with_an_unclear_end_is_not_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rows.csv");
    std::fs::write(&file, "Id\n003\n").unwrap();
    for fault in [|| Reply::Broken(TransportErrorKind::NoAnswer), || Reply::Http(503, vec![], vec![])] {
        let script = Scripted::new(move |_, _| fault());
        let error = org(&script).upload(&job_id(), &file).await.unwrap_err();
        assert_eq!((error.kind(), script.seen().len()), (ErrorKind::OutcomeUnknown, 1));
    }
    let script = Scripted::new(|_, _| job_in("Open"));
    let missing = org(&script).upload(&job_id(), &dir.path().join("missing")).await.unwrap_err();
    assert_eq!((missing.kind(), script.seen().len()), (ErrorKind::LocalFile, 0));
}

#[tokio::test(start_paused = true)]
async fn waiting_looks_less_and_less_often_and_has_an_end() {
    let script = Scripted::new(|_, number| if number < 9 { job_in("InProgress") } else { job_in("Failed") });
    let mut looks = Vec::new();
    let begun = tokio::time::Instant::now();
    let info = org(&script)
        .wait(&job_id(), Duration::from_secs(3_600), |_| looks.push(begun.elapsed().as_millis()))
        .await
        .unwrap();
    assert_eq!(info.state, JobState::Failed);
    assert_eq!(looks[..3], [1_000, 2_500, 4_750]);

    let script = Scripted::new(|_, _| job_in("InProgress"));
    let error = org(&script).wait(&job_id(), Duration::from_secs(100), |_| {}).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    let script = Scripted::new(|_, _| job_in("InProgress"));
    let at_once = org(&script).wait(&job_id(), Duration::ZERO, |_| {}).await.unwrap_err();
    assert_eq!(
        (at_once.kind(), script.seen().len()),
        (ErrorKind::Deadline, 1),
        "it is looked at once even so"
    );
}

#[tokio::test]
async fn an_upsert_that_would_insert_is_refused_before_it_leaves() {
    let script = Scripted::new(|_, _| job_in("Open"));
    let org = org(&script);
    let mut without = IngestSpec::upsert("Contact", "Key__c").unwrap();
    without.external_id_field = None;
    for spec in [IngestSpec::upsert("Contact", "id").unwrap(), without] {
        assert_eq!(org.create_ingest_job(&spec).await.unwrap_err().kind(), ErrorKind::Configuration);
        let inline = org.create_ingest_job_with_data(&spec, "Id\n").await;
        assert_eq!(inline.unwrap_err().kind(), ErrorKind::Configuration);
    }
    let records = [serde_json::Map::new()];
    let error = org.collections_upsert("Contact", "ID", &records, None).await.unwrap_err();
    assert_eq!((error.kind(), script.seen().len()), (ErrorKind::Configuration, 0));
}

#[tokio::test]
async fn all_pages_of_the_job_list_are_read_and_strange_entries_skipped() {
    let script = Scripted::new(|seen, _| {
        if seen.line.contains("queryLocator") {
            json(
                200,
                r#"{"done":true,"nextRecordsUrl":null,"records":[{"id":"7503h000003pgNY","state":"Open"}]}"#,
            )
        } else {
            json(
                200,
                r#"{"done":false,"nextRecordsUrl":"/services/data/v66.0/jobs/ingest?jobType=V2Ingest&queryLocator=ab-1",
                "records":[{"id":"7503h000003pgNYAAY","state":"JobComplete","jobType":"V2Ingest"},{"what":1}]}"#,
            )
        }
    });
    let jobs = org(&script).list_ingest_jobs().await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.state).collect::<Vec<_>>(), [JobState::JobComplete, JobState::Open]);
    assert_eq!(jobs[0].id, jobs[1].id, "15 and 18 characters are one id");
}

#[tokio::test]
async fn a_small_job_travels_with_its_data() {
    let script = Scripted::new(|_, _| job_in("UploadComplete"));
    let spec = IngestSpec::update("Contact").unwrap();
    let data = "Id,LastName\n003,\"highwater-00000000\n--x\"\n";
    let info = org(&script).create_ingest_job_with_data(&spec, data).await.unwrap();
    assert_eq!(info.state, JobState::UploadComplete);
    let seen = &script.seen()[0];
    let kind = seen.headers["content-type"].to_str().unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=\"").unwrap().trim_end_matches('"');
    let text = seen.text();
    let parts: Vec<&str> = text.split(&format!("--{boundary}")).collect();
    assert_eq!(parts.len(), 4, "a start, two parts, an end");
    assert!(parts[1].contains("name=\"job\"") && parts[1].contains("\"operation\":\"update\""));
    assert!(parts[2].contains("name=\"content\"") && parts[2].ends_with(&format!("\r\n\r\n{data}\r\n")));
    let too_much = org(&script).create_ingest_job_with_data(&spec, &"x".repeat(100_001)).await.unwrap_err();
    assert_eq!(too_much.kind(), ErrorKind::TooLarge);
}
