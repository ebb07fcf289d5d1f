//! What is remembered of an org between runs, so that each does not ask again: that it is of the kind meant, and what the mapped
//! Contact fields look like. Kept for hours only, for one user and one configuration, and forgotten when a run fails.

use std::time::Duration;

use model::{OrgId, Stamp, UserId};
use plan::ContactColumns;
use salesforce::{Describe, Identity, Org};
use serde::{Deserialize, Serialize};
use state::{Changes, State};

use super::field_history;
use crate::config::Config;

/// How long a description is used. A field that becomes longer is noticed so much later at most; one that goes away makes the
/// next query fail, and then the org is asked again at once.
const KEPT: Duration = Duration::from_secs(12 * 3600);
/// A larger description is not kept, in bytes of JSON.
const MOST: usize = 48 * 1024;
/// Where it lies in the state.
const BOOKMARK: &str = "known_org";

/// The org as it was when it was last asked.
#[derive(Debug, Serialize, Deserialize)]
pub struct KnownOrg {
    asked_at: Stamp,
    org: OrgId,
    user: UserId,
    api_version: String,
    /// What the configuration said about the kind of org, and was right about.
    sandbox: Option<bool>,
    /// The Contact fields asked about, there or not.
    names: Vec<String>,
    /// Those that are there.
    pub contact: Describe,
    /// Those whose history the org keeps; `None`: it was not asked.
    #[serde(default)]
    pub tracked: Option<Vec<String>>,
}

/// What is remembered of this org for this user and configuration, while it is young enough.
///
/// # Errors
/// When the state cannot be read. What cannot be understood counts as nothing.
pub fn recall(
    config: &Config,
    state: &State,
    org: &Org,
    identity: &Identity,
) -> Result<Option<KnownOrg>, state::Error> {
    let Some(kept) = state.bookmark(BOOKMARK)? else { return Ok(None) };
    let Ok(known) = serde_json::from_value::<KnownOrg>(kept) else { return Ok(None) };
    let young =
        org.server_time().is_some_and(|now| known.asked_at <= now && now.since(known.asked_at) <= KEPT);
    let fits = known.org == identity.org_id
        && known.user == identity.user_id
        && known.api_version == org.api_version().to_string()
        && known.sandbox == config.salesforce.is_sandbox()
        && known.names == names(config)
        && known.tracked.is_some() == field_history::is_asked_for(config);
    Ok(Some(known).filter(|_| young && fits))
}

/// Remembers the org. Nothing is kept where the org's clock is not known or the description is large.
///
/// # Errors
/// When the state cannot be written.
pub async fn remember(
    config: &Config,
    state: &State,
    org: &Org,
    identity: &Identity,
    contact: &Describe,
    tracked: Option<&[String]>,
) -> Result<(), state::Error> {
    let Some(asked_at) = org.server_time() else { return Ok(()) };
    let names = names(config);
    let known = KnownOrg {
        asked_at,
        org: identity.org_id,
        user: identity.user_id,
        api_version: org.api_version().to_string(),
        sandbox: config.salesforce.is_sandbox(),
        contact: contact.only(&names),
        tracked: tracked.map(<[String]>::to_vec),
        names,
    };
    let Ok(value) = serde_json::to_value(&known) else { return Ok(()) };
    if value.to_string().len() > MOST {
        return Ok(());
    }
    let mut changes = Changes::new();
    changes.put_bookmark(BOOKMARK, value);
    state.commit(changes).await.map(|_| ())
}

/// The next run asks the org again.
///
/// # Errors
/// When the state cannot be written.
pub async fn forget(state: &State) -> Result<(), state::Error> {
    if state.bookmark(BOOKMARK)?.is_none() {
        return Ok(());
    }
    let mut changes = Changes::new();
    changes.remove_bookmark(BOOKMARK);
    state.commit(changes).await.map(|_| ())
}

/// Every field the configuration has to do with, and of which object.
fn names(config: &Config) -> Vec<String> {
    let own = &config.contact_fields;
    let technical = [
        Some(&own.supporter_id),
        own.account_id.as_ref(),
        own.push_marker.as_ref(),
        own.supporter_deleted.as_ref(),
    ];
    let mapped = config.fields.iter().map(|field| &field.contact).chain(technical.into_iter().flatten());
    let mut names: Vec<String> = mapped.map(|name| name.to_ascii_lowercase()).collect();
    let settings = super::settings::settings(config);
    let chosen = settings.email_fields.iter().chain(settings.exclude.iter().map(|exclude| &exclude.field));
    names.extend(chosen.map(|name| name.to_ascii_lowercase()));
    names.extend(ContactColumns::ALWAYS.iter().map(|name| name.to_ascii_lowercase()));
    names.push(format!("{}.", config.sync.object.word()));
    names.sort();
    names.dedup();
    names
}
