//! A consent with a date of its own: the date says whose word is the later one, and goes where the consent goes.

use model::{Cell, Decision, FieldType, InvalidValue, Question, Side, Stamp, reconcile};

use super::{Rules, allowed};
use crate::person_plan::FieldPlan;

/// The side whose consent is dated later: by more than the tolerance of policy `newest` for a date with its time of day, by a day
/// for a date alone. Nobody's, where one of the two is not dated.
pub(super) fn dated_later(
    rules: &Rules<'_>,
    supporter: &[Result<Cell, InvalidValue>],
    contact: &[Result<Cell, InvalidValue>],
    at: usize,
) -> Option<Side> {
    let date = (*rules.map.dates().get(at)?)?;
    let text =
        |values: &[Result<Cell, InvalidValue>]| Some(values.get(date)?.as_ref().ok()?.text()?.to_owned());
    let (ours, theirs) = (text(supporter)?, text(contact)?);
    if rules.fields[date].kind == FieldType::Date {
        // Normalized dates are ISO 8601, whose order is that of their letters.
        return match ours.cmp(&theirs) {
            std::cmp::Ordering::Greater => Some(Side::Supporter),
            std::cmp::Ordering::Less => Some(Side::Salesforce),
            std::cmp::Ordering::Equal => None,
        };
    }
    let (ours, theirs) = (Stamp::parse(&ours).ok()?, Stamp::parse(&theirs).ok()?);
    let tolerance = rules.settings.newest_tolerance;
    if ours.since(theirs) > tolerance {
        Some(Side::Supporter)
    } else if theirs.since(ours) > tolerance {
        Some(Side::Salesforce)
    } else {
        None
    }
}

/// The dates' own decisions, put right by those on what they date.
pub(super) fn dates_follow(rules: &Rules<'_>, questions: &[Question<'_>], fields: &mut [FieldPlan]) {
    for (at, date) in rules.map.dates().iter().enumerate() {
        let Some(date) = *date else { continue };
        let consent: Decision = fields[at].decision;
        let decided = reconcile::follow(&questions[date], fields[date].decision, consent);
        fields[date].decision = allowed(decided, rules.settings);
    }
}
