//! What highwater did about a case by itself: mostly, what it did not do.

use model::CaseKind;

/// What was done and what was left alone, in one sentence for the administrator.
pub(crate) const fn done(kind: CaseKind) -> &'static str {
    match kind {
        CaseKind::AmbiguousContacts => {
            "linked to none of the Contacts and created no new one; nothing is sent"
        }
        CaseKind::ReviewMatch => "did not link the two and created no new Contact; nothing is sent",
        CaseKind::NamesDisagree => "did not link the two and renamed nobody; nothing is sent",
        CaseKind::TwoSupportersOneContact => {
            "changed no link: the Contact stays with whoever has it, and the other supporter gets none"
        }
        CaseKind::IdAndEmailDisagree => "followed neither and wrote to neither",
        CaseKind::SeveralContactsOneKey => "linked to none of the Contacts; nothing is sent",
        CaseKind::MergedIntoLinked => "kept the survivor's own link; nothing is sent for this supporter",
        CaseKind::ContactDeleted => "did not create the Contact again; nothing is sent for this supporter",
        CaseKind::SupporterDeleted => "left the Contact as it is",
        CaseKind::ConflictHeld => "wrote this field to neither side; the other fields are kept in step",
        CaseKind::ConsentConflict => {
            "wrote this consent to neither side: each goes on as it is until somebody asked the person"
        }
        CaseKind::SupporterMergeNeeded => {
            "linked none of the supporters to the Contact and created no new one; nothing is sent"
        }
        CaseKind::DuplicateUnresolved => {
            "did not create the Contact and forced nothing past the duplicate rule"
        }
        CaseKind::DuplicateOfOtherObject => "did not create the Contact and left the other record alone",
        CaseKind::Blocked => "set the record aside; all others go on",
        CaseKind::ContactMergeNeeded => {
            "kept the link of the supporter that remains, and left the other Contact alone"
        }
        CaseKind::Systemic => {
            "wrote no more to the side that refuses, so that the same failure does not set everybody aside one by one"
        }
    }
}
