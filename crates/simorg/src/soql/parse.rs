//! Text to [`Query`]. Recursive descent with a bounded depth; total on any text.

use super::ast::{FieldGroup, Literal, LiteralValue, Name, OrderBy, Query, Select, Selected};
use super::error::{NotBuilt, SoqlError, SoqlErrorCode};
use super::figure::{date_literal, figure};
use super::lex::{Token, TokenKind, lex};
use super::parse_filter::filter;

/// Longest query accepted, in characters (SOQL reference v65).
pub const MAX_QUERY_CHARS: usize = 100_000;

/// Largest number accepted in `LAST_N_DAYS:n` and its kin.
const MAX_RELATIVE: i32 = 100_000;

/// Parses a query.
///
/// # Errors
/// [`SoqlErrorCode::MalformedQuery`] with the place, for text that is no query and for constructs not built here.
pub fn parse(query: &str) -> Result<Query, SoqlError> {
    if query.len() > MAX_QUERY_CHARS && query.chars().count() > MAX_QUERY_CHARS {
        let text = "SOQL statements cannot be longer than 100000 characters.";
        return Err(SoqlError::plain(SoqlErrorCode::MalformedQuery, text));
    }
    let mut parser = Parser { query, tokens: lex(query)?, next: 0, inner: false };
    let parsed = parser.query()?;
    parser.end()?;
    Ok(parsed)
}

/// A cursor over the tokens of one query.
pub(crate) struct Parser<'q> {
    pub(crate) query: &'q str,
    tokens: Vec<Token>,
    next: usize,
    /// Within a sub-select.
    inner: bool,
}

impl<'q> Parser<'q> {
    /// Reads the sub-select of a semi-join, whose opening parenthesis was read.
    pub(crate) fn sub_select(&mut self) -> Result<Query, SoqlError> {
        if self.inner {
            let text = "Nesting of semi join sub-selects is not supported";
            return Err(SoqlError::at(self.query, self.place(), SoqlErrorCode::MalformedQuery, text));
        }
        self.inner = true;
        let query = self.query()?;
        self.inner = false;
        if self.take_symbol(")") { Ok(query) } else { Err(self.unexpected()) }
    }

    fn query(&mut self) -> Result<Query, SoqlError> {
        self.expect_keyword("SELECT")?;
        let select = self.select()?;
        self.expect_keyword("FROM")?;
        let object = self.name()?;
        let alias = self.alias();
        if self.at_symbol(",") {
            return Err(self.refuse(NotBuilt::Clause, "Relationship in FROM"));
        }
        self.refuse_clause(&["USING"])?;
        let filter = if self.take_keyword("WHERE") { Some(filter(self)?) } else { None };
        self.refuse_clause(&["WITH", "GROUP", "HAVING"])?;
        let order = if self.take_keyword("ORDER") { self.order()? } else { Vec::new() };
        let limit = if self.take_keyword("LIMIT") { Some(self.count()?.0) } else { None };
        let offset = if self.take_keyword("OFFSET") { Some(self.count()?) } else { None };
        self.refuse_clause(&["FOR", "ALL", "UPDATE"])?;
        Ok(Query { select, object, alias, filter, order, limit, offset })
    }

    fn select(&mut self) -> Result<Select, SoqlError> {
        let mut fields = Vec::new();
        loop {
            if self.at_symbol("(") {
                return Err(self.refuse(NotBuilt::Subquery, "A subquery in the select list"));
            }
            if self.at_keyword("TYPEOF") {
                return Err(self.refuse(NotBuilt::TypeOf, "TYPEOF"));
            }
            let name = self.name()?;
            if self.at_symbol("(") && name.text.eq_ignore_ascii_case("FIELDS") {
                fields.push(Selected::Group(self.field_group()?, name.at));
            } else if self.at_symbol("(") {
                return self.count_call(&name, fields.is_empty());
            } else {
                fields.push(Selected::Field(name));
            }
            if !self.take_symbol(",") {
                return Ok(Select::Fields(fields));
            }
        }
    }

    /// The rest of `FIELDS(ALL)`.
    fn field_group(&mut self) -> Result<FieldGroup, SoqlError> {
        self.take_symbol("(");
        let groups =
            [("ALL", FieldGroup::All), ("STANDARD", FieldGroup::Standard), ("CUSTOM", FieldGroup::Custom)];
        let found = groups.into_iter().find(|(word, _)| self.take_keyword(word));
        let Some((_, group)) = found else { return Err(self.unexpected()) };
        if self.take_symbol(")") { Ok(group) } else { Err(self.unexpected()) }
    }

    /// `COUNT()` when alone; any other call is refused by name.
    fn count_call(&mut self, name: &Name, first: bool) -> Result<Select, SoqlError> {
        self.take_symbol("(");
        let is_count = first && name.text.eq_ignore_ascii_case("COUNT");
        if is_count && self.take_symbol(")") && self.at_keyword("FROM") {
            return Ok(Select::Count);
        }
        let call = format!("{}()", name.text);
        Err(SoqlError::not_built(self.query, name.at, NotBuilt::Aggregate, &call))
    }

    fn alias(&mut self) -> Option<String> {
        const AFTER: [&str; 12] = [
            "WHERE", "ORDER", "LIMIT", "OFFSET", "USING", "WITH", "GROUP", "HAVING", "FOR", "ALL", "UPDATE",
            "AS",
        ];
        let _ = self.take_keyword("AS");
        let token = self.tokens.get(self.next)?;
        let word = self.text_of(token);
        let is_alias = token.kind == TokenKind::Word
            && !word.contains('.')
            && !AFTER.iter().any(|k| k.eq_ignore_ascii_case(word));
        if is_alias {
            self.next += 1;
            return Some(word.to_owned());
        }
        None
    }

    fn order(&mut self) -> Result<Vec<OrderBy>, SoqlError> {
        self.expect_keyword("BY")?;
        let mut keys = Vec::new();
        loop {
            let field = self.name()?;
            if self.at_symbol("(") {
                return Err(SoqlError::not_built(self.query, field.at, NotBuilt::Aggregate, &field.text));
            }
            let descending = !self.take_keyword("ASC") && self.take_keyword("DESC");
            let mut nulls_last = false;
            if self.take_keyword("NULLS") {
                nulls_last = self.take_keyword("LAST");
                if !nulls_last {
                    self.expect_keyword("FIRST")?;
                }
            }
            keys.push(OrderBy { field, descending, nulls_last });
            if !self.take_symbol(",") {
                return Ok(keys);
            }
        }
    }

    fn count(&mut self) -> Result<(u64, usize), SoqlError> {
        let at = self.place();
        let number = self.peek().filter(|t| t.kind == TokenKind::Figure).map(|t| self.text_of(t));
        let digits = number.filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
        let Some(value) = digits.and_then(|t| t.parse().ok()) else { return Err(self.unexpected()) };
        self.next += 1;
        Ok((value, at))
    }

    /// Reads a literal.
    pub(crate) fn literal(&mut self) -> Result<Literal, SoqlError> {
        let Some(token) = self.peek().cloned() else { return Err(self.unexpected()) };
        let word = self.text_of(&token);
        let at = token.at;
        let value = match token.kind {
            TokenKind::Text(quoted) => Some(LiteralValue::Text(quoted)),
            TokenKind::Figure => figure(word),
            TokenKind::Word if word.eq_ignore_ascii_case("null") => Some(LiteralValue::Null),
            TokenKind::Word if word.eq_ignore_ascii_case("true") => Some(LiteralValue::Bool(true)),
            TokenKind::Word if word.eq_ignore_ascii_case("false") => Some(LiteralValue::Bool(false)),
            TokenKind::Word => return self.relative(at),
            TokenKind::Symbol if word == ":" => return Err(self.refuse(NotBuilt::Clause, "A bind variable")),
            TokenKind::Symbol => None,
        };
        let Some(value) = value else { return Err(self.unexpected()) };
        self.next += 1;
        Ok(Literal { value, at })
    }

    fn relative(&mut self, at: usize) -> Result<Literal, SoqlError> {
        let word = self.peek().map_or("", |t| self.text_of(t));
        let colon = self.tokens.get(self.next + 1).is_some_and(|t| self.text_of(t) == ":");
        let mut n = None;
        if colon {
            let number = self.tokens.get(self.next + 2).and_then(|t| self.text_of(t).parse::<i32>().ok());
            n = number.filter(|n| (0..=MAX_RELATIVE).contains(n));
            if n.is_none() {
                return Err(self.unexpected());
            }
        }
        let Some(literal) = date_literal(word, n) else { return Err(self.unexpected()) };
        self.next += if colon { 3 } else { 1 };
        Ok(Literal { value: LiteralValue::DateLiteral(literal), at })
    }

    /// Reads a name: segments of letters, digits and underscores joined by dots.
    pub(crate) fn name(&mut self) -> Result<Name, SoqlError> {
        let Some(token) = self.peek() else { return Err(self.unexpected()) };
        let text = self.text_of(token);
        if token.kind != TokenKind::Word || text.split('.').any(str::is_empty) || is_reserved(text) {
            return Err(self.unexpected());
        }
        let name = Name { text: text.to_owned(), at: token.at };
        self.next += 1;
        Ok(name)
    }

    fn end(&self) -> Result<(), SoqlError> {
        if self.next == self.tokens.len() { Ok(()) } else { Err(self.unexpected()) }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn text_of(&self, token: &Token) -> &'q str {
        self.query.get(token.at..token.end).unwrap_or("")
    }

    /// Byte offset of the next token, or of the end.
    pub(crate) fn place(&self) -> usize {
        self.peek().map_or(self.query.len(), |t| t.at)
    }

    /// Whether the next token is this keyword, in any letter case.
    pub(crate) fn at_keyword(&self, keyword: &str) -> bool {
        self.peek()
            .is_some_and(|t| t.kind == TokenKind::Word && self.text_of(t).eq_ignore_ascii_case(keyword))
    }

    /// Steps over the keyword when it is next.
    pub(crate) fn take_keyword(&mut self, keyword: &str) -> bool {
        let there = self.at_keyword(keyword);
        self.next += usize::from(there);
        there
    }

    fn expect_keyword(&mut self, keyword: &str) -> Result<(), SoqlError> {
        if self.take_keyword(keyword) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Whether the next token is this symbol.
    pub(crate) fn at_symbol(&self, symbol: &str) -> bool {
        self.peek().is_some_and(|t| t.kind == TokenKind::Symbol && self.text_of(t) == symbol)
    }

    /// Steps over the symbol when it is next.
    pub(crate) fn take_symbol(&mut self, symbol: &str) -> bool {
        let there = self.at_symbol(symbol);
        self.next += usize::from(there);
        there
    }

    /// Takes a symbol and returns it.
    pub(crate) fn any_symbol(&mut self) -> Option<&'q str> {
        let token = self.peek().filter(|t| t.kind == TokenKind::Symbol)?;
        let text = self.text_of(token);
        self.next += 1;
        Some(text)
    }

    fn refuse_clause(&self, keywords: &[&str]) -> Result<(), SoqlError> {
        match keywords.iter().find(|k| self.at_keyword(k)) {
            Some(&"GROUP" | &"HAVING") => Err(self.refuse(NotBuilt::Aggregate, "GROUP BY")),
            Some(keyword) => Err(self.refuse(NotBuilt::Clause, &format!("The clause {keyword}"))),
            None => Ok(()),
        }
    }

    /// The refusal of a known construct that starts here.
    pub(crate) fn refuse(&self, what: NotBuilt, name: &str) -> SoqlError {
        SoqlError::not_built(self.query, self.place(), what, name)
    }

    /// The refusal of the next token.
    pub(crate) fn unexpected(&self) -> SoqlError {
        let text = match self.peek() {
            Some(token) => format!("unexpected token: '{}'", self.text_of(token)),
            None => "unexpected token: '<EOF>'".to_owned(),
        };
        SoqlError::at(self.query, self.place(), SoqlErrorCode::MalformedQuery, &text)
    }
}

/// Words that cannot be a field, an object or an alias (SOQL reference v65, reserved keywords).
fn is_reserved(word: &str) -> bool {
    const RESERVED: [&str; 18] = [
        "AND", "ASC", "DESC", "EXCLUDES", "FIRST", "FROM", "GROUP", "HAVING", "IN", "INCLUDES", "LAST",
        "LIKE", "LIMIT", "NOT", "NULL", "NULLS", "OR", "SELECT",
    ];
    RESERVED.iter().any(|k| k.eq_ignore_ascii_case(word)) || word.eq_ignore_ascii_case("WHERE")
}
