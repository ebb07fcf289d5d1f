//! What strangers send: the right status, one clear reason, nothing written, and the rest of the batch unharmed.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::server::{start, statuses};

fn good(id: &str) -> String {
    json!({ "type": "identify", "userId": "u1", "messageId": id }).to_string()
}

#[tokio::test]
async fn each_hostile_event_is_refused_alone() {
    let server = start().await;
    let traits: Vec<String> = (0..10_000).map(|nth| format!("\"t{nth}\":{nth}")).collect();
    let soql = "' OR Id != '' --\\' \\u0027 UNION SELECT";
    let cases: [(String, u64, &str); 9] = [
        (format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)), 422, "nested deeper than 32"),
        (
            format!(
                r#"{{"type":"identify","userId":"1","traits":{}1{}}}"#,
                r#"{"a":"#.repeat(40),
                "}".repeat(40)
            ),
            422,
            "nested deeper",
        ),
        (
            format!(r#"{{"type":"identify","userId":"1","traits":{{{}}}}}"#, traits.join(",")),
            413,
            "larger than 32768 bytes",
        ),
        (
            format!(r#"{{"type":"identify","userId":"1","traits":{{{}}}}}"#, ["\"k\":1"; 2].join(",")),
            400,
            "twice",
        ),
        (r#"{"type":"identify","userId":"1","type":"alias"}"#.to_owned(), 400, "twice"),
        (r#"{"type":"identify","userId":"1","traits":{"a":"\u0000"}}"#.to_owned(), 422, "NUL"),
        (
            format!(r#"{{"type":"track","userId":"1","event":"e","properties":[{}1]}}"#, "1,".repeat(5_000)),
            422,
            "more than 4000 values",
        ),
        (r#"{"type":["identify"],"userId":{}}"#.to_owned(), 422, "type is not a text"),
        (r#"{"type":"identify","userId":"1","traits":{"a":1e999}}"#.to_owned(), 400, "not valid JSON"),
    ];
    for (nth, (event, status, reason)) in cases.iter().enumerate() {
        let (first, second) = (good(&format!("{nth}.a")), good(&format!("{nth}.b")));
        let (overall, told) =
            server.send("batch", format!(r#"{{"batch":[{first},{event},{second}]}}"#)).await;
        assert_eq!((overall, statuses(&told)), (200, vec![202, *status, 202]), "case {nth}");
        let said = told["results"][1]["reason"].as_str().unwrap_or_default();
        assert!(said.contains(reason), "case {nth}: {said}");
        assert_eq!(server.kept().len(), 2, "case {nth}");
        // Alone, it is the whole request.
        let alone = server.send("batch", format!(r#"{{"batch":[{event}]}}"#)).await;
        assert_eq!(u64::from(alone.0), *status, "case {nth}");
        assert_eq!(server.kept(), []);
    }
    // SOQL in every value is a text like any other.
    let event = json!({ "type": "identify", "userId": soql, "messageId": soql, "traits": { soql: soql } });
    let (overall, _) = server.send("identify", event.to_string()).await;
    assert_eq!((overall, server.kept()[0].user_id()), (200, Some(soql)));
}

#[tokio::test]
async fn a_megabyte_of_nesting_is_too_large_before_anything_is_read() {
    let server = start().await;
    let body = format!(r#"{{"batch":{}{}}}"#, "[".repeat(500_000), "]".repeat(500_000));
    assert_eq!(server.send("batch", body).await.0, 413);
    let body = format!(r#"{{"batch":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    let (status, told) = server.send("batch", body).await;
    assert_eq!((status, statuses(&told)), (413, vec![413]));
    // No text in any encoding but UTF-8, no two batches, no half of one.
    for body in
        [&b"{\"batch\":[\"\xff\xfe\"]}"[..], b"{\"batch\":[],\"batch\":[]}", b"{\"batch\":[{}", b"", b"\0"]
    {
        assert_eq!(server.send("batch", body.to_vec()).await.0, 400);
    }
    // What all events of a batch would carry is bounded, too.
    let context = json!({ "a": "x".repeat(5_000) });
    let body = json!({ "batch": vec![json!({ "type": "page", "userId": "1" }); 100], "context": context });
    assert_eq!(server.send("batch", body.to_string()).await.0, 413);
    assert_eq!(server.kept(), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever lies between two good events, they are kept, and the third is told a status of its own.
    #[test]
    fn any_json_between_good_events_harms_nobody(middle in json_like()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let server = start().await;
            let body = format!(r#"{{"batch":[{},{middle},{}]}}"#, good("a"), good("b"));
            let (status, told) = server.send("batch", body).await;
            let statuses = statuses(&told);
            prop_assert_eq!(status, 200);
            prop_assert_eq!((statuses[0], statuses[2]), (202, 202));
            prop_assert!([202, 400, 401, 413, 422].contains(&statuses[1]));
            prop_assert_eq!(server.kept().len(), if statuses[1] == 202 { 3 } else { 2 });
            Ok(())
        })?;
    }
}

fn json_like() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["identify", "track", "group", "alias", "2027-01-01T00:00:00Z"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let key = prop_oneof![
            prop::sample::select(vec![
                "type",
                "userId",
                "event",
                "traits",
                "context",
                "timestamp",
                "writeKey"
            ])
            .prop_map(str::to_owned),
            "[a-z]{1,4}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..6)
                .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}
