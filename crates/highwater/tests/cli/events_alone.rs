//! `supporters.kind = "none"`: events become records, and there is no supporter database anywhere.

use serde_json::{Value, json as value};
use simorg::{Op, Org, Settings};

use crate::admin_client::{Browser, free_port, opened};
use crate::hostile_events::post;
use crate::stage::{Stage, err, json, out};

const EXAMPLE: &str = include_str!("../../../../config/examples/events-alone.toml");

/// The shipped example against a simulated org, in a folder without a database; and the port for events.
async fn alone() -> (Stage, u16) {
    let stage = Stage::set().await;
    std::fs::remove_file(stage.path("supporters.db")).unwrap();
    let port = free_port();
    let org = format!("{}\"\nallow_plain_http = \"yes_for_simulated_org", stage.org.url());
    let text = EXAMPLE
        .replace("https://example.my.salesforce.com", &org)
        .replace("consumer-key-of-your-app", &stage.org.client_id())
        .replace("HIGHWATER_WRITE_KEY", "HIGHWATER_SF_SECRET")
        .replace("127.0.0.1:8780", &format!("127.0.0.1:{port}"));
    stage.write(
        "highwater.toml",
        &format!("{text}\n[delivery]\ngather_seconds = 0\n\n[state]\ndir = \"simulated-state\"\n"),
    );
    (stage, port)
}

/// Sends one identify call of somebody, as of a minute of the day.
fn tell(port: u16, id: &str, minute: u32, last: &str) {
    let (now, traits) =
        (format!("2026-03-02T10:{minute:02}:00Z"), value!({"email": "jo@x.example", "lastName": last}));
    let event =
        value!({"type": "identify", "messageId": id, "userId": "u", "timestamp": now, "traits": traits});
    let (status, answer) = post(port, &value!({"batch": [event]}).to_string());
    assert_eq!((status, &answer["results"][0]["status"]), (200, &value!(202)), "{answer}");
}

fn last_names(stage: &Stage) -> Vec<Value> {
    stage.org.records("Lead").into_iter().map(|lead| lead["LastName"].clone()).collect()
}

async fn done(stage: &Stage, events: u64) {
    let is_done = async || json(&stage.run("status --format json").await)["events"]["done"] == events;
    for _ in 0..300 {
        if is_done().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{events} events were not done within half a minute");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_looks_at_the_org_and_the_actions_and_says_that_there_is_no_database() {
    let (stage, _) = alone().await;
    let checked = stage.run("check --format json").await;
    assert_eq!(checked.status.code(), Some(0), "{}", out(&checked));
    let findings = json(&checked)["findings"].as_array().cloned().unwrap();
    let found = |code: &str| findings.iter().filter(|finding| finding["code"] == code).count();
    assert_eq!((found("HW0425"), found("HW0708")), (1, 1), "{findings:?}");
    assert!(findings.iter().all(|finding| finding["weight"] != "stop"), "{findings:?}");
    // THEN nothing is asked for that only cycles need
    assert!(findings.iter().all(|finding| finding["about"] != "Contact"), "{findings:?}");
    let shown = out(&stage.run("check").await);
    assert!(shown.contains("Next: `highwater serve`") && !shown.contains("highwater plan"), "{shown}");
    assert!(!stage.path("simulated-state").exists(), "check made a state");
    // AND a right too many is still seen, and an action that does not fit still stands in the way
    stage.org.configure(|settings| settings.permissions.modify_all_data = true);
    assert!(stage.check_finds(0, "HW0321").await.contains("Modify All Data"));
    stage.reconfigure("\"FirstName\"", "\"Fone__c\"");
    assert!(stage.check_finds(2, "HW0707").await.contains("Fone__c"));
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_delivers_runs_no_cycle_and_remembers_across_a_restart() {
    let (stage, port) = alone().await;
    let served = stage.start_service(&[]);
    stage.until_said("serving on").await;
    assert!(stage.read("serve.log").contains("events alone"), "{}", stage.read("serve.log"));
    tell(port, "first", 30, "Ash");
    stage.until("the Lead is made", || last_names(&stage) == ["Ash"]).await;
    done(&stage, 1).await;
    let status = json(&stage.run("status --format json").await);
    assert_eq!(
        (&status["service"]["running"], &status["service"]["events_alone"]),
        (&value!(true), &value!(true))
    );
    assert_eq!(status["watermarks"]["supporter"], Value::Null);
    let shown = out(&stage.run("status").await);
    assert!(shown.contains("delivers events; there is no supporter database"), "{shown}");
    for part in ["watermarks", "last cycles", "policies in force"] {
        assert!(!shown.contains(part), "{part}: {shown}");
    }
    // THEN what a cycle asks for was never asked for
    for op in [Op::GetUpdated, Op::GetDeleted, Op::IngestCreate] {
        assert_eq!(stage.org.calls().of(op), 0, "{op:?}");
    }
    assert!(stage.org.all_records("Contact").is_empty());
    assert_eq!(served.stop().await, Some(0));
    assert!(!stage.path("supporters.db").exists());
    let used = json(&stage.run("status --format json").await)["budget"]["used"].as_u64().unwrap();
    assert!((1..32).contains(&used), "{used} are what is written down before calls are made");
    // WHEN it is started again, and an older event of the same person comes late, and a newer one
    let left = "simulated-state/spool/job-99-upload.csv";
    stage.write(left, "of a cycle that died long ago");
    let served = stage.start_service(&[]);
    stage.until_said("serving on").await;
    stage.until("the state is tidied", || !stage.path(left).exists()).await;
    tell(port, "late", 10, "Elm");
    done(&stage, 2).await;
    assert_eq!(last_names(&stage), ["Ash"], "what was known of the record is lost");
    tell(port, "newer", 40, "Oak");
    stage.until("the Lead is changed", || last_names(&stage) == ["Oak"]).await;
    assert_eq!(served.stop().await, Some(0));
    let log = stage.read("serve.log");
    assert!(!log.contains(" ERROR ") && !log.contains(" WARN "), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_a_database_waits_for_its_org_and_takes_events_in_meanwhile() {
    let (stage, port) = alone().await;
    let later = free_port();
    stage.reconfigure(stage.org.url(), &format!("http://127.0.0.1:{later}"));
    stage.reconfigure("client_id =", "retry_seconds = 0\nclient_id =");
    let served = stage.start_service(&[]);
    stage.until_said("not begun yet").await;
    tell(port, "early", 30, "Ash");
    let status = json(&stage.run("status --format json").await);
    assert!(status["service"]["starting"]["because"].as_str().unwrap().contains("HW0201"), "{status}");
    let org = Org::start(Settings { port: later, ..Settings::default() }).await.unwrap();
    stage.until("the Lead is made", || org.records("Lead").len() == 1).await;
    assert_eq!(served.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_a_database_keeps_to_the_org_it_began_with() {
    let (stage, _) = alone().await;
    let served = stage.start_service(&[]);
    stage.until_said("serving on").await;
    assert_eq!(served.stop().await, Some(0));
    let other = Settings { org_id: "00D5f000000IZ3YEAW".to_owned(), ..Settings::default() };
    let other = Org::start(other).await.unwrap();
    stage.reconfigure(stage.org.url(), other.url());
    assert_eq!(stage.start_service(&[]).ended().await, Some(2));
    assert!(stage.read("serve.log").contains("error[HW0504]"), "{}", stage.read("serve.log"));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_events_are_only_taken_in_the_service_stays() {
    let (stage, port) = alone().await;
    let text = stage.read("highwater.toml");
    let (head, rest) = text.split_once("[[actions]]").unwrap();
    let (_, rest) = rest.split_once("[delivery]").unwrap();
    stage.write("highwater.toml", &format!("{head}[delivery]{rest}"));
    assert!(stage.check_finds(0, "HW0709").await.contains("no action is for them"));
    let served = stage.start_service(&[]);
    stage.until_said("serving on").await;
    tell(port, "kept", 30, "Ash");
    assert_eq!(json(&stage.run("events list --format json").await).as_array().unwrap().len(), 1);
    assert_eq!(served.stop().await, Some(0));
}

/// Verbs that are of no use without supporters.
const NEEDY: [&str; 16] = [
    "plan",
    "sync",
    "sync --dry-run",
    "push",
    "pull",
    "backfill",
    "backfill --plan",
    "resync 1",
    "resync --email jo@x.example",
    "verify",
    "link show 1",
    "link set 1 0035f00000Abc12AAB --why x",
    "replicate",
    "replicate --retry --all",
    "setup export org-setup",
    "check --rebuild",
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_needs_supporters_is_refused_before_anything_is_asked_or_made() {
    let (stage, _) = alone().await;
    for line in NEEDY {
        let said = stage.refuses(line, 2, "HW0425").await;
        assert!(said.contains("set supporters.kind to"), "{line}: {said}");
    }
    assert_eq!(stage.start_service(&["--now"]).ended().await, Some(2));
    assert!(stage.read("serve.log").contains("error[HW0425]"), "{}", stage.read("serve.log"));
    assert_eq!(stage.org.calls().total, 0);
    for made in ["simulated-state", "backfill-plan.jsonl", "org-setup"] {
        assert!(!stage.path(made).exists(), "{made}");
    }
    let said = stage.refuses("init --supporters none -c other.toml --yes", 2, "HW0425").await;
    assert!(said.contains("kind = \"none\" in [supporters]"), "{said}");
    let said = stage.refuses("status", 2, "HW0111").await;
    assert!(said.contains("`highwater serve` or `highwater deliver`"), "{said}");
    assert!(out(&stage.run("explain HW0425").await).contains("supporters.kind"));
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_need_supporters_are_refused_and_all_else_goes_by_the_state() {
    let (stage, port) = alone().await;
    let intake = stage.start(&["intake"]);
    stage.until_said("events are taken in").await;
    tell(port, "good", 30, "Ash");
    let nameless =
        value!({"type": "identify", "messageId": "bad", "userId": "v", "traits": {"email": "v@x.example"}});
    assert_eq!(post(port, &value!({"batch": [nameless]}).to_string()).0, 200);
    assert_eq!(intake.stop().await, Some(0));
    assert_eq!(stage.run("deliver --check").await.status.code(), Some(0));
    let left = "simulated-state/spool/job-99-upload.csv";
    stage.write(left, "of a cycle that died long ago");
    let delivered = stage.run("deliver --format json").await;
    assert_eq!(delivered.status.code(), Some(3), "{}", err(&delivered));
    assert_eq!(last_names(&stage), ["Ash"]);
    assert!(!stage.path(left).exists(), "the state is not tidied");
    for line in ["status --not-synced", "status --by-reason", "why --email jo@x.example", "conflicts take 1"]
    {
        stage.refuses(line, 2, "HW0425").await;
    }
    stage.write("earlier.json", "[]");
    stage.refuses("report merges --verify --against earlier.json", 2, "HW0425").await;
    for line in [
        "deliver --check",
        "status",
        "errors",
        "block list",
        "journal list",
        "conflicts list",
        "cases list",
        "report merges",
        "report conflicts",
        "watermark",
        "audit list",
        "events list",
        "events cases",
        "events outcomes",
        "events show good",
        "why --message-id good",
        "why 1",
    ] {
        let run = stage.run(line).await;
        assert_eq!(run.status.code(), Some(0), "{line}: {}", err(&run));
    }
    // THEN a dead letter is a case that is decided, and whoever is forgotten goes by the userId
    let cases = json(&stage.run("cases list --format json").await);
    let case = cases[0]["case"].as_str().unwrap();
    assert_eq!(json(&stage.run(&format!("cases resolve {case} --drop --format json")).await)["events"], 1);
    let forgotten = stage.run("forget u --email jo@x.example --yes --format json").await;
    assert_eq!(json(&forgotten)["events"], 1, "{}", err(&forgotten));
    let listed = out(&stage.run("events list --format csv").await);
    assert!(!listed.contains("good"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_running_service_answers_by_its_own_configuration() {
    let (stage, port) = alone().await;
    let served = stage.start_service(&[]);
    stage.until_said("serving on").await;
    stage.refuses("sync", 2, "HW0425").await;
    let delivered = stage.run("deliver").await;
    assert!(err(&delivered).contains("the running service delivers events by itself"), "{}", err(&delivered));
    tell(port, "bad", 30, "");
    let waiting = async || json(&stage.run("status --format json").await)["events"]["needs_person"] == 1;
    while !waiting().await {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let retried = stage.run("events retry bad").await;
    assert!(out(&retried).contains("the service tries them again now"), "{}", out(&retried));
    // WHEN the file has come to name a database, and the service is not started anew
    let map =
        "[[field]]\ncontact = \"LastName\"\ncolumn = \"a\"\n[[field]]\ncontact = \"Email\"\ncolumn = \"b\"\n";
    let text = stage.read("highwater.toml");
    let named = text.replace("kind = \"none\"", "kind = \"sqlite\"\npath = \"none.db\"\ntable = \"people\"");
    stage.write("highwater.toml", &format!("{named}\n{map}"));
    // THEN nothing of a cycle is begun, and nothing is decided about anybody
    for line in ["sync", "status --synced", "link set 1 0035f00000Abc12AAB --why x"] {
        stage.refuses(line, 2, "HW0425").await;
    }
    assert_eq!(
        json(&stage.run("cases list --all --kind id_and_email_disagree --format json").await),
        value!([])
    );
    assert_eq!(served.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_page_tells_of_events_and_offers_no_cycle() {
    let (stage, port) = alone().await;
    let (served, browser) = opened(&stage).await;
    tell(port, "good", 30, "Ash");
    stage.until("the Lead is made", || last_names(&stage) == ["Ash"]).await;
    // What it took is written down as it was, without what is written down before calls are made.
    let counted = || {
        let calls = stage.org.calls();
        let used = format!("requests to the org, 24 hours</dt><dd>{} of", calls.total - calls.of(Op::Token));
        browser.get("/").body.contains(&used)
    };
    stage.until("the books are closed", counted).await;
    let page = browser.get("/");
    page.says("All is well.");
    page.says("delivers events; there is no supporter database");
    page.says(">Cases</a>");
    for word in [
        "Run a cycle now",
        "No cycle has come",
        "handled up to",
        "/set-aside",
        "/conflicts",
        "/person",
        "/reports",
    ] {
        assert!(!page.body.contains(word), "{word}: {}", page.body);
    }
    for (path, form) in [("/run", vec![]), ("/resync", vec![("by", "supporter"), ("who", "1")])] {
        let refused = browser.post(path, &form);
        assert_eq!(refused.status, 409, "{path}");
        refused.says("there is no supporter database");
    }
    for path in ["/cases", "/set-aside", "/conflicts", "/person", "/reports", "/reports/merges.html"] {
        assert_eq!(browser.get(path).status, 200, "{path}");
    }
    let told = browser.post("/person", &[("by", "email"), ("who", "jo@x.example")]);
    assert_eq!(told.status, 422);
    told.says("this needs a supporter database");
    let stranger = Browser::signed_out(browser.port);
    assert_eq!((stranger.get("/healthz").status, stranger.get("/healthz").body.trim()), (200, "ok"));
    stranger.get("/metrics").says("highwater_ready 1");
    assert_eq!(served.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_added_later_and_what_was_known_of_events_stays() {
    let (stage, port) = alone().await;
    let served = stage.start_service(&[]);
    stage.until_said("serving on").await;
    tell(port, "first", 30, "Ash");
    done(&stage, 1).await;
    assert_eq!(served.stop().await, Some(0));
    stage.sql("CREATE TABLE supporters (supporter_id INTEGER PRIMARY KEY, last_name TEXT, email TEXT, modified_at TEXT)").await;
    stage.sql("INSERT INTO supporters VALUES (1, 'Bell', 'ann@example.org', '2026-01-01T00:00:01Z')").await;
    let database = "kind = \"sqlite\"\npath = \"supporters.db\"\ntable = \"supporters\"";
    stage.reconfigure("kind = \"none\"", database);
    let map = "[[field]]\ncontact = \"LastName\"\ncolumn = \"last_name\"\n[[field]]\ncontact = \"Email\"\ncolumn = \"email\"\n";
    stage.write("highwater.toml", &format!("{}\n{map}", stage.read("highwater.toml")));
    let synced = stage.run("sync").await;
    assert_eq!(synced.status.code(), Some(0), "{}", err(&synced));
    assert_eq!(stage.org.records("Contact").len(), 1);
    let served = stage.start_service(&[]);
    stage.until_said("serving on").await;
    tell(port, "late", 10, "Elm");
    done(&stage, 2).await;
    assert_eq!(last_names(&stage), ["Ash"]);
    assert_eq!(served.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_way_in_turns_away_is_in_the_log_the_status_and_the_figures() {
    let (stage, port) = alone().await;
    let (served, browser) = opened(&stage).await;
    // GIVEN a batch of a good event and two that cannot be kept, which is answered 200, and one with nobody's write key
    let good = value!({"type": "identify", "messageId": "good", "userId": "u", "traits": {"email": "jo@x.example", "lastName": "Ash"}});
    let bad = value!({"type": "group", "userId": "jo@x.example"});
    let (status, answer) = post(port, &value!({"batch": [good, bad, bad]}).to_string());
    assert_eq!((status, &answer["accepted"], &answer["refused"]), (200, &value!(1), &value!(2)));
    post(port, r#"{"batch":[],"writeKey":"another-write-key-01"}"#);
    // THEN the running service says so
    let line = |reason: &str, count: u64| {
        let what = if reason == "unknown_key" { "request" } else { "event" };
        let source = if what == "event" { value!("website") } else { Value::Null };
        value!({"source": source, "what": what, "reason": reason, "count": count})
    };
    let told = async || {
        let mut told = json(&stage.run("status --format json").await)["turned_away"].clone();
        for one in told.as_array_mut().unwrap() {
            assert!(
                one.as_object_mut().unwrap().remove("latest").unwrap().as_str().unwrap().starts_with("20")
            );
        }
        told
    };
    let expected = value!([line("unknown_key", 1), line("missing:groupId", 2)]);
    assert_eq!(told().await, expected);
    let figures = browser.get("/metrics").body;
    let count = "highwater_events_refused_total{reason=\"missing:groupId\",source=\"website\"} 2";
    assert!(figures.contains(count), "{figures}");
    assert!(
        figures
            .contains("highwater_event_requests_refused_total{reason=\"unknown_key\",source=\"(none)\"} 1")
    );
    let reference = include_str!("../../../../docs/reference/metrics.md");
    for line in figures.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
        let (name, help) = line.split_once(' ').unwrap();
        assert!(reference.contains(&format!("| `{name}` |")) && reference.contains(help), "{line}");
    }
    browser.get("/").says("Events of website were refused at the way in");
    assert_eq!(served.stop().await, Some(0));
    // AND it is still known afterwards, one line each in the log, and nothing of what was sent
    assert_eq!(told().await, expected);
    let shown = out(&stage.run("status").await);
    assert!(shown.contains("turned away at the way in") && shown.contains("missing:groupId"), "{shown}");
    let log = stage.read("serve.log");
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("turned away")).collect();
    for said in [
        "of the source website: 2 events, for missing:groupId 2;",
        "of no known source: 1 whole request, for unknown_key 1;",
    ] {
        assert!(lines.len() == 2 && lines.iter().any(|line| line.contains(said)), "{lines:?}");
    }
    assert!(!log.contains("jo@x") && !figures.contains("jo@x") && !shown.contains("jo@x"));
}
