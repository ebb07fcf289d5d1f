//! The org, as it answers.

use super::Code;

/// The settings for the org are not usable.
pub static CLIENT_SETTINGS: Code = Code {
    number: 200,
    title: "the settings for the org are not usable",
    happened: "The login address, the grant or another setting of `[salesforce]` cannot be used as it is. No call was made.",
    done: "Nothing was read or written.",
    remedy: "Correct `[salesforce]`. `login_url` is scheme and host of your My Domain; plain `http://` is for the simulated org on this machine only.",
};

/// The org could not be reached.
pub static UNREACHABLE: Code = Code {
    number: 201,
    title: "the org could not be reached",
    happened: "No connection to the org, or no answer in time, for as long as the retries lasted.",
    done: "Everything committed so far stands. Who was not done yet stays marked and is done by the next cycle.",
    remedy: "Check network and proxy, and the status of your instance at status.salesforce.com. Nothing needs to be repaired: the next cycle goes on.",
};

/// The org's certificate was refused.
pub static CERTIFICATE: Code = Code {
    number: 202,
    title: "the org's certificate was refused",
    happened: "The server did not prove that it is the org. The access token was not sent.",
    done: "Nothing was written.",
    remedy: "Check `login_url`. Behind a proxy that opens TLS, name its certificate with `extra_ca_file`. Certificates are always verified; there is no switch.",
};

/// The org refused the credentials.
pub static CREDENTIALS: Code = Code {
    number: 203,
    title: "the org refused the credentials",
    happened: "The org answered the login with a refusal, or ended a fresh session at once. The message says which refusal it was and what to do about it.",
    done: "The refused credentials were offered once. Nothing was written by this attempt; a job that was under way is in the journal and is settled by the next cycle. A running service has ended.",
    remedy: "Check client id, secret or key, the flow settings of the External Client App, its run-as user, and that `login_url` is the My Domain. Do not retry in a loop.",
};

/// The integration user may not do this.
pub static FORBIDDEN: Code = Code {
    number: 204,
    title: "the integration user may not do this",
    happened: "The login works, and the user lacks the permission for the call that is named.",
    done: "Everything committed so far stands. Who was not done yet stays marked and is done by the next cycle.",
    remedy: "Give the integration user the permission set with API Enabled and read, create and edit on Contact. `highwater check` names what is missing.",
};

/// The org's request allowance is used up.
pub static ALLOWANCE: Code = Code {
    number: 205,
    title: "the org's request allowance is used up",
    happened: "The org counts API requests over 24 hours and has none left for us.",
    done: "Everything committed so far stands. Who was not done yet stays marked and is done by the next cycle.",
    remedy: "Wait until the allowance returns, run less often, or raise it. Setup, Company Information shows who uses how much.",
};

/// The org is busy or in maintenance.
pub static BUSY: Code = Code {
    number: 206,
    title: "the org is busy or in maintenance",
    happened: "The org kept answering \"not now\" until the retries were used up.",
    done: "Everything committed so far stands. Who was not done yet stays marked and is done by the next cycle.",
    remedy: "See the status of your instance. The next cycle goes on by itself.",
};

/// The org refused a request.
pub static REFUSED: Code = Code {
    number: 207,
    title: "the org refused a request",
    happened: "The org understood a request and refused it. Code and fields are in the message.",
    done: "Everything committed so far stands. Who was not done yet stays marked and is done by the next cycle.",
    remedy: "Look the code up in the message: a field, an object or a query is not as expected. `highwater check` compares the field map with the org.",
};

/// The API version is retired.
pub static VERSION_RETIRED: Code = Code {
    number: 208,
    title: "the API version is retired",
    happened: "The configured API version is no longer served.",
    done: "Nothing was written.",
    remedy: "Set a newer `salesforce.api_version`.",
};

/// The outcome of a request is unknown.
pub static OUTCOME_UNKNOWN: Code = Code {
    number: 209,
    title: "the outcome of a request is unknown",
    happened: "A request left and no usable answer came back: it may or may not have taken effect.",
    done: "Nothing is repeated blindly. The journal keeps what was sent; the next cycle reads the org's state first and settles it.",
    remedy: "Run the next cycle. If it happens often, look at proxies in between.",
};

/// An answer of the org cannot be used.
pub static ANSWER: Code = Code {
    number: 210,
    title: "an answer of the org cannot be used",
    happened: "An answer ended early, came too slowly, was too large, or is not what the documentation describes.",
    done: "Everything committed so far stands. Who was not done yet stays marked and is done by the next cycle.",
    remedy: "Often a maintenance or login page, or a proxy in between. Look at both; the next cycle tries again.",
};

/// An address that is not trusted.
pub static ADDRESS: Code = Code {
    number: 211,
    title: "an address that is not trusted",
    happened: "An answer redirected us, or named a host that the access token may not be sent to.",
    done: "The call was given up. The token was not sent to that host.",
    remedy: "Use the org's current My Domain as `login_url`. If the host is really yours, add it to `salesforce.allowed_hosts`.",
};

/// This is not the configured org.
pub static WRONG_ORG: Code = Code {
    number: 212,
    title: "this is not the configured org",
    happened: "The credentials belong to another org than `salesforce.expected_org_id` names.",
    done: "Nothing was written.",
    remedy: "Use the right credentials, or correct `expected_org_id`. This check keeps a sandbox and production apart.",
};

/// A job did not come to its end.
pub static JOB: Code = Code {
    number: 213,
    title: "a job did not come to its end",
    happened: "A Bulk job failed as a whole, or ran longer than `sync.job_deadline_minutes`.",
    done: "The job is in the journal. The next cycle reads its results or aborts it before anything else is sent.",
    remedy: "See Setup, Bulk Data Load Jobs, for the job that is named. The next cycle goes on by itself.",
};

/// A local file cannot be read or written.
pub static LOCAL_FILE: Code = Code {
    number: 214,
    title: "a local file cannot be read or written",
    happened: "Reading or writing a file of the state directory failed.",
    done: "Everything committed so far stands. Who was not done yet stays marked and is done by the next cycle.",
    remedy: "Check free space and permissions of the state directory.",
};

/// The org is not of the kind the configuration says.
pub static ORG_KIND: Code = Code {
    number: 220,
    title: "a sandbox where production is meant, or the other way round",
    happened: "The org says of itself whether it is a sandbox, and that is not what `salesforce.sandbox` says, or what the login address implies.",
    done: "Nothing was written, and the state was not bound to this org.",
    remedy: "Use the credentials of the right org or the right `--profile`. If the org is the right one, correct `salesforce.sandbox`.",
};

/// The org's new refresh token could not be kept.
pub static TOKEN_NOT_KEPT: Code = Code {
    number: 221,
    title: "the org's new refresh token could not be kept",
    happened: "The org gives a new refresh token at each use and ends the old one (refresh token rotation). The new one could not be written where the old one came from.",
    done: "The sign-in was given up; nothing was read or written. The old token is worth nothing any more.",
    remedy: "Keep the token in `refresh_token_file`, in a folder where the user that runs highwater may replace it, or switch off rotation in the app. Then approve the app again and keep the new token.",
};

/// Our share of the org's daily requests is used up.
pub static SHARE_USED: Code = Code {
    number: 222,
    title: "our share of the org's daily requests is used up",
    happened: "Within 24 hours highwater used as many of the org's API requests as `budget.share_percent` allows it, or others used so many that what is left is kept for them (`budget.reserve_percent`). The request that was next did not leave.",
    done: "Everything committed so far stands. Who was not done yet stays marked. A job that was begun is settled from the calls held back for that; where they did not suffice, the next cycle settles it.",
    remedy: "Wait: with every hour the use of the same hour of the day before returns, and the next cycle goes on. `highwater status` shows the figures. If it comes often, raise `budget.share_percent`, run less often, or raise the org's limit.",
};

/// The family.
pub static ALL: &[&Code] = &[
    &CLIENT_SETTINGS,
    &UNREACHABLE,
    &CERTIFICATE,
    &CREDENTIALS,
    &FORBIDDEN,
    &ALLOWANCE,
    &BUSY,
    &REFUSED,
    &VERSION_RETIRED,
    &OUTCOME_UNKNOWN,
    &ANSWER,
    &ADDRESS,
    &WRONG_ORG,
    &JOB,
    &LOCAL_FILE,
    &ORG_KIND,
    &TOKEN_NOT_KEPT,
    &SHARE_USED,
];
