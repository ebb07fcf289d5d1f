//! What to do about a record that was set aside, by the code it was refused with.

use model::Block;
use salesforce::ErrorCode;
use supporters::RefusalCode;

const CORRECT: &str = "correct the field that is named, on either side; the record is tried again by itself";
const SHORTEN: &str = "shorten the value, or lengthen the field in Salesforce";
const ACCESS: &str = "give the integration user access to the record";
const AUTOMATION: &str = "a trigger or Flow of the org failed: show it to its author";
const ID: &str = "correct the Contact Id on the supporter, or clear it";
const LATER: &str = "the org could not save it in many tries: `highwater resync` tries again now";
const MERGE: &str = "see `highwater report merges`";
const MAPPING: &str =
    "compare the field map with the org: `highwater check` names the field or permission that does not fit";

/// What to do about a code of Salesforce's, of the supporter database's, or of ours.
#[must_use]
pub fn advice(code: &str) -> &'static str {
    if let Some(code) = RefusalCode::parse(code) {
        return of_the_database(code);
    }
    match code {
        Block::STILL_LOCKED => {
            "another process of the org keeps the record or its account locked: find out which (a trigger, a Flow, a long \
             import), then `highwater resync`"
        }
        Block::NOT_STORABLE => {
            "take the characters out that the other side cannot hold; the record is tried again by itself"
        }
        salesforces => of_salesforce(&ErrorCode::parse(salesforces)),
    }
}

/// Codes of a supporter database.
const fn of_the_database(code: RefusalCode) -> &'static str {
    match code {
        RefusalCode::Unique => {
            "another supporter has the value already: compare the two, and correct or merge them"
        }
        RefusalCode::NotNull => {
            "the supporter database wants a value where the Contact has none: fill it in Salesforce, or give the column a default"
        }
        RefusalCode::Check => {
            "a check or policy of the supporter database refuses the value: correct the Contact, or the check"
        }
        RefusalCode::ForeignKey => {
            "the value must be in another table of the supporter database: add it there, or decode the value"
        }
        RefusalCode::Trigger => {
            "a trigger of the supporter database refuses the row: show the message to its author"
        }
        RefusalCode::Type => {
            "the column cannot hold the value: correct the Contact, or map it to another column"
        }
        RefusalCode::Generated => "the database computes the column: set direction = \"push\" for its field",
        RefusalCode::Unreadable => "correct the value in the supporter database: it cannot be read",
        RefusalCode::Ignored => {
            "a trigger or rule of the supporter database swallows the change: let the database user of highwater through"
        }
        RefusalCode::NoId => "the supporter database gave no id for a new row: see supporters.new_id",
        RefusalCode::NotUnique => "several rows have this id: make supporters.id_column unique",
        RefusalCode::TooBig => "shorten the value on the Contact, or widen the column",
        RefusalCode::Place => "this is a defect: please report it",
        RefusalCode::Database => "the message is the database's own: show it to its administrator",
    }
}

/// Codes of Salesforce's (Bulk guide v66 and Object reference, "Status codes").
const fn of_salesforce(code: &ErrorCode) -> &'static str {
    use ErrorCode as C;
    match code {
        C::DuplicatesDetected | C::DuplicateValue | C::DuplicateExternalId => MERGE,
        C::RequiredFieldMissing => "fill the field that is named, map it, or give it a default in Salesforce",
        C::FieldCustomValidationException => {
            "a validation rule of the org refuses the record: correct it, or the rule"
        }
        C::FieldFilterValidationException => {
            "the field's lookup filter refuses the value: choose one that it allows, or change the filter"
        }
        C::StringTooLong => SHORTEN,
        C::InvalidEmailAddress => "correct the e-mail address",
        C::InvalidOrNullForRestrictedPicklist => "decode the value to one that the picklist has",
        C::InvalidTypeOnFieldInRecord | C::NumberOutsideValidRange => CORRECT,
        C::InvalidFieldForInsertUpdate => {
            "give the integration user edit access to the field, or set direction = \"pull\""
        }
        C::EntityIsDeleted | C::InvalidCrossReferenceKey | C::NotFound | C::MalformedId => ID,
        C::CannotUpdateConvertedLead => {
            "the Lead was converted and can no longer be changed: keep its Contact in step instead, or unlink it"
        }
        C::InsufficientAccessOrReadonly
        | C::InsufficientAccessOnCrossReferenceEntity
        | C::InsufficientAccess => ACCESS,
        C::InactiveOwnerOrUser => "give the record, or its account, an owner who is active",
        C::CannotInsertUpdateActivateEntity | C::CannotExecuteFlowTrigger => AUTOMATION,
        C::StorageLimitExceeded => "the org's storage is full: free some of it, then `highwater block lift`",
        C::UnableToLockRow
        | C::TxnSecurityMeteringError
        | C::QueryTimeout
        | C::UnknownException
        | C::ServerUnavailable
        | C::RequestRunningTooLong
        | C::LimitExceeded
        | C::TooManyLockFailure
        | C::AllOrNoneOperationRolledBack
        | C::InvalidSessionId
        | C::RequestLimitExceeded
        | C::JobNotComplete => LATER,
        C::InvalidField
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
        | C::FeatureNotEnabled => MAPPING,
        C::Unknown | C::Other(_) => {
            "the message is Salesforce's own: correct what it names, on either side, then `highwater resync`"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_fault_of_a_field_does_not_send_anybody_to_one() {
        for (code, says) in [
            ("STILL_LOCKED", "locked"),
            ("NOT_STORABLE", "characters"),
            ("CANNOT_EXECUTE_FLOW_TRIGGER", "Flow"),
            ("INACTIVE_OWNER_OR_USER", "owner"),
            ("INSUFFICIENT_ACCESS", "access"),
            ("STORAGE_LIMIT_EXCEEDED", "storage"),
            ("trigger", "trigger of the supporter database"),
            ("not_null", "supporter database wants a value"),
            ("unique", "another supporter"),
            ("ignored", "swallows"),
            ("no_id", "supporters.new_id"),
            ("SOMETHING_NEW", "Salesforce's own"),
        ] {
            let told = advice(code);
            assert!(told.contains(says) && told != CORRECT, "{code}: {told}");
        }
    }

    #[test]
    fn the_codes_of_the_database_are_told_apart() {
        let told: std::collections::BTreeSet<_> =
            RefusalCode::ALL.iter().map(|code| advice(code.as_str())).collect();
        assert_eq!(told.len(), RefusalCode::ALL.len());
    }

    #[test]
    fn every_known_code_of_salesforce_reaches_its_own_arm() {
        for code in ErrorCode::KNOWN {
            let told = advice(code.as_str());
            assert_eq!(told, of_salesforce(code), "{code}");
        }
    }
}
