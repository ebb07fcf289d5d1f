//! Rows that name another Contact than their link: somebody wrote an Id there, which is not to be put back unseen.

use std::collections::{HashMap, HashSet};

use model::{ContactId, Supporter, SupporterId};
use state::Known;

use crate::columns::SeenContact;
use crate::look_up::stored_id;
use crate::read::contacts;
use crate::{Fatal, Sides};

/// Linked supporters whose row names another Contact that is there, and that one. An Id that leads nowhere is a leftover, of a merge
/// or of a table from before one. So is one of which an administrator said that it is somebody else, or instead of which another was
/// linked: what stood in the row then is told apart, and no clock is asked whether it was written before.
pub(crate) async fn contradicted(
    sides: &Sides,
    supporters: &[Option<Supporter>],
    known: &[Known],
) -> Result<HashMap<SupporterId, SeenContact>, Fatal> {
    let named = supporters.iter().zip(known).filter_map(|(supporter, known)| {
        let supporter = supporter.as_ref()?;
        let link = known.link.as_ref()?;
        // As most rows spell it: nothing has to be parsed.
        if supporter.contact_id.text().is_none_or(|text| text == link.contact.as_str()) {
            return None;
        }
        let stored = stored_id(&sides.map, supporter).filter(|stored| *stored != link.contact)?;
        Some((supporter.id.clone(), stored))
    });
    let mut named: Vec<(SupporterId, ContactId)> = named.collect();
    if named.is_empty() {
        return Ok(HashMap::new());
    }
    let apart: HashSet<(SupporterId, ContactId)> = sides.state.apart_of(named.iter().map(|(id, _)| id))?;
    named.retain(|pair| !apart.contains(pair));
    let (whose, ids): (Vec<SupporterId>, Vec<ContactId>) = named.into_iter().unzip();
    let seen = contacts(sides, &ids).await?;
    Ok(whose.into_iter().zip(seen).filter_map(|(id, seen)| Some((id, seen?))).collect())
}
