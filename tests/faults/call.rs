//! The rows of the matrix: the calls an engine makes, and what it stands at when it makes them.

use model::Phase;
use salesforce::transport::{Body, Request};
use simorg::Op;

use crate::world::Stage;

/// One kind of call, as the matrix tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Token,
    GetUpdated,
    ChangedPage,
    LookUp,
    ReadByIds,
    QueryJobCreate,
    QueryJobPoll,
    QueryJobResults,
    IngestCreate,
    Upload,
    Close,
    Poll,
    Results,
    Abort,
    OrphanSearch,
    SupporterRead,
    SupporterWrite,
    StateCommit,
}

impl Call {
    /// Which one a request is.
    pub fn of(request: &Request) -> Option<Self> {
        let asked = request.url.query_pairs().find(|(name, _)| name == "q");
        let window = asked.is_some_and(|(_, soql)| soql.contains("ORDER BY SystemModstamp"));
        Some(match Op::of(&request.method, request.url.path()) {
            Op::Token => Self::Token,
            Op::GetUpdated => Self::GetUpdated,
            Op::Query | Op::QueryAll if window => Self::ChangedPage,
            Op::Query | Op::QueryAll => Self::LookUp,
            Op::CollectionRead => Self::ReadByIds,
            Op::QueryJobCreate => Self::QueryJobCreate,
            Op::QueryJobInfo => Self::QueryJobPoll,
            Op::QueryJobResults => Self::QueryJobResults,
            Op::IngestCreate => Self::IngestCreate,
            Op::IngestUpload => Self::Upload,
            Op::IngestState if says(&request.body, "Aborted") => Self::Abort,
            Op::IngestState => Self::Close,
            Op::IngestInfo => Self::Poll,
            Op::IngestSuccessful | Op::IngestFailed | Op::IngestUnprocessed => Self::Results,
            Op::IngestList => Self::OrphanSearch,
            _ => return None,
        })
    }

    /// In which world an engine makes this call in its next cycle.
    pub fn stage(self) -> Stage {
        match self {
            Self::Token => Stage::NewProcess,
            Self::QueryJobCreate | Self::QueryJobPoll | Self::QueryJobResults => Stage::FirstLoad,
            Self::Abort => Stage::KilledAt(Self::Upload),
            Self::OrphanSearch => Stage::KilledAt(Self::IngestCreate),
            Self::GetUpdated
            | Self::ChangedPage
            | Self::LookUp
            | Self::ReadByIds
            | Self::IngestCreate
            | Self::Upload
            | Self::Close
            | Self::Poll
            | Self::Results
            | Self::SupporterRead
            | Self::SupporterWrite
            | Self::StateCommit => Stage::Hour,
        }
    }

    /// How far the journal says a job got, when the cycle ended at this call.
    pub fn leaves(self) -> Option<Phase> {
        match self {
            Self::IngestCreate | Self::OrphanSearch => Some(Phase::Planned),
            Self::Abort => Some(Phase::Created),
            Self::Close => Some(Phase::Uploaded),
            Self::Poll => Some(Phase::Closed),
            Self::Results => Some(Phase::Terminal),
            // An upload that failed is given up at once: nothing is processed before the close.
            Self::Upload
            | Self::Token
            | Self::GetUpdated
            | Self::ChangedPage
            | Self::LookUp
            | Self::ReadByIds
            | Self::QueryJobCreate
            | Self::QueryJobPoll
            | Self::QueryJobResults
            | Self::SupporterRead
            | Self::SupporterWrite
            | Self::StateCommit => None,
        }
    }

    /// Whether the pull window cannot be complete when this call fails.
    pub fn holds_the_window(self) -> bool {
        match self {
            Self::Token
            | Self::GetUpdated
            | Self::ChangedPage
            | Self::QueryJobCreate
            | Self::QueryJobPoll
            | Self::QueryJobResults
            | Self::Abort
            | Self::OrphanSearch => true,
            Self::LookUp
            | Self::ReadByIds
            | Self::IngestCreate
            | Self::Upload
            | Self::Close
            | Self::Poll
            | Self::Results
            | Self::SupporterRead
            | Self::SupporterWrite
            | Self::StateCommit => false,
        }
    }
}

fn says(body: &Body, what: &str) -> bool {
    match body {
        Body::Bytes(bytes) => String::from_utf8_lossy(bytes).contains(what),
        Body::Empty | Body::File { .. } => false,
    }
}
