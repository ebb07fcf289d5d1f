//! SOQL: text to query, query to a checked plan, plan to rows. What is not built is refused, never half done.

mod ast;
mod check;
mod check_filter;
mod column;
mod condition;
mod error;
mod figure;
mod lex;
mod like;
mod narrow;
mod parse;
mod parse_filter;
#[cfg(test)]
mod parse_tests;
mod row;
mod run;
#[cfg(test)]
mod run_tests;
mod select;
mod semi_join;

pub use ast::{
    Condition, DateLiteral, FieldGroup, Literal, LiteralValue, Name, Op, OrderBy, Period, Query, Quoted,
    Select, Selected,
};
pub use check::{Plan, check, plan};
pub use column::{Column, View};
pub use error::{NotBuilt, SoqlError, SoqlErrorCode};
pub use parse::{MAX_QUERY_CHARS, parse};
pub(crate) use row::push_quoted;
