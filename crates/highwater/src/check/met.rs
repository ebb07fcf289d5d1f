//! Opt-ins over which a first meeting would take consents back: in the way, until the state remembers that people have met.

use std::collections::BTreeSet;

use model::Clock;

use super::Finding;
use super::finding::Weight;
use crate::code::Code;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::wire;

/// What the findings share, and how the names in them are told.
pub(super) struct About {
    pub(super) code: &'static Code,
    pub(super) bookmark: &'static str,
    pub(super) told: fn(&Config, &[String]) -> String,
}

/// One finding for those that stand in the way of every cycle, and one for those that only look odd.
pub(super) async fn weighed(
    config: &Config,
    clock: &Clock,
    about: &About,
    found: Vec<String>,
) -> Vec<Finding> {
    if found.is_empty() {
        return Vec::new();
    }
    let finding = |weight, names: &[String]| {
        let text = (about.told)(config, names);
        (!names.is_empty()).then(|| Finding::new(about.code, weight, "field", text))
    };
    let Some(met) = remembered(config, clock, about.bookmark).await else {
        let unseen = |finding: Finding| Finding {
            text: format!(
                "{} (whether the state has an answer is not seen while others use it)",
                finding.text
            ),
            ..finding
        };
        return finding(Weight::Warning, &found).map(unseen).into_iter().collect();
    };
    let (met, new): (Vec<String>, Vec<String>) = found.into_iter().partition(|name| met.contains(name));
    [finding(Weight::Stop(Exit::Usage), &new), finding(Weight::Warning, &met)].into_iter().flatten().collect()
}

/// Those that the state remembers; none where there is no state. `None`: a service or another command has it open.
async fn remembered(config: &Config, clock: &Clock, bookmark: &str) -> Option<BTreeSet<String>> {
    if matches!(wire::state::exists(&config.state_dir()), Ok(false)) {
        return Some(BTreeSet::new());
    }
    match wire::state::open(config, clock).await {
        Ok(state) => wire::met::recall(&state, bookmark).ok(),
        Err(Failure::State(state::Error::Refused(state::Refusal::InUse(_)))) => None,
        // A finding of its own says what is wrong with it.
        Err(_) => Some(BTreeSet::new()),
    }
}
