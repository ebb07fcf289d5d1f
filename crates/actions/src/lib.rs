//! Destination actions: from an event to records of any object, in the fewest calls.
//!
//! An [`entry::Entry`] of the configuration, perhaps with a [`preset::Preset`], comes to [`action::Action`]s. They are checked
//! against what the org says of itself ([`check`]) before anything runs. [`evaluate()`](evaluate::evaluate) makes of an event the
//! writes it asks for; [`deliver()`](deliver::deliver) asks for hundreds of events at once which records are meant, joins what is
//! for one record, and sends it two hundred records a call. Every event ends in one [`outcome::Outcome`] per action.
//!
//! What is absent from an event is left alone. What is older than what an event wrote before is left out. Several records that
//! match are nobody's. A record is looked for before a create is repeated.

pub mod action;
pub mod check;
pub mod collapse;
pub mod deliver;
pub mod entry;
pub mod evaluate;
pub mod fatal;
pub mod fit;
pub mod incoming;
pub mod job;
pub mod outcome;
pub mod owner;
pub mod path;
pub mod preset;
pub mod question;
pub mod reference;
pub mod replica;
pub mod replicate;
pub mod run;
pub mod scalar;
pub mod stamps;
pub mod template;

mod changed;
mod nobody;
mod refer;
mod rest;
mod send;
mod trigger;
mod whose;
