//! The way in for events: whether it could open.

use model::Clock;

use super::{Finding, of_failure};
use crate::config::Config;
use crate::wire;

/// What stands in the way of `[intake]`. Nothing is opened: a running service has it open.
pub(super) fn check(config: &Config, clock: &Clock) -> Vec<Finding> {
    if !config.intake.is_on() {
        return Vec::new();
    }
    let options = wire::intake::options(config, clock);
    options.err().map(|failure| of_failure("intake", &failure)).into_iter().collect()
}
