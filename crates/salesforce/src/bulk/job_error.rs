//! Why a job failed as a whole: `errorMessage`, `Code : text`.

use std::fmt;

use crate::record_error::bounded;

/// What a failed job needs (Bulk guide v66, "Errors"; `Code : text` as seen by public clients). Of [`JobError::class`], which a job gives
/// by [`super::JobInfo::error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobErrorClass {
    /// `InternalServerError`, `Timeout`, `TooManyLockFailure`: a new job with the rows left may pass.
    Transient,
    /// `ExceededQuota`: the daily batch allowance is used up, of rolling 24 hours. The same job passes when some of it has come back.
    Allowance,
    /// A text with `tried more than`, whatever its code: Salesforce gave up a batch after many attempts. A new job must be smaller.
    Split,
    /// `InvalidBatch`, `ClientInputError` and everything else: the file or its columns are wrong. Nothing was saved, and the same job
    /// never will be.
    Permanent,
}

/// A job-level error. `Display` and `Debug` show code and class; the text can quote a column or a value.
#[derive(Clone, PartialEq, Eq)]
pub struct JobError {
    code: Box<str>,
    message: Box<str>,
    class: JobErrorClass,
}

impl JobError {
    /// Total: any text gives a value.
    #[must_use]
    pub fn classify(raw: &str) -> Self {
        let raw = bounded(raw.trim());
        let (code, message) = raw.split_once(':').unwrap_or(("", raw));
        let code: Box<str> = code.trim().chars().filter(char::is_ascii_alphanumeric).take(80).collect();
        let class = match &*code {
            "ExceededQuota" => JobErrorClass::Allowance,
            "InternalServerError" | "Timeout" | "TooManyLockFailure" => JobErrorClass::Transient,
            _ if raw.contains("tried more than") => JobErrorClass::Split,
            _ => JobErrorClass::Permanent,
        };
        Self { code, message: message.trim().into(), class }
    }

    /// `InvalidBatch`, `ClientInputError`…; empty when the text has none.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The text, at most 2 KiB; for an administrator's eyes.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do.
    #[must_use]
    pub const fn class(&self) -> JobErrorClass {
        self.class
    }

    /// The column that Salesforce does not know, or that this user may not write.
    #[must_use]
    pub fn unknown_field(&self) -> Option<&str> {
        let field = self.message.strip_prefix("Field name not found")?.trim_start_matches([' ', ':']);
        (!field.is_empty() && field.len() <= 120).then_some(field)
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.code.is_empty() { "unnamed job error" } else { &self.code })
    }
}

impl fmt::Debug for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobError({self}, {:?})", self.class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_job_errors_seen_in_the_field_are_classified() {
        use JobErrorClass as K;
        for (raw, class) in [
            (
                "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
                K::Permanent,
            ),
            ("InvalidBatch : Field name not found : Foo__c", K::Permanent),
            (
                "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should be within a quote",
                K::Permanent,
            ),
            ("ExceededQuota : ApiBatchItems Limit exceeded", K::Allowance),
            ("InternalServerError : x", K::Transient),
            ("Timeout", K::Permanent),
            ("Timeout : x", K::Transient),
            ("TooManyLockFailure : Too many lock failure 200", K::Transient),
            ("InvalidBatch : The batch was tried more than 20 times", K::Split),
            ("", K::Permanent),
        ] {
            assert_eq!(JobError::classify(raw).class(), class, "{raw}");
        }
        assert_eq!(
            JobError::classify("InvalidBatch : Field name not found : Foo__c").unknown_field(),
            Some("Foo__c")
        );
    }
}
