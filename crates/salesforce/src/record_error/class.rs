//! What to do about a refused record.

use std::fmt;

use model::SalesforceId;

use super::{ErrorCode, ids_in};

/// What a refused record needs.
#[derive(Clone, PartialEq, Eq)]
pub enum Class {
    /// The same row may pass later.
    Transient,
    /// The same row may pass in a smaller job: locks, trigger time, governor limits.
    TransientSmallerJob,
    /// Not before the data, the mapping or the org's settings change.
    Permanent,
    /// A duplicate rule, a trigger that met one, or the e-mail rule.
    Duplicate(DuplicateKind),
    /// The Id sent is deleted, merged away, foreign or invisible: look up what became of it.
    StaleId,
    /// Another record holds the unique value.
    HeldBy(SalesforceId),
    /// Several records hold the external id, as far as the message names them: merge needed.
    HeldByMany(Vec<SalesforceId>),
    /// The key came twice in one save; every row with it failed.
    RepeatedKey,
    /// The org's storage is full: every insert will fail.
    OrgFull,
}

/// Which duplicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DuplicateKind {
    /// Of the object saved (or of whichever object its rule looks at: Bulk does not say).
    Contact,
    /// Of an object a trigger wanted to save, the household Account of NPSP above all. Contacts need no matching.
    OtherObject,
    /// A validation rule that keeps an e-mail address unique.
    EmailRule,
}

impl Class {
    /// Which class decides when a record has several errors: acting on a lesser one would not save the record.
    pub(super) const fn gravity(&self) -> u8 {
        match self {
            Self::OrgFull => 8,
            Self::Permanent => 7,
            Self::RepeatedKey => 6,
            Self::HeldByMany(_) => 5,
            Self::HeldBy(_) => 4,
            Self::StaleId => 3,
            Self::Duplicate(_) => 2,
            Self::TransientSmallerJob => 1,
            Self::Transient => 0,
        }
    }

    /// Whether the same row may pass later without anybody changing anything.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Transient | Self::TransientSmallerJob)
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transient => f.write_str("Transient"),
            Self::TransientSmallerJob => f.write_str("TransientSmallerJob"),
            Self::Permanent => f.write_str("Permanent"),
            Self::Duplicate(kind) => write!(f, "Duplicate({kind:?})"),
            Self::StaleId => f.write_str("StaleId"),
            Self::HeldBy(id) => write!(f, "HeldBy({id})"),
            Self::HeldByMany(ids) => write!(f, "HeldByMany({ids:?})"),
            Self::RepeatedKey => f.write_str("RepeatedKey"),
            Self::OrgFull => f.write_str("OrgFull"),
        }
    }
}

/// The words one org's administrators use; they can be edited and translated, so they are settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertTexts {
    /// Alert texts of duplicate rules, any part of them, compared without regard to case.
    pub duplicate_alerts: Vec<String>,
    /// Texts of validation rules that keep the e-mail address unique.
    pub email_rules: Vec<String>,
}

impl Default for AlertTexts {
    fn default() -> Self {
        let texts = |all: &[&str]| all.iter().map(|&text| text.to_owned()).collect();
        Self {
            // Salesforce's two standard alert texts, and the one in Engaging Networks' set-up guide.
            duplicate_alerts: texts(&[
                "Use one of these records?",
                "Duplicate Alert",
                "You're creating a duplicate record",
            ]),
            email_rules: texts(&["A record with this email address already exists"]),
        }
    }
}

fn holds(message: &str, texts: &[String]) -> bool {
    // Apex escapes quotes in some paths, and word processors bend apostrophes.
    let plain = |text: &str| {
        text.replace("&#39;", "'")
            .replace("&quot;", "\"")
            .replace("&amp;", "&")
            .replace('\u{2019}', "'")
            .to_lowercase()
    };
    let message = plain(message);
    texts.iter().any(|text| !text.trim().is_empty() && message.contains(&plain(text.trim())))
}

/// The class by code first, then by what the message holds.
pub(super) fn of(code: &ErrorCode, message: &str, fields: &[String], texts: &AlertTexts) -> Class {
    use ErrorCode as C;
    match code {
        C::DuplicatesDetected => Class::Duplicate(DuplicateKind::Contact),
        C::DuplicateValue => of_duplicate_value(message),
        C::DuplicateExternalId => Class::HeldByMany(ids_in(message)),
        C::FieldCustomValidationException
        | C::CannotInsertUpdateActivateEntity
        | C::CannotExecuteFlowTrigger
        | C::RequiredFieldMissing => of_automation(message, texts),
        C::EntityIsDeleted | C::NotFound => Class::StaleId,
        // Without a field it is the row's own Id; with one, what that field points at.
        C::InvalidCrossReferenceKey if points_elsewhere(fields) => Class::Permanent,
        C::InvalidCrossReferenceKey => Class::StaleId,
        C::UnableToLockRow | C::RequestRunningTooLong | C::TooManyLockFailure => Class::TransientSmallerJob,
        C::TxnSecurityMeteringError
        | C::QueryTimeout
        | C::UnknownException
        | C::ServerUnavailable
        | C::AllOrNoneOperationRolledBack
        | C::InvalidSessionId
        | C::RequestLimitExceeded
        | C::LimitExceeded
        | C::JobNotComplete => Class::Transient,
        C::StorageLimitExceeded => Class::OrgFull,
        C::FieldFilterValidationException
        | C::StringTooLong
        | C::InvalidEmailAddress
        | C::InvalidOrNullForRestrictedPicklist
        | C::InvalidField
        | C::InvalidTypeOnFieldInRecord
        | C::InvalidFieldForInsertUpdate
        | C::NumberOutsideValidRange
        | C::MalformedId
        | C::CannotUpdateConvertedLead
        | C::InsufficientAccessOrReadonly
        | C::InsufficientAccessOnCrossReferenceEntity
        | C::InsufficientAccess
        | C::InactiveOwnerOrUser
        | C::MissingArgument
        | C::MalformedQuery
        | C::InvalidType
        | C::InvalidQueryLocator
        | C::QueryTooComplicated
        | C::InvalidQueryFilterOperator
        | C::ExceededIdLimit
        | C::ApiDisabledForOrg
        | C::UnsupportedApiVersion
        | C::InvalidJob
        | C::InvalidJobState
        | C::InvalidEntity
        | C::InvalidOperation
        | C::InvalidValue
        | C::InvalidBatch
        | C::InvalidUser
        | C::ApiError
        | C::BulkApiError
        | C::FeatureNotEnabled
        | C::Unknown
        | C::Other(_) => of_unlisted(code, message),
    }
}

fn points_elsewhere(fields: &[String]) -> bool {
    fields.iter().any(|field| !field.eq_ignore_ascii_case("Id"))
}

/// `… duplicates value on record with id: 003…` names the holder; `Duplicate external id specified` is a twin in the
/// same save.
fn of_duplicate_value(message: &str) -> Class {
    if message.to_ascii_lowercase().contains("duplicate external id specified") {
        return Class::RepeatedKey;
    }
    let after = message.rfind("with id").map_or(message, |at| &message[at..]);
    ids_in(after).first().map_or(Class::Permanent, |id| Class::HeldBy(*id))
}

/// A full org, as its code and as its message.
const STORAGE_FULL: [&str; 2] = ["STORAGE_LIMIT_EXCEEDED", "STORAGE LIMIT EXCEEDED"];

/// Errors that an org's own rules, triggers and flows add: the message tells what they met.
fn of_automation(message: &str, texts: &AlertTexts) -> Class {
    let upper = message.to_ascii_uppercase();
    if holds(message, &texts.email_rules) {
        Class::Duplicate(DuplicateKind::EmailRule)
    } else if holds(message, &texts.duplicate_alerts) || upper.contains("DUPLICATES_DETECTED") {
        Class::Duplicate(DuplicateKind::OtherObject)
    } else if STORAGE_FULL.iter().any(|sign| upper.contains(sign)) {
        Class::OrgFull
    } else if [
        "UNABLE_TO_LOCK_ROW",
        // The same as a trigger passes it on that shows the message and not the code: NPSP does so when it cannot save the household
        // Account (`Failed to create Account for Contact …`, HH_Households of github.com/SalesforceFoundation/NPSP), and Apex itself
        // where a query locks (Apex Developer Guide, "Locking Records").
        "UNABLE TO OBTAIN EXCLUSIVE ACCESS",
        "RECORD CURRENTLY UNAVAILABLE",
        "LIMITEXCEPTION",
        "CPU TIME",
        "TOO MANY SOQL",
        "TOO MANY DML",
        "REQUEST_RUNNING_TOO_LONG",
    ]
    .iter()
    .any(|sign| upper.contains(sign))
    {
        Class::TransientSmallerJob
    } else {
        Class::Permanent
    }
}

/// Codes that decide nothing by themselves. Internal errors carry a "GACK" or an `APEX_…` code and pass later.
fn of_unlisted(code: &ErrorCode, message: &str) -> Class {
    let text = code.as_str();
    if text.contains("GACK") || message.contains("UNABLE_TO_LOCK_ROW") || text.ends_with("TIMEOUT") {
        Class::Transient
    } else {
        Class::Permanent
    }
}
