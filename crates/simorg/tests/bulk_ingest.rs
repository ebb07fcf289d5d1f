//! Ingest jobs over real HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests only")]

mod bulk_client;

use bulk_client::{Client, rows};
use serde_json::json;
use simorg::{JobState, Org, Progress, Settings};

const HEADER: &str = "EN_Supporter_Id__c,FirstName,LastName,Email";

async fn org() -> (Org, Client) {
    let org = Org::start(Settings::default()).await.unwrap();
    let client = Client::sign_in(&org).await;
    (org, client)
}

#[tokio::test]
async fn an_upsert_creates_then_updates_and_reports_each_row_by_key() {
    let (org, client) = org().await;
    let data =
        format!("{HEADER}\n1,Ann,Lee,ann@example.org\n2,Joe,Smith,joe@example.org\n3,Max,,max@example.org\n");
    let job = client.upsert(&data).await;
    let info = client.wait(&job).await;
    assert_eq!(
        (&info["state"], &info["numberRecordsProcessed"], &info["numberRecordsFailed"]),
        (&json!("JobComplete"), &json!(3), &json!(1))
    );
    let (header, successes) = rows(&client.results(&job, "successfulResults").await);
    assert_eq!(header, ["sf__Id", "sf__Created", "EN_Supporter_Id__c", "FirstName", "LastName", "Email"]);
    let mut keys: Vec<_> = successes.iter().map(|r| (r[2].clone(), r[1].clone())).collect();
    keys.sort();
    assert_eq!(keys, [("1".into(), "true".into()), ("2".into(), "true".into())]);
    let (_, failures) = rows(&client.results(&job, "failedResults/").await);
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0][1], "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --");
    assert_eq!(failures[0][2], "3");
    let (header, left) = rows(&client.results(&job, "unprocessedrecords").await);
    assert_eq!((header.len(), left.len()), (4, 0));

    let again = client.upsert("EN_Supporter_Id__c,FirstName,Email\n1,,#N/A\n").await;
    client.wait(&again).await;
    let (_, successes) = rows(&client.results(&again, "successfulResults").await);
    assert_eq!(successes[0][1], "false");
    let records = org.records("Contact");
    let ann = records.iter().find(|r| r["EN_Supporter_Id__c"] == "1").unwrap();
    assert_eq!((&ann["FirstName"], &ann["Email"]), (&json!("Ann"), &json!(null)));
    assert_eq!(org.jobs().len(), 2);
    assert!(org.jobs().iter().all(|j| j.state == JobState::JobComplete && j.uploads == 1));
}

#[tokio::test]
async fn the_header_quotes_its_own_columns_only_and_rows_quote_everything() {
    let (_org, client) = org().await;
    let job = client.upsert("EN_Supporter_Id__c,lastname\n7,\"O\"\"Neil\nJr\"\n").await;
    client.wait(&job).await;
    let text = client.results(&job, "successfulResults").await;
    let (head, body) = text.split_once('\n').unwrap();
    assert_eq!(head, "\"sf__Id\",\"sf__Created\",EN_Supporter_Id__c,lastname");
    assert!(body.ends_with("\"true\",\"7\",\"O\"\"Neil\nJr\"\n"), "{body}");
}

#[tokio::test]
async fn a_new_job_is_open_and_its_url_has_no_leading_slash() {
    let (_org, client) = org().await;
    let body =
        json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": "EN_Supporter_Id__c"});
    let info = client.create(&body).await.unwrap();
    let id = info["id"].as_str().unwrap();
    assert!(id.starts_with("750") && id.len() == 18);
    assert_eq!(info["contentUrl"], format!("services/data/v66.0/jobs/ingest/{id}/batches"));
    assert_eq!((&info["state"], &info["apiVersion"]), (&json!("Open"), &json!(66.0)));
    assert!(info.get("jobType").is_none() && info.get("numberRecordsProcessed").is_none());
    let polled = client.info(id).await;
    assert_eq!((&polled["jobType"], polled.get("numberRecordsProcessed")), (&json!("V2Ingest"), None));
}

#[tokio::test]
async fn a_second_upload_surfaces_when_the_job_is_closed() {
    let (_org, client) = org().await;
    let id = client.open_upsert().await;
    for _ in 0..2 {
        assert_eq!(client.put(&id, "EN_Supporter_Id__c,LastName\n1,Lee\n").await, 201);
    }
    let (status, body) = client.set_state(&id, "UploadComplete").await;
    assert_eq!((status, &body[0]["errorCode"]), (400, &json!("BULK_API_ERROR")));
    let text = body[0]["message"].as_str().unwrap();
    assert!(text.starts_with("Found multipe contents for job: <"), "{text}");
}

#[tokio::test]
async fn states_allow_only_what_they_should() {
    let (org, client) = org().await;
    org.progress(Progress::Stepped);
    let id = client.open_upsert().await;
    assert_eq!(client.delete(&id).await.0, 400);
    client.put(&id, "EN_Supporter_Id__c,LastName\n1,Lee\n").await;
    assert_eq!(client.set_state(&id, "UploadComplete").await.1["state"], "UploadComplete");
    assert_eq!(client.put(&id, "x\n1\n").await, 400);
    assert_eq!(client.set_state(&id, "UploadComplete").await.1[0]["errorCode"], "INVALIDJOBSTATE");
    assert_eq!(org.step_jobs(), 1);
    assert_eq!(client.info(&id).await["state"], "InProgress");
    assert_eq!(client.delete(&id).await.1[0]["errorCode"], "API_ERROR");
    assert_eq!(client.results_status(&id, "failedResults").await, 400);
    org.step_jobs();
    assert_eq!(client.info(&id).await["state"], "JobComplete");
    let (status, body) = client.set_state(&id, "Aborted").await;
    assert_eq!((status, &body[0]["message"]), (400, &json!("Aborting already Completed Job not allowed")));
    assert_eq!(client.delete(&id).await.0, 204);
    assert_eq!(client.delete(&id).await.0, 404);
    assert_eq!(org.step_jobs(), 0);
}

#[tokio::test]
async fn an_aborted_job_keeps_what_was_saved_and_reports_the_rest_unprocessed() {
    let (org, client) = org().await;
    org.progress(Progress::Stepped);
    org.configure(|s| s.bulk.batch_rows = 2);
    let id = client.open_upsert().await;
    client.put(&id, "EN_Supporter_Id__c,LastName\n1,A\n2,B\n3,C\n4,D\n5,E\n").await;
    client.set_state(&id, "UploadComplete").await;
    org.step_jobs();
    org.step_jobs();
    assert_eq!(client.info(&id).await["numberRecordsProcessed"], 2);
    assert_eq!(client.set_state(&id, "Aborted").await.0, 200);
    org.step_jobs();
    assert_eq!(org.records("Contact").len(), 2);
    assert_eq!(rows(&client.results(&id, "successfulResults").await).1.len(), 2);
    let (_, left) = rows(&client.results(&id, "unprocessedRecords").await);
    assert_eq!(left.iter().map(|r| r[0].as_str()).collect::<Vec<_>>(), ["3", "4", "5"]);
}

#[tokio::test]
async fn a_failed_job_names_the_cause_and_writes_nothing() {
    let (org, client) = org().await;
    for (data, expected) in [
        (
            "EN_Supporter_Id__c,LastName\r\n1,A\r\n",
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        ("EN_Supporter_Id__c,Foo__c\n1,A\n", "InvalidBatch : Field name not found : Foo__c"),
        ("LastName\nA\n", "InvalidBatch : Field name not found : EN_Supporter_Id__c"),
        (
            "\u{feff}EN_Supporter_Id__c,LastName\n1,A\n",
            "InvalidBatch : Field name not found : \u{feff}EN_Supporter_Id__c",
        ),
        ("EN_Supporter_Id__c,LastName\n", "InvalidBatch : Records not found"),
        (
            "\u{feff}\"EN_Supporter_Id__c\",LastName\n1,A\n",
            "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should be within a quote",
        ),
    ] {
        let job = client.upsert(data).await;
        let info = client.wait(&job).await;
        assert_eq!((&info["state"], &info["errorMessage"]), (&json!("Failed"), &json!(expected)));
        assert_eq!(rows(&client.results(&job, "successfulResults").await).1.len(), 0);
    }
    assert!(org.records("Contact").is_empty());
}

#[tokio::test]
async fn a_field_hidden_from_the_user_looks_like_a_typo() {
    let (org, client) = org().await;
    org.configure(|s| s.hidden_fields.push("Contact.Email".into()));
    let job = client.upsert("EN_Supporter_Id__c,LastName,Email\n1,A,a@example.org\n").await;
    let info = client.wait(&job).await;
    assert_eq!(info["errorMessage"], "InvalidBatch : Field name not found : Email");
}

#[tokio::test]
async fn a_duplicate_alert_refuses_a_bulk_row_without_naming_the_twin() {
    let (org, client) = org().await;
    let row = json!({"FirstName": "Joe", "LastName": "Smith", "Email": "joe@example.org"});
    org.seed("Contact", vec![row.as_object().unwrap().clone()]).unwrap();
    let job = client.upsert(&format!("{HEADER}\n1,Joseph,Smith,JOE@example.org\n2,Ann,Lee,\n")).await;
    client.wait(&job).await;
    let (_, failures) = rows(&client.results(&job, "failedResults").await);
    assert_eq!(failures[0][..3], ["", "DUPLICATES_DETECTED:Use one of these records?:--", "1"]);
    assert_eq!(rows(&client.results(&job, "successfulResults").await).1.len(), 1);
}

#[tokio::test]
async fn each_wrong_row_fails_alone_with_its_code() {
    let (org, client) = org().await;
    let person = json!({"LastName": "Lee", "EN_Supporter_Id__c": "taken"});
    let id = org.seed("Contact", vec![person.as_object().unwrap().clone()]).unwrap().remove(0);
    let data = format!(
        "Id,EN_Supporter_Id__c,Email,Birthdate,AccountId\n{id},,,2000-01-01,\n,x,,,\nzzz,,,,\n0010000000000AAAAA,,,,\n\
         003000000000000AAA,,,,\n"
    );
    let job = client.run(&json!({"object": "Contact", "operation": "update"}), &data).await;
    client.wait(&job).await;
    let (_, failures) = rows(&client.results(&job, "failedResults").await);
    let mut codes: Vec<&str> = failures.iter().map(|r| r[1].split(':').next().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID", "MALFORMED_ID", "MISSING_ARGUMENT"]);

    let data = "EN_Supporter_Id__c,LastName,Email,Birthdate,Account.EN_Account_Id__c\n\
                1,A,nonsense,,\n2,B,,soon,\n3,C,,,nowhere\n4,D,,,\n4,E,,,\n,F,,,\n6,G,g@example.org,2000-01-01,\n";
    let job = client.upsert(data).await;
    client.wait(&job).await;
    let (_, failures) = rows(&client.results(&job, "failedResults").await);
    let error = |key: &str| failures.iter().find(|r| r[2] == key).map(|r| r[1].clone()).unwrap();
    assert_eq!(error("1"), "INVALID_EMAIL_ADDRESS:Email: invalid email address: nonsense:Email --");
    assert!(
        error("2").starts_with("INVALID_FIELD:Failed to deserialize field at col 3. Due to, 'soon'"),
        "{}",
        error("2")
    );
    assert!(error("3").starts_with("INVALID_FIELD:Foreign key external ID: nowhere not found"));
    assert_eq!(
        failures.iter().filter(|r| r[1] == "DUPLICATE_VALUE:Duplicate external id specified: 4:--").count(),
        2
    );
    assert!(error("").starts_with("MISSING_ARGUMENT:"));
    assert_eq!(rows(&client.results(&job, "successfulResults").await).1.len(), 1);
}

#[tokio::test]
async fn deletes_go_to_the_recycle_bin_or_away_for_good() {
    let (org, client) = org().await;
    let person = |n: usize| json!({"LastName": format!("Lee{n}")}).as_object().unwrap().clone();
    let ids = org.seed("Contact", (0..2).map(person).collect()).unwrap();
    for (operation, id, left) in [("delete", &ids[0], 2), ("hardDelete", &ids[1], 1)] {
        let job =
            client.run(&json!({"object": "Contact", "operation": operation}), &format!("Id\n{id}\n")).await;
        client.wait(&job).await;
        assert_eq!(rows(&client.results(&job, "successfulResults").await).1[0][0], **id);
        assert_eq!(org.all_records("Contact").len(), left, "{operation}");
    }
    assert!(org.records("Contact").is_empty());
}

#[tokio::test]
async fn one_multipart_call_creates_uploads_and_closes() {
    let (org, client) = org().await;
    let info = client
        .multipart(
            &json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": "EN_Supporter_Id__c"}),
            "EN_Supporter_Id__c,LastName\n1,Lee\n",
        )
        .await;
    assert_eq!(info["state"], "UploadComplete");
    let id = info["id"].as_str().unwrap().to_owned();
    assert_eq!(client.wait(&id).await["state"], "JobComplete");
    assert_eq!(org.records("Contact").len(), 1);
}

#[tokio::test]
async fn the_knobs_do_what_they_say() {
    let (org, client) = org().await;
    let data: String = (0..30)
        .fold("EN_Supporter_Id__c,LastName,Phone\n".into(), |d, n| format!("{d}{n},Lee{n},9122600{n:02}\n"));

    org.configure(|s| s.bulk.fail_after_rows = Some(12));
    let job = client.upsert(&data).await;
    let info = client.wait(&job).await;
    assert_eq!((&info["state"], &info["numberRecordsProcessed"]), (&json!("Failed"), &json!(12)));
    assert_eq!(rows(&client.results(&job, "successfulResults").await).1.len(), 12);
    assert_eq!(rows(&client.results(&job, "unprocessedrecords").await).1.len(), 18);

    org.configure(|s| {
        s.bulk.fail_after_rows = None;
        s.bulk.lock_rate = 0.5;
        s.bulk.sort_columns = true;
        s.bulk.reformat_numbers = true;
    });
    let job = client.upsert(&data).await;
    client.wait(&job).await;
    let (header, successes) = rows(&client.results(&job, "successfulResults").await);
    assert_eq!(header[2..], ["EN_Supporter_Id__c", "LastName", "Phone"]);
    assert!(successes.iter().all(|r| r[4].contains('E')), "{:?}", successes[0]);
    let keys: Vec<&str> = successes.iter().map(|r| r[2].as_str()).collect();
    let mut sorted = keys.clone();
    sorted.sort_by_key(|k| k.parse::<u32>().unwrap());
    assert_ne!(keys, sorted, "results come back in another order");
    let (_, failures) = rows(&client.results(&job, "failedResults").await);
    assert!(!failures.is_empty() && failures.len() < 30);
    assert!(
        failures.iter().all(|r| r[1].starts_with("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access"))
    );
    let again = client.upsert(&data).await;
    client.wait(&again).await;
    let second = rows(&client.results(&again, "failedResults").await).1;
    assert!(second.iter().all(|r| failures.iter().all(|f| f[2] != r[2])), "a row is refused once only");

    org.configure(|s| {
        s.bulk.lock_rate = 0.0;
        s.bulk.stuck_inprogress_polls = 2;
    });
    let job = client.upsert(&data).await;
    for _ in 0..2 {
        assert_eq!(client.info(&job).await["state"], "InProgress");
    }
    assert_eq!(client.wait(&job).await["state"], "JobComplete");

    org.configure(|s| s.limits.daily_bulk_batches = 0);
    let job = client.upsert(&data).await;
    assert_eq!(client.wait(&job).await["errorMessage"], "ExceededQuota : ApiBatchItems Limit exceeded");
}

#[tokio::test]
async fn jobs_are_listed_and_old_ones_go() {
    let (org, client) = org().await;
    let open = client.open_upsert().await;
    let done = client.upsert("EN_Supporter_Id__c,LastName\n1,Lee\n").await;
    client.wait(&done).await;
    let list = client.get_json("/jobs/ingest?jobType=V2Ingest").await;
    assert_eq!((&list["done"], list["records"].as_array().unwrap().len()), (&json!(true), 2));
    org.clock().advance(std::time::Duration::from_secs(25 * 3600));
    let client = Client::sign_in(&org).await;
    assert_eq!(client.info(&open).await["state"], "Aborted");
    org.clock().advance(std::time::Duration::from_secs(7 * 24 * 3600));
    let client = Client::sign_in(&org).await;
    assert_eq!(client.results_status(&done, "successfulResults").await, 404);
}

#[tokio::test]
async fn an_upsert_by_id_updates_where_the_id_is_given_and_inserts_where_it_is_blank() {
    let (org, client) = org().await;
    let person = json!({"LastName": "Old"});
    let id = org.seed("Contact", vec![person.as_object().unwrap().clone()]).unwrap().remove(0);
    let body = json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": "Id", "columnDelimiter": "TAB", "lineEnding": "CRLF"});
    let job = client.run(&body, &format!("Id\tLastName\r\n{id}\tNew\r\n\tOther\r\n")).await;
    client.wait(&job).await;
    let text = client.results(&job, "successfulResults").await;
    assert!(text.starts_with("\"sf__Id\"\t\"sf__Created\"\tId\tLastName\r\n"), "{text}");
    assert!(text.contains(&format!("\"{id}\"\t\"false\"\t\"{id}\"\t\"New\"\r\n")), "{text}");
    assert!(text.contains("\t\"true\"\t\"\"\t\"Other\"\r\n"), "{text}");
    assert_eq!(org.records("Contact").len(), 2);
}

#[tokio::test]
async fn a_parent_is_found_by_its_key_and_cleared_by_the_mark_for_nothing() {
    let (org, client) = org().await;
    let account = json!({"Name": "Acme", "EN_Account_Id__c": "77"});
    let account = org.seed("Account", vec![account.as_object().unwrap().clone()]).unwrap().remove(0);
    for (value, expected) in [("77", json!(account)), ("", json!(account)), ("#N/A", json!(null))] {
        let job = client
            .upsert(&format!("EN_Supporter_Id__c,LastName,Account.EN_Account_Id__c\n1,Lee,{value}\n"))
            .await;
        assert_eq!(client.wait(&job).await["numberRecordsFailed"], 0);
        assert_eq!(org.records("Contact")[0]["AccountId"], expected, "{value}");
    }
}

#[tokio::test]
async fn twins_in_one_chunk_pass_and_in_the_next_chunk_are_refused() {
    let (org, client) = org().await;
    org.configure(|s| s.bulk.chunk_rows = 2);
    let twin = |key: u32| format!("{key},Joe,Smith,joe@example.org\n");
    let job = client.upsert(&format!("{HEADER}\n{}{}{}", twin(1), twin(2), twin(3))).await;
    client.wait(&job).await;
    let (_, failures) = rows(&client.results(&job, "failedResults").await);
    assert_eq!(failures.iter().map(|r| r[2].as_str()).collect::<Vec<_>>(), ["3"]);
    assert!(failures[0][1].starts_with("DUPLICATES_DETECTED:"));
}
