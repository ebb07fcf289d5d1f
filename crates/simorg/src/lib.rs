//! A simulated Salesforce org over real HTTP, with scripted faults; knows no other crate of highwater.

pub mod duplicate;
pub mod id;
pub mod record;
pub mod schema;
pub mod soql;
pub mod store;
pub mod value;
