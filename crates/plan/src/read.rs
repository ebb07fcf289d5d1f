//! Reading Contacts fresh, and finding out what became of those that are gone.

use std::collections::HashMap;

use model::{ContactId, PersonObject, SalesforceId};
use salesforce::soql::{Field, Literal, Soql};

use crate::columns::SeenContact;
use crate::{Fatal, Sides};

/// How many merges are followed from one Contact to its survivor before the chain counts as broken.
const MAX_HOPS: usize = 10;

/// What became of a Contact that is not among the living.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was merged; this one remains.
    Survivor(ContactId),
    /// It lies in the recycle bin.
    Deleted,
    /// The org knows nothing of it any more, or our user may not see it.
    Unknown,
}

/// The live Contacts with these ids, in the order asked for. `None`: not there, deleted, or not visible.
///
/// # Errors
/// [`Fatal`] when the org cannot be asked.
pub async fn contacts(sides: &Sides, ids: &[ContactId]) -> Result<Vec<Option<SeenContact>>, Fatal> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<SalesforceId> = ids.iter().map(|&id| id.into()).collect();
    let rows = sides.org.get_many(sides.map.object().name(), &ids, sides.columns.select()).await?;
    let live = |row: Option<salesforce::Row>| {
        let seen = sides.columns.read(&row?).ok()?;
        (!seen.contact.deleted).then_some(seen)
    };
    Ok(rows.into_iter().map(live).collect())
}

/// What became of Contacts that [`contacts`] did not find. Merge chains are followed to their end.
///
/// # Errors
/// [`Fatal`] when the org cannot be asked.
pub async fn fates(sides: &Sides, gone: &[ContactId]) -> Result<HashMap<ContactId, Fate>, Fatal> {
    let mut known: HashMap<ContactId, Option<Step>> = HashMap::new();
    let mut ask: Vec<ContactId> = gone.to_vec();
    for _ in 0..MAX_HOPS {
        ask.retain(|id| !known.contains_key(id));
        ask.sort_unstable();
        ask.dedup();
        if ask.is_empty() {
            break;
        }
        let found = steps(sides, &ask).await?;
        let mut next = Vec::new();
        for id in ask {
            let step = found.get(&id).copied();
            if let Some(Step::MergedInto(master)) = step {
                next.push(master);
            }
            known.insert(id, step);
        }
        ask = next;
    }
    Ok(gone.iter().map(|&id| (id, follow(&known, id))).collect())
}

/// One step of a Contact's fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Live,
    MergedInto(ContactId),
    Deleted,
}

fn follow(known: &HashMap<ContactId, Option<Step>>, from: ContactId) -> Fate {
    let mut at = from;
    for _ in 0..=MAX_HOPS {
        match known.get(&at).copied().flatten() {
            None => return Fate::Unknown,
            Some(Step::Deleted) => return Fate::Deleted,
            Some(Step::Live) => return Fate::Survivor(at),
            Some(Step::MergedInto(master)) => at = master,
        }
    }
    Fate::Unknown
}

async fn steps(sides: &Sides, ids: &[ContactId]) -> Result<HashMap<ContactId, Step>, Fatal> {
    let mut found = HashMap::new();
    let object = sides.map.object();
    let fields = ["Id", "IsDeleted", "MasterRecordId", "IsConverted"];
    let most = if object == PersonObject::Lead { fields.len() } else { fields.len() - 1 };
    let base = Soql::select(object.name(), &fields[..most])?;
    let id_field = Field::parse("Id")?;
    for soql in base.in_chunks(&id_field, ids.iter().map(|id| Literal::from(id.as_str()))) {
        let mut pages = sides.org.query_all(&soql)?;
        while let Some(rows) = pages.next_page().await? {
            for row in rows {
                let Some(id) = row.get("Id").and_then(|raw| ContactId::parse(raw).ok()) else { continue };
                let master = row.get("MasterRecordId").and_then(|raw| ContactId::parse(raw).ok());
                let deleted = row.get("IsDeleted").is_some_and(|text| text == "true");
                // The Lead stays visible, and nobody can write it any more (Object reference, Lead: `IsConverted`).
                let converted = object == PersonObject::Lead && row.is_true("IsConverted");
                let step = match master {
                    Some(master) if deleted => Step::MergedInto(master),
                    _ if deleted || converted => Step::Deleted,
                    _ => Step::Live,
                };
                found.insert(id, step);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u32) -> ContactId {
        ContactId::parse(&format!("003000000{n:06}")).unwrap()
    }

    #[test]
    fn a_chain_of_merges_ends_at_the_survivor_and_a_circle_nowhere() {
        let known = HashMap::from([
            (id(1), Some(Step::MergedInto(id(2)))),
            (id(2), Some(Step::MergedInto(id(3)))),
            (id(3), Some(Step::Live)),
            (id(4), Some(Step::MergedInto(id(5)))),
            (id(5), Some(Step::MergedInto(id(4)))),
            (id(6), Some(Step::MergedInto(id(7)))),
            (id(7), Some(Step::Deleted)),
            (id(8), None),
        ]);
        assert_eq!(follow(&known, id(1)), Fate::Survivor(id(3)));
        assert_eq!(follow(&known, id(4)), Fate::Unknown);
        assert_eq!(follow(&known, id(6)), Fate::Deleted);
        assert_eq!(follow(&known, id(8)), Fate::Unknown);
    }
}
