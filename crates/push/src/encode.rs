//! From a plan to a row: which columns a job has, and what each cell says. Empty leaves alone, `#N/A` clears, text sets.

use model::{Cell, FieldMap, IntentField, Lane, SupporterId};
use plan::{FieldPlan, PersonPlan};
use salesforce::csv;

use crate::packed::Packed;
use crate::waiting::Waiting;

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
pub fn encode(map: &FieldMap, plan: &PersonPlan, lane: Lane) -> Option<Waiting> {
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
    Some(Waiting {
        contact: plan.contact.filter(|_| lane == Lane::Update),
        account: plan.account,
        bytes: size(&supporter, &packed),
        packed,
        record: plan.record,
        supporter,
    })
}
