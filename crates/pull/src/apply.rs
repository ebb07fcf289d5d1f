//! Writing supporters: the intent first, which is durable with the decision, then the write with its compare, then what became
//! of it.

use std::collections::HashMap;

use drill::KillPoint::{K32, K35};
use drill::{Branch, Mistake, met, planted, reached};
use model::{
    Block, Case, CaseKind, Cell, Evidence, FieldMap, Intent, IntentField, Link, LinkLife, Side, Subject,
    SupporterId,
};
use plan::{CycleReport, Deferral, Fatal, FieldPlan, Moment, Outcome, PersonPlan, Sides};
use state::Changes;
use supporters::{Applied, ContactIdWrite, RefusalCode, SupporterWrite};

/// What became of one planned supporter write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// Nothing was to be written.
    Nothing,
    /// Written; the supporter's id (a new one for a created row).
    Done(SupporterId),
    /// Not written, with the outcome of the person.
    Not(Outcome),
}

/// What became of a batch of writes, and what of it is to be remembered: nothing of it is durable yet.
#[derive(Debug)]
pub struct Writes {
    /// In the order of the plans.
    pub written: Vec<Written>,
    /// To be committed before anything else begins. Empty where nothing was to be written.
    pub changes: Changes,
    /// The database refuses most of them for one reason: nothing more is written there in this cycle.
    pub circuit_open: bool,
}

/// Writes the supporters of a batch of plans, whose intents are durable by then: the next cycle knows its own writes.
///
/// # Errors
/// [`Fatal`] when the database fails.
pub async fn apply(
    sides: &Sides,
    report: &mut CycleReport,
    plans: &[PersonPlan],
    at: Moment,
) -> Result<Writes, Fatal> {
    let mut changes = Changes::new();
    let writing: Vec<&PersonPlan> = plans.iter().filter(|plan| plan.writes_supporter()).collect();
    if writing.is_empty() {
        return Ok(Writes { written: vec![Written::Nothing; plans.len()], changes, circuit_open: false });
    }
    let writes: Vec<SupporterWrite> = writing.iter().map(|plan| write(&sides.map, plan)).collect();
    let applied = sides.supporters.apply(&writes).await?;
    reached(K32);
    if writing.iter().any(|plan| plan.creates_supporter()) {
        reached(K35);
    }
    let systemic = systemic(sides, &applied);
    if let Some(code) = systemic {
        stop_writing(sides, &mut changes, report, &writing, code.as_str(), at);
    } else if applied.iter().any(|applied| matches!(applied, Applied::Done { .. })) {
        plan::systemic::close_cases(sides, Side::Supporter).await?;
    }
    let mut results = writing.iter().zip(applied).peekable();
    let mut written = Vec::with_capacity(plans.len());
    for plan in plans {
        written.push(match results.next_if(|_| plan.writes_supporter()) {
            Some((plan, Applied::Refused { code, .. })) if systemic == Some(code) => {
                not(&mut changes, plan, Outcome::Deferred(Deferral::Transient))
            }
            Some((plan, applied)) => settle(sides, &mut changes, report, plan, applied, at),
            None => Written::Nothing,
        });
    }
    Ok(Writes { written, changes, circuit_open: systemic.is_some() })
}

/// What the database refuses so many writes of a batch for that it cannot be the rows' fault.
fn systemic(sides: &Sides, applied: &[Applied]) -> Option<RefusalCode> {
    let mut codes: HashMap<RefusalCode, u64> = HashMap::new();
    for applied in applied {
        if let Applied::Refused { code, .. } = applied {
            *codes.entry(*code).or_default() += 1;
        }
    }
    plan::systemic::most_frequent(&sides.settings, applied.len() as u64, codes)
}

/// Tells the operator once, in place of setting each of them aside.
fn stop_writing(
    sides: &Sides,
    changes: &mut Changes,
    report: &mut CycleReport,
    refused: &[&PersonPlan],
    code: &str,
    at: Moment,
) {
    met(Branch::Circuit);
    let first = refused.first();
    let (supporter, contact) =
        (first.and_then(|plan| plan.supporter_id()), first.and_then(|plan| plan.contact));
    if let Some(case) = plan::systemic::of_the_supporter_database(supporter, contact, code, at.now) {
        changes.open_case(case);
    }
    report.note(format!(
        "the supporter database refused more than {:.0} % of the rows with {code}: nothing more is written there in this cycle; \
         correct the cause",
        sides.settings.circuit_share * 100.0
    ));
}

/// Notes what is about to be written to the supporter of a plan, so that it is known again if nobody hears what became of it.
pub fn intend(changes: &mut Changes, plan: &PersonPlan) {
    if let Some(id) = plan.supporter_id().filter(|_| !planted(Mistake::IntentsDropped)) {
        changes.put_intent(id, intent(plan));
    }
}

fn intent(plan: &PersonPlan) -> Intent {
    let fields = plan.fields.iter().filter(|field| field.to_supporter());
    let on_its_way = |field: &FieldPlan| IntentField {
        rule: field.key,
        sent: field.contact_digest,
        seen: field.supporter_digest,
    };
    Intent {
        plan: None,
        contact: plan.contact,
        record: plan.record,
        fields: fields.map(on_its_way).collect(),
    }
}

/// The write for one plan. Pure.
fn write(map: &FieldMap, plan: &PersonPlan) -> SupporterWrite {
    let mut set: Vec<(usize, Cell)> = Vec::new();
    for field in plan.fields.iter().filter(|field| field.to_supporter()) {
        let cells = map.rules()[field.rule].to_columns(&field.contact);
        set.extend(map.columns_of(field.rule).iter().copied().zip(cells));
    }
    let Some(supporter) = &plan.supporter else {
        let mut cells = vec![Cell::Absent; map.columns().len()];
        for (at, cell) in set {
            cells[at] = cell;
        }
        return SupporterWrite::Create { cells, contact_id: plan.contact };
    };
    let expect = set.iter().filter_map(|(at, _)| Some((*at, supporter.cells.get(*at)?.clone()))).collect();
    let contact_id = plan
        .contact
        .filter(|_| plan.stamp_supporter)
        .map(|to| ContactIdWrite { expected: supporter.contact_id.clone(), to: Some(to) });
    SupporterWrite::Update { id: supporter.id.clone(), set, expect, contact_id }
}

fn settle(
    sides: &Sides,
    changes: &mut Changes,
    report: &mut CycleReport,
    plan: &PersonPlan,
    applied: Applied,
    at: Moment,
) -> Written {
    match applied {
        Applied::Done { id, .. } => {
            report.supporter_writes += 1;
            if plan.creates_supporter() {
                created(changes, report, plan, &id, at);
            }
            let agreed: Vec<_> = plan
                .fields
                .iter()
                .filter(|field| field.to_supporter())
                .map(|field| (field.key, field.contact_digest))
                .collect();
            changes.set_bases(&id, &agreed);
            changes.clear_intent(&id);
            Written::Done(id)
        }
        // Nothing was written: the intent would only make the next edit look like ours.
        Applied::ChangedMeanwhile => {
            met(Branch::ChangedMeanwhile);
            not(changes, plan, Outcome::Deferred(Deferral::ChangedMeanwhile))
        }
        Applied::Gone | Applied::AlreadyThere(_) => {
            not(changes, plan, Outcome::Deferred(Deferral::ChangedMeanwhile))
        }
        Applied::Refused { code, message } => {
            match (plan.supporter_id(), plan.contact) {
                (Some(id), _) => block(sides, changes, plan, id, code.as_str(), &message, at),
                // There is no supporter yet to set aside. Tried again when the Contact changes.
                (None, Some(contact)) => tell(changes, plan, Subject::Contact(contact), code.as_str(), at),
                (None, None) => {}
            }
            not(changes, plan, Outcome::Blocked(code.as_str().to_owned()))
        }
    }
}

fn not(changes: &mut Changes, plan: &PersonPlan, outcome: Outcome) -> Written {
    if let Some(id) = plan.supporter_id() {
        changes.clear_intent(id);
    }
    Written::Not(outcome)
}

/// A supporter made from a Contact: linked at once, and marked, so that the Contact receives the supporter's id.
fn created(changes: &mut Changes, report: &mut CycleReport, plan: &PersonPlan, id: &SupporterId, at: Moment) {
    let Some(contact) = plan.contact else { return };
    let evidence = Evidence::CreatedSupporter;
    report.count_link(&evidence);
    // An id that a database gives out again was somebody else's before.
    changes.end_apart(id, contact);
    changes.put_link(Link {
        supporter: id.clone(),
        contact,
        made_at: at.now,
        cycle: at.cycle,
        evidence,
        life: LinkLife::Live,
    });
    changes.clear_dirty(&Subject::Contact(contact));
    changes.close_case(CaseKind::Blocked, &Subject::Contact(contact));
    changes.mark_dirty(Subject::Supporter(id.clone()), model::DirtyReason::Retry, None);
}

/// Sets a supporter aside that the database refuses to change.
fn block(
    sides: &Sides,
    changes: &mut Changes,
    plan: &PersonPlan,
    id: &SupporterId,
    code: &str,
    message: &str,
    at: Moment,
) {
    met(Branch::Blocked);
    let block = Block {
        code: code.to_owned(),
        fields: fields_on_their_way(plan),
        message: message.to_owned(),
        record: plan.record,
        map: sides.map.digest(&sides.state.digest_key()),
        since: at.now,
        attempts: 1,
    };
    changes.put_block(id, block);
    tell(changes, plan, Subject::Supporter(id.clone()), code, at);
    changes.clear_dirty(&Subject::Supporter(id.clone()));
}

/// Opens the case for a row that the database refuses.
fn tell(changes: &mut Changes, plan: &PersonPlan, subject: Subject, code: &str, at: Moment) {
    changes.open_case(Case {
        kind: CaseKind::Blocked,
        subject,
        supporters: plan.supporter_id().cloned().into_iter().collect(),
        contacts: plan.contact.into_iter().collect(),
        reasons: std::iter::once(code.to_owned()).chain(fields_on_their_way(plan)).collect(),
        records: Vec::new(),
        opened_at: at.now,
        seen_at: at.now,
        standing: model::Standing::default(),
    });
}

fn fields_on_their_way(plan: &PersonPlan) -> Vec<String> {
    plan.fields.iter().filter(|field| field.to_supporter()).map(|field| field.field.to_string()).collect()
}
