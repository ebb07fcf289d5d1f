//! A look at a state directory from outside, for whoever must neither take it nor change it.

use std::path::Path;

use crate::error::{Error, Refusal};
use crate::open::{DATABASE, check_manifest, check_place};
use crate::{OpenOptions, State, manifest};

impl State {
    /// What [`State::open`] would refuse before it opens the database: the place, the manifest, the digest key, and whose state it
    /// is. Takes no lock and writes nothing. Whether the database is whole, and as new as its manifest, only opening it tells.
    ///
    /// # Errors
    /// As [`State::open`].
    pub fn look(dir: impl AsRef<Path>, options: &OpenOptions) -> Result<(), Error> {
        let dir = dir.as_ref();
        check_place(dir)?;
        match manifest::read(dir)? {
            Some(found) => check_manifest(dir, &found, options).map(|_| ()),
            None if dir.join(DATABASE).exists() => Err(Refusal::Manifest.into()),
            None => Ok(()),
        }
    }
}
