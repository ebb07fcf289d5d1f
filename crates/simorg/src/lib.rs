//! A simulated Salesforce org over real HTTP, with scripted faults; knows no other crate of highwater.

pub mod clock;
pub mod duplicate;
pub mod id;
pub mod random;
pub mod record;
pub mod save;
pub mod schema;
pub mod settings;
pub mod soql;
pub mod store;
pub mod value;
