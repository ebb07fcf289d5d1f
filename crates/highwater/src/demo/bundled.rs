//! The people that come with the program. Nobody real; see data/people/NOTICE.

use std::collections::HashMap;

use serde::Deserialize;

use super::people::{Contact, Supporter, Twins};

const SUPPORTERS: &str = include_str!("../../data/people/supporters.csv");
const CONTACTS: &str = include_str!("../../data/people/contacts.csv");
const TRUTH: &str = include_str!("../../data/people/truth.csv");

/// A row of truth.csv.
#[derive(Deserialize)]
struct TruthRow {
    supporter_id: i64,
    contact_key: String,
}

fn rows<T: for<'de> Deserialize<'de>>(text: &'static str) -> impl Iterator<Item = T> {
    let reader = csv::Reader::from_reader(text.as_bytes());
    reader
        .into_deserialize()
        .map(|row| row.expect("the bundled tables are well-formed: a test reads every row"))
}

/// Contacts by their label.
fn contacts() -> HashMap<String, Contact> {
    let labels = rows::<HashMap<String, String>>(CONTACTS).filter_map(|mut row| row.remove("key"));
    labels.zip(rows::<Contact>(CONTACTS)).collect()
}

/// All of them, each supporter with its Contact where there is one, in the order of the supporters' ids.
#[must_use]
pub fn people() -> Vec<Twins> {
    let mut contacts = contacts();
    let mut of: HashMap<i64, String> =
        rows::<TruthRow>(TRUTH).map(|row| (row.supporter_id, row.contact_key)).collect();
    rows::<Supporter>(SUPPORTERS)
        .map(|supporter| {
            let contact = of.remove(&supporter.supporter_id).and_then(|key| contacts.remove(&key));
            Twins { supporter: Some(supporter), contact }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_row_is_read_and_every_contact_has_its_supporter() {
        let people = people();
        assert_eq!(people.len(), 5_000);
        assert_eq!(people.iter().filter(|twins| twins.contact.is_some()).count(), 3_954);
        assert_eq!(contacts().len(), 3_954);
        let no_last = people.iter().filter(|t| t.supporter.as_ref().is_some_and(|s| s.last_name.is_empty()));
        assert_eq!(no_last.count(), 48);
    }
}
