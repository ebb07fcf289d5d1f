//! The configuration: one TOML file, unknown keys refused, secrets named and never written.

mod admin;
mod bounded;
mod budget;
mod consistency;
mod contact_fields;
mod defaults;
mod delivery;
mod environment;
mod error;
mod events_alone;
mod field;
mod intake;
mod literal_secret;
mod load;
mod log;
mod matching;
mod place;
mod profile;
mod refusal;
mod replication;
mod report;
mod salesforce;
mod schedule;
mod secret;
mod simulated_org;
mod state;
mod supporters;
mod sync;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::output::Banner;

pub use admin::Admin;
pub use bounded::{Share, Whole};
pub use budget::Budget;
pub use contact_fields::ContactFields;
pub use defaults::COMMENTED_DEFAULTS;
pub use delivery::DeliveryOptions;
pub use environment::Environment;
pub use error::ConfigError;
pub use field::Field;
pub use intake::{Intake, IntakeSource, OtherHosts, SalesforceFlag};
pub use load::load;
#[cfg(test)]
pub use load::parse;
pub use log::{Log, LogFormat, LogLevel};
pub use matching::{Find, LinkFrom, Matching};
pub use place::{Place, Places};
pub use replication::Replication;
pub use report::Report;
pub use salesforce::{GrantName, PlainHttp, Salesforce, SecretKind, sandbox_by_address};
pub use schedule::Schedule;
pub use secret::{SecretError, SecretSource};
pub use simulated_org::SimulatedOrg;
pub use state::StateOptions;
pub use supporters::{SupporterKind, Supporters};
pub use sync::{ExcludeFrom, FieldHistory, OnDelete, SharedAddress, Sync};

/// The whole file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The org, and how to log in to it.
    pub salesforce: Salesforce,
    /// An org that lives in a file of this folder, in place of the one at `salesforce.login_url`.
    #[serde(default)]
    pub simulated_org: Option<SimulatedOrg>,
    /// The supporter database.
    pub supporters: Supporters,
    /// Where highwater keeps what it must not forget.
    #[serde(default)]
    pub state: StateOptions,
    /// How a cycle behaves.
    #[serde(default)]
    pub sync: Sync,
    /// How much of the org's daily requests may be used.
    #[serde(default)]
    pub budget: Budget,
    /// When `serve` runs a cycle.
    #[serde(default)]
    pub schedule: Schedule,
    /// Fields of the Contact that highwater itself reads and writes.
    #[serde(default)]
    pub contact_fields: ContactFields,
    /// The field map, one entry per Contact field.
    #[serde(default, rename = "field")]
    pub fields: Vec<Field>,
    /// Events that are taken in.
    #[serde(default)]
    pub intake: Intake,
    /// The page in a browser, and figures for a monitor.
    #[serde(default)]
    pub admin: Admin,
    /// When two records count as one person.
    #[serde(default)]
    pub matching: Matching,
    /// How events become records.
    #[serde(default)]
    pub delivery: DeliveryOptions,
    /// Supporters as Leads, one way.
    #[serde(default)]
    pub replication: Replication,
    /// Which records events become.
    #[serde(default)]
    pub actions: Vec<actions::entry::Entry>,
    /// Addresses of records, for the report's links.
    #[serde(default)]
    pub report: Report,
    /// The log on standard error.
    #[serde(default)]
    pub log: Log,
    /// Which of the file's profiles this is; `None`: the file itself.
    #[serde(skip)]
    pub profile: Option<String>,
    /// The file's folder: what relative paths start from.
    #[serde(skip)]
    pub folder: PathBuf,
    /// Where each key stands in the file, for messages.
    #[serde(skip)]
    pub places: Places,
}

impl Config {
    /// A path of the configuration: absolute as it is, relative from the configuration file's folder, so that a
    /// command started from elsewhere finds the same files.
    #[must_use]
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// What marks everything said about this org; `None` for production.
    #[must_use]
    pub fn banner(&self) -> Option<Banner> {
        (self.salesforce.is_sandbox() == Some(true)).then(|| Banner { profile: self.profile.clone() })
    }

    /// The state directory.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        self.resolve(&self.state.dir)
    }
}
