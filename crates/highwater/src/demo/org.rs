//! The demo's org: the set-up Engaging Networks asks its clients for.

use simorg::Settings;
use simorg::duplicate::{DuplicateAction, DuplicateSettings};
use simorg::settings::FlowSettings;

/// Both Flows on, and the duplicate rule: first and last name fuzzy, e-mail exact, alert on create.
#[must_use]
pub fn settings(seed: u64) -> Settings {
    Settings {
        seed,
        duplicates: DuplicateSettings::name_and_email(DuplicateAction::Alert, "Use one of these records?"),
        flows: FlowSettings { stamp: true, reset: true, ..FlowSettings::default() },
        ..Settings::default()
    }
}
