//! From a plan to a row: which columns a job has, and what each cell says. Empty leaves alone, `#N/A` clears, text sets.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};

use model::{AccountId, Cell, ContactId, Digest, FieldMap, Intent, IntentField, Lane, PlanId, SupporterId};
use plan::{Fatal, FieldPlan, PersonPlan};
use salesforce::csv;

use crate::packed::{Carried, Packed};

/// One row of a job, not yet written. One pointer: a list of 100,000 rows in one piece of memory would be 14 MB, and once a piece so
/// large was given back, the C library keeps as much aside from then on instead of giving it to the system.
#[derive(Debug, Clone)]
pub struct OutRow(Box<Waiting>);

/// What is known of a row while it waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Whose row it is: the key that results are joined by.
    pub supporter: SupporterId,
    /// What is known of the Contact; nothing of one that is to be created, and those are the rows there are most of.
    pub known: Option<Box<Known>>,
    /// One cell for each of the lane's columns after the keys, and what is on its way, for the journal.
    pub carried: Carried,
    /// About how many bytes the row takes in the file.
    pub bytes: u32,
    /// What a block would remember.
    pub record: Digest,
}

/// What is known of the Contact that a row is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The Contact it updates; `None` in the upsert lane.
    pub contact: Option<ContactId>,
    /// The Contact's Account: rows of one household stand together, so that they do not wait for each other's lock.
    pub account: Option<AccountId>,
}

impl Known {
    /// `None` where nothing is known.
    #[must_use]
    pub fn of(contact: Option<ContactId>, account: Option<AccountId>) -> Option<Box<Self>> {
        (contact.is_some() || account.is_some()).then(|| Box::new(Self { contact, account }))
    }
}

impl From<Waiting> for OutRow {
    fn from(waiting: Waiting) -> Self {
        Self(Box::new(waiting))
    }
}

impl Deref for OutRow {
    type Target = Waiting;
    fn deref(&self) -> &Waiting {
        &self.0
    }
}

impl DerefMut for OutRow {
    fn deref_mut(&mut self) -> &mut Waiting {
        &mut self.0
    }
}

impl OutRow {
    /// The Contact it updates; `None` in the upsert lane.
    #[must_use]
    pub fn contact(&self) -> Option<ContactId> {
        self.known.as_ref().and_then(|known| known.contact)
    }

    /// The Contact's Account.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.known.as_ref().and_then(|known| known.account)
    }

    /// What the row carries.
    ///
    /// # Errors
    /// [`Fatal`] when it lies in a file and the disk fails.
    pub fn packed(&self) -> Result<Cow<'_, Packed>, Fatal> {
        self.carried.packed().map_err(Fatal::spool("reading a waiting row"))
    }

    /// The row's intent under a job's number; `packed` is what the row carries.
    #[must_use]
    pub fn intent(&self, plan: PlanId, packed: &Packed) -> Intent {
        let fields = packed.fields().collect();
        Intent { plan: Some(plan), contact: self.contact(), record: self.record, fields }
    }
}

/// About how many bytes a row takes in the file.
fn size(supporter: &SupporterId, packed: &Packed) -> u32 {
    let length = |cell: csv::Cell<'_>| match cell {
        csv::Cell::Keep => 1,
        csv::Cell::Clear => 5,
        csv::Cell::Text(text) => text.len() + 3,
    };
    let cells: usize = packed.cells().map(length).sum();
    u32::try_from(cells + supporter.as_str().len() + 24).unwrap_or(u32::MAX)
}

/// The columns of a lane's file. The supporter id is always among them: results come back in any order, with values
/// re-serialised, and only an opaque text of ours joins them safely (Bulk guide v66: "the order of records in the response
/// is not guaranteed to match").
#[must_use]
pub fn columns(map: &FieldMap, lane: Lane) -> Vec<String> {
    let technical = map.technical();
    let mut columns = Vec::new();
    if lane == Lane::Update {
        columns.push("Id".to_owned());
    }
    columns.push(technical.supporter_id.clone());
    columns.extend(technical.account_id.as_ref().map(|(field, _)| field.clone()));
    columns.extend(technical.push_marker.clone());
    columns.extend(map.rules().iter().filter(|rule| rule.pushes()).map(|rule| rule.contact_field.clone()));
    columns
}

/// The row for a plan.
#[must_use]
pub fn encode(map: &FieldMap, plan: &PersonPlan, lane: Lane) -> Option<OutRow> {
    let supporter = plan.supporter_id()?.clone();
    let sent = |field: &FieldPlan| match lane {
        Lane::Update => field.to_contact(),
        // A new Contact takes everything, and agrees with us on what stays empty. On what could not be read nobody agrees.
        Lane::Upsert => !field.supporter.is_absent(),
    };
    let pushed = |field: &&FieldPlan| map.rules()[field.rule].pushes();
    let cells = plan.fields.iter().filter(pushed).map(|field| match (lane, &field.supporter) {
        (Lane::Update, value) if field.to_contact() => value,
        (Lane::Upsert, value @ Cell::Value(_)) => value,
        (Lane::Update | Lane::Upsert, _) => &Cell::Absent,
    });
    let on_its_way = |field: &FieldPlan| IntentField {
        rule: field.key,
        sent: field.supporter_digest,
        seen: field.contact_digest,
    };
    let fields = plan.fields.iter().filter(pushed).filter(|field| sent(field)).map(on_its_way);
    let packed = Packed::of(cells, fields);
    Some(OutRow::from(Waiting {
        known: Known::of(plan.contact.filter(|_| lane == Lane::Update), plan.account),
        bytes: size(&supporter, &packed),
        carried: Carried::Here(packed),
        record: plan.record,
        supporter,
    }))
}
