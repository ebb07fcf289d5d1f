//! Saving single records and small collections over REST. A refused record is an outcome, not an error of the call.

use http::Method;
use model::SalesforceId;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::answer::{RestError, rest_error};
use crate::call::Call;
use crate::client::{Ask, percent_encoded};
use crate::duplicate::{DuplicateResult, DuplicateRuleHeader};
use crate::error::{Error, ErrorKind};
use crate::org::{Org, name_error};
use crate::record_error::{AlertTexts, RecordError};
use crate::soql::{FieldPath, ObjectName};

/// Field values of a record to save: `null` clears, what is not there is left alone.
pub type Fields = Map<String, Value>;

/// Records of one collections call (REST guide, sObject Collections: at most 200).
pub const COLLECTION: usize = 200;

/// A record was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// Its id.
    pub id: SalesforceId,
    /// It is new.
    pub created: bool,
}

/// A record was refused; nothing of it was saved.
#[derive(Debug, Clone, PartialEq)]
pub struct RowErrors {
    /// Why; further errors are inside.
    pub error: RecordError,
    /// What a duplicate rule found, where the answer tells.
    pub duplicate: Option<DuplicateResult>,
}

/// What became of one record.
pub type SaveResult = Result<Saved, RowErrors>;

#[derive(Deserialize)]
struct SaveAnswer {
    #[serde(default)]
    id: Option<String>,
    success: bool,
    #[serde(default)]
    created: Option<bool>,
    #[serde(default)]
    errors: Vec<Value>,
}

impl Org {
    /// Creates a record.
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`] when it may have been created: never repeat before looking. A refused record is
    /// `Ok(Err(_))`.
    pub async fn create(
        &self,
        object: &str,
        fields: &Fields,
        duplicates: Option<DuplicateRuleHeader>,
    ) -> Result<SaveResult, Error> {
        let object = ObjectName::parse(object).map_err(name_error)?;
        let ask = Ask::new(Call::Create, Method::POST, self.client().path(&format!("/sobjects/{object}")));
        let answer = self.client().json(&with_rule(ask.with_json(&json!(fields)), duplicates)).await;
        self.saved(Call::Create, answer, true)
    }

    /// Updates a record by Id.
    ///
    /// # Errors
    /// As for a call that may be repeated. A refused record is `Ok(Err(_))`; a deleted one has class `StaleId`.
    pub async fn update(
        &self,
        object: &str,
        id: SalesforceId,
        fields: &Fields,
        duplicates: Option<DuplicateRuleHeader>,
    ) -> Result<SaveResult, Error> {
        let object = ObjectName::parse(object).map_err(name_error)?;
        let ask =
            Ask::new(Call::Update, Method::PATCH, self.client().path(&format!("/sobjects/{object}/{id}")));
        match self.client().done(&with_rule(ask.with_json(&json!(fields)), duplicates)).await {
            Ok(()) => Ok(Ok(Saved { id, created: false })),
            Err(error) => self.refused(error).map(Err),
        }
    }

    /// Updates the one record with `field = value`, or creates it.
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`] when it may have been saved. Several records with that value are `Ok(Err(_))`
    /// with class `HeldByMany`.
    pub async fn upsert(
        &self,
        object: &str,
        field: &str,
        value: &str,
        fields: &Fields,
        duplicates: Option<DuplicateRuleHeader>,
    ) -> Result<SaveResult, Error> {
        let object = ObjectName::parse(object).map_err(name_error)?;
        let field = FieldPath::parse(field).map_err(name_error)?;
        if value.is_empty() {
            return Err(no_key(Call::Upsert));
        }
        let path = self.client().path(&format!("/sobjects/{object}/{field}/{}", percent_encoded(value)));
        let ask = Ask::new(Call::Upsert, Method::PATCH, path).with_json(&json!(fields));
        let answer = self.client().json(&with_rule(ask, duplicates)).await;
        self.saved(Call::Upsert, answer, false)
    }

    /// Deletes a record. `Ok(false)`: it was gone already.
    ///
    /// # Errors
    /// Any kind of a call.
    pub async fn delete(&self, object: &str, id: SalesforceId) -> Result<bool, Error> {
        let object = ObjectName::parse(object).map_err(name_error)?;
        let path = self.client().path(&format!("/sobjects/{object}/{id}"));
        match self.client().done(&Ask::new(Call::Delete, Method::DELETE, path)).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Creates up to 200 records in one call; results in the order given.
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`] when they may have been created.
    pub async fn collections_create(
        &self,
        object: &str,
        records: &[Fields],
        duplicates: Option<DuplicateRuleHeader>,
    ) -> Result<Vec<SaveResult>, Error> {
        let path = self.client().path("/composite/sobjects");
        self.collection(Call::CollectionCreate, Method::POST, path, object, records, duplicates).await
    }

    /// Updates up to 200 records in one call; each carries its `id`.
    ///
    /// # Errors
    /// As for a call that may be repeated.
    pub async fn collections_update(
        &self,
        object: &str,
        records: &[Fields],
        duplicates: Option<DuplicateRuleHeader>,
    ) -> Result<Vec<SaveResult>, Error> {
        let path = self.client().path("/composite/sobjects");
        self.collection(Call::CollectionUpdate, Method::PATCH, path, object, records, duplicates).await
    }

    /// Upserts up to 200 records in one call by an external id field that each carries; none carries an `id`.
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`] when they may have been saved.
    pub async fn collections_upsert(
        &self,
        object: &str,
        field: &str,
        records: &[Fields],
        duplicates: Option<DuplicateRuleHeader>,
    ) -> Result<Vec<SaveResult>, Error> {
        let name = ObjectName::parse(object).map_err(name_error)?;
        let field = FieldPath::parse(field).map_err(name_error)?;
        if field.as_str().eq_ignore_ascii_case("Id") {
            return Err(no_key(Call::CollectionUpsert));
        }
        let path = self.client().path(&format!("/composite/sobjects/{name}/{field}"));
        self.collection(Call::CollectionUpsert, Method::PATCH, path, object, records, duplicates).await
    }

    /// Deletes up to 200 records of any objects in one call; results in the order given (REST guide, sObject Collections,
    /// "Delete multiple records"). One that was deleted before is refused with `ENTITY_IS_DELETED`.
    ///
    /// # Errors
    /// As for a call that may be repeated.
    pub async fn collections_delete(&self, ids: &[SalesforceId]) -> Result<Vec<SaveResult>, Error> {
        let call = Call::CollectionDelete;
        check_count(call, ids.len())?;
        let list = ids.iter().map(SalesforceId::as_str).collect::<Vec<_>>().join(",");
        let path = self.client().path(&format!("/composite/sobjects?ids={list}&allOrNone=false"));
        let answers: Vec<SaveAnswer> = self.client().json(&Ask::new(call, Method::DELETE, path)).await?;
        self.all_saved(call, answers, ids.len(), false)
    }

    async fn collection(
        &self,
        call: Call,
        method: Method,
        path: String,
        object: &str,
        records: &[Fields],
        duplicates: Option<DuplicateRuleHeader>,
    ) -> Result<Vec<SaveResult>, Error> {
        let object = ObjectName::parse(object).map_err(name_error)?;
        check_count(call, records.len())?;
        let typed = records.iter().map(|record| {
            let mut record = record.clone();
            record.insert("attributes".to_owned(), json!({ "type": object.as_str() }));
            record
        });
        let body = json!({ "allOrNone": false, "records": typed.collect::<Vec<_>>() });
        let ask = with_rule(Ask::new(call, method, path).with_json(&body), duplicates);
        let answers: Vec<SaveAnswer> = self.client().json(&ask).await?;
        self.all_saved(call, answers, records.len(), call == Call::CollectionCreate)
    }

    fn all_saved(
        &self,
        call: Call,
        answers: Vec<SaveAnswer>,
        records: usize,
        creates: bool,
    ) -> Result<Vec<SaveResult>, Error> {
        if answers.len() != records {
            return Err(
                Error::new(ErrorKind::OutcomeUnknown, "another number of results than records").during(call)
            );
        }
        answers.into_iter().map(|answer| self.saved(call, Ok(answer), creates)).collect()
    }

    fn saved(
        &self,
        call: Call,
        answer: Result<SaveAnswer, Error>,
        creates: bool,
    ) -> Result<SaveResult, Error> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return self.refused(error).map(Err),
        };
        if !answer.success {
            let errors = answer.errors.into_iter().filter_map(rest_error).collect::<Vec<_>>();
            return Ok(Err(row_errors(&errors, self.alert_texts())));
        }
        match answer.id.as_deref().map(SalesforceId::parse) {
            Some(Ok(id)) => Ok(Ok(Saved { id, created: answer.created.unwrap_or(creates) })),
            Some(Err(_)) | None => {
                Err(Error::new(ErrorKind::OutcomeUnknown, "saved without an id").during(call))
            }
        }
    }

    /// A refusal that is about the record, not about the call.
    fn refused(&self, error: Error) -> Result<RowErrors, Error> {
        let of_the_record =
            matches!(error.kind(), ErrorKind::Rejected | ErrorKind::NotFound | ErrorKind::Forbidden);
        if !of_the_record {
            return Err(error);
        }
        if error.status() == Some(300) {
            let error = RecordError::from_parts("DUPLICATE_EXTERNAL_ID", "", Vec::new(), self.alert_texts());
            return Ok(RowErrors { error, duplicate: None });
        }
        if error.refusals().is_empty() {
            Err(error)
        } else {
            Ok(row_errors(error.refusals(), self.alert_texts()))
        }
    }
}

fn check_count(call: Call, records: usize) -> Result<(), Error> {
    if records == 0 || records > COLLECTION {
        return Err(Error::new(ErrorKind::Configuration, "a collection has 1 to 200 records").during(call));
    }
    Ok(())
}

/// Without a key, and by `Id` without an Id, an upsert inserts.
fn no_key(call: Call) -> Error {
    Error::new(ErrorKind::Configuration, "an upsert needs a key other than Id").during(call)
}

fn with_rule(ask: Ask, duplicates: Option<DuplicateRuleHeader>) -> Ask {
    match duplicates {
        None => ask,
        Some(header) => ask.with_header(DuplicateRuleHeader::NAME, &header.value()),
    }
}

pub(crate) fn row_errors(errors: &[RestError], texts: &AlertTexts) -> RowErrors {
    let one =
        |error: &RestError| RecordError::from_parts(&error.code, &error.message, error.fields.clone(), texts);
    let error = RecordError::joined(errors.iter().map(one).collect())
        .unwrap_or_else(|| RecordError::from_parts("UNKNOWN", "", Vec::new(), texts));
    let duplicate = errors.iter().find_map(|error| error.duplicate.as_ref()).map(DuplicateResult::read);
    RowErrors { error, duplicate }
}
