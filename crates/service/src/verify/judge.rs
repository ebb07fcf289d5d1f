//! One person as both sides hold them, judged: do they agree, does highwater know if they do not, and what is it if nobody knows?

use std::collections::HashSet;

use model::{CaseKind, ContactId, Intent, LinkLife, PlanId, Side, Stamp, Subject, Supporter, SupporterId};
use plan::{Decided, Ended, Gathered, Pair, PersonPlan, Rules, SeenContact, Sides, SkipReason, Tie, decide};
use state::Error;

use super::finding::{Finding, What};

/// What an audit knows of the state before it meets anybody.
pub(super) struct Known {
    /// Plans whose jobs are not settled.
    open: HashSet<PlanId>,
    /// From when on the next cycle's window reads each side; `None`: it does not read it.
    from: [Option<Stamp>; 2],
    /// Whether a row without a stamp is read by every window.
    undated: bool,
    /// Whether there is an open case at all.
    cases: bool,
}

impl Known {
    pub(super) fn of(sides: &Sides, undated: bool) -> Result<Self, Error> {
        let from = |side, reads: bool| -> Result<Option<Stamp>, Error> {
            let window = sides.state.next_window(side, sides.settings.overlap, Stamp::EPOCH)?;
            Ok(reads.then_some(window.from))
        };
        Ok(Self {
            open: sides.state.journal()?.into_iter().map(|entry| entry.plan).collect(),
            from: [from(Side::Supporter, sides.settings.push)?, from(Side::Salesforce, sides.settings.pull)?],
            undated,
            cases: !sides.state.case_counts()?.is_empty(),
        })
    }

    fn holds(&self, intent: Option<&Intent>) -> bool {
        intent.and_then(|intent| intent.plan).is_some_and(|plan| self.open.contains(&plan))
    }

    /// Whether the next cycle finds a record by its stamp: it lies in the window, and was not met there at this stamp before.
    pub(super) fn is_new(&self, sides: &Sides, side: Side, id: &str, at: Stamp) -> Result<bool, Error> {
        let [supporters, contacts] = self.from;
        let from = match side {
            Side::Supporter => supporters,
            Side::Salesforce => contacts,
        };
        let Some(from) = from else { return Ok(false) };
        if side == Side::Supporter && at <= supporters::UNDATED {
            return Ok(self.undated);
        }
        Ok(at >= from && !sides.state.recently_seen(side, id, at)?)
    }

    /// The open case about one of these, by its kind. Whoever is set aside is told as that.
    pub(super) fn asked(&self, sides: &Sides, subjects: &[Subject]) -> Result<Option<&'static str>, Error> {
        if !self.cases {
            return Ok(None);
        }
        for subject in subjects {
            let cases = sides.state.cases_of(subject)?;
            if let Some(case) = cases.iter().find(|case| case.kind != CaseKind::Blocked) {
                return Ok(Some(case.kind.code()));
            }
        }
        Ok(None)
    }
}

/// Where two records and the state do not agree, before it is asked who knows.
struct Differs {
    what: What,
    details: Vec<String>,
    /// The stamps by which the next cycle may find them.
    stamps: Vec<(Side, String, Stamp)>,
}

/// What one person came to.
pub(super) fn judge(
    sides: &Sides,
    known: &Known,
    rules: &Rules<'_>,
    id: &SupporterId,
    gathered: Gathered,
) -> Result<Finding, Error> {
    let subject = Subject::Supporter(id.clone());
    let contact = contact_of(&gathered);
    let finding = |what, details| Finding { what, supporter: Some(id.clone()), contact, details };
    let subjects: Vec<Subject> =
        std::iter::once(subject.clone()).chain(contact.map(Subject::Contact)).collect();
    if let Some(kind) = known.asked(sides, &subjects)? {
        return Ok(finding(What::Asked, vec![kind.to_owned()]));
    }
    let sent = match &gathered {
        Gathered::Pair(pair) | Gathered::Contradicted(pair, _) | Gathered::Replaced(pair) => {
            known.holds(pair.in_flight.as_ref())
        }
        Gathered::Unlinked(_, remembered) => known.holds(remembered.intent.as_ref()),
        Gathered::Ended(_) | Gathered::Nobody(_) => false,
    };
    let differs = match gathered {
        Gathered::Pair(pair) | Gathered::Contradicted(pair, _) | Gathered::Replaced(pair) => {
            of_pair(*pair, rules)
        }
        Gathered::Unlinked(supporter, remembered) => match remembered.link {
            Some(_) => Err(differs(What::ContactGone, Vec::new(), stamp_of(&supporter))),
            None => unlinked(sides, rules, *supporter, remembered.block)?,
        },
        Gathered::Ended(ended) => of_end(&ended),
        // Removed between two reads.
        Gathered::Nobody(_) => Ok((What::LeftOut, vec![SkipReason::Gone.code().to_owned()])),
    };
    let differs = match differs {
        Ok((what, details)) => return Ok(finding(what, details)),
        Err(differs) => differs,
    };
    let what = who_knows(sides, known, &subjects, &differs, sent)?;
    Ok(finding(what, differs.details))
}

/// Whoever differs is in a job, marked, or about to be found; or nobody knows.
fn who_knows(
    sides: &Sides,
    known: &Known,
    subjects: &[Subject],
    differs: &Differs,
    sent: bool,
) -> Result<What, Error> {
    if sent {
        return Ok(What::InFlight);
    }
    for subject in subjects {
        if sides.state.is_dirty(subject)? {
            return Ok(What::Waiting);
        }
    }
    for (side, id, at) in &differs.stamps {
        if known.is_new(sides, *side, id, *at)? {
            return Ok(What::ChangedSince);
        }
    }
    Ok(differs.what)
}

type Judged = Result<(What, Vec<String>), Differs>;

const fn differs(what: What, details: Vec<String>, stamps: Vec<(Side, String, Stamp)>) -> Differs {
    Differs { what, details, stamps }
}

fn stamp_of(supporter: &Supporter) -> Vec<(Side, String, Stamp)> {
    vec![(Side::Supporter, supporter.id.to_string(), supporter.modified)]
}

/// The Contact that a person is, or was, linked to.
fn contact_of(gathered: &Gathered) -> Option<ContactId> {
    match gathered {
        Gathered::Pair(pair) | Gathered::Contradicted(pair, _) | Gathered::Replaced(pair) => {
            match &pair.tie {
                Tie::Linked(link) | Tie::Moved { link, .. } => Some(link.contact),
                Tie::Found(_) | Tie::Alone => pair.contact_id(),
            }
        }
        Gathered::Unlinked(_, known) => known.link.as_ref().map(|link| link.contact),
        Gathered::Ended(
            Ended::ContactDeleted(link)
            | Ended::SupporterDeleted(link)
            | Ended::MergedIntoLinked { link, .. }
            | Ended::Tombstone(link),
        ) => Some(link.contact),
        Gathered::Ended(Ended::SupporterMerged { link, .. }) => link.as_ref().map(|link| link.contact),
        Gathered::Nobody(_) => None,
    }
}

/// Two records that are linked, by the one decision of every cycle.
fn of_pair(mut pair: Pair, rules: &Rules<'_>) -> Judged {
    let stamps = stamps(&pair);
    let moved = matches!(&pair.tie, Tie::Moved { .. });
    let ended = matches!(&pair.tie, Tie::Linked(link) if link.life != LinkLife::Live);
    let theirs = pair.contact.as_ref().and_then(|seen| seen.contact.supporter_id.text().map(str::to_owned));
    let plan = match decide(&mut pair, rules) {
        Decided::Skip(SkipReason::Blocked) | Decided::Block { known: true, .. } => {
            let code = pair.block.map(|block| block.code);
            return Ok((What::SetAside, code.into_iter().collect()));
        }
        Decided::Skip(why) => return Ok((What::LeftOut, vec![why.code().to_owned()])),
        Decided::Block { block, .. } => {
            let details = std::iter::once(block.code).chain(block.fields).collect();
            return Err(differs(What::Drift, details, stamps));
        }
        Decided::Plan(plan) => plan,
    };
    if moved {
        let into = plan.contact.map(|into| format!("into {into}"));
        return Err(differs(What::ContactMerged, into.into_iter().collect(), stamps));
    }
    let mut details = different_fields(&plan);
    if ended {
        details.push("the link is ended, and both records are there".to_owned());
    }
    if let Some(other) = other_contact(&plan) {
        details.push(format!("row carries {other}"));
        return Err(differs(What::OtherContact, details, stamps));
    }
    if let Some(theirs) = theirs.filter(|theirs| plan.supporter_id().is_some_and(|id| id.as_str() != theirs))
    {
        details.push(format!("Contact carries {theirs}"));
        return Err(differs(What::OtherSupporter, details, stamps));
    }
    if plan.is_still() && details.is_empty() {
        return Ok((What::InStep, Vec::new()));
    }
    if plan.stamp_contact {
        details.push("supporter id on the Contact".to_owned());
    }
    if plan.stamp_supporter {
        details.push("Contact Id on the supporter".to_owned());
    }
    Err(differs(What::Drift, details, stamps))
}

fn stamps(pair: &Pair) -> Vec<(Side, String, Stamp)> {
    let supporter = pair.supporter.as_ref().map(|one| (Side::Supporter, one.id.to_string(), one.modified));
    let touched = |seen: &SeenContact| (Side::Salesforce, seen.id().to_string(), seen.contact.modified);
    supporter.into_iter().chain(pair.contact.as_ref().map(touched)).collect()
}

/// The fields that a cycle would write, or would ask a person about.
fn different_fields(plan: &PersonPlan) -> Vec<String> {
    let held = |field: &plan::FieldPlan| matches!(field.decision, model::Decision::Hold(_));
    let differs = plan.fields.iter().filter(|one| one.to_contact() || one.to_supporter() || held(one));
    differs.map(|field| field.field.to_string()).collect()
}

/// Another Contact's Id in the supporter's row.
fn other_contact(plan: &PersonPlan) -> Option<ContactId> {
    let stored = plan.supporter.as_ref()?.contact_id.text()?;
    let stored = ContactId::parse(stored.trim()).ok()?;
    (plan.stamp_supporter && plan.contact != Some(stored)).then_some(stored)
}

/// A supporter who has no link: to be left out, to be linked, or to be met.
fn unlinked(
    sides: &Sides,
    rules: &Rules<'_>,
    supporter: Supporter,
    block: Option<model::Block>,
) -> Result<Judged, Error> {
    let stamps = stamp_of(&supporter);
    if sides.map.merged_into(&supporter).is_some() {
        return Ok(Ok((What::LeftOut, vec![SkipReason::MergedAway.code().to_owned()])));
    }
    let set_aside = block.as_ref().map(|block| block.code.clone());
    let stored = supporter.contact_id.text().and_then(|raw| sides.map.object().id(raw));
    let apart = sides.state.apart_of([&supporter.id])?;
    if let Some(stored) = stored.filter(|stored| !apart.contains(&(supporter.id.clone(), *stored))) {
        return Ok(Err(differs(What::UnlinkedContactId, vec![format!("row carries {stored}")], stamps)));
    }
    let known = state::Known { block, ..state::Known::default() };
    let mut pair = plan::gather::alone(supporter, known);
    Ok(match decide(&mut pair, rules) {
        Decided::Skip(SkipReason::Blocked) | Decided::Block { known: true, .. } => {
            Ok((What::SetAside, set_aside.into_iter().collect()))
        }
        Decided::Skip(why) => Ok((What::LeftOut, vec![why.code().to_owned()])),
        Decided::Block { block, .. } => Err(differs(What::NeverMet, vec![block.code], stamps)),
        Decided::Plan(_) => Err(differs(What::NeverMet, Vec::new(), stamps)),
    })
}

/// A link of which one end is gone. What the state knows of already is no news.
fn of_end(ended: &Ended) -> Judged {
    match ended {
        Ended::Tombstone(_) => Ok((What::Ended, Vec::new())),
        Ended::ContactDeleted(_) => Err(differs(What::ContactDeleted, Vec::new(), Vec::new())),
        Ended::SupporterDeleted(_) => Err(differs(What::SupporterGone, Vec::new(), Vec::new())),
        Ended::MergedIntoLinked { survivor, owner, .. } => {
            let details = match owner {
                Some(owner) => format!("into {survivor} of supporter {owner}"),
                None => format!("into {survivor} of another supporter database"),
            };
            let details = vec![details];
            Err(differs(What::ContactMerged, details, Vec::new()))
        }
        Ended::SupporterMerged { link: Some(link), into, .. } if link.life == LinkLife::Live => {
            Err(differs(What::SupporterMerged, vec![format!("into {into}")], Vec::new()))
        }
        Ended::SupporterMerged { .. } => Ok((What::LeftOut, vec![SkipReason::MergedAway.code().to_owned()])),
    }
}
