//! Texts that are parsed by themselves.

use events::{Envelope, FlagRule, Limits, SourceName, read_event};
use model::field_map::plain_rule;
use model::reconcile::{Decision, InFlight, Presence, Question, View, reconcile};
use model::{Cell, Digest, FieldMap, FieldType, Policy, Stamp, TechnicalFields};
use salesforce::record_error::RecordError;
use salesforce::soql::Literal;

use crate::mutate::{Chance, fuzz};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn fuzz_record_error() {
    let corpus: &[&[u8]] = &[
        b"REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --",
        b"UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--",
        b"INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
        b"DUPLICATE_VALUE:duplicate value found: EN_Supporter_Id__c duplicates value on record with id: 0035f00000abcde:--",
        b"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:npsp.TDTM_Contact: System.LimitException: npsp:Too many SOQL queries: 101:--",
        b"FIELD_CUSTOM_VALIDATION_EXCEPTION:Say: why? [A:B] --:Email, Phone --",
    ];
    fuzz("record error", corpus, |bytes| {
        let raw = text(bytes);
        let read = RecordError::classify(&raw);
        assert!(read.message().len() <= 2 * 1024 + 16, "a message of {} bytes", read.message().len());
        assert_eq!(read, RecordError::classify(&raw));
    });
}

#[test]
fn fuzz_duplicate_text() {
    let corpus: &[&[u8]] = &[
        b"DUPLICATES_DETECTED:Use one of these records?:--",
        b"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:Duplicate Alert: DUPLICATES_DETECTED, Use one of these records?: []:--",
        "DUPLICATES_DETECTED:Einen dieser Datens\u{e4}tze verwenden?:--".as_bytes(),
        b"DUPLICATE_VALUE:duplicate value found: unknown duplicates value on record with id: <unknown>:--",
    ];
    fuzz("duplicate text", corpus, |bytes| {
        let raw = text(bytes);
        // What is shown names the code, never the words, which may quote a person.
        let shown = format!("{:?}", RecordError::classify(&raw));
        let words = raw.split(':').nth(1).unwrap_or_default();
        assert!(words.len() < 24 || !shown.contains(words), "{shown}");
    });
}

/// Reads a quoted text by the grammar.
fn lex(source: &str) -> Option<String> {
    let mut chars = source.strip_prefix('\'')?.chars();
    let mut text = String::new();
    loop {
        match chars.next()? {
            '\'' => return chars.next().is_none().then_some(text),
            '\n' | '\r' => return None,
            '\\' => text.push(match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'f' => '\u{c}',
                same @ ('\'' | '"' | '\\') => same,
                _ => return None,
            }),
            other => text.push(other),
        }
    }
}

#[test]
fn fuzz_soql_literal() {
    let corpus: &[&[u8]] =
        &[b"O'Neil", b"' OR Id != '", b"\\", b"\\'", b"x' LIMIT 1 --", b"\r\n\t\x08\x0c", b"%_"];
    fuzz("SOQL literal", corpus, |bytes| {
        let raw = text(bytes);
        let literal = Literal::from(raw.as_str()).to_string();
        // No text of Salesforce's holds NUL: it is left out.
        assert_eq!(lex(&literal), Some(raw.replace('\0', "")), "{literal}");
    });
}

#[test]
fn fuzz_timestamp() {
    let corpus: &[&[u8]] = &[
        b"2026-10-05T00:00:00.000+0000",
        b"2026-10-05T00:00:00Z",
        b"2026-10-05 00:00:00",
        b"Mon, 05 Oct 2026 10:00:00 GMT",
        b"2026-03-29T02:30:00+14:00",
        b"0000-00-00T00:00:00Z",
        b"2016-12-31T23:59:60Z",
        b"1790000000",
    ];
    fuzz("time stamp", corpus, |bytes| {
        let Ok(stamp) = Stamp::parse(&text(bytes)) else { return };
        let again = Stamp::parse(&stamp.to_seconds_text());
        assert!(again.is_err() || again == Ok(stamp.floor_second()), "{stamp:?} became {again:?}");
        let day = std::time::Duration::from_secs(86_400);
        assert!(stamp.minus(day) <= stamp && stamp <= stamp.plus(day));
    });
}

#[test]
fn fuzz_field_map() {
    let corpus: &[&[u8]] = &[
        b"Email|email",
        b"MailingStreet|address_1",
        b"EN_Supporter_Id__c|id",
        b"Account.Name|x",
        b"Id|id",
        b"|",
        b"a b|c",
    ];
    let types =
        [FieldType::Text, FieldType::TextArea, FieldType::Email, FieldType::Phone, FieldType::Boolean];
    fuzz("field map", corpus, |bytes| {
        let raw = text(bytes);
        let (field, column) = raw.split_once('|').unwrap_or((&raw, ""));
        let technical = TechnicalFields {
            supporter_id: "EN_Supporter_Id__c".into(),
            account_id: None,
            push_marker: None,
        };
        let _ = FieldMap::new(vec![plain_rule(field, column, FieldType::Text)], technical);
        for kind in types {
            let Ok(once) = kind.normalize(&Cell::Value(raw.as_str().into()), Some(80)) else { continue };
            assert_eq!(kind.normalize(&once, Some(80)).as_ref(), Ok(&once), "{kind:?} normalized twice");
        }
    });
}

#[test]
fn fuzz_identify_payload() {
    let corpus: &[&[u8]] = &[
        br#"{"type":"identify","userId":"10042","traits":{"email":"jo@example.org","firstName":"Jo"},"messageId":"m1"}"#,
        br#"{"type":"track","anonymousId":"a","event":"Donated","properties":{"amount":5.5},"timestamp":"2026-10-05T00:00:00Z"}"#,
        br#"{"userId":1,"userId":2}"#,
        br#"[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]"#,
        br#"{"type":"identify","context":{"externalId":[{"id":"x"}]},"integrations":{"All":false,"Salesforce":true}}"#,
    ];
    let (source, limits) = (SourceName::parse("web").expect("a name"), Limits::default());
    let envelope = Envelope {
        source: &source,
        kind: None,
        context: None,
        integrations: None,
        sent_at: None,
        received_at: Stamp::from_seconds(1_790_000_000),
        flag: FlagRule::default(),
    };
    fuzz("identify payload", corpus, |bytes| {
        // An event or one reason; the parsers below are total.
        let first = read_event(bytes, &envelope, &limits).is_ok();
        assert_eq!(first, read_event(bytes, &envelope, &limits).is_ok());
    });
}

#[test]
fn fuzz_reconcile() {
    let policies = [Policy::Salesforce, Policy::Supporter, Policy::Newest, Policy::NonEmpty, Policy::Hold];
    fuzz("reconcile", &[b"0000000000000000"], |bytes| {
        let mut chance = Chance::new(
            bytes.iter().fold(11, |sum: u64, byte| sum.wrapping_mul(131).wrapping_add(u64::from(*byte))),
        );
        let mut digest = || Digest(chance.next() % 4);
        let (base, supporter, contact) = (digest(), digest(), digest());
        let in_flight = InFlight { to_contact: Some(digest()), to_supporter: Some(digest()) };
        let mut rule = plain_rule("Title", "title", FieldType::Text);
        rule.policy = policies[chance.below(policies.len())];
        let view = |digest| View { digest, presence: Presence::Filled };
        let ask = |supporter, contact| Question {
            rule: &rule,
            base: Some(base),
            supporter: view(supporter),
            contact: view(contact),
            in_flight,
            newer: None,
            dated_later: None,
        };
        let (supporter_after, contact_after) = match reconcile(&ask(supporter, contact)) {
            Decision::ToContact(_) => (supporter, supporter),
            Decision::ToSupporter(_) => (contact, contact),
            Decision::InStep => return assert_eq!(supporter, contact),
            Decision::Hold(_) | Decision::Leave(_) => return assert_ne!(supporter, contact),
        };
        assert_eq!(reconcile(&ask(supporter_after, contact_after)), Decision::InStep);
    });
}
