//! SOQL: text to query, query to a checked plan, plan to rows. What is not built is refused, never half done.

mod ast;
mod error;
mod figure;
mod lex;
mod like;
mod parse;
mod parse_filter;
#[cfg(test)]
mod parse_tests;

pub use ast::{
    Condition, DateLiteral, Literal, LiteralValue, Name, Op, OrderBy, Period, Query, Quoted, Select,
};
pub use error::{NotBuilt, SoqlError, SoqlErrorCode};
pub use parse::{MAX_QUERY_CHARS, parse};
