//! The duplicate pass: who is the person that Salesforce would not create twice?
//!
//! Bulk API 2.0 never says which record was the duplicate, so the question is asked anew: stored Contact Id, our external id,
//! then e-mail address and fuzzy first and last name. One clear answer becomes a link, and the person is pushed again in
//! the same cycle as an update. Everything else becomes a case. Nobody is guessed, and nobody is sent a second time as new.

use model::{Block, CaseKind, ContactId, Digest, Evidence, Link, LinkLife, Subject, Supporter, SupporterId};
use plan::look_up::{carriers, email_of};
use plan::record::{close_identity_cases, identity_case, refused_links};
use plan::{
    CycleReport, Deferral, Depth, Fatal, Found, Moment, Outcome, SeenContact, Sides, Stretch, Twin, look_up,
};
use salesforce::record_error::DuplicateKind;
use state::Changes;

use crate::ask::{MOST_ASKED, ask_the_org};

/// Somebody whose row a duplicate rule refused.
#[derive(Clone)]
pub struct Refused {
    /// Who.
    pub supporter: SupporterId,
    /// The Contact the row was to update; `None` for one that was to be created.
    pub linked: Option<ContactId>,
    /// The Contact that holds the value, where the error names it.
    pub holder: Option<ContactId>,
    /// Which kind of duplicate the error speaks of.
    pub kind: DuplicateKind,
    /// The error's code.
    pub code: String,
    /// The error's text, bounded; may quote the record.
    pub message: String,
    /// Digest over the record as it was sent.
    pub record: Digest,
}

impl std::fmt::Debug for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Refused({}, {:?}, {})", self.supporter, self.kind, self.code)
    }
}

/// Resolves refused people. Returns those that are linked now and are to be pushed again.
///
/// # Errors
/// [`Fatal`] when either side or the state fails.
pub async fn resolve(
    sides: &Sides,
    report: &mut CycleReport,
    refused: &[Refused],
    at: Moment,
) -> Result<Vec<SupporterId>, Fatal> {
    if refused.is_empty() {
        return Ok(Vec::new());
    }
    sides.progress.begin(Stretch::Resolve, Some(refused.len() as u64));
    let mut linked = Vec::new();
    let (stuck, refused): (Vec<Refused>, Vec<Refused>) =
        refused.iter().cloned().partition(|refused| refused.linked.is_some());
    leave_linked(sides, report, &stuck, at).await?;
    let mut asks = MOST_ASKED;
    for chunk in refused.chunks(sides.settings.batch) {
        let ids: Vec<SupporterId> = chunk.iter().map(|refused| refused.supporter.clone()).collect();
        let supporters = sides.supporters.get(&ids).await?;
        let there: Vec<Supporter> = supporters.iter().flatten().cloned().collect();
        let gone = (ids.len() - there.len()) as u64;
        report.count_many(&Outcome::Deferred(Deferral::ChangedMeanwhile), gone);
        let depth = if sides.settings.twin == Twin::Org { Depth::ByIds } else { Depth::ByNames };
        let found = look_up(sides, None, &there, depth).await?;
        let found = ask_the_org(sides, &there, found, &mut asks).await?;
        let mut changes = Changes::new();
        for (supporter, found) in there.iter().zip(found) {
            let Some(refusal) = chunk.iter().find(|refused| refused.supporter == supporter.id) else {
                continue;
            };
            match found {
                Found::One(seen, evidence) => {
                    changes.put_link(link(supporter, seen.id(), evidence.clone(), at));
                    report.count_link(&evidence);
                    close_identity_cases(&mut changes, &Subject::Supporter(supporter.id.clone()));
                    report.duplicates_linked += 1;
                    linked.push(supporter.id.clone());
                }
                Found::Case { kind, contacts, reasons } => {
                    let mut reasons = reasons;
                    reasons.push("refused_as_duplicate".to_owned());
                    if let Some(case) = identity_case(sides, kind, &[supporter], &contacts, reasons, at) {
                        changes.open_case(case);
                    }
                    leave(sides, &mut changes, report, refusal, kind, at);
                }
                Found::Nobody(others) => {
                    let kind = nobody(refusal.kind);
                    let reasons = vec!["refused_as_duplicate".to_owned(), "nobody_found".to_owned()];
                    if let Some(case) = identity_case(sides, kind, &[supporter], &others, reasons, at) {
                        changes.open_case(case);
                    }
                    leave(sides, &mut changes, report, refusal, kind, at);
                }
            }
        }
        let receipt = sides.state.commit(changes).await?;
        let taken = refused_links(sides, report, &receipt, at).await?;
        linked.retain(|id| !taken.contains(id));
        sides.progress.advance(chunk.len() as u64);
    }
    sides.progress.end();
    Ok(linked)
}

/// Linked people whose update looks like somebody else: who they are is known, so matching would only find them again, and
/// the same row would be refused again. An administrator sees them beside whoever stands in the way.
async fn leave_linked(
    sides: &Sides,
    report: &mut CycleReport,
    stuck: &[Refused],
    at: Moment,
) -> Result<(), Fatal> {
    for chunk in stuck.chunks(sides.settings.batch) {
        let ids: Vec<SupporterId> = chunk.iter().map(|refused| refused.supporter.clone()).collect();
        let supporters = sides.supporters.get(&ids).await?;
        let emails = supporters.iter().flatten().filter_map(|supporter| email_of(&sides.map, supporter));
        let carriers = carriers(sides, &emails.collect()).await?;
        let mut changes = Changes::new();
        for (refusal, supporter) in chunk.iter().zip(supporters) {
            let Some(supporter) = supporter else {
                report.count(&Outcome::Deferred(Deferral::ChangedMeanwhile));
                continue;
            };
            let email = email_of(&sides.map, &supporter);
            let carries =
                |seen: &&SeenContact| email.as_ref().is_some_and(|email| seen.emails.contains(email));
            let contacts: Vec<SeenContact> = carriers.iter().filter(carries).cloned().collect();
            let kind = nobody(refusal.kind);
            let reasons =
                vec![refusal.code.clone(), "refused_as_duplicate".to_owned(), "already_linked".to_owned()];
            if let Some(mut case) = identity_case(sides, kind, &[&supporter], &contacts, reasons, at) {
                let named = refusal.linked.iter().chain(&refusal.holder);
                case.contacts.extend(named.copied());
                case.contacts.sort_unstable();
                case.contacts.dedup();
                changes.open_case(case);
            }
            leave(sides, &mut changes, report, refusal, kind, at);
        }
        let _receipt = sides.state.commit(changes).await?;
    }
    Ok(())
}

/// The case for a refusal that leads to nobody: the rule looked at another field, or at another object.
const fn nobody(kind: DuplicateKind) -> CaseKind {
    match kind {
        DuplicateKind::Contact | DuplicateKind::EmailRule => CaseKind::DuplicateUnresolved,
        DuplicateKind::OtherObject => CaseKind::DuplicateOfOtherObject,
    }
}

/// Nobody but a person can say who this is. The record is set aside as it was sent: the same row would be refused again.
fn leave(
    sides: &Sides,
    changes: &mut Changes,
    report: &mut CycleReport,
    refused: &Refused,
    kind: CaseKind,
    at: Moment,
) {
    let block = Block {
        code: refused.code.clone(),
        fields: Vec::new(),
        message: refused.message.clone(),
        record: refused.record,
        map: sides.map.digest(&sides.state.digest_key()),
        since: at.now,
        attempts: 1,
    };
    changes.put_block(&refused.supporter, block);
    changes.clear_dirty(&Subject::Supporter(refused.supporter.clone()));
    report.count(&Outcome::Case(kind));
}

fn link(supporter: &Supporter, contact: ContactId, evidence: Evidence, at: Moment) -> Link {
    Link {
        supporter: supporter.id.clone(),
        contact,
        made_at: at.now,
        cycle: at.cycle,
        evidence,
        life: LinkLife::Live,
    }
}
