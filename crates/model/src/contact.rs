//! A Contact, as Salesforce holds it.

use crate::{AccountId, Cell, ContactId, Stamp, UserId};

/// One Contact, read through the field map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The record's id.
    pub id: ContactId,
    /// `SystemModstamp`: moves with every touch, by people and by automation.
    pub modified: Stamp,
    /// `LastModifiedById`, where it was asked for. A statistic: it decides nothing.
    pub modified_by: Option<UserId>,
    /// The supporter id the record carries in our external id field.
    pub supporter_id: Cell,
    /// The supporter database's account id the record carries, where that field is configured.
    pub account_key: Cell,
    /// `AccountId`: rows are sorted by it, so that one household's rows do not wait for each other's lock.
    pub account: Option<AccountId>,
    /// In the recycle bin, or merged away.
    pub deleted: bool,
    /// The survivor of the merge that deleted it (Object reference: `MasterRecordId`).
    pub master: Option<ContactId>,
    /// Belongs to a person account: it can be changed only through its Account.
    pub person_account: bool,
    /// The cells of [`crate::FieldMap::rules`], in that order.
    pub cells: Vec<Cell>,
}
