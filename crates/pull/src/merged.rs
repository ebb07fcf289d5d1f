//! Contacts that nobody answers to but a supporter who was merged into another.

use std::collections::HashMap;

use model::{ContactId, Evidence, Supporter, SupporterId};
use plan::look_up::email_of;
use plan::merged::survivors;
use plan::{Fatal, SeenContact, Sides};

use crate::identify::Identified;

/// Answers for Contacts of which a supporter would be made, although a row that was merged away holds their Id or address: the database
/// would refuse a second one, in every cycle anew. Where a record carries the other's id, the Contact is whoever remains, if that one
/// has none yet.
pub(crate) async fn answer(
    sides: &Sides,
    contacts: &[SeenContact],
    merged: &[Supporter],
    answers: &mut [Identified],
) -> Result<(), Fatal> {
    let open = || answers.iter().any(|answer| matches!(answer, Identified::New));
    if merged.is_empty() || !open() {
        return Ok(());
    }
    let remaining = survivors(sides, merged).await?;
    let ids: Vec<SupporterId> = remaining.values().cloned().collect();
    let links = sides.state.links_of(&ids)?;
    let free = |found: Option<Supporter>, is_linked: bool| found.filter(|_| !is_linked);
    let rows = sides.supporters.get(&ids).await?.into_iter().zip(links);
    let free: HashMap<SupporterId, Supporter> = rows
        .filter_map(|(found, link)| free(found, link.is_some()))
        .map(|supporter| (supporter.id.clone(), supporter))
        .collect();
    let apart = sides.state.apart_of(&ids)?;
    for (seen, answer) in contacts.iter().zip(answers) {
        if !matches!(answer, Identified::New) {
            continue;
        }
        let by_id =
            merged.iter().find(|one| seen.carries(&one.id) || stored_id(sides, one) == Some(seen.id()));
        let survivor = by_id.and_then(|one| Some((one, free.get(remaining.get(&one.id)?)?)));
        let survivor = survivor.filter(|(_, one)| !apart.contains(&(one.id.clone(), seen.id())));
        if let Some((loser, survivor)) = survivor {
            let evidence = Evidence::SupporterMerged { supporter: loser.id.clone() };
            *answer = Identified::One(Box::new(survivor.clone()), evidence);
        } else if by_id.is_some() || has_address(sides, merged, seen) {
            *answer = Identified::MergedAway;
        }
    }
    Ok(())
}

fn stored_id(sides: &Sides, supporter: &Supporter) -> Option<ContactId> {
    supporter.contact_id.text().and_then(|raw| sides.map.object().id(raw))
}

fn has_address(sides: &Sides, merged: &[Supporter], seen: &SeenContact) -> bool {
    merged.iter().filter_map(|one| email_of(&sides.map, one)).any(|email| seen.emails.contains(&email))
}
