//! `[sync]`: how a cycle behaves.

use model::{Blank, PersonObject};
use serde::Deserialize;

use super::{Share, Whole};

/// The behaviour of a cycle. Every key has a default that is safe for strangers' data.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sync {
    /// Which object of the org the supporters are.
    pub object: PersonObject,
    /// Deliver supporters' changes to Salesforce.
    pub push: bool,
    /// Deliver Contacts' changes to the supporter database.
    pub pull: bool,
    /// Create a Contact for a supporter that has none.
    pub create_contacts: bool,
    /// Create a supporter for a Contact that has none.
    pub create_supporters: bool,
    /// What an emptied column does to the Contact, where the field does not say.
    pub blank_to_contact: Blank,
    /// What an emptied Contact field does to the supporter, where the field does not say.
    pub blank_to_supporter: Blank,
    /// Look for an existing Contact by e-mail and names before one is created.
    pub match_before_create: bool,
    /// What becomes of a supporter whose address only Contacts with other names carry.
    pub shared_address: SharedAddress,
    /// What a Contact that was deleted leads to.
    pub contact_deleted: OnDelete,
    /// What a supporter that is gone leads to.
    pub supporter_deleted: OnDelete,
    /// Leave Contacts alone that carry no account id and are nobody's, and our supporters' that carry another account's.
    pub only_own_account: bool,
    /// Contacts that are left alone, or not pulled.
    pub exclude: Vec<ExcludeContacts>,
    /// What they are taken out of.
    pub exclude_from: ExcludeFrom,
    /// How far below a watermark each window is read again.
    pub overlap_seconds: Whole<0, 86_400>,
    /// How far below Salesforce's clock a window ends when the org does not say what it covers.
    pub lag_seconds: Whole<0, 3_600>,
    /// How far below a window's end a stamp must lie before a record seen at it is not compared again.
    pub settle_seconds: Whole<0, 3_600>,
    /// How far below the supporter database's clock a window ends.
    pub supporter_lag_seconds: Whole<0, 3_600>,
    /// Policy `newest`: modified within this span of each other counts as modified at once.
    pub newest_tolerance_seconds: Whole<0, 86_400>,
    /// Rows that fit into so many calls of 200 records go without a job; 0 sends everything as jobs.
    pub direct_calls: Whole<0, 25>,
    /// The most rows in one job.
    pub job_rows: Whole<1, 1_000_000>,
    /// The most megabytes in one job.
    pub job_megabytes: Whole<1, 100>,
    /// How long a job may run before it is aborted and its results are read.
    pub job_deadline_minutes: Whole<1, 10_080>,
    /// How often rows that failed in passing are sent again in one cycle.
    pub retry_rounds: Whole<0, 10>,
    /// After how many cycles a row that keeps failing in passing is blocked.
    pub retry_cycles: Whole<1, 1_000>,
    /// People handled at a time.
    pub batch_people: Whole<1, 20_000>,
    /// From how many never-linked people on all Contacts are fetched at once.
    pub directory_from_people: Whole<1, 1_000_000>,
    /// How old a value read from Salesforce may be when it is decided on.
    pub fresh_for_minutes: Whole<1, 60>,
    /// Whether the org's field history is read for what our rows overwrote before it was seen.
    pub field_history: FieldHistory,
    /// The share of a job that may be blocked for one new reason before planning stops.
    pub circuit_share: Share,
}

/// A supporter whose address belongs to a Contact of another name: a partner, a colleague, or the same person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SharedAddress {
    /// A person is asked.
    Case,
    /// A second Contact is created.
    Create,
}

/// Whether the org's field history is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldHistory {
    /// Where the org keeps it for a mapped field.
    Auto,
    /// Never.
    Off,
}

/// What the end of one record leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDelete {
    /// A person is asked about the record that is left.
    Case,
    /// The record that is left is flagged.
    Flag,
    /// Nothing.
    Nothing,
}

/// What excluded Contacts are taken out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExcludeFrom {
    /// Both directions: neither record of the person is written.
    Both,
    /// The pull: their edits go nowhere, and those of their supporters go out.
    Pull,
}

/// Contacts with one of these values in this field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExcludeContacts {
    /// API name of the Contact field.
    pub field: String,
    /// The values that exclude, compared without case.
    pub values: Vec<String>,
}

impl Default for Sync {
    fn default() -> Self {
        Self {
            push: true,
            pull: true,
            create_contacts: true,
            object: PersonObject::Contact,
            create_supporters: false,
            blank_to_contact: Blank::Clear,
            blank_to_supporter: Blank::Clear,
            match_before_create: true,
            shared_address: SharedAddress::Case,
            contact_deleted: OnDelete::Case,
            supporter_deleted: OnDelete::Case,
            only_own_account: false,
            exclude: Vec::new(),
            exclude_from: ExcludeFrom::Both,
            overlap_seconds: Whole::of::<600>(),
            lag_seconds: Whole::of::<60>(),
            settle_seconds: Whole::of::<60>(),
            supporter_lag_seconds: Whole::of::<0>(),
            newest_tolerance_seconds: Whole::of::<120>(),
            direct_calls: Whole::of::<5>(),
            job_rows: Whole::of::<100_000>(),
            job_megabytes: Whole::of::<90>(),
            job_deadline_minutes: Whole::of::<360>(),
            retry_rounds: Whole::of::<3>(),
            retry_cycles: Whole::of::<10>(),
            batch_people: Whole::of::<2_000>(),
            directory_from_people: Whole::of::<800>(),
            fresh_for_minutes: Whole::of::<15>(),
            field_history: FieldHistory::Auto,
            circuit_share: Share::FIFTH,
        }
    }
}
