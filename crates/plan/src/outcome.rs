//! What became of each selected person, and the numbers that must balance.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::{CaseKind, ContactId, CycleId, Stamp, Subject, SupporterId};
use serde::Serialize;

/// Why somebody was selected and nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The supporter has no last name: Salesforce's minimum for a Contact.
    NoLastName,
    /// The record is blocked and nothing about it changed.
    Blocked,
    /// The exclude filter names the Contact.
    Excluded,
    /// The Contact belongs to another account of the supporter database.
    OtherAccount,
    /// No supporter fits the Contact, and supporters are not created.
    NoSupporter,
    /// The Contact has no usable e-mail address to create a supporter with.
    NoEmail,
    /// No Contact fits the supporter, and Contacts are not created.
    NoContact,
    /// The Contact belongs to a person account, which is changed only through its Account.
    PersonAccount,
    /// The link is a tombstone: the Contact or the supporter was deleted.
    Tombstone,
    /// The Contact was deleted, and that is no case here.
    ContactDeleted,
    /// The supporter was deleted, and that is no case here.
    SupporterDeleted,
    /// The record is gone on the side that named it.
    Gone,
    /// The person was forgotten on purpose, and nothing brings them back.
    Forgotten,
    /// The supporter was merged into another, who goes on in its place.
    MergedAway,
}

impl SkipReason {
    /// A stable word.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoLastName => "no_last_name",
            Self::Blocked => "blocked",
            Self::Excluded => "excluded",
            Self::OtherAccount => "other_account",
            Self::NoSupporter => "no_supporter",
            Self::NoEmail => "no_email",
            Self::NoContact => "no_contact",
            Self::PersonAccount => "person_account",
            Self::Tombstone => "tombstone",
            Self::ContactDeleted => "contact_deleted",
            Self::SupporterDeleted => "supporter_deleted",
            Self::Gone => "gone",
            Self::Forgotten => "forgotten",
            Self::MergedAway => "merged_away",
        }
    }
}

/// What became of one selected person in one cycle. Exactly one each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Both sides agree: nothing was written.
    InStep,
    /// The Contact was created.
    ContactCreated,
    /// The Contact was updated; the supporter may have been, too.
    ContactUpdated,
    /// The supporter was updated.
    SupporterUpdated,
    /// The supporter was created.
    SupporterCreated,
    /// Nothing was written, with the reason.
    Skipped(SkipReason),
    /// A person must decide.
    Case(CaseKind),
    /// Set aside after a permanent error, with its code.
    Blocked(String),
    /// Not done yet and to be tried again: stays marked.
    Deferred(Deferral),
}

/// Why something is tried again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Deferral {
    /// The row failed in passing: a lock, a trigger's time limit.
    Transient,
    /// The job ended before the row was processed.
    Unprocessed,
    /// The row's outcome is not known; it is looked up before anything else is tried.
    Unknown,
    /// The record changed between reading and writing.
    ChangedMeanwhile,
    /// The other direction is not part of this run.
    OtherDirection,
    /// An earlier job that holds this person is not settled.
    InFlight,
    /// The cycle was told to stop.
    Stopped,
    /// What would be written is not what was agreed to: something about the person changed since.
    ChangedSincePlan,
}

impl Deferral {
    /// A stable word.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Unprocessed => "unprocessed",
            Self::Unknown => "unknown",
            Self::ChangedMeanwhile => "changed_meanwhile",
            Self::OtherDirection => "other_direction",
            Self::InFlight => "in_flight",
            Self::Stopped => "stopped",
            Self::ChangedSincePlan => "changed_since_plan",
        }
    }
}

impl Outcome {
    /// A stable word: `skipped:no_last_name`, `contact_created`.
    #[must_use]
    pub fn code(&self) -> String {
        self.word().into_owned()
    }

    fn word(&self) -> Cow<'static, str> {
        match self {
            Self::InStep => "in_step".into(),
            Self::ContactCreated => "contact_created".into(),
            Self::ContactUpdated => "contact_updated".into(),
            Self::SupporterUpdated => "supporter_updated".into(),
            Self::SupporterCreated => "supporter_created".into(),
            Self::Skipped(why) => format!("skipped:{}", why.code()).into(),
            Self::Case(kind) => format!("case:{}", kind.code()).into(),
            Self::Blocked(code) => format!("blocked:{code}").into(),
            Self::Deferred(why) => format!("deferred:{}", why.code()).into(),
        }
    }
}

/// Rows of the jobs of one cycle. `sent = succeeded + failed + unprocessed + unknown`, checked before it is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// Rows uploaded.
    pub sent: u64,
    /// Rows Salesforce saved.
    pub succeeded: u64,
    /// Rows Salesforce refused.
    pub failed: u64,
    /// Rows the job did not get to.
    pub unprocessed: u64,
    /// Rows in none of the three result sets.
    pub unknown: u64,
}

impl RowCounts {
    /// Whether every row sent is accounted for.
    #[must_use]
    pub const fn balance(&self) -> bool {
        self.sent == self.succeeded + self.failed + self.unprocessed + self.unknown
    }

    /// Adds another job's rows.
    pub const fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.unprocessed += other.unprocessed;
        self.unknown += other.unknown;
    }
}

/// How many of those left out are named in a report; all are counted.
pub const LEFT_OUT_NAMED: usize = 1_000;

/// So many sentences are kept for the operator at the most.
const MOST_NOTES: usize = 100;

/// What one cycle did.
#[derive(Debug, Clone, Serialize)]
pub struct CycleReport {
    /// Its number.
    pub cycle: CycleId,
    /// `sync`, `push`, `pull`, `backfill`, `resync`.
    pub mode: String,
    /// Salesforce's clock when it began.
    pub started_at: Stamp,
    /// This machine's measure of how long it took, in milliseconds.
    pub duration_ms: u64,
    /// People marked by this cycle's windows.
    pub discovered: u64,
    /// People selected for a decision: the sum of `outcomes`.
    pub selected: u64,
    /// How many ended in each outcome, by code.
    pub outcomes: BTreeMap<String, u64>,
    /// Links made, by the code of their evidence.
    pub links: BTreeMap<String, u64>,
    /// Rows of Bulk jobs.
    pub rows: RowCounts,
    /// Jobs created.
    pub jobs: u64,
    /// Supporter rows written, Contact Ids written back among them.
    pub supporter_writes: u64,
    /// Rows a duplicate rule refused, and how many of them were then linked.
    pub duplicates_refused: u64,
    /// Of those, how many were linked to the Contact that was there.
    pub duplicates_linked: u64,
    /// Fields where both sides had changed and a policy chose.
    pub overwrites: u64,
    /// Edits of Contacts that a row of ours overwrote before they were seen, as the org's field history tells.
    pub blind_overwrites: u64,
    /// Calls to Salesforce made by this cycle.
    pub api_calls: u64,
    /// Open cases when it ended.
    pub open_cases: u64,
    /// Of those, how many wait for nobody, because somebody decided them or put them off.
    pub cases_aside: u64,
    /// People still marked when it ended.
    pub still_dirty: u64,
    /// It ended early because it was told to stop.
    pub stopped: bool,
    /// Who was left out because something about them changed since the plan was agreed to; the first [`LEFT_OUT_NAMED`].
    pub left_out: Vec<Subject>,
    /// Outcomes of people of earlier cycles' jobs, settled before this one began; counted in `outcomes` too.
    #[serde(skip)]
    pub of_earlier_jobs: BTreeMap<String, u64>,
    /// What an operator should know, in sentences without personal data.
    pub notes: Vec<String>,
    /// Decisions that came to nothing, and why; the first [`MOST_NOTES`]. Each is a note, too.
    #[serde(skip)]
    pub not_carried_out: Vec<String>,
}

impl CycleReport {
    /// An empty report.
    #[must_use]
    pub fn new(cycle: CycleId, mode: &str, started_at: Stamp) -> Self {
        Self {
            cycle,
            mode: mode.to_owned(),
            started_at,
            duration_ms: 0,
            discovered: 0,
            selected: 0,
            outcomes: BTreeMap::new(),
            links: BTreeMap::new(),
            rows: RowCounts::default(),
            jobs: 0,
            supporter_writes: 0,
            duplicates_refused: 0,
            duplicates_linked: 0,
            overwrites: 0,
            blind_overwrites: 0,
            api_calls: 0,
            open_cases: 0,
            cases_aside: 0,
            still_dirty: 0,
            stopped: false,
            left_out: Vec::new(),
            of_earlier_jobs: BTreeMap::new(),
            notes: Vec::new(),
            not_carried_out: Vec::new(),
        }
    }

    /// Counts one person's outcome.
    pub fn count(&mut self, outcome: &Outcome) {
        self.count_many(outcome, 1);
    }

    /// Counts the same outcome of several people.
    pub fn count_many(&mut self, outcome: &Outcome, people: u64) {
        if people > 0 {
            self.selected += people;
            add(&mut self.outcomes, outcome.word(), people);
        }
    }

    /// Counts somebody who is left out because they changed since the plan was agreed to, and names them.
    pub fn leave_out(&mut self, subject: Subject) {
        self.count(&Outcome::Deferred(Deferral::ChangedSincePlan));
        if self.left_out.len() < LEFT_OUT_NAMED {
            self.left_out.push(subject);
        }
    }

    /// Tells the operator something, once: what is said of each of a million rows is one sentence.
    pub fn note(&mut self, sentence: String) {
        if self.notes.len() < MOST_NOTES && !self.notes.contains(&sentence) {
            self.notes.push(sentence);
        }
    }

    /// Tells of a decision about a case that came to nothing.
    pub fn not_carried_out(&mut self, case: &str, why: &str) {
        self.note(format!("case {case}: {why}"));
        if self.not_carried_out.len() < MOST_NOTES {
            self.not_carried_out.push(why.to_owned());
        }
    }

    /// Counts a link by its evidence.
    pub fn count_link(&mut self, evidence: &model::Evidence) {
        add(&mut self.links, evidence.code().into(), 1);
    }

    /// How many ended in the outcome with this code; a code ending in `:` counts the whole family.
    #[must_use]
    pub fn outcome(&self, code: &str) -> u64 {
        let in_family = |known: &&String| *known == code || (code.ends_with(':') && known.starts_with(code));
        self.outcomes.keys().filter(in_family).map(|known| self.outcomes[known]).sum()
    }

    /// Whether some records did not get through: exit code 3.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        let undone = ["blocked:", "deferred:transient", "deferred:unprocessed", "deferred:unknown"];
        undone.into_iter().any(|code| self.outcome(code) > 0)
    }

    /// Whether it wrote anything to either side.
    #[must_use]
    pub const fn wrote_nothing(&self) -> bool {
        self.rows.sent == 0 && self.supporter_writes == 0
    }
}

/// One person's last outcome, for `resync` and `why`.
#[derive(Debug, Clone, Serialize)]
pub struct PersonOutcome {
    /// The supporter, if there is one.
    pub supporter: Option<SupporterId>,
    /// The Contact, if there is one.
    pub contact: Option<ContactId>,
    /// What became of them.
    pub outcome: Outcome,
}

/// Adds to a count by its word. A million people end with few words: nearly always it is there.
fn add(counts: &mut BTreeMap<String, u64>, word: Cow<'static, str>, people: u64) {
    match counts.get_mut(&*word) {
        Some(count) => *count += people,
        None => {
            counts.insert(word.into_owned(), people);
        }
    }
}
