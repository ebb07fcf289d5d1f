//! The sweep: who of the linked people is there no longer? A row that is removed leaves no stamp behind to be found by, and a
//! deleted Contact can be asked for only as long as it lies in the recycle bin. The same goes for supporters who were never linked
//! and about whom somebody is asked.

use std::time::Duration;

use model::{DirtyReason, LinkLife, SalesforceId, Side, Stamp, Subject, SupporterId};
use plan::{CycleReport, Fatal, Moment, Sides};
use state::{CaseKey, Changes, Finished, Progress};

/// How often everybody is looked for.
const EVERY: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long the recycle bin keeps a record (Salesforce help, "Recycle Bin": 15 days).
const BIN: Duration = Duration::from_secs(15 * 24 * 3600);

/// Marks every linked person of whom one record is gone: once a week, and after an absence in which the recycle bin may have
/// forgotten deletions and merges. Told to stop, it begins anew with the next cycle.
///
/// # Errors
/// [`Fatal`] when either side or the state fails.
pub(crate) async fn sweep_when_due(sides: &Sides, report: &mut CycleReport, at: Moment) -> Result<(), Fatal> {
    let progress = sides.state.progress()?;
    if !is_due(&progress, sides.state.watermark(Side::Salesforce)?, at.now) {
        return Ok(());
    }
    let (mut looked, mut missed) = (0_u64, 0_u64);
    let mut after: Option<SupporterId> = None;
    loop {
        let page = sides.state.links_page(after.as_ref(), sides.settings.batch)?;
        let Some(last) = page.last() else { break };
        after = Some(last.supporter.clone());
        let live: Vec<_> = page.into_iter().filter(|link| link.life == LinkLife::Live).collect();
        let ids: Vec<SupporterId> = live.iter().map(|link| link.supporter.clone()).collect();
        let contacts: Vec<SalesforceId> = live.iter().map(|link| link.contact.into()).collect();
        let here = sides.supporters.get(&ids).await?;
        let there = sides.org.get_many(sides.map.object().name(), &contacts, &["Id"]).await?;
        let mut changes = Changes::new();
        for ((id, here), there) in ids.into_iter().zip(here).zip(there) {
            looked += 1;
            if here.is_none() || there.is_none() {
                missed += 1;
                drill::met(drill::Branch::Swept);
                changes.mark_dirty(Subject::Supporter(id), DirtyReason::ContactGone, None);
            }
        }
        if !changes.is_empty() {
            let _receipt = sides.state.commit(changes).await?;
        }
        drill::reached(drill::KillPoint::K29);
        if sides.stopping() {
            return Ok(());
        }
    }
    if !removed_with_a_case(sides).await? {
        return Ok(());
    }
    let mut changes = Changes::new();
    changes.set_progress(Progress { sweep: Some(Finished { cycle: at.cycle, at: at.now }), ..progress });
    let _receipt = sides.state.commit(changes).await?;
    if missed > 0 {
        report.note(format!(
            "{looked} linked people were looked for, and {missed} are no longer on both sides"
        ));
    }
    Ok(())
}

/// Marks supporters with a case whose row was removed, so that the case ends. Whether it came to the end.
async fn removed_with_a_case(sides: &Sides) -> Result<bool, Fatal> {
    let mut after: Option<CaseKey> = None;
    loop {
        let page = sides.state.cases_page(after.as_ref(), sides.settings.batch)?;
        let Some(last) = page.last() else { return Ok(true) };
        after = Some(CaseKey::of(last));
        let of = |subject: &Subject| match subject {
            Subject::Supporter(id) => Some(id.clone()),
            Subject::Contact(_) => None,
        };
        let asked: Vec<SupporterId> = page.iter().filter_map(|case| of(&case.subject)).collect();
        // Whoever is or was linked is looked for by the link.
        let links = sides.state.links_of(&asked)?;
        let ids: Vec<SupporterId> =
            asked.into_iter().zip(links).filter_map(|(id, link)| link.is_none().then_some(id)).collect();
        let here = sides.supporters.get(&ids).await?;
        let mut changes = Changes::new();
        for (id, _) in ids.into_iter().zip(here).filter(|(_, here)| here.is_none()) {
            changes.mark_dirty(Subject::Supporter(id), DirtyReason::ContactGone, None);
        }
        if !changes.is_empty() {
            let _receipt = sides.state.commit(changes).await?;
        }
        if sides.stopping() {
            return Ok(false);
        }
    }
}

fn is_due(progress: &Progress, watermark: Option<Stamp>, now: Stamp) -> bool {
    let weekly = progress.sweep.is_none_or(|swept| now.since(swept.at) >= EVERY);
    // Where nobody pulls, the watermark stands still for good: one sweep sees what the absence hid.
    let unseen = |watermark| progress.sweep.is_none_or(|swept| swept.at.since(watermark) < BIN);
    weekly || watermark.is_some_and(|watermark| now.since(watermark) >= BIN && unseen(watermark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::CycleId;

    #[test]
    fn due_once_a_week_and_after_an_absence() {
        let day = |n: i64| Stamp::from_seconds(1_790_000_000 + n * 86_400);
        let swept =
            |n| Progress { sweep: Some(Finished { cycle: CycleId(1), at: day(n) }), ..Progress::default() };
        assert!(is_due(&Progress::default(), None, day(0)));
        assert!(!is_due(&swept(0), Some(day(5)), day(6)));
        assert!(is_due(&swept(0), Some(day(6)), day(7)));
        // An absence of fifteen days ends with a sweep, and with one only.
        assert!(is_due(&swept(28), Some(day(16)), day(31)));
        assert!(!is_due(&swept(28), Some(day(17)), day(31)));
        assert!(!is_due(&swept(31), Some(day(16)), day(32)));
        assert!(is_due(&swept(31), Some(day(16)), day(38)));
    }
}
