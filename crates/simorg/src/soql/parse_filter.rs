//! The WHERE part of the grammar.

use super::ast::{Condition, Name, Op};
use super::error::{NotBuilt, SoqlError, SoqlErrorCode};
use super::parse::Parser;

/// Deepest nesting of parentheses and NOT; deeper is refused rather than risked on the stack.
const MAX_DEPTH: usize = 100;

/// Reads a condition. Grammar of the SOQL reference: one NOT, or a chain of AND, or a chain of OR; the two kinds
/// of chain mix only through parentheses.
pub(crate) fn filter(parser: &mut Parser<'_>) -> Result<Condition, SoqlError> {
    chain(parser, 0)
}

fn chain(parser: &mut Parser<'_>, depth: usize) -> Result<Condition, SoqlError> {
    if depth > MAX_DEPTH {
        let text = "condition is nested too deeply";
        return Err(SoqlError::at(parser.query, parser.place(), SoqlErrorCode::MalformedQuery, text));
    }
    if parser.take_keyword("NOT") {
        return Ok(Condition::Not(Box::new(simple(parser, depth)?)));
    }
    let mut parts = vec![simple(parser, depth)?];
    for (keyword, other) in [("AND", "OR"), ("OR", "AND")] {
        if !parser.at_keyword(keyword) {
            continue;
        }
        while parser.take_keyword(keyword) {
            parts.push(simple(parser, depth)?);
        }
        if parser.at_keyword(other) {
            return Err(parser.unexpected());
        }
        return Ok(if keyword == "AND" { Condition::And(parts) } else { Condition::Or(parts) });
    }
    Ok(parts.remove(0))
}

fn simple(parser: &mut Parser<'_>, depth: usize) -> Result<Condition, SoqlError> {
    if parser.take_symbol("(") {
        let inner = chain(parser, depth + 1)?;
        if !parser.take_symbol(")") {
            return Err(parser.unexpected());
        }
        return Ok(inner);
    }
    let field = parser.name()?;
    if parser.at_symbol("(") {
        return Err(SoqlError::not_built(
            parser.query,
            field.at,
            NotBuilt::Aggregate,
            &format!("{}()", field.text),
        ));
    }
    if parser.take_keyword("LIKE") {
        return Ok(Condition::Compare { field, op: Op::Like, value: parser.literal()? });
    }
    if parser.at_keyword("INCLUDES") || parser.at_keyword("EXCLUDES") {
        return Err(parser.refuse(NotBuilt::Clause, "INCLUDES and EXCLUDES"));
    }
    let negated = parser.take_keyword("NOT");
    if negated && !parser.at_keyword("IN") {
        return Err(parser.unexpected());
    }
    if parser.take_keyword("IN") {
        return listed(parser, field, negated);
    }
    let place = parser.unexpected();
    let op = match parser.any_symbol() {
        Some("=") => Op::Equal,
        Some("!=" | "<>") => Op::NotEqual,
        Some("<") => Op::Less,
        Some("<=") => Op::LessOrEqual,
        Some(">") => Op::Greater,
        Some(">=") => Op::GreaterOrEqual,
        Some(_) | None => return Err(place),
    };
    Ok(Condition::Compare { field, op, value: parser.literal()? })
}

/// What follows IN: a list, or a query.
fn listed(parser: &mut Parser<'_>, field: Name, negated: bool) -> Result<Condition, SoqlError> {
    if parser.at_symbol(":") {
        return Err(parser.refuse(NotBuilt::Clause, "A bind variable"));
    }
    if !parser.take_symbol("(") {
        return Err(parser.unexpected());
    }
    if parser.at_keyword("SELECT") {
        return Ok(Condition::InQuery { field, negated, query: Box::new(parser.sub_select()?) });
    }
    let mut values = vec![parser.literal()?];
    while parser.take_symbol(",") {
        values.push(parser.literal()?);
    }
    if parser.take_symbol(")") {
        return Ok(Condition::In { field, negated, values });
    }
    Err(parser.unexpected())
}
