//! One person, now: the same cycle with a selection, and what both sides hold before and after it. No watermark moves.

use std::collections::HashSet;

use model::{Cell, Email, InvalidValue, Subject, SupporterId};
use plan::look_up::{carriers, email_of};
use plan::record::unfit;
use plan::{CycleReport, Fatal, FieldPlan, PersonPlan, SeenContact, Sides};
use serde::Serialize;
use state::AlreadyRunning;

use crate::cycle;
use crate::request::{Mode, Request, Seen};

/// How the person is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// By supporter or by Contact.
    Subject(Subject),
    /// By an address that one supporter or one Contact carries.
    Email(Email),
}

/// One mapped field on both sides. For the person who asked, on their own screen only.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct FieldView {
    /// The Contact field's API name.
    pub field: String,
    /// What the supporter holds; `None`: nothing, or no supporter.
    pub supporter: Option<String>,
    /// What the Contact holds; `None`: nothing, or no Contact.
    pub contact: Option<String>,
}

impl std::fmt::Debug for FieldView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FieldView({}, <redacted>)", self.field)
    }
}

/// A person on both sides at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    /// The supporter's id.
    pub supporter: Option<SupporterId>,
    /// The Contact's id.
    pub contact: Option<model::ContactId>,
    /// Every mapped field.
    pub fields: Vec<FieldView>,
}

/// What a resync did.
#[derive(Debug, Clone, Serialize)]
pub struct ResyncReport {
    /// Both sides before.
    pub before: View,
    /// Both sides after.
    pub after: View,
    /// The outcome's stable word.
    pub outcome: String,
    /// The cycle.
    pub cycle: CycleReport,
}

/// Nobody is known by that id or address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// No such supporter or Contact.
    #[error("nobody is known by that id")]
    Nobody,
    /// Several people share the address.
    #[error("several people share that address: name one of them by id: {}", .0.join(", "))]
    Several(Vec<String>),
}

/// What a resync comes to when nothing breaks.
pub type Resynced = Result<Result<ResyncReport, NotFound>, AlreadyRunning>;

/// Compares and writes one person.
///
/// # Errors
/// [`Fatal`] when either side or the state fails.
pub async fn resync(sides: &Sides, who: &Who) -> Result<Resynced, Fatal> {
    let subject = match find(sides, who).await? {
        Ok(subject) => subject,
        Err(nobody) => return Ok(Ok(Err(nobody))),
    };
    if is_unknown(sides, &subject).await? {
        return Ok(Ok(Err(NotFound::Nobody)));
    }
    let request = Request { only: Some(vec![subject.clone()]), ..Request::whole(Mode::Resync) };
    let mut before = None;
    let mut keep_first = |seen: Seen<'_>| {
        if let Seen::Plan(plan, _) = seen
            && before.is_none()
        {
            before = Some((decided_on(sides, plan), plan.is_still()));
        }
    };
    let cycle = match cycle::run(sides, &request, &mut keep_first).await? {
        Ok(report) => report,
        Err(running) => return Ok(Err(running)),
    };
    // What the decision read is what was there before. Where nothing was to be written, nothing is read twice.
    let (before, after) = match before {
        Some((before, true)) => (before.clone(), before),
        Some((before, false)) => (before, view(sides, &subject).await?),
        None => {
            let now = view(sides, &subject).await?;
            (now.clone(), now)
        }
    };
    if after.supporter.is_none() && after.contact.is_none() && before.supporter.is_none() {
        return Ok(Ok(Err(NotFound::Nobody)));
    }
    let outcome = outcome_of(&cycle).unwrap_or_else(|| "in_step".to_owned());
    Ok(Ok(Ok(ResyncReport { before, after, outcome, cycle })))
}

/// Whether there is no such supporter and never was one that we knew of. Costs no call.
async fn is_unknown(sides: &Sides, subject: &Subject) -> Result<bool, Fatal> {
    let Subject::Supporter(id) = subject else { return Ok(false) };
    let there = sides.supporters.get(std::slice::from_ref(id)).await?.into_iter().flatten().next();
    Ok(there.is_none() && sides.state.link_of(id)?.is_none())
}

/// Both sides as a plan was decided on them. A value that does not fit is in no plan: it is taken from the row.
fn decided_on(sides: &Sides, plan: &PersonPlan) -> View {
    let text = |cell: &Cell| cell.text().map(str::to_owned);
    let row = |field: &FieldPlan| {
        let supporter = plan.supporter.as_ref()?;
        let unfit = || sides.map.supporter_text(field.rule, &supporter.cells).map(|text| unfit(&text));
        if field.supporter.is_absent() { unfit() } else { text(&field.supporter) }
    };
    let fields = plan.fields.iter().map(|field| FieldView {
        field: field.field.to_string(),
        supporter: row(field),
        contact: text(&field.contact).filter(|_| plan.contact.is_some()),
    });
    View { supporter: plan.supporter_id().cloned(), contact: plan.contact, fields: fields.collect() }
}

/// The outcome of the person asked for: what an earlier job left to be settled first is not theirs.
fn outcome_of(cycle: &CycleReport) -> Option<String> {
    let own = |(code, count): &(&String, &u64)| cycle.of_earlier_jobs.get(*code).is_none_or(|of| *count > of);
    cycle.outcomes.iter().rfind(own).map(|(code, _)| code.clone())
}

/// Whoever is meant: the subject itself, or everybody who carries the address, supporters before Contacts.
///
/// # Errors
/// [`Fatal`] when either side or the state fails.
pub async fn meant(sides: &Sides, who: &Who) -> Result<Vec<Subject>, Fatal> {
    let email = match who {
        Who::Subject(subject) => return Ok(vec![subject.clone()]),
        Who::Email(email) => email,
    };
    let holders = sides.supporters.by_emails(std::slice::from_ref(email)).await?;
    let exact = |supporter: &model::Supporter| email_of(&sides.map, supporter).as_ref() == Some(email);
    let mut meant: Vec<Subject> =
        holders.into_iter().filter(exact).map(|supporter| Subject::Supporter(supporter.id)).collect();
    if meant.is_empty() {
        let carriers = carriers(sides, &HashSet::from([email.clone()])).await?;
        meant.extend(carriers.iter().map(|seen| Subject::Contact(seen.id())));
    }
    Ok(meant)
}

async fn find(sides: &Sides, who: &Who) -> Result<Result<Subject, NotFound>, Fatal> {
    let meant = meant(sides, who).await?;
    let id = |subject: &Subject| match subject {
        Subject::Supporter(id) => id.to_string(),
        Subject::Contact(id) => id.to_string(),
    };
    Ok(match meant.as_slice() {
        [] => Err(NotFound::Nobody),
        [one] => Ok(one.clone()),
        several => Err(NotFound::Several(several.iter().map(id).collect())),
    })
}

/// Both sides of a person as they are now.
///
/// # Errors
/// [`Fatal`] when either side or the state fails.
pub async fn view(sides: &Sides, subject: &Subject) -> Result<View, Fatal> {
    let (supporter_id, contact_id) = match subject {
        Subject::Supporter(id) => {
            let linked = sides.state.link_of(id)?.map(|link| link.contact);
            (Some(id.clone()), linked)
        }
        Subject::Contact(id) => (sides.state.supporter_of(id)?, Some(*id)),
    };
    let supporter = match &supporter_id {
        Some(id) => sides.supporters.get(std::slice::from_ref(id)).await?.into_iter().flatten().next(),
        None => None,
    };
    let contact: Option<SeenContact> = match contact_id {
        Some(id) => plan::read::contacts(sides, &[id]).await?.into_iter().flatten().next(),
        None => None,
    };
    let ours = supporter.as_ref().map(|supporter| sides.map.supporter_values(&supporter.cells));
    let theirs = contact.as_ref().map(|seen| sides.map.contact_values(&seen.contact.cells));
    let raw = |at| sides.map.supporter_text(at, &supporter.as_ref()?.cells);
    let raw_of_contact = |at: usize| contact.as_ref()?.contact.cells.get(at)?.text().map(str::to_owned);
    let fields = sides.map.rules().iter().enumerate().map(|(at, rule)| FieldView {
        field: rule.contact_field.clone(),
        supporter: ours.as_ref().and_then(|values| shown(&values[at], || raw(at))),
        contact: theirs.as_ref().and_then(|values| shown(&values[at], || raw_of_contact(at))),
    });
    Ok(View {
        supporter: supporter.as_ref().map(|supporter| supporter.id.clone()),
        contact: contact.as_ref().map(SeenContact::id),
        fields: fields.collect(),
    })
}

/// A value as a person reads it; one that does not fit as its own side spells it.
fn shown(value: &Result<Cell, InvalidValue>, raw: impl FnOnce() -> Option<String>) -> Option<String> {
    match value {
        Ok(cell) => cell.text().map(str::to_owned),
        Err(_) => raw().map(|text| unfit(&text)),
    }
}
