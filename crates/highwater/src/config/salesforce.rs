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
    /// Whether the org is a sandbox, where the address does not say it.
    pub sandbox: Option<bool>,
    /// The way in.
    #[serde(default)]
    pub grant: GrantName,
    /// The consumer key of the External Client App.
    #[serde(default)]
    pub client_id: String,
    /// The environment variable that holds the consumer secret.
    pub client_secret_env: Option<String>,
    /// The file that holds the consumer secret.
    pub client_secret_file: Option<PathBuf>,
    /// The command that prints the consumer secret.
    pub client_secret_command: Option<Vec<String>>,
    /// The user to act as.
    pub username: Option<String>,
    /// JWT bearer: the environment variable that holds the private key.
    pub private_key_env: Option<String>,
    /// JWT bearer: the file that holds the private key.
    pub private_key_file: Option<PathBuf>,
    /// JWT bearer: the command that prints the private key.
    pub private_key_command: Option<Vec<String>>,
    /// JWT bearer: whom the assertion is addressed to, where it is not the login address.
    pub audience: Option<String>,
    /// Refresh token: the environment variable that holds it.
    pub refresh_token_env: Option<String>,
    /// Refresh token: the file that holds it.
    pub refresh_token_file: Option<PathBuf>,
    /// Refresh token: the command that prints it.
    pub refresh_token_command: Option<Vec<String>>,
    /// Password and SOAP: the environment variable that holds the user's password.
    pub password_env: Option<String>,
    /// Password and SOAP: the file that holds the user's password.
    pub password_file: Option<PathBuf>,
    /// Password and SOAP: the command that prints the user's password.
    pub password_command: Option<Vec<String>>,
    /// Password and SOAP: the environment variable that holds the user's security token.
    pub security_token_env: Option<String>,
    /// Password and SOAP: the file that holds the user's security token.
    pub security_token_file: Option<PathBuf>,
    /// Password and SOAP: the command that prints the user's security token.
    pub security_token_command: Option<Vec<String>>,
    /// Permits the ways in that show a user's password.
    #[serde(default)]
    pub allow_legacy_login: bool,
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
    /// How long one sign-in may take.
    #[serde(default = "Whole::of::<60>")]
    pub sign_in_seconds: Whole<1, 600>,
    /// Further alert texts of the org's duplicate rules, as its administrators wrote them; any part of the text will do.
    #[serde(default)]
    pub duplicate_alert_texts: Vec<String>,
    /// Further texts of validation rules that keep an e-mail address unique.
    #[serde(default)]
    pub email_rule_texts: Vec<String>,
}

impl Salesforce {
    /// Where a secret comes from; every way that is named.
    #[must_use]
    pub fn secret(&self, secret: SecretKind) -> SecretSource<'_> {
        let (env, file, command) = match secret {
            SecretKind::ClientSecret => {
                (&self.client_secret_env, &self.client_secret_file, &self.client_secret_command)
            }
            SecretKind::PrivateKey => {
                (&self.private_key_env, &self.private_key_file, &self.private_key_command)
            }
            SecretKind::RefreshToken => {
                (&self.refresh_token_env, &self.refresh_token_file, &self.refresh_token_command)
            }
            SecretKind::Password => (&self.password_env, &self.password_file, &self.password_command),
            SecretKind::SecurityToken => {
                (&self.security_token_env, &self.security_token_file, &self.security_token_command)
            }
        };
        SecretSource {
            key: secret.key(),
            env: env.as_deref(),
            file: file.as_deref(),
            command: command.as_deref(),
        }
    }

    /// Whether the org is meant to be a sandbox: as the file says, else as the address implies. `None`: neither tells.
    #[must_use]
    pub fn is_sandbox(&self) -> Option<bool> {
        self.sandbox.or_else(|| sandbox_by_address(&self.login_url))
    }
}

/// What an address says about the kind of org behind it (Help, "My Domain URL formats"). A My Domain holds no `--` of its own.
#[must_use]
pub fn sandbox_by_address(url: &str) -> Option<bool> {
    let host = url.strip_prefix("https://")?.split(['/', ':']).next()?.to_ascii_lowercase();
    match host.as_str() {
        "test.salesforce.com" => return Some(true),
        "login.salesforce.com" => return Some(false),
        _ => {}
    }
    let domain = host.strip_suffix(".my.salesforce.com")?;
    let copy = domain.ends_with(".sandbox") || domain.ends_with(".scratch") || domain.contains("--");
    Some(copy)
}

/// A secret of this table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// The app's consumer secret.
    ClientSecret,
    /// The key that signs assertions.
    PrivateKey,
    /// What a user gave the app once.
    RefreshToken,
    /// A user's password.
    Password,
    /// What a user's password is followed by outside trusted networks.
    SecurityToken,
}

impl SecretKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::ClientSecret, Self::PrivateKey, Self::RefreshToken, Self::Password, Self::SecurityToken];

    /// The keys' name without the ending.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::ClientSecret => "client_secret",
            Self::PrivateKey => "private_key",
            Self::RefreshToken => "refresh_token",
            Self::Password => "password",
            Self::SecurityToken => "security_token",
        }
    }
}

/// Whether a key belongs to a way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It must be given.
    Yes,
    /// It may be given.
    May,
    /// It must not be given.
    No,
}

/// The way in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantName {
    /// The app's own run-as user.
    #[default]
    ClientCredentials,
    /// A signed assertion for one user.
    JwtBearer,
    /// A grant that a user gave the app once.
    RefreshToken,
    /// A user's name and password, by OAuth. Legacy.
    Password,
    /// A user's name and password, by SOAP `login()`. Legacy.
    SoapLogin,
}

impl GrantName {
    /// Whether it shows a user's password, and is on its way out.
    #[must_use]
    pub const fn is_legacy(self) -> bool {
        match self {
            Self::ClientCredentials | Self::JwtBearer | Self::RefreshToken => false,
            Self::Password | Self::SoapLogin => true,
        }
    }

    /// Whether it needs a secret.
    #[must_use]
    pub const fn needs(self, secret: SecretKind) -> Need {
        match (self, secret) {
            (Self::ClientCredentials | Self::Password, SecretKind::ClientSecret)
            | (Self::JwtBearer, SecretKind::PrivateKey)
            | (Self::RefreshToken, SecretKind::RefreshToken)
            | (Self::Password | Self::SoapLogin, SecretKind::Password) => Need::Yes,
            (Self::RefreshToken, SecretKind::ClientSecret)
            | (Self::Password | Self::SoapLogin, SecretKind::SecurityToken) => Need::May,
            (
                Self::ClientCredentials
                | Self::JwtBearer
                | Self::RefreshToken
                | Self::Password
                | Self::SoapLogin,
                _,
            ) => Need::No,
        }
    }

    /// Whether it needs the name of a user.
    #[must_use]
    pub const fn needs_username(self) -> Need {
        match self {
            Self::ClientCredentials | Self::RefreshToken => Need::No,
            Self::JwtBearer | Self::Password | Self::SoapLogin => Need::Yes,
        }
    }

    /// Whether it needs the consumer key of an app.
    #[must_use]
    pub const fn needs_client_id(self) -> Need {
        match self {
            Self::SoapLogin => Need::No,
            Self::ClientCredentials | Self::JwtBearer | Self::RefreshToken | Self::Password => Need::Yes,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_kind_of_org_is_behind_it_or_nothing() {
        for (url, sandbox) in [
            ("https://test.salesforce.com", Some(true)),
            ("https://login.salesforce.com/", Some(false)),
            ("https://example.my.salesforce.com", Some(false)),
            ("https://example.develop.my.salesforce.com", Some(false)),
            ("https://Example--uat.sandbox.my.salesforce.com:443/x", Some(true)),
            ("https://example--uat.my.salesforce.com", Some(true)),
            ("https://happy-otter.scratch.my.salesforce.com", Some(true)),
            ("https://sf.example.org", None),
            ("http://127.0.0.1:8790", None),
            ("", None),
        ] {
            assert_eq!(sandbox_by_address(url), sandbox, "{url}");
        }
    }
}
