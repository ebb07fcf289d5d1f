//! Which supporters changed since the push watermark: found, marked, and the watermark moved, in that order.

use drill::KillPoint::{K23, K24, K26, K27};
use drill::reached;
use model::{DirtyReason, Position, Side, Stamp, Subject, SupporterId, Window};
use plan::{Fatal, Sides, Stretch};

/// So many people are marked together at the most: a page of them at first, and then four times as many each time. Pages come in the
/// order of stamps, and people lie in the state in the order of their ids: of a table that was not written in that order, each lot
/// touches most of what the state holds.
const MOST_TOGETHER: usize = 250_000;

/// What discovering came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discovery {
    /// People newly marked.
    pub marked: u64,
    /// Rows the window held, those already handled at the same stamp among them.
    pub seen: u64,
    /// The window read.
    pub window: Window,
}

/// Marks every supporter that changed since the watermark, and moves the watermark to the window's upper end, which was
/// fixed by the database's own clock before anything was read. With `collect` nothing is committed and the people found are
/// handed over instead: a dry run.
///
/// # Errors
/// [`Fatal`] when the database cannot be read or the marks not made durable; the watermark stays where it was.
pub async fn discover(sides: &Sides, mut collect: Option<&mut Vec<Subject>>) -> Result<Discovery, Fatal> {
    sides.progress.begin(Stretch::DiscoverSupporters, None);
    let state = &sides.state;
    // Whole seconds: a row may be stamped with the second that is still running, and be edited again in it.
    let watermark = state.watermark(Side::Supporter)?;
    if let Some(watermark) = watermark {
        sides.supporters.ended_at(watermark);
    }
    let until = sides.supporters.now().await?.minus(sides.settings.supporter_lag).floor_second();
    let window = state.next_window(Side::Supporter, sides.settings.overlap, until)?;
    let mut found = Discovery { marked: 0, seen: 0, window };
    let mut after: Option<Position> = None;
    let (mut met, mut together) = (Vec::new(), sides.settings.batch);
    while !window.is_empty() {
        let page = sides.supporters.changed(&window, after.as_ref(), sides.settings.batch).await?;
        let last = page.len() < sides.settings.batch;
        after = page.last().map(|changed| changed.position.clone());
        sides.progress.advance(page.len() as u64);
        let stamped = page.iter().map(|changed| (changed.id.as_str(), changed.modified));
        // Before the first window ends nothing is remembered as seen.
        let known = match watermark {
            Some(_) => state.recently_seen_of(Side::Supporter, stamped)?,
            None => vec![false; page.len()],
        };
        found.seen += page.len() as u64;
        let news = page.into_iter().zip(known).filter(|(_, known)| !known);
        met.extend(news.map(|(changed, _)| (changed.id, changed.modified)));
        // Told to stop: what is marked is marked, and the watermark says where the rest begins.
        let end = last || sides.stopping();
        if met.len() < together && !end {
            continue;
        }
        found.marked += met.len() as u64;
        match collect.as_deref_mut() {
            Some(collect) => collect.extend(met.drain(..).map(|(id, _)| Subject::Supporter(id))),
            None => mark(sides, &mut met, watermark, last.then_some(until), until).await?,
        }
        if end {
            break;
        }
        together = MOST_TOGETHER.min(4 * together);
    }
    sides.progress.end();
    Ok(found)
}

/// Marks supporters in the order in which they lie in the state, a batch in each commit. `end`: where the watermark goes with the last of
/// them.
async fn mark(
    sides: &Sides,
    met: &mut Vec<(SupporterId, Stamp)>,
    watermark: Option<Stamp>,
    end: Option<Stamp>,
    until: Stamp,
) -> Result<(), Fatal> {
    met.sort();
    // What lies below the overlap of the first window never will be asked for.
    let remembered = |stamp: Stamp| watermark.is_some() || stamp >= until.minus(sides.settings.overlap);
    let mut met = std::mem::take(met).into_iter();
    loop {
        let mut changes = state::Changes::with_room_for(2 * sides.settings.batch.min(met.len()));
        for (id, stamp) in met.by_ref().take(sides.settings.batch) {
            if remembered(stamp) && sides.settings.has_settled(stamp, until) {
                changes.note_seen(Side::Supporter, id.as_str(), stamp);
            }
            changes.mark_dirty(Subject::Supporter(id), DirtyReason::SupporterChanged, Some(stamp));
        }
        // The last marks and the watermark: one commit.
        let end = end.filter(|_| met.len() == 0);
        if let Some(end) = end {
            changes.raise_watermark(Side::Supporter, end);
        }
        reached(if end.is_some() { K26 } else { K23 });
        let _receipt = sides.state.commit(changes).await?;
        reached(if end.is_some() { K27 } else { K24 });
        if met.len() == 0 {
            return Ok(());
        }
    }
}
