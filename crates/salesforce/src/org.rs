//! One org.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::{OrgId, Stamp, UserId};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::budget::{Budget, BudgetLimits, Ledger, Spent};
use crate::call::Call;
use crate::client::{Ask, Client};
use crate::config::{ApiVersion, OrgConfig};
use crate::error::{Error, ErrorKind};
use crate::grant::Grant;
use crate::http_transport::HttpTransport;
use crate::lenient::count_of;
use crate::login::Account;
use crate::record_error::AlertTexts;
use crate::soql::InvalidName;
use crate::transport::Transport;
use crate::usage::Usage;

/// A client for one Salesforce org. Clones share session, counts and descriptions.
#[derive(Clone)]
pub struct Org(Arc<Client>);

impl std::fmt::Debug for Org {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Org({})", self.0.login)
    }
}

/// Who we are to the org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The org.
    pub org_id: OrgId,
    /// The integration user.
    pub user_id: UserId,
    /// Its username: an address-like name of an account for programs, not of a person.
    pub username: String,
}

#[derive(Deserialize)]
struct IdentityAnswer {
    organization_id: String,
    user_id: String,
    #[serde(default)]
    preferred_username: Option<String>,
    #[serde(default)]
    username: Option<String>,
}

impl IdentityAnswer {
    fn identity(self) -> Result<Identity, Error> {
        let bad = |_| Error::new(ErrorKind::Contract, "identity without usable ids").during(Call::Identity);
        let org_id = OrgId::parse(&self.organization_id).map_err(bad)?;
        let user_id = UserId::parse(&self.user_id).map_err(bad)?;
        let username = self.preferred_username.or(self.username).unwrap_or_default();
        Ok(Identity { org_id, user_id, username })
    }
}

/// One allowance of the org.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// In the rolling 24 hours, or in all for storage.
    pub max: u64,
    /// What is left of it.
    pub remaining: u64,
}

/// The org's allowances (REST guide, "Limits").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits(std::collections::BTreeMap<String, Limit>);

impl Limits {
    /// An allowance by name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Limit> {
        self.0.get(name).copied()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Limit)> {
        self.0.iter().map(|(name, limit)| (name.as_str(), *limit))
    }

    /// Requests.
    #[must_use]
    pub fn daily_api_requests(&self) -> Option<Limit> {
        self.get("DailyApiRequests")
    }

    /// Ingest batches of up to 10,000 rows.
    #[must_use]
    pub fn daily_bulk_batches(&self) -> Option<Limit> {
        self.get("DailyBulkApiBatches").or_else(|| self.get("DailyBulkApiRequests"))
    }

    /// Query jobs.
    #[must_use]
    pub fn daily_query_jobs(&self) -> Option<Limit> {
        self.get("DailyBulkV2QueryJobs")
    }
}

impl Org {
    /// A client over the network. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] names what is not usable.
    pub fn new(config: OrgConfig) -> Result<Self, Error> {
        let transport = Arc::new(HttpTransport::new(&config)?);
        Self::with_transport(config, transport)
    }

    /// A client over another transport.
    ///
    /// # Errors
    /// As for [`Org::new`].
    pub fn with_transport(config: OrgConfig, transport: Arc<dyn Transport>) -> Result<Self, Error> {
        Ok(Self(Arc::new(Client::new(config, transport)?)))
    }

    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.0
    }

    /// The API version of every call.
    #[must_use]
    pub fn api_version(&self) -> ApiVersion {
        self.0.config.api_version
    }

    /// How this org words its duplicate alerts.
    #[must_use]
    pub fn alert_texts(&self) -> &AlertTexts {
        &self.0.config.alert_texts
    }

    /// Asks the org who it is and who we are; compares with the configured org. To be called before the first write.
    ///
    /// # Errors
    /// [`ErrorKind::WrongOrg`] when it is another org, and any kind of a call that reads.
    pub async fn identity(&self) -> Result<Identity, Error> {
        let ask = Ask::get(Call::Identity, "/services/oauth2/userinfo".to_owned());
        let identity = match self.0.json::<IdentityAnswer>(&ask).await {
            Ok(answer) => answer.identity()?,
            Err(refused) => self.identity_of_login(refused).await?,
        };
        if self.0.config.expected_org.is_some_and(|expected| expected != identity.org_id) {
            return Err(Error::of_kind(ErrorKind::WrongOrg).during(Call::Identity));
        }
        Ok(identity)
    }

    /// The same without a call of its own where the answer to the sign-in said whose session it is, as OAuth's identity address
    /// (`id`) and SOAP `login()` do; then the username is what the grant names, or empty.
    ///
    /// # Errors
    /// As [`Org::identity`], and as a sign-in.
    pub async fn whose_session(&self) -> Result<Identity, Error> {
        let Account { org, user, username } = self.0.session().await?.account.clone();
        let (Some(org_id), Some(user_id)) = (org, user) else { return self.identity().await };
        if self.0.config.expected_org.is_some_and(|expected| expected != org_id) {
            return Err(Error::of_kind(ErrorKind::WrongOrg).during(Call::Token));
        }
        Ok(Identity { org_id, user_id, username: username.unwrap_or_default() })
    }

    /// A session of SOAP `login()` is no OAuth session, and the OAuth identity service may refuse it; its login has said
    /// whose it is.
    async fn identity_of_login(&self, refused: Error) -> Result<Identity, Error> {
        let here = matches!(self.0.config.grant, Grant::SoapLogin { .. })
            && refused.call() == Some(Call::Identity)
            && matches!(
                refused.kind(),
                ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::Rejected | ErrorKind::Contract
            );
        if !here {
            return Err(refused);
        }
        let Account { org, user, username } = self.0.session().await?.account.clone();
        let (Some(org_id), Some(user_id)) = (org, user) else { return Err(refused) };
        Ok(Identity { org_id, user_id, username: username.unwrap_or_default() })
    }

    /// Asks what is left of the org's allowances.
    ///
    /// # Errors
    /// Any kind of a call that reads.
    pub async fn limits(&self) -> Result<Limits, Error> {
        let answer: Map<String, Value> = self.0.json(&Ask::get(Call::Limits, self.0.path("/limits"))).await?;
        let limit = |value: &Value| {
            Some(Limit { max: count_of(value.get("Max")?)?, remaining: count_of(value.get("Remaining")?)? })
        };
        Ok(Limits(answer.iter().filter_map(|(name, value)| Some((name.clone(), limit(value)?))).collect()))
    }

    /// What this client has used so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.0.meter.usage()
    }

    /// From here on no more requests leave than these limits allow; `spent` is what earlier processes used, as the ledger kept
    /// it. Only the first call of this has an effect: one client, one budget.
    pub fn keep_books(&self, limits: BudgetLimits, spent: Spent, ledger: Arc<dyn Ledger>) {
        let _first = self.0.budget.set(Budget::new(limits, spent, ledger));
    }

    /// Writes down what was really used, for the end of a run: until then a few calls are written down in advance. A refresh token that
    /// is being exchanged, for whomever, is first seen into its place.
    ///
    /// # Errors
    /// [`ErrorKind::LocalFile`] when it could not be kept.
    pub async fn close_books(&self) -> Result<(), Error> {
        let exchanged = self.0.exchange.lock().await;
        drop(exchanged);
        let Some(budget) = self.0.budget.get() else { return Ok(()) };
        budget.close(&self.0.meter).await
    }

    /// Whether a job may be begun now, with calls enough to bring it to its end. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::ShareUsed`] when it may not.
    pub async fn may_begin_a_job(&self) -> Result<(), Error> {
        let Some(budget) = self.0.budget.get() else { return Ok(()) };
        budget.allows(Call::CreateIngestJob, &self.0.meter).await
    }

    /// The org's own clock, from the newest answer, in whole seconds; `None` before the first.
    #[must_use]
    pub fn server_time(&self) -> Option<Stamp> {
        self.0.meter.server_time()
    }

    /// Whether the present session was opened within `age` and this was not asked of it before: then the org's clock is as young
    /// as the sign-in, and whoever begins something at it needs no call to learn the time.
    ///
    /// # Errors
    /// As a sign-in.
    pub async fn has_just_signed_in(&self, age: std::time::Duration) -> Result<bool, Error> {
        let session = self.0.session().await?.generation;
        let asked = self.0.begun.swap(session, Ordering::Relaxed) == session;
        Ok(!asked && self.0.meter.server_time_within(age).is_some())
    }
}

pub(crate) fn name_error(why: InvalidName) -> Error {
    Error::new(ErrorKind::Configuration, "name of an object or field").with_source(why)
}
