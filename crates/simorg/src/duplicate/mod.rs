//! Duplicate management: matching rules find records that may be the same person, duplicate rules decide what a save
//! that meets one does. An approximation of the real engine, made from its documentation; it shares nothing with the
//! matching that highwater does itself.

mod equation;
mod keys;
mod matcher;
mod method;
mod phone;
mod rule;
mod score;
mod street;
mod variants;

pub use equation::EquationError;
pub use keys::KeyMaker;
pub use method::MatchMethod;
pub use rule::{
    BlankRule, DuplicateAction, DuplicateRule, DuplicateSettings, MatchItem, MatchingRule, RuleUse,
};
