//! One event: what is taken, how it looks then, and the one reason why it is not.

use events::{FlagRule, Kind, Limits, Refusal, read_event};
use model::Stamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{NOW, envelope, read, source};

#[test]
fn every_call_is_read_and_looks_as_it_was_sent_but_for_the_times() {
    let calls = [
        json!({ "type": "identify", "userId": "1", "traits": { "email": "a@example.org", "address": { "city": "Bonn" } } }),
        json!({ "type": "group", "anonymousId": "x", "groupId": "813", "traits": { "name": "Initech" } }),
        json!({ "type": "track", "userId": "1", "event": "Gave", "properties": { "amount": 5 } }),
        json!({ "type": "page", "userId": "1", "name": "Home" }),
        json!({ "type": "screen", "userId": "1" }),
        json!({ "type": "alias", "previousId": "x", "userId": "1" }),
    ];
    for (call, kind) in calls.into_iter().zip([
        Kind::Identify,
        Kind::Group,
        Kind::Track,
        Kind::Page,
        Kind::Screen,
        Kind::Alias,
    ]) {
        let mut sent = call.clone();
        sent["messageId"] = json!("m");
        let event = read(&sent).unwrap();
        assert_eq!((event.kind, event.id.as_str(), event.at), (kind, "m", Stamp::from_seconds(NOW)));
        let mut body = event.body.clone();
        for key in ["timestamp", "receivedAt"] {
            assert!(body.as_object_mut().unwrap().remove(key).is_some());
        }
        assert_eq!(body, sent);
    }
}

#[test]
fn the_time_is_corrected_by_when_it_was_sent_and_the_senders_is_kept() {
    let body = json!({ "type": "identify", "userId": "1", "timestamp": "2027-01-15T09:00:00.000+01:00",
        "sentAt": "2027-01-15T08:00:05Z" });
    let event = read(&body).unwrap();
    assert_eq!(event.at, Stamp::from_seconds(NOW - 5));
    assert_eq!(event.body["originalTimestamp"], body["timestamp"]);
    assert_eq!(event.body["timestamp"], json!(event.at.to_string()));
    // Of a batch, where the event says nothing of its own; and RudderStack's name for it.
    let source = source();
    let envelope = events::Envelope { sent_at: Some(Stamp::from_seconds(NOW + 3_600)), ..envelope(&source) };
    let body = json!({ "type": "identify", "userId": "1", "originalTimestamp": Stamp::from_seconds(NOW + 3_590).to_string() });
    let event = read_event(body.to_string().as_bytes(), &envelope, &Limits::default()).unwrap();
    assert_eq!(event.at, Stamp::from_seconds(NOW - 10));
    // A clock that says nothing usable about sending corrects nothing.
    let body = json!({ "type": "identify", "userId": "1", "timestamp": Stamp::from_seconds(NOW - 7).to_string(), "sentAt": "soon" });
    assert_eq!(read(&body).unwrap().at, Stamp::from_seconds(NOW - 7));
}

#[test]
fn what_the_batch_says_counts_where_the_event_says_nothing() {
    let source = source();
    let (context, integrations) =
        (json!({ "ip": "outer", "app": 1 }), json!({ "Salesforce": true, "All": false }));
    let envelope = events::Envelope {
        context: Some(&context),
        integrations: Some(&integrations),
        flag: FlagRule::Required,
        ..envelope(&source)
    };
    let body = json!({ "type": "track", "event": "e", "userId": "1", "context": { "ip": "inner" } });
    let event = read_event(body.to_string().as_bytes(), &envelope, &Limits::default()).unwrap();
    assert!(event.wanted);
    assert_eq!(event.body["context"], json!({ "ip": "inner", "app": 1 }));
    let body =
        json!({ "type": "track", "event": "e", "userId": "1", "integrations": { "Salesforce": false } });
    assert!(!read_event(body.to_string().as_bytes(), &envelope, &Limits::default()).unwrap().wanted);
}

/// The body that RudderStack's SDK for browsers sends.
#[test]
fn an_identify_has_the_traits_of_its_context_where_it_has_none_of_its_own() {
    let traits =
        json!({ "name": "Peter Gibbons", "email": "peter@initech.example", "address": { "city": "Austin" } });
    let body = |kind: &str, own: Value| {
        json!({ "channel": "web", "type": kind, "messageId": "m", "userId": "u1", "anonymousId": "a1", "groupId": "813",
            "event": "e", "traits": own, "integrations": { "All": true },
            "context": { "app": { "name": "RudderLabs JavaScript SDK" }, "traits": traits, "locale": "en-GB" } })
    };
    for none in [Value::Null, json!({})] {
        let event = read(&body("identify", none)).unwrap();
        assert_eq!((event.traits(), event.body.pointer("/context/traits")), (Some(&traits), Some(&traits)));
        assert_eq!(event.body["traits"], traits);
    }
    let own = json!({ "email": "own@initech.example" });
    assert_eq!(read(&body("identify", own.clone())).unwrap().body["traits"], own);
    // Of a group they are the person's: an Account would be given somebody's name.
    for kind in ["group", "track", "page", "screen"] {
        assert_eq!(read(&body(kind, Value::Null)).unwrap().body.get("traits"), None, "{kind}");
    }
    // And what is no object says nothing.
    let mut odd = body("identify", Value::Null);
    odd["context"]["traits"] = json!("Peter");
    assert_eq!(read(&odd).unwrap().body.get("traits"), None);
}

#[test]
fn an_event_without_an_id_gets_one_and_a_write_key_is_not_kept() {
    let body = json!({ "type": "identify", "userId": "1", "writeKey": "secret" });
    let (one, two) = (read(&body).unwrap(), read(&body).unwrap());
    assert_ne!(one.id, two.id);
    assert_eq!(one.body["messageId"], json!(one.id));
    assert!(!one.body.to_string().contains("secret"));
    assert!(!format!("{one:?}").contains("userId"));
}

/// What an id is.
const WHOLE: &str = "a text or a whole number";

/// The tracking plan that counts its people and groups from 1.
#[test]
fn ids_that_are_whole_numbers_are_kept_as_texts() {
    let read_ids = |body: &Value| {
        let event = read(body).unwrap();
        let text = |key: &str| event.body.get(key).map(|id| id.as_str().expect("a text").to_owned());
        (text("userId"), text("anonymousId"), text("groupId"), text("previousId"))
    };
    let some = |text: &str| Some(text.to_owned());
    let group = json!({ "type": "group", "userId": 77, "anonymousId": -4, "groupId": 813 });
    assert_eq!(read_ids(&group), (some("77"), some("-4"), some("813"), None));
    let alias = json!({ "type": "alias", "userId": u64::MAX, "previousId": 0 });
    assert_eq!(read_ids(&alias), (some("18446744073709551615"), None, None, some("0")));
    assert_eq!(read(&group).unwrap().user_id(), Some("77"));
    for (key, other) in [
        ("userId", json!(1.0)),
        ("userId", json!(1e30)),
        ("anonymousId", json!(true)),
        ("groupId", json!({ "id": 1 })),
        ("previousId", json!([1])),
    ] {
        let mut body = json!({ "type": "track", "event": "e", "userId": "1" });
        body[key] = other;
        assert_eq!(read(&body).unwrap_err(), Refusal::WrongType(key, WHOLE), "{body}");
    }
    let beyond = br#"{"type":"track","event":"e","userId":18446744073709551616}"#;
    let source = source();
    let found = read_event(beyond, &envelope(&source), &Limits::default());
    assert_eq!(found.unwrap_err(), Refusal::WrongType("userId", WHOLE));
}

#[test]
fn each_thing_that_is_wrong_has_its_own_reason_and_status() {
    let person = |more: Value| {
        let mut body = json!({ "type": "identify", "userId": "1" });
        for (key, value) in more.as_object().expect("an object") {
            body[key] = value.clone();
        }
        read(&body)
    };
    let refused: [(Result<_, Refusal>, Refusal, u16); 19] = [
        (read(&json!([1])), Refusal::NotAnObject, 400),
        (read(&json!({})), Refusal::NoType, 422),
        (person(json!({ "type": "login" })), Refusal::UnknownType, 422),
        (person(json!({ "type": 5 })), Refusal::WrongType("type", "a text"), 422),
        (person(json!({ "userId": "" })), Refusal::NoPerson, 422),
        (person(json!({ "userId": null })), Refusal::NoPerson, 422),
        (person(json!({ "userId": 5.5 })), Refusal::WrongType("userId", WHOLE), 422),
        (person(json!({ "anonymousId": [] })), Refusal::WrongType("anonymousId", WHOLE), 422),
        (person(json!({ "type": "track" })), Refusal::Missing("event"), 422),
        (person(json!({ "type": "track", "event": 7 })), Refusal::WrongType("event", "a text"), 422),
        (person(json!({ "type": "group" })), Refusal::Missing("groupId"), 422),
        (person(json!({ "type": "alias" })), Refusal::Missing("previousId"), 422),
        (person(json!({ "traits": "x" })), Refusal::WrongType("traits", "an object"), 422),
        (person(json!({ "context": [] })), Refusal::WrongType("context", "an object"), 422),
        (
            person(json!({ "context": { "externalId": {} } })),
            Refusal::WrongType("context.externalId", "a list"),
            422,
        ),
        (person(json!({ "timestamp": "soon" })), Refusal::WrongType("timestamp", "a date and time"), 422),
        (person(json!({ "messageId": "x".repeat(101) })), Refusal::TooLong("messageId", 100), 422),
        (person(json!({ "traits": { "a": "b\0" } })), Refusal::Nul, 422),
        (person(json!({ "traits": { "a": "x".repeat(33_000) } })), Refusal::TooLarge(32_768), 413),
    ];
    for (nth, (found, expected, status)) in refused.into_iter().enumerate() {
        assert_eq!(found.unwrap_err(), expected, "case {nth}");
        assert_eq!(expected.status(), status, "case {nth}");
    }
    let source = source();
    let path = events::Envelope { kind: Some(Kind::Track), ..envelope(&source) };
    let other = read_event(br#"{"type":"identify","userId":"1"}"#, &path, &Limits::default());
    assert_eq!(other.unwrap_err(), Refusal::OtherType);
    let read_here = read_event(br#"{"event":"x","userId":"1"}"#, &path, &Limits::default());
    assert_eq!(read_here.unwrap().kind, Kind::Track);
}

proptest! {
    #[test]
    fn any_members_give_an_event_or_a_reason(
        kind in "[a-z]{0,8}|identify|track|group",
        members in prop::collection::btree_map(
            prop::sample::select(vec!["userId", "event", "groupId", "traits", "context", "timestamp", "sentAt", "messageId", "integrations"]),
            prop_oneof![Just(json!(null)), Just(json!(1)), Just(json!("x")), Just(json!({})), Just(json!([])), Just(json!("2027-01-01T00:00:00Z"))],
            0..9,
        ),
    ) {
        let mut body: Value = members.into_iter().collect::<std::collections::BTreeMap<_, _>>().into_iter()
            .map(|(key, value)| (key.to_owned(), value)).collect::<serde_json::Map<_, _>>().into();
        body["type"] = json!(kind);
        if let Ok(event) = read(&body) {
            prop_assert!(event.at <= event.received_at);
            prop_assert!(!event.id.is_empty());
            prop_assert!(event.user_id().is_some() || event.anonymous_id().is_some());
        }
    }
}
