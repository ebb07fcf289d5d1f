//! From `[sync]` and `[matching]` to the cycle's settings.

use std::time::Duration;

use matching::Strength;
use plan::deleted::{DeletedFlags, OnDelete};
use plan::{Exclude, Settings, Twin};

use crate::config::{Config, ExcludeFrom, Find, LinkFrom, Matching, SharedAddress, Whole};

/// The settings of a configuration.
#[must_use]
pub fn settings(config: &Config) -> Settings {
    let sync = &config.sync;
    Settings {
        push: sync.push,
        pull: sync.pull,
        overlap: seconds(sync.overlap_seconds),
        lag: seconds(sync.lag_seconds),
        settle: seconds(sync.settle_seconds),
        supporter_lag: seconds(sync.supporter_lag_seconds),
        newest_tolerance: seconds(sync.newest_tolerance_seconds),
        create_contacts: sync.create_contacts,
        create_supporters: sync.create_supporters,
        match_before_create: sync.match_before_create,
        shared_address: match sync.shared_address {
            SharedAddress::Case => plan::settings::SharedAddress::Case,
            SharedAddress::Create => plan::settings::SharedAddress::Create,
        },
        contact_deleted: on_delete(sync.contact_deleted),
        supporter_deleted: on_delete(sync.supporter_deleted),
        // The column's place is known when the map is.
        deleted_flags: DeletedFlags { column: None, field: config.contact_fields.supporter_deleted.clone() },
        only_own_account: sync.only_own_account,
        exclude: sync
            .exclude
            .iter()
            .map(|exclude| Exclude { field: exclude.field.clone(), values: exclude.values.clone() })
            .collect(),
        exclude_pulls_only: sync.exclude_from == ExcludeFrom::Pull,
        email_fields: config.matching.email_fields.clone(),
        twin: match config.matching.find {
            Find::Fuzzy => Twin::Ours,
            Find::LeverageSalesforce => Twin::Org,
            Find::Auto => Twin::Both,
        },
        matching: matching(&config.matching),
        job_rows: sync.job_rows.count(),
        job_bytes: sync.job_megabytes.get() * 1_000_000,
        direct_calls: sync.direct_calls.count(),
        retry_rounds: sync.retry_rounds.small(),
        retry_cycles: sync.retry_cycles.small(),
        job_deadline: minutes(sync.job_deadline_minutes),
        batch: sync.batch_people.count(),
        directory_from: sync.directory_from_people.count(),
        fresh_for: minutes(sync.fresh_for_minutes),
        page_rows: plan::directory::PAGE_ROWS,
        // Known when the org was asked.
        tracked: Vec::new(),
        circuit_share: sync.circuit_share.get(),
    }
}

fn matching(settings: &Matching) -> matching::Config {
    matching::Config {
        min_auto: match settings.link_from {
            LinkFrom::Probable => Strength::Probable,
            LinkFrom::Strong => Strength::Strong,
            LinkFrom::Exact => Strength::Exact,
        },
        // Contacts are looked up by equal addresses, and of several that fit equally well a person chooses.
        ..matching::Config::default()
    }
}

const fn on_delete(choice: crate::config::OnDelete) -> OnDelete {
    match choice {
        crate::config::OnDelete::Case => OnDelete::Case,
        crate::config::OnDelete::Flag => OnDelete::Flag,
        crate::config::OnDelete::Nothing => OnDelete::Nothing,
    }
}

const fn seconds<const MIN: u64, const MAX: u64>(number: Whole<MIN, MAX>) -> Duration {
    Duration::from_secs(number.get())
}

const fn minutes<const MIN: u64, const MAX: u64>(number: Whole<MIN, MAX>) -> Duration {
    Duration::from_secs(number.get() * 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{COMMENTED_DEFAULTS, parse};

    #[test]
    fn the_shipped_defaults_are_the_cycles_own() {
        let config = parse("highwater.toml", COMMENTED_DEFAULTS).unwrap();
        assert_eq!(format!("{:?}", settings(&config)), format!("{:?}", Settings::default()));
    }
}
