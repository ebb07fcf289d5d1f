//! Our share of the org's daily requests is never passed, nothing is left half done, and the next day goes on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use e2e::{Harness, Person, World};
use plan::Fatal;
use salesforce::{BudgetLimits, ErrorKind, Ledger, Spent};
use service::request::Mode;
use simorg::{JobState, Op, Progress};

/// The org's requests in these stories, and our share of them.
const ALLOWANCE: u64 = 600;
const SHARE: u64 = 120;
const PEOPLE: i64 = 600;

/// What survives a restart.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Spent>>);

#[async_trait]
impl Ledger for Book {
    async fn keep(&self, spent: &Spent) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone_from(spent);
        Ok(())
    }
}

impl Book {
    fn open(&self, h: &Harness) {
        let spent = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let limits = BudgetLimits { share_percent: 20, reserve_percent: 10 };
        h.sides.org.keep_books(limits, spent, Arc::new(self.clone()));
    }
}

async fn town(rows_in_a_job: usize) -> (Harness, Book) {
    let mut world = World { on_disk: true, ..World::default() };
    world.org.limits.daily_api = ALLOWANCE;
    world.settings.job_rows = rows_in_a_job;
    world.settings.directory_from = 10_000;
    let h = Harness::start_in(world).await;
    sqlx::query("BEGIN").execute(&h.pool).await.expect("begun");
    for id in 1..=PEOPLE {
        h.supporter(&Person::new(id, "Jo", "Doe", &format!("p{id}@example.org"))).await;
    }
    sqlx::query("COMMIT").execute(&h.pool).await.expect("committed");
    let book = Book::default();
    book.open(&h);
    (h, book)
}

/// What the org has counted as ours, signing in left out.
fn used(h: &Harness) -> u64 {
    let calls = h.org.admin().calls();
    calls.total - calls.of(Op::Token)
}

fn kind(error: &Fatal) -> Option<ErrorKind> {
    if let Fatal::Salesforce(error) = error { Some(error.kind()) } else { None }
}

#[tokio::test]
async fn more_work_than_the_share_allows_is_done_over_days() {
    // GIVEN work for some 200 requests, and a share of 120 a day
    let (mut h, book) = town(20).await;
    let mut days = 0;
    loop {
        h.org.admin().reset_calls();
        // WHEN cycles run every quarter of an hour, each in a process of its own
        let mut refused = 0;
        for _ in 0..4 {
            let ended = h.try_run(Mode::Sync).await;
            if let Err(error) = &ended {
                assert_eq!(kind(error), Some(ErrorKind::ShareUsed), "{error}");
                refused += 1;
            }
            assert!(h.sides.state.journal().expect("readable").is_empty(), "a job was left half done");
            h.restart().await;
            book.open(&h);
            h.org.admin().clock().advance(Duration::from_secs(900));
        }
        // THEN no day costs more than the share
        assert!(used(&h) <= SHARE, "day {days}: {} requests", used(&h));
        days += 1;
        if refused == 0 {
            break;
        }
        assert!(days < 10, "it never comes to an end");
        h.org.admin().clock().advance(Duration::from_secs(25 * 3_600));
    }
    // AND in the end everybody is there, once
    assert!(days > 1, "all of it fitted into one day");
    assert_eq!(h.contacts().len(), usize::try_from(PEOPLE).expect("few"));
    assert_eq!(h.org.admin().all_records("Contact").len(), usize::try_from(PEOPLE).expect("few"));
}

#[tokio::test]
async fn a_job_under_way_is_kept_when_others_burn_the_allowance_and_settled_later() {
    let (mut h, book) = town(5_000).await;
    let admin = h.org.admin();
    admin.progress(Progress::Stepped);
    // GIVEN a job that is closed and runs
    let org = h.org.admin();
    let burns = async {
        while !org.jobs().iter().any(|job| job.state == JobState::UploadComplete) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // WHEN others use up whatever is left
        org.configure(|settings| settings.limits.daily_api = 1);
    };
    let (ended, ()) = tokio::join!(h.try_run(Mode::Push), burns);
    let error = ended.expect_err("nothing can be asked any more");
    assert_eq!(kind(&error), Some(ErrorKind::RequestLimit), "{error}");
    // THEN the job is kept
    assert_eq!(h.sides.state.journal().expect("readable").len(), 1);
    while admin.step_jobs() > 0 {}
    // AND the next day settles it: nobody is sent a second time
    admin.configure(|settings| settings.limits.daily_api = ALLOWANCE);
    admin.clock().advance(Duration::from_secs(25 * 3_600));
    admin.progress(Progress::Auto);
    h.restart().await;
    book.open(&h);
    admin.reset_calls();
    let report = h.sync().await;
    assert_eq!((report.jobs, report.rows.sent), (0, u64::try_from(PEOPLE).expect("few")), "{report:?}");
    assert_eq!(h.contacts().len(), usize::try_from(PEOPLE).expect("few"));
    assert_eq!(admin.calls().of(Op::IngestCreate), 0);
    let quiet = h.sync().await;
    assert!(quiet.wrote_nothing(), "{quiet:?}");
}
