//! `events`: what was taken in, what became of it, and what a person does about it.

use events::{Event, Kind, Queue, QueueOptions, SourceName};
use model::{Clock, Stamp};
use serde_json::{Value, json as value};

use crate::hostile_events::post;
use crate::stage::{Stage, err, json, out};

const SETTINGS: &str = r#"
[[intake.source]]
name = "web"
write_key_env = "HIGHWATER_SF_SECRET"

[[actions]]
name = "leads"
object = "Lead"
operation = "upsert"
on = { types = ["identify"] }
match = { all = [{ field = "Email", path = "traits.email" }] }
field = [
  { name = "Email", path = "traits.email" },
  { name = "LastName", path = "traits.lastName" },
  { name = "Phone", path = "traits.phone" },
  { name = "Company", value = "Private person", only = "create" },
]
"#;

/// Keeps events as the way in would.
async fn keep(stage: &Stage, events: &[(&str, Value)]) {
    let more = |(id, traits): &(&str, Value)| ((*id).to_owned(), value!({ "traits": traits }));
    keep_whole(stage, events.iter().map(more).collect()).await;
}

/// Keeps identify calls with whatever they say beside their ids.
async fn keep_whole(stage: &Stage, events: Vec<(String, Value)>) {
    let queue = Queue::open(&stage.path("highwater-events"), QueueOptions::default()).unwrap();
    let now = Clock::system().now();
    let event = |(id, more): (String, Value)| {
        let mut body = value!({"type": "identify", "messageId": id, "userId": format!("u-{id}")});
        body.as_object_mut().unwrap().extend(object(more));
        let source = SourceName::parse("web").unwrap();
        Event { source, kind: Kind::Identify, id, at: now, received_at: now, wanted: true, body }
    };
    queue.accept(events.into_iter().map(event).collect()).await.unwrap();
}

fn object(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// One event that becomes a Lead, one that two Leads match, and one that lacks a name; delivered once.
pub async fn delivered() -> (Stage, Vec<String>) {
    let stage = Stage::set().await;
    let text = stage.read("highwater.toml");
    stage.write("highwater.toml", &format!("{text}{SETTINGS}"));
    let twin = object(value!({"LastName": "Twin", "Company": "C", "Email": "two@x.example"}));
    let twins = stage.org.seed("Lead", vec![twin.clone(), twin]).unwrap();
    keep(
        &stage,
        &[
            ("good", value!({"email": "a@x.example", "lastName": "Ash"})),
            ("several", value!({"email": "two@x.example", "phone": "1"})),
            ("=cmd|' /C calc'!A0", value!({"email": "b@x.example"})),
        ],
    )
    .await;
    let run = stage.run("deliver --format json").await;
    assert_eq!(run.status.code(), Some(3), "{}", err(&run));
    (stage, twins)
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_counted_grouped_retried_and_dropped() {
    let (stage, twins) = delivered().await;
    let status = json(&stage.run("status --format json").await)["events"].clone();
    let count = |status: &Value, word: &str| status[word].as_u64().unwrap();
    assert_eq!((count(&status, "done"), count(&status, "needs_person")), (1, 2), "{status}");
    assert!(Stamp::parse(status["oldest_dead_letter"].as_str().unwrap()).is_ok());
    let listed = json(&stage.run("cases list --format json").await);
    let kinds: Vec<_> = listed.as_array().unwrap().iter().map(|case| &case["kind"]).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "event_refused").count(), 2, "{listed}");
    let cases = json(&stage.run("events cases --format json").await);
    let shown: Vec<_> =
        cases.as_array().unwrap().iter().map(|case| (&case["outcome"], &case["events"])).collect();
    assert_eq!(shown, [(&value!("invalid"), &value!(1)), (&value!("several"), &value!(1))]);
    assert!(
        cases[0]["age_seconds"].as_u64().is_some() && cases[0]["advice"].as_str().unwrap().contains("map")
    );
    // WHEN one Lead of the two is gone and the event is tried again THEN it is written, and nothing is written twice
    stage.org.delete_as(&stage.org.person(), "Lead", &twins[1]).unwrap();
    let retried = stage.run("events retry several --format json").await;
    assert_eq!(json(&retried)["events"], 1, "{}", err(&retried));
    assert_eq!(stage.run("deliver").await.status.code(), Some(0));
    let leads = stage.org.records("Lead");
    let mut phones: Vec<&Value> = leads.iter().map(|lead| &lead["Phone"]).collect();
    phones.sort_by_key(|phone| phone.is_null());
    assert_eq!(phones, [&value!("1"), &Value::Null]);
    // AND a decision is made once, about what is there
    let again = stage.run("events retry several").await;
    assert_eq!(again.status.code(), Some(2), "{}", out(&again));
    let unknown = stage.run("events drop nobody").await;
    assert!(err(&unknown).contains("HW0706"), "{}", err(&unknown));
    let which = stage.run("events drop").await;
    assert!(err(&which).contains("which events are meant"), "{}", err(&which));
    let dry = json(&stage.run("events drop --outcome invalid --dry-run --format json").await);
    assert_eq!((&dry["events"], &dry["dry_run"]), (&value!(1), &value!(true)));
    assert_eq!(json(&stage.run("events drop --outcome several --format json").await)["events"], 0);
    assert_eq!(json(&stage.run("events drop --all --format json").await)["events"], 1);
    let status = json(&stage.run("status --format json").await)["events"].clone();
    assert_eq!(
        (count(&status, "done"), count(&status, "dropped"), count(&status, "needs_person")),
        (2, 1, 0)
    );
    assert_eq!(status["oldest_dead_letter"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_preset_asks_for_is_said_before_and_after_and_a_reference_in_vain_is_a_case() {
    let stage = Stage::set().await;
    let (plain, source) = (stage.read("highwater.toml"), SETTINGS.split("[[actions]]").next().unwrap());
    stage.write("highwater.toml", &format!("{plain}{source}[[actions]]\npreset = \"rudderstack\"\n"));
    // The flag is told before anything comes
    let checked = stage.run("deliver --check --format json").await;
    assert!(
        json(&checked).as_array().unwrap().iter().all(|one| one["flag"] == "required"),
        "{}",
        out(&checked)
    );
    assert!(out(&stage.run("deliver --check").await).contains("integrations.Salesforce = true"));
    assert!(stage.check_finds(0, "HW0708").await.contains("integrations.Salesforce = true"));
    assert!(out(&stage.run("explain HW0708").await).contains("flag = \"optional\""));
    // WHEN one event asks for Salesforce, one does not, and one refers to what nobody writes
    let person = |id: &str| value!({"email": format!("{id}@x.example"), "name": "Jo Ash"});
    let yes = value!({"Salesforce": true});
    let vain = value!([{"type": "Salesforce-Opportunity", "id": "006RM0000068xVCYAY"}]);
    let events = vec![
        ("asks".to_owned(), value!({"traits": person("a"), "integrations": yes})),
        ("silent".to_owned(), value!({"traits": person("b")})),
        (
            "vain".to_owned(),
            value!({"traits": person("c"), "integrations": yes, "context": {"externalId": vain}}),
        ),
    ];
    keep_whole(&stage, events).await;
    assert_eq!(stage.run("deliver").await.status.code(), Some(3));
    // THEN the first is a Lead, the second says why it is none, and the third is a case
    assert_eq!(stage.org.records("Lead").len(), 1);
    let told = json(&stage.run("why --message-id silent --format json").await);
    assert_eq!(told[0]["story"][1]["words"], "integrations does not ask for Salesforce");
    let cases = event_cases(&stage).await;
    assert_eq!(cases.len(), 1, "{cases:?}");
    assert_eq!(cases[0]["about"], "1 event, invalid: no action for Opportunity");
}

/// The cases about events, as `cases list` names them.
async fn event_cases(stage: &Stage) -> Vec<Value> {
    let run = stage.run("cases list --kind event_refused --format json").await;
    assert_eq!(run.status.code(), Some(0), "{}", err(&run));
    json(&run).as_array().unwrap().clone()
}

/// The name of the case about this outcome.
async fn case_of(stage: &Stage, outcome: &str) -> String {
    let cases = event_cases(stage).await;
    let one = cases.iter().find(|case| case["about"].as_str().unwrap().contains(outcome));
    one.unwrap()["case"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_a_case_that_is_shown_and_resolved_like_any_other() {
    let (stage, twins) = delivered().await;
    let cases = event_cases(&stage).await;
    assert_eq!(cases.len(), 2, "{cases:?}");
    assert!(cases.iter().all(|case| Stamp::parse(case["since"].as_str().unwrap()).is_ok()));
    let several = case_of(&stage, "several").await;
    // The evidence and the choices
    let shown = json(&stage.run(&format!("cases show {several} --format json")).await);
    assert_eq!((&shown["outcome"], &shown["message_ids"]), (&value!("several"), &value!(["several"])));
    assert_eq!((&shown["choices"], &shown["object"]), (&value!(["--retry", "--drop"]), &value!("Lead")));
    assert!(shown["age_seconds"].is_u64() && !shown["advice"].as_str().unwrap().is_empty());
    // What is no choice is refused
    let wrong = stage.run(&format!("cases resolve {several} --separate")).await;
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("is decided by --retry or --drop"), "{}", err(&wrong));
    for line in [format!("cases snooze {several}"), format!("cases undo {several}")] {
        let refused = stage.run(&line).await;
        assert_eq!(refused.status.code(), Some(2));
        assert!(err(&refused).contains("is about events, which cannot be put off"), "{}", err(&refused));
    }
    // WHEN the cause is gone and the case is retried, and the other one dropped
    stage.org.delete_as(&stage.org.person(), "Lead", &twins[1]).unwrap();
    let retried = stage.run(&format!("cases resolve {several} --retry --format json")).await;
    assert_eq!(
        (retried.status.code(), json(&retried)["events"].as_u64()),
        (Some(0), Some(1)),
        "{}",
        err(&retried)
    );
    let invalid = case_of(&stage, "invalid").await;
    let dropped = stage.run(&format!("cases resolve {invalid} --drop --why test-data --format json")).await;
    assert_eq!(json(&dropped)["events"], 1, "{}", err(&dropped));
    let trail = json(&stage.run("audit list --format json").await)[0]["what"].as_str().unwrap().to_owned();
    assert!(trail.starts_with(&format!("case {invalid} (")) && trail.contains("invalid"), "{trail}");
    assert!(trail.ends_with(": dropped 1 event: test-data"), "{trail}");
    // THEN neither waits any more, and the first became what it was for
    assert!(event_cases(&stage).await.is_empty());
    assert_eq!(stage.run("deliver").await.status.code(), Some(0));
    let status = json(&stage.run("status --format json").await)["events"].clone();
    assert_eq!(
        (&status["done"], &status["dropped"], &status["needs_person"]),
        (&value!(2), &value!(1), &value!(0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intake_of_its_own_carries_decisions_out_while_it_takes_events_in() {
    let (stage, _twins) = delivered().await;
    let intake = stage.start(&["intake", "--port", "0"]);
    // GIVEN an intake that holds the events
    stage.until_said("events are taken in").await;
    let refused = stage.run("deliver").await;
    assert!(
        err(&refused).contains("HW0703") && err(&refused).contains("highwater serve"),
        "{}",
        err(&refused)
    );
    // WHEN one is retried and one dropped beside it
    let several = case_of(&stage, "several").await;
    let retried = stage.run(&format!("cases resolve {several} --retry --format json")).await;
    assert_eq!(json(&retried)["events"], 1, "{}", err(&retried));
    let dropped = stage.run("events drop --all --format json").await;
    assert_eq!(json(&dropped)["events"], 1, "{}", err(&dropped));
    // THEN both are carried out, durably, and nothing is left lying about
    assert!(event_cases(&stage).await.is_empty());
    let left = std::fs::read_dir(stage.path("highwater-events/decisions")).unwrap().count();
    assert_eq!(left, 0);
    assert_eq!(intake.stop().await, Some(0));
    let status = json(&stage.run("status --format json").await)["events"].clone();
    assert_eq!((&status["waiting"], &status["dropped"]), (&value!(1), &value!(1)), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_are_exported_inert_and_one_event_tells_its_story() {
    let (stage, twins) = delivered().await;
    let csv = out(&stage.run("events outcomes --format csv").await);
    assert_eq!(csv.lines().count(), 4, "{csv}");
    assert!(csv.contains("\n'=cmd|") && !csv.contains("\n=cmd|"), "{csv}");
    let all = json(&stage.run("events outcomes --format json").await);
    assert!(all.as_array().unwrap().iter().any(|one| one["message_id"] == "=cmd|' /C calc'!A0"));
    let several = json(&stage.run("events outcomes --outcome several --action leads --format json").await);
    assert_eq!((&several[0]["status"], several.as_array().unwrap().len()), (&value!(300), 1));
    assert_eq!(json(&stage.run("events outcomes --action other --format json").await), value!([]));
    assert!(!stage.run("events outcomes --outcome lost").await.status.success());
    // THEN an event that is not kept is called what it was asked for by
    for line in ["why --message-id zzz", "events show zzz", "events retry zzz"] {
        let said = stage.refuses(line, 2, "HW0706").await;
        assert!(said.contains("\"zzz\"") && !said.contains("0:0"), "{line}: {said}");
    }
    stage.org.delete_as(&stage.org.person(), "Lead", &twins[1]).unwrap();
    stage.run("events retry --all").await;
    stage.run("deliver").await;
    let told = json(&stage.run("why --message-id several --format json").await);
    let words: Vec<&str> =
        told[0]["story"].as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap()).collect();
    assert_eq!(words, ["received", "several", "retry", "updated"], "{told}");
    let last = told[0]["story"][3]["words"].as_str().unwrap();
    assert!(last.contains(&twins[0]) && last.contains("action leads"), "{last}");
    assert!(!told.to_string().contains("two@x.example"), "no value of the event is told");
    assert!(err(&stage.run("why --message-id nobody").await).contains("HW0706"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_running_service_carries_a_decision_out_and_delivers_at_once() {
    let (stage, twins) = delivered().await;
    stage.reconfigure("[[intake.source]]", "[intake]\nlisten = \"127.0.0.1:0\"\n\n[[intake.source]]");
    let served = stage.serve().await;
    stage.org.delete_as(&stage.org.person(), "Lead", &twins[1]).unwrap();
    let retried = stage.run("events retry several --format json").await;
    assert_eq!(json(&retried)["events"], 1, "{}", err(&retried));
    stage
        .until("the event is delivered", || stage.org.records("Lead").iter().any(|lead| lead["Phone"] == "1"))
        .await;
    assert_eq!(json(&stage.run("events drop --all --format json").await)["events"], 1);
    assert_eq!(served.stop().await, Some(0));
    let trail = json(&stage.run("status --format json").await)["events"].clone();
    assert_eq!((&trail["done"], &trail["dropped"]), (&value!(2), &value!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn check_knows_actions_replication_and_their_columns() {
    let stage = Stage::set().await;
    let plain = stage.read("highwater.toml");
    stage.write("highwater.toml", &format!("{plain}{SETTINGS}"));
    assert!(stage.check_finds(0, "HW0708").await.contains("upsert Lead"));
    // WHEN the action asks for what the org does not have THEN everything is named, and nothing may run
    let wrong = SETTINGS.replace("\"Phone\"", "\"Fone__c\"").replace("\"LastName\"", "\"CreatedDate\"");
    stage.write("highwater.toml", &format!("{plain}{wrong}"));
    let found = stage.check_finds(2, "HW0707").await;
    for part in ["Lead has no field Fone__c", "CreatedDate cannot be written", "LastName is required"] {
        assert!(found.contains(part), "{part}: {found}");
    }
    // A source without an action, and an action without a source.
    let source = SETTINGS.split("[[actions]]").next().unwrap();
    stage.write("highwater.toml", &format!("{plain}{source}"));
    assert!(stage.check_finds(0, "HW0709").await.contains("no action is for them"));
    stage.write("highwater.toml", &format!("{plain}{}", &SETTINGS[source.len()..]));
    assert!(stage.check_finds(0, "HW0709").await.contains("none are taken in"));
    // Replication reads columns: each must be there, and only one action is for supporters.
    let replicate = "\n[[actions]]\nname = \"r\"\nobject = \"Lead\"\noperation = \"create\"\non = { types = [\"supporter\"] }\n\
        field = [{ name = \"LastName\", path = \"supporter.last_name\" }, { name = \"Company\", path = \"supporter.employer\" }]\n";
    stage.write("highwater.toml", &format!("{plain}{replicate}"));
    let checked = stage.run("check --format json").await;
    assert!(out(&checked).contains("employer"), "{}", out(&checked));
    assert_eq!(checked.status.code(), Some(2));
    let two = format!("{replicate}{}", replicate.replace("\"r\"", "\"s\"")).replace("employer", "phone");
    stage.write("highwater.toml", &format!("{plain}{two}"));
    assert!(stage.check_finds(2, "HW0707").await.contains("more than one action is for supporters: r, s"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_the_org_has_from_now_on_is_written_without_a_restart() {
    let mut settings = simorg::Settings::default();
    let wish = value!({"object": "Lead", "name": "Wish__c", "label": "Wish", "type": "string", "length": 40});
    settings.custom_fields.push(serde_json::from_value(wish).unwrap());
    settings.hidden_fields.push("Lead.Wish__c".to_owned());
    let stage = Stage::set_with(settings).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (text, actions) =
        (stage.read("highwater.toml"), SETTINGS.replace("\non =", "\nrest = \"custom\"\non ="));
    let service = format!(
        "[intake]\nlisten = \"127.0.0.1:{port}\"\n[delivery]\ngather_seconds = 0\ndescribe_minutes = 0\n"
    );
    stage.write("highwater.toml", &format!("{text}{actions}{service}"));
    let served = stage.serve().await;
    let tell = |id: &str| {
        let traits = value!({"email": "a@x.example", "lastName": id, "Wish": "a pony"});
        let event = value!({"type": "identify", "messageId": id, "userId": "u", "traits": traits});
        assert_eq!(post(port, &value!({"batch": [event]}).to_string()).0, 200);
    };
    let lead = |name: &str| stage.org.records("Lead").into_iter().find(|lead| lead["LastName"] == *name);
    tell("first");
    stage.until("the Lead is made", || lead("first").is_some()).await;
    assert_eq!(lead("first").unwrap()["Wish__c"], Value::Null);
    // WHEN an administrator lets our user see the field
    stage.org.configure(|settings| settings.hidden_fields.clear());
    // THEN events write it from the next look at the org on. One that came while the first was still being settled may go before that look.
    let sent = std::cell::Cell::new(0);
    let granted = || stage.org.records("Lead").iter().any(|lead| lead["Wish__c"] == "a pony");
    let told_again = || {
        sent.set(sent.get() + 1);
        tell(&format!("again {}", sent.get()));
        granted()
    };
    stage.until("the field is written", told_again).await;
    assert_eq!(stage.org.records("Lead").len(), 1);
    assert_eq!(served.stop().await, Some(0));
}

/// Whether a text lies anywhere in a directory.
fn lies_in(dir: &std::path::Path, text: &str) -> bool {
    std::fs::read_dir(dir).expect("it reads").map(|entry| entry.expect("it reads").path()).any(|path| {
        if path.is_dir() {
            return lies_in(&path, text);
        }
        std::fs::read(path).expect("it reads").windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_forgotten_is_gone_from_the_events_as_well() {
    let (stage, _) = delivered().await;
    let event = |id: &str, user: &str| {
        let body =
            value!({"type": "track", "messageId": id, "userId": user, "properties": {"gift": "canary-7731"}});
        (id.to_owned(), body)
    };
    let dir = stage.path("highwater-events");
    {
        let queue = Queue::open(&dir, QueueOptions::default()).unwrap();
        let now = Clock::system().now();
        let events =
            [event("one", "1"), event("two", "web-1"), event("three", "2")].map(|(id, body)| Event {
                source: SourceName::parse("web").unwrap(),
                kind: Kind::Track,
                id,
                at: now,
                received_at: now,
                wanted: true,
                body,
            });
        queue.accept(events.to_vec()).await.unwrap();
    }
    // GIVEN a linked supporter, a dead letter with their address, one event by their id, one by another, and one of somebody else
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    assert!(lies_in(&dir, "two@x.example") && lies_in(&dir, "\"web-1\""));
    let line = "forget 1 --email TWO@x.example --user-id web-1 --yes --format json";
    let forgotten = stage.run(line).await;
    assert_eq!(forgotten.status.code(), Some(0), "{}", err(&forgotten));
    assert_eq!(json(&forgotten)["events"], 3);
    for gone in ["two@x.example", "\"web-1\"", "\"one\""] {
        assert!(!lies_in(&dir, gone), "{gone} still lies there");
    }
    let listed = out(&stage.run("events list --format csv").await);
    assert!(listed.contains("three") && listed.contains("good"), "{listed}");
    assert!(!listed.contains("several") && !listed.contains("two"), "{listed}");
    assert_eq!(stage.run("events show several").await.status.code(), Some(2));
    let status = json(&stage.run("status --format json").await)["events"].clone();
    assert_eq!(
        (&status["open"], &status["dropped"], &status["needs_person"]),
        (&value!(1), &value!(3), &value!(1))
    );
    // AND nothing is found a second time, and what is left is delivered.
    let again = stage.run("forget 1 --email two@x.example --user-id web-1 --yes --format json").await;
    assert_eq!(json(&again)["events"], 0, "{}", err(&again));
    let delivered = stage.run("deliver --format json").await;
    assert!(matches!(delivered.status.code(), Some(0 | 3)), "{}", err(&delivered));
    assert_eq!(json(&stage.run("status --format json").await)["events"]["open"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intake_that_holds_the_events_erases_them_itself() {
    let (stage, _) = delivered().await;
    let dir = stage.path("highwater-events");
    let queue = Queue::open(&dir, QueueOptions::default()).unwrap();
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    let (held, beside) = (queue.clone(), dir.clone());
    let intake = tokio::spawn(async move {
        while events::queue::Request::take_up_all(&held, &beside).await.unwrap() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
    let forgotten = stage.run("forget 1 --email two@x.example --yes --format json").await;
    assert_eq!(json(&forgotten)["events"], 1, "{}", err(&forgotten));
    intake.await.unwrap();
    assert!(!lies_in(&dir, "two@x.example"));
    assert_eq!(queue.counts().unread, 0);
}
