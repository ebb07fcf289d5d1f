//! Duplicate management: matching rules find records that may be the same person, duplicate rules decide what a save
//! that meets one does. An approximation of the real engine, made from its documentation; it shares nothing with the
//! matching that highwater does itself.

mod engine;
#[cfg(test)]
mod engine_tests;
mod equation;
mod keys;
mod matcher;
mod method;
mod path;
mod phone;
mod refusal;
mod rule;
mod score;
mod street;
mod variants;

pub use engine::{Candidate, DuplicateEngine, Verdict};
pub use equation::EquationError;
pub use keys::KeyMaker;
pub use method::MatchMethod;
pub use refusal::{DuplicateRefusal, MatchResult};
pub use rule::{
    BlankRule, DuplicateAction, DuplicateRule, DuplicateSettings, MatchItem, MatchingRule, RuleUse,
};
