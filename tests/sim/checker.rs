//! What must hold when everything is quiet again. Looks at the two sides and at what people did; asks the engine for nothing
//! but its links, its cases and its marks.

use std::collections::{BTreeMap, BTreeSet};

use model::{Case, Link, LinkLife, Supporter};
use plan::{CycleReport, Sides};
use serde_json::Value as Json;

use crate::world::{Deeds, FIELDS, World};

/// What both sides hold in the end.
struct End {
    supporters: BTreeMap<String, Supporter>,
    live: BTreeMap<String, Json>,
    links: Vec<Link>,
    cases: Vec<Case>,
    columns: Vec<String>,
}

/// Every broken promise, in words; empty: all hold.
pub fn check(world: &World, sides: &Sides, last: &CycleReport) -> Vec<String> {
    let end = read(world, sides);
    let deeds = world.deeds.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut broken = Vec::new();
    silent(last, &mut broken);
    nobody_waits(sides, &mut broken);
    converged(&end, &deeds, &mut broken);
    created_once(world, &mut broken);
    nobody_lost(&end, &deeds, world, &mut broken);
    everybody_accounted_for(&end, &mut broken);
    one_to_one(&end, &mut broken);
    broken
}

fn read(world: &World, sides: &Sides) -> End {
    let supporters = world.database.rows().into_iter().map(|row| (row.id.to_string(), row)).collect();
    let live = world
        .org
        .admin()
        .records("Contact")
        .into_iter()
        .filter_map(|contact| Some((contact["Id"].as_str()?.to_owned(), contact)))
        .collect();
    let links = sides.state.links_page(None, 100_000).expect("readable");
    let cases = sides.state.cases_page(None, 100_000).expect("readable");
    End { supporters, live, links, cases, columns: sides.map.columns().to_vec() }
}

fn silent(last: &CycleReport, broken: &mut Vec<String>) {
    if last.rows.sent > 0 || last.supporter_writes > 0 {
        broken.push(format!("the last cycle still wrote: {:?}", last.outcomes));
    }
}

fn nobody_waits(sides: &Sides, broken: &mut Vec<String>) {
    let waiting = sides.state.dirty_count().expect("readable");
    if waiting > 0 {
        let page = sides.state.dirty_page(None, 5).expect("readable");
        broken.push(format!("{waiting} still marked: {page:?}"));
    }
    if !sides.state.journal().expect("readable").is_empty() {
        broken.push("a job is still in flight".to_owned());
    }
}

impl End {
    fn of_supporter(&self, id: &str, column: &str) -> String {
        let at = self.columns.iter().position(|known| known == column);
        let cell = at.and_then(|at| self.supporters.get(id)?.cells.get(at));
        cell.and_then(|cell| cell.text()).unwrap_or_default().to_owned()
    }

    fn of_contact(&self, id: &str, field: &str) -> String {
        self.live.get(id).and_then(|contact| contact[field].as_str()).unwrap_or_default().to_owned()
    }

    fn has_case(&self, supporter: &str) -> bool {
        self.cases.iter().any(|case| case.supporters.iter().any(|id| id.as_str() == supporter))
    }
}

/// Every linked pair agrees, on a value that somebody typed last; a field that one side alone ever typed holds that.
fn converged(end: &End, deeds: &Deeds, broken: &mut Vec<String>) {
    let touched: BTreeSet<&str> =
        deeds.merged.iter().flat_map(|(loser, winner)| [loser.as_str(), winner.as_str()]).collect();
    for link in end.links.iter().filter(|link| link.life == LinkLife::Live) {
        let (supporter, contact) = (link.supporter.to_string(), link.contact.to_string());
        if end.has_case(&supporter) {
            continue;
        }
        if !end.supporters.contains_key(&supporter) || !end.live.contains_key(&contact) {
            broken.push(format!("the link of supporter {supporter} with {contact} leads nowhere"));
            continue;
        }
        for (field, column) in FIELDS {
            let (ours, theirs) = (end.of_supporter(&supporter, column), end.of_contact(&contact, field));
            if ours != theirs {
                broken.push(format!(
                    "{field} of supporter {supporter}: {ours:?} here, {theirs:?} on {contact}"
                ));
                continue;
            }
            if touched.contains(contact.as_str()) {
                continue;
            }
            let here = deeds.supporter.get(&(supporter.clone(), field.to_owned()));
            let there = deeds.contact.get(&(contact.clone(), field.to_owned()));
            let right = match (here.and_then(|typed| typed.last()), there.and_then(|typed| typed.last())) {
                (None, None) => true,
                (Some(here), None) => ours == *here,
                (None, Some(there)) => ours == *there,
                (Some(here), Some(there)) => ours == *here || ours == *there,
            };
            if !right {
                broken.push(format!(
                    "{field} of supporter {supporter} is {ours:?}; typed here {here:?}, on {contact} {there:?}"
                ));
            }
        }
    }
}

/// The integration user made at most one Contact for a supporter.
fn created_once(world: &World, broken: &mut Vec<String>) {
    let admin = world.org.admin();
    let person = admin.user_id(&admin.person()).unwrap_or_default();
    let mut made: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for contact in admin.all_records("Contact") {
        if contact["CreatedById"].as_str() == Some(&person) {
            continue;
        }
        let (Some(id), Some(email)) = (contact["Id"].as_str(), contact["Email"].as_str()) else { continue };
        made.entry(email.to_owned()).or_default().push(id.to_owned());
    }
    for (email, ids) in made.into_iter().filter(|(_, ids)| ids.len() > 1) {
        broken.push(format!("{} Contacts were made for {email}: {ids:?}", ids.len()));
    }
}

/// Nothing disappears that no person took away.
fn nobody_lost(end: &End, deeds: &Deeds, world: &World, broken: &mut Vec<String>) {
    let gone: BTreeSet<&str> = deeds
        .merged
        .iter()
        .map(|(loser, _)| loser.as_str())
        .chain(deeds.deleted.iter().map(String::as_str))
        .collect();
    for contact in world.org.admin().all_records("Contact") {
        let id = contact["Id"].as_str().unwrap_or_default();
        if !end.live.contains_key(id) && !gone.contains(id) {
            broken.push(format!("Contact {id} is gone, and no person took it away"));
        }
    }
}

/// Every supporter is linked, or a case says why not.
fn everybody_accounted_for(end: &End, broken: &mut Vec<String>) {
    let known: BTreeSet<&str> = end.links.iter().map(|link| link.supporter.as_str()).collect();
    for id in end.supporters.keys() {
        if !known.contains(id.as_str()) && !end.has_case(id) {
            broken.push(format!("supporter {id} is neither linked nor a case"));
        }
    }
}

/// No Contact belongs to two supporters.
fn one_to_one(end: &End, broken: &mut Vec<String>) {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for link in end.links.iter().filter(|link| link.life == LinkLife::Live) {
        if let Some(other) = owners.insert(link.contact.as_str(), link.supporter.as_str()) {
            broken.push(format!("Contact {} belongs to {other} and {}", link.contact, link.supporter));
        }
    }
}
