//! Over which opt-ins people have met already, as the state remembers it.

use std::collections::BTreeSet;

use state::{Changes, State};

/// Those that are remembered under a name. What cannot be understood counts as none.
///
/// # Errors
/// When the state cannot be read.
pub fn recall(state: &State, bookmark: &str) -> Result<BTreeSet<String>, state::Error> {
    let met = state.bookmark(bookmark)?.and_then(|kept| serde_json::from_value(kept).ok());
    Ok(met.unwrap_or_default())
}

/// Remembers them.
///
/// # Errors
/// When the state cannot be written.
pub(super) async fn remember(
    state: &State,
    bookmark: &str,
    met: BTreeSet<String>,
) -> Result<(), state::Error> {
    let mut changes = Changes::new();
    changes.put_bookmark(bookmark, met.into_iter().collect::<Vec<_>>().into());
    let _receipt = state.commit(changes).await?;
    Ok(())
}
