//! Is this supporter that Contact? Pure: candidates in, verdict with evidence out.
//!
//! The address must be equal; names are compared fuzzily; when in doubt the answer is [`Strength::Review`]. A wrong
//! link writes one person's data over another's, hour after hour; a missed one lands in a report. So a couple with one
//! address and one last name is two people, whatever a likeness of letters says.
//!
//! [`Person::new`] reads the fields once, [`compare`] judges one pair, [`choose`] and [`decide`] pick among the
//! Contacts on an address, [`settle_claims`] keeps two supporters off one Contact.

mod address;
mod adjust;
mod affix;
mod choose;
mod clean;
mod compare;
mod config;
mod consonants;
mod contest;
mod distance;
mod family;
mod family_word;
mod fold;
mod given;
mod given_word;
mod inflection;
mod joint;
mod knowledge;
mod name;
mod pairing;
mod particle;
mod person;
mod placeholder;
mod read;
mod reason;
mod rescue;
mod skeleton;
mod sound;
mod strength;
mod word_pair;

pub use address::EmailEquivalence;
pub use choose::{Candidate, Choice, Decision, Rank, Standing, choose, decide};
pub use compare::{Outcome, compare};
pub use config::{Config, OnTie};
pub use contest::{Award, Claim, settle_claims};
pub use family::Family;
pub use given::Given;
pub use knowledge::{Knowledge, KnowledgeError};
pub use person::Person;
pub use reason::{Reason, Reasons};
pub use strength::Strength;
