//! The admin page: whether it could be shown.

use super::{Finding, of_failure};
use crate::config::Config;
use crate::wire;

/// What stands in the way of `[admin]`. The port is not tried: a running service has it.
pub(super) fn check(config: &Config) -> Vec<Finding> {
    if config.admin.listen.is_none() {
        return Vec::new();
    }
    let password = wire::admin::password(config);
    password.err().map(|failure| of_failure("admin", &failure)).into_iter().collect()
}
