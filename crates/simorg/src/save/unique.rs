//! Unique fields: no two live records share a value, in the store or within one save.

use super::{SaveError, Work};
use crate::store::{Table, key_of};
use crate::value::ValueRef;
use std::collections::HashMap;

/// Refuses rows whose unique value another live record holds, or an earlier row of the same save claims.
pub(super) fn check(table: &Table, works: &mut [Work]) {
    for field in table.schema().fields.iter().filter(|field| field.flags.unique) {
        let mut claimed: HashMap<u64, ()> = HashMap::new();
        for work in works.iter_mut().filter(|work| work.errors.is_empty()) {
            if !work.changed.contains(&field.index) {
                continue;
            }
            let ValueRef::Text(value) = work.draft.get(field.index) else { continue };
            let holders = table.holders(field, value);
            let holder = holders.iter().find(|record| Some(record.id) != work.id);
            let twin = claimed.insert(key_of(value, field.flags.case_sensitive), ()).is_some();
            if holder.is_some() || twin {
                let holder = holder.map(|record| record.id);
                work.errors.push(SaveError::duplicate_value(&field.name, holder));
            }
        }
    }
}
