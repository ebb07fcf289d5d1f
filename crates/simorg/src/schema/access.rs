//! What callers of the API may do with the records of an object.

use serde::{Deserialize, Serialize};

/// Object permissions of the integration user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "an object permission has one flag each")]
pub struct Access {
    /// Sees the object at all.
    pub read: bool,
    /// Adds records.
    pub create: bool,
    /// Changes records.
    pub edit: bool,
    /// Deletes records.
    pub delete: bool,
}

impl Default for Access {
    fn default() -> Self {
        Self { read: true, create: true, edit: true, delete: true }
    }
}
