//! From `[salesforce]` to a client.

use std::time::Duration;

use model::{Clock, OrgId};
use salesforce::{ApiVersion, Grant, Identity, Org, OrgConfig, RefreshToken, SecretString};
use secrecy::ExposeSecret;

use crate::code;
use crate::config::{Config, ConfigError, GrantName, PlainHttp, SecretKind, sandbox_by_address};
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
    client.timeouts.login = Duration::from_secs(settings.sign_in_seconds.get());
    client.alert_texts.duplicate_alerts.extend(settings.duplicate_alert_texts.iter().cloned());
    client.alert_texts.email_rules.extend(settings.email_rule_texts.iter().cloned());
    client.clock = clock.clone();
    Ok(client)
}

/// The way in, with its secrets fetched.
fn grant(config: &Config) -> Result<Grant, Failure> {
    let settings = &config.salesforce;
    let (client_id, username) = (settings.client_id.clone(), settings.username.clone().unwrap_or_default());
    let fetch = |secret: SecretKind| settings.secret(secret).fetch(&config.folder).map_err(ConfigError::from);
    let given = |secret: SecretKind| settings.secret(secret).named() > 0;
    Ok(match settings.grant {
        GrantName::ClientCredentials => {
            Grant::ClientCredentials { client_id, client_secret: fetch(SecretKind::ClientSecret)? }
        }
        GrantName::JwtBearer => Grant::JwtBearer {
            client_id,
            username,
            private_key_pem: fetch(SecretKind::PrivateKey)?,
            audience: settings.audience.clone(),
        },
        GrantName::RefreshToken => {
            let client_secret =
                if given(SecretKind::ClientSecret) { Some(fetch(SecretKind::ClientSecret)?) } else { None };
            // Fetched here too where it is a file: one that others may read is refused before it is used.
            let token = fetch(SecretKind::RefreshToken)?;
            let file = settings.refresh_token_file.as_deref().map(|file| config.resolve(file));
            let token = file.map_or(RefreshToken::Fixed(token), RefreshToken::File);
            Grant::RefreshToken { client_id, client_secret, token }
        }
        GrantName::Password => Grant::Password {
            client_id,
            client_secret: fetch(SecretKind::ClientSecret)?,
            username,
            password: password(fetch(SecretKind::Password)?, given(SecretKind::SecurityToken), fetch)?,
        },
        GrantName::SoapLogin => Grant::SoapLogin {
            username,
            password: password(fetch(SecretKind::Password)?, given(SecretKind::SecurityToken), fetch)?,
        },
    })
}

/// The security token stands right behind the password (SOAP guide, "Security token").
fn password(
    password: SecretString,
    with_token: bool,
    fetch: impl Fn(SecretKind) -> Result<SecretString, ConfigError>,
) -> Result<SecretString, Failure> {
    tracing::warn!(
        "this way in shows a user's password and is on its way out: SOAP login() ends with Salesforce's Summer '27; \
         docs/guides/set-up-salesforce.md shows the others"
    );
    if !with_token {
        return Ok(password);
    }
    let token = fetch(SecretKind::SecurityToken)?;
    Ok(format!("{}{}", password.expose_secret(), token.expose_secret()).into())
}

/// Who answers and who we are there. An org of the wrong kind, a sandbox for production or the other way round, is refused
/// before anything is written or the state is bound to it.
///
/// # Errors
/// As any call; and when the org is not of the kind the configuration says.
pub async fn recognised(config: &Config, org: &Org) -> Result<Identity, Failure> {
    let identity = org.whose_session().await?;
    let Some(meant) = config.salesforce.is_sandbox() else { return Ok(identity) };
    let found = org.organization().await?.map(|organization| organization.is_sandbox);
    let hidden = found.is_none();
    // An org that does not show what it is may still be known by its address, or by its id.
    let known = found.or_else(|| sandbox_by_address(&config.salesforce.login_url));
    let trusted = hidden && config.salesforce.expected_org_id.is_some();
    if known == Some(meant) || trusted {
        return Ok(identity);
    }
    let kind = |sandbox: bool| if sandbox { "a sandbox" } else { "no sandbox" };
    let (problem, advice) = match known {
        Some(found) => (
            format!("org {} is {}, and {} is meant", identity.org_id, kind(found), kind(meant)),
            "use the right credentials or the right --profile; if this is the right org, correct salesforce.sandbox",
        ),
        None => (
            format!("org {} does not show our user whether it is a sandbox", identity.org_id),
            "add expected_org_id to [salesforce], or let the user read Organization",
        ),
    };
    Err(Failure::Setup { code: &code::org::ORG_KIND, problem, advice: advice.to_owned() })
}
