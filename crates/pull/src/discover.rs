//! Which Contacts changed since the pull watermark: found, marked, and the watermark moved, in that order.

use std::time::Duration;

use drill::KillPoint::{K18, K19, K23, K24, K25, K26, K27, K28};
use drill::{Branch, Mistake, met, planted, reached};
use model::{ContactId, DirtyReason, Side, Stamp, Subject, Window};
use plan::{Fatal, Sides, Stretch};
use salesforce::soql::{Field, Literal, Soql};
use salesforce::{ErrorKind, Keyset, Row};
use state::Changes;

use crate::wide::{self, WideQuery};

/// What discovering came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discovery {
    /// People newly marked.
    pub marked: u64,
    /// Records the window held, those already handled at the same stamp among them.
    pub seen: u64,
    /// The window read.
    pub window: Window,
}

/// A window wider than this is read by a Bulk query; a narrower one page by page. Salesforce advises Bulk from about 2,000
/// rows (Bulk guide v66, "When to use Bulk API 2.0"); a day of a nonprofit's edits is below that, a first load is not.
const WIDE: Duration = Duration::from_secs(36 * 3600);

/// How far back `getUpdated` is asked: it answers what the org has fully committed, whatever the span.
const COVERED_SPAN: Duration = Duration::from_secs(300);

/// Marks every Contact that changed since the watermark, deleted and merged ones too, and moves the watermark.
///
/// The window's upper end is fixed first, from the org's own clock and from what it says it has committed. Marks are
/// committed page by page; the watermark with the last of them. With `collect` nothing is committed and the people found
/// are handed over instead: a dry run.
///
/// With `whole` the window begins at the beginning of time, whatever the watermark, and nobody is passed over.
///
/// # Errors
/// [`Fatal`] when the org cannot be asked or the marks not made durable; the watermark stays where it was.
pub async fn discover(
    sides: &Sides,
    collect: Option<&mut Vec<Subject>>,
    whole: bool,
) -> Result<Discovery, Fatal> {
    reached(K18);
    sides.progress.begin(Stretch::DiscoverContacts, None);
    let watermark = sides.state.watermark(Side::Salesforce)?.filter(|_| !whole);
    let until = upper_end(sides).await?;
    let overlap = if planted(Mistake::NoLookBack) { Duration::ZERO } else { sides.settings.overlap };
    let window = match watermark {
        Some(_) => sides.state.next_window(Side::Salesforce, overlap, until)?,
        None => Window::after(None, overlap, until),
    };
    let wide = watermark.is_none() || window.until.since(window.from) > WIDE;
    // One that was broken off is gone on with, as the window it was begun for. A dry run leaves no trace.
    let begun =
        if wide && collect.is_none() { WideQuery::recall(sides, &window, whole).await? } else { None };
    let window = begun.as_ref().map_or(window, WideQuery::window);
    let until = window.until;
    if planted(Mistake::WatermarkBeforeMarks) && collect.is_none() {
        let mut early = Changes::new();
        early.raise_watermark(Side::Salesforce, window.until);
        let _receipt = sides.state.commit(early).await?;
    }
    let mut marker = Marker { sides, collect, marked: 0, seen: 0, until, whole, largest: Stamp::EPOCH };
    let read = async {
        match (window.is_empty(), wide) {
            (true, _) => Ok(()),
            (false, true) => wide::read(&mut marker, &window, begun).await,
            (false, false) => read_narrow(&mut marker, &window).await,
        }
    };
    // Told to stop: pages that are marked are marked, and the watermark stays below the rest.
    let complete = tokio::select! {
        biased;
        () = sides.stop.cancelled() => false,
        read = read => read.map(|()| true)?,
    };
    let largest = marker.largest.plus(Duration::from_secs(1));
    let found = Discovery { marked: marker.marked, seen: marker.seen, window };
    if marker.collect.is_none() && complete {
        let mut changes = Changes::new();
        let moved = if planted(Mistake::WatermarkFromLargestStamp) { largest } else { window.until };
        changes.raise_watermark(Side::Salesforce, moved);
        let job = if wide { wide::end(sides, &mut changes)? } else { None };
        reached(K26);
        let _receipt = sides.state.commit(changes).await?;
        reached(K27);
        if let Some(job) = job {
            sides.org.discard_query_job(&job).await;
        }
    }
    sides.progress.end();
    Ok(found)
}

/// `min(server time - lag, what the org has committed)`. Without an answer from `getUpdated` the lag alone holds.
async fn upper_end(sides: &Sides) -> Result<Stamp, Fatal> {
    let now = match sides.org.server_time() {
        Some(now) => now,
        None => {
            sides.org.limits().await?;
            sides.org.server_time().unwrap_or_else(|| sides.clock.now())
        }
    };
    let now = if planted(Mistake::LocalClock) { sides.clock.now() } else { now };
    let now = now.floor_second();
    reached(K19);
    let covered = match sides.org.updated(sides.map.object().name(), now.minus(COVERED_SPAN), now).await {
        Ok(updated) => Some(updated.latest_date_covered),
        // Refused for this object, not allowed, or too long an answer, for it names all that changed: the lag alone bounds the
        // window (fault matrix: "skip, use lag").
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::Rejected
                    | ErrorKind::Forbidden
                    | ErrorKind::NotFound
                    | ErrorKind::Conflict
                    | ErrorKind::TooLarge
            ) =>
        {
            met(Branch::LagAlone);
            None
        }
        Err(error) => return Err(error.into()),
    };
    reached(K28);
    let fallback = now.minus(sides.settings.lag);
    if planted(Mistake::NoLookBack) || planted(Mistake::LocalClock) {
        return Ok(now);
    }
    if planted(Mistake::WatermarkFromLargestStamp) {
        return Ok(now.plus(WIDE));
    }
    Ok(covered.map_or(fallback, |covered| covered.min(now)).floor_second())
}

async fn read_narrow(marker: &mut Marker<'_>, window: &Window) -> Result<(), Fatal> {
    let sides = marker.sides;
    let object = sides.map.object().name();
    let keyset = Keyset::new(object, "SystemModstamp", &["IsDeleted"], *window)?.deleted_too();
    let keyset = match sides.columns.only_persons()? {
        Some(condition) => keyset.filter(condition),
        None => keyset,
    };
    let mut pages = sides.org.keyset(keyset, None);
    while let Some(page) = pages.next_page().await? {
        marker.mark(&page.iter().map(Met::of).collect::<Result<Vec<_>, _>>()?).await?;
        reached(K25);
    }
    Ok(())
}

pub(crate) fn base(sides: &Sides, window: &Window) -> Result<Soql, Fatal> {
    let stamp = Field::parse("SystemModstamp")?;
    let inside = stamp.ge(Literal::from(window.from)).and(stamp.lt(Literal::from(window.until)));
    let soql = sides.columns.query(["Id", "SystemModstamp", "IsDeleted"])?;
    Ok(soql.filter(inside))
}

/// A Contact of the window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Met {
    pub(crate) id: ContactId,
    stamp: Stamp,
    deleted: bool,
}

impl Met {
    /// # Errors
    /// When the row is none that can be marked. The window is not done with then: whoever it was is not lost behind the watermark.
    pub(crate) fn of(row: &Row) -> Result<Self, salesforce::Error> {
        let id = row.required("Id", |text| ContactId::parse(text).ok())?;
        let stamp = row.required("SystemModstamp", |text| Stamp::parse(text).ok())?;
        Ok(Self { id, stamp, deleted: row.is_true("IsDeleted") })
    }
}

pub(crate) struct Marker<'a> {
    pub(crate) sides: &'a Sides,
    pub(crate) collect: Option<&'a mut Vec<Subject>>,
    marked: u64,
    seen: u64,
    until: Stamp,
    pub(crate) whole: bool,
    largest: Stamp,
}

impl Marker<'_> {
    /// Marks Contacts and commits the marks. A record already handled at this very stamp is passed over.
    pub(crate) async fn mark(&mut self, found: &[Met]) -> Result<(), Fatal> {
        let state = &self.sides.state;
        let ids: Vec<ContactId> = found.iter().map(|met| met.id).collect();
        let owners = state.supporters_of(&ids)?;
        let stamped = found.iter().map(|met| (met.id.as_str(), met.stamp));
        let known = state.recently_seen_of(Side::Salesforce, stamped)?;
        let mut changes = Changes::new();
        for ((Met { id, stamp, deleted }, owner), known) in found.iter().zip(owners).zip(known) {
            self.seen += 1;
            self.largest = self.largest.max(*stamp);
            if known && !self.whole {
                continue;
            }
            // A deleted stranger is nobody's loss, unless a case asks about it.
            let subject = match owner {
                Some(owner) => Subject::Supporter(owner),
                None if *deleted && state.cases_of(&Subject::Contact(*id))?.is_empty() => continue,
                None => Subject::Contact(*id),
            };
            self.marked += 1;
            if let Some(collect) = self.collect.as_deref_mut() {
                collect.push(subject);
                continue;
            }
            let reason = if *deleted { DirtyReason::ContactGone } else { DirtyReason::ContactChanged };
            changes.mark_dirty(subject, reason, Some(*stamp));
            if self.sides.settings.has_settled(*stamp, self.until) {
                changes.note_seen(Side::Salesforce, id.as_str(), *stamp);
            }
        }
        self.sides.progress.advance(found.len() as u64);
        if self.collect.is_none() {
            reached(K23);
            let _receipt = state.commit(changes).await?;
            reached(K24);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use salesforce::{Columns, ErrorKind};

    use super::*;

    #[test]
    fn a_contact_without_id_or_stamp_is_not_passed_over_in_silence() {
        let columns = Arc::new(Columns::new(["Id", "SystemModstamp", "IsDeleted"]));
        let met = |values: [Option<&str>; 3]| Met::of(&Row::new(Arc::clone(&columns), values));
        let (id, stamp) = (Some("0035g00000AbCdEAAV"), Some("2026-01-02T03:04:05.000Z"));
        assert!(met([id, stamp, Some("true")]).unwrap().deleted);
        for gone in
            [[None, stamp, None], [id, None, None], [Some("nobody"), stamp, None], [id, Some("soon"), None]]
        {
            assert_eq!(met(gone).unwrap_err().kind(), ErrorKind::Contract);
        }
    }
}
