//! A cycle that makes links and agreements and writes to neither side.

use plan::{Deferral, Fatal, Outcome, PersonPlan};
use state::Changes;

use super::Cycle;
use crate::turn;

impl Cycle<'_> {
    /// What differs stays marked, the Contact Id that a row lacks included.
    pub(super) async fn only_look(&mut self, plans: Vec<PersonPlan>) -> Result<(), Fatal> {
        let mut changes = Changes::new();
        for plan in plans {
            let waits = Outcome::Deferred(Deferral::OtherDirection);
            let outcome = if plan.is_still() { turn::still(&plan) } else { waits };
            self.settle_now(&mut changes, &plan, &outcome);
        }
        let _receipt = self.sides.state.commit(changes).await?;
        Ok(())
    }
}
