//! All records, by object.

mod index;
mod journal;
mod table;

pub use index::{Slot, key_of, same_text};
pub use journal::Journal;
pub use table::{KeyMaker, Table};

use crate::schema::{ObjectSchema, Schema};
use std::collections::HashMap;

/// Every object's records.
#[derive(Clone, Debug)]
pub struct Store {
    tables: Vec<Table>,
    by_name: HashMap<String, usize>,
    pod: String,
}

impl Store {
    /// An empty store for these objects. Ids carry `pod` behind their prefix.
    pub fn new(schema: &Schema, pod: &str) -> Self {
        let mut store = Self { tables: Vec::new(), by_name: HashMap::new(), pod: pod.to_owned() };
        for object in schema.objects() {
            store.by_name.insert(object.name.to_ascii_lowercase(), store.tables.len());
            store.tables.push(Table::new(object.clone(), pod));
        }
        store
    }

    /// The table of an object, whatever the case of its name.
    pub fn table(&self, object: &str) -> Option<&Table> {
        self.tables.get(*self.by_name.get(&object.to_ascii_lowercase())?)
    }

    /// The table of an object, to change it.
    pub fn table_mut(&mut self, object: &str) -> Option<&mut Table> {
        self.tables.get_mut(*self.by_name.get(&object.to_ascii_lowercase())?)
    }

    /// The table whose ids start with this prefix.
    pub fn table_of_prefix(&self, prefix: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.schema().key_prefix == prefix)
    }

    /// The description of an object.
    pub fn schema(&self, object: &str) -> Option<&ObjectSchema> {
        self.table(object).map(Table::schema)
    }

    /// All tables.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter()
    }

    /// Takes over changed rights, added objects and added fields; records stay. What was removed stays too.
    pub fn adopt(&mut self, schema: &Schema) {
        for object in schema.objects() {
            match self.table_mut(&object.name) {
                Some(table) => table.adopt(object),
                None => {
                    self.by_name.insert(object.name.to_ascii_lowercase(), self.tables.len());
                    self.tables.push(Table::new(object.clone(), &self.pod));
                }
            }
        }
    }
}
