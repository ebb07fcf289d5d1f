//! What stays of a cycle after it.

use model::Stamp;
use plan::{CycleReport, Fatal, Sides};
use state::{Changes, Finished, Progress};

use crate::request::Request;

/// The numbers of the cycle stay readable after it. When everybody's turn came and nothing ended it early, so does when it
/// began, so that a service that was off knows which slot it missed.
pub(super) async fn keep(
    sides: &Sides,
    request: &Request,
    report: &CycleReport,
    begun: Stamp,
    ended_well: bool,
) -> Result<(), Fatal> {
    let mut changes = Changes::new();
    changes.put_summary(report.cycle, serde_json::to_value(report).unwrap_or_default());
    if ended_well && request.only.is_none() && request.agreed.is_none() {
        let finished = Some(Finished { cycle: report.cycle, at: begun });
        let before = sides.state.progress()?;
        let (pulls, pushes) = (request.mode.pulls(), request.mode.pushes());
        changes.set_progress(Progress {
            cycle: if pulls && pushes { finished } else { before.cycle },
            pull: if pulls { finished } else { before.pull },
            push: if pushes { finished } else { before.push },
            ..before
        });
    }
    let _receipt = sides.state.commit(changes).await?;
    Ok(())
}
