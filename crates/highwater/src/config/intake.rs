//! `[intake]`: events that websites, apps and other systems send.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::{SecretSource, Whole};

/// Where events come in, from whom, and how long they are kept. Nothing listens as long as there is no source.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Intake {
    /// Address and port.
    pub listen: SocketAddr,
    /// Permits an address other than a loopback one.
    pub allow_other_hosts: Option<OtherHosts>,
    /// The directory of the events, on a local disk.
    pub dir: PathBuf,
    /// What `integrations.Salesforce` of an event means.
    pub salesforce_flag: SalesforceFlag,
    /// Which websites' scripts may send.
    pub allowed_origins: Vec<String>,
    /// Events a source may send in a second.
    pub events_per_second: Option<Whole<1, 1_000_000>>,
    /// For how long a `messageId` is remembered.
    pub repeat_hours: Whole<1, 168>,
    /// How many are remembered at most.
    pub repeat_ids: Whole<1_000, 20_000_000>,
    /// For how long settled events are kept.
    pub keep_days: Whole<7, 3_650>,
    /// Who may send.
    #[serde(rename = "source")]
    pub sources: Vec<IntakeSource>,
}

/// One website, app or tenant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntakeSource {
    /// Its name.
    pub name: String,
    /// The environment variable that holds its write key.
    pub write_key_env: Option<String>,
    /// The file that holds its write key.
    pub write_key_file: Option<PathBuf>,
    /// The command that prints its write key.
    pub write_key_command: Option<Vec<String>>,
}

/// The one text that lets other hosts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum OtherHosts {
    /// What is sent from outside has come through a proxy that ends TLS.
    #[serde(rename = "yes_behind_a_proxy_with_tls")]
    BehindAProxy,
}

/// What `integrations.Salesforce` means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SalesforceFlag {
    /// Only events that say yes go to Salesforce.
    Required,
    /// All do but those that say no.
    #[default]
    Optional,
    /// All do.
    Ignored,
}

impl Intake {
    /// Whether events are taken in at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.sources.is_empty()
    }
}

impl IntakeSource {
    /// Where its write key comes from.
    #[must_use]
    pub fn write_key(&self) -> SecretSource<'_> {
        SecretSource {
            key: "write_key",
            env: self.write_key_env.as_deref(),
            file: self.write_key_file.as_deref(),
            command: self.write_key_command.as_deref(),
        }
    }
}

impl Default for Intake {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8_780)),
            allow_other_hosts: None,
            dir: PathBuf::from("highwater-events"),
            salesforce_flag: SalesforceFlag::default(),
            allowed_origins: Vec::new(),
            events_per_second: None,
            repeat_hours: Whole::of::<24>(),
            repeat_ids: Whole::of::<1_000_000>(),
            keep_days: Whole::of::<30>(),
            sources: Vec::new(),
        }
    }
}
