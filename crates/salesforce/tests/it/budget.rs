//! Our share of the org's daily requests: what stops, what goes on, and what a restart remembers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use model::Stamp;
use salesforce::{BudgetLimits, ErrorKind, Ledger, Org, Soql, Spent};

use crate::support::{Scripted, job_id, job_in, json, org};

/// Keeps what it is given, or refuses to.
#[derive(Default)]
struct Book {
    kept: Mutex<Spent>,
    full: bool,
}

#[async_trait]
impl Ledger for Book {
    async fn keep(&self, spent: &Spent) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if self.full {
            return Err("no space".into());
        }
        self.kept.lock().unwrap().clone_from(spent);
        Ok(())
    }
}

/// A hundred requests a day, of which others have used `others`; the org's clock stands at `hour`.
#[derive(Clone)]
struct Day {
    hour: Arc<Mutex<i64>>,
    others: u64,
}

impl Day {
    fn with_others(others: u64) -> Self {
        Self { hour: Arc::new(Mutex::new(480_000)), others }
    }

    fn pass(&self, hours: i64) {
        *self.hour.lock().unwrap() += hours;
    }

    fn script(&self) -> Arc<Scripted> {
        let day = self.clone();
        Scripted::new(move |seen, number| {
            let at = Stamp::from_seconds(*day.hour.lock().unwrap() * 3_600).to_utc().unwrap();
            let answer = if seen.line.contains("/jobs/") {
                job_in("InProgress")
            } else {
                json(200, r#"{"totalSize":1,"done":true,"records":[]}"#)
            };
            answer
                .with("sforce-limit-info", &format!("api-usage={}/100", day.others + number as u64 + 1))
                .with("date", &at.to_rfc2822())
        })
    }
}

const LIMITS: BudgetLimits = BudgetLimits { share_percent: 20, reserve_percent: 10 };

async fn begin(org: &Org) -> Result<u64, ErrorKind> {
    org.count(&Soql::count("Contact").unwrap()).await.map_err(|error| error.kind())
}

async fn end(org: &Org) -> Result<(), ErrorKind> {
    org.job(&job_id()).await.map(drop).map_err(|error| error.kind())
}

/// How many calls of a kind leave until one is refused.
async fn begun(org: &Org) -> u64 {
    for calls in 0..1_000 {
        if begin(org).await.is_err() {
            return calls;
        }
    }
    panic!("nothing stops it");
}

/// The same for calls that bring something to its end.
async fn ended(org: &Org) -> u64 {
    for calls in 0..1_000 {
        if end(org).await.is_err() {
            return calls;
        }
    }
    panic!("nothing stops it");
}

#[tokio::test(start_paused = true)]
async fn what_would_begin_stops_first_and_the_share_is_never_passed() {
    let script = Day::with_others(0).script();
    let org = org(&script);
    org.keep_books(LIMITS, Spent::default(), Arc::new(Book::default()));
    assert_eq!(begun(&org).await, 10, "half of twenty is held back for what is begun");
    assert_eq!(begin(&org).await, Err(ErrorKind::ShareUsed));
    assert_eq!(org.may_begin_a_job().await.unwrap_err().kind(), ErrorKind::ShareUsed);
    assert_eq!((ended(&org).await, end(&org).await), (10, Err(ErrorKind::ShareUsed)));
    assert_eq!(script.seen().len(), 20, "a refused request never left");
}

#[tokio::test(start_paused = true)]
async fn a_day_later_the_share_is_whole_again_and_not_an_hour_before() {
    let day = Day::with_others(0);
    let script = day.script();
    let org = org(&script);
    org.keep_books(LIMITS, Spent::default(), Arc::new(Book::default()));
    begun(&org).await;
    day.pass(23);
    // Reading a job's state tells the org's clock and is allowed.
    assert_eq!(end(&org).await, Ok(()));
    assert_eq!(begin(&org).await, Err(ErrorKind::ShareUsed));
    day.pass(2);
    assert_eq!(end(&org).await, Ok(()));
    assert!(begin(&org).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn time_passes_without_any_answer() {
    let script = Day::with_others(0).script();
    let org = org(&script);
    org.keep_books(LIMITS, Spent::default(), Arc::new(Book::default()));
    begun(&org).await;
    ended(&org).await;
    tokio::time::advance(Duration::from_secs(26 * 3_600)).await;
    assert!(begin(&org).await.is_ok(), "a client that may not ask would never learn that a day has passed");
}

#[tokio::test(start_paused = true)]
async fn a_crash_forgets_no_request_and_an_orderly_end_counts_exactly() {
    let day = Day::with_others(0);
    let (script, book) = (day.script(), Arc::new(Book::default()));
    let first = org(&script);
    first.keep_books(LIMITS, Spent::default(), Arc::<Book>::clone(&book));
    for _ in 0..3 {
        begin(&first).await.unwrap();
    }
    // WHEN the process dies here
    let kept = book.kept.lock().unwrap().clone();
    assert!(kept.hours.values().sum::<u64>() >= 3, "{kept:?}");
    // and when it ends in good order
    first.close_books().await.unwrap();
    let kept = book.kept.lock().unwrap().clone();
    assert_eq!(kept.hours.values().sum::<u64>(), 3);
    assert_eq!((kept.max, kept.used_by_all), (Some(100), Some(3)));
    // THEN the next one goes on from there
    let next = org(&script);
    next.keep_books(LIMITS, kept, Arc::<Book>::clone(&book));
    assert_eq!(begun(&next).await, 7);
}

#[tokio::test(start_paused = true)]
async fn what_others_need_is_left_to_them() {
    let script = Day::with_others(88).script();
    let org = org(&script);
    org.keep_books(LIMITS, Spent::default(), Arc::new(Book::default()));
    assert!(begin(&org).await.is_ok());
    assert!(begin(&org).await.is_ok());
    // Ninety of a hundred are used now.
    assert_eq!(begin(&org).await, Err(ErrorKind::ShareUsed));
    assert_eq!(end(&org).await, Ok(()), "what was begun is brought to its end");
    // Minutes later nobody knows what others use: one request asks.
    tokio::time::advance(Duration::from_secs(301)).await;
    assert!(begin(&org).await.is_ok());
    assert_eq!(begin(&org).await, Err(ErrorKind::ShareUsed));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_down_is_not_sent() {
    let script = Day::with_others(0).script();
    let org = org(&script);
    org.keep_books(LIMITS, Spent::default(), Arc::new(Book { full: true, ..Book::default() }));
    assert_eq!(begin(&org).await, Err(ErrorKind::LocalFile));
    assert!(script.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_allowance_that_was_tiny_once_is_asked_about_again() {
    let script = Day::with_others(0).script();
    let org = org(&script);
    let tiny = Spent { max: Some(1), ..Spent::default() };
    org.keep_books(LIMITS, tiny, Arc::new(Book::default()));
    assert!(begin(&org).await.is_ok());
    assert_eq!(ended(&org).await, 19, "the share is of what the org says now");
}

#[tokio::test(start_paused = true)]
async fn one_wrong_date_far_ahead_does_not_hold_the_budget_for_ever() {
    let day = Day::with_others(0);
    let script = day.script();
    let org = org(&script);
    org.keep_books(LIMITS, Spent::default(), Arc::new(Book::default()));
    begin(&org).await.unwrap();
    day.pass(500_000);
    end(&org).await.unwrap();
    ended(&org).await;
    day.pass(-500_000);
    tokio::time::advance(Duration::from_secs(26 * 3_600)).await;
    assert!(begin(&org).await.is_ok());
    assert!(begin(&org).await.is_ok());
}
