//! What strangers send to the running service: each gets the right status and one clear reason, nothing of it reaches the org, and
//! the rest of the batch does.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json as value};

use crate::stage::{SECRET, Stage, json};

const SETTINGS: &str = r#"
[intake]
listen = "127.0.0.1:PORT"

[[intake.source]]
name = "web"
write_key_env = "HIGHWATER_SF_SECRET"

[[intake.source]]
name = "tenant"
write_key_file = "tenant_key"

[delivery]
gather_seconds = 0

[[actions]]
preset = "rudderstack"
"#;

const TENANT: &str = "another-tenants-key-0001";
const SOQL: &str = "x' OR Name != '' LIMIT 1 --\\' \\u0027 UNION SELECT";

/// Sends a batch with the first source's key: status and answer.
pub fn post(port: u16, body: &str) -> (u16, Value) {
    let mut line = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "POST /v1/batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    line.write_all(head.as_bytes()).unwrap();
    // Whoever is refused early may not be listened to until the end.
    let _ = line.write_all(body.as_bytes());
    let mut answer = Vec::new();
    let _ = line.read_to_end(&mut answer);
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

fn identify(id: &str, traits: &Value) -> Value {
    value!({"type": "identify", "messageId": id, "userId": id, "traits": traits, "integrations": {"Salesforce": true}})
}

fn person(id: &str) -> Value {
    identify(
        id,
        &value!({"email": format!("{id}@x.example"), "firstName": "Jo", "lastName": id, "company": "C"}),
    )
}

/// The events with the status each must get, and a part of the reason.
fn hostile() -> Vec<(String, u64, &'static str)> {
    let many: serde_json::Map<String, Value> = (0..10_000).map(|n| (format!("t{n}"), value!(n))).collect();
    let mut nosuch = person("nosuch");
    nosuch["context"] = value!({"externalId": [{"type": "Salesforce-Nonsense__c", "id": "1"}]});
    let mut foreign = person("foreign");
    foreign["writeKey"] = TENANT.into();
    let soql = value!({"email": SOQL, "firstName": SOQL, "lastName": SOQL, "phone": SOQL, "company": SOQL, SOQL: SOQL});
    vec![
        (person("good1").to_string(), 202, ""),
        (identify("many", &many.into()).to_string(), 413, "larger than"),
        (r#"{"type":"identify","messageId":"twice","userId":"a","userId":"b"}"#.to_owned(), 400, "twice"),
        (
            r#"{"type":"identify","messageId":"nul","userId":"a","traits":{"lastName":"\u0000"}}"#.to_owned(),
            422,
            "NUL",
        ),
        (r#"{"type":["identify"],"messageId":"type","userId":1}"#.to_owned(), 422, "type is not a text"),
        (
            format!(
                r#"{{"type":"identify","userId":"d","traits":{}1{}}}"#,
                r#"{"a":"#.repeat(60),
                "}".repeat(60)
            ),
            422,
            "nested",
        ),
        (foreign.to_string(), 401, "key"),
        // These can be kept, and are refused where they would become records.
        (
            identify("wrong", &value!({"email": {"a": []}, "lastName": ["x"], "company": 7})).to_string(),
            202,
            "",
        ),
        (nosuch.to_string(), 202, ""),
        (identify("soql", &soql).to_string(), 202, ""),
        (person("good2").to_string(), 202, ""),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_events_harm_nobody_and_the_rest_of_the_batch_arrives() {
    let stage = Stage::set().await;
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    stage.secret("tenant_key", TENANT);
    let text = stage.read("highwater.toml");
    stage.write("highwater.toml", &format!("{text}{}", SETTINGS.replace("PORT", &port.to_string())));
    let victim = value!({"LastName": "Victim", "Company": "C", "Email": "victim@x.example", "Phone": "1"});
    let victims = stage.org.seed("Lead", vec![victim.as_object().unwrap().clone()]).unwrap();
    let served = stage.serve().await;
    // A megabyte of nesting is not read at all.
    let nested = format!(r#"{{"batch":[{}{}]}}"#, "[".repeat(500_000), "]".repeat(500_000));
    assert_eq!(post(port, &nested).0, 413);
    // WHEN a batch is half hostile
    let cases = hostile();
    let events: Vec<&str> = cases.iter().map(|(event, ..)| event.as_str()).collect();
    let (status, told) = post(port, &format!(r#"{{"batch":[{}]}}"#, events.join(",")));
    // THEN each has its own answer
    assert_eq!(status, 200, "{told}");
    for ((event, status, reason), result) in cases.iter().zip(told["results"].as_array().unwrap()) {
        assert_eq!(result["status"], *status, "{:.80}: {result}", event);
        assert!(result["reason"].as_str().unwrap_or_default().contains(reason), "{:.80}: {result}", event);
    }
    // AND the good ones become records, while nothing else is touched
    let arrived = |id: &str| stage.org.records("Lead").iter().any(|lead| lead["LastName"] == *id);
    stage.until("the good events arrive", || arrived("good1") && arrived("good2")).await;
    assert_eq!(served.stop().await, Some(0));
    let mut outcomes: Vec<(String, String)> = json(&stage.run("events outcomes --format json").await)
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (one["message_id"].as_str().unwrap().to_owned(), one["outcome"].as_str().unwrap().to_owned())
        })
        .collect();
    outcomes.sort();
    let pair = |id: &str, outcome: &str| (id.to_owned(), outcome.to_owned());
    let wanted = [
        pair("good1", "created"),
        pair("good2", "created"),
        pair("nosuch", "invalid"),
        pair("soql", "refused"),
        pair("wrong", "invalid"),
    ];
    assert_eq!(outcomes, wanted);
    let leads = stage.org.records("Lead");
    assert_eq!(leads.len(), 3, "two good ones and the one that was there");
    let still = leads.iter().find(|lead| lead["Id"] == victims[0]).unwrap();
    assert_eq!(
        (&still["LastName"], &still["Phone"], &still["Email"]),
        (&value!("Victim"), &value!("1"), &value!("victim@x.example"))
    );
    for object in ["Contact", "Account"] {
        assert_eq!(stage.org.records(object).len(), 0, "{object}");
    }
}
