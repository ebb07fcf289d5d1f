//! An org in a file: what it holds and how it is set, to go on from another day.
//!
//! JSON lines: a head, then one record a line, deleted ones included. Ids, stamps and the counters behind ids come back
//! exactly. Sessions, jobs, cursors, scripted faults and counted calls end with the process; the connected app's key pair
//! is made anew.

use crate::clock::Clock;
use crate::id::RecordId;
use crate::org::{Admin, Org, OrgError};
use crate::record::{Cells, Draft, Record};
use crate::schema::{ObjectSchema, Schema};
use crate::settings::Settings;
use crate::store::{Store, Table};
use crate::value::{Stamp, Value, ValueRef};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Write};

/// The form of the file.
const FORMAT: u32 = 1;

/// Longest accepted line; a record holds at most 400,000 characters (Bulk guide v66, limits), which JSON may escape.
const LINE_BYTES: u64 = 8 << 20;

/// Why a snapshot was not read. Names no value.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The reader failed.
    #[error("the saved org cannot be read")]
    Read(#[from] io::Error),
    /// The org did not start.
    #[error(transparent)]
    Org(#[from] OrgError),
    /// A line is not what it should be.
    #[error("line {line} of the saved org {problem}")]
    Line {
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        problem: &'static str,
    },
}

#[derive(Serialize, Deserialize)]
struct Head {
    simorg_snapshot: u32,
    records: u64,
    clock_offset_ms: i64,
    jobs_minted: u64,
    minted: BTreeMap<String, u64>,
    settings: Settings,
}

#[derive(Serialize, Deserialize)]
struct Line {
    object: String,
    id: String,
    created_by: String,
    created: i64,
    modified_by: String,
    modified: i64,
    stamp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    master: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
    fields: BTreeMap<String, Stored>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Bool(bool),
    Number(f64),
    Text(Box<str>),
    Date { date: NaiveDate },
    Moment { millis: i64 },
}

impl Stored {
    fn of(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Null => None,
            ValueRef::Text(text) => Some(Self::Text(text.into())),
            ValueRef::Bool(flag) => Some(Self::Bool(flag)),
            ValueRef::Number(number) => Some(Self::Number(number)),
            ValueRef::Date(date) => Some(Self::Date { date }),
            ValueRef::DateTime(at) => Some(Self::Moment { millis: at.0 }),
        }
    }

    fn value(self) -> Value {
        match self {
            Self::Bool(flag) => Value::Bool(flag),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::text(text),
            Self::Date { date } => Value::Date(date),
            Self::Moment { millis } => Value::DateTime(Stamp(millis)),
        }
    }
}

impl Admin {
    /// Writes the org as it is at this moment. Purged records are left out; their ids stay used.
    ///
    /// # Errors
    /// When the writer fails; what was written is then no snapshot.
    pub fn save_to(&self, to: &mut dyn Write) -> io::Result<()> {
        let state = self.state();
        let store = state.store();
        let head = Head {
            simorg_snapshot: FORMAT,
            records: kept(&store).map(|table| table.iter().count() as u64).sum(),
            clock_offset_ms: state.clock.now().0.saturating_sub(Clock::default().now().0),
            jobs_minted: state.jobs.minted(),
            minted: kept(&store).map(|table| (table.schema().name.clone(), table.minted())).collect(),
            settings: Settings::clone(&state.settings()),
        };
        line(to, &head)?;
        for table in kept(&store) {
            for record in table.iter() {
                line(to, &written(table.schema(), record))?;
            }
        }
        to.flush()
    }

    /// Replaces everything the org holds and how it is set by a snapshot. Nothing changes when it cannot be read.
    ///
    /// # Errors
    /// [`SnapshotError`] names the first line that is wrong.
    pub fn restore(&self, from: &mut dyn BufRead) -> Result<(), SnapshotError> {
        let mut lines = Lines { from, line: 0 };
        let head = head(&mut lines)?;
        self.fill(head, &mut lines)
    }

    fn fill(&self, head: Head, lines: &mut Lines<'_>) -> Result<(), SnapshotError> {
        let store = read_store(&head, lines)?;
        let state = self.state();
        state.jobs.resume(head.jobs_minted);
        let clock = &state.clock;
        clock.hold(Clock::default().now().plus_millis(head.clock_offset_ms));
        clock.run();
        state.put(head.settings, store);
        Ok(())
    }
}

impl Org {
    /// Starts an org as it was saved by [`Admin::save_to`], on the ports its settings name.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub async fn start_from(from: &mut (dyn BufRead + Send)) -> Result<Self, SnapshotError> {
        let mut lines = Lines { from, line: 0 };
        let head = head(&mut lines)?;
        let org = Self::start(head.settings.clone()).await?;
        org.fill(head, &mut lines)?;
        Ok(org)
    }
}

/// Objects whose records are written; those of the set-up follow the settings.
fn kept(store: &Store) -> impl Iterator<Item = &Table> {
    store.tables().filter(|table| !table.schema().setup)
}

fn line(to: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *to, value)?;
    to.write_all(b"\n")
}

fn written(schema: &ObjectSchema, record: &Record) -> Line {
    let draft = record.cells.draft();
    let named =
        |(index, value): (u16, ValueRef<'_>)| Some((schema.at(index)?.name.clone(), Stored::of(value)?));
    Line {
        object: schema.name.clone(),
        id: record.id.to_string(),
        created_by: record.created_by.to_string(),
        created: record.created.0,
        modified_by: record.modified_by.to_string(),
        modified: record.modified.0,
        stamp: record.stamp.0,
        master: record.master.map(|id| id.to_string()),
        deleted: record.deleted,
        fields: draft.iter().filter_map(named).collect(),
    }
}

struct Lines<'a> {
    from: &'a mut (dyn BufRead + 'a),
    line: u64,
}

impl Lines<'_> {
    fn wrong(&self, problem: &'static str) -> SnapshotError {
        SnapshotError::Line { line: self.line, problem }
    }

    fn next(&mut self) -> Result<Option<String>, SnapshotError> {
        self.line += 1;
        let mut bytes = Vec::new();
        (&mut *self.from).take(LINE_BYTES).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.pop() != Some(b'\n') {
            return Err(self.wrong("does not end"));
        }
        String::from_utf8(bytes).map(Some).map_err(|_| self.wrong("is no UTF-8 text"))
    }

    fn id(&self, text: &str) -> Result<RecordId, SnapshotError> {
        RecordId::parse(text).ok_or_else(|| self.wrong("holds a malformed id"))
    }
}

fn head(lines: &mut Lines<'_>) -> Result<Head, SnapshotError> {
    let text = lines.next()?.ok_or_else(|| lines.wrong("is missing"))?;
    let head: Head = serde_json::from_str(&text).map_err(|_| lines.wrong("is no head of a saved org"))?;
    if head.simorg_snapshot == FORMAT { Ok(head) } else { Err(lines.wrong("names another form")) }
}

fn read_store(head: &Head, lines: &mut Lines<'_>) -> Result<Store, SnapshotError> {
    let schema = Schema::of_settings(&head.settings);
    let mut store = Store::new(&schema, &head.settings.pod);
    for (object, minted) in &head.minted {
        let table = store.table_mut(object).ok_or_else(|| lines.wrong("names an unknown object"))?;
        table.resume(*minted);
    }
    for _ in 0..head.records {
        let text = lines.next()?.ok_or_else(|| lines.wrong("is missing"))?;
        let row: Line = serde_json::from_str(&text).map_err(|_| lines.wrong("is no record"))?;
        let table = store.table_mut(&row.object).ok_or_else(|| lines.wrong("names an unknown object"))?;
        let record = record(table, row, lines)?;
        table.insert(record);
    }
    match lines.next()? {
        None => Ok(store),
        Some(_) => Err(lines.wrong("is one too many")),
    }
}

fn record(table: &Table, row: Line, lines: &Lines<'_>) -> Result<Record, SnapshotError> {
    let id = lines.id(&row.id)?;
    if id.prefix() != table.schema().key_prefix || table.get(&id).is_some() {
        return Err(lines.wrong("holds an id of another object, or one twice"));
    }
    let mut draft = Draft::default();
    for (name, stored) in row.fields {
        let field = table.schema().any_field(&name).ok_or_else(|| lines.wrong("names an unknown field"))?;
        draft.set(field.index, stored.value());
    }
    let cells = Cells::pack_for(table.schema(), &draft);
    let master = row.master.map(|master| lines.id(&master)).transpose()?;
    Ok(Record {
        id,
        created_by: lines.id(&row.created_by)?,
        created: Stamp(row.created),
        modified_by: lines.id(&row.modified_by)?,
        modified: Stamp(row.modified),
        stamp: Stamp(row.stamp),
        visible_at: Stamp(row.stamp),
        master,
        deleted: row.deleted,
        purged: false,
        cells,
        previous: None,
    })
}

#[cfg(test)]
mod tests {
    use super::SnapshotError;
    use crate::duplicate::{DuplicateAction, DuplicateSettings};
    use crate::{Org, Settings};
    use proptest::prelude::*;
    use serde_json::json;

    fn saved(org: &Org) -> Vec<u8> {
        let mut bytes = Vec::new();
        org.save_to(&mut bytes).expect("memory takes it");
        bytes
    }

    /// An org with a merged, a deleted and a live Contact.
    fn lived_in() -> Org {
        let org = Org::in_process(Settings { seed: 7, ..Settings::default() });
        let person = org.person();
        let row = |last: &str| json!({"LastName": last, "Email_Opt_In__c": true, "Birthdate": "1970-02-03"});
        let make = |last: &str| org.create_as(&person, "Contact", &row(last)).expect("created");
        let (kept, merged, deleted) = (make("Smith"), make("Smyth"), make("Märk\n\"X\""));
        org.merge_as(&person, "Contact", &kept, &[&merged]).expect("merged");
        org.delete_as(&person, "Contact", &deleted).expect("deleted");
        org
    }

    #[test]
    fn an_org_comes_back_as_it_was_and_gives_no_id_twice() {
        // GIVEN an org that was lived in
        let org = lived_in();
        // WHEN another one takes over its snapshot
        let other = Org::in_process(Settings::default());
        other.restore(&mut saved(&org).as_slice()).expect("restored");
        // THEN every record is the same, deleted ones too, and so are the settings
        for object in ["Contact", "User", "DuplicateRule", "Account"] {
            assert_eq!(other.all_records(object), org.all_records(object), "{object}");
        }
        assert_eq!(other.settings().seed, 7);
        // AND both give the same new id, which is nobody's
        let new = |org: &Org| {
            org.create_as(&org.person(), "Contact", &json!({"LastName": "New"})).expect("created")
        };
        let id = new(&other);
        assert_eq!(id, new(&org));
        assert!(saved(&lived_in()).windows(18).all(|window| window != id.as_bytes()));
    }

    #[test]
    fn saving_what_was_restored_gives_the_same_bytes() {
        let org = lived_in();
        let first = saved(&org);
        let other = Org::in_process(Settings::default());
        other.restore(&mut first.as_slice()).expect("restored");
        let strip = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            text.split_once('\n').map(|(_, records)| records.to_owned())
        };
        assert_eq!(strip(&saved(&other)), strip(&first));
    }

    #[test]
    fn duplicate_rules_see_restored_records() {
        // GIVEN a Contact, and a rule that blocks a second one like it
        let duplicates = DuplicateSettings::name_and_email(DuplicateAction::Block, "There is one.");
        let org = Org::in_process(Settings { duplicates, ..Settings::default() });
        let bob = json!({"FirstName": "Bob", "LastName": "Stillman", "Email": "bob@example.org"});
        org.create_as(&org.person(), "Contact", &bob).expect("created");
        // WHEN the org was restored THEN the second one is still blocked
        let other = Org::in_process(Settings::default());
        other.restore(&mut saved(&org).as_slice()).expect("restored");
        assert!(other.create_as(&other.person(), "Contact", &bob).is_err());
    }

    #[test]
    fn a_snapshot_that_was_cut_is_refused_and_changes_nothing() {
        let bytes = saved(&lived_in());
        let cut = &bytes[..bytes.len() - 40];
        let org = Org::in_process(Settings::default());
        let before = org.all_records("User");
        assert!(matches!(
            org.restore(&mut &cut[..]),
            Err(SnapshotError::Line { problem: "does not end", .. })
        ));
        let short =
            &bytes[..bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap_or(0) + 1];
        assert!(matches!(
            org.restore(&mut &short[..]),
            Err(SnapshotError::Line { problem: "is missing", .. })
        ));
        assert_eq!(org.all_records("User"), before);
    }

    proptest! {
        #[test]
        fn any_text_is_a_snapshot_or_refused(text in "(?s).{0,200}") {
            let org = Org::in_process(Settings::default());
            prop_assert!(org.restore(&mut text.as_bytes()).is_err());
        }
    }
}
