//! `[salesforce]`: the org, and how to log in to it.

use std::path::PathBuf;

use serde::Deserialize;

use super::{SecretSource, Whole};

/// How to log in to the org. Secrets are named here, never written here.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Salesforce {
    /// Scheme and host of the org's My Domain.
    pub login_url: String,
    /// Which OAuth flow.
    #[serde(default)]
    pub grant: GrantName,
    /// The consumer key of the External Client App.
    pub client_id: String,
    /// Client credentials: the environment variable that holds the consumer secret.
    pub client_secret_env: Option<String>,
    /// Client credentials: the file that holds the consumer secret.
    pub client_secret_file: Option<PathBuf>,
    /// Client credentials: the command that prints the consumer secret.
    pub client_secret_command: Option<Vec<String>>,
    /// JWT bearer: the user to act as.
    pub username: Option<String>,
    /// JWT bearer: the environment variable that holds the private key.
    pub private_key_env: Option<String>,
    /// JWT bearer: the file that holds the private key.
    pub private_key_file: Option<PathBuf>,
    /// JWT bearer: the command that prints the private key.
    pub private_key_command: Option<Vec<String>>,
    /// JWT bearer: whom the assertion is addressed to, where it is not the login address.
    pub audience: Option<String>,
    /// The API version of every call.
    #[serde(default = "api_version")]
    pub api_version: String,
    /// The org these credentials must belong to.
    pub expected_org_id: Option<String>,
    /// Hosts outside `*.salesforce.com` that the access token may be sent to.
    #[serde(default)]
    pub allowed_hosts: Vec<String>,
    /// A PEM file of certificates to trust beside the system's.
    pub extra_ca_file: Option<PathBuf>,
    /// Permits plain HTTP to a loopback address, for the simulated org.
    pub allow_plain_http: Option<PlainHttp>,
    /// The longest wait between two looks at a job.
    #[serde(default = "Whole::of::<30>")]
    pub poll_longest_seconds: Whole<1, 600>,
    /// For how long a call that gets no usable answer is tried again.
    #[serde(default = "Whole::of::<900>")]
    pub retry_seconds: Whole<0, 3_600>,
    /// Further alert texts of the org's duplicate rules, as its administrators wrote them; any part of the text will do.
    #[serde(default)]
    pub duplicate_alert_texts: Vec<String>,
    /// Further texts of validation rules that keep an e-mail address unique.
    #[serde(default)]
    pub email_rule_texts: Vec<String>,
}

impl Salesforce {
    /// Where the consumer secret comes from; every way that is named.
    #[must_use]
    pub fn client_secret(&self) -> SecretSource<'_> {
        SecretSource {
            key: "client_secret",
            env: self.client_secret_env.as_deref(),
            file: self.client_secret_file.as_deref(),
            command: self.client_secret_command.as_deref(),
        }
    }

    /// Where the private key comes from; every way that is named.
    #[must_use]
    pub fn private_key(&self) -> SecretSource<'_> {
        SecretSource {
            key: "private_key",
            env: self.private_key_env.as_deref(),
            file: self.private_key_file.as_deref(),
            command: self.private_key_command.as_deref(),
        }
    }
}

/// Which OAuth flow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantName {
    /// The app's own run-as user.
    #[default]
    ClientCredentials,
    /// A signed assertion for one user.
    JwtBearer,
}

/// The one sentence that permits plain HTTP: nobody writes it by accident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlainHttp {
    /// To a loopback address, and to nothing else.
    YesForSimulatedOrg,
}

fn api_version() -> String {
    "66.0".to_owned()
}
