//! Which column plays which part in the table itself.

use model::{Cell, Email, PersonObject};

use super::word::{joined, words};
use super::{Looked, Seen};
use crate::{ColumnKind, loose};

/// Names of columns that name a row, the better first.
const IDS: [&str; 12] = [
    "supporterid",
    "id",
    "supporter",
    "personid",
    "constituentid",
    "memberid",
    "donorid",
    "peopleid",
    "customerid",
    "userid",
    "uuid",
    "guid",
];
/// Names of columns that are stamped at every change, the better first.
const MODIFIED: [&str; 20] = [
    "modifiedat",
    "lastmodifiedat",
    "updatedat",
    "lastmodifieddate",
    "lastmodified",
    "modifiedon",
    "datemodified",
    "modifieddate",
    "lastmodifiedon",
    "modified",
    "updatedon",
    "lastupdated",
    "lastupdatedat",
    "dateupdated",
    "updated",
    "changedat",
    "lastchanged",
    "changed",
    "systemmodstamp",
    "mtime",
];
/// Names of columns that keep the Contact Id, the better first.
const CONTACT_IDS: [&str; 12] = [
    "salesforcecontactid",
    "sfdccontactid",
    "sfcontactid",
    "salesforceid",
    "sfdcid",
    "sfid",
    "crmcontactid",
    "contactid18",
    "contactid",
    "salesforcecontact",
    "sfcontact",
    "crmid",
];
/// Names of columns that keep the address, the better first.
const EMAILS: [&str; 9] = [
    "email",
    "emailaddress",
    "primaryemail",
    "mainemail",
    "mail",
    "email1",
    "emailaddress1",
    "supporteremail",
    "personemail",
];

fn by_name<'a>(looked: &'a Looked, names: &[&str], fits: impl Fn(&Seen) -> bool) -> Option<&'a Seen> {
    names
        .iter()
        .find_map(|name| looked.columns.iter().find(|seen| joined(&seen.column.name) == *name && fits(seen)))
}

/// The one key column, else one that is unique and has a fitting name.
pub(super) fn id(looked: &Looked) -> Option<&Seen> {
    let key: Vec<&Seen> = looked.columns.iter().filter(|seen| seen.column.primary_key > 0).collect();
    if let [only] = key[..] {
        return Some(only);
    }
    let unique = by_name(looked, &IDS, |seen| seen.unique);
    // Of a view nothing is declared.
    unique.or_else(|| by_name(looked, &IDS, |seen| seen.column.kind != ColumnKind::Real))
}

/// By name, else a name with a telling word whose values are stamps.
pub(super) fn modified(looked: &Looked) -> Option<&Seen> {
    let telling = |seen: &&Seen| {
        let stem = |word: &String| ["modif", "updat", "chang"].iter().any(|stem| word.starts_with(stem));
        words(&seen.column.name).iter().any(stem)
            && share(seen, |text| model::Stamp::parse(text).is_ok()) > 0.9
    };
    by_name(looked, &MODIFIED, |_| true).or_else(|| looked.columns.iter().find(telling))
}

/// By its values, else by name if its values do not speak against it.
pub(super) fn contact_id(looked: &Looked) -> Option<&Seen> {
    let is_contact = |text: &str| loose::contact_id(text).is_some_and(|id| PersonObject::Contact.has(id));
    let full = looked.columns.iter().find(|seen| share(seen, is_contact) > 0.5);
    full.or_else(|| by_name(looked, &CONTACT_IDS, |seen| texts(seen).next().is_none()))
}

/// By name, else by its values.
pub(super) fn email(looked: &Looked) -> Option<&Seen> {
    let is_address = |text: &str| Email::parse(text).is_ok();
    let named =
        by_name(looked, &EMAILS, |seen| texts(seen).next().is_none() || share(seen, is_address) > 0.3);
    named.or_else(|| looked.columns.iter().find(|seen| share(seen, is_address) > 0.8))
}

/// The values that are texts and not blank.
pub(super) fn texts(seen: &Seen) -> impl Iterator<Item = &str> {
    seen.values.iter().filter_map(Cell::text).map(str::trim).filter(|text| !text.is_empty())
}

/// The share of the values that fit; none: 0.
pub(super) fn share(seen: &Seen, fits: impl Fn(&str) -> bool) -> f64 {
    let (mut all, mut fitting) = (0_u32, 0_u32);
    for text in texts(seen) {
        all += 1;
        fitting += u32::from(fits(text));
    }
    if all == 0 { 0.0 } else { f64::from(fitting) / f64::from(all) }
}
