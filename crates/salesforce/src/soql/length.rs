//! How long a query may be, and cutting a long list of values into several queries.

use super::{Field, Literal, Soql};

/// The longest query (SOQL and SOSL limits: 100,000 characters).
pub const MAX_QUERY_CHARS: usize = 100_000;
/// The longest text in a condition (SOQL and SOSL limits: 4,000 characters).
pub const MAX_TEXT_CHARS: usize = 4_000;
/// The longest address, and the longest address with headers (REST guide, status 414 and 431).
pub const MAX_URI_BYTES: usize = 16_384;
/// What of [`MAX_URI_BYTES`] a query may take: the rest is for host, path and headers, of which the access token is
/// the largest.
pub const QUERY_URI_BUDGET: usize = 12_000;

/// A query that Salesforce would refuse for its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooLong {
    /// Over [`MAX_QUERY_CHARS`].
    #[error("a query has at most 100000 characters")]
    Query,
    /// One text over [`MAX_TEXT_CHARS`].
    #[error("a text in a condition has at most 4000 characters")]
    Text,
    /// Over [`QUERY_URI_BUDGET`], for a query that travels in an address.
    #[error("the query does not fit into an address; ask for fewer values at a time")]
    Uri,
}

impl Soql {
    /// Bytes of the query as it stands in an address, percent-encoded.
    #[must_use]
    pub fn uri_bytes(&self) -> usize {
        encoded_len(&self.to_string())
    }

    /// Checks the limits that hold for every query.
    ///
    /// # Errors
    /// [`TooLong`] names the limit.
    pub fn check_length(&self) -> Result<(), TooLong> {
        if self.to_string().chars().count() > MAX_QUERY_CHARS {
            return Err(TooLong::Query);
        }
        let mut fits = true;
        if let Some(condition) = &self.condition {
            condition.each_literal(&mut |literal| {
                if let Literal::Text(text) = literal {
                    fits &= text.chars().count() <= MAX_TEXT_CHARS;
                }
            });
        }
        if fits { Ok(()) } else { Err(TooLong::Text) }
    }

    /// Checks also that the query fits into an address, as a REST query must.
    ///
    /// # Errors
    /// [`TooLong`] names the limit.
    pub fn check_uri_length(&self) -> Result<(), TooLong> {
        self.check_length()?;
        if self.uri_bytes() > QUERY_URI_BUDGET { Err(TooLong::Uri) } else { Ok(()) }
    }

    /// This query once per chunk of `values`, each with `field IN (chunk)` added and fitting into an address. Together
    /// they ask for every value once. A value too long for any query gets a chunk of its own, which
    /// [`Soql::check_uri_length`] refuses.
    #[must_use]
    pub fn in_chunks(&self, field: &Field, values: impl IntoIterator<Item = Literal>) -> Vec<Self> {
        const MOST_VALUES: usize = 400;
        let room =
            QUERY_URI_BUDGET.saturating_sub(self.clone().filter(field.one_of([Literal::Null])).uri_bytes());
        let mut chunks = Vec::new();
        let mut chunk: Vec<Literal> = Vec::new();
        let mut used = 0;
        for value in values {
            let bytes = encoded_len(&value.to_string()) + encoded_len(",");
            if !chunk.is_empty() && (used + bytes > room || chunk.len() >= MOST_VALUES) {
                chunks.push(self.clone().filter(field.one_of(std::mem::take(&mut chunk))));
                used = 0;
            }
            used += bytes;
            chunk.push(value);
        }
        if !chunk.is_empty() {
            chunks.push(self.clone().filter(field.one_of(chunk)));
        }
        chunks
    }
}

fn encoded_len(text: &str) -> usize {
    url::form_urlencoded::byte_serialize(text.as_bytes()).map(str::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_ask_for_every_value_once_and_fit_into_an_address() {
        let base = Soql::select("Contact", ["Id", "Email"]).unwrap();
        let email = Field::parse("Email").unwrap();
        let values: Vec<String> = (0..3_000).map(|n| format!("person+{n}'@example.org")).collect();
        let chunks = base.in_chunks(&email, values.iter().map(Literal::from));
        assert!(chunks.len() > 1);
        let mut asked = 0;
        for chunk in &chunks {
            assert_eq!(chunk.check_uri_length(), Ok(()));
            asked += chunk.to_string().matches("@example.org").count();
        }
        assert_eq!(asked, values.len());
        assert!(base.in_chunks(&email, []).is_empty());
    }

    #[test]
    fn texts_and_queries_over_the_limits_are_named() {
        let base = Soql::select("Contact", ["Id"]).unwrap();
        let name = Field::parse("Name").unwrap();
        let long = base.clone().filter(name.eq("x".repeat(MAX_TEXT_CHARS + 1)));
        assert_eq!(long.check_length(), Err(TooLong::Text));
        let wide = base.filter(name.one_of((0..60).map(|_| "x".repeat(2_000))));
        assert_eq!(wide.check_length(), Err(TooLong::Query));
        assert_eq!(wide.check_uri_length(), Err(TooLong::Query));
    }
}
