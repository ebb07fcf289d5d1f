//! Reading records by id, and the lists of what was updated and deleted.

use std::sync::Arc;

use http::Method;
use model::{SalesforceId, Stamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::client::{Ask, percent_encoded};
use crate::error::{Error, ErrorKind};
use crate::lenient;
use crate::org::{Org, name_error};
use crate::query::row_of;
use crate::row::{Columns, Row};
use crate::soql::{FieldPath, ObjectName};

/// Ids of one get-many call (REST guide, sObject Collections: at most 2,000 by POST).
const GET_MANY: usize = 2_000;

/// Ids whose records changed in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updated {
    /// Created or updated, each once.
    pub ids: Vec<SalesforceId>,
    /// Up to here the list is complete: transactions still running may push it before the asked end.
    pub latest_date_covered: Stamp,
}

/// Records deleted in a period. Whether by a merge, it does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// Id and time of each.
    pub records: Vec<(SalesforceId, Option<Stamp>)>,
    /// How far back the org can tell.
    pub earliest_date_available: Option<Stamp>,
    /// Up to here the list is complete.
    pub latest_date_covered: Stamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdatedAnswer {
    ids: Vec<String>,
    #[serde(default, deserialize_with = "lenient::stamp")]
    latest_date_covered: Option<Stamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeletedAnswer {
    deleted_records: Vec<DeletedRecord>,
    #[serde(default, deserialize_with = "lenient::stamp")]
    earliest_date_available: Option<Stamp>,
    #[serde(default, deserialize_with = "lenient::stamp")]
    latest_date_covered: Option<Stamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeletedRecord {
    id: String,
    #[serde(default, deserialize_with = "lenient::stamp")]
    deleted_date: Option<Stamp>,
}

fn id(call: Call, raw: &str) -> Result<SalesforceId, Error> {
    SalesforceId::parse(raw)
        .map_err(|why| Error::new(ErrorKind::Contract, "a record id").with_source(why).during(call))
}

impl Org {
    /// Reads records by id, in the order asked; `None` for one that is deleted, unknown or not visible. However many
    /// ids, calls carry at most 2,000.
    ///
    /// # Errors
    /// Any kind of a call that reads; nothing is returned in part.
    pub async fn get_many<F: AsRef<str>>(
        &self,
        object: &str,
        ids: &[SalesforceId],
        fields: &[F],
    ) -> Result<Vec<Option<Row>>, Error> {
        let object = ObjectName::parse(object).map_err(name_error)?;
        let paths: Vec<FieldPath> = fields
            .iter()
            .map(|field| FieldPath::parse(field.as_ref()))
            .collect::<Result<_, _>>()
            .map_err(name_error)?;
        let columns = Arc::new(Columns::new(&paths));
        let mut rows = Vec::with_capacity(ids.len());
        let mut at = 0;
        let mut most = GET_MANY;
        while at < ids.len() {
            let chunk = &ids[at..ids.len().min(at + most)];
            match self.get_chunk(&object, chunk, &paths).await {
                Ok(records) => {
                    rows.extend(
                        records.iter().map(|one| one.as_ref().map(|one| row_of(&columns, &paths, one))),
                    );
                    at += chunk.len();
                }
                // Wide rows: fewer at a time.
                Err(error) if error.kind() == ErrorKind::TooLarge && chunk.len() > 1 => {
                    most = chunk.len() / 2
                }
                Err(error) => return Err(error),
            }
        }
        Ok(rows)
    }

    async fn get_chunk(
        &self,
        object: &ObjectName,
        ids: &[SalesforceId],
        fields: &[FieldPath],
    ) -> Result<Vec<Option<Map<String, Value>>>, Error> {
        let body = json!({
            "ids": ids.iter().map(SalesforceId::as_str).collect::<Vec<_>>(),
            "fields": fields.iter().map(FieldPath::as_str).collect::<Vec<_>>(),
        });
        let path = self.client().path(&format!("/composite/sobjects/{object}"));
        let ask = Ask::new(Call::GetMany, Method::POST, path).with_json(&body);
        let records: Vec<Option<Map<String, Value>>> = self.client().json(&ask).await?;
        if records.len() == ids.len() {
            Ok(records)
        } else {
            Err(Error::new(ErrorKind::Contract, "another number of records than ids").during(Call::GetMany))
        }
    }

    /// Ids changed in `[from, until)`, seconds ignored, at most 30 days back (REST guide, "Get Updated").
    ///
    /// # Errors
    /// Any kind of a call that reads; `EXCEEDED_ID_LIMIT` over 600,000 ids.
    pub async fn updated(&self, object: &str, from: Stamp, until: Stamp) -> Result<Updated, Error> {
        let path = self.period_path(object, "updated", from, until)?;
        let answer: UpdatedAnswer = self.client().json(&Ask::get(Call::Updated, path)).await?;
        let ids = answer.ids.iter().map(|raw| id(Call::Updated, raw)).collect::<Result<_, _>>()?;
        let latest_date_covered = answer.latest_date_covered.ok_or_else(|| no_date(Call::Updated))?;
        Ok(Updated { ids, latest_date_covered })
    }

    /// Records deleted in `[from, until)`, as far back as the recycle bin reaches.
    ///
    /// # Errors
    /// Any kind of a call that reads.
    pub async fn deleted(&self, object: &str, from: Stamp, until: Stamp) -> Result<Deleted, Error> {
        let path = self.period_path(object, "deleted", from, until)?;
        let answer: DeletedAnswer = self.client().json(&Ask::get(Call::Deleted, path)).await?;
        let records = answer.deleted_records.iter();
        let records = records
            .map(|one| id(Call::Deleted, &one.id).map(|id| (id, one.deleted_date)))
            .collect::<Result<_, Error>>()?;
        Ok(Deleted {
            records,
            earliest_date_available: answer.earliest_date_available,
            latest_date_covered: answer.latest_date_covered.ok_or_else(|| no_date(Call::Deleted))?,
        })
    }

    fn period_path(&self, object: &str, list: &str, from: Stamp, until: Stamp) -> Result<String, Error> {
        let object = ObjectName::parse(object).map_err(name_error)?;
        let (from, until) = (from.to_seconds_text(), until.to_seconds_text());
        let (start, end) = (percent_encoded(&from), percent_encoded(&until));
        Ok(self.client().path(&format!("/sobjects/{object}/{list}/?start={start}&end={end}")))
    }
}

fn no_date(call: Call) -> Error {
    Error::new(ErrorKind::Contract, "no latestDateCovered").during(call)
}
