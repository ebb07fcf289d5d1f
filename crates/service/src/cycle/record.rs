//! What decisions leave in the state before anything is written to either side.

use std::collections::HashSet;

use drill::KillPoint::{K30, K31};
use drill::reached;
use model::SupporterId;
use plan::{Fatal, PersonPlan};
use state::Changes;

use super::Cycle;
use crate::request::{Mode, Seen};
use crate::{batch, turn};

/// What most plans leave: a link, agreements, an intent, cases that are over, a mark, and what the story tells of it.
const CHANGES_OF_A_PLAN: usize = 9;

impl Cycle<'_> {
    /// What plans leave in the state before anything is written, the intents of writing supporters with it. Returns whose link
    /// was refused.
    pub(super) async fn record(&mut self, plans: &[PersonPlan]) -> Result<HashSet<SupporterId>, Fatal> {
        let mut changes = Changes::with_room_for(CHANGES_OF_A_PLAN * plans.len());
        batch::free_contacts(self.sides, &mut changes, plans)?;
        let mut intends = false;
        for plan in plans {
            plan::record::record_plan(&mut changes, &mut self.report, plan, self.at);
            if drill::planted(drill::Mistake::AcknowledgedBeforeEffect) {
                turn::finish(&mut changes, plan);
            }
            if self.writes_supporter(plan) {
                pull::intend(&mut changes, plan);
                intends = true;
            }
            if self.request.only.is_some() {
                (self.sink)(Seen::Plan(plan, plan.fingerprint(&self.sides.state.digest_key())));
            }
        }
        if intends {
            reached(K30);
        }
        // A first load leaves nothing to say before anything is written.
        if changes.only_close_cases() && self.sides.state.case_counts()?.is_empty() {
            return Ok(HashSet::new());
        }
        let receipt = self.sides.state.commit(changes).await?;
        if intends {
            reached(K31);
        }
        plan::record::refused_links(self.sides, &mut self.report, &receipt, self.at).await
    }

    /// Whether this run writes the supporter of a plan.
    fn writes_supporter(&self, plan: &PersonPlan) -> bool {
        self.request.mode != Mode::Rebuild
            && plan.writes_supporter()
            && (self.may_pull() || !turn::needs_pull(plan))
    }
}
