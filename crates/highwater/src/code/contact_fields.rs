//! What `check` finds on the Contact, and about the org as a whole.

use super::Code;

/// A Contact field is missing.
pub static FIELD_MISSING: Code = Code {
    number: 301,
    title: "a Contact field is missing",
    happened: "The org does not show the field to our user: it does not exist, or field-level security hides it. The two look the same from outside.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Check the API name in Setup, Object Manager, Contact. If the field is there, give the integration user's permission set read access to it (and edit access where it is pushed).",
};

/// The supporter id field cannot serve as a key.
pub static KEY_FIELD: Code = Code {
    number: 302,
    title: "the supporter id field cannot serve as a key",
    happened: "`contact_fields.supporter_id` must be External ID and Unique. Without both, an upsert could find the wrong Contact or create a second one.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Set External ID and Unique on the field. If Unique cannot be set because values repeat, merge or correct those Contacts first.",
};

/// A pushed field cannot be written.
pub static NOT_WRITABLE: Code = Code {
    number: 303,
    title: "a pushed field cannot be written",
    happened: "The map sends changes to the field, and our user may not create or update it: a formula, a roll-up, or field-level security.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Give the permission set edit access, or set `direction = \"pull\"` for a formula or roll-up.",
};

/// A field is of another type.
pub static TYPE: Code = Code {
    number: 304,
    title: "a field is of another type",
    happened: "The type given in the map is not the org's own, so values would be compared wrongly and changes be found where there are none.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Take `type` out of the rule, so that the org is asked, or correct it.",
};

/// Values may not fit.
pub static TOO_SHORT: Code = Code {
    number: 305,
    title: "values may not fit",
    happened: "The map promises more characters than the Contact field takes, or a column is longer than the field. A longer value is never cut: its record is blocked.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Lower `max_length`, lengthen the field in Salesforce, or accept that long values are blocked and listed by `highwater errors`.",
};

/// The user may not work with Contacts.
pub static OBJECT_PERMISSION: Code = Code {
    number: 306,
    title: "the user may not work with Contacts",
    happened: "Our user may not create or update Contacts.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Give the integration user's permission set Create and Edit on Contact. To only pull, set `sync.push = false`.",
};

/// The API version needs attention.
pub static API_VERSION: Code = Code {
    number: 307,
    title: "the API version needs attention",
    happened: "The configured API version is not one the org serves, or it is so old that Salesforce may retire it: a version is kept for three years at least.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Set `salesforce.api_version` to a version that the message names.",
};

/// What is left of an allowance.
pub static ALLOWANCE_LOW: Code = Code {
    number: 308,
    title: "what is left of an allowance",
    happened: "The org counts requests and jobs over 24 hours. A warning means that less than a tenth is left.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Find out in Setup who uses them, run less often, or raise the limit.",
};

/// What highwater may use of the org's requests.
pub static OUR_SHARE: Code = Code {
    number: 324,
    title: "what highwater may use of the org's requests",
    happened: "`budget.share_percent` of the org's daily API requests are highwater's. A warning means that they are fewer than a day of hourly cycles may need.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Raise `budget.share_percent`, run less often, or raise the org's limit. What is used up delays changes and loses none.",
};

/// The clocks differ.
pub static CLOCK: Code = Code {
    number: 309,
    title: "the clocks differ",
    happened: "This machine's clock and Salesforce's differ by more than a minute. Windows use the servers' own clocks and are not harmed; signed logins and the log's times are.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Let the system's time service correct the clock.",
};

/// The push marker, or the flag of a deleted supporter, is no checkbox.
pub static MARKER: Code = Code {
    number: 310,
    title: "a checkbox of ours is none",
    happened: "`contact_fields.push_marker` and `contact_fields.supporter_deleted` must be checkboxes that our user may edit.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Correct the name. Leave the marker out where the org has no Flows that look at it.",
};

/// A required field is not mapped.
pub static REQUIRED_FIELD: Code = Code {
    number: 311,
    title: "a required field is not mapped",
    happened: "The org requires the field of every new Contact, and the map does not fill it: every creation would be refused.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Map it, give it a constant, or give the field a default in Salesforce.",
};

/// Which org this is.
pub static ORG: Code = Code {
    number: 312,
    title: "which org this is",
    happened: "The org id and the user that the credentials belong to.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Put the id into `salesforce.expected_org_id`, so that credentials of another org are refused.",
};

/// A choice the org does not know.
pub static CHOICES: Code = Code {
    number: 313,
    title: "a choice the org does not know",
    happened: "The map decodes to a value that the restricted picklist does not have: such rows would be refused.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Use the picklist value's API name, or add it in Salesforce.",
};

/// A filter names a field that is missing.
pub static EXCLUDE_FIELD: Code = Code {
    number: 314,
    title: "a filter names a field that is missing",
    happened: "`sync.exclude` or `matching.email_fields` names a Contact field that the org does not show to our user.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Correct the name, or give read access to the field.",
};

/// An opt-in is ticked on nobody.
pub static NEVER_TICKED: Code = Code {
    number: 325,
    title: "an opt-in is ticked on nobody",
    happened: "A mapped checkbox is ticked on no Contact, as a new one is. A checkbox cannot say \"never asked\": it says no for everybody. When two records meet for the first time the no wins, so the yes of every supporter would be taken back; with `sync.pull = false`, it would never be sent.",
    done: "Refused to begin; nothing was written. `check` says so, too, and only warns where people have met over the field before, or while a service has the state open.",
    remedy: "Set `direction = \"push\"` on the field until the Contacts are filled, or `first_link = \"supporter\"`, so that at a first meeting the supporter's answer wins. If the no is meant, say so with `first_link = \"most_restrictive\"`.",
};

/// Nobody says yes in an opt-in column.
pub static NEVER_FILLED: Code = Code {
    number: 326,
    title: "nobody says yes in an opt-in column",
    happened: "A mapped opt-in column says yes of no supporter, as one does that was never filled: empty counts as no. Contacts in the org are ticked. When two records meet for the first time the no wins, so each of these consents would be taken back; with `sync.push = false`, it would never be taken over.",
    done: "Refused to begin; nothing was written. `check` says so, too, and only warns where people have met over the column before, or while a service has the state open.",
    remedy: "Set `direction = \"pull\"` on the field until the column is filled, or `first_link = \"salesforce\"`, so that at a first meeting the Contact's answer wins. If the no is meant, say so with `first_link = \"most_restrictive\"`.",
};

/// The family.
pub static ALL: &[&Code] = &[
    &FIELD_MISSING,
    &KEY_FIELD,
    &NOT_WRITABLE,
    &TYPE,
    &TOO_SHORT,
    &OBJECT_PERMISSION,
    &API_VERSION,
    &ALLOWANCE_LOW,
    &OUR_SHARE,
    &CLOCK,
    &MARKER,
    &REQUIRED_FIELD,
    &ORG,
    &CHOICES,
    &EXCLUDE_FIELD,
    &NEVER_TICKED,
    &NEVER_FILLED,
];
