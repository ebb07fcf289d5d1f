//! A commit being drafted: the changes are applied to overlays, then written as one batch.

use std::collections::BTreeMap;

use model::{Case, CycleId, Happened, JournalEntry, PlanId, Side, Stamp, Subject, SupporterId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::case_filter::CaseFilter;
use crate::cases::case_prefix;
use crate::dirty::Mark;
use crate::error::{Damage, Error, Fatal};
use crate::meta::{self, Counts, MetaRow};
use crate::overlay::Overlay;
use crate::person::{LinkedSupporter, Person};
use crate::record::{self, Counted, Record};
use crate::store::{Batch, Store};
use crate::tree::Tree;
use crate::{Change, NoteKind, Receipt, keys, notes, seal};

mod apply;
pub(crate) mod case;
mod forget;
mod history;
mod link;
mod mark;
mod person;
mod tell;

/// What a draft needs to know besides the store.
pub(crate) struct Setting {
    /// This writer's epoch.
    pub(crate) epoch: u64,
    /// This machine's time, for the audit trail.
    pub(crate) now: Stamp,
    /// How far below a watermark records are remembered as seen.
    pub(crate) overlap: std::time::Duration,
}

pub(crate) struct Draft<'s> {
    store: &'s dyn Store,
    case_filter: &'s CaseFilter,
    setting: Setting,
    people: Overlay<Person>,
    contacts: Overlay<LinkedSupporter>,
    marks: Overlay<Mark>,
    journal: Overlay<JournalEntry>,
    cases: Overlay<Case>,
    meta: Overlay<MetaRow>,
    counts: Counts,
    counts_before: Counts,
    refused: Vec<SupporterId>,
    apart: BTreeMap<Vec<u8>, bool>,
    /// The present cycle, once it was asked for.
    cycle: Option<CycleId>,
    /// The last plan number, once it was asked for.
    last_plan: Option<u64>,
    seen: Vec<(Side, String, Stamp)>,
    raised: Vec<Side>,
    batch: Batch,
    receipt: Receipt,
    milestone: bool,
    told: Vec<(Option<Subject>, Happened)>,
}

/// A drafted commit.
pub(crate) struct Drafted {
    pub(crate) batch: Batch,
    pub(crate) receipt: Receipt,
    /// Worth a new generation in the manifest: a watermark moved or a job was settled.
    pub(crate) milestone: bool,
    /// The highest plan number in it.
    pub(crate) plan: PlanId,
    /// What happened to whom, for the story.
    pub(crate) told: Vec<(Option<Subject>, Happened)>,
    /// The cycle it happened in.
    pub(crate) cycle: CycleId,
}

impl<'s> Draft<'s> {
    /// Applies the changes in their order.
    pub(crate) fn of(
        store: &'s dyn Store,
        case_filter: &'s CaseFilter,
        setting: Setting,
        changes: Vec<Change>,
    ) -> Result<Drafted, Error> {
        let counts: Counts = meta::get(store, meta::COUNTS)?.unwrap_or_default();
        let mut draft = Self {
            store,
            case_filter,
            batch: Batch::fenced(setting.epoch),
            setting,
            people: Overlay::default(),
            contacts: Overlay::default(),
            marks: Overlay::default(),
            journal: Overlay::default(),
            cases: Overlay::default(),
            meta: Overlay::default(),
            counts_before: counts.clone(),
            counts,
            refused: Vec::new(),
            apart: BTreeMap::new(),
            cycle: None,
            last_plan: None,
            seen: Vec::new(),
            raised: Vec::new(),
            receipt: Receipt::default(),
            milestone: false,
            told: Vec::new(),
        };
        draft.prefetch(&changes)?;
        for change in changes {
            draft.apply(change)?;
        }
        draft.finish()
    }

    /// Reads what most changes are about, each kind at once.
    fn prefetch(&mut self, changes: &[Change]) -> Result<(), Fatal> {
        let store = self.store;
        self.people.prefetch(store, changes.iter().filter_map(Change::person))?;
        self.marks.prefetch(store, changes.iter().filter_map(Change::marked))?;
        self.contacts.prefetch(store, changes.iter().filter_map(Change::linked))
    }

    /// The latest cycle; 0 before the first.
    fn cycle_now(&mut self) -> Result<CycleId, Fatal> {
        if let Some(cycle) = self.cycle {
            return Ok(cycle);
        }
        let cycle = CycleId(self.meta_value(meta::CYCLE)?.unwrap_or(0));
        self.cycle = Some(cycle);
        Ok(cycle)
    }

    fn finish(mut self) -> Result<Drafted, Error> {
        self.forget_seen()?;
        self.write_seen()?;
        self.count();
        self.write_index();
        self.write_apart();
        self.receipt.supporter_watermark = self.meta_value(meta::watermark_row(Side::Supporter))?;
        self.receipt.salesforce_watermark = self.meta_value(meta::watermark_row(Side::Salesforce))?;
        let plan = PlanId(self.meta_value(meta::PLAN)?.unwrap_or(0));
        let cycle = CycleId(self.meta_value(meta::CYCLE)?.unwrap_or(0));
        if self.counts != self.counts_before {
            let counts = self.counts.clone();
            self.set_meta(meta::COUNTS, &counts)?;
        }
        self.people.write(&mut self.batch)?;
        self.contacts.write(&mut self.batch)?;
        self.marks.write(&mut self.batch)?;
        self.journal.write(&mut self.batch)?;
        for (key, _) in self.cases.iter().filter(|(_, held)| held.before.is_none() && held.now.is_some()) {
            self.case_filter.add(&case_prefix(&key.subject));
        }
        self.cases.write(&mut self.batch)?;
        self.meta.write(&mut self.batch)?;
        let (batch, receipt, milestone, told) = (self.batch, self.receipt, self.milestone, self.told);
        Ok(Drafted { batch, receipt, milestone, plan, told, cycle })
    }

    /// Brings the counters in line with what was changed.
    fn count(&mut self) {
        let is = |counted: Option<Counted>, of: fn(Counted) -> bool| u64::from(counted.is_some_and(of));
        for (_, held) in self.people.iter() {
            let (before, now) = (held.before, held.after());
            shift(&mut self.counts.links, is(before, |is| is.link), is(now, |is| is.link));
            shift(&mut self.counts.blocks, is(before, |is| is.block), is(now, |is| is.block));
        }
        for (_, held) in self.marks.iter() {
            shift(&mut self.counts.dirty, u64::from(held.before.is_some()), u64::from(held.now.is_some()));
        }
        for (key, held) in self.cases.iter() {
            let count = self.counts.cases.entry(key.kind).or_default();
            shift(count, u64::from(held.before.is_some()), u64::from(held.now.is_some()));
            let (before, now) = (held.before, held.after());
            shift(&mut self.counts.rulings, is(before, |is| is.ruling), is(now, |is| is.ruling));
            shift(&mut self.counts.put_off, is(before, |is| is.put_off), is(now, |is| is.put_off));
        }
        self.counts.cases.retain(|_, count| *count > 0);
    }

    /// Brings the index in line with the people that were changed.
    fn write_index(&mut self) {
        for (id, held) in self.people.iter() {
            let blocked = |counted: Option<Counted>| counted.is_some_and(|is| is.block);
            let (before, now) = (blocked(held.before), blocked(held.after()));
            if before == now {
                continue;
            }
            let key = keys::blocked(id);
            if now {
                let value = seal::wrap(Tree::Index, &key, 1, &[]);
                self.batch.put(Tree::Index, key, value);
            } else {
                self.batch.delete(Tree::Index, key);
            }
        }
    }

    fn meta_value<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Fatal> {
        let row = self.meta.get(self.store, &name.to_owned())?;
        row.map(|row| meta::value_of(name, row.clone())).transpose()
    }

    fn set_meta<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), Fatal> {
        let value = serde_json::to_value(value)
            .map_err(|_| Fatal::damaged(Tree::Meta, name.as_bytes(), Damage::Content))?;
        *self.meta.slot(self.store, &name.to_owned())? = Some(MetaRow(value));
        Ok(())
    }

    /// Notes are read by no other change.
    fn put_note(&mut self, kind: NoteKind, key: &[u8], value: Option<Vec<u8>>) {
        let key = notes::key_of(kind, key);
        match value {
            Some(value) => {
                let sealed = seal::wrap(Tree::Index, &key, 1, &value);
                self.batch.put(Tree::Index, key, sealed);
            }
            None => {
                self.batch.delete(Tree::Index, key);
            }
        }
    }

    /// Appends a record that no other change of the same commit reads.
    fn append<R: Record>(&mut self, key: &R::Key, record: &R) -> Result<(), Fatal> {
        let key = R::key(key);
        let value = record::write(&key, record)?;
        self.batch.put(R::TREE, key, value);
        Ok(())
    }
}

fn shift(count: &mut u64, before: u64, now: u64) {
    *count = (*count + now).saturating_sub(before);
}
