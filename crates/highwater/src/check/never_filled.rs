//! Opt-in columns in which nobody says yes: what both sides hold together tells.

use model::Clock;

use super::Finding;
use super::finding::Weight;
use crate::code::contact_fields::NEVER_FILLED;
use crate::config::Config;
use crate::failure::Failure;
use crate::wire;

/// Looks at both sides. A side that does not answer has been named by its own check.
pub(super) async fn check(config: &Config, clock: &Clock) -> Option<Finding> {
    if !config.supporters.kind.is_a_database() {
        return None;
    }
    let never = found(config, clock).await.ok()?;
    let text = || wire::never_filled::told(config, &never);
    (!never.is_empty()).then(|| Finding::new(&NEVER_FILLED, Weight::Warning, "field", text()))
}

async fn found(config: &Config, clock: &Clock) -> Result<Vec<String>, Failure> {
    let org = wire::org::org(config, clock)?;
    let describe = org.describe(config.sync.object.name()).await?;
    let map = wire::field_map::field_map(config, &describe)?;
    let supporters = wire::supporters::to_look(config, &map).await?;
    wire::never_filled::found(config, &org, &*supporters, &map).await
}
