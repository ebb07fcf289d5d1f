//! What only a person can decide, with what that person needs to decide it.

use std::borrow::Cow;
use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

use crate::{ContactId, Stamp, Standing, Subject, SupporterId};

/// The kinds of case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseKind {
    /// Several Contacts fit a supporter equally well.
    AmbiguousContacts,
    /// One Contact fits, but not well enough to link without a look.
    ReviewMatch,
    /// The address is shared and the names disagree.
    NamesDisagree,
    /// Two supporters claim one Contact.
    TwoSupportersOneContact,
    /// The stored Contact Id and the e-mail address point to different people.
    IdAndEmailDisagree,
    /// Several Contacts carry one supporter's external id.
    SeveralContactsOneKey,
    /// The linked Contact was merged into one that belongs to another supporter.
    MergedIntoLinked,
    /// The linked Contact was deleted.
    ContactDeleted,
    /// The linked supporter is gone.
    SupporterDeleted,
    /// Both sides changed a field and the policy is to ask.
    ConflictHeld,
    /// Both sides changed a consent and nothing says which of the two is the person's last word.
    ConsentConflict,
    /// Salesforce refused a Contact as a duplicate and highwater finds nobody it could be.
    DuplicateUnresolved,
    /// Salesforce refused because of another object: the household Account, or a Lead.
    DuplicateOfOtherObject,
    /// A record set aside after a permanent error.
    Blocked,
    /// Many records fail for one new reason: something in the org or the map is broken.
    Systemic,
    /// Supporters were merged, and their Contacts are still two.
    ContactMergeNeeded,
    /// Several supporters, none of them linked, fit one Contact equally well: they look like one person.
    SupporterMergeNeeded,
}

impl CaseKind {
    /// A stable word for reports and exports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::AmbiguousContacts => "ambiguous_contacts",
            Self::ReviewMatch => "review_match",
            Self::NamesDisagree => "names_disagree",
            Self::TwoSupportersOneContact => "two_supporters_one_contact",
            Self::IdAndEmailDisagree => "id_and_email_disagree",
            Self::SeveralContactsOneKey => "several_contacts_one_key",
            Self::MergedIntoLinked => "merged_into_linked",
            Self::ContactDeleted => "contact_deleted",
            Self::SupporterDeleted => "supporter_deleted",
            Self::ConflictHeld => "conflict_held",
            Self::ConsentConflict => "consent_conflict",
            Self::DuplicateUnresolved => "duplicate_unresolved",
            Self::DuplicateOfOtherObject => "duplicate_of_other_object",
            Self::Blocked => "blocked",
            Self::Systemic => "systemic",
            Self::ContactMergeNeeded => "contact_merge_needed",
            Self::SupporterMergeNeeded => "supporter_merge_needed",
        }
    }

    /// What the administrator should do, in one sentence.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::AmbiguousContacts => {
                "merge the Contacts in Salesforce, or put the right Contact Id on the supporter"
            }
            Self::ReviewMatch => {
                "compare the two; if they are one person, put the Contact Id on the supporter"
            }
            Self::NamesDisagree => {
                "compare the two; correct the name or the address on the side that is wrong"
            }
            Self::TwoSupportersOneContact => {
                "merge the supporters first, then keep the Contact Id on the supporter that remains"
            }
            Self::IdAndEmailDisagree => "correct the Contact Id or the e-mail address on the supporter",
            Self::SeveralContactsOneKey => {
                "merge the Contacts, or clear the supporter id on all but one of them"
            }
            Self::MergedIntoLinked => {
                "merge the supporters first, and keep the surviving Contact's Id on the one that remains"
            }
            Self::ContactDeleted => "undelete the Contact, or resync the supporter to create it anew",
            Self::SupporterDeleted => {
                "decide whether the Contact should go too; highwater leaves it as it is"
            }
            Self::ConflictHeld => "make the field equal on both sides",
            Self::ConsentConflict => {
                "ask when the person gave or took back this consent, then make it equal on both sides"
            }
            Self::DuplicateUnresolved => {
                "find the existing Contact in Salesforce and put its Id on the supporter"
            }
            Self::DuplicateOfOtherObject => {
                "exclude the integration user from that duplicate rule, or merge the other record by hand"
            }
            Self::Blocked => {
                "correct the field that is named, on either side; the record is tried again by itself"
            }
            Self::SupporterMergeNeeded => {
                "merge the supporters; if they are different people, put the Contact Id on the right one"
            }
            Self::ContactMergeNeeded => "merge the two Contacts in Salesforce; whichever remains is followed",
            Self::Systemic => "correct the cause in the org, the supporter database or the map, then resync",
        }
    }
}

/// One record beside the other, as the administrator sees them. Personal data: kept until the case is closed and its
/// retention is over.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRecord {
    /// Who it is.
    pub subject: Subject,
    /// Field name and value, the mapped fields only.
    pub fields: Vec<(String, String)>,
}

impl std::fmt::Debug for CaseRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CaseRecord({}, {} fields)", self.subject, self.fields.len())
    }
}

/// One open item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// What kind.
    pub kind: CaseKind,
    /// Whom it is about: the case's identity together with its kind. Seen again, it is the same case.
    pub subject: Subject,
    /// Supporters involved.
    pub supporters: Vec<SupporterId>,
    /// Contacts involved.
    pub contacts: Vec<ContactId>,
    /// Reason codes and field names; no personal data.
    pub reasons: Vec<String>,
    /// The records side by side.
    pub records: Vec<CaseRecord>,
    /// First seen, by the server's time.
    pub opened_at: Stamp,
    /// Last seen.
    pub seen_at: Stamp,
    /// What an administrator did about it so far.
    #[serde(default, skip_serializing_if = "Standing::is_untouched")]
    pub standing: Standing,
}

impl Case {
    /// The reason of a case about a Contact that carries the supporter's id although an administrator told the two apart.
    pub const TOLD_APART: &'static str = "told_apart";

    /// What the administrator should do, with the duplicate rule that is behind it where the org named one.
    #[must_use]
    pub fn advice(&self) -> Cow<'static, str> {
        if self.reasons.iter().any(|reason| reason == Self::TOLD_APART) {
            return Cow::Borrowed(
                "clear the supporter id on the Contact, which is somebody else's, then decide again that they are different people",
            );
        }
        let general = self.kind.advice();
        let named = |prefix: &str| self.reasons.iter().find_map(|reason| reason.strip_prefix(prefix));
        let Some(rule) = named("rule:") else { return Cow::Borrowed(general) };
        let what = match named("object:") {
            Some(object) => format!("it found a {object}"),
            None => "it looks at something else than address and names".to_owned(),
        };
        Cow::Owned(format!(
            "{general}; the duplicate rule {rule} refused it ({what}): let it report only, or except the integration user in it"
        ))
    }

    /// Ten hexadecimal digits for what makes a case the same case.
    #[must_use]
    pub fn name_of(parts: &[&str]) -> String {
        let mut hasher = SipHasher24::new_with_key(&[0; 16]);
        for part in parts {
            hasher.write(part.as_bytes());
        }
        format!("{:010x}", hasher.finish() >> 24)
    }

    /// The case's name: ten hexadecimal digits that stay the same for as long as it is about the same subject and of the same
    /// kind. They say nothing about anybody.
    #[must_use]
    pub fn name(&self) -> String {
        Self::name_of(&[self.kind.code(), &self.subject.to_string()])
    }
}
