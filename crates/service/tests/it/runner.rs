//! One run at a time, in held time.

use std::cell::RefCell;
use std::future::Future;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::Duration;

use model::Stamp;
use service::{Handle, NotRun, Runner, Schedule, Trigger};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

const MINUTE: Duration = Duration::from_secs(60);

/// What the job saw: `begin x` and `end x`, with minutes since the start.
type Seen = Rc<RefCell<Vec<String>>>;

/// The wall clock of a paused runtime: 12:30, moving with tokio's time.
fn wall() -> impl Fn() -> Stamp {
    let began = Instant::now();
    let base = Stamp::parse("2026-10-05T12:30:00Z").unwrap();
    move || base.plus(began.elapsed())
}

/// Runs `test` against a runner whose job takes `takes` and answers with what it was asked for.
async fn with_runner<F: Future<Output = ()>>(
    every_minutes: Option<u32>,
    last: Option<&str>,
    takes: Duration,
    test: impl FnOnce(Handle<String, String>, CancellationToken, Seen) -> F,
) {
    let schedule = every_minutes.and_then(NonZeroU32::new).map(Schedule::every);
    let (runner, handle) = Runner::new(schedule, last.map(|text| Stamp::parse(text).unwrap()));
    let (stop, seen) = (CancellationToken::new(), Seen::default());
    let began = Instant::now();
    let log = Rc::clone(&seen);
    let job = move |request: String, _stop| {
        let log = Rc::clone(&log);
        let note = move |what: &str, request: &str| {
            log.borrow_mut().push(format!("{what} {request} {}", began.elapsed().as_secs() / 60));
        };
        async move {
            note("begin", &request);
            sleep(takes).await;
            note("end", &request);
            request
        }
    };
    LocalSet::new()
        .run_until(async {
            let work = runner.work(wall(), || "due".to_owned(), job, stop.clone());
            let work = tokio::task::spawn_local(work);
            // Held time: a day passes at once when nobody has anything to do, and then something is stuck.
            let tested = tokio::time::timeout(MINUTE * 1_440, test(handle, stop.clone(), seen)).await;
            tested.expect("the test ends within a day of held time");
            stop.cancel();
            work.await.unwrap();
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn the_schedule_starts_a_run_at_each_slot() {
    with_runner(Some(60), None, MINUTE, |handle, _, seen| async move {
        sleep(MINUTE * 125).await;
        assert_eq!(*seen.borrow(), ["begin due 30", "end due 31", "begin due 90", "end due 91"]);
        let status = handle.status();
        assert_eq!(status.next, Some(Stamp::parse("2026-10-05T15:00:00Z").unwrap()));
        assert_eq!((status.runs, status.running), (2, None));
        let last = status.last.unwrap();
        assert_eq!((last.trigger, last.outcome.as_str()), (Trigger::Schedule, "due"));
        assert_eq!(last.ended.since(last.began), MINUTE);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn slots_missed_while_the_service_was_down_make_one_run_at_once() {
    with_runner(Some(60), Some("2026-10-05T08:00:00Z"), MINUTE, |_, _, seen| async move {
        sleep(MINUTE * 29).await;
        assert_eq!(*seen.borrow(), ["begin due 0", "end due 1"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn slots_missed_during_a_long_run_make_one_run_after_it() {
    with_runner(Some(60), None, MINUTE * 150, |_, _, seen| async move {
        sleep(MINUTE * 331).await;
        assert_eq!(
            *seen.borrow(),
            ["begin due 30", "end due 180", "begin due 180", "end due 330", "begin due 330"]
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_manual_run_waits_for_the_one_that_is_going_on() {
    with_runner(Some(60), None, MINUTE * 10, |handle, _, seen| async move {
        // GIVEN a scheduled run that began at 13:00
        sleep(MINUTE * 35).await;
        assert_eq!(handle.status().running.unwrap().trigger, Trigger::Schedule);
        // WHEN two people ask for runs of their own
        let (one, two) = tokio::join!(handle.run("one".into()), handle.run("two".into()));
        // THEN each gets the outcome of their own, one after the other
        assert_eq!((one.as_deref(), two.as_deref()), (Ok("one"), Ok("two")));
        assert_eq!(
            *seen.borrow(),
            ["begin due 30", "end due 40", "begin one 40", "end one 50", "begin two 50", "end two 60"]
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn neither_schedule_nor_people_keep_each_other_out() {
    // GIVEN runs that take longer than the schedule's interval, and two people in the queue
    with_runner(Some(10), None, MINUTE * 15, |handle, _, seen| async move {
        sleep(MINUTE * 11).await;
        let (one, two) = tokio::join!(handle.run("one".into()), handle.run("two".into()));
        // THEN schedule and people take turns
        assert_eq!((one.as_deref(), two.as_deref()), (Ok("one"), Ok("two")));
        let log = seen.borrow();
        let begun: Vec<&String> = log.iter().filter(|line| line.starts_with("begin")).take(4).collect();
        assert_eq!(begun, ["begin due 10", "begin one 25", "begin due 40", "begin two 55"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_when_whoever_asked_has_left() {
    with_runner(None, None, MINUTE, |handle, _, seen| async move {
        let asked = tokio::time::timeout(MINUTE / 2, handle.run("left".into())).await;
        assert!(asked.is_err(), "the one who asked left before the end");
        sleep(MINUTE).await;
        assert_eq!(*seen.borrow(), ["begin left 0", "end left 1"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_instead_of_growing() {
    with_runner(None, None, MINUTE, |handle, _, _| async move {
        let going = handle.run("first".into());
        tokio::pin!(going);
        assert!(tokio::time::timeout(MINUTE / 2, &mut going).await.is_err());
        let waiting: Vec<_> = (0..service::runner::QUEUE)
            .map(|n| {
                let handle = handle.clone();
                tokio::task::spawn_local(async move { handle.run(n.to_string()).await })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(handle.waiting(), service::runner::QUEUE);
        assert_eq!(handle.run("too many".into()).await, Err(NotRun::QueueFull));
        for (n, asked) in waiting.into_iter().enumerate() {
            assert_eq!(asked.await.unwrap(), Ok(n.to_string()));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn stopping_lets_the_current_run_end_and_refuses_the_rest() {
    with_runner(None, None, MINUTE, |handle, stop, seen| async move {
        let asked = async { tokio::join!(handle.run("going".into()), handle.run("waiting".into())) };
        let ((going, waiting), ()) = tokio::join!(asked, async {
            handle.when(|status| status.running.is_some()).await.unwrap();
            stop.cancel();
        });
        assert_eq!((going.as_deref(), waiting), (Ok("going"), Err(NotRun::Stopping)));
        assert_eq!(handle.run("late".into()).await, Err(NotRun::Stopping));
        assert_eq!(*seen.borrow(), ["begin going 0", "end going 1"]);
        assert!(handle.status().stopping);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_job_gets_the_token_that_is_cancelled() {
    let (runner, handle) = Runner::<(), bool>::new(None, None);
    let stop = CancellationToken::new();
    let job = |(), token: CancellationToken| async move {
        token.cancelled().await;
        true
    };
    let work = runner.work(wall(), || (), job, stop.clone());
    let ((), outcome, ()) = tokio::join!(work, handle.run(()), async {
        handle.when(|status| status.running.is_some()).await.unwrap();
        stop.cancel();
    });
    assert_eq!(outcome, Ok(true));
}

#[tokio::test(start_paused = true)]
async fn a_suspended_machine_runs_what_it_missed_within_a_nap() {
    // GIVEN a wall clock that jumps three hours ahead while tokio's time stands: the machine was suspended
    let clock = model::Clock::held(Stamp::parse("2026-10-05T12:30:00Z").unwrap());
    let (runner, handle) = Runner::<(), ()>::new(NonZeroU32::new(60).map(Schedule::every), None);
    let stop = CancellationToken::new();
    let now = {
        let clock = clock.clone();
        move || clock.now()
    };
    let work = runner.work(now, || (), |(), _| async {}, stop.clone());
    let began = Instant::now();
    let test = async {
        handle.when(|status| status.next.is_some()).await.unwrap();
        clock.advance(MINUTE * 180);
        // THEN one run takes place within the next half minute
        handle.when(|status| status.runs == 1).await.unwrap();
        assert!(began.elapsed() <= Duration::from_secs(30));
        sleep(MINUTE * 5).await;
        assert_eq!(handle.status().runs, 1);
        stop.cancel();
    };
    let both = async { tokio::join!(work, test) };
    tokio::time::timeout(MINUTE * 60, both).await.expect("the run begins within an hour of held time");
}
