//! A wide window, read by one query job. Where it stands is written down: a pull that was broken off goes on with the job it had begun,
//! from the page it had come to, and no second one is asked for.

use std::time::Duration;

use drill::KillPoint::{K20, K21, K25};
use drill::{Branch, met, reached};
use model::{JobId, Stamp, Window};
use plan::directory::PATIENCE;
use plan::{Fatal, Sides};
use salesforce::{BulkRows, ErrorKind, JobState};
use serde::{Deserialize, Serialize};
use state::Changes;

use crate::discover::{Marker, Met, base};

/// Where it lies in the state.
const BOOKMARK: &str = "pull_query";
/// Salesforce keeps results for seven days (Bulk guide v66): an older job is not relied on.
const KEPT: Duration = Duration::from_secs(6 * 86_400);
/// How many batches of Contacts are put in order at a time: 100,000 people by default.
const BATCHES: usize = 50;

/// A query job that was begun for a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WideQuery {
    job: JobId,
    /// The whole query: of another one nobody wants the rows.
    soql: String,
    api_version: String,
    from: Stamp,
    until: Stamp,
    whole: bool,
    begun_at: Stamp,
    /// Where the page begins to go on with; `None`: the first.
    locator: Option<String>,
    /// Rows of the pages before it. All of them are marked.
    rows: u64,
}

/// A query job whose rows are not all marked yet: the next cycle goes on with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryInFlight {
    /// The job.
    pub job: JobId,
    /// When it was begun, by Salesforce's clock.
    pub begun_at: Stamp,
    /// Rows that are marked already.
    pub rows: u64,
}

/// The query job that a wide window was broken off in, if one was.
///
/// # Errors
/// [`state::Error`] when the state cannot be read.
pub fn query_in_flight(state: &state::State) -> Result<Option<QueryInFlight>, state::Error> {
    let kept = state.bookmark(BOOKMARK)?.and_then(|kept| serde_json::from_value::<WideQuery>(kept).ok());
    Ok(kept.map(|kept| QueryInFlight { job: kept.job, begun_at: kept.begun_at, rows: kept.rows }))
}

impl WideQuery {
    /// The job that was begun for this window, if it can be gone on with. One that cannot is forgotten and discarded.
    pub(crate) async fn recall(sides: &Sides, now: &Window, whole: bool) -> Result<Option<Self>, Fatal> {
        let Some(kept) = sides.state.bookmark(BOOKMARK)? else { return Ok(None) };
        let kept = serde_json::from_value::<Self>(kept).ok();
        if let Some(kept) = kept.as_ref().filter(|kept| kept.whole == whole)
            && kept.fits(sides, now)?
            && kept.is_there(sides).await?
        {
            met(Branch::QueryResumed);
            return Ok(Some(kept.clone()));
        }
        forget(sides).await?;
        if let Some(kept) = kept {
            sides.org.discard_query_job(&kept.job).await;
        }
        Ok(None)
    }

    /// Its window, which is the one its rows are of.
    pub(crate) const fn window(&self) -> Window {
        Window { from: self.from, until: self.until }
    }

    /// Whether it asks what would be asked now, but for the time since.
    fn fits(&self, sides: &Sides, now: &Window) -> Result<bool, Fatal> {
        let young = sides
            .org
            .server_time()
            .is_some_and(|time| self.begun_at <= time && time.since(self.begun_at) <= KEPT);
        Ok(young
            && self.from == now.from
            && self.until <= now.until
            && self.api_version == sides.org.api_version().to_string()
            && self.soql == base(sides, &self.window())?.to_string())
    }

    /// Whether the org still has it, as one of this object that runs or has ended well.
    async fn is_there(&self, sides: &Sides) -> Result<bool, Fatal> {
        let info = match sides.org.query_job(&self.job).await {
            Ok(info) => info,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Rejected) => {
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        };
        let ours = info.object.as_deref() == Some(sides.map.object().name())
            && info.operation.as_deref().is_none_or(|operation| operation == "queryAll");
        let lives = match info.state {
            JobState::UploadComplete | JobState::InProgress | JobState::JobComplete => true,
            JobState::Open | JobState::Failed | JobState::Aborted | JobState::Unknown => false,
        };
        Ok(ours && lives)
    }

    async fn keep(&self, sides: &Sides) -> Result<(), Fatal> {
        let mut changes = Changes::new();
        self.put(&mut changes);
        let _receipt = sides.state.commit(changes).await?;
        Ok(())
    }

    fn put(&self, changes: &mut Changes) {
        // Plain texts and numbers always have a JSON form.
        changes.put_bookmark(BOOKMARK, serde_json::to_value(self).unwrap_or_default());
    }
}

/// Marks everybody whom a wide window holds.
pub(crate) async fn read(
    marker: &mut Marker<'_>,
    window: &Window,
    begun: Option<WideQuery>,
) -> Result<(), Fatal> {
    let sides = marker.sides;
    let (spool, page_rows) = (sides.state.spool_dir(), sides.settings.page_rows);
    if marker.collect.is_some() {
        let rows = sides.org.bulk_query(&base(sides, window)?, true, page_rows, &spool, PATIENCE).await?;
        let job = *rows.job();
        mark_all(marker, rows, None).await?;
        sides.org.discard_query_job(&job).await;
        return Ok(());
    }
    let query = match begun {
        Some(query) => query,
        None => begin(marker, window).await?,
    };
    let from = query.locator.clone();
    let read = async {
        let rows = sides.org.bulk_rows(query.job, from, page_rows, &spool, PATIENCE).await?;
        mark_all(marker, rows, Some(query)).await
    };
    match read.await {
        // It is gone, has failed, or its pages are not to be had: the next pull begins anew.
        Err(Fatal::Salesforce(error)) if is_over(error.kind()) => {
            forget(sides).await?;
            Err(error.into())
        }
        ended => ended,
    }
}

async fn begin(marker: &Marker<'_>, window: &Window) -> Result<WideQuery, Fatal> {
    let sides = marker.sides;
    let soql = base(sides, window)?;
    let job = sides.org.create_query_job(&soql, true).await?.id;
    reached(K20);
    let query = WideQuery {
        job,
        soql: soql.to_string(),
        api_version: sides.org.api_version().to_string(),
        from: window.from,
        until: window.until,
        whole: marker.whole,
        begun_at: sides.org.server_time().unwrap_or(window.until),
        locator: None,
        rows: 0,
    };
    query.keep(sides).await?;
    reached(K21);
    Ok(query)
}

/// `query`: where to write down how far it came.
async fn mark_all(
    marker: &mut Marker<'_>,
    mut rows: BulkRows,
    mut query: Option<WideQuery>,
) -> Result<(), Fatal> {
    let sides = marker.sides;
    let (most, before) = (sides.settings.batch * BATCHES, query.as_ref().map_or(0, |query| query.rows));
    let mut piece = Vec::new();
    loop {
        let row = rows.next_row().await?;
        let last = row.is_none();
        piece.extend(row.as_ref().map(Met::of).transpose()?);
        if last || piece.len() >= most {
            // Rows come in no order that counts, and neighbours lie together in the state.
            piece.sort_unstable_by_key(|met: &Met| met.id);
            for page in piece.chunks(sides.settings.batch) {
                marker.mark(page).await?;
                reached(K25);
            }
            piece.clear();
            if let Some(query) = query.as_mut().filter(|_| !last) {
                let (locator, of_this_run) = rows.place();
                (query.locator, query.rows) = (locator.map(ToOwned::to_owned), before + of_this_run);
                query.keep(sides).await?;
            }
        }
        if last {
            break;
        }
    }
    // What was read, in one run or two, must be all there is.
    if let Err(error) = rows.complete(before) {
        if query.is_some() {
            forget(sides).await?;
        }
        return Err(error.into());
    }
    Ok(())
}

/// Whether going on with the job is of no use.
const fn is_over(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::Rejected | ErrorKind::Conflict | ErrorKind::JobFailed)
}

/// The window is marked: nothing is to be gone on with. The job that has served.
pub(crate) fn end(sides: &Sides, changes: &mut Changes) -> Result<Option<JobId>, Fatal> {
    let kept =
        sides.state.bookmark(BOOKMARK)?.and_then(|kept| serde_json::from_value::<WideQuery>(kept).ok());
    changes.remove_bookmark(BOOKMARK);
    Ok(kept.map(|kept| kept.job))
}

async fn forget(sides: &Sides) -> Result<(), Fatal> {
    let mut changes = Changes::new();
    changes.remove_bookmark(BOOKMARK);
    let _receipt = sides.state.commit(changes).await?;
    Ok(())
}
