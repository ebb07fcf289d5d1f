//! Whom a cycle works on: the named, the merged, the unlinked, everybody.

use model::{DirtyReason, Subject, SupporterId};
use plan::{Fatal, Sides};
use state::Changes;

/// The people that subjects name, each once: a linked Contact names its supporter.
pub(crate) fn named(sides: &Sides, subjects: &[Subject]) -> Result<Vec<Subject>, Fatal> {
    let mut named = Vec::with_capacity(subjects.len());
    for subject in subjects {
        named.push(match subject {
            Subject::Contact(contact) => {
                sides.state.supporter_of(contact)?.map_or_else(|| subject.clone(), Subject::Supporter)
            }
            Subject::Supporter(_) => subject.clone(),
        });
    }
    named.sort();
    named.dedup();
    Ok(named)
}

/// Those among the subjects whose row names another supporter as the one that remains.
pub(crate) async fn merged(
    sides: &Sides,
    subjects: impl Iterator<Item = Subject>,
) -> Result<Vec<Subject>, Fatal> {
    let supporter = |subject| match subject {
        Subject::Supporter(id) => Some(id),
        Subject::Contact(_) => None,
    };
    let ids: Vec<SupporterId> = subjects.filter_map(supporter).collect();
    let found = sides.supporters.get(&ids).await?.into_iter().flatten();
    let merged = found.filter(|supporter| sides.map.merged_into(supporter).is_some());
    Ok(merged.map(|supporter| Subject::Supporter(supporter.id)).collect())
}

/// Of so many marked Contacts that belong to nobody one counts as a person to be looked up: most of them concern no supporter, and
/// cost no call.
const CONTACTS_PER_QUESTION: usize = 10;

/// How many of the marked are to be looked up on the other side, counted no further than `enough`.
pub(crate) fn unlinked(sides: &Sides, enough: usize) -> Result<u64, Fatal> {
    let (mut of_supporters, mut of_contacts) = (0, 0);
    let mut after: Option<Subject> = None;
    while of_supporters + of_contacts / CONTACTS_PER_QUESTION < enough {
        let page = sides.state.dirty_page(after.as_ref(), sides.settings.batch)?;
        let Some(last) = page.last() else { break };
        after = Some(last.subject.clone());
        let (mut supporters, mut contacts) = (Vec::new(), Vec::new());
        for dirty in page {
            match dirty.subject {
                Subject::Supporter(id) => supporters.push(id),
                Subject::Contact(id) => contacts.push(id),
            }
        }
        of_supporters += sides.state.links_of(&supporters)?.iter().filter(|link| link.is_none()).count();
        of_contacts += sides.state.supporters_of(&contacts)?.iter().filter(|owner| owner.is_none()).count();
    }
    Ok((of_supporters + of_contacts / CONTACTS_PER_QUESTION) as u64)
}

/// Names everybody on both sides, whatever their stamps: supporters by a scan of the table. Contacts are named by the pull
/// window, which begins at the beginning of time on a first load.
pub(crate) async fn everybody(sides: &Sides, mut collect: Option<&mut Vec<Subject>>) -> Result<u64, Fatal> {
    let mut marked = 0;
    let mut after: Option<SupporterId> = None;
    loop {
        let page = sides.supporters.ids(after.as_ref(), sides.settings.batch).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        if sides.stopping() {
            break;
        }
        marked += page.len() as u64;
        let mut changes = Changes::new();
        for id in page {
            match collect.as_deref_mut() {
                Some(collect) => collect.push(Subject::Supporter(id)),
                None => {
                    changes.mark_dirty(Subject::Supporter(id), DirtyReason::Backfill, None);
                }
            }
        }
        if !changes.is_empty() {
            let _receipt = sides.state.commit(changes).await?;
        }
        drill::reached(drill::KillPoint::K29);
    }
    Ok(marked)
}
