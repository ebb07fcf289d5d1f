//! Lanes that would need many calls go as one Bulk API 2.0 job: every record has its own result, and what a crash or a lost answer
//! leaves half done is made up for without a second record and without an older value.

use std::time::Duration;

use actions::deliver::{Delivery, deliver};
use actions::incoming::Incoming;
use actions::outcome::Answer;
use serde_json::{Value, json};
use simorg::{Fault, JobState, Op, Progress};

use crate::support::{World, all, preset};

const PEOPLE: usize = 1_100;

fn email(n: usize) -> String {
    format!("p{n}@x.example")
}

/// People 0.., the even ones known; person 3 has no address that Salesforce takes.
fn people(world: &mut World, second: u32, phone: &str) -> Vec<Incoming> {
    some_people(world, PEOPLE, second, phone)
}

fn some_people(world: &mut World, many: usize, second: u32, phone: &str) -> Vec<Incoming> {
    (0..many)
        .map(|n| {
            let email = if n == 3 { "no address".to_owned() } else { email(n) };
            let traits = json!({"email": email, "lastName": format!("Person, \"{n}\"\n"), "phone": phone});
            world.event(second, json!({"type": "identify", "traits": traits}))
        })
        .collect()
}

async fn delivery(world: &World) -> Delivery {
    world.delivery(&preset("segment-classic")[..1]).await
}

fn phones(world: &World, phone: &str) -> usize {
    world.records("Lead").iter().filter(|lead| lead["Phone"] == phone).count()
}

fn jobs(world: &World) -> Vec<&'static str> {
    world.org.jobs().iter().map(|job| job.operation).collect()
}

#[tokio::test]
async fn many_new_and_many_known_records_go_as_two_jobs_and_each_has_its_own_outcome() {
    let mut world = World::new().await;
    let cx = delivery(&world).await;
    let batch = people(&mut world, 1, "1");
    // WHEN 1,100 people are new
    let delivered = deliver(&cx, &batch).await.unwrap().outcomes;
    // THEN one job makes them, the one that is refused alone has Salesforce's own reason
    assert_eq!(jobs(&world), ["insert"]);
    let refused = &delivered[3][0];
    assert_eq!((refused.answer, refused.reason.as_str()), (Answer::Refused, "INVALID_EMAIL_ADDRESS [Email]"));
    let leads = world.records("Lead");
    assert_eq!(leads.len(), PEOPLE - 1);
    for (n, outcomes) in delivered.iter().enumerate().filter(|(n, _)| *n != 3) {
        assert_eq!(outcomes[0].answer, Answer::Created, "{n}");
        let lead = leads.iter().find(|lead| lead["Id"] == *outcomes[0].record.as_deref().unwrap()).unwrap();
        assert_eq!(lead["Email"], email(n), "the result belongs to the event");
    }
    // WHEN they are changed
    let batch = people(&mut world, 2, "2");
    let words = all(&cx, &batch).await;
    assert_eq!(jobs(&world).len(), 2);
    assert_eq!(words.iter().filter(|word| *word == "updated").count(), PEOPLE - 1);
    assert_eq!(phones(&world, "2"), PEOPLE - 1);
    assert!(!world.jobs.spool.join("upload.csv").exists() && !world.jobs.spool.join("results.csv").exists());
}

#[tokio::test]
async fn a_job_costs_fewer_calls_than_the_calls_it_stands_for() {
    let mut cost = Vec::new();
    for direct_calls in [50, 5] {
        let mut world = World::new().await;
        world.jobs.direct_calls = direct_calls;
        let cx = delivery(&world).await;
        let batch = some_people(&mut world, 3_000, 1, "1");
        let before = world.client.usage().total();
        deliver(&cx, &batch[4..]).await.unwrap();
        cost.push(world.client.usage().total() - before);
        assert_eq!(world.records("Lead").len(), 2_996);
    }
    println!("2,996 new Leads: {} calls in lots of 200, {} as a job", cost[0], cost[1]);
    assert!(cost[1] < cost[0], "{cost:?}");
}

#[tokio::test]
async fn what_a_job_cannot_say_or_tell_apart_goes_in_calls() {
    let mut world = World::new().await;
    let cx = delivery(&world).await;
    let mut batch = people(&mut world, 1, "1");
    batch[7].body["traits"]["title"] = json!("#N/A");
    assert_eq!(all(&cx, &batch).await.iter().filter(|word| *word == "created").count(), PEOPLE - 1);
    assert_eq!(jobs(&world), [""; 0]);
    let literal = world.records("Lead").into_iter().filter(|lead| lead["Title"] == "#N/A").count();
    assert_eq!(literal, 1, "a text is a text, and clears nothing");
}

#[tokio::test]
async fn rows_a_job_did_not_get_to_are_delivered_again() {
    let mut world = World::new().await;
    let mut cx = delivery(&world).await;
    let batch = people(&mut world, 1, "1");
    // GIVEN a job that Salesforce works on in batches of 200, and that runs out of patience after the first
    world.org.configure(|settings| settings.bulk.batch_rows = 200);
    world.org.progress(Progress::Stepped);
    cx.jobs.patience = Duration::from_secs(2);
    let org = world.org.admin();
    let stepping = tokio::spawn(async move {
        // Closed, in progress, one batch.
        for _ in 0..3 {
            while org.jobs().iter().all(|job| job.state == JobState::Open) || org.jobs().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            org.step_jobs();
        }
    });
    let first = deliver(&cx, &batch).await.unwrap().outcomes;
    stepping.await.unwrap();
    let waiting = first.iter().filter(|one| one[0].answer == Answer::Waiting).count();
    let made = world.records("Lead").len();
    assert!((1..PEOPLE - 200).contains(&made), "{made} made, {waiting} wait");
    assert!(waiting + made >= PEOPLE - 1 && waiting > 0);
    // THEN they come with the next delivery, and nobody twice
    world.org.progress(Progress::Auto);
    let second = all(&cx, &batch).await;
    assert_eq!(second.iter().filter(|word| *word == "created").count(), PEOPLE - 1);
    assert_eq!(world.records("Lead").len(), PEOPLE - 1);
}

#[tokio::test]
async fn whatever_answer_is_lost_nobody_is_made_twice() {
    let trouble = [
        (Op::IngestCreate, Fault::DoThenDropReply),
        (Op::IngestUpload, Fault::DoThenDropReply),
        (Op::IngestUpload, Fault::DropBeforeDoing),
        (Op::IngestState, Fault::DoThenDropReply),
        (Op::IngestInfo, Fault::Refuse { status: 500, body: "[]".into(), times: 30 }),
        (Op::IngestSuccessful, Fault::Refuse { status: 500, body: "[]".into(), times: 30 }),
        (Op::IngestFailed, Fault::Refuse { status: 500, body: "[]".into(), times: 30 }),
    ];
    for (op, fault) in trouble {
        let mut world = World::new().await;
        let mut cx = delivery(&world).await;
        let batch = people(&mut world, 1, "1");
        world.org.fault(op, fault.clone());
        let _ = deliver(&cx, &batch).await;
        world.org.clear_faults();
        // The process ends, too: what was noted is all that is left.
        world.restart(&mut cx);
        let words = all(&cx, &batch).await;
        let through = words.iter().filter(|word| ["created", "updated"].contains(&word.as_str())).count();
        assert_eq!((through, words[3].as_str()), (PEOPLE - 1, "refused"), "{op:?} {fault:?}");
        assert_eq!(world.records("Lead").len(), PEOPLE - 1, "{op:?} {fault:?}");
    }
}

#[tokio::test]
async fn a_job_left_behind_is_over_before_a_newer_value_goes_out() {
    let mut world = World::new().await;
    let known: Vec<Value> = (0..PEOPLE)
        .map(|n| json!({"LastName": "Known", "Company": "C", "Email": if n == 3 { "three@x.example".into() } else { email(n) }}))
        .collect();
    world.seed("Lead", &known);
    let mut cx = delivery(&world).await;
    // GIVEN a job with the first value that is closed and not worked on yet when the process is told to stop
    world.org.progress(Progress::Stepped);
    let first = people(&mut world, 1, "1");
    let stop = cx.stop.clone();
    let org = world.org.admin();
    let stopping = tokio::spawn(async move {
        while !org.jobs().iter().any(|job| job.state == JobState::UploadComplete) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.cancel();
    });
    let stopped = deliver(&cx, &first[4..]).await.unwrap().outcomes;
    stopping.await.unwrap();
    assert!(stopped.iter().all(|one| one[0].answer == Answer::Waiting && one[0].reason.is_empty()));
    // WHEN a new process has a newer value, and jobs go on as soon as somebody looks at one
    world.restart(&mut cx);
    cx.stop = tokio_util::sync::CancellationToken::new();
    let mut both = first;
    both.extend(people(&mut world, 2, "2"));
    let (org, looked) = (world.org.admin(), world.org.calls().of(Op::IngestInfo));
    let stepping = tokio::spawn(async move {
        loop {
            let looks = org.calls().of(Op::IngestInfo) > looked;
            // The first is over before there is a second.
            if let [first, _, ..] = org.jobs().as_slice() {
                assert_eq!(first.state, JobState::JobComplete);
                org.progress(Progress::Auto);
                return;
            }
            if looks {
                org.step_jobs();
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    let again = deliver(&cx, &both).await.unwrap().outcomes;
    stepping.await.unwrap();
    // THEN the newer value stays
    assert!(again[4..PEOPLE].iter().all(|one| one[0].answer == Answer::Updated));
    assert_eq!((phones(&world, "1"), phones(&world, "2")), (0, PEOPLE - 1));
}

#[tokio::test]
async fn an_org_that_takes_no_jobs_gets_calls() {
    let mut world = World::new().await;
    let cx = delivery(&world).await;
    let body = r#"[{"errorCode":"FEATURENOTENABLED","message":"no"}]"#.to_owned();
    world.org.fault(Op::IngestCreate, Fault::Refuse { status: 400, body, times: 5 });
    let batch = people(&mut world, 1, "1");
    assert_eq!(all(&cx, &batch).await.iter().filter(|word| *word == "created").count(), PEOPLE - 1);
}
