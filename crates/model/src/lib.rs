//! The nouns of highwater and how they relate. No I/O, no async; time only through [`Clock`].
//!
//! A *supporter* and a *Contact* are one person as either side holds them. A [`Link`] joins the two, one to one. For each
//! mapped field a linked person has a *base*: a keyed [`Digest`] of the value both sides last agreed on. The [`FieldMap`]
//! turns either side's record into comparable values, and [`reconcile()`] decides per field what a cycle should write.

pub mod block;
pub mod case;
pub mod cell;
pub mod clock;
pub mod contact;
pub mod digest;
pub mod email;
pub mod field_map;
pub mod field_type;
pub mod id;
pub mod journal;
pub mod link;
pub mod person_object;
pub mod reconcile;
pub mod ruling;
pub mod side;
pub mod stamp;
pub mod story;
pub mod subject;
pub mod supporter;

pub use block::Block;
pub use case::{Case, CaseKind, CaseRecord};
pub use cell::Cell;
pub use clock::Clock;
pub use contact::Contact;
pub use digest::{Digest, DigestKey, RuleKey};
pub use email::{Email, InvalidEmail};
pub use field_map::{
    Blank, Decode, Direction, FieldMap, FieldRule, InvalidFieldMap, Policy, TechnicalFields,
};
pub use field_type::{FieldType, InvalidValue};
pub use id::{AccountId, ContactId, CycleId, InvalidId, JobId, OrgId, SalesforceId, SupporterId, UserId};
pub use journal::{Intent, IntentField, JobEnd, JournalEntry, Lane, Phase, PlanId};
pub use link::{Evidence, Link, LinkLife};
pub use person_object::PersonObject;
pub use reconcile::{Cause, Decision, InFlight, Leave, Presence, Question, View, reconcile};
pub use ruling::{Choice, Ruling, Standing, Way};
pub use side::Side;
pub use stamp::{InvalidStamp, Position, Stamp, Window};
pub use story::{Act, Happened, JobStep, Turn};
pub use subject::{DirtyReason, Subject};
pub use supporter::Supporter;
