//! Runs a plan: which records, in which order.

use std::cmp::Ordering;

use super::check::{Plan, SortKey};
use super::column::View;
use super::narrow::narrow;
use crate::record::Record;
use crate::schema::FieldType;
use crate::store::Slot;
use crate::value::ValueRef;

impl Plan {
    /// The slots of the records that fit, in the order asked for, after OFFSET and LIMIT. Without ORDER BY the order
    /// is that of storage, which callers must not rely on.
    #[must_use]
    pub fn run(&self, view: View<'_>) -> Vec<Slot> {
        let Some(table) = view.store.table(&self.object) else { return Vec::new() };
        let found_filter = self.filter.as_ref().and_then(|test| test.with_found(view));
        let filter = found_filter.as_ref().or(self.filter.as_ref());
        let narrowed = filter.and_then(|test| narrow(table, test));
        let fits = |slot: Slot| {
            let record = self.record(view, slot)?;
            let holds = filter.is_none_or(|test| test.holds(view, record));
            holds.then_some((slot, record))
        };
        let mut found: Vec<(Slot, &Record)>;
        let most =
            self.limit.map(|limit| limit.saturating_add(self.offset)).filter(|_| self.order.is_empty());
        let most = most.unwrap_or(usize::MAX);
        match narrowed {
            Some(slots) => found = slots.into_iter().filter_map(fits).take(most).collect(),
            None => found = (0..table.slots()).filter_map(fits).take(most).collect(),
        }
        if !self.order.is_empty() {
            found.sort_by(|a, b| self.compare(view, a.1, b.1));
        }
        let slots = found.into_iter().map(|(slot, _)| slot).skip(self.offset);
        slots.take(self.limit.unwrap_or(usize::MAX)).collect()
    }

    /// The version of the record in this slot that the view sees.
    #[must_use]
    pub fn record<'a>(&self, view: View<'a>, slot: Slot) -> Option<&'a Record> {
        let record = view.store.table(&self.object)?.at(slot)?.as_of(view.now)?;
        (view.include_deleted || !record.deleted).then_some(record)
    }

    fn compare(&self, view: View<'_>, a: &Record, b: &Record) -> Ordering {
        let by_key = |key: &SortKey| {
            let (a, b) = (key.column.value(view, a), key.column.value(view, b));
            let nulls = if key.nulls_last { Ordering::Less } else { Ordering::Greater };
            match (a.is_null(), b.is_null()) {
                (true, true) => Ordering::Equal,
                (false, true) => nulls,
                (true, false) => nulls.reverse(),
                (false, false) => {
                    let by_bytes = matches!(key.column.field.kind, FieldType::Id | FieldType::Reference);
                    let ordering = compare_values(a, b, by_bytes);
                    if key.descending { ordering.reverse() } else { ordering }
                }
            }
        };
        self.order.iter().map(by_key).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
    }
}

fn compare_values(a: ValueRef<'_>, b: ValueRef<'_>, by_bytes: bool) -> Ordering {
    match (a, b) {
        (ValueRef::Text(a), ValueRef::Text(b)) if by_bytes => a.cmp(b),
        (ValueRef::Text(a), ValueRef::Text(b)) => {
            a.chars().flat_map(char::to_lowercase).cmp(b.chars().flat_map(char::to_lowercase))
        }
        (ValueRef::Bool(a), ValueRef::Bool(b)) => a.cmp(&b),
        (ValueRef::Number(a), ValueRef::Number(b)) => a.total_cmp(&b),
        (ValueRef::Date(a), ValueRef::Date(b)) => a.cmp(&b),
        (ValueRef::DateTime(a), ValueRef::DateTime(b)) => a.cmp(&b),
        // Values of one column are of one type.
        _ => Ordering::Equal,
    }
}
