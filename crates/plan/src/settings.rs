//! How a cycle is to behave: everything an administrator may choose, with the defaults that are safe for strangers' data.

use std::time::Duration;

use model::Stamp;

use crate::deleted::{DeletedFlags, OnDelete};

/// The behaviour of a cycle.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Deliver supporters' changes to Salesforce.
    pub push: bool,
    /// Deliver Contacts' changes to the supporter database.
    pub pull: bool,
    /// How far below a watermark each window is read again, for records that became visible late. Default 10 minutes.
    pub overlap: Duration,
    /// How far below Salesforce's clock a window ends when the org does not say what it covers. Default 60 seconds.
    pub lag: Duration,
    /// How far below a window's end a stamp must lie before a record seen at it is not compared again. Default 60 seconds.
    pub settle: Duration,
    /// How far below the supporter database's clock a window ends. Default none: the embedded database has one writer.
    pub supporter_lag: Duration,
    /// Policy `newest`: records modified within this span of each other count as modified at once. Default 2 minutes.
    pub newest_tolerance: Duration,
    /// Create a Contact for a supporter that has none. Default yes.
    pub create_contacts: bool,
    /// Create a supporter for a Contact that has none. Default no: it fills the supporter database with strangers.
    pub create_supporters: bool,
    /// Look for an existing Contact by e-mail and names before creating one, and not only after a refusal. Default yes.
    pub match_before_create: bool,
    /// What a never-linked supporter comes to whose address only Contacts with other names carry. Default: a case.
    pub shared_address: SharedAddress,
    /// What a Contact that was deleted leads to. Default: a case.
    pub contact_deleted: OnDelete,
    /// What a supporter that is gone leads to. Default: a case.
    pub supporter_deleted: OnDelete,
    /// Where [`OnDelete::Flag`] writes to.
    pub deleted_flags: DeletedFlags,
    /// Leave Contacts alone that carry no account id and are nobody's, and our supporters' that carry another account's. Default no.
    pub only_own_account: bool,
    /// Contacts that are not pulled.
    pub exclude: Vec<Exclude>,
    /// Those are not pulled, and what their supporters change goes out all the same.
    pub exclude_pulls_only: bool,
    /// Contact fields that hold further addresses of the person, beside `Email`.
    pub email_fields: Vec<String>,
    /// Who finds the Contact that a duplicate rule stands up for. Default: our matcher alone.
    pub twin: Twin,
    /// The matcher's settings.
    pub matching: matching::Config,
    /// The most rows in one job. Default 100,000.
    pub job_rows: usize,
    /// The most bytes in one job. Default 90 MB: Bulk API 2.0 takes 150 MB after base64 encoding (Bulk guide v66).
    pub job_bytes: u64,
    /// Rows that fit into so many calls of 200 records each go without a job: see [`crate::road`]. Default 5; 0: always a job.
    pub direct_calls: usize,
    /// How often rows that failed in passing are sent again in one cycle, in ever smaller jobs. Default 3.
    pub retry_rounds: u32,
    /// After how many cycles a row that keeps failing in passing is blocked. Default 10.
    pub retry_cycles: u32,
    /// How long a job may run before it is aborted and its results read. Default 6 hours.
    pub job_deadline: Duration,
    /// People handled at a time: one call reads so many Contacts. Default 2,000.
    pub batch: usize,
    /// From how many never-linked people on one query of all Contacts is cheaper than looking them up. Default 800.
    pub directory_from: usize,
    /// How old a value read from Salesforce may be when it is decided on. Default 15 minutes.
    pub fresh_for: Duration,
    /// Rows on a page of a query job's results. Default 50,000.
    pub page_rows: u32,
    /// Contact fields whose history the org keeps: what a row of ours overwrote unseen is looked up there. Default none.
    pub tracked: Vec<String>,
    /// The share of a job that may be blocked for one new reason before planning stops. Default 0.2.
    pub circuit_share: f64,
}

impl Settings {
    /// Whether a stamp lies so far below the end of its window that no further edit can carry it: stamps are whole seconds,
    /// and some become visible late. Only then is the record passed over when an overlap brings it again.
    #[must_use]
    pub fn has_settled(&self, stamp: Stamp, until: Stamp) -> bool {
        until.since(stamp) >= self.settle
    }
}

/// How the Contact is found whose duplicate a refused row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// By external id, address and names.
    Ours,
    /// By asking the org's duplicate rules, one call for each; by ids before.
    Org,
    /// By ours; whoever is left is asked about in the org.
    Both,
}

/// What to do about a supporter whose address belongs to a Contact of another name: a partner, a colleague, or the same
/// person under a name nobody would match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedAddress {
    /// Ask a person before creating a second Contact on the address.
    Case,
    /// Create the Contact.
    Create,
}

/// A Contact with this value in this field is not pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclude {
    /// API name of the Contact field.
    pub field: String,
    /// The values that exclude, compared without case.
    pub values: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            push: true,
            pull: true,
            overlap: Duration::from_secs(600),
            lag: Duration::from_secs(60),
            settle: Duration::from_secs(60),
            supporter_lag: Duration::ZERO,
            newest_tolerance: Duration::from_secs(120),
            create_contacts: true,
            create_supporters: false,
            match_before_create: true,
            shared_address: SharedAddress::Case,
            contact_deleted: OnDelete::Case,
            supporter_deleted: OnDelete::Case,
            deleted_flags: DeletedFlags::default(),
            only_own_account: false,
            exclude: Vec::new(),
            exclude_pulls_only: false,
            email_fields: Vec::new(),
            twin: Twin::Ours,
            matching: matching::Config::default(),
            job_rows: 100_000,
            job_bytes: 90_000_000,
            direct_calls: crate::road::JOB_CALLS,
            retry_rounds: 3,
            retry_cycles: 10,
            job_deadline: Duration::from_secs(6 * 3600),
            batch: 2_000,
            directory_from: 800,
            fresh_for: Duration::from_secs(15 * 60),
            page_rows: crate::directory::PAGE_ROWS,
            tracked: Vec::new(),
            circuit_share: 0.2,
        }
    }
}
