//! The function that gives the match keys of a stored record, as the tables keep it.

use std::fmt;
use std::sync::Arc;

use crate::record::Record;
use crate::schema::ObjectSchema;

type Make = dyn Fn(&ObjectSchema, &Record) -> Vec<u64> + Send + Sync;

/// Match keys of a record: pairs are compared by a duplicate rule only when they share one.
#[derive(Clone)]
pub struct KeyMaker(Arc<Make>);

impl KeyMaker {
    /// A key maker from a function.
    pub fn new(make: impl Fn(&ObjectSchema, &Record) -> Vec<u64> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    /// The keys of this record.
    #[must_use]
    pub fn keys(&self, schema: &ObjectSchema, record: &Record) -> Vec<u64> {
        (self.0)(schema, record)
    }
}

impl fmt::Debug for KeyMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyMaker")
    }
}
