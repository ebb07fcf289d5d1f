//! What a permission set calls a field. Salesforce gives access to an address as a whole, and to names always.

use std::collections::BTreeMap;

use crate::blueprint::Blueprint;

/// Parts of the compound `Name`, which is required and therefore in no permission set (Metadata API: a deployment that
/// lists a required field ends with "You cannot deploy to a required field").
const NAMES: [&str; 6] = ["Name", "Salutation", "FirstName", "MiddleName", "LastName", "Suffix"];

/// Fields that every user who may read the record may read; no permission set lists them.
const SYSTEM: [&str; 15] = [
    "Id",
    "IsDeleted",
    "MasterRecordId",
    "OwnerId",
    "RecordTypeId",
    "CurrencyIsoCode",
    "CreatedDate",
    "CreatedById",
    "LastModifiedDate",
    "LastModifiedById",
    "SystemModstamp",
    "LastActivityDate",
    "LastViewedDate",
    "LastReferencedDate",
    "IsPersonAccount",
];

/// The two compound addresses of a Contact.
const ADDRESSES: [&str; 2] = ["Mailing", "Other"];

/// Parts of a compound address: their permission is the compound's (`MailingStreet` is refused in a permission set,
/// `MailingAddress` is taken).
const ADDRESS_PARTS: [&str; 10] = [
    "Street",
    "City",
    "State",
    "PostalCode",
    "Country",
    "StateCode",
    "CountryCode",
    "Latitude",
    "Longitude",
    "GeocodeAccuracy",
];

/// What a permission set calls a Contact field; `None`: it is in none, because everybody who may read Contacts may read it.
#[must_use]
pub fn permission_name(field: &str) -> Option<String> {
    let among = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(field));
    if among(&NAMES) || among(&SYSTEM) {
        return None;
    }
    for address in ADDRESSES {
        let head = field.get(..address.len()).filter(|head| head.eq_ignore_ascii_case(address));
        let part = head.and_then(|_| field.get(address.len()..));
        if part.is_some_and(|part| ADDRESS_PARTS.iter().any(|known| known.eq_ignore_ascii_case(part))) {
            return Some(format!("{address}Address"));
        }
    }
    Some(field.to_owned())
}

/// The field permissions of a blueprint: what a permission set calls the field, and whether it may be edited. Nothing but
/// the fields that the configuration names; edit only where highwater writes.
pub(crate) fn permissions(wish: &Blueprint) -> BTreeMap<String, bool> {
    let mut found = BTreeMap::new();
    let mut add = |name: &str, edit: bool| {
        let Some(name) = permission_name(name) else { return };
        // A setting may spell a field as it likes.
        let known = found.keys().find(|known: &&String| known.eq_ignore_ascii_case(&name)).cloned();
        *found.entry(known.unwrap_or(name)).or_insert(false) |= edit && wish.work.push;
    };
    for field in wish.fields() {
        add(&field.name, field.pushed());
    }
    let technical = wish.technical();
    add(&technical.supporter_id, true);
    if let Some(account_id) = &technical.account_id {
        add(account_id, true);
    }
    for (name, edit) in wish.beside_the_map() {
        add(name, edit);
    }
    add(&technical.push_marker, true);
    // The Flow sets it, in the system's name.
    add(&technical.last_modified, false);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_permitted_as_a_whole_and_a_name_always() {
        for (field, permission) in [
            ("MailingStreet", Some("MailingAddress")),
            ("mailingpostalcode", Some("MailingAddress")),
            ("OtherCountry", Some("OtherAddress")),
            ("OtherPhone", Some("OtherPhone")),
            ("Email", Some("Email")),
            ("Opt_In__c", Some("Opt_In__c")),
            ("LastName", None),
            ("Salutation", None),
            ("OwnerId", None),
        ] {
            assert_eq!(permission_name(field).as_deref(), permission, "{field}");
        }
    }
}
