//! Both sides and what stands between them: everything a cycle works with.

use std::sync::Arc;

use model::{Clock, FieldMap};
use salesforce::Org;
use state::State;
use supporters::Supporters;
use tokio_util::sync::CancellationToken;

use crate::{ContactColumns, Progress, Settings};

/// The two sides, the state between them, and the rules. Cheap to clone.
#[derive(Clone)]
pub struct Sides {
    /// Salesforce.
    pub org: Org,
    /// The supporter database.
    pub supporters: Arc<dyn Supporters>,
    /// What survives a restart.
    pub state: State,
    /// Which column is which field.
    pub map: Arc<FieldMap>,
    /// Which Contact fields are read, and how a row becomes a Contact.
    pub columns: Arc<ContactColumns>,
    /// How to behave.
    pub settings: Arc<Settings>,
    /// For sleeping and for measuring; never for deciding.
    pub clock: Clock,
    /// Who is watching.
    pub progress: Arc<dyn Progress>,
    /// Cancelled when the cycle should come to an orderly end: no new effect begins.
    pub stop: CancellationToken,
}

impl Sides {
    /// Whether the Contact's Id goes back to the supporter's row. A table that takes none is no reason to send nobody anything. Where
    /// changes are pulled no cycle begins on one that takes no writes at all, and what a dry run shows is a cycle on one that does.
    #[must_use]
    pub fn stamps_supporters(&self) -> bool {
        self.supporters.takes_contact_ids() && (self.settings.pull || self.supporters.read_only().is_none())
    }

    /// Whether the cycle was told to stop.
    #[must_use]
    pub fn stopping(&self) -> bool {
        self.stop.is_cancelled()
    }
}
