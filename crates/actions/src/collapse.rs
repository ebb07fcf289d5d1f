//! Several writes for one record become one, in the order of the events. Pure.

use std::collections::{BTreeMap, HashMap};

use model::{SalesforceId, Stamp};
use salesforce::Describe;
use serde_json::Value;

use crate::action::Only;
use crate::evaluate::Wanted;
use crate::outcome::Note;
use crate::question::Question;
use crate::stamps::Stamps;

/// One write on its way: one record that one action wants for one event.
#[derive(Debug, Clone)]
pub struct Task {
    /// Which event of the batch.
    pub event: usize,
    /// Which action.
    pub action: usize,
    /// What its outcome is called: the action, with a number for further records of one event.
    pub label: String,
    /// When the event happened.
    pub at: Stamp,
    /// What is wanted.
    pub wanted: Wanted,
    /// It goes out alone: together with others it was refused.
    pub alone: bool,
    /// Its record was said to be gone, and is being looked up once more.
    pub looked_again: bool,
    /// An earlier attempt made the record, and no answer came back.
    pub made_before: bool,
    /// Under which notes it is said beforehand who makes a record; only of supporters.
    pub claims: Vec<Vec<u8>>,
}

/// Where a task's write goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A record of this object.
    Record(String, SalesforceId),
    /// A new record of this object, the same for everybody who asked one of these questions.
    New(String, Vec<Question>),
}

/// What goes out for one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel {
    /// The object.
    pub object: String,
    /// The record; `None`: a new one.
    pub record: Option<SalesforceId>,
    /// The values with the times of the events that set them; of a placeholder none, as no event said it.
    pub values: BTreeMap<String, (Value, Option<Stamp>)>,
    /// Whose it is, oldest event first.
    pub tasks: Vec<usize>,
    /// The record is deleted.
    pub delete: bool,
}

/// Which tasks share a record, in the order of their events; records in the order of their first event. Within a group
/// everything behind a deletion waits for the next round, and so does a deletion that something is before. Whoever waits for a
/// record to point at waits with everything behind it.
#[derive(Debug, Default, PartialEq)]
pub struct Grouped {
    /// Target and tasks.
    pub groups: Vec<(Target, Vec<usize>)>,
    /// Tasks of the next round.
    pub later: Vec<usize>,
}

/// Groups tasks by record. `targets` is in the order of the events.
#[must_use]
pub fn group(
    targets: Vec<(usize, Target)>,
    deletes: impl Fn(usize) -> bool,
    alone: impl Fn(usize) -> bool,
    waits: impl Fn(usize) -> bool,
) -> Grouped {
    let mut joined: Vec<(Target, Vec<usize>)> = Vec::new();
    let mut by_record: HashMap<SalesforceId, usize> = HashMap::new();
    let mut by_question: HashMap<Question, usize> = HashMap::new();
    for (task, target) in targets {
        let at = match &target {
            Target::Record(_, id) => by_record.get(id).copied(),
            Target::New(_, questions) => questions.iter().find_map(|one| by_question.get(one)).copied(),
        };
        let at = at.unwrap_or(joined.len());
        match &target {
            Target::Record(_, id) => drop(by_record.insert(*id, at)),
            // Whoever asks any of the same questions means the same new record.
            Target::New(_, questions) => by_question.extend(questions.iter().map(|one| (one.clone(), at))),
        }
        match joined.get_mut(at) {
            Some((_, tasks)) => tasks.push(task),
            None => joined.push((target, vec![task])),
        }
    }
    let mut grouped = Grouped::default();
    for (target, mut tasks) in joined {
        let end = match tasks.iter().position(|task| deletes(*task)) {
            Some(0) => 1,
            Some(first) => first,
            None => tasks.len(),
        };
        let end = if tasks.iter().any(|task| alone(*task)) { 1 } else { end };
        let end = tasks.iter().position(|task| waits(*task)).map_or(end, |first| end.min(first));
        grouped.later.extend(tasks.split_off(end.min(tasks.len())));
        if !tasks.is_empty() {
            grouped.groups.push((target, tasks));
        }
    }
    grouped
}

/// One parcel of a group, and what happened to single fields of each task on the way.
#[must_use]
pub fn merge(
    target: &Target,
    tasks: Vec<usize>,
    all: &[Task],
    known: &Stamps,
) -> (Parcel, Vec<(usize, Note)>) {
    let (object, record) = match target {
        Target::Record(object, id) => (object.clone(), Some(*id)),
        Target::New(object, _) => (object.clone(), None),
    };
    let mut values: BTreeMap<String, (Value, Option<Stamp>)> = BTreeMap::new();
    let mut notes = Vec::new();
    for (place, index) in tasks.iter().enumerate() {
        let Some(task) = all.get(*index) else { continue };
        let makes = record.is_none() && place == 0;
        for filled in &task.wanted.values {
            let used = match filled.only {
                Only::Always => true,
                Only::Create => makes,
                Only::Update => !makes,
            };
            if !used {
                continue;
            }
            if known.of(&filled.field).is_some_and(|newest| newest > task.at) {
                notes.push((*index, Note::Older(filled.field.clone())));
            } else {
                let at = (!filled.placeholder).then_some(task.at);
                values.insert(filled.field.clone(), (filled.value.clone(), at));
            }
        }
        if tasks.len() > 1 {
            notes.push((*index, Note::Collapsed));
        }
    }
    (Parcel { object, record, values, tasks, delete: false }, notes)
}

/// The first required field that a new record would lack.
#[must_use]
pub fn lacking<'d>(parcel: &Parcel, object: &'d Describe) -> Option<&'d str> {
    let given = |name: &str| parcel.values.get(name).is_some_and(|(value, _)| !value.is_null());
    let person = object.field("IsPersonAccount").is_some() && given("LastName");
    let mut required = object.fields().iter().filter(|field| field.required_on_create());
    required
        .find(|field| !(given(&field.name) || person && field.name == "Name"))
        .map(|field| field.name.as_str())
}

/// Fields of a Lead and what they are called on the Contact it was converted to (object reference, "Lead: field mapping at
/// conversion").
const LEAD_TO_CONTACT: [(&str, &str); 10] = [
    ("Street", "MailingStreet"),
    ("City", "MailingCity"),
    ("State", "MailingState"),
    ("PostalCode", "MailingPostalCode"),
    ("Country", "MailingCountry"),
    ("StateCode", "MailingStateCode"),
    ("CountryCode", "MailingCountryCode"),
    ("Latitude", "MailingLatitude"),
    ("Longitude", "MailingLongitude"),
    ("GeocodeAccuracy", "MailingGeocodeAccuracy"),
];

/// A record type belongs to one object.
const OF_ONE_OBJECT: &str = "RecordTypeId";

/// The same write for the Contact a Lead was converted to. Fields that a Contact does not have are left out.
#[must_use]
pub fn for_contact(wanted: &Wanted, contact: &Describe) -> Wanted {
    let mut translated = Wanted { values: Vec::new(), ..wanted.clone() };
    translated.notes.push(Note::FollowedToContact);
    for filled in &wanted.values {
        let name =
            LEAD_TO_CONTACT.iter().find(|(lead, _)| *lead == filled.field).map(|(_, contact)| *contact);
        let name = name.unwrap_or(&filled.field);
        match contact.field(name).filter(|field| field.updateable && field.name != OF_ONE_OBJECT) {
            Some(field) => {
                let mut filled = filled.clone();
                filled.field.clone_from(&field.name);
                translated.values.push(filled);
            }
            None if filled.only == Only::Create => {}
            None => translated.notes.push(Note::NoField(filled.field.clone())),
        }
    }
    translated
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::evaluate::{Filled, Wish};

    fn task(at: i64, values: &[(&str, Value, Only)]) -> Task {
        let filled = |(field, value, only): &(&str, Value, Only)| Filled {
            field: (*field).to_owned(),
            value: value.clone(),
            only: *only,
            placeholder: false,
        };
        let values = values.iter().map(filled).collect();
        let wanted = Wanted { wish: Wish::New, values, references: Vec::new(), notes: Vec::new() };
        Task {
            event: 0,
            action: 0,
            label: "a".into(),
            at: Stamp::from_seconds(at),
            wanted,
            alone: false,
            looked_again: false,
            made_before: false,
            claims: Vec::new(),
        }
    }

    fn new(value: &str) -> Target {
        let values = vec![("Email".to_owned(), value.to_owned())];
        Target::New("Lead".into(), vec![Question { object: "Lead".into(), values }])
    }

    #[test]
    fn tasks_for_one_record_are_one_group_and_a_deletion_parts_it() {
        let id = SalesforceId::parse("003RM0000068xVCYAY").unwrap();
        let same = || Target::Record("Contact".into(), id);
        let targets =
            vec![(0, same()), (1, new("a")), (2, same()), (3, new("b")), (4, new("a")), (5, same())];
        let grouped = group(targets.clone(), |task| task == 2, |_| false, |_| false);
        let groups: Vec<&[usize]> = grouped.groups.iter().map(|(_, tasks)| tasks.as_slice()).collect();
        assert_eq!(groups, [&[0][..], &[1, 4], &[3]]);
        assert_eq!(grouped.later, [2, 5]);
        let first = group(targets.clone(), |task| task == 0, |_| false, |_| false);
        assert_eq!((first.groups[0].1.as_slice(), first.later.as_slice()), (&[0][..], &[2, 5][..]));
        let alone = group(targets.clone(), |_| false, |task| task == 4, |_| false);
        assert_eq!(alone.groups[1].1, [1]);
        let waits = group(targets, |_| false, |_| false, |task| task == 1 || task == 2);
        let groups: Vec<&[usize]> = waits.groups.iter().map(|(_, tasks)| tasks.as_slice()).collect();
        assert_eq!((groups, waits.later), (vec![&[0][..], &[3]], vec![2, 5, 1, 4]));
    }

    #[test]
    fn the_newest_value_per_field_wins_and_placeholders_never_do() {
        let (hot, city) = (json!("Hot"), json!("Porto"));
        let all = [
            task(1, &[("City", json!("Faro"), Only::Always), ("Company", json!("n/a"), Only::Create)]),
            task(2, &[("City", city.clone(), Only::Always), ("Company", json!("n/a"), Only::Create)]),
            task(3, &[("Rating", hot.clone(), Only::Always), ("Company", json!("Acme"), Only::Always)]),
        ];
        let (parcel, notes) = merge(&new("a"), vec![0, 1, 2], &all, &Stamps::default());
        let value = |field: &str| parcel.values.get(field).map(|(value, _)| value.clone());
        assert_eq!(
            (value("City"), value("Rating"), value("Company")),
            (Some(city), Some(hot), Some(json!("Acme")))
        );
        assert_eq!(notes.iter().filter(|(_, note)| *note == Note::Collapsed).count(), 3);
    }

    #[test]
    fn a_converted_leads_address_goes_to_the_contacts_and_its_record_type_nowhere() {
        let field = |name: &str| json!({"name": name, "type": "string", "updateable": true});
        let fields = ["MailingStateCode", "MailingCity", "RecordTypeId", "Phone"].map(field);
        let contact = serde_json::from_value(json!({"name": "Contact", "fields": fields})).unwrap();
        let value = json!("x");
        let names = ["StateCode", "City", "RecordTypeId", "Phone"];
        let lead = task(1, &names.map(|name| (name, value.clone(), Only::Always)));
        let followed = for_contact(&lead.wanted, &contact);
        let written: Vec<&str> = followed.values.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(written, ["MailingStateCode", "MailingCity", "Phone"]);
        assert!(followed.notes.contains(&Note::NoField("RecordTypeId".into())));
    }

    #[test]
    fn a_record_that_is_there_gets_no_placeholder_and_no_older_value() {
        let id = SalesforceId::parse("003RM0000068xVCYAY").unwrap();
        let all = [task(
            5,
            &[
                ("City", json!("Faro"), Only::Always),
                ("Phone", json!("1"), Only::Always),
                ("Company", json!("n/a"), Only::Create),
            ],
        )];
        let mut known = Stamps::default();
        known.raise("City", Stamp::from_seconds(6));
        known.raise("Phone", Stamp::from_seconds(5));
        let (parcel, notes) = merge(&Target::Record("Lead".into(), id), vec![0], &all, &known);
        assert_eq!(parcel.values.keys().collect::<Vec<_>>(), ["Phone"]);
        assert_eq!(notes, [(0, Note::Older("City".into()))]);
    }
}
