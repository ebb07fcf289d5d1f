//! All Contacts, fetched once and kept in a file: what a first load matches thousands of people against, at the cost of one
//! Bulk query instead of a look-up a few hundred people at a time. Where each lies stands in files, too (see `places.rs`).

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use model::{ContactId, Email, Stamp, SupporterId};

use crate::columns::{ContactColumns, Filed, SeenContact};
use crate::contact_file::{ContactFile, Texts};
use crate::places::{Places, PlacesBuilder, private};
use crate::{Fatal, Sides, Stretch};

/// Rows of one page of the query's result.
pub const PAGE_ROWS: u32 = 50_000;
/// How long the query may take.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(3_600);

/// The Contacts of the org as they were at one moment, deleted and merged ones among them.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    files: Mutex<Files>,
    columns: std::sync::Arc<ContactColumns>,
    hasher: RandomState,
    contacts: usize,
    bytes: u64,
    read_at: Option<Stamp>,
}

/// The records, and where each lies.
#[derive(Debug)]
struct Files {
    records: ContactFile,
    by_key: Places,
    by_email: Places,
    by_id: Places,
}

impl Directory {
    /// Fetches all Contacts by one Bulk query.
    ///
    /// # Errors
    /// [`Fatal`] when the org or the disk fails.
    pub async fn fetch(sides: &Sides) -> Result<Self, Fatal> {
        sides.progress.begin(Stretch::Directory, None);
        let soql = sides.columns.query(sides.columns.select())?;
        let path = sides.state.spool_dir().join("contacts.directory");
        let mut builder = Builder::new(&path).map_err(Fatal::spool("creating the Contact directory"))?;
        let mut rows =
            sides.org.bulk_query(&soql, true, PAGE_ROWS, &sides.state.spool_dir(), PATIENCE).await?;
        let width = sides.columns.select().len();
        while let Some(row) = rows.next_row().await? {
            if let Ok(filed) = sides.columns.filed(&row) {
                let texts = (0..width).map(|at| row.at(at).unwrap_or_default());
                builder.add(&filed, texts).map_err(Fatal::spool("writing the Contact directory"))?;
            }
            sides.progress.advance(1);
        }
        rows.complete(0)?;
        sides.progress.end();
        let read_at = sides.org.server_time();
        sides.org.discard_query_job(rows.job()).await;
        builder.finish(sides.columns.clone(), read_at).map_err(Fatal::spool("writing the Contact directory"))
    }

    /// Salesforce's clock when it was fetched.
    #[must_use]
    pub const fn read_at(&self) -> Option<Stamp> {
        self.read_at
    }

    /// How many Contacts it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.contacts
    }

    /// Whether the org has no Contacts.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.contacts == 0
    }

    /// All Contacts that carry one of these supporter ids, dead or alive, and all that carry one of these addresses.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find(&self, keys: &[&SupporterId], emails: &HashSet<Email>) -> io::Result<Vec<SeenContact>> {
        // A number may fit by accident: only what really carries the key or address counts.
        let wanted: HashSet<String> = keys.iter().map(|key| key.as_str().to_lowercase()).collect();
        let carries = |seen: &SeenContact| {
            seen.contact.supporter_id.text().is_some_and(|key| wanted.contains(&key.to_lowercase()))
                || seen.emails.iter().any(|email| emails.contains(email))
        };
        let keyed = wanted.iter().map(|key| of_key(&self.hasher, key)).collect();
        let addressed = emails.iter().map(|email| self.hasher.hash_one(email.expose())).collect();
        let found = self.read(|files| {
            let mut places = files.by_key.find(keyed)?;
            places.extend(files.by_email.find(addressed)?);
            Ok(places)
        })?;
        Ok(found.into_iter().filter(carries).collect())
    }

    /// The live Contacts with these ids, as they were then.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn by_ids(&self, ids: &[ContactId]) -> io::Result<HashMap<ContactId, SeenContact>> {
        let numbers = ids.iter().map(of_id).collect();
        let live = self.read(|files| files.by_id.find(numbers))?.into_iter();
        let mut found = HashMap::with_capacity(ids.len());
        found.extend(live.filter(|seen| !seen.contact.deleted).map(|seen| (seen.id(), seen)));
        Ok(found)
    }

    /// The Contacts from a place on, deleted and merged ones among them, at most so many, and where to go on; `None` at the end. The
    /// first place is 0.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn page(&self, from: u64, limit: usize) -> io::Result<Option<(Vec<SeenContact>, u64)>> {
        if from >= self.bytes {
            return Ok(None);
        }
        let broken = |_| io::Error::other("a reader of the directory failed");
        let files = &mut *self.files.lock().map_err(broken)?;
        files.records.page(&self.columns, from, self.bytes, limit).map(Some)
    }

    fn read(&self, find: impl FnOnce(&mut Files) -> io::Result<Vec<u64>>) -> io::Result<Vec<SeenContact>> {
        let broken = |_| io::Error::other("a reader of the directory failed");
        let files = &mut *self.files.lock().map_err(broken)?;
        let mut places = find(files)?;
        places.sort_unstable();
        places.dedup();
        files.records.read(&self.columns, &places)
    }
}

/// What a Contact is filed under by its Id: neighbours stay neighbours, so that a batch reads few blocks. The last ten
/// characters before the check tell Contacts of one org apart; any that share them are all read.
fn of_id(id: &ContactId) -> u64 {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'Z' => byte - b'A' + 10,
        _ => byte.saturating_sub(b'a') % 26 + 36,
    };
    let last = id.as_str().as_bytes().get(5..15).unwrap_or_default();
    last.iter().fold(0, |number, byte| number * 62 + u64::from(digit(byte)))
}

/// What a Contact is filed under by the supporter id it carries, in lower case: its last characters, so that neighbours stay
/// neighbours, and a hash of it, because ids may end alike.
fn of_key(hasher: &RandomState, key: &str) -> u64 {
    let last = key.bytes().rev().take(6).enumerate();
    let ordered = last.fold(0_u64, |number, (at, byte)| number | u64::from(byte) << (8 * at));
    ordered << 16 | hasher.hash_one(key) & 0xffff
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Personal data: gone with the run. What a crash leaves behind, the next start removes.
        let _ = std::fs::remove_file(&self.path);
    }
}

struct Builder {
    path: PathBuf,
    file: BufWriter<File>,
    at: u64,
    record: Vec<u8>,
    hasher: RandomState,
    contacts: usize,
    by_key: PlacesBuilder,
    by_email: PlacesBuilder,
    by_id: PlacesBuilder,
}

impl Builder {
    fn new(path: &Path) -> io::Result<Self> {
        let places =
            |by: &str| PlacesBuilder::new(path.with_file_name(format!("contacts-by-{by}.directory")));
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::with_capacity(64 * 1024, private(path)?),
            at: 0,
            record: Vec::new(),
            hasher: RandomState::new(),
            contacts: 0,
            by_key: places("key"),
            by_email: places("email"),
            by_id: places("id"),
        })
    }

    fn add<'t>(&mut self, filed: &Filed<'_>, texts: impl Iterator<Item = &'t str> + Clone) -> io::Result<()> {
        self.record.clear();
        Texts::write(texts, &mut self.record)?;
        let len = u32::try_from(self.record.len()).map_err(io::Error::other)?;
        self.file.write_all(&len.to_le_bytes())?;
        self.file.write_all(&self.record)?;
        if let Some(key) = filed.key {
            self.by_key.add(of_key(&self.hasher, &key.to_lowercase()), self.at)?;
        }
        for email in &filed.emails {
            self.by_email.add(self.hasher.hash_one(email.expose()), self.at)?;
        }
        self.by_id.add(of_id(&filed.id), self.at)?;
        self.at += 4 + u64::from(len);
        self.contacts += 1;
        Ok(())
    }

    fn finish(
        self,
        columns: std::sync::Arc<ContactColumns>,
        read_at: Option<Stamp>,
    ) -> io::Result<Directory> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let mut file = BufReader::new(file);
        file.rewind()?;
        let (by_key, by_email) = (self.by_key.finish()?, self.by_email.finish()?);
        let by_id = self.by_id.finish()?;
        let records = ContactFile::new(file);
        Ok(Directory {
            path: self.path,
            files: Mutex::new(Files { records, by_key, by_email, by_id }),
            columns,
            hasher: self.hasher,
            contacts: self.contacts,
            bytes: self.at,
            read_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_filed_as_neighbours_and_ids_that_end_alike_apart() {
        let id = |text: &str| of_id(&ContactId::parse(text).unwrap());
        assert!(
            id("0035g00000AAAAz") < id("0035g00000AAABA") && id("0035g00000AAABA") < id("0035g00000AAABB")
        );
        assert_ne!(id("0035g00000AAAAa"), id("0035g00000AAAAA"), "case tells Ids apart");
        let hasher = RandomState::new();
        let key = |text: &str| of_key(&hasher, text) >> 16;
        assert!(key("1000009") < key("1000010") && key("9") < key("10"));
        assert_eq!(key("a-000001"), key("b-000001"));
        let alike: HashSet<u64> = (0..100).map(|n| of_key(&hasher, &format!("{n}-member"))).collect();
        assert!(alike.len() > 90, "{}", alike.len());
    }
}
