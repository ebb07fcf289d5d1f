//! What this client has used of the org: calls, bytes, and the org's own count as its answers tell it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use model::Stamp;
use tokio::time::Instant;

use crate::call::Call;

/// Calls and bytes since the client was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests that left, by kind, repeats included.
    pub by_call: BTreeMap<Call, u64>,
    /// Bytes of request bodies.
    pub bytes_out: u64,
    /// Bytes of answer bodies, as they came over the wire.
    pub bytes_in: u64,
    /// `Sforce-Limit-Info: api-usage=used/max` of the newest answer that carried it: used in the last 24 hours.
    pub api_used: Option<u64>,
    /// The org's daily allowance.
    pub api_max: Option<u64>,
    /// Our requests since that header was seen: to be added to `api_used`.
    pub since_header: u64,
}

impl Usage {
    /// All requests. Logging in does not count against the org's allowance, but is counted here.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_call.values().sum()
    }

    /// Requests of one kind.
    #[must_use]
    pub fn of(&self, call: Call) -> u64 {
        self.by_call.get(&call).copied().unwrap_or(0)
    }
}

/// The running counts.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    usage: Usage,
    /// The org's clock, and when it was told.
    clock: Option<(Stamp, Instant)>,
    /// When the org's own count was told.
    counted: Option<Instant>,
}

impl Meter {
    fn with<T>(&self, act: impl FnOnce(&mut Counts) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn sent(&self, call: Call, bytes: u64) {
        self.with(|Counts { usage, .. }| {
            *usage.by_call.entry(call).or_default() += 1;
            usage.bytes_out += bytes;
            usage.since_header += 1;
        });
    }

    pub(crate) fn received(&self, bytes: u64) {
        self.with(|counts| counts.usage.bytes_in += bytes);
    }

    pub(crate) fn answered(&self, headers: &HeaderMap) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let date = text("date").and_then(|date| Stamp::parse(date).ok());
        let limit = text("sforce-limit-info").and_then(api_usage);
        self.with(|Counts { usage, clock, counted }| {
            if let Some(date) = date {
                *clock = Some((date, Instant::now()));
            }
            if let Some((used, max)) = limit {
                usage.api_used = Some(used);
                usage.api_max = Some(max);
                usage.since_header = 0;
                *counted = Some(Instant::now());
            }
        });
    }

    pub(crate) fn usage(&self) -> Usage {
        self.with(|counts| counts.usage.clone())
    }

    pub(crate) fn server_time(&self) -> Option<Stamp> {
        self.with(|counts| counts.clock.map(|(date, _)| date))
    }

    /// The same, if the answer that told it came no longer ago than this.
    pub(crate) fn server_time_within(&self, age: Duration) -> Option<Stamp> {
        self.with(|counts| counts.clock.filter(|(_, seen)| seen.elapsed() <= age).map(|(date, _)| date))
    }

    /// The org's clock now: as it was told last, and the time since.
    pub(crate) fn server_time_now(&self) -> Option<Stamp> {
        self.with(|counts| counts.clock.map(|(date, seen)| date.plus(seen.elapsed())))
    }

    /// What everybody has used of the org's daily requests, and how many there are, if that was told no longer ago than this.
    pub(crate) fn org_count_within(&self, age: Duration) -> Option<(u64, u64)> {
        self.with(|Counts { usage, counted, .. }| {
            counted.filter(|seen| seen.elapsed() <= age)?;
            Some((usage.api_used?.saturating_add(usage.since_header), usage.api_max?))
        })
    }
}

/// `api-usage=18/5000`, alone or with `; per-app-api-usage=17/250(appName=x)`.
fn api_usage(header: &str) -> Option<(u64, u64)> {
    let part = header.split([';', ',']).map(str::trim).find_map(|part| part.strip_prefix("api-usage="))?;
    let (used, max) = part.split_once('/')?;
    Some((used.trim().parse().ok()?, max.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_header_is_read_with_and_without_the_per_app_part() {
        assert_eq!(api_usage("api-usage=18/5000"), Some((18, 5000)));
        assert_eq!(
            api_usage("api-usage=18/5000; per-app-api-usage=17/250(appName=sample)"),
            Some((18, 5000))
        );
        assert_eq!(api_usage("per-app-api-usage=17/250(appName=x); api-usage=1/2"), Some((1, 2)));
        for bad in ["", "api-usage=", "api-usage=/", "api-usage=-1/5", "per-app-api-usage=1/2"] {
            assert_eq!(api_usage(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_limit_header_is_survived(header in ".{0,60}") {
            let _ = api_usage(&header);
        }
    }
}
