//! Schedules where the clocks change.

use std::num::NonZeroU32;

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use model::Stamp;
use proptest::prelude::*;
use service::Schedule;

fn starts(cron: &str, zone: &str, from: &str, until: &str) -> Vec<String> {
    starts_of(&Schedule::cron(cron, zone).unwrap(), zone, from, until)
}

fn starts_of(schedule: &Schedule, zone: &str, from: &str, until: &str) -> Vec<String> {
    let zone: Tz = zone.parse().unwrap();
    let until = Stamp::parse(until).unwrap();
    let mut last = Stamp::parse(from).unwrap();
    let mut starts = Vec::new();
    while let Some(due) = schedule.next_due(Some(last), last).filter(|due| due.at < until) {
        starts.push(due.at.to_utc().unwrap().with_timezone(&zone).format("%d %H:%M %:z").to_string());
        last = due.at;
    }
    starts
}

#[test]
fn in_spring_a_daily_job_in_the_missing_hour_runs_once_after_it() {
    // London: 01:00 to 02:00 of 29 March 2026 do not exist.
    let runs = starts("30 1 * * *", "Europe/London", "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z");
    assert_eq!(runs, ["28 01:30 +00:00", "29 02:00 +01:00", "30 01:30 +01:00"]);
}

#[test]
fn in_autumn_a_daily_job_in_the_repeated_hour_runs_once() {
    // London: 01:00 to 02:00 of 25 October 2026 come twice.
    let runs = starts("30 1 * * *", "Europe/London", "2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z");
    assert_eq!(runs, ["24 01:30 +01:00", "25 01:30 +01:00", "26 01:30 +00:00"]);
}

#[test]
fn an_hourly_job_runs_every_hour_that_passes_both_ways() {
    let spring = starts("0 * * * *", "Europe/London", "2026-03-28T23:30:00Z", "2026-03-29T03:30:00Z");
    assert_eq!(spring, ["29 00:00 +00:00", "29 02:00 +01:00", "29 03:00 +01:00", "29 04:00 +01:00"]);
    let autumn = starts("0 * * * *", "Europe/London", "2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z");
    assert_eq!(autumn, ["25 01:00 +01:00", "25 01:00 +00:00", "25 02:00 +00:00"]);
}

#[test]
fn an_interval_takes_no_notice_of_clock_changes() {
    let hourly = Schedule::every(NonZeroU32::new(60).unwrap());
    let runs = starts_of(&hourly, "America/New_York", "2026-11-01T04:30:00Z", "2026-11-01T08:30:00Z");
    assert_eq!(runs, ["01 01:00 -04:00", "01 01:00 -05:00", "01 02:00 -05:00", "01 03:00 -05:00"]);
}

/// When a daily job should begin on a day: at that time, the first time it comes, or as soon as the clocks have jumped over it.
fn expected(zone: Tz, day: NaiveDate, hour: u32, minute: u32) -> DateTime<Utc> {
    let wanted = day.and_hms_opt(hour, minute, 0).unwrap();
    if let Some(first) = zone.from_local_datetime(&wanted).earliest() {
        return first.to_utc();
    }
    // In a gap: minute by minute from before it, the first instant whose local time is past what was wanted.
    let before = Utc.from_utc_datetime(&(wanted - chrono::TimeDelta::hours(16)));
    (0..32 * 60)
        .map(|minutes| before + chrono::TimeDelta::minutes(minutes))
        .find(|instant| instant.with_timezone(&zone).naive_local() >= wanted)
        .unwrap()
}

/// Half-hour changes, changes at midnight, changes of the whole offset, and plain ones, of both hemispheres.
const ZONES: [&str; 8] = [
    "Europe/London",
    "America/New_York",
    "America/Santiago",
    "America/Havana",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "Africa/Casablanca",
    "Pacific/Auckland",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_daily_job_runs_once_on_every_day_of_a_year(
        zone in prop::sample::select(ZONES.to_vec()), year in 2005_i32..2036, hour in 0_u32..24, minute in 0_u32..60,
    ) {
        let zone: Tz = zone.parse().unwrap();
        let schedule = Schedule::cron(&format!("{minute} {hour} * * *"), zone.name()).unwrap();
        let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        let mut last: Stamp = (expected(zone, first, hour, minute) - chrono::TimeDelta::minutes(1)).into();
        for day in first.iter_days().take(366) {
            let due = schedule.next_due(Some(last), last).unwrap();
            prop_assert_eq!(due.at, Stamp::from(expected(zone, day, hour, minute)), "{} in {}", day, zone);
            last = due.at;
        }
    }
}
