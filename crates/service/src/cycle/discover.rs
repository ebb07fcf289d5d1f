//! What a cycle finds before it decides: whom the windows bring, and all Contacts in one query where many are to be looked up.

use std::time::Duration;

use model::{Side, Window};
use plan::gather::fresh;
use plan::{Directory, Fatal};
use state::Changes;

use super::Cycle;
use crate::request::Mode;
use crate::whom;

/// So many looks at a side in a row may find its clock behind its watermark before a cycle ends there.
const PATIENCE: u32 = 2;
/// A clock that is behind by less ends nothing: the supporter database's time is held back by a transaction that is open.
const ENDS_A_CYCLE: Duration = Duration::from_secs(3_600);

/// A side that was looked at, and by how much its time is behind its watermark, where it is.
type Behind = (Side, Option<Duration>);

impl Cycle<'_> {
    pub(super) async fn discover(&mut self) -> Result<(), Fatal> {
        let (whole, looks) = (self.request.mode.meets_everybody(), self.request.mode == Mode::Rebuild);
        let mut behind = Vec::new();
        if self.may_pull() || (looks && self.sides.settings.pull) {
            let found = pull::discover(self.sides, None, whole).await?;
            self.report.discovered += found.marked;
            let now = Window { until: self.at.now, ..found.window };
            behind.push(self.behind(Side::Salesforce, &now)?);
        }
        if self.may_push() || (looks && self.sides.settings.push) {
            let found = push::discover(self.sides, None).await?;
            self.report.discovered += found.marked;
            behind.push(self.behind(Side::Supporter, &found.window)?);
        }
        self.warn_of_clocks(&behind).await?;
        if whole {
            self.report.discovered += whom::everybody(self.sides, None).await?;
        }
        Ok(())
    }

    /// Whether a side's clock is so far behind its watermark that edits made now are not looked at again: it was ahead once, or is
    /// behind now. Within the overlap nothing is lost.
    fn behind(&self, side: Side, window: &Window) -> Result<Behind, Fatal> {
        let reached = window.until.plus(self.sides.settings.overlap);
        let watermark = self.sides.state.watermark(side)?.filter(|watermark| reached < *watermark);
        Ok((side, watermark.map(|watermark| watermark.since(window.until))))
    }

    /// Says that a clock is behind its watermark; where it was the last time its side was looked at, too, ends there: what is edited
    /// until the clock has caught up would be passed over for good.
    async fn warn_of_clocks(&mut self, sides: &[Behind]) -> Result<(), Fatal> {
        let before = self.sides.state.progress()?;
        let mut now = before;
        for (side, behind) in sides {
            let warnings = now.clock_warnings_of(*side);
            *warnings = if behind.is_some() { warnings.saturating_add(1) } else { 0 };
        }
        if now != before {
            let mut changes = Changes::new();
            changes.set_progress(now);
            let _receipt = self.sides.state.commit(changes).await?;
        }
        for (side, behind) in sides {
            let Some(by) = behind else { continue };
            let (whose, direction) = match side {
                Side::Supporter => ("the supporter database", "push"),
                Side::Salesforce => ("the org", "pull"),
            };
            let problem = format!(
                "the time of {whose} is {} minutes behind the {direction} watermark: no change can be found",
                by.as_secs() / 60
            );
            let advice = format!(
                "end a transaction that has been open for so long, or correct the clock that is or was wrong; what was edited \
                 meanwhile is found after highwater watermark rewind {direction} 2d --why ..."
            );
            if *now.clock_warnings_of(*side) >= PATIENCE && *by >= ENDS_A_CYCLE {
                return Err(Fatal::Setup { problem, advice });
            }
            self.report.note(format!("{problem}; {advice}"));
        }
        Ok(())
    }

    /// One query of all Contacts, where looking so many strangers up a few hundred at a time would cost more calls.
    pub(super) async fn prepare_directory(&mut self, strangers: u64) -> Result<(), Fatal> {
        let many = strangers >= self.sides.settings.directory_from as u64;
        if many && self.directory.is_none() {
            self.directory = tokio::select! {
                biased;
                () = self.sides.stop.cancelled() => None,
                directory = Directory::fetch(self.sides) => Some(directory?),
            };
        }
        Ok(())
    }

    /// The directory grows too old to decide on while the jobs of a large first load run. Where many are left to be looked up, it is
    /// read anew: one query, where a few hundred of them would take a call.
    pub(super) async fn renew_directory(&mut self) -> Result<(), Fatal> {
        if self.directory.is_none() || fresh(self.sides, self.directory.as_ref()).is_some() {
            return Ok(());
        }
        self.directory = None;
        let left = whom::unlinked(self.sides, self.sides.settings.directory_from)?;
        self.prepare_directory(left).await
    }
}
