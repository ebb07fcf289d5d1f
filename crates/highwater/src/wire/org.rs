//! From `[salesforce]` to a client.

use std::time::Duration;

use model::{Clock, OrgId};
use salesforce::{ApiVersion, Grant, Org, OrgConfig};

use crate::config::{Config, GrantName, PlainHttp};
use crate::failure::Failure;

/// A client for the configured org. Fetches the secret; sends nothing.
///
/// # Errors
/// When the secret cannot be had or a setting cannot be used.
pub fn org(config: &Config, clock: &Clock) -> Result<Org, Failure> {
    Ok(Org::new(client(config, clock)?)?)
}

/// The same for somebody who waits for the answer: gives up early.
///
/// # Errors
/// As [`org`].
pub fn impatient(config: &Config, clock: &Clock) -> Result<Org, Failure> {
    let mut client = client(config, clock)?;
    client.retry.total = client.retry.total.min(client.retry.first_contact);
    Ok(Org::new(client)?)
}

fn client(config: &Config, clock: &Clock) -> Result<OrgConfig, Failure> {
    let settings = &config.salesforce;
    let mut client = OrgConfig::new(settings.login_url.trim_end_matches('/'), grant(config)?);
    // Both were checked when the file was read.
    client.api_version = settings.api_version.parse().unwrap_or_else(|_| ApiVersion::default());
    client.expected_org = settings.expected_org_id.as_deref().and_then(|id| OrgId::parse(id).ok());
    client.allowed_hosts.clone_from(&settings.allowed_hosts);
    client.allow_plain_http_loopback = settings.allow_plain_http == Some(PlainHttp::YesForSimulatedOrg);
    client.extra_ca = settings.extra_ca_file.as_deref().map(|file| config.resolve(file));
    client.poll.longest = Duration::from_secs(settings.poll_longest_seconds.get());
    client.poll.first = client.poll.first.min(client.poll.longest);
    client.retry.total = Duration::from_secs(settings.retry_seconds.get());
    client.alert_texts.duplicate_alerts.extend(settings.duplicate_alert_texts.iter().cloned());
    client.alert_texts.email_rules.extend(settings.email_rule_texts.iter().cloned());
    client.clock = clock.clone();
    Ok(client)
}

fn grant(config: &Config) -> Result<Grant, Failure> {
    let settings = &config.salesforce;
    let client_id = settings.client_id.clone();
    let fetched = match settings.grant {
        GrantName::ClientCredentials => settings.client_secret().fetch(&config.folder),
        GrantName::JwtBearer => settings.private_key().fetch(&config.folder),
    };
    let secret = fetched.map_err(crate::config::ConfigError::from)?;
    Ok(match settings.grant {
        GrantName::ClientCredentials => Grant::ClientCredentials { client_id, client_secret: secret },
        GrantName::JwtBearer => Grant::JwtBearer {
            client_id,
            username: settings.username.clone().unwrap_or_default(),
            private_key_pem: secret,
            audience: settings.audience.clone(),
        },
    })
}
