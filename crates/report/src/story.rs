//! A person's story in words: one sentence for each thing that happened.

use model::{
    Act, Cause, Decision, DirtyReason, Evidence, Happened, JobStep, Leave, LinkLife, Policy, Side, Subject,
    Turn,
};

/// A stable word for each kind of thing that happens.
#[must_use]
pub const fn word(what: &Happened) -> &'static str {
    match what {
        Happened::Marked(_) => "found",
        Happened::Decided { .. } => "decided",
        Happened::Ended(_) => "ended",
        Happened::Linked { .. } => "linked",
        Happened::LinkRefused { .. } | Happened::LinkOfApartRefused(_) => "link_refused",
        Happened::Unlinked(_) => "unlinked",
        Happened::LinkLife { .. } => "link",
        Happened::Sent(_) => "sent",
        Happened::Saved { .. } => "saved",
        Happened::Refused { .. } => "refused",
        Happened::Blocked { .. } => "blocked",
        Happened::BlockLifted | Happened::LiftedBy { .. } => "block_lifted",
        Happened::CaseOpened { .. } => "case_opened",
        Happened::CaseClosed { .. } => "case_closed",
        Happened::Ruled { .. } => "ruled",
        Happened::CarriedOut { .. } => "carried_out",
        Happened::Apart(_) | Happened::ApartEnded(_) => "different_people",
        Happened::Overwritten { .. } | Happened::OverwrittenUnseen { .. } => "conflict",
        Happened::Job { .. } => "job",
    }
}

/// What happened, in one sentence without personal data.
#[must_use]
pub fn sentence(what: &Happened) -> String {
    match what {
        Happened::Marked(reason) => format!("to be compared: {}", because(*reason)),
        Happened::Decided { action, fields } => decided(action, fields),
        Happened::Ended(outcome) => format!("this cycle was done with them: {}", ended(outcome)),
        Happened::Linked { contact, evidence } => format!("linked to Contact {contact}: {}", on(evidence)),
        Happened::LinkRefused { contact, by } => {
            format!("not linked to Contact {contact}: {by} stands in the way")
        }
        Happened::Unlinked(contact) => format!("the link to Contact {contact} was removed"),
        Happened::LinkLife { contact, life } => match life {
            LinkLife::Live => format!("the link to Contact {contact} lives again"),
            LinkLife::ContactDeleted => format!("Contact {contact} was deleted; nobody is made in its place"),
            LinkLife::SupporterDeleted => {
                format!("the supporter is gone; Contact {contact} is left as it is")
            }
        },
        Happened::Sent(plan) => format!("a row of planned job {} is theirs", plan.0),
        Happened::Saved { created: true } => "Salesforce saved the row as a new Contact".to_owned(),
        Happened::Saved { created: false } => "Salesforce saved the row".to_owned(),
        Happened::Refused { code, fields } => format!("Salesforce refused the row: {}", error(code, fields)),
        Happened::Blocked { code, fields } => {
            format!("set aside until something about them changes: {}", error(code, fields))
        }
        Happened::BlockLifted => "no longer set aside".to_owned(),
        Happened::LiftedBy { code, fields, since, by } => format!(
            "{by} lifted what had set them aside since {}: {}",
            since.to_seconds_text(),
            error(code, fields)
        ),
        Happened::CaseOpened { kind, name, reasons, with } => {
            let reasons =
                if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
            format!("case {name} is open: {}{reasons}{}", kind.code(), beside(with))
        }
        Happened::CaseClosed { kind, name } => format!("case {name} is closed: {}", kind.code()),
        Happened::Ruled { kind, name, act } => format!("case {name} ({}): {}", kind.code(), acted(act)),
        Happened::CarriedOut { name, way, by, done: true } => {
            format!("case {name}: what {by} decided was carried out: {}", way.option())
        }
        Happened::CarriedOut { name, way, by, done: false } => {
            format!(
                "case {name}: what {by} decided came to nothing, a record was not there or had changed: {}",
                way.option()
            )
        }
        Happened::Apart(contact) => format!("they and Contact {contact} are different people"),
        Happened::LinkOfApartRefused(contact) => {
            format!("not linked to Contact {contact}: an administrator said that they are different people")
        }
        Happened::ApartEnded(contact) => format!("they and Contact {contact} may be one person again"),
        Happened::Overwritten { number, field, kept, policy } => overwritten(*number, field, *kept, *policy),
        Happened::OverwrittenUnseen { number, field } => {
            format!(
                "conflict {number} on {field}: the Contact was edited after it was read, and our row overwrote that edit"
            )
        }
        Happened::Job { plan, lane, rows, step, job } => {
            let name = job.as_ref().map_or_else(String::new, |job| format!(" {job}"));
            let step = match step {
                JobStep::Created => "was created",
                JobStep::Closed => "was closed; Salesforce works on it",
                JobStep::Stored => "has its results here",
                JobStep::Ended => "is settled",
            };
            format!("job{name} (plan {}, {}, {rows} rows) {step}", plan.0, lane.code())
        }
    }
}

const fn because(reason: DirtyReason) -> &'static str {
    match reason {
        DirtyReason::SupporterChanged => "the supporter changed",
        DirtyReason::ContactChanged => "the Contact changed",
        DirtyReason::ContactGone => "the Contact was deleted or merged away",
        DirtyReason::Backfill => "a full load names everybody",
        DirtyReason::Resync => "somebody asked for it",
        DirtyReason::Retry => "an earlier attempt did not come to an end",
        DirtyReason::MapChanged => "the field map or the settings changed",
    }
}

fn decided(action: &str, fields: &[Turn]) -> String {
    let action = match action {
        "create_contact" => "a Contact is to be created",
        "create_supporter" => "a supporter is to be created",
        "update_both" => "both records are to be written",
        "update_contact" => "the Contact is to be written",
        "update_supporter" => "the supporter is to be written",
        _ => "nothing is to be written",
    };
    let fields: Vec<String> = fields.iter().map(turn).collect();
    if fields.is_empty() { action.to_owned() } else { format!("{action}. {}", fields.join("; ")) }
}

fn turn(turn: &Turn) -> String {
    let (where_to, why) = match turn.decision {
        Decision::InStep => ("in step", "both hold the same"),
        Decision::ToContact(cause) => ("to the Contact", cause_of(cause, Side::Supporter)),
        Decision::ToSupporter(cause) => ("to the supporter", cause_of(cause, Side::Salesforce)),
        Decision::Hold(_) => ("held", "both differ, and a person decides"),
        Decision::Leave(Leave::Absent) => ("left", "one side did not deliver it"),
        Decision::Leave(Leave::OneWay) => ("left", "it does not travel in that direction"),
        Decision::Leave(Leave::Unconfirmed) => ("left", "a yes that only the person confirms"),
        Decision::Leave(Leave::Blank) => ("left", "an empty value does not travel here"),
    };
    format!("{}: {where_to}, {why}", turn.field)
}

const fn cause_of(cause: Cause, from: Side) -> &'static str {
    match (cause, from) {
        (Cause::Changed, Side::Supporter) => "only the supporter changed since both agreed",
        (Cause::Changed, Side::Salesforce) => "only the Contact changed since both agreed",
        (Cause::FirstLink, _) => "they meet for the first time, and the other side has no say",
        (Cause::Policy(policy), _) => rule(policy),
    }
}

const fn rule(policy: Policy) -> &'static str {
    match policy {
        Policy::Salesforce => "both differ, and Salesforce is right by policy",
        Policy::Supporter => "both differ, and the supporter is right by policy",
        Policy::Newest => "both differ, and the record modified last is right by policy",
        Policy::NonEmpty => "both differ, and the side that holds something is right by policy",
        Policy::Hold => "both differ, and a person decides by policy",
        Policy::MostRestrictive => "both differ, and the no is right by policy",
    }
}

/// What an outcome's stable word means.
fn ended(outcome: &str) -> String {
    let told = match outcome {
        "supporter_updated" => "the supporter was written",
        "supporter_created" => "the supporter was created",
        "skipped:no_last_name" => "the supporter has no last name, without which Salesforce takes nobody",
        "skipped:blocked" => "set aside, and nothing about them changed since",
        "skipped:excluded" => "the exclude filter names the Contact",
        "skipped:other_account" => "the Contact belongs to another supporter database",
        "skipped:no_supporter" => "no supporter fits the Contact, and none is created",
        "skipped:no_email" => "the Contact has no address to make a supporter with",
        "skipped:no_contact" => "no Contact fits the supporter, and none is created",
        "skipped:person_account" => "the Contact belongs to a person account, which is not written",
        "skipped:tombstone" => "one record of the two was deleted",
        "skipped:merged_away" => "the supporter was merged into another, who goes on in its place",
        "skipped:gone" => "the record is gone",
        "deferred:transient" => "refused in passing; it is tried again",
        "deferred:unprocessed" => "the job ended first; it is tried again",
        "deferred:unknown" => "what became of the row is not known; it is looked up",
        "deferred:changed_meanwhile" => "the record changed while it was worked on; it is looked at again",
        "deferred:other_direction" => "the other direction is not part of this run",
        "deferred:in_flight" => "an earlier row of theirs is still on its way",
        "deferred:stopped" => "the cycle was told to stop",
        "deferred:changed_since_plan" => "something changed since the plan was agreed to",
        other => other,
    };
    told.to_owned()
}

fn on(evidence: &Evidence) -> String {
    match evidence {
        Evidence::StoredContactId => "the supporter's row carries its Id".to_owned(),
        Evidence::ExternalId => "it carries the supporter's id".to_owned(),
        Evidence::EmailAndName { strength, reasons } => {
            format!("equal address and fitting names, {strength} ({})", reasons.join(", "))
        }
        Evidence::CreatedContact => "it was created from the supporter".to_owned(),
        Evidence::CreatedSupporter => "the supporter was created from it".to_owned(),
        Evidence::MergedFrom { contact } => format!("Contact {contact} was merged into it"),
        Evidence::Administrator => "an administrator said so".to_owned(),
        Evidence::SupporterMerged { supporter } => {
            format!("supporter {supporter}, who had it, was merged into them")
        }
        Evidence::DuplicateRule { rule, strength, reasons } => {
            format!(
                "the org's duplicate rule {rule} names it, and names fit, {strength} ({})",
                reasons.join(", ")
            )
        }
    }
}

fn error(code: &str, fields: &[String]) -> String {
    if fields.is_empty() { code.to_owned() } else { format!("{code} on {}", fields.join(", ")) }
}

fn beside(with: &[Subject]) -> String {
    if with.is_empty() {
        return String::new();
    }
    let names: Vec<String> = with.iter().map(ToString::to_string).collect();
    format!(", with {}", names.join(", "))
}

fn acted(act: &Act) -> String {
    match act {
        Act::Decided { way, by } => format!("{by} decided {}; the next cycle carries it out", way.option()),
        Act::Snoozed(until) => format!("put off until {}", until.to_seconds_text()),
        Act::Ignored => "ignored until something about it changes".to_owned(),
        Act::Undone => "what was decided about it was taken back".to_owned(),
    }
}

fn overwritten(number: u64, field: &str, kept: Option<Side>, policy: Policy) -> String {
    let whose = match kept {
        Some(Side::Supporter) => "the supporter's value was kept",
        Some(Side::Salesforce) => "the Contact's value was kept",
        None => "the field is held",
    };
    format!("conflict {number} on {field}: {whose}; {}", rule(policy))
}
