//! The whole state as text, and back: JSON lines, a header first, a trailer with count and SHA-256 last.
//!
//! An export holds the digest key and the personal data of cases and conflicts: it is as secret as the state itself.

use std::io::{self, Write};
use std::sync::PoisonError;

use model::OrgId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Fatal};
use crate::store::Scan;
use crate::takeover::{EPOCH, GENERATION};
use crate::tree::Tree;
use crate::{State, digest_key, seal, takeover, upgrade};

/// Version of the text itself.
pub(crate) const TEXT_VERSION: u32 = 1;
/// Rows read at once.
const PAGE: usize = 1_000;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) highwater_export: u32,
    pub(crate) format: u32,
    pub(crate) org: Option<OrgId>,
    pub(crate) supporter_account: Option<String>,
    pub(crate) generation: u64,
    pub(crate) digest_key: String,
}

/// Every line between the first and the last; key and value in hexadecimal.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) tree: Tree,
    pub(crate) key: String,
    pub(crate) value: String,
}

/// The last line: over everything before it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trailer {
    pub(crate) rows: u64,
    pub(crate) sha256: String,
}

/// Passes text on and hashes it.
struct Hashed<'w> {
    to: &'w mut dyn Write,
    hash: Sha256,
}

impl Hashed<'_> {
    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.hash.update(&text);
        self.to.write_all(&text)
    }
}

impl State {
    /// Writes the whole state as it is at this moment and returns the number of rows. Blocks; commits wait meanwhile.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the state cannot be read or the text cannot be written.
    pub fn export(&self, to: &mut dyn Write) -> Result<u64, Error> {
        let _turn = self.inner().turn.lock().unwrap_or_else(PoisonError::into_inner);
        let header = Header {
            highwater_export: TEXT_VERSION,
            format: upgrade::FORMAT,
            org: self.org(),
            supporter_account: self.inner().manifest.as_ref().and_then(|m| m.supporter_account()),
            generation: takeover::generation(self.store())?,
            digest_key: digest_key::text(&self.inner().digest_key),
        };
        let io = |e| Fatal::io("writing the export", &e);
        let mut to = Hashed { to, hash: Sha256::new() };
        to.line(&header).map_err(io)?;
        let mut rows = 0;
        for tree in Tree::ALL {
            rows += self.export_tree(tree, &mut to)?;
        }
        let trailer = Trailer { rows, sha256: hex::encode(to.hash.clone().finalize()) };
        to.line(&trailer).map_err(io)?;
        to.to.flush().map_err(io)?;
        Ok(rows)
    }

    fn export_tree(&self, tree: Tree, to: &mut Hashed<'_>) -> Result<u64, Error> {
        let mut rows = 0;
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.store().scan(tree, Scan { prefix: &[], after: after.as_deref() }, PAGE)?;
            if page.is_empty() {
                return Ok(rows);
            }
            for (key, value) in page {
                // These two belong to the database, not to what it holds.
                if tree != Tree::Meta || (key != EPOCH && key != GENERATION) {
                    let value = seal::written_out(tree, &key, value);
                    let line = Line { tree, key: hex::encode(&key), value: hex::encode(value) };
                    to.line(&line).map_err(|e| Fatal::io("writing the export", &e))?;
                    rows += 1;
                }
                after = Some(key);
            }
        }
    }
}
