//! What the org needs for a field map: custom fields, the two Flows, a permission set, an app to sign in with. Pure: texts
//! in, texts out; whoever calls reads and writes the files.
//!
//! [`Blueprint`] is the wish, checked. [`export`] writes it as Salesforce metadata in source format. [`Needs`] is the same as
//! facts that can be compared: with an earlier export ([`Needs::read`]) or with what an org shows ([`lacking`]).

mod access;
mod blueprint;
mod client_app;
mod custom_field;
mod diff;
mod element;
mod export;
mod flow;
mod lacking;
mod needs;
mod permission_set;
mod project;
mod read;
mod readme;

pub use access::permission_name;
pub use blueprint::{Blueprint, InvalidBlueprint, MappedField, SignIn, Technical, Work};
pub use diff::{Change, Difference, Part, diff};
pub use export::{File, PERMISSION_SET, export};
pub use lacking::{SeenField, lacking};
pub use needs::{FieldShape, Needs, ObjectRights, Stamping};
pub use read::InvalidExport;
