//! The nouns of highwater and how they relate. No I/O, no async; time only through [`Clock`].
//!
//! A *supporter* and a *Contact* are one person as either side holds them. A [`Link`] joins the two, one to one. For each
//! mapped field a linked person has a *base*: a keyed [`Digest`] of the value both sides last agreed on. The [`FieldMap`]
//! turns either side's record into comparable values, and [`reconcile`] decides per field what a cycle should write.

pub mod clock;
pub mod id;
pub mod stamp;

pub use clock::Clock;
pub use id::{AccountId, ContactId, CycleId, InvalidId, JobId, OrgId, SalesforceId, SupporterId, UserId};
pub use stamp::{InvalidStamp, Position, Stamp, Window};
