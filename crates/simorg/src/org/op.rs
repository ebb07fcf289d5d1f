//! What a call does, for counting and for scripted faults.

use axum::http::Method;
use serde::{Deserialize, Serialize};

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// One kind of call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Op { $($(#[$doc])* $name),+ }

        impl Op {
            /// Every kind of call.
            pub const ALL: &'static [Op] = &[$(Op::$name),+];
        }
    };
}

operations! {
    /// `POST /services/oauth2/token`.
    Token,
    /// `POST /services/oauth2/revoke`.
    Revoke,
    /// `GET /services/oauth2/userinfo` and `/id/{org}/{user}`.
    UserInfo,
    /// `POST /services/Soap/…`.
    Soap,
    /// `GET /services/data`.
    Versions,
    /// `GET /services/data/vNN.0`.
    Resources,
    /// `GET …/limits`.
    Limits,
    /// `GET …/sobjects`.
    DescribeGlobal,
    /// `GET …/sobjects/{object}` and `…/describe`.
    Describe,
    /// `POST …/sobjects/{object}`.
    Create,
    /// `GET …/sobjects/{object}/{id}`.
    Read,
    /// `PATCH …/sobjects/{object}/{id}`.
    Update,
    /// `DELETE …/sobjects/{object}/{id}`.
    Delete,
    /// `GET …/sobjects/{object}/{field}/{value}`.
    ReadExternal,
    /// `PATCH …/sobjects/{object}/{field}/{value}`.
    Upsert,
    /// `DELETE …/sobjects/{object}/{field}/{value}`.
    DeleteExternal,
    /// `GET …/sobjects/{object}/updated`.
    GetUpdated,
    /// `GET …/sobjects/{object}/deleted`.
    GetDeleted,
    /// `POST …/composite/sobjects`.
    CollectionCreate,
    /// `PATCH …/composite/sobjects`.
    CollectionUpdate,
    /// `PATCH …/composite/sobjects/{object}/{field}`.
    CollectionUpsert,
    /// `DELETE …/composite/sobjects`.
    CollectionDelete,
    /// `GET` and `POST …/composite/sobjects/{object}`.
    CollectionRead,
    /// `POST …/composite`.
    Composite,
    /// `POST …/composite/batch`.
    CompositeBatch,
    /// `GET …/query`.
    Query,
    /// `GET …/queryAll`.
    QueryAll,
    /// `GET …/query/{cursor}`.
    QueryMore,
    /// `POST …/jobs/ingest`.
    IngestCreate,
    /// `PUT …/jobs/ingest/{id}/batches`.
    IngestUpload,
    /// `PATCH …/jobs/ingest/{id}`: close or abort.
    IngestState,
    /// `GET …/jobs/ingest/{id}`.
    IngestInfo,
    /// `GET …/jobs/ingest`.
    IngestList,
    /// `DELETE …/jobs/ingest/{id}`.
    IngestDelete,
    /// `GET …/successfulResults`.
    IngestSuccessful,
    /// `GET …/failedResults`.
    IngestFailed,
    /// `GET …/unprocessedrecords`.
    IngestUnprocessed,
    /// `POST …/jobs/query`.
    QueryJobCreate,
    /// `GET …/jobs/query/{id}`.
    QueryJobInfo,
    /// `GET …/jobs/query`.
    QueryJobList,
    /// `PATCH …/jobs/query/{id}`.
    QueryJobState,
    /// `DELETE …/jobs/query/{id}`.
    QueryJobDelete,
    /// `GET …/jobs/query/{id}/results`.
    QueryJobResults,
    /// `GET …/jobs/query/{id}/resultPages`.
    QueryJobPages,
    /// Anything else.
    Other,
}

impl Op {
    /// The kind of a call by its method and path. Total: what is unknown is [`Op::Other`].
    pub fn of(method: &Method, path: &str) -> Self {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            ["services", "oauth2", "token"] => Self::Token,
            ["services", "oauth2", "revoke"] => Self::Revoke,
            ["services", "oauth2", "userinfo"] | ["id", _, _] => Self::UserInfo,
            ["services", "Soap", ..] => Self::Soap,
            ["services", "data"] => Self::Versions,
            ["services", "data", _] => Self::Resources,
            ["services", "data", _, "jobs", rest @ ..] => Self::of_job(method, rest),
            ["services", "data", _, "sobjects", rest @ ..] => Self::of_record(method, rest),
            ["services", "data", _, "composite", "sobjects", rest @ ..] => Self::of_collection(method, rest),
            ["services", "data", _, "composite"] => Self::Composite,
            ["services", "data", _, "composite", "batch"] => Self::CompositeBatch,
            ["services", "data", _, "limits"] => Self::Limits,
            ["services", "data", _, "query"] => Self::Query,
            ["services", "data", _, "queryAll"] => Self::QueryAll,
            ["services", "data", _, "query" | "queryAll", _] => Self::QueryMore,
            _ => Self::Other,
        }
    }

    fn of_record(method: &Method, rest: &[&str]) -> Self {
        match (method.as_str(), rest) {
            ("GET", []) => Self::DescribeGlobal,
            ("GET", [_] | [_, "describe"]) => Self::Describe,
            ("GET", [_, "updated"]) => Self::GetUpdated,
            ("GET", [_, "deleted"]) => Self::GetDeleted,
            ("POST", [_] | [_, "Id"]) => Self::Create,
            ("GET", [_, _]) => Self::Read,
            ("PATCH", [_, _]) => Self::Update,
            ("DELETE", [_, _]) => Self::Delete,
            ("GET", [_, _, _]) => Self::ReadExternal,
            ("PATCH", [_, _, _]) => Self::Upsert,
            ("DELETE", [_, _, _]) => Self::DeleteExternal,
            _ => Self::Other,
        }
    }

    fn of_collection(method: &Method, rest: &[&str]) -> Self {
        match (method.as_str(), rest) {
            ("POST", []) => Self::CollectionCreate,
            ("PATCH", []) => Self::CollectionUpdate,
            ("DELETE", []) => Self::CollectionDelete,
            ("PATCH", [_, _]) => Self::CollectionUpsert,
            ("GET" | "POST", [_]) => Self::CollectionRead,
            _ => Self::Other,
        }
    }

    fn of_job(method: &Method, rest: &[&str]) -> Self {
        match (method.as_str(), rest) {
            ("POST", ["ingest"]) => Self::IngestCreate,
            ("GET", ["ingest"]) => Self::IngestList,
            ("GET", ["ingest", _]) => Self::IngestInfo,
            ("PATCH", ["ingest", _]) => Self::IngestState,
            ("DELETE", ["ingest", _]) => Self::IngestDelete,
            ("PUT", ["ingest", _, "batches"]) => Self::IngestUpload,
            ("GET", ["ingest", _, "successfulResults"]) => Self::IngestSuccessful,
            ("GET", ["ingest", _, "failedResults"]) => Self::IngestFailed,
            ("GET", ["ingest", _, "unprocessedrecords" | "unprocessedRecords"]) => Self::IngestUnprocessed,
            ("POST", ["query"]) => Self::QueryJobCreate,
            ("GET", ["query"]) => Self::QueryJobList,
            ("GET", ["query", _]) => Self::QueryJobInfo,
            ("PATCH", ["query", _]) => Self::QueryJobState,
            ("DELETE", ["query", _]) => Self::QueryJobDelete,
            ("GET", ["query", _, "results"]) => Self::QueryJobResults,
            ("GET", ["query", _, "resultPages" | "resultpages"]) => Self::QueryJobPages,
            _ => Self::Other,
        }
    }

    /// Whether the call counts against the daily API requests.
    pub fn is_billed(self) -> bool {
        !matches!(self, Self::Token | Self::Revoke | Self::UserInfo | Self::Soap | Self::Versions)
    }
}

#[cfg(test)]
mod tests {
    use super::Op;
    use axum::http::Method;

    #[test]
    fn calls_are_told_apart_by_method_and_path() {
        let base = "/services/data/v66.0";
        for (method, path, op) in [
            (Method::POST, "/jobs/ingest", Op::IngestCreate),
            (Method::GET, "/jobs/ingest/750/successfulResults/", Op::IngestSuccessful),
            (Method::PATCH, "/sobjects/Contact/EN_Supporter_Id__c/1", Op::Upsert),
            (Method::GET, "/query/01g-2000", Op::QueryMore),
            (Method::POST, "/composite/sobjects", Op::CollectionCreate),
            (Method::PUT, "/query", Op::Query),
            (Method::PUT, "/nothing", Op::Other),
        ] {
            assert_eq!(Op::of(&method, &format!("{base}{path}")), op, "{path}");
        }
    }
}
