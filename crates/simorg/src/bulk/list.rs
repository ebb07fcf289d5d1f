//! Lists of jobs, 1,000 a page, in no order a client could rely on (Bulk guide v66: get information about all jobs).

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::error::BulkError;
use crate::id::RecordId;

/// Jobs on one page.
const PAGE: usize = 1_000;

/// Parameters of a list call.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListQuery {
    job_type: Option<String>,
    query_locator: Option<String>,
}

/// One page of jobs that all are of type `kind`.
pub(super) fn page(
    mut jobs: Vec<(RecordId, Json)>,
    kind: &str,
    query: &ListQuery,
    url: &str,
) -> Result<Json, BulkError> {
    if query.job_type.as_deref().is_some_and(|wanted| wanted != kind) {
        jobs.clear();
    }
    jobs.sort_by_key(|(id, _)| {
        let mut hasher = DefaultHasher::new();
        id.as_str().hash(&mut hasher);
        hasher.finish()
    });
    let first = match query.query_locator.as_deref() {
        None => 0,
        Some(text) => text
            .parse::<usize>()
            .map_err(|_| BulkError::bad("INVALIDQUERYLOCATOR", format!("Invalid query locator: {text}")))?,
    };
    let next = first.saturating_add(PAGE);
    let done = next >= jobs.len();
    let next_url = (!done).then(|| format!("{url}?queryLocator={next}"));
    let records: Vec<Json> = jobs.into_iter().skip(first).take(PAGE).map(|(_, info)| info).collect();
    Ok(json!({"done": done, "records": records, "nextRecordsUrl": next_url}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_a_thousand_jobs_and_lose_none() {
        let jobs =
            || (0..2_500).map(|n| (RecordId::mint("750", "5f0", n), json!({"id": n}))).collect::<Vec<_>>();
        let mut locator = None;
        let mut seen = Vec::new();
        for expected in [1_000, 1_000, 500] {
            let query = ListQuery { job_type: Some("V2Ingest".into()), query_locator: locator.take() };
            let page = page(jobs(), "V2Ingest", &query, "/jobs/ingest").unwrap();
            assert_eq!(page["records"].as_array().unwrap().len(), expected);
            seen.extend(page["records"].as_array().unwrap().iter().map(|r| r["id"].as_u64().unwrap()));
            locator =
                page["nextRecordsUrl"].as_str().and_then(|u| u.split_once('=')).map(|(_, l)| l.to_owned());
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..2_500).collect::<Vec<u64>>());
        assert_eq!(locator, None);
    }

    #[test]
    fn jobs_of_another_type_are_left_out_and_a_foreign_locator_is_refused() {
        let jobs = vec![(RecordId::mint("750", "5f0", 1), json!({}))];
        let classic = ListQuery { job_type: Some("Classic".into()), query_locator: None };
        assert_eq!(page(jobs, "V2Ingest", &classic, "").unwrap()["records"], json!([]));
        let foreign = ListQuery { job_type: None, query_locator: Some("x".into()) };
        assert_eq!(page(Vec::new(), "V2Ingest", &foreign, "").unwrap_err().code, "INVALIDQUERYLOCATOR");
    }
}
