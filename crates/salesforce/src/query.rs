//! REST queries: pages of up to 2,000 rows, followed to the end by `done`, never by counts.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::client::{Ask, Client};
use crate::error::{Error, ErrorKind};
use crate::lenient::scalar_text;
use crate::org::Org;
use crate::row::{Columns, Row};
use crate::soql::{FieldPath, Soql, TooLong};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageAnswer {
    #[serde(default)]
    pub(crate) total_size: u64,
    pub(crate) done: bool,
    #[serde(default)]
    next_records_url: Option<String>,
    #[serde(default)]
    pub(crate) records: Vec<Map<String, Value>>,
}

/// The rows of one query, page by page.
pub struct Pages {
    org: Org,
    columns: Arc<Columns>,
    paths: Vec<FieldPath>,
    next: Next,
    total: Option<u64>,
}

enum Next {
    Query(String),
    More(String),
    Nothing,
}

impl Pages {
    /// The next page; `None` after the last. A failed page can be asked for again.
    ///
    /// # Errors
    /// Any kind of a call that reads; [`ErrorKind::Rejected`] with `INVALID_QUERY_LOCATOR` when the cursor is gone.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Row>>, Error> {
        let client = self.org.client();
        let page: PageAnswer = match &self.next {
            Next::Nothing => return Ok(None),
            Next::Query(path) => client.json(&Ask::get(Call::Query, path.clone())).await?,
            Next::More(path) => client.json(&Ask::get(Call::QueryMore, path.clone())).await?,
        };
        let next = match (page.done, page.next_records_url) {
            (true, _) => Next::Nothing,
            (false, Some(url)) => {
                Next::More(client.cursor_path(&url).map_err(|e| e.during(Call::QueryMore))?)
            }
            (false, None) => {
                return Err(Error::new(ErrorKind::Contract, "not done, and no next page").during(Call::Query));
            }
        };
        self.next = next;
        self.total = Some(page.total_size);
        Ok(Some(page.records.iter().map(|record| row_of(&self.columns, &self.paths, record)).collect()))
    }

    /// All pages in one list, of at most `most` rows.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] when there are more, and as for [`Pages::next_page`].
    pub async fn collect(mut self, most: usize) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        while let Some(page) = self.next_page().await? {
            rows.extend(page);
            if rows.len() > most {
                return Err(Error::new(ErrorKind::TooLarge, "more rows than asked for").during(Call::Query));
            }
        }
        Ok(rows)
    }

    /// How many rows the query matches, known after the first page.
    #[must_use]
    pub const fn total(&self) -> Option<u64> {
        self.total
    }
}

/// One JSON record as a row aligned to the select list.
pub(crate) fn row_of(columns: &Arc<Columns>, paths: &[FieldPath], record: &Map<String, Value>) -> Row {
    Row::new(Arc::clone(columns), paths.iter().map(|path| scalar_text(value_at(record, path)?)))
}

fn value_at<'a>(record: &'a Map<String, Value>, path: &FieldPath) -> Option<&'a Value> {
    match path.parts() {
        (None, field) => member(record, field),
        (Some(relationship), field) => member(member(record, relationship)?.as_object()?, field),
    }
}

/// Answers spell fields as the org does, queries as they like.
fn member<'a>(record: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    record
        .get(name)
        .or_else(|| record.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

impl From<TooLong> for Error {
    fn from(why: TooLong) -> Self {
        Self::new(ErrorKind::TooLarge, "the query").with_source(why)
    }
}

impl Client {
    /// The path of a query, checked to fit into an address.
    pub(crate) fn query_path(&self, soql: &Soql, deleted_too: bool) -> Result<String, Error> {
        soql.check_uri_length().map_err(|why| Error::from(why).during(Call::Query))?;
        let q: String = url::form_urlencoded::byte_serialize(soql.to_string().as_bytes()).collect();
        Ok(self.path(&format!("/{}?q={q}", if deleted_too { "queryAll" } else { "query" })))
    }

    /// A cursor from an answer is data: only a path of this API on the same host is followed.
    pub(crate) fn cursor_path(&self, url: &str) -> Result<String, Error> {
        let plain = url.len() <= 1_000
            && url.starts_with("/services/data/v")
            && url.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.?=&%".contains(&b));
        if plain { Ok(url.to_owned()) } else { Err(Error::new(ErrorKind::UntrustedAddress, "next page")) }
    }
}

impl Org {
    /// Asks a query over living records.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] when it does not fit into an address: see [`Soql::in_chunks`], or use a query job.
    pub fn query(&self, soql: &Soql) -> Result<Pages, Error> {
        self.pages(soql, false)
    }

    /// Asks a query over all records, deleted and merged ones included (`IsDeleted = true`).
    ///
    /// # Errors
    /// As for [`Org::query`].
    pub fn query_all(&self, soql: &Soql) -> Result<Pages, Error> {
        self.pages(soql, true)
    }

    fn pages(&self, soql: &Soql, deleted_too: bool) -> Result<Pages, Error> {
        let path = self.client().query_path(soql, deleted_too)?;
        let paths = soql.fields().to_vec();
        let columns = Arc::new(Columns::new(&paths));
        Ok(Pages { org: self.clone(), columns, paths, next: Next::Query(path), total: None })
    }

    /// Counts living records; `soql` is a [`Soql::count`].
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] for another query, and any kind of a call that reads.
    pub async fn count(&self, soql: &Soql) -> Result<u64, Error> {
        if !soql.is_count() {
            return Err(Error::new(ErrorKind::Configuration, "not a count").during(Call::Query));
        }
        let ask = Ask::get(Call::Query, self.client().query_path(soql, false)?);
        let page: PageAnswer = self.client().json(&ask).await?;
        Ok(page.total_size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_become_rows_aligned_to_the_select_list() {
        let soql =
            Soql::select("Contact", ["Id", "account.name", "Score__c", "Opt__c", "Owner.Name"]).unwrap();
        let columns = Arc::new(Columns::new(soql.fields()));
        let record: Map<String, Value> = serde_json::from_str(
            r#"{"attributes":{"type":"Contact"},"Owner":null,"Opt__c":false,"Score__c":1.0E3,
            "Account":{"attributes":{},"Name":"Smith Household"},"Id":"003RM0000068xVCYAY"}"#,
        )
        .unwrap();
        let row = row_of(&columns, soql.fields(), &record);
        assert_eq!(row.get("Account.Name"), Some("Smith Household"));
        assert_eq!(row.get("Score__c"), Some("1000"));
        assert_eq!(row.get("Opt__c"), Some("false"));
        assert_eq!(row.get("Owner.Name"), None);
        assert_eq!(row.at(0), Some("003RM0000068xVCYAY"));
    }
}
