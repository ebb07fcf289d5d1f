//! Opt-in columns in which nobody says yes: what both sides hold together tells.

use model::Clock;

use super::Finding;
use super::met::{self, About};
use crate::code::contact_fields::NEVER_FILLED;
use crate::config::Config;
use crate::failure::Failure;
use crate::wire;

/// Looks at both sides. A side that does not answer has been named by its own check.
pub(super) async fn check(config: &Config, clock: &Clock) -> Vec<Finding> {
    if !config.supporters.kind.is_a_database() {
        return Vec::new();
    }
    let never = found(config, clock).await.unwrap_or_default();
    met::weighed(config, clock, &ABOUT, never).await
}

const ABOUT: About =
    About { code: &NEVER_FILLED, bookmark: wire::never_filled::BOOKMARK, told: wire::never_filled::told };

async fn found(config: &Config, clock: &Clock) -> Result<Vec<String>, Failure> {
    let org = wire::org::org(config, clock)?;
    let describe = org.describe(config.sync.object.name()).await?;
    let map = wire::field_map::field_map(config, &describe)?;
    let supporters = wire::supporters::to_look(config, &map).await?;
    wire::never_filled::found(config, &org, &*supporters, &map).await
}
