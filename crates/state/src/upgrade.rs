//! Formats of the whole state, and the way from an older one to this one.

use model::Case;
use serde::Serialize;

use crate::error::{Damage, Error, Fatal, Refusal};
use crate::keys;
use crate::meta::{self, Counts, MetaRow};
use crate::record::{self, Record};
use crate::store::{Batch, Scan, Store};
use crate::tree::Tree;

/// The format this version writes.
pub(crate) const FORMAT: u32 = 7;

/// One step: turns a state of format `from` into one of `from + 1`. Runs in as many commits as it likes and may be cut off
/// after any of them: it must find its way when it runs again.
pub(crate) struct Step {
    pub(crate) from: u32,
    pub(crate) run: fn(&dyn Store) -> Result<(), Error>,
}

/// The steps of this version, oldest first.
/// From 1 to 2 people's rows stay as they are; where they lie is the store's affair, and it has moved them when it was opened.
/// Who is in a plan stands in the people themselves since then; a store on disk has left the index of it behind when it moved the rest.
/// From 2 to 3 and from 3 to 4 nothing has to be done: leaves and people of earlier formats are read as they are, and written in
/// today's form when they change. From 4 to 5 the store has moved conflicts into leaves when it was opened. From 5 to 6 nothing has to be done
/// either: conflicts of earlier formats are read as they are. The number keeps older versions away. From 6 to 7 the cases that were put
/// off are counted, which no commit had done before.
pub(crate) const STEPS: &[Step] = &[
    Step { from: 1, run: forget_the_index_of_plans },
    Step { from: 2, run: |_| Ok(()) },
    Step { from: 3, run: |_| Ok(()) },
    Step { from: 4, run: |_| Ok(()) },
    Step { from: 5, run: |_| Ok(()) },
    Step { from: 6, run: count_what_was_put_off },
];

/// Rows removed by one commit.
const PAGE: usize = 1_000;

fn forget_the_index_of_plans(store: &dyn Store) -> Result<(), Error> {
    loop {
        let rows = store.scan(Tree::Index, Scan { prefix: keys::PLAN_PREFIX, after: None }, PAGE)?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new();
        for (key, _) in rows {
            batch.delete(Tree::Index, key);
        }
        store.commit_blocking(batch)?;
    }
}

fn count_what_was_put_off(store: &dyn Store) -> Result<(), Error> {
    let mut counts: Counts = meta::get(store, meta::COUNTS)?.unwrap_or_default();
    counts.put_off = 0;
    let mut after: Option<Vec<u8>> = None;
    loop {
        let rows = store.scan(Tree::Cases, Scan { prefix: &[], after: after.as_deref() }, PAGE)?;
        let Some((last, _)) = rows.last() else { break };
        after = Some(last.clone());
        for (key, value) in &rows {
            counts.put_off += u64::from(record::read::<Case>(key, value)?.standing.is_put_off());
        }
    }
    let (key, value) = meta_row(meta::COUNTS, &counts)?;
    let mut batch = Batch::new();
    batch.put(Tree::Meta, key, value);
    store.commit_blocking(batch)?;
    Ok(())
}

/// Brings a state to format `to`. The format row moves with the last commit of each step, the manifest after all of them.
pub(crate) fn upgrade(store: &dyn Store, steps: &[Step], to: u32) -> Result<(), Error> {
    let mut format: u32 = meta::get(store, meta::FORMAT)?.unwrap_or(to);
    check(format, to)?;
    while format < to {
        let step = steps.iter().find(|step| step.from == format);
        let step = step.ok_or(Refusal::TooOld { found: format, known: to })?;
        tracing::info!(state.format = format, "upgrading the state from format {format}");
        (step.run)(store)?;
        drill::reached(drill::KillPoint::K40);
        format += 1;
        write(store, format)?;
    }
    Ok(())
}

/// Refuses a state that a later version wrote.
pub(crate) fn check(found: u32, known: u32) -> Result<(), Refusal> {
    if found > known { Err(Refusal::Newer { found, known }) } else { Ok(()) }
}

/// Notes the format in the database.
pub(crate) fn write(store: &dyn Store, format: u32) -> Result<(), Fatal> {
    let (key, value) = row(format)?;
    let mut batch = Batch::new();
    batch.put(Tree::Meta, key, value);
    drill::reached(drill::KillPoint::K40);
    store.commit_blocking(batch).map(|_| ())
}

/// The row that notes the format.
pub(crate) fn row(format: u32) -> Result<(Vec<u8>, Vec<u8>), Fatal> {
    meta_row(meta::FORMAT, &format)
}

/// A row of [`Tree::Meta`] as it lies in the store.
fn meta_row<T: Serialize>(name: &str, value: &T) -> Result<(Vec<u8>, Vec<u8>), Fatal> {
    let key = MetaRow::key(&name.to_owned());
    let value = serde_json::to_value(value).map_err(|_| Fatal::damaged(Tree::Meta, &key, Damage::Content))?;
    let value = record::write(&key, &MetaRow(value))?;
    Ok((key, value))
}

#[cfg(test)]
mod tests {
    use model::{CaseKind, Stamp, Standing, Subject, SupporterId};

    use super::*;
    use crate::{CaseKey, MemoryStore};

    fn case(n: u32, ignored: bool) -> Case {
        Case {
            kind: CaseKind::AmbiguousContacts,
            subject: Subject::Supporter(SupporterId::parse(&n.to_string()).expect("an id")),
            supporters: Vec::new(),
            contacts: Vec::new(),
            reasons: Vec::new(),
            records: Vec::new(),
            opened_at: Stamp::from_micros(1),
            seen_at: Stamp::from_micros(1),
            standing: Standing { ignored, ..Standing::default() },
        }
    }

    fn note(store: &dyn Store, name: &str) -> Result<(), Error> {
        let mut batch = Batch::new();
        batch.put(Tree::Log, name.as_bytes(), b"done");
        store.commit_blocking(batch)?;
        Ok(())
    }

    const TWO_STEPS: &[Step] = &[
        Step { from: 1, run: |store| note(store, "one") },
        Step { from: 2, run: |store| note(store, "two") },
    ];

    #[test]
    fn every_step_from_the_found_format_runs_once() {
        let store = MemoryStore::new(1);
        write(&store, 2).unwrap();
        upgrade(&store, TWO_STEPS, 3).unwrap();
        assert_eq!(store.get(Tree::Log, b"one").unwrap(), None);
        assert!(store.get(Tree::Log, b"two").unwrap().is_some());
        assert_eq!(meta::get::<u32>(&store, meta::FORMAT).unwrap(), Some(3));
    }

    #[test]
    fn a_step_that_was_cut_off_runs_again() {
        let store = MemoryStore::new(1);
        write(&store, 1).unwrap();
        store.crash_at_commit(2); // the format row after step one
        assert!(upgrade(&store, TWO_STEPS, 3).is_err());
        let store = store.crash();
        upgrade(&store, TWO_STEPS, 3).unwrap();
        assert_eq!(meta::get::<u32>(&store, meta::FORMAT).unwrap(), Some(3));
    }

    #[test]
    fn the_index_of_plans_goes_and_the_rest_of_the_index_stays() {
        let store = MemoryStore::new(1);
        write(&store, 1).unwrap();
        let mut batch = Batch::new();
        for n in 0..2_500_u32 {
            batch.put(Tree::Index, [b"p", n.to_be_bytes().as_slice()].concat(), b"x");
        }
        batch.put(Tree::Index, b"b1", b"x").put(Tree::Index, b"a1", b"x");
        store.commit_blocking(batch).unwrap();
        upgrade(&store, STEPS, FORMAT).unwrap();
        let left = store.scan(Tree::Index, Scan::default(), 9).unwrap();
        assert_eq!(left.iter().map(|(key, _)| key.as_slice()).collect::<Vec<_>>(), [b"a1", b"b1"]);
    }

    #[test]
    fn cases_that_an_earlier_version_put_off_are_counted() {
        let store = MemoryStore::new(1);
        write(&store, 6).unwrap();
        let mut batch = Batch::new();
        for n in 0..1_500_u32 {
            let case = case(n, n % 3 == 0);
            let key = Case::key(&CaseKey::of(&case));
            batch.put(Tree::Cases, key.clone(), record::write(&key, &case).unwrap());
        }
        let before = Counts { links: 7, ..Counts::default() };
        let (key, value) = meta_row(meta::COUNTS, &before).unwrap();
        batch.put(Tree::Meta, key, value);
        store.commit_blocking(batch).unwrap();
        for _ in 0..2 {
            upgrade(&store, STEPS, FORMAT).unwrap();
            let counts: Counts = meta::get(&store, meta::COUNTS).unwrap().unwrap();
            assert_eq!(counts, Counts { put_off: 500, ..before.clone() });
            write(&store, 6).unwrap();
        }
    }

    #[test]
    fn a_later_format_and_a_missing_step_are_refused() {
        let store = MemoryStore::new(1);
        write(&store, 9).unwrap();
        assert!(matches!(
            upgrade(&store, TWO_STEPS, 3),
            Err(Error::Refused(Refusal::Newer { found: 9, known: 3 }))
        ));
        write(&store, 0).unwrap();
        assert!(matches!(
            upgrade(&store, TWO_STEPS, 3),
            Err(Error::Refused(Refusal::TooOld { found: 0, known: 3 }))
        ));
    }
}
