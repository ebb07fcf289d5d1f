//! The columns of the matrix: what goes wrong, in each of its documented shapes.

use salesforce::transport::TransportErrorKind;
use simorg::Fault as OrgFault;
use supporters::Error as DatabaseError;

use crate::call::Call;

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is refused, or the name is not known: nothing left.
    Refused,
    /// The certificate is not to be trusted.
    Tls,
    /// Sent, nothing was done, no answer.
    LostBefore,
    /// Sent and done, no answer.
    LostAfter,
    /// 401.
    Unauthorised,
    /// 403: the allowance is used up.
    Limit,
    /// 403 for another reason.
    Forbidden,
    /// 404.
    NotFound,
    /// 400 or 409.
    BadRequest,
    /// 410.
    Gone,
    /// 429 or 5xx.
    Busy,
    /// The body breaks off.
    Cut,
    /// HTML, another type, no JSON, no CSV.
    NotAsDocumented,
    /// Over a size limit.
    TooBig,
    /// Under the minimum rate, or silent.
    TooSlow,
    /// 301, 302, 307, 308.
    Redirect,
}

/// One shape of a fault, ready to happen.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// Below HTTP; whether the org does its part.
    Transport(TransportErrorKind, bool),
    /// The head arrives and the body breaks off at once.
    NoBody,
    /// The head arrives and the body comes a byte at a time.
    Drip,
    /// Scripted in the org.
    Org(OrgFault),
    /// The supporter database fails; whether it does its part.
    Database(DatabaseError, bool),
    /// The supporter database refuses this one row.
    RowRefused,
    /// Another program deleted the row.
    RowGone,
    /// The disk of the state is full.
    DiskFull,
    /// A stored value is damaged.
    DamagedValue,
}

impl Trouble {
    /// Whether the org did what it was asked, so that only the answer is bad.
    pub fn takes_effect(&self) -> bool {
        match self {
            Self::Transport(_, done) | Self::Database(_, done) => *done,
            Self::NoBody | Self::Drip => true,
            Self::Org(fault) => match fault {
                OrgFault::DoThenDropReply
                | OrgFault::Truncate { .. }
                | OrgFault::TruncateCleanly { .. }
                | OrgFault::Strip { .. }
                | OrgFault::Bloat { .. }
                | OrgFault::Slow { .. } => true,
                OrgFault::Refuse { .. }
                | OrgFault::DropBeforeDoing
                | OrgFault::Html { .. }
                | OrgFault::Redirect { .. } => false,
            },
            Self::RowRefused | Self::RowGone | Self::DiskFull | Self::DamagedValue => false,
        }
    }
}

fn refuse(status: u16, body: &str) -> Trouble {
    Trouble::Org(OrgFault::Refuse { status, body: body.to_owned(), times: 1 })
}

/// An error as REST and Bulk write it, or as the token endpoint does.
fn error(call: Call, status: u16, code: &str, oauth: &str) -> Trouble {
    if call == Call::Token {
        refuse(status, &format!(r#"{{"error":"{oauth}","error_description":"said the org"}}"#))
    } else {
        refuse(status, &format!(r#"[{{"errorCode":"{code}","message":"said the org"}}]"#))
    }
}

impl Fault {
    /// Every shape in which this fault meets this call. None: it cannot.
    pub fn shapes(self, call: Call) -> Vec<Trouble> {
        match call {
            Call::SupporterRead | Call::SupporterWrite => self.of_database(call),
            Call::StateCommit => self.of_state(),
            _ => self.of_org(call),
        }
    }

    fn of_org(self, call: Call) -> Vec<Trouble> {
        use TransportErrorKind as T;
        let org = |fault| Trouble::Org(fault);
        match self {
            Self::Refused => vec![Trouble::Transport(T::NotSent, false)],
            Self::Tls => vec![Trouble::Transport(T::Tls, false)],
            Self::LostBefore => vec![Trouble::Transport(T::NoAnswer, false)],
            Self::LostAfter => vec![Trouble::Transport(T::NoAnswer, true)],
            Self::Unauthorised => vec![error(call, 401, "INVALID_SESSION_ID", "invalid_client")],
            Self::Limit if call == Call::Token => vec![error(call, 400, "", "rate_limit_exceeded")],
            Self::Limit => vec![refuse(
                403,
                r#"[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]"#,
            )],
            Self::Forbidden => vec![error(call, 403, "INSUFFICIENT_ACCESS", "invalid_app_access")],
            Self::NotFound => vec![error(call, 404, "NOT_FOUND", "invalid_client_id")],
            Self::BadRequest => bad_requests(call),
            Self::Gone => vec![error(call, 410, "UNSUPPORTED_API_VERSION", "unsupported_version")],
            Self::Busy => vec![
                error(call, 429, "REQUEST_RATE_EXCEEDED", "temporarily_unavailable"),
                error(call, 500, "UNKNOWN_EXCEPTION", "unknown_error"),
                error(call, 503, "SERVER_UNAVAILABLE", "server_error"),
                org(OrgFault::Html { status: 503 }),
            ],
            Self::Cut if matches!(call, Call::Upload) => vec![Trouble::NoBody],
            Self::Cut => vec![
                Trouble::NoBody,
                org(OrgFault::Truncate { bytes: 20 }),
                org(OrgFault::TruncateCleanly { bytes: 20 }),
            ],
            Self::NotAsDocumented if call == Call::Upload => vec![org(OrgFault::Html { status: 200 })],
            Self::NotAsDocumented => vec![
                org(OrgFault::Html { status: 200 }),
                refuse(200, r#"{"id":"#),
                refuse(200, "[17]"),
                refuse(200, ""),
            ],
            // The answer to an upload has no body that anybody reads.
            Self::TooBig if call == Call::Upload => Vec::new(),
            Self::TooBig => vec![org(OrgFault::Bloat { bytes: 2 << 20 })],
            Self::TooSlow if call == Call::Upload => vec![Trouble::Drip],
            Self::TooSlow => vec![Trouble::Drip, org(OrgFault::Slow { millis_per_kib: 3_600_000 })],
            Self::Redirect => vec![
                org(OrgFault::Redirect { to: "https://elsewhere.example.org/".to_owned() }),
                refuse(301, ""),
                refuse(307, ""),
                refuse(308, ""),
            ],
        }
    }

    /// What the same trouble looks like in front of a database.
    fn of_database(self, call: Call) -> Vec<Trouble> {
        let (operation, table) = ("reading", "supporters".to_owned());
        let detail = || "said the database".to_owned();
        let lost = DatabaseError::Lost { operation, detail: detail() };
        let slow = DatabaseError::TimedOut { operation, seconds: 30 };
        let one = |error: DatabaseError| vec![Trouble::Database(error, false)];
        match self {
            Self::Refused => one(DatabaseError::Unreachable { operation, detail: detail() }),
            Self::Tls => one(DatabaseError::Certificate { detail: detail() }),
            Self::LostBefore => one(lost),
            Self::LostAfter | Self::Cut => vec![Trouble::Database(lost, true)],
            Self::Unauthorised => one(DatabaseError::Login { detail: detail() }),
            Self::Limit | Self::Busy => one(DatabaseError::Busy { operation }),
            Self::Forbidden => one(DatabaseError::ReadOnly { table, reason: "no right to it" }),
            Self::NotFound if call == Call::SupporterWrite => vec![Trouble::RowGone],
            Self::NotFound => one(DatabaseError::MissingTable { table, existing: Vec::new() }),
            Self::BadRequest if call == Call::SupporterWrite => vec![Trouble::RowRefused],
            Self::BadRequest => one(DatabaseError::MissingColumn {
                table,
                column: "city".to_owned(),
                role: "city",
                existing: Vec::new(),
            }),
            Self::NotAsDocumented => {
                one(DatabaseError::Database { operation, code: "11".to_owned(), detail: detail() })
            }
            Self::TooSlow => vec![Trouble::Database(slow, true)],
            // No version is retired, no answer is unbounded (a cell arrives cut), and nobody sends us elsewhere.
            Self::Gone | Self::TooBig | Self::Redirect => Vec::new(),
        }
    }

    /// What can happen to a commit.
    fn of_state(self) -> Vec<Trouble> {
        match self {
            Self::Busy => vec![Trouble::DiskFull],
            Self::Cut => vec![Trouble::DamagedValue],
            Self::Refused
            | Self::Tls
            | Self::LostBefore
            | Self::LostAfter
            | Self::Unauthorised
            | Self::Limit
            | Self::Forbidden
            | Self::NotFound
            | Self::BadRequest
            | Self::Gone
            | Self::NotAsDocumented
            | Self::TooBig
            | Self::TooSlow
            | Self::Redirect => Vec::new(),
        }
    }
}

fn bad_requests(call: Call) -> Vec<Trouble> {
    let rest = |status, code: &str| error(call, status, code, "invalid_grant");
    match call {
        Call::Upload | Call::Close | Call::Abort => {
            vec![rest(400, "INVALIDJOBSTATE"), rest(409, "INVALIDJOBSTATE")]
        }
        Call::Poll | Call::Results => vec![rest(409, "API_VERSION_MISMATCH")],
        Call::Token => vec![rest(400, "")],
        _ => vec![rest(400, "INVALID_FIELD")],
    }
}
