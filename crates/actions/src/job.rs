//! A lane that would need many calls goes as one Bulk API 2.0 job, and every record of it has a result of its own.
//!
//! The job is written down before it can do anything, and forgotten once its results are known. One that a crash left behind
//! comes to its end before anything else is sent: its rows are records whose answer never came, and are found again like those.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::{JobId, SalesforceId, Stamp};
use salesforce::bulk::{IngestSpec, JobInfo, JobState, MAX_UPLOAD_BYTES, Operation, ResultRow, ResultSet};
use salesforce::csv::{Cell, RowError, RowWriter};
use salesforce::{COLLECTION, Describe, Empty, Error, ErrorKind, ObjectName, RowErrors, SaveResult, Saved};
use serde_json::Value;
use state::{Changes, NoteKind};

use crate::collapse::Parcel;
use crate::deliver::Delivery;
use crate::fatal::Fatal;
use crate::scalar::text_of;

/// When and where jobs are used.
#[derive(Debug, Clone)]
pub struct Jobs {
    /// Records that fit into so many calls of 200 go without a job.
    pub direct_calls: usize,
    /// How long a job may run before it is aborted; what it saved until then stays, and is read.
    pub patience: Duration,
    /// A directory of its own for uploads and results.
    pub spool: PathBuf,
}

/// Before the id of a job in the notes; no event's id begins so.
const NOTED: &[u8] = b"\0job\0";
/// The most jobs a crash can leave behind: one delivery works at a time, and a job is noted before the next.
const MOST_LEFT: usize = 100;
/// The result columns of a job that name records (Bulk guide v66, "Get Job Successful Record Results").
const ID: &str = "Id";

/// What one job does: rows, and the column by which a result finds its row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Upload {
    spec: IngestSpec,
    key: String,
    columns: Vec<String>,
    /// In the order of the parcels; `None`: the empty cell, which leaves the field alone.
    rows: Vec<Vec<Option<RowCell>>>,
    /// Which parcel has this key.
    by_key: HashMap<String, usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum RowCell {
    Clear,
    Text(String),
}

/// Parcels as a job; `None` where calls are the better road, or the only one: they are few, their results could not be told
/// apart, or a value cannot stand in a job's file.
pub(crate) fn upload(jobs: &Jobs, object: &Describe, creates: bool, parcels: &[Parcel]) -> Option<Upload> {
    if parcels.len().div_ceil(COLLECTION) <= jobs.direct_calls {
        return None;
    }
    let fields: BTreeSet<&str> =
        parcels.iter().flat_map(|parcel| parcel.values.keys().map(String::as_str)).collect();
    let mut columns: Vec<String> = Vec::with_capacity(fields.len() + 1);
    if !creates {
        columns.push(ID.to_owned());
    }
    columns.extend(fields.iter().map(|field| (*field).to_owned()));
    let key = if creates { telling(object, &fields, parcels)?.to_owned() } else { ID.to_owned() };
    let (mut rows, mut by_key, mut bytes) = (Vec::with_capacity(parcels.len()), HashMap::new(), 0_u64);
    for (place, parcel) in parcels.iter().enumerate() {
        let mut row = Vec::with_capacity(columns.len());
        for column in &columns {
            let cell = match (column.as_str(), parcel.record) {
                (ID, Some(id)) => Some(RowCell::Text(id.to_string())),
                (column, _) => match parcel.values.get(column) {
                    Some((value, _)) => Some(cell(value)?),
                    None => None,
                },
            };
            bytes += cell.as_ref().map_or(1, RowCell::bytes);
            row.push(cell);
        }
        let told = match parcel.record {
            Some(id) => id.to_string(),
            None => comparable(&text_of(&parcel.values.get(&key)?.0)?),
        };
        by_key.insert(told, place);
        rows.push(row);
    }
    let spec = IngestSpec {
        object: ObjectName::parse(&object.name).ok()?,
        operation: if creates { Operation::Insert } else { Operation::Update },
        external_id_field: None,
    };
    let fits = by_key.len() == rows.len() && bytes < MAX_UPLOAD_BYTES;
    // As the org spells them: results include only columns that are a match (Bulk guide v66, "Prepare CSV Files").
    let spelled = |name: String| object.field(&name).map_or(name, |field| field.name.clone());
    let columns = columns.into_iter().map(spelled).collect();
    fits.then(|| Upload { spec, key: spelled(key), columns, rows, by_key })
}

impl RowCell {
    /// At the most: every character a quote.
    fn bytes(&self) -> u64 {
        match self {
            Self::Clear => 5,
            Self::Text(text) => 2 * text.len() as u64 + 3,
        }
    }
}

/// `None`: a job's file cannot say it. An empty text would leave the field alone, and `#N/A` would clear it.
fn cell(value: &Value) -> Option<RowCell> {
    match value {
        Value::Null => Some(RowCell::Clear),
        Value::Array(_) | Value::Object(_) => None,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => text_of(value)
            .filter(|text| !text.is_empty() && text != "#N/A" && !text.contains(['\0', '\r']))
            .map(RowCell::Text),
    }
}

/// A field of text that every new record has, and no two alike. Results of a job come in any order, and numbers may come back
/// written otherwise.
fn telling<'f>(object: &Describe, fields: &BTreeSet<&'f str>, parcels: &[Parcel]) -> Option<&'f str> {
    let text = |field: &str| {
        object.field(field).is_some_and(|field| matches!(field.kind.as_str(), "string" | "email" | "phone"))
    };
    let mut texts = fields.iter().copied().filter(|field| text(field));
    texts.find(|field| {
        let values = parcels.iter().filter_map(|parcel| {
            let text = text_of(&parcel.values.get(*field)?.0)?;
            Some(comparable(&text)).filter(|text| !text.is_empty())
        });
        values.collect::<BTreeSet<String>>().len() == parcels.len()
    })
}

fn comparable(text: &str) -> String {
    text.trim().to_lowercase()
}

/// What became of the rows of a job, in their order; `None`: nothing is known of that one, or the job did not get to it.
pub(crate) type Results = Vec<Option<SaveResult>>;

/// How a job went.
pub(crate) enum Went {
    /// It ended, and these are the results of its rows.
    Ended(Results),
    /// The org takes no job of ours for this object: nothing was sent.
    NotTaken,
    /// Told to stop meanwhile. The job may run on, and is noted.
    Stopped,
}

/// Carries a job from its file to its results.
///
/// # Errors
/// [`Fatal`] when the org, the disk or the state fails; what became of the rows is found out like after any lost answer.
pub(crate) async fn run(cx: &Delivery, upload: &Upload) -> Result<Went, Fatal> {
    let files = Files::of(&cx.jobs.spool);
    files.prepare()?;
    write(upload, &files.upload).await?;
    let job = match cx.org.create_ingest_job(&upload.spec).await {
        Ok(info) => info.id,
        Err(error)
            if matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::Rejected | ErrorKind::NotFound) =>
        {
            tracing::warn!("records of {} go without a job: {error}", upload.spec.object.as_str());
            files.remove();
            return Ok(Went::NotTaken);
        }
        Err(error) => {
            files.remove();
            return Err(error.into());
        }
    };
    note(cx, &job).await?;
    if let Err(error) = sent(cx, &job, &files.upload).await {
        // Before the close nothing takes effect; whether it was closed is not certain after every error.
        end(cx, &job).await?;
        forget(cx, &job).await?;
        files.remove();
        return Err(error.into());
    }
    files.remove();
    let Some(info) = ended(cx, &job).await? else { return Ok(Went::Stopped) };
    if let Some(error) = info.error() {
        tracing::warn!(job.id = %job, "job {job} ended as {:?}: {}", info.state, error.code());
    }
    let mut results: Results = vec![None; upload.rows.len()];
    let mut held = 0;
    // A row stands in one set: when all are found, the others are empty.
    for set in [ResultSet::Successful, ResultSet::Failed] {
        if held < upload.rows.len() {
            let got = cx.org.download_results(&job, set, &files.results, Empty::NoRows).await?;
            if got.rows > 0 {
                held += read(cx, upload, &files.results, set, &mut results).await?;
            }
            files.remove();
        }
    }
    forget(cx, &job).await?;
    Ok(Went::Ended(results))
}

async fn sent(cx: &Delivery, job: &JobId, file: &Path) -> Result<(), Error> {
    cx.org.upload(job, file).await?;
    cx.org.close_job(job).await.map(drop)
}

/// Waits for the end. A job that runs too long is aborted. `None`: told to stop.
async fn ended(cx: &Delivery, job: &JobId) -> Result<Option<JobInfo>, Error> {
    let waited = cx.org.wait_or_abort(job, Duration::ZERO, cx.jobs.patience, |_| {});
    cx.stop.run_until_cancelled(waited).await.transpose()
}

/// Makes sure that a job whose sending failed does nothing any more, or is done with what it does.
async fn end(cx: &Delivery, job: &JobId) -> Result<(), Error> {
    match cx.org.abort_job(job).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Jobs of events that nobody has brought to their end, each with when it was noted, by Salesforce's clock.
///
/// # Errors
/// [`state::Error`] when the state cannot be read.
pub fn left_behind(state: &state::State) -> Result<Vec<(JobId, Stamp)>, state::Error> {
    let mut left = Vec::new();
    for (key, value) in state.notes(NoteKind::Sending, None, MOST_LEFT)? {
        // They stand before everything else.
        let Some(id) = key.strip_prefix(NOTED) else { break };
        let Ok(job) = JobId::parse(&String::from_utf8_lossy(id)) else { continue };
        let micros = value.try_into().map_or(0, i64::from_le_bytes);
        left.push((job, Stamp::from_micros(micros)));
    }
    Ok(left)
}

/// Brings every job that an earlier process left behind to its end, before anything is sent that it could overwrite. `false`:
/// told to stop before that was so.
///
/// # Errors
/// [`Fatal`] when the org or the state fails.
pub(crate) async fn settle_left_behind(cx: &Delivery) -> Result<bool, Fatal> {
    for (job, _) in left_behind(&cx.state)? {
        let state = match cx.org.job(&job).await {
            Ok(info) => info.state,
            Err(error) if error.kind() == ErrorKind::NotFound => JobState::Aborted,
            Err(error) => return Err(error.into()),
        };
        match state {
            JobState::JobComplete | JobState::Failed | JobState::Aborted => {}
            JobState::Open => end(cx, &job).await?,
            JobState::UploadComplete | JobState::InProgress | JobState::Unknown => {
                if ended(cx, &job).await?.is_none() {
                    return Ok(false);
                }
            }
        }
        tracing::info!(job.id = %job, "job {job}, left behind, is over; its events are delivered again");
        forget(cx, &job).await?;
    }
    Ok(true)
}

async fn note(cx: &Delivery, job: &JobId) -> Result<(), Fatal> {
    let mut changes = Changes::new();
    let now = cx.org.server_time().unwrap_or(Stamp::EPOCH);
    changes.put_note(NoteKind::Sending, &noted(job), now.micros().to_le_bytes().to_vec());
    let _receipt = cx.state.commit(changes).await?;
    Ok(())
}

async fn forget(cx: &Delivery, job: &JobId) -> Result<(), Fatal> {
    let mut changes = Changes::new();
    changes.remove_note(NoteKind::Sending, &noted(job));
    let _receipt = cx.state.commit(changes).await?;
    Ok(())
}

fn noted(job: &JobId) -> Vec<u8> {
    [NOTED, job.to_string().as_bytes()].concat()
}

/// The files of the one job at hand.
struct Files {
    dir: PathBuf,
    upload: PathBuf,
    results: PathBuf,
}

impl Files {
    fn of(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), upload: dir.join("upload.csv"), results: dir.join("results.csv") }
    }

    /// A directory that only its owner reads, without what an earlier job left.
    fn prepare(&self) -> Result<(), Fatal> {
        use std::os::unix::fs::DirBuilderExt as _;
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir);
        made.map_err(|error| Fatal::Spool(error.kind()))?;
        self.remove();
        Ok(())
    }

    fn remove(&self) {
        for path in [&self.upload, &self.results] {
            // What is not there is as good as removed; what cannot be removed stops the next job, which says so.
            let _ = std::fs::remove_file(path);
        }
    }
}

async fn write(upload: &Upload, path: &Path) -> Result<(), Fatal> {
    let spool = |error: std::io::Error| Fatal::Spool(error.kind());
    let mut writer = RowWriter::create(path, &upload.columns).await.map_err(spool)?;
    for row in &upload.rows {
        let cells = row.iter().map(|cell| match cell {
            None => Cell::Keep,
            Some(RowCell::Clear) => Cell::Clear,
            Some(RowCell::Text(text)) => Cell::Text(text),
        });
        let written = writer.write(&cells.collect::<Vec<_>>()).await;
        written.map_err(|error| match error {
            RowError::File(kind) => Fatal::Spool(kind),
            RowError::Width
            | RowError::Empty { .. }
            | RowError::ReadsAsClear { .. }
            | RowError::Nul { .. }
            | RowError::FieldTooLong { .. }
            | RowError::RowTooLong => Fatal::Spool(std::io::ErrorKind::InvalidInput),
        })?;
    }
    writer.finish().await.map_err(spool).map(drop)
}

/// Joins a result set to the rows by their key; how many were found.
async fn read(
    cx: &Delivery,
    upload: &Upload,
    file: &Path,
    set: ResultSet,
    results: &mut Results,
) -> Result<usize, Fatal> {
    let mut reader = cx.org.read_results(file, set).await?;
    let mut found = 0;
    while let Some(row) = reader.next_row().await? {
        let Some(place) = place_of(upload, &row) else { continue };
        let result = match (set, row.id, row.error) {
            (ResultSet::Successful, Some(id), _) => Some(Ok(Saved { id, created: row.created })),
            (ResultSet::Failed, _, Some(error)) => Some(Err(RowErrors { error, duplicate: None })),
            (ResultSet::Successful | ResultSet::Failed | ResultSet::Unprocessed, _, _) => None,
        };
        if result.is_some() && results[place].is_none() {
            results[place] = result;
            found += 1;
        }
    }
    Ok(found)
}

fn place_of(upload: &Upload, row: &ResultRow) -> Option<usize> {
    let told = row.get(&upload.key)?;
    let key = match upload.key.as_str() {
        ID => SalesforceId::parse(told).ok()?.to_string(),
        _ => comparable(told),
    };
    upload.by_key.get(&key).copied()
}
