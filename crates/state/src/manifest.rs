//! The manifest beside the database: whose state it is, who writes it, and how far it had come.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use model::OrgId;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Fatal, Refusal};
use crate::private_files;

/// The content of the file `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Format of the whole state; see `docs/reference/state-layout.md`.
    pub(crate) format: u32,
    /// The org, once it is known.
    pub(crate) org: Option<OrgId>,
    /// The supporter database, as the configuration names it.
    pub(crate) supporter_account: Option<String>,
    /// Digest of the field map at the last start, in hexadecimal.
    #[serde(default)]
    pub(crate) map: Option<String>,
    /// Random per start: whoever wrote it last is the only writer.
    pub(crate) epoch: u64,
    /// A commit the database is known to hold. Never ahead of it.
    pub(crate) generation: u64,
    /// Tells whether the digest key beside it is the one the state was made with.
    pub(crate) key_check: String,
}

/// The manifest file of an open state.
pub(crate) struct ManifestFile {
    path: PathBuf,
    manifest: Mutex<Manifest>,
}

impl ManifestFile {
    /// Writes a manifest for the first time, or for a new writer.
    pub(crate) fn create(dir: &Path, manifest: Manifest) -> Result<Self, Fatal> {
        let path = path_in(dir);
        write(&path, &manifest)?;
        Ok(Self { path, manifest: Mutex::new(manifest) })
    }

    /// Fails when another process has written the file since.
    pub(crate) fn check_ours(&self) -> Result<(), Fatal> {
        let mine = self.manifest.lock().unwrap_or_else(PoisonError::into_inner).epoch;
        match read_at(&self.path)? {
            Some(Ok(found)) if found.epoch == mine => Ok(()),
            Some(_) | None => Err(Fatal::Fenced),
        }
    }

    /// The supporter database, as the configuration names it.
    pub(crate) fn supporter_account(&self) -> Option<String> {
        self.manifest.lock().unwrap_or_else(PoisonError::into_inner).supporter_account.clone()
    }

    /// Notes the org, the first time it is known.
    pub(crate) fn adopt_org(&self, org: OrgId) -> Result<(), Fatal> {
        let mut manifest = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        manifest.org = Some(org);
        write(&self.path, &manifest)
    }

    /// Notes a generation that is durable in the database.
    pub(crate) fn raise_generation(&self, generation: u64) -> Result<(), Fatal> {
        let mut manifest = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        if generation > manifest.generation {
            manifest.generation = generation;
            write(&self.path, &manifest)?;
        }
        Ok(())
    }
}

/// Reads the manifest of a directory; `None` when there is none.
pub(crate) fn read(dir: &Path) -> Result<Option<Manifest>, Error> {
    match read_at(&path_in(dir))? {
        None => Ok(None),
        Some(Ok(manifest)) => Ok(Some(manifest)),
        Some(Err(_)) => Err(Refusal::Manifest.into()),
    }
}

fn read_at(path: &Path) -> Result<Option<Result<Manifest, serde_json::Error>>, Fatal> {
    let content = private_files::read_small(path).map_err(|e| Fatal::io("reading the manifest", &e))?;
    Ok(content.map(|content| serde_json::from_slice(&content)))
}

fn write(path: &Path, manifest: &Manifest) -> Result<(), Fatal> {
    let content = serde_json::to_vec_pretty(manifest)
        .map_err(|e| Fatal::Backend { operation: "writing the manifest", reason: e.to_string() })?;
    private_files::replace(path, &content).map_err(|e| Fatal::io("writing the manifest", &e))
}

fn path_in(dir: &Path) -> PathBuf {
    dir.join("manifest.json")
}
