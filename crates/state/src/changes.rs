//! What one commit changes. A builder: nothing happens before [`crate::State::commit`].

use model::{
    Block, Case, CaseKind, ContactId, CycleId, Digest, DirtyReason, Evidence, Happened, Intent, JournalEntry,
    Link, LinkLife, PlanId, RuleKey, Side, Stamp, Standing, Subject, SupporterId,
};

use crate::forgotten::Tombstone;
use crate::meta::floor;
use crate::{Conflict, Dirty, NoteKind, Progress};

/// One change, in the words of [`Changes`].
#[derive(Debug, Clone)]
pub(crate) enum Change {
    MarkDirty { subject: Subject, reason: DirtyReason, stamp: Option<Stamp> },
    ClearDirty(Subject),
    ClearDirtySeen { subject: Subject, marked: u64 },
    BumpAttempts(Subject),
    RaiseWatermark { side: Side, to: Stamp },
    RewindWatermark { side: Side, to: Stamp, who: String, why: String },
    PutLink(Link),
    RemoveLink(SupporterId),
    Relink { supporter: SupporterId, from: ContactId, to: ContactId, evidence: Evidence, at: Stamp },
    SetLinkLife { supporter: SupporterId, life: LinkLife },
    SetBases { supporter: SupporterId, bases: Vec<(RuleKey, Digest)> },
    DropBases(SupporterId),
    DropBasesOf { supporter: SupporterId, fields: Vec<RuleKey> },
    PutIntent { supporter: SupporterId, intent: Intent },
    ClearIntent(SupporterId),
    PutJournal(Box<JournalEntry>),
    RemoveJournal(PlanId),
    PutBlock { supporter: SupporterId, block: Block },
    LiftBlock(SupporterId),
    LiftBlocksOfOtherMap(Digest),
    PutOutcome { supporter: SupporterId, cycle: CycleId, code: String },
    OpenCase(Box<Case>),
    JoinCase(Box<Case>),
    CloseCase { kind: CaseKind, subject: Subject },
    CloseCases { kinds: &'static [CaseKind], subject: Subject },
    CloseCasesOf(Subject),
    Rule { kind: CaseKind, subject: Subject, standing: Standing },
    SetApart { supporter: SupporterId, contact: ContactId },
    EndApart { supporter: SupporterId, contact: ContactId },
    LogConflict(Box<Conflict>),
    PruneConflicts(Stamp),
    Audit { who: String, what: String },
    NoteSeen { side: Side, id: String, stamp: Stamp },
    PutSummary { cycle: CycleId, value: serde_json::Value },
    SetProgress(Progress),
    SetMap(Digest),
    PutBookmark { name: String, value: serde_json::Value },
    RemoveBookmark(String),
    PutNote { kind: NoteKind, key: Vec<u8>, value: Option<Vec<u8>> },
    Forget { supporter: SupporterId, contact: Option<ContactId>, tombstones: Vec<Tombstone> },
    BeginCycle,
    Tell { who: Subject, what: Box<Happened> },
}

/// What the changes that come in thousands are about, so that it can be read at once before they are applied.
impl Change {
    /// Whose record it changes.
    pub(crate) const fn person(&self) -> Option<&SupporterId> {
        if let Self::PutLink(Link { supporter, .. })
        | Self::SetBases { supporter, .. }
        | Self::PutIntent { supporter, .. }
        | Self::ClearIntent(supporter)
        | Self::LiftBlock(supporter)
        | Self::PutOutcome { supporter, .. } = self
        {
            return Some(supporter);
        }
        None
    }

    /// Whose mark it changes.
    pub(crate) const fn marked(&self) -> Option<&Subject> {
        if let Self::MarkDirty { subject, .. } | Self::ClearDirty(subject) = self {
            return Some(subject);
        }
        None
    }

    /// Which Contact it links.
    pub(crate) const fn linked(&self) -> Option<&ContactId> {
        if let Self::PutLink(link) = self { Some(&link.contact) } else { None }
    }
}

/// Changes that become durable together or not at all. Applied in the order of the calls: a link before its bases.
#[derive(Debug, Clone, Default)]
#[must_use = "nothing changes before `State::commit`"]
pub struct Changes(pub(crate) Vec<Change>);

impl Changes {
    /// No changes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// No changes yet, and room for so many: a commit of a whole batch is not moved again and again while it grows.
    pub fn with_room_for(changes: usize) -> Self {
        Self(Vec::with_capacity(changes))
    }

    /// Whether nothing is to be changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all that is asked for is that cases are closed: nothing, where nobody has one.
    #[must_use]
    pub fn only_close_cases(&self) -> bool {
        self.0.iter().all(|change| matches!(change, Change::CloseCases { .. } | Change::CloseCase { .. }))
    }

    /// How many changes were asked for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Appends all of `others`.
    pub fn extend(&mut self, others: Self) -> &mut Self {
        self.0.extend(others.0);
        self
    }

    /// Stores a note: at most 60 KiB.
    pub fn put_note(&mut self, kind: NoteKind, key: &[u8], value: Vec<u8>) -> &mut Self {
        self.add(Change::PutNote { kind, key: key.to_vec(), value: Some(value) })
    }

    /// Removes a note; absent already is fine.
    pub fn remove_note(&mut self, kind: NoteKind, key: &[u8]) -> &mut Self {
        self.add(Change::PutNote { kind, key: key.to_vec(), value: None })
    }

    fn add(&mut self, change: Change) -> &mut Self {
        self.0.push(change);
        self
    }

    /// Marks somebody "must be compared". Marked already: the reason is added, the later stamp is kept.
    pub fn mark_dirty(&mut self, subject: Subject, reason: DirtyReason, stamp: Option<Stamp>) -> &mut Self {
        self.add(Change::MarkDirty { subject, reason, stamp })
    }

    /// Takes a mark away, whatever happened to it meanwhile.
    pub fn clear_dirty(&mut self, subject: &Subject) -> &mut Self {
        self.add(Change::ClearDirty(subject.clone()))
    }

    /// Takes a mark away unless the subject was marked again after `dirty` was read.
    pub fn clear_dirty_seen(&mut self, dirty: &Dirty) -> &mut Self {
        self.add(Change::ClearDirtySeen { subject: dirty.subject.clone(), marked: dirty.marked })
    }

    /// Counts one more attempt on a mark; nothing for somebody who is not marked.
    pub fn bump_attempts(&mut self, subject: &Subject) -> &mut Self {
        self.add(Change::BumpAttempts(subject.clone()))
    }

    /// Raises a watermark, or leaves it: it is never lowered. The receipt tells what it is afterwards. What was noted as seen
    /// below the new watermark less the overlap is forgotten.
    pub fn raise_watermark(&mut self, side: Side, to: Stamp) -> &mut Self {
        self.add(Change::RaiseWatermark { side, to })
    }

    /// Raises a watermark to where an administrator wants a side to begin: what lies below is not asked for again, within the overlap
    /// neither.
    pub fn begin_at(&mut self, side: Side, to: Stamp) -> &mut Self {
        self.raise_watermark(side, to).put_bookmark(floor(side), serde_json::json!(to))
    }

    /// Sets a watermark back, with who asked and why in the audit trail. The only way down.
    pub fn rewind_watermark(&mut self, side: Side, to: Stamp, who: &str, why: &str) -> &mut Self {
        self.remove_bookmark(floor(side));
        self.add(Change::RewindWatermark { side, to, who: who.to_owned(), why: why.to_owned() })
    }

    /// Stores a link. Refused when either end has a live link elsewhere, and, unless an administrator made it, when the two are set
    /// apart by then: see [`crate::Receipt::refused`].
    pub fn put_link(&mut self, link: Link) -> &mut Self {
        self.add(Change::PutLink(link))
    }

    /// Removes a supporter's link together with the bases of the pair.
    pub fn remove_link(&mut self, supporter: &SupporterId) -> &mut Self {
        self.add(Change::RemoveLink(supporter.clone()))
    }

    /// Moves a link from one Contact to another, after a merge. Refused when the supporter's link does not name `from` or
    /// `to` has a live link elsewhere. Bases stay: what the survivor holds is compared with them, where the caller drops none.
    pub fn relink(
        &mut self,
        supporter: &SupporterId,
        from: ContactId,
        to: ContactId,
        evidence: Evidence,
        at: Stamp,
    ) -> &mut Self {
        self.add(Change::Relink { supporter: supporter.clone(), from, to, evidence, at })
    }

    /// Tombstones a link, or brings it back. Bringing back is refused when either end has a live link elsewhere by now.
    pub fn set_link_life(&mut self, supporter: &SupporterId, life: LinkLife) -> &mut Self {
        self.add(Change::SetLinkLife { supporter: supporter.clone(), life })
    }

    /// Sets the bases of some fields; the others stay. Ignored for a supporter whose link was refused in the same commit.
    pub fn set_bases(&mut self, supporter: &SupporterId, bases: &[(RuleKey, Digest)]) -> &mut Self {
        self.add(Change::SetBases { supporter: supporter.clone(), bases: bases.to_vec() })
    }

    /// Forgets what both sides agreed on.
    pub fn drop_bases(&mut self, supporter: &SupporterId) -> &mut Self {
        self.add(Change::DropBases(supporter.clone()))
    }

    /// Forgets what both sides agreed on about some fields.
    pub fn drop_bases_of(&mut self, supporter: &SupporterId, fields: Vec<RuleKey>) -> &mut Self {
        self.add(Change::DropBasesOf { supporter: supporter.clone(), fields })
    }

    /// Stores what is on its way for one person. Ignored for a supporter whose link was refused in the same commit. The commit
    /// fails with [`crate::Error::InFlight`] when the person is in
    /// another plan whose journal entry is still open.
    pub fn put_intent(&mut self, supporter: &SupporterId, intent: Intent) -> &mut Self {
        self.add(Change::PutIntent { supporter: supporter.clone(), intent })
    }

    /// Forgets what is on its way for one person.
    pub fn clear_intent(&mut self, supporter: &SupporterId) -> &mut Self {
        self.add(Change::ClearIntent(supporter.clone()))
    }

    /// Stores a job in flight, or its next phase.
    pub fn put_journal(&mut self, entry: JournalEntry) -> &mut Self {
        self.add(Change::PutJournal(Box::new(entry)))
    }

    /// Removes a settled or dropped job.
    pub fn remove_journal(&mut self, plan: PlanId) -> &mut Self {
        self.add(Change::RemoveJournal(plan))
    }

    /// Sets a supporter aside. A message over 2 KiB is cut, and the cut is shown.
    pub fn put_block(&mut self, supporter: &SupporterId, block: Block) -> &mut Self {
        self.add(Change::PutBlock { supporter: supporter.clone(), block })
    }

    /// Lets a supporter be tried again.
    pub fn lift_block(&mut self, supporter: &SupporterId) -> &mut Self {
        self.add(Change::LiftBlock(supporter.clone()))
    }

    /// Lifts every block that was set under another field map, and marks those supporters dirty.
    pub fn lift_all_blocks_of_other_map(&mut self, map: Digest) -> &mut Self {
        self.add(Change::LiftBlocksOfOtherMap(map))
    }

    /// Remembers what became of a supporter in a cycle; the code is cut to 64 bytes.
    pub fn put_outcome(&mut self, supporter: &SupporterId, cycle: CycleId, code: &str) -> &mut Self {
        let code = code[..code.floor_char_boundary(64)].to_owned();
        self.add(Change::PutOutcome { supporter: supporter.clone(), cycle, code })
    }

    /// Opens a case. Open already: it is replaced and keeps when it was first seen. Records that are too long are cut, and
    /// the cut is shown.
    pub fn open_case(&mut self, case: Case) -> &mut Self {
        self.add(Change::OpenCase(Box::new(case)))
    }

    /// Opens a case, or joins the one of its kind that is open about the same subject: whoever is named there stays named.
    pub fn join_case(&mut self, case: Case) -> &mut Self {
        self.add(Change::JoinCase(Box::new(case)))
    }

    /// Closes a case: it and the personal data in it are removed.
    pub fn close_case(&mut self, kind: CaseKind, subject: &Subject) -> &mut Self {
        self.add(Change::CloseCase { kind, subject: subject.clone() })
    }

    /// Closes a subject's cases of these kinds.
    pub fn close_cases(&mut self, kinds: &'static [CaseKind], subject: &Subject) -> &mut Self {
        self.add(Change::CloseCases { kinds, subject: subject.clone() })
    }

    /// What an administrator did about an open case, in place of what stood there; nothing for a case that is closed.
    pub fn rule_case(&mut self, kind: CaseKind, subject: &Subject, standing: Standing) -> &mut Self {
        self.add(Change::Rule { kind, subject: subject.clone(), standing })
    }

    /// These two are different people, and are never to be matched with each other.
    pub fn set_apart(&mut self, supporter: &SupporterId, contact: ContactId) -> &mut Self {
        self.add(Change::SetApart { supporter: supporter.clone(), contact })
    }

    /// They may be matched with each other again.
    pub fn end_apart(&mut self, supporter: &SupporterId, contact: ContactId) -> &mut Self {
        self.add(Change::EndApart { supporter: supporter.clone(), contact })
    }

    /// Closes every case of a subject.
    pub fn close_cases_of(&mut self, subject: &Subject) -> &mut Self {
        self.add(Change::CloseCasesOf(subject.clone()))
    }

    /// Appends to the conflict log. Values over 24 KiB are cut, and the cut is shown.
    pub fn log_conflict(&mut self, conflict: Conflict) -> &mut Self {
        self.add(Change::LogConflict(Box::new(conflict)))
    }

    /// Removes the oldest conflicts, up to the first that is not older than `before`; at most 2,000 per commit.
    pub fn prune_conflicts(&mut self, before: Stamp) -> &mut Self {
        self.add(Change::PruneConflicts(before))
    }

    /// Appends to the audit trail. Neither text may hold personal data.
    pub fn audit(&mut self, who: &str, what: &str) -> &mut Self {
        self.add(Change::Audit { who: who.to_owned(), what: what.to_owned() })
    }

    /// Remembers that a record was marked at a stamp. Kept only when the stamp is not below the watermark less the overlap,
    /// as it is after this commit.
    pub fn note_seen(&mut self, side: Side, id: &str, stamp: Stamp) -> &mut Self {
        self.add(Change::NoteSeen { side, id: id.to_owned(), stamp })
    }

    /// Stores a cycle's summary; the last 50 are kept. One over 48 KiB is replaced by its size.
    pub fn put_summary(&mut self, cycle: CycleId, value: serde_json::Value) -> &mut Self {
        self.add(Change::PutSummary { cycle, value })
    }

    /// Replaces the progress record.
    pub fn set_progress(&mut self, progress: Progress) -> &mut Self {
        self.add(Change::SetProgress(progress))
    }

    /// Remembers the field map everybody is compared under from now on.
    pub fn set_map(&mut self, map: Digest) -> &mut Self {
        self.add(Change::SetMap(map))
    }

    /// Leaves a place to go on from under a name, such as a query job's locator.
    pub fn put_bookmark(&mut self, name: &str, value: serde_json::Value) -> &mut Self {
        self.add(Change::PutBookmark { name: name.to_owned(), value })
    }

    /// Removes a bookmark.
    pub fn remove_bookmark(&mut self, name: &str) -> &mut Self {
        self.add(Change::RemoveBookmark(name.to_owned()))
    }

    /// Remembers what happened to somebody, where no other change of the commit says so by itself.
    pub fn tell(&mut self, who: &Subject, what: Happened) -> &mut Self {
        self.add(Change::Tell { who: who.clone(), what: Box::new(what) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_else_is_asked_for_is_more_than_closing_cases() {
        let subject = Subject::Contact(ContactId::parse("003000000000001AAA").unwrap());
        let mut changes = Changes::new();
        assert!(changes.only_close_cases());
        changes.close_cases(&[CaseKind::Blocked], &subject).close_case(CaseKind::ReviewMatch, &subject);
        assert!(changes.only_close_cases());
        for more in [Changes::clear_dirty, Changes::close_cases_of] {
            let mut changes = changes.clone();
            more(&mut changes, &subject);
            assert!(!changes.only_close_cases());
        }
    }
}
