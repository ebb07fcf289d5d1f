//! Whoever carries the supporter's id in the external id field: the living, then the dead.

use model::{Case, CaseKind, Evidence, Supporter};

use super::{Fetched, Found, are_apart, belongs_to_another};
use crate::choice::case;
use crate::columns::SeenContact;
use crate::read::Fate;

/// Our external id, on the living and the dead. One that was told apart and carries it all the same is no dead one: a row under that
/// id would be taken for theirs.
pub(super) fn by_key(supporter: &Supporter, fetched: &Fetched) -> Option<Found> {
    if fetched.by_key.is_empty() {
        return None;
    }
    let holders = fetched.by_key.get(&supporter.id.as_str().to_lowercase())?;
    let (dead, live): (Vec<&SeenContact>, Vec<&SeenContact>) =
        holders.iter().partition(|seen| seen.contact.deleted);
    let (apart, live): (Vec<&SeenContact>, Vec<&SeenContact>) =
        live.into_iter().partition(|seen| are_apart(supporter, seen.id(), fetched));
    match live.as_slice() {
        [one] => {
            if belongs_to_another(supporter, one, fetched) {
                return Some(case(CaseKind::TwoSupportersOneContact, vec![(*one).clone()], &["external_id"]));
            }
            Some(Found::One(Box::new((*one).clone()), Evidence::ExternalId))
        }
        [] if !apart.is_empty() => {
            let apart = apart.into_iter().cloned().collect();
            Some(case(CaseKind::IdAndEmailDisagree, apart, &["external_id", Case::TOLD_APART]))
        }
        [] => dead_holder(supporter, &dead, fetched),
        several => {
            let several = several.iter().map(|&seen| seen.clone()).collect();
            Some(case(CaseKind::SeveralContactsOneKey, several, &["external_id"]))
        }
    }
}

/// Only deleted Contacts carry our id: the survivor of a merge is the person, unless an administrator told the two apart; a plain
/// deletion is for an administrator.
fn dead_holder(supporter: &Supporter, holders: &[&SeenContact], fetched: &Fetched) -> Option<Found> {
    for seen in holders {
        if let Some(Fate::Survivor(id)) = fetched.fates.get(&seen.id())
            && !are_apart(supporter, *id, fetched)
        {
            let survivor = fetched.by_id.get(id)?;
            if belongs_to_another(supporter, survivor, fetched) {
                return Some(case(
                    CaseKind::MergedIntoLinked,
                    vec![survivor.clone()],
                    &["external_id", "merged"],
                ));
            }
            return Some(Found::One(Box::new(survivor.clone()), Evidence::MergedFrom { contact: seen.id() }));
        }
    }
    holders
        .first()
        .map(|seen| case(CaseKind::ContactDeleted, vec![(*seen).clone()], &["external_id", "deleted"]))
}
