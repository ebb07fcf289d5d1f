//! What the org adds to a proposal: its id, its technical fields, and which proposed fields it has.

use std::sync::Arc;

use model::{Clock, OrgId};
use salesforce::{Describe, DescribeField, Grant, Org, OrgConfig};

use super::text::Draft;
use crate::config::{ConfigError, SecretSource};
use crate::failure::Failure;

/// Names the supporter id field is known by, with and without the connector package's namespace.
const SUPPORTER_ID: [&str; 3] = ["EN_Supporter_Id__c", "engaging__EN_Supporter_Id__c", "Supporter_Id__c"];

/// Names the push marker is known by.
const PUSH_MARKER: [&str; 2] = ["EN_Push__c", "engaging__EN_Push__c"];

/// Names the Flows' stamp is known by.
const LAST_MODIFIED: [&str; 2] = ["EN_Last_Modified_Date__c", "engaging__EN_Last_Modified_Date__c"];

/// Names the field for the supporter database's own id is known by.
const ACCOUNT_ID: [&str; 2] = ["EN_Account_Id__c", "engaging__Account_Id__c"];

/// What was learnt from the org.
#[derive(Debug, Clone)]
pub struct OrgView {
    /// Its id.
    pub org_id: OrgId,
    /// What the Contact looks like to our user.
    pub contact: Arc<Describe>,
    /// The field that can take the supporter id.
    pub supporter_id: Option<String>,
    /// The checkbox that the org's Flows look at.
    pub push_marker: Option<String>,
    /// The stamp that those Flows keep.
    pub last_modified: Option<String>,
    /// The field that tells several supporter databases apart.
    pub account_id: Option<String>,
}

/// Asks the org.
///
/// # Errors
/// When the secret cannot be had, or the org does not answer or let us in.
pub async fn view(draft: &Draft) -> Result<OrgView, Failure> {
    let source =
        SecretSource { key: "client_secret", env: Some(&draft.client_secret_env), file: None, command: None };
    let client_secret = source.fetch(std::path::Path::new("")).map_err(ConfigError::from)?;
    let grant = Grant::ClientCredentials { client_id: draft.client_id.clone(), client_secret };
    let mut config = OrgConfig::new(draft.login_url.trim_end_matches('/'), grant);
    config.allow_plain_http_loopback = draft.plain_http();
    config.clock = Clock::system();
    config.retry.total = config.retry.first_contact;
    let org = Org::new(config)?;
    let identity = org.identity().await?;
    let contact = org.describe("Contact").await?;
    let supporter_id = known(&contact, &SUPPORTER_ID, |_| true).or_else(|| only_key(&contact));
    let push_marker = known(&contact, &PUSH_MARKER, |field| field.kind == "boolean" && field.updateable);
    let last_modified = known(&contact, &LAST_MODIFIED, |field| field.kind == "datetime");
    let account_id = known(&contact, &ACCOUNT_ID, |field| field.updateable);
    Ok(OrgView { org_id: identity.org_id, contact, supporter_id, push_marker, last_modified, account_id })
}

fn known(contact: &Describe, names: &[&str], fits: impl Fn(&DescribeField) -> bool) -> Option<String> {
    let found = names.iter().filter_map(|name| contact.field(name)).find(|field| fits(field))?;
    Some(found.name.clone())
}

/// The one custom field that is an editable unique external id, if there is exactly one.
fn only_key(contact: &Describe) -> Option<String> {
    let key = |field: &&DescribeField| field.custom && field.external_id && field.unique && field.updateable;
    let mut keys = contact.fields().iter().filter(key);
    match (keys.next(), keys.next()) {
        (Some(one), None) => Some(one.name.clone()),
        (_, _) => None,
    }
}
