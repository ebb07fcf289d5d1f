//! From `[budget]` to the books of what was used of the org's daily requests, kept in the state.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use salesforce::{BudgetLimits, Ledger, Org, Spent};
use state::{Changes, State};

use crate::config::Config;

/// Where they lie in the state.
const BOOKMARK: &str = "api_calls";

/// What may be used.
#[must_use]
pub const fn limits(config: &Config) -> BudgetLimits {
    BudgetLimits {
        share_percent: config.budget.share_percent.get(),
        reserve_percent: config.budget.reserve_percent.get(),
    }
}

/// What was used so far. What cannot be understood counts as nothing.
///
/// # Errors
/// When the state cannot be read.
pub fn spent(state: &State) -> Result<Spent, state::Error> {
    let kept = state.bookmark(BOOKMARK)?;
    Ok(kept.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default())
}

/// From here on the client keeps to the budget.
///
/// # Errors
/// When the state cannot be read.
pub fn keep(config: &Config, org: &Org, state: &State) -> Result<(), state::Error> {
    org.keep_books(limits(config), spent(state)?, Arc::new(InState(state.clone())));
    Ok(())
}

/// The clients whose books are kept while a command is carried out. A few calls are written down in advance, so whoever ends
/// without closing them, well or not, would leave them counted as used for a day.
#[derive(Clone, Default)]
pub struct Books(Arc<Mutex<Vec<Org>>>);

impl Books {
    /// This client's are closed, too.
    pub fn add(&self, org: &Org) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(org.clone());
    }

    /// Closes them all.
    pub async fn close(&self) {
        let orgs = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for org in &orgs {
            close(org).await;
        }
    }
}

/// Writes down what a client really used. Where that fails its calls stay counted as they were in advance, and no harm is done.
pub async fn close(org: &Org) {
    if let Err(error) = org.close_books().await {
        tracing::warn!("what was used of the org's requests could not be written down: {error}");
    }
}

struct InState(State);

#[async_trait]
impl Ledger for InState {
    async fn keep(&self, spent: &Spent) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut changes = Changes::new();
        changes.put_bookmark(BOOKMARK, serde_json::to_value(spent)?);
        let _receipt = self.0.commit(changes).await?;
        Ok(())
    }
}
