//! Contacts by the supporter id they carry: all of them, a page at a time, and those that carry certain ids. From the directory where
//! there is one, else asked of the org.

use std::collections::{HashMap, HashSet};

use model::{ContactId, Stamp, SupporterId};
use salesforce::Pages;
use salesforce::soql::{Field, Literal, Soql};

use crate::columns::SeenContact;
use crate::look_up::ask;
use crate::{Directory, Fatal, Sides};

/// So many Contacts are read from the directory at a time.
const PAGE: usize = 2_000;

/// Every live Contact that carries a supporter id, each once. Holds one page.
pub struct Carriers<'d> {
    source: Source<'d>,
}

enum Source<'d> {
    File { directory: &'d Directory, at: u64 },
    Org(Pages),
}

impl<'d> Carriers<'d> {
    /// From the directory, or by a query of those that carry one.
    ///
    /// # Errors
    /// [`Fatal`] when the query cannot be made.
    pub fn of(sides: &Sides, directory: Option<&'d Directory>) -> Result<Self, Fatal> {
        let source = match directory {
            Some(directory) => Source::File { directory, at: 0 },
            None => {
                let key = Field::parse(&sides.map.technical().supporter_id)?;
                let soql = sides.columns.query(sides.columns.select())?.filter(key.is_not_null());
                Source::Org(sides.org.query(&soql)?)
            }
        };
        Ok(Self { source })
    }

    /// The next page; `None` after the last. A page may be empty.
    ///
    /// # Errors
    /// [`Fatal`] when the org or the file cannot be read.
    pub async fn next(&mut self, sides: &Sides) -> Result<Option<Vec<SeenContact>>, Fatal> {
        let page = match &mut self.source {
            Source::File { directory, at } => {
                let page =
                    directory.page(*at, PAGE).map_err(Fatal::spool("reading the Contact directory"))?;
                page.map(|(page, next)| {
                    *at = next;
                    page
                })
            }
            Source::Org(pages) => {
                let read = |row: &salesforce::Row| sides.columns.read(row).ok();
                pages.next_page().await?.map(|rows| rows.iter().filter_map(read).collect())
            }
        };
        let carries =
            |seen: &SeenContact| !seen.contact.deleted && seen.contact.supporter_id.text().is_some();
        Ok(page.map(|page: Vec<SeenContact>| page.into_iter().filter(carries).collect()))
    }
}

/// The live Contacts that carry one of these supporter ids.
///
/// # Errors
/// [`Fatal`] when the org or the directory cannot be read.
pub async fn carrying(
    sides: &Sides,
    directory: Option<&Directory>,
    keys: &[&SupporterId],
) -> Result<Vec<SeenContact>, Fatal> {
    let found = match directory {
        _ if keys.is_empty() => Vec::new(),
        Some(directory) => {
            directory.find(keys, &HashSet::new()).map_err(Fatal::spool("reading the Contact directory"))?
        }
        None => ask(sides, keys, &HashSet::new()).await?,
    };
    Ok(found.into_iter().filter(|seen| !seen.contact.deleted).collect())
}

/// When these Contacts were last touched, those in the recycle bin too: a deletion is a change like any other. Whoever the org knows
/// nothing of any more is not among them.
///
/// # Errors
/// [`Fatal`] when the org cannot be asked.
pub async fn last_touched(sides: &Sides, ids: &[ContactId]) -> Result<HashMap<ContactId, Stamp>, Fatal> {
    let mut touched = HashMap::new();
    if ids.is_empty() {
        return Ok(touched);
    }
    let base = Soql::select(sides.map.object().name(), ["Id", "SystemModstamp"])?;
    let id_field = Field::parse("Id")?;
    for soql in base.in_chunks(&id_field, ids.iter().map(|id| Literal::from(id.as_str()))) {
        let mut pages = sides.org.query_all(&soql)?;
        while let Some(rows) = pages.next_page().await? {
            for row in rows {
                let id = row.get("Id").and_then(|raw| ContactId::parse(raw).ok());
                let at = row.get("SystemModstamp").and_then(|raw| Stamp::parse(raw).ok());
                touched.extend(id.zip(at));
            }
        }
    }
    Ok(touched)
}
