//! Which supporters changed since the push watermark: found, marked, and the watermark moved, in that order.

use drill::KillPoint::{K23, K24, K26, K27};
use drill::reached;
use model::{DirtyReason, Position, Side, Subject, Window};
use plan::{Fatal, Sides, Stretch};

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
    let until = sides.supporters.now().await?.minus(sides.settings.supporter_lag).floor_second();
    let window = Window::after(state.watermark(Side::Supporter)?, sides.settings.overlap, until);
    let mut found = Discovery { marked: 0, seen: 0, window };
    let mut after: Option<Position> = None;
    while !window.is_empty() {
        let page = sides.supporters.changed(&window, after.as_ref(), sides.settings.batch).await?;
        let last = page.len() < sides.settings.batch;
        after = page.last().map(|changed| changed.position.clone());
        let mut changes = state::Changes::new();
        sides.progress.advance(page.len() as u64);
        let stamped = page.iter().map(|changed| (changed.id.as_str(), changed.modified));
        let known = state.recently_seen_of(Side::Supporter, stamped)?;
        for (changed, known) in page.into_iter().zip(known) {
            found.seen += 1;
            if known {
                continue;
            }
            found.marked += 1;
            if sides.settings.has_settled(changed.modified, until) {
                changes.note_seen(Side::Supporter, changed.id.as_str(), changed.modified);
            }
            let subject = Subject::Supporter(changed.id);
            match collect.as_deref_mut() {
                Some(collect) => collect.push(subject),
                None => {
                    changes.mark_dirty(subject, DirtyReason::SupporterChanged, Some(changed.modified));
                }
            }
        }
        if last {
            // The last marks and the watermark: one commit.
            changes.raise_watermark(Side::Supporter, until);
        }
        reached(if last { K26 } else { K23 });
        if collect.is_none() {
            let _receipt = state.commit(changes).await?;
        }
        reached(if last { K27 } else { K24 });
        // Told to stop: what is marked is marked, and the watermark says where the rest begins.
        if last || sides.stopping() {
            break;
        }
    }
    sides.progress.end();
    Ok(found)
}
