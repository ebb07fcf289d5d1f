//! The codes Salesforce gives refused records and calls.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A Salesforce error code: those this client decides by, and any other as spelled.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
            /// A code not in this list, at most 80 characters.
            Other(Box<str>),
        }

        impl ErrorCode {
            /// Every code of the list.
            pub const KNOWN: &'static [Self] = &[$(Self::$name,)*];

            /// Total: text that is no known code is kept as [`ErrorCode::Other`].
            #[must_use]
            pub fn parse(raw: &str) -> Self {
                match raw {
                    $($text => Self::$name,)*
                    other => Self::Other(code_text(other)),
                }
            }

            /// As Salesforce spells it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Other(text) => text,
                }
            }
        }
    };
}

codes! {
    /// A duplicate rule with alert or block matched.
    DuplicatesDetected = "DUPLICATES_DETECTED",
    /// A unique index is hit, or one key twice in a save.
    DuplicateValue = "DUPLICATE_VALUE",
    /// Several records carry the external id.
    DuplicateExternalId = "DUPLICATE_EXTERNAL_ID",
    /// A required field is empty.
    RequiredFieldMissing = "REQUIRED_FIELD_MISSING",
    /// A validation rule, or an error added by a trigger.
    FieldCustomValidationException = "FIELD_CUSTOM_VALIDATION_EXCEPTION",
    /// A lookup filter.
    FieldFilterValidationException = "FIELD_FILTER_VALIDATION_EXCEPTION",
    /// Longer than the field.
    StringTooLong = "STRING_TOO_LONG",
    /// No e-mail address.
    InvalidEmailAddress = "INVALID_EMAIL_ADDRESS",
    /// Not in a restricted picklist.
    InvalidOrNullForRestrictedPicklist = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    /// An id that does not exist here, or is not visible.
    InvalidCrossReferenceKey = "INVALID_CROSS_REFERENCE_KEY",
    /// A field or foreign key that does not fit.
    InvalidField = "INVALID_FIELD",
    /// A value of the wrong type.
    InvalidTypeOnFieldInRecord = "INVALID_TYPE_ON_FIELD_IN_RECORD",
    /// A field that this user cannot write.
    InvalidFieldForInsertUpdate = "INVALID_FIELD_FOR_INSERT_UPDATE",
    /// A number out of range.
    NumberOutsideValidRange = "NUMBER_OUTSIDE_VALID_RANGE",
    /// No id at all.
    MalformedId = "MALFORMED_ID",
    /// The record is deleted or merged away.
    EntityIsDeleted = "ENTITY_IS_DELETED",
    /// A converted lead.
    CannotUpdateConvertedLead = "CANNOT_UPDATE_CONVERTED_LEAD",
    /// Sharing or permission.
    InsufficientAccessOrReadonly = "INSUFFICIENT_ACCESS_OR_READONLY",
    /// Sharing of a record pointed at.
    InsufficientAccessOnCrossReferenceEntity = "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    /// Sharing, as REST spells it.
    InsufficientAccess = "INSUFFICIENT_ACCESS",
    /// The owner is inactive.
    InactiveOwnerOrUser = "INACTIVE_OWNER_OR_USER",
    /// A trigger failed.
    CannotInsertUpdateActivateEntity = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    /// A flow failed.
    CannotExecuteFlowTrigger = "CANNOT_EXECUTE_FLOW_TRIGGER",
    /// Somebody else holds the record or its account.
    UnableToLockRow = "UNABLE_TO_LOCK_ROW",
    /// A transaction security policy took too long.
    TxnSecurityMeteringError = "TXN_SECURITY_METERING_ERROR",
    /// A query took too long.
    QueryTimeout = "QUERY_TIMEOUT",
    /// An internal error.
    UnknownException = "UNKNOWN_EXCEPTION",
    /// Overloaded or in maintenance.
    ServerUnavailable = "SERVER_UNAVAILABLE",
    /// The whole save took too long.
    RequestRunningTooLong = "REQUEST_RUNNING_TOO_LONG",
    /// The org is full.
    StorageLimitExceeded = "STORAGE_LIMIT_EXCEEDED",
    /// Some limit.
    LimitExceeded = "LIMIT_EXCEEDED",
    /// A lock failure of a whole job.
    TooManyLockFailure = "TooManyLockFailure",
    /// No id in an update, blank key in an upsert.
    MissingArgument = "MISSING_ARGUMENT",
    /// Another record of an all-or-none save failed.
    AllOrNoneOperationRolledBack = "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    /// No such record or resource.
    NotFound = "NOT_FOUND",
    /// The session is over.
    InvalidSessionId = "INVALID_SESSION_ID",
    /// The daily allowance, or too many long requests.
    RequestLimitExceeded = "REQUEST_LIMIT_EXCEEDED",
    /// A query that does not parse.
    MalformedQuery = "MALFORMED_QUERY",
    /// An object that does not exist for this user.
    InvalidType = "INVALID_TYPE",
    /// A query cursor that is gone.
    InvalidQueryLocator = "INVALID_QUERY_LOCATOR",
    /// A query too complicated after expansion.
    QueryTooComplicated = "QUERY_TOO_COMPLICATED",
    /// An operator that the field does not take.
    InvalidQueryFilterOperator = "INVALID_QUERY_FILTER_OPERATOR",
    /// More ids than getUpdated returns.
    ExceededIdLimit = "EXCEEDED_ID_LIMIT",
    /// The API is off for this user or edition.
    ApiDisabledForOrg = "API_DISABLED_FOR_ORG",
    /// A version that is no longer served.
    UnsupportedApiVersion = "UNSUPPORTED_API_VERSION",
    /// Bulk: the job does not make sense.
    InvalidJob = "INVALIDJOB",
    /// Bulk: the job's state forbids it.
    InvalidJobState = "INVALIDJOBSTATE",
    /// Bulk: the object.
    InvalidEntity = "INVALIDENTITY",
    /// Bulk: the operation.
    InvalidOperation = "INVALIDOPERATION",
    /// Bulk: a value.
    InvalidValue = "INVALIDVALUE",
    /// Bulk: the data.
    InvalidBatch = "INVALIDBATCH",
    /// Bulk: another user's job.
    InvalidUser = "INVALIDUSER",
    /// Bulk: several reasons.
    ApiError = "API_ERROR",
    /// Bulk: several reasons, a second upload among them.
    BulkApiError = "BULK_API_ERROR",
    /// Bulk: the feature is off.
    FeatureNotEnabled = "FEATURE_NOT_ENABLED",
    /// Bulk query: not finished yet.
    JobNotComplete = "JOB_NOT_COMPLETE",
    /// No code in the text.
    Unknown = "UNKNOWN",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What may be shown of an unknown code: it is outside text and goes into logs.
fn code_text(raw: &str) -> Box<str> {
    raw.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')).take(80).collect()
}
