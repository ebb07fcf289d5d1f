//! What `check` finds in the org's set-up: Flows, rights of the integration user, duplicate rules.

use super::Code;

/// The stamp field is no date and time.
pub static LAST_MODIFIED: Code = Code {
    number: 315,
    title: "the stamp field is no date and time",
    happened: "`contact_fields.last_modified` must be a date and time: the org's Flow writes the moment of an edit into it.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Correct the name, or leave it out where the org has no Flow that stamps edits.",
};

/// What the stamping Flow does.
pub static STAMPING: Code = Code {
    number: 316,
    title: "what the stamping Flow does",
    happened: "Contacts that somebody other than our user created or edited within 30 days were looked at: does each carry the stamp of that edit? A warning means that the Flow \"EN Push False\" is missing, inactive, or does not list every mapped field. highwater finds edits without it; whoever reads the stamps does not.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Deploy the Flows that `highwater setup export` writes, activate them, and deactivate older ones. Where the map changed, `highwater setup diff` with the earlier export says which fields the condition lacks.",
};

/// The push marker stays ticked.
pub static UNTICKING: Code = Code {
    number: 317,
    title: "the push marker stays ticked",
    happened: "Contacts carry the push marker longer than a save takes. The Flow \"EN Push True\", which unticks it, is missing or inactive. As long as it is ticked nobody's edit of that Contact is stamped.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Deploy and activate the Flow that `highwater setup export` writes. Then untick the Contacts that are left, for example with a list view.",
};

/// The Flows are not told which saves are ours.
pub static MARKER_UNUSED: Code = Code {
    number: 318,
    title: "the Flows are not told which saves are ours",
    happened: "The Contact has the checkbox by which the org's Flows know a save that is not an edit, and `contact_fields.push_marker` does not name it. If the Flows are active they stamp what highwater writes as if a person had edited it.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Set `push_marker` in `[contact_fields]`. Without Flows there is nothing to do.",
};

/// Something could not be looked at.
pub static NOT_READ: Code = Code {
    number: 319,
    title: "something could not be looked at",
    happened: "The org does not show our user what this part of the check asks for. Whether all is well there is not known. A cycle needs none of it.",
    done: "Went on with the rest of the check.",
    remedy: "Look in Setup yourself, or give the user \"View Setup and Configuration\" for the time of the check.",
};

/// The user may log in like a person.
pub static API_ONLY: Code = Code {
    number: 320,
    title: "the user may log in like a person",
    happened: "Neither the profile nor a permission set of our user has \"API Only User\". Whoever learns its password could log in with a browser.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Give the user the profile \"Minimum Access - API Only Integrations\", or a permission set with API Only User.",
};

/// The user may do more than it needs.
pub static TOO_MIGHTY: Code = Code {
    number: 321,
    title: "the user may do more than it needs",
    happened: "Our user has a permission that highwater never uses. If its credentials were stolen, more could be done with them than with highwater.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Take the permission away. The permission set that `highwater setup export` writes holds all that is needed.",
};

/// Sharing may hide Contacts.
pub static SHARING: Code = Code {
    number: 322,
    title: "sharing may hide Contacts",
    happened: "Our user has no \"View All\" on Contacts. If the org's sharing hides a Contact from it, highwater cannot find that person and may create a second Contact.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Leave it where every user may see every Contact (Setup, Sharing Settings: Public Read). Otherwise give View All on Contact.",
};

/// Active duplicate rules.
pub static DUPLICATE_RULES: Code = Code {
    number: 323,
    title: "active duplicate rules",
    happened: "These rules look at what highwater creates. A refused row is resolved by e-mail address, first and last name. What a rule refuses for another reason becomes a case, and what a rule on Accounts refuses in an NPSP org does, too: there a new Contact brings a household Account along.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Let rules that look at other fields only report, or except our user from them: `docs/guides/duplicate-rules.md`.",
};

/// The family.
pub static ALL: &[&Code] = &[
    &LAST_MODIFIED,
    &STAMPING,
    &UNTICKING,
    &MARKER_UNUSED,
    &NOT_READ,
    &API_ONLY,
    &TOO_MIGHTY,
    &SHARING,
    &DUPLICATE_RULES,
];
