//! What a cycle would write, per record and field, and why: reads both sides fresh and decides.
//!
//! `push` and `pull` do not know each other; what both need stands here. A *pair* is one person as both sides hold them now;
//! [`decide()`] turns a pair into a [`PersonPlan`]; a dry run prints plans, a real run carries them out.

pub mod carried;
mod choice;
mod claims;
pub mod columns;
mod contact_file;
mod contradicted;
pub mod decide;
pub mod deleted;
pub mod directory;
pub mod error;
pub mod gather;
pub mod look_up;
pub mod merged;
pub mod met;
pub mod outcome;
pub mod overwritten;
pub mod pair;
pub mod person_plan;
mod places;
pub mod progress;
pub mod read;
pub mod record;
mod replaced;
mod rivals;
pub mod road;
pub mod settings;
pub mod sides;
pub mod systemic;

pub use columns::ContactColumns;
pub use columns::SeenContact;
pub use decide::{BlankDigests, Decided, Rules, decide, travelling};
pub use deleted::{DeletedFlags, OnDelete};
pub use directory::Directory;
pub use error::Fatal;
pub use gather::{Ended, Gathered};
pub use look_up::{Depth, Found, look_up};
pub use met::Met;
pub use outcome::{CycleReport, Deferral, Outcome, PersonOutcome, RowCounts, SkipReason};
pub use pair::{Pair, Tie};
pub use person_plan::{FieldPlan, PersonPlan};
pub use progress::{Progress, Quiet, Stretch};
pub use record::Moment;
pub use road::{Load, Road};
pub use settings::{Exclude, Settings, SharedAddress, Twin};
pub use sides::Sides;
