//! The admin page over a running service: what it shows, and that it decides as the commands do.

use std::collections::BTreeSet;

use serde_json::{Value, json as value};
use simorg::{Fault, Op};

use crate::admin_client::{Browser, PASSWORD, free_port, opened, turn_on};
use crate::events::delivered;
use crate::stage::{Stage, err, json, out};

/// A supporter whose address only a Contact with another name carries.
async fn one_case() -> (Stage, String, String) {
    let stage = Stage::set().await;
    let row = value!({"FirstName": "Robert", "LastName": "Okonkwo", "Email": "ann@example.org"});
    let Value::Object(row) = row else { unreachable!("an object was written") };
    let contact = stage.org.seed("Contact", vec![row]).unwrap().remove(0);
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    let listed = json(&stage.run("cases list --format json").await);
    (stage, contact, listed[0]["case"].as_str().unwrap().to_owned())
}

/// Every page that is looked at.
const LOOKED_AT: [&str; 11] = [
    "/",
    "/cases",
    "/cases?all=yes&page=3",
    "/set-aside",
    "/conflicts",
    "/conflicts?after=5",
    "/person",
    "/reports",
    "/reports/merges.csv",
    "/reports/merges.html",
    "/reports/conflicts.csv",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_decided_on_the_page_as_by_the_command_and_carried_out_by_a_cycle_from_there() {
    let (stage, contact, name) = one_case().await;
    let (served, browser) = opened(&stage).await;
    browser.get("/").says("1 case is open.");
    browser.get("/cases").says(&format!("/cases/{name}"));
    // A page beyond the last is the last: cases are closed while somebody reads.
    browser.get("/cases?page=14").says(&format!("/cases/{name}"));
    let page = browser.get(&format!("/cases/{name}"));
    for said in
        ["names_disagree", "Okonkwo", "Bell", "They are one person", "They are different people", &contact]
    {
        page.says(said);
    }
    let place = format!("/cases/{name}");
    let refused = browser.post(&place, &[("way", "take"), ("side", "supporter")]);
    assert_eq!(refused.status, 422);
    refused.says("is decided by --link CONTACT or --separate");
    // WHEN it is put off and decided there THEN it stands as the command leaves it, by whom included
    assert_eq!(browser.post(&place, &[("way", "snooze"), ("days", "3")]).status, 303);
    browser.get(&place).says("snoozed until");
    let overview = browser.get("/");
    overview.says("1, of them 1 put off or decided");
    assert!(!overview.body.contains("1 case is open"), "{}", overview.body);
    Browser::signed_out(browser.port)
        .get("/metrics")
        .says("highwater_cases_aside{kind=\"names_disagree\"} 1");
    assert_eq!(browser.post(&place, &[("way", "undo")]).status, 303);
    let before = stage.both_sides().await;
    assert_eq!(
        browser.post(&place, &[("way", "link"), ("contact", &contact), ("why", "called")]).status,
        303
    );
    assert_eq!(stage.both_sides().await, before, "nothing before the next cycle");
    browser.get(&place).says("decided by admin page");
    let all = json(&stage.run("cases list --all --format json").await);
    assert!(all[0]["standing"].as_str().unwrap().contains("decided by admin page"), "{all}");
    // AND a cycle that is asked for there carries it out
    assert_eq!(browser.post("/run", &[]).status, 303);
    stage.until("the case is over", || browser.get(&place).status == 404).await;
    stage.until("the cycle is over", || browser.get("/").body.contains("Run a cycle now")).await;
    assert!(json(&stage.run("cases list --all --format json").await).as_array().unwrap().is_empty());
    let overview = browser.get("/");
    for said in ["decided --link 003", "asked for a cycle", "signed in", "admin page"] {
        overview.says(said);
    }
    assert_eq!(served.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_were_refused_are_cases_of_the_page_too() {
    let (stage, twins) = delivered().await;
    stage.reconfigure("[[intake.source]]", "[intake]\nlisten = \"127.0.0.1:0\"\n\n[[intake.source]]");
    let listed = json(&stage.run("cases list --kind event_refused --format json").await);
    let named = |outcome: &str| {
        let about = |case: &&Value| case["about"].as_str().unwrap().contains(outcome);
        let case = listed.as_array().unwrap().iter().find(about).unwrap();
        format!("/cases/{}", case["case"].as_str().unwrap())
    };
    let (several, invalid) = (named("several"), named("invalid"));
    let (served, browser) = opened(&stage).await;
    browser.get("/").says("2 events were refused");
    for place in [&several, &invalid] {
        browser.get("/cases").says(place);
    }
    browser.get(&several).says("Gives the events up");
    assert_eq!(browser.post(&several, &[("way", "separate")]).status, 422);
    assert_eq!(browser.post(&invalid, &[("way", "drop")]).status, 422, "not without a tick");
    stage.org.delete_as(&stage.org.person(), "Lead", &twins[1]).unwrap();
    Browser::signed_out(browser.port).get("/metrics").says("highwater_open_cases{kind=\"event_refused\"} 2");
    let tried = browser.post(&several, &[("way", "retry")]);
    assert!(tried.status == 303 && tried.head.contains("location: /cases\r\n"), "{}", tried.head);
    stage
        .until("the event is delivered", || stage.org.records("Lead").iter().any(|lead| lead["Phone"] == "1"))
        .await;
    assert_eq!(browser.post(&invalid, &[("way", "drop"), ("sure", "yes")]).status, 303);
    browser.get("/").says("dropped 1 event");
    assert_eq!(browser.get(&invalid).status, 404);
    assert_eq!(served.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_is_told_about_and_brought_in_step() {
    let stage = Stage::set().await;
    stage.run("sync").await;
    let (served, browser) = opened(&stage).await;
    let told = browser.post("/person", &[("by", "supporter"), ("who", " 1 ")]);
    told.says("linked to Contact");
    browser.post("/person", &[("by", "email"), ("who", "joe@example.org")]).says("linked to Contact");
    stage.sql("UPDATE supporters SET first_name = 'Josephine', modified_at = '2027-01-01T00:00:00Z' WHERE supporter_id = 1").await;
    let done = browser.post("/resync", &[("by", "email"), ("who", "joe@example.org")]);
    assert_eq!(done.status, 200, "{}", done.body);
    for said in ["contact_updated", "Contact before", "<td>Joe</td>", "<td>Josephine</td>"] {
        done.says(said);
    }
    assert!(stage.org.records("Contact").iter().any(|row| row["FirstName"] == "Josephine"));
    for (by, who, words) in [
        ("supporter", "999", "nobody is known by that id"),
        ("email", "stranger@example.org", "nobody has that address"),
        ("email", "no address", "that is not an e-mail address"),
        ("contact", "003", ""),
        ("--help", "1", "say what the person is known by"),
    ] {
        let page = browser.post("/resync", &[("by", by), ("who", who)]);
        assert_eq!(page.status, 422, "{by} {who}");
        page.says(words);
    }
    assert_eq!(served.stop().await, Some(0));
    let log = stage.read("serve.log");
    for personal in ["joe@", "Joseph", "stranger@", PASSWORD] {
        assert!(!log.contains(personal), "{log}");
    }
    assert!(
        log.contains("somebody signed in") && log.contains("a resync of one person was asked for"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_is_text_on_every_page() {
    let stage = Stage::set().await;
    let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u{202e}\u{7}";
    let long = format!("{hostile}{}", "A".repeat(100_000));
    // Too long for the org's field: set aside. And one more whose Contact has another name: a case, with a long name in it, too.
    stage
        .sql(&format!(
            "UPDATE supporters SET last_name = '{}' WHERE supporter_id = 1",
            long.replace('\'', "''")
        ))
        .await;
    let short = hostile.replace('\u{7}', "").replace('\'', "''");
    stage
        .sql(&format!(
            "UPDATE supporters SET first_name = '{short}{}', last_name = '{short}' WHERE supporter_id = 2",
            "A".repeat(100_000)
        ))
        .await;
    let row = value!({"FirstName": "<b>Robert", "LastName": "</td><script>alert(3)</script>", "Email": "ann@example.org"});
    let Value::Object(row) = row else { unreachable!("an object was written") };
    stage.org.seed("Contact", vec![row]).unwrap();
    stage.run("sync").await;
    let (served, browser) = opened(&stage).await;
    let cases = json(&stage.run("cases list --all --format json").await);
    let names: Vec<String> =
        cases.as_array().unwrap().iter().map(|case| case["case"].as_str().unwrap().to_owned()).collect();
    assert!(!names.is_empty());
    let mut pages: Vec<String> =
        names.iter().map(|name| browser.get(&format!("/cases/{name}")).body).collect();
    assert!(pages.iter().any(|page| page.contains("&#60;script&#62;alert(")), "{pages:?}");
    for path in LOOKED_AT.iter().filter(|path| !path.starts_with("/reports/")) {
        pages.push(browser.get(path).body);
    }
    for who in ["1", "2", hostile] {
        pages.push(browser.post("/person", &[("by", "supporter"), ("who", who)]).body);
        pages.push(browser.post("/resync", &[("by", "supporter"), ("who", who)]).body);
        pages.push(browser.post("/resync", &[("by", hostile), ("who", &who.repeat(50))]).body);
    }
    for page in pages {
        for live in ["<script", "<img", "<b>", "\u{202e}", "\u{7}"] {
            assert!(!page.contains(live), "{live:?} is live: {page}");
        }
        assert!(page.len() < 60_000, "{} bytes", page.len());
    }
    assert_eq!(served.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_every_page_changes_nothing() {
    let (stage, _, name) = one_case().await;
    let (served, browser) = opened(&stage).await;
    let status = || async {
        let mut status = json(&stage.run("status --format json").await);
        status["watermarks"].take();
        status
    };
    let before = (stage.both_sides().await, status().await);
    for path in LOOKED_AT {
        let page = browser.get(path);
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        assert!(!page.body.is_empty());
    }
    for path in ["/run", "/resync", "/sign-out"] {
        assert_eq!(browser.get(path).status, 405, "{path}");
    }
    browser.get(&format!("/cases/{name}?way=separate&token={}", browser.token));
    assert_eq!((stage.both_sides().await, status().await), before);
    assert!(browser.get("/reports/merges.csv").head.contains("content-disposition: attachment"));
    assert_eq!(served.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_are_what_prometheus_reads_and_name_nobody() {
    let (stage, ..) = one_case().await;
    let (served, browser) = opened(&stage).await;
    let page = Browser::signed_out(browser.port).get("/metrics");
    assert!(page.head.contains("content-type: text/plain; version=0.0.4"), "{}", page.head);
    let lines = page.body.lines().map(|line| Ok(line.to_owned()));
    let scraped = prometheus_parse::Scrape::parse(lines).unwrap();
    // As many as there are lines that are no comment: none was passed over.
    assert_eq!(scraped.samples.len(), page.body.lines().filter(|line| !line.starts_with('#')).count());
    let of = |name: &str| {
        let samples = scraped.samples.iter().filter(|sample| sample.metric == format!("highwater_{name}"));
        let mut values = samples.filter_map(|sample| {
            if let prometheus_parse::Value::Gauge(value) = sample.value { Some(value) } else { None }
        });
        values.next().unwrap_or_else(|| panic!("no {name}: {}", page.body))
    };
    assert_eq!((of("build_info"), of("ready"), of("cycle_running")), (1.0, 1.0, 0.0));
    assert_eq!((of("open_cases"), of("last_cycle_rows_sent"), of("last_cycle_rows_failed")), (1.0, 1.0, 0.0));
    assert!(of("last_cycle_end_timestamp_seconds") > 1.7e9);
    assert!((0.0..3_600.0).contains(&of("watermark_age_seconds")));
    assert!(of("api_requests_used") > 0.0);
    let sides: BTreeSet<_> = scraped.samples.iter().filter_map(|sample| sample.labels.get("side")).collect();
    assert_eq!(sides.len(), 2);
    for name in [
        "waiting",
        "set_aside",
        "unsettled_jobs",
        "links",
        "last_cycle_duration_seconds",
        "last_cycle_outcomes",
    ] {
        of(name);
    }
    // AND each stands on its page, with the same words
    let reference = include_str!("../../../../docs/reference/metrics.md");
    for line in page.body.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
        let (name, help) = line.split_once(' ').unwrap();
        assert!(reference.contains(&format!("| `{name}` |")) && reference.contains(help), "{line}");
    }
    for personal in ["Smith", "Joe", "joe", "Okonkwo", "example.org", "555-01", "0035f"] {
        assert!(!page.body.contains(personal), "{personal} in {}", page.body);
    }
    assert_eq!(browser.get("/healthz").body, "ok\n");
    assert_eq!(served.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_cycle_is_refused_politely_and_the_page_goes_on_beside_the_first() {
    // GIVEN a service whose cycle waits for an answer that trickles for minutes
    let stage = Stage::set().await;
    stage.reconfigure("[state]", "[sync]\nfield_history = \"off\"\n\n[state]");
    let (served, browser) = opened(&stage).await;
    for op in [Op::GetUpdated, Op::Query, Op::QueryAll, Op::QueryJobInfo, Op::IngestInfo] {
        stage.org.fault(op, Fault::Slow { millis_per_kib: 300_000 });
    }
    assert_eq!(browser.post("/run", &[]).status, 303);
    // THEN the pages are there all the same
    for path in LOOKED_AT {
        assert_eq!(browser.get(path).status, 200, "{path}");
    }
    browser.get("/").says("a cycle is running</dt><dd>since");
    assert!(browser.get("/metrics").body.contains("highwater_cycle_running"));
    // AND nothing more is begun
    for (path, status) in [("/run", 409), ("/resync", 409)] {
        let refused = browser.post(path, &[("by", "supporter"), ("who", "1")]);
        assert_eq!(refused.status, status, "{path}: {}", refused.body);
        refused.says("A cycle has been running since");
    }
    assert!(served.stop().await.is_some(), "it did not end");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_there_while_the_service_waits_until_it_can_begin() {
    let stage = Stage::set().await;
    stage.reconfigure(stage.org.url(), &format!("http://127.0.0.1:{}", free_port()));
    stage.reconfigure("retry_seconds = 2", "retry_seconds = 0");
    let port = turn_on(&stage);
    let served = stage.start_service(&[]);
    stage.until_said("not begun yet").await;
    stage.until("it listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    let health = Browser::signed_out(port).get("/healthz");
    assert_eq!(health.status, 503);
    health.says("waits until it can begin");
    Browser::signed_out(port).get("/metrics").says("highwater_ready 0");
    assert_eq!(served.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_and_a_password_that_is_weak_are_said_at_the_start() {
    let stage = Stage::set().await;
    let port = turn_on(&stage);
    let taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let said = stage.refuses("serve", 2, "HW0801").await;
    assert!(said.contains(&format!("127.0.0.1:{port}")) && said.contains("take `listen` out"), "{said}");
    drop(taken);
    stage.secret("admin_password", "hunter2canary");
    let said = stage.refuses("serve", 2, "HW0802").await;
    assert!(said.contains("fewer than 15") && !said.contains("hunter2"), "{said}");
    stage.check_finds(2, "HW0802").await;
    std::fs::remove_file(stage.path("admin_password")).unwrap();
    stage.refuses("serve", 2, "HW0106").await;
    // Other commands need neither the port nor the password.
    let status = stage.run("sync").await;
    assert_eq!(status.status.code(), Some(0), "{}{}", out(&status), err(&status));
}
