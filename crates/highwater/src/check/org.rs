//! The org: login, identity, version, allowances, clock, what the Contact looks like, and how the org is set up.

use std::time::Duration;

use model::{Clock, PersonObject, UserId};
use salesforce::{Describe, Limit, Limits, Org};

use super::finding::{Finding, Weight};
use super::met::{self, About};
use super::{actions, contact, duplicate_rules, flows, of_failure, rights, version};
use crate::code::configuration::FIELD_MAP;
use crate::code::contact_fields as code;
use crate::config::Config;
use crate::failure::Failure;
use crate::wire;

/// How far this machine's clock may be from the org's.
const SKEW: Duration = Duration::from_secs(60);

/// What is found on the org's side.
pub(super) async fn check(config: &Config, clock: &Clock) -> Vec<Finding> {
    let mut findings = Vec::new();
    let found = match wire::org::impatient(config, clock) {
        Ok(org) => asked(config, clock, &org, &mut findings).await,
        Err(failure) => Err(failure),
    };
    if let Err(failure) = found {
        findings.push(of_failure("org", &failure));
    }
    findings
}

async fn asked(
    config: &Config,
    clock: &Clock,
    org: &Org,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    wire::org::recognised(config, org).await?;
    let identity = org.identity().await?;
    let text = format!("org {}, user {} ({})", identity.org_id, identity.username, identity.user_id);
    let named = config.salesforce.expected_org_id.is_some();
    let weight = if named { Weight::Note } else { Weight::Warning };
    findings.push(
        Finding::new(&code::ORG, weight, "org", text)
            .advise(format!("add expected_org_id = \"{}\" to [salesforce]", identity.org_id)),
    );
    findings.extend(skew(clock, org));
    findings.extend(version::check(org).await?);
    let limits = org.limits().await?;
    findings.extend(allowances(&limits));
    findings.extend(limits.daily_api_requests().map(|limit| share(config, limit)));
    if config.supporters.kind.is_a_database() {
        return people(config, clock, org, identity.user_id, findings).await;
    }
    rights::of_user(org, identity.user_id, findings).await?;
    findings.extend(actions::against_org(config, org).await?);
    Ok(())
}

/// The object that is kept in step, and what of the org has to do with it.
async fn people(
    config: &Config,
    clock: &Clock,
    org: &Org,
    user: UserId,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    let describe = org.describe(config.sync.object.name()).await?;
    let rights = rights::check(org, user, config.sync.object, findings).await?;
    findings.extend(contact::check(config, &describe, &rights));
    findings.extend(map_as_a_whole(config, &describe));
    findings.extend(never_ticked(config, clock, org, &describe).await?);
    findings.extend(actions::against_org(config, org).await?);
    findings.extend(duplicate_rules::check(org, config.sync.object, &describe).await?);
    let now = org.server_time().unwrap_or_else(|| clock.now());
    if config.sync.object == PersonObject::Contact {
        findings.extend(flows::check(config, org, &describe, (user, now)).await?);
    }
    Ok(())
}

/// Rules that each fit the org and contradict each other. A field that is not there or of no usable type is named by itself.
fn map_as_a_whole(config: &Config, describe: &Describe) -> Option<Finding> {
    let failure = wire::field_map::field_map(config, describe).err()?;
    (failure.code() == &FIELD_MAP).then(|| of_failure("field", &failure))
}

const NEVER_TICKED: About = About {
    code: &code::NEVER_TICKED,
    bookmark: wire::never_ticked::BOOKMARK,
    told: wire::never_ticked::told,
};

/// Opt-ins over which people would lose their yes.
async fn never_ticked(
    config: &Config,
    clock: &Clock,
    org: &Org,
    describe: &Describe,
) -> Result<Vec<Finding>, Failure> {
    let Ok(map) = wire::field_map::field_map(config, describe) else { return Ok(Vec::new()) };
    let never = wire::never_ticked::found(config, org, &map).await?;
    Ok(met::weighed(config, clock, &NEVER_TICKED, never).await)
}

fn skew(clock: &Clock, org: &Org) -> Option<Finding> {
    let (ours, theirs) = (clock.now(), org.server_time()?);
    let apart = ours.since(theirs).max(theirs.since(ours));
    (apart > SKEW).then(|| {
        let text = format!("this machine's clock and the org's are {} seconds apart", apart.as_secs());
        Finding::new(&code::CLOCK, Weight::Warning, "clock", text)
    })
}

fn allowances(limits: &Limits) -> Vec<Finding> {
    let known = [
        ("API requests a day", limits.daily_api_requests()),
        ("Bulk batches a day", limits.daily_bulk_batches()),
        ("Bulk query jobs a day", limits.daily_query_jobs()),
    ];
    known.into_iter().filter_map(|(name, limit)| Some(allowance(name, limit?))).collect()
}

/// An hourly cycle with nothing to do takes six requests, and the largest of an evening several hundred.
const SMALL_SHARE: u64 = 500;

fn share(config: &Config, limit: Limit) -> Finding {
    let percent = config.budget.share_percent.get();
    let share = limit.max.saturating_mul(percent) / 100;
    let weight = if share < SMALL_SHARE { Weight::Warning } else { Weight::Note };
    let text = format!("{percent} % of the API requests are {share} a day, and more are never used");
    Finding::new(&code::OUR_SHARE, weight, "budget", text)
}

fn allowance(name: &str, limit: Limit) -> Finding {
    let low = limit.remaining < limit.max / 10;
    let weight = if low { Weight::Warning } else { Weight::Note };
    let text = format!("{} of {} are left", limit.remaining, limit.max);
    Finding::new(&code::ALLOWANCE_LOW, weight, name, text)
}
