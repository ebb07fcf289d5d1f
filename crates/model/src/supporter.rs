//! A supporter, as the supporter database holds them.

use crate::{Cell, Stamp, SupporterId};

/// One row of the supporter database, read through the field map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supporter {
    /// The row's id.
    pub id: SupporterId,
    /// The row's last-modified stamp, from the supporter database's own clock.
    pub modified: Stamp,
    /// What the Contact Id column holds. Text, not an id: people edit it, and old ids of dead Contacts stay in it.
    pub contact_id: Cell,
    /// The cells of [`crate::FieldMap::columns`], in that order.
    pub cells: Vec<Cell>,
}
