//! When a run is due, apart from time zones.

use std::num::NonZeroU32;
use std::time::Duration;

use model::Stamp;
use proptest::prelude::*;
use service::{InvalidSchedule, Schedule};

const HOUR: Duration = Duration::from_secs(3_600);

fn at(text: &str) -> Stamp {
    Stamp::parse(text).unwrap()
}

fn utc(cron: &str) -> Schedule {
    Schedule::cron(cron, "UTC").unwrap()
}

fn every(minutes: u32) -> Schedule {
    Schedule::every(NonZeroU32::new(minutes).expect("more than none"))
}

fn hourly() -> Schedule {
    every(60)
}

#[test]
fn an_hourly_schedule_means_every_full_hour() {
    for schedule in [hourly(), utc("0 * * * *"), utc("@hourly")] {
        let due = schedule.next_due(None, at("2026-10-05T12:34:56Z")).unwrap();
        assert_eq!((due.at, due.overdue), (at("2026-10-05T13:00:00Z"), false), "{schedule}");
    }
}

#[test]
fn a_run_covers_the_slot_it_began_in() {
    let due = hourly().next_due(Some(at("2026-10-05T13:00:00Z")), at("2026-10-05T13:00:00Z")).unwrap();
    assert_eq!(due.at, at("2026-10-05T14:00:00Z"));
}

#[test]
fn three_missed_hours_collapse_into_one_run_at_once() {
    // GIVEN an hourly schedule, and a machine that was off from ten to half past one
    let (schedule, last, now) = (hourly(), at("2026-10-05T10:00:00Z"), at("2026-10-05T13:30:00Z"));
    // WHEN it comes back THEN one run is due at once
    let due = schedule.next_due(Some(last), now).unwrap();
    assert_eq!((due.at, due.overdue), (now, true));
    // AND the one after it is due at its own time
    let next = schedule.next_due(Some(now), now).unwrap();
    assert_eq!((next.at, next.overdue), (at("2026-10-05T14:00:00Z"), false));
}

#[test]
fn a_clock_set_back_by_seconds_does_not_run_a_slot_twice() {
    let (last, now) = (at("2026-10-05T13:00:00Z"), at("2026-10-05T12:59:58Z"));
    assert_eq!(hourly().next_due(Some(last), now).unwrap().at, at("2026-10-05T14:00:00Z"));
}

#[test]
fn a_last_run_far_in_the_future_does_not_silence_the_schedule() {
    let (last, now) = (at("2031-01-01T00:00:00Z"), at("2026-10-05T12:10:00Z"));
    assert_eq!(hourly().next_due(Some(last), now).unwrap().at, at("2026-10-05T13:00:00Z"));
}

#[test]
fn a_delayed_slot_is_still_waited_for_after_a_restart_within_its_delay() {
    // GIVEN a delayed slot whose own time is over but whose delay is not
    let schedule = hourly().with_jitter(HOUR / 2, "north");
    let last = at("2026-10-05T10:45:00Z");
    let first = schedule.next_due(Some(last), last).unwrap();
    assert!(first.at > first.slot.plus(Duration::from_secs(1)), "this name and slot must draw some delay");
    // WHEN it is asked again just before the delayed time
    let again = schedule.next_due(Some(last), first.at.minus(Duration::from_secs(1))).unwrap();
    // THEN the answer is the same
    assert_eq!(again, first);
}

#[test]
fn what_is_no_schedule_is_refused_with_the_reason() {
    for text in ["", "soon", "1h30m", "90"] {
        assert!(matches!(Schedule::cron(text, "UTC"), Err(InvalidSchedule::Cron { .. })), "{text}");
    }
    assert!(matches!(Schedule::cron("61 * * * *", "UTC"), Err(InvalidSchedule::Cron { .. })));
    assert!(matches!(Schedule::cron("* * * * * *", "UTC"), Err(InvalidSchedule::Cron { .. })));
    assert!(matches!(Schedule::cron("@sometimes", "UTC"), Err(InvalidSchedule::Cron { .. })));
    assert!(matches!(Schedule::cron("0 0 30 2 *", "UTC"), Err(InvalidSchedule::Never(_))));
    assert!(matches!(Schedule::cron("@hourly", "Atlantis/Centre"), Err(InvalidSchedule::Zone(_))));
}

#[test]
fn a_schedule_says_what_it_is() {
    assert_eq!(every(90).to_string(), "every 1h30m");
    let weekly = Schedule::cron("0 7 * * MON", "Europe/London").unwrap();
    assert_eq!(weekly.to_string(), "cron 0 7 * * MON in Europe/London");
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    let cron = prop::sample::select(vec!["*/5 * * * *", "0 * * * *", "30 2 * * *", "@weekly", "0 0 29 2 *"]);
    let zone = prop::sample::select(vec!["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe"]);
    let cron = (cron, zone).prop_map(|(text, zone)| Schedule::cron(text, zone).expect("it is one"));
    let times = prop_oneof![cron, (1_u32..=10_080).prop_map(every)];
    (times, 0_u64..7_200, "[a-z]{0,8}")
        .prop_map(|(times, jitter, name)| times.with_jitter(Duration::from_secs(jitter), &name))
}

/// 2000 to 2037: what the zone tables know.
fn any_second() -> impl Strategy<Value = Stamp> {
    (946_684_800_i64..2_145_916_800).prop_map(Stamp::from_seconds)
}

proptest! {
    #[test]
    fn a_run_is_never_due_in_the_past_and_its_slot_is_later_than_the_last(
        schedule in any_schedule(), last in any_second(), away in 0_u64..40_000_000,
    ) {
        let now = last.plus(Duration::from_secs(away));
        let due = schedule.next_due(Some(last), now).unwrap();
        prop_assert!(due.at >= now);
        prop_assert!(due.slot > last);
        prop_assert!(due.at >= due.slot);
        prop_assert_eq!(schedule.next_due(Some(last), now), Some(due), "the same question, another answer");
    }

    #[test]
    fn running_when_due_runs_each_slot_once_and_in_order(schedule in any_schedule(), start in any_second()) {
        let mut last = start;
        let mut slot = start;
        for _ in 0..20 {
            let due = schedule.next_due(Some(last), last).unwrap();
            prop_assert!(due.slot > slot, "a slot ran twice");
            prop_assert!(!due.overdue);
            (last, slot) = (due.at, due.slot);
        }
    }

    #[test]
    fn jitter_delays_but_never_into_the_next_slot(schedule in any_schedule(), from in any_second()) {
        let this = schedule.next_due(Some(from), from).unwrap();
        let next = schedule.next_due(Some(this.slot), this.slot).unwrap();
        prop_assert!(this.at < next.slot);
    }

    #[test]
    fn however_long_it_was_away_one_run_makes_up_for_it(
        schedule in any_schedule(), last in any_second(), away in 0_u64..40_000_000,
    ) {
        let now = last.plus(Duration::from_secs(away));
        let due = schedule.next_due(Some(last), now).unwrap();
        let next = schedule.next_due(Some(due.at), due.at).unwrap();
        prop_assert!(next.slot > due.at && !next.overdue);
    }

    #[test]
    fn parsing_never_panics(text in ".{0,40}", zone in "[A-Za-z/_]{0,24}") {
        let _ = Schedule::cron(&text, "UTC");
        let _ = Schedule::cron("@hourly", &zone);
    }

    #[test]
    fn cron_like_text_never_panics(text in "[0-9*/,LW#?+@A-Z -]{0,30}") {
        if let Ok(schedule) = Schedule::cron(&text, "Europe/London") {
            prop_assert!(schedule.next_due(None, Stamp::from_seconds(1_800_000_000)).is_some());
        }
    }
}
