//! How a person's turn in a cycle ends.

use model::{Happened, Subject};
use plan::{Outcome, PersonPlan};
use state::Changes;

/// How a person's turn ended goes into their story, where nothing else of it tells so.
pub(crate) fn tell(changes: &mut Changes, subject: Option<&Subject>, outcome: &Outcome) {
    let Some(subject) = subject else { return };
    match outcome {
        Outcome::SupporterUpdated
        | Outcome::SupporterCreated
        | Outcome::Skipped(_)
        | Outcome::Deferred(_) => {
            changes.tell(subject, Happened::Ended(outcome.code()));
        }
        Outcome::InStep
        | Outcome::ContactCreated
        | Outcome::ContactUpdated
        | Outcome::Case(_)
        | Outcome::Blocked(_) => {}
    }
}

/// Whether a plan cannot begin without writing the supporter.
pub(crate) fn needs_pull(plan: &PersonPlan) -> bool {
    plan.creates_supporter() || plan.fields.iter().any(plan::FieldPlan::to_supporter)
}

/// The outcome of a plan that writes nothing.
pub(crate) fn still(plan: &PersonPlan) -> Outcome {
    plan.held().next().map_or(Outcome::InStep, |held| Outcome::Case(held.held_as()))
}

/// The person is done with for this cycle.
pub(crate) fn finish(changes: &mut Changes, plan: &PersonPlan) {
    if let Some(id) = plan.supporter_id() {
        changes.clear_dirty(&Subject::Supporter(id.clone()));
        changes.clear_intent(id);
    }
    if let Some(contact) = plan.contact {
        changes.clear_dirty(&Subject::Contact(contact));
    }
}
