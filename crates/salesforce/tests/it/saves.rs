use std::io::Write as _;

use model::SalesforceId;
use salesforce::{Class, DuplicateKind, DuplicateRuleHeader, ErrorCode, ErrorKind, Fields};
use serde_json::json as value;

use crate::support::{Reply, Scripted, json, org, refusal};

const A: &str = "003RM0000068xVCYAY";
const B: &str = "0031i000013x2TEAAY";

fn fields() -> Fields {
    value!({ "LastName": "Smith", "Email": null }).as_object().unwrap().clone()
}

#[tokio::test]
async fn a_duplicate_refusal_names_the_records_found() {
    let script = Scripted::new(|_, _| {
        json(
            400,
            &format!(
                r#"[{{"duplicateResut":{{"allowSave":true,"duplicateRule":"Rule","matchResults":[{{"entityType":"Contact",
            "matchRecords":[{{"matchConfidence":100.0,"record":{{"Id":"{A}"}}}}]}}]}},
            "errorCode":"DUPLICATES_DETECTED","message":"Use one of these records?"}}]"#
            ),
        )
    });
    let header = DuplicateRuleHeader { include_record_details: true, ..Default::default() };
    let refused = org(&script).create("Contact", &fields(), Some(header)).await.unwrap().unwrap_err();
    assert_eq!(refused.error.class(), &Class::Duplicate(DuplicateKind::Contact));
    assert_eq!(refused.duplicate.unwrap().matches[0].id.as_str(), A);
    let seen = &script.seen()[0];
    assert_eq!(seen.line, "POST /sobjects/Contact");
    assert_eq!(
        seen.headers["sforce-duplicate-rule-header"],
        "allowSave=false; includeRecordDetails=true; runAsCurrentUser=false"
    );
    assert_eq!(seen.text(), r#"{"Email":null,"LastName":"Smith"}"#);
}

#[tokio::test]
async fn an_upsert_tells_created_from_updated_and_several() {
    let script = Scripted::new(|_, number| match number {
        0 => json(201, &format!(r#"{{"id":"{A}","success":true,"errors":[],"created":true}}"#)),
        1 => json(200, &format!(r#"{{"id":"{A}","success":true,"errors":[],"created":false}}"#)),
        _ => json(
            300,
            r#"["/services/data/v66.0/sobjects/Contact/003A","/services/data/v66.0/sobjects/Contact/003B"]"#,
        ),
    });
    let org = org(&script);
    for created in [true, false] {
        let saved = org.upsert("Contact", "Key__c", "a/b 1", &fields(), None).await.unwrap().unwrap();
        assert_eq!((saved.id.as_str(), saved.created), (A, created));
    }
    let several = org.upsert("Contact", "Key__c", "..", &fields(), None).await;
    assert_eq!(several.unwrap_err().kind(), ErrorKind::Configuration, "a key that no address can carry");
    let several = org.upsert("Contact", "Key__c", "x", &fields(), None).await.unwrap().unwrap_err();
    assert_eq!(several.error.code(), &ErrorCode::DuplicateExternalId);
    assert_eq!(script.lines()[0], "PATCH /sobjects/Contact/Key__c/a%2Fb%201");
}

#[tokio::test(start_paused = true)]
async fn updates_are_repeated_and_creates_are_not() {
    let id = SalesforceId::parse(A).unwrap();
    let script = Scripted::new(|_, number| Reply::Http(if number < 2 { 503 } else { 204 }, vec![], vec![]));
    assert!(org(&script).update("Contact", id, &fields(), None).await.unwrap().is_ok());
    assert_eq!(script.seen().len(), 3);
    let script = Scripted::new(|_, _| Reply::Http(503, vec![], vec![]));
    for error in [
        org(&script).create("Contact", &fields(), None).await.unwrap_err(),
        org(&script).upsert("Contact", "Key__c", "1", &fields(), None).await.unwrap_err(),
        org(&script).collections_create("Contact", &[fields()], None).await.unwrap_err(),
        org(&script).collections_upsert("Contact", "Key__c", &[fields()], None).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    }
    assert_eq!(script.seen().len(), 4);
}

/// As a web server packs it.
fn packed(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn two_hundred_refusals_for_one_reason_are_an_answer_however_well_they_pack() {
    let reason = "We can't save this record because the “Keep Supporters in Step” process failed. Give your Salesforce \
        admin these details. This error occurred when the flow tried to update records: FIELD_CUSTOM_VALIDATION_EXCEPTION: ";
    let one = value!({ "id": null, "success": false, "errors": [{
        "statusCode": "CANNOT_EXECUTE_FLOW_TRIGGER", "message": reason.repeat(8), "fields": [],
    }]});
    let answer = value!(vec![one; 200]).to_string();
    let body = packed(&answer);
    assert!(answer.len() > 64 << 10 && answer.len() / body.len() > 100, "{} {}", answer.len(), body.len());
    let script = Scripted::new(move |_, _| {
        let headers = vec![("content-type", "application/json".into()), ("content-encoding", "gzip".into())];
        Reply::Http(200, headers, vec![Ok(body.clone().into())])
    });
    let records = vec![fields(); 200];
    let outcomes = org(&script).collections_upsert("Contact", "Key__c", &records, None).await.unwrap();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_err()).count(), 200);
}

#[tokio::test]
async fn a_record_that_is_gone_is_an_outcome_and_a_used_up_allowance_is_not() {
    let id = SalesforceId::parse(A).unwrap();
    let script = Scripted::new(|_, _| refusal(404, "ENTITY_IS_DELETED", "entity is deleted"));
    let gone = org(&script).update("Contact", id, &fields(), None).await.unwrap().unwrap_err();
    assert_eq!(gone.error.class(), &Class::StaleId);
    assert!(!org(&script).delete("Contact", id).await.unwrap());
    let script =
        Scripted::new(|_, _| refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."));
    let error = org(&script).update("Contact", id, &fields(), None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RequestLimit);
}

#[tokio::test]
async fn collections_answer_record_by_record() {
    let script = Scripted::new(|_, _| {
        json(
            200,
            &format!(
                r#"[{{"success":false,"errors":[{{"statusCode":"DUPLICATES_DETECTED","message":"x","fields":[]}}]}},
            {{"id":"{A}","success":true,"errors":[]}}]"#
            ),
        )
    });
    let org = org(&script);
    let results = org.collections_create("Contact", &[fields(), fields()], None).await.unwrap();
    assert!(results[0].is_err());
    assert!(results[1].as_ref().unwrap().created);
    let body: serde_json::Value = serde_json::from_slice(&script.seen()[0].body).unwrap();
    assert_eq!(body["records"][1]["attributes"]["type"], "Contact");
    let short = org.collections_create("Contact", &[fields()], None).await.unwrap_err();
    assert_eq!(short.kind(), ErrorKind::OutcomeUnknown, "two results for one record");
    let many = vec![fields(); 201];
    assert_eq!(
        org.collections_create("Contact", &many, None).await.unwrap_err().kind(),
        ErrorKind::Configuration
    );
}

#[tokio::test(start_paused = true)]
async fn deletions_go_in_one_call_and_may_be_repeated() {
    let ids = [SalesforceId::parse(A).unwrap(), SalesforceId::parse(B).unwrap()];
    let answer = format!(
        r#"[{{"id":"{A}","success":true,"errors":[]}},
        {{"id":"{B}","success":false,"errors":[{{"statusCode":"ENTITY_IS_DELETED","message":"entity is deleted","fields":[]}}]}}]"#
    );
    let script = Scripted::new(move |_, number| match number {
        0 => Reply::Http(503, vec![], vec![]),
        _ => json(200, &answer),
    });
    let results = org(&script).collections_delete(&ids).await.unwrap();
    assert_eq!(results[0].as_ref().unwrap().id.as_str(), A);
    assert_eq!(results[1].as_ref().unwrap_err().error.class(), &Class::StaleId);
    assert_eq!(script.lines()[1], format!("DELETE /composite/sobjects?ids={A},{B}&allOrNone=false"));
    for wrong in [&[][..], &[ids[0]; 201]] {
        let error = org(&script).collections_delete(wrong).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }
}
