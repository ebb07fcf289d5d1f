//! Tests both sides and, from outside, the state, reading only, and says what does not fit.

mod actions;
mod admin;
mod contact;
mod database;
mod duplicate_rules;
mod finding;
mod flows;
mod intake;
mod look;
mod met;
mod never_filled;
mod org;
mod rights;
mod version;

use model::Clock;

pub use finding::{Finding, Weight, answer, exit};

use crate::config::Config;
use crate::failure::Failure;
use crate::wire;

/// Everything that was found on both sides and of the state. What one side says does not depend on the other being there.
pub async fn check(config: &Config, clock: &Clock) -> Vec<Finding> {
    let (mut findings, database) = tokio::join!(org::check(config, clock), database::check(config));
    findings.extend(database);
    findings.extend(never_filled::check(config, clock).await);
    findings.extend(actions::against_database(config).await);
    findings.extend(intake::check(config, clock));
    findings.extend(admin::check(config));
    findings.extend(wire::state::look(config, clock).err().map(|failure| of_failure("state.dir", &failure)));
    findings
}

/// A failure as a finding: what stops a check part-way is found, too.
fn of_failure(about: &str, failure: &Failure) -> Finding {
    Finding {
        code: failure.code(),
        weight: Weight::Stop(failure.exit()),
        about: about.to_owned(),
        text: failure.to_string(),
        advice: failure.advice(),
    }
}
