//! All Contacts, fetched once and kept in a file: what a first load matches thousands of people against, at the cost of one
//! Bulk query instead of a look-up a few hundred people at a time. In memory stand only hashes and places, 48 bytes a Contact.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use model::{ContactId, Email, Stamp, SupporterId};
use salesforce::soql::Soql;

use crate::columns::{ContactColumns, SeenContact};
use crate::{Fatal, Sides, Stretch};

/// Rows of one page of the query's result.
pub const PAGE_ROWS: u32 = 50_000;
/// How long the query may take.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(3_600);

/// The Contacts of the org as they were at one moment, deleted and merged ones among them.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    file: Mutex<File>,
    columns: std::sync::Arc<ContactColumns>,
    hasher: RandomState,
    by_key: Vec<(u64, u64)>,
    by_email: Vec<(u64, u64)>,
    by_id: Vec<(u64, u64)>,
    read_at: Option<Stamp>,
}

impl Directory {
    /// Fetches all Contacts by one Bulk query.
    ///
    /// # Errors
    /// [`Fatal`] when the org or the disk fails.
    pub async fn fetch(sides: &Sides) -> Result<Self, Fatal> {
        sides.progress.begin(Stretch::Directory, None);
        let soql = Soql::select("Contact", sides.columns.select())?;
        let path = sides.state.spool_dir().join("contacts.directory");
        let mut builder = Builder::new(&path).map_err(Fatal::spool("creating the Contact directory"))?;
        let mut rows =
            sides.org.bulk_query(&soql, true, PAGE_ROWS, &sides.state.spool_dir(), PATIENCE).await?;
        while let Some(row) = rows.next_row().await? {
            let width = sides.columns.select().len();
            if let Ok(seen) = sides.columns.read(&row) {
                let texts: Vec<Option<&str>> = (0..width).map(|at| row.at(at)).collect();
                builder.add(&seen, &texts).map_err(Fatal::spool("writing the Contact directory"))?;
            }
            sides.progress.advance(1);
        }
        sides.progress.end();
        let read_at = sides.org.server_time();
        builder.finish(sides.columns.clone(), read_at).map_err(Fatal::spool("writing the Contact directory"))
    }

    /// Salesforce's clock when it was fetched.
    #[must_use]
    pub const fn read_at(&self) -> Option<Stamp> {
        self.read_at
    }

    /// How many Contacts it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether the org has no Contacts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// All Contacts that carry one of these supporter ids, dead or alive, and all that carry one of these addresses.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find(&self, keys: &[&SupporterId], emails: &HashSet<Email>) -> io::Result<Vec<SeenContact>> {
        let mut places = Vec::new();
        for key in keys {
            places.extend(hits(&self.by_key, self.hasher.hash_one(key.as_str().to_lowercase())));
        }
        for email in emails {
            places.extend(hits(&self.by_email, self.hasher.hash_one(email.expose())));
        }
        // A hash may fit by accident: only what really carries the key or address counts.
        let wanted: HashSet<String> = keys.iter().map(|key| key.as_str().to_lowercase()).collect();
        let carries = |seen: &SeenContact| {
            seen.contact.supporter_id.text().is_some_and(|key| wanted.contains(&key.to_lowercase()))
                || seen.emails.iter().any(|email| emails.contains(email))
        };
        Ok(self.read(places)?.into_iter().filter(carries).collect())
    }

    /// The live Contacts with these ids, as they were then.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn by_ids(&self, ids: &[ContactId]) -> io::Result<HashMap<ContactId, SeenContact>> {
        let places = ids.iter().flat_map(|id| hits(&self.by_id, self.hasher.hash_one(id))).collect();
        let live = self.read(places)?.into_iter().filter(|seen| !seen.contact.deleted);
        Ok(live.map(|seen| (seen.id(), seen)).collect())
    }

    fn read(&self, mut places: Vec<u64>) -> io::Result<Vec<SeenContact>> {
        places.sort_unstable();
        places.dedup();
        let mut file = self.file.lock().map_err(|_| io::Error::other("a reader of the directory failed"))?;
        places.into_iter().map(|place| self.read_one(&mut file, place)).collect()
    }

    fn read_one(&self, file: &mut File, place: u64) -> io::Result<SeenContact> {
        let broken = || io::Error::new(io::ErrorKind::InvalidData, "the Contact directory is damaged");
        file.seek(SeekFrom::Start(place))?;
        let mut len = [0_u8; 4];
        file.read_exact(&mut len)?;
        let mut bytes = vec![0_u8; u32::from_le_bytes(len) as usize];
        file.read_exact(&mut bytes)?;
        let texts: Vec<Option<String>> = serde_json::from_slice(&bytes).map_err(|_| broken())?;
        self.columns.from_texts(&|at| texts.get(at)?.as_deref()).map_err(|_| broken())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Personal data: gone with the run. What a crash leaves behind, the next start removes.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The places filed under a hash.
fn hits(index: &[(u64, u64)], hash: u64) -> impl Iterator<Item = u64> + '_ {
    let from = index.partition_point(|(known, _)| *known < hash);
    index[from..].iter().take_while(move |(known, _)| *known == hash).map(|(_, place)| *place)
}

struct Builder {
    path: PathBuf,
    file: BufWriter<File>,
    at: u64,
    hasher: RandomState,
    by_key: Vec<(u64, u64)>,
    by_email: Vec<(u64, u64)>,
    by_id: Vec<(u64, u64)>,
}

impl Builder {
    fn new(path: &Path) -> io::Result<Self> {
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::with_capacity(64 * 1024, options.open(path)?),
            at: 0,
            hasher: RandomState::new(),
            by_key: Vec::new(),
            by_email: Vec::new(),
            by_id: Vec::new(),
        })
    }

    fn add(&mut self, seen: &SeenContact, texts: &[Option<&str>]) -> io::Result<()> {
        let bytes = serde_json::to_vec(texts).map_err(io::Error::other)?;
        let len = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.file.write_all(&len.to_le_bytes())?;
        self.file.write_all(&bytes)?;
        if let Some(key) = seen.contact.supporter_id.text() {
            self.by_key.push((self.hasher.hash_one(key.to_lowercase()), self.at));
        }
        for email in &seen.emails {
            self.by_email.push((self.hasher.hash_one(email.expose()), self.at));
        }
        self.by_id.push((self.hasher.hash_one(seen.id()), self.at));
        self.at += 4 + u64::from(len);
        Ok(())
    }

    fn finish(
        mut self,
        columns: std::sync::Arc<ContactColumns>,
        read_at: Option<Stamp>,
    ) -> io::Result<Directory> {
        for index in [&mut self.by_key, &mut self.by_email, &mut self.by_id] {
            index.sort_unstable();
            index.shrink_to_fit();
        }
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Directory {
            path: self.path,
            file: Mutex::new(file),
            columns,
            hasher: self.hasher,
            by_key: self.by_key,
            by_email: self.by_email,
            by_id: self.by_id,
            read_at,
        })
    }
}
