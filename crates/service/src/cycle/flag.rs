//! Flags on records whose other side was deleted, and off those whose other side is back.

use plan::{Ended, Fatal, PersonPlan};
use state::Changes;

use super::Cycle;
use crate::flags;
use crate::request::Mode;

impl Cycle<'_> {
    /// Flags the records whose other side was deleted, and takes the flag from those whose other side is back.
    pub(super) async fn flag(
        &mut self,
        changes: &mut Changes,
        ends: &[Ended],
        plans: &[PersonPlan],
    ) -> Result<(), Fatal> {
        if self.request.mode == Mode::Rebuild {
            // A flag would be a write: the deletion is told as a case instead.
            for ended in ends {
                plan::record::record_end_as_case(changes, ended, self.at);
            }
            return Ok(());
        }
        let settings = &self.sides.settings;
        let of_ends = ends.iter().filter_map(|ended| settings.flag_of_end(ended));
        let of_returns = plans.iter().flat_map(|plan| settings.flags_of_return(plan));
        let flags: Vec<_> = of_ends.chain(of_returns).collect();
        for at in flags::write(self.sides, &mut self.report, &flags).await? {
            if let Some(ended) = ends.get(at) {
                plan::record::record_end_as_case(changes, ended, self.at);
            }
        }
        Ok(())
    }
}
