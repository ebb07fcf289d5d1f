//! What a cycle sees to before it begins: files a dead process left, values whose time is over, a field map or settings that changed.
//! Where no cycles run, somebody else asks for it.

use std::collections::HashSet;
use std::time::Duration;

use model::{Digest, DirtyReason, LinkLife, Side, Stamp, Subject, SupporterId};
use plan::{CycleReport, Fatal, Sides};
use serde::{Deserialize, Serialize};
use state::{Changes, State};

/// How long the log keeps the values that a policy overwrote, by the org's clock.
const CONFLICTS_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// How many commits one cycle spends on pruning; the rest goes with the next.
const PRUNES: usize = 50;

/// What a state needs now and then, for whoever runs no cycles: else what cycles left would be kept for ever, and the database only
/// grow.
///
/// # Errors
/// [`Fatal`] when the state fails.
pub async fn without_cycles(state: &State, now: Stamp) -> Result<(), Fatal> {
    tidy(state, now, now).await?;
    give_back_room(state).await
}

/// Removes what is left over and what has been kept long enough: conflicts by the org's clock, stories by ours.
///
/// # Errors
/// [`Fatal`] when the state fails. A file that cannot be removed is tried again by the next cycle.
pub(crate) async fn tidy(state: &State, org: Stamp, ours: Stamp) -> Result<(), Fatal> {
    remove_leftovers(state)?;
    state.forget_story(ours)?;
    let before = org.minus(CONFLICTS_KEPT);
    for _ in 0..PRUNES {
        let oldest = state.conflicts_page(None, 1)?.pop();
        if oldest.is_none_or(|(_, conflict)| conflict.at >= before) {
            break;
        }
        let mut changes = Changes::new();
        changes.prune_conflicts(before);
        let _receipt = state.commit(changes).await?;
    }
    forget_seen(state).await
}

/// A commit that raises a watermark forgets a few thousand stamps below it; a night in which half of the org was touched leaves more.
async fn forget_seen(state: &State) -> Result<(), Fatal> {
    for side in [Side::Supporter, Side::Salesforce] {
        for _ in 0..PRUNES {
            let Some(watermark) = state.watermark(side)? else { break };
            if !state.has_seen_too_much(side)? {
                break;
            }
            let mut changes = Changes::new();
            changes.raise_watermark(side, watermark);
            let _receipt = state.commit(changes).await?;
        }
    }
    Ok(())
}

/// After a first load the state takes several times the room that it needs, and after years of small cycles again.
///
/// # Errors
/// [`Fatal`] when the state fails.
pub(crate) async fn give_back_room(state: &State) -> Result<(), Fatal> {
    if let Some(written) = state.write_anew(state::SMALL_BYTES).await? {
        let (before, after) = (written.before, written.after);
        tracing::info!(
            state.before = before,
            state.after = after,
            "the state was written anew: {before} bytes became {after}"
        );
    }
    Ok(())
}

/// Files in the spool that no open job owns hold people's data for nobody: a directory, a page, an upload whose plan was
/// dropped. Nothing else runs while a cycle does.
fn remove_leftovers(state: &State) -> Result<(), Fatal> {
    let plans: HashSet<String> = state.journal()?.iter().map(|entry| entry.plan.0.to_string()).collect();
    let Ok(files) = std::fs::read_dir(state.spool_dir()) else { return Ok(()) };
    for file in files.flatten() {
        let name = file.file_name();
        let plan = name.to_str().and_then(|name| name.strip_prefix("job-")?.split('-').next());
        if !plan.is_some_and(|plan| plans.contains(plan)) {
            let _ = std::fs::remove_file(file.path());
        }
    }
    Ok(())
}

/// The map and the directions people are compared under.
fn compared_under(sides: &Sides) -> Digest {
    let key = sides.state.digest_key();
    let map = sides.map.digest(&key);
    match (sides.settings.push, sides.settings.pull) {
        (true, true) => map,
        (push, pull) => key.combine([map, Digest(u64::from(push) << 1 | u64::from(pull))]),
    }
}

/// Everything by which people are compared and chosen: a plan that was agreed to under others is none any more.
pub(crate) fn rules_digest(sides: &Sides) -> Digest {
    let key = sides.state.digest_key();
    let settings = model::Cell::Value(format!("{:?}", sides.settings).into());
    key.combine([compared_under(sides), key.digest(model::RuleKey(0), &settings)])
}

/// When the field map, or who is left out, is another than people were compared under last: every block set under another map is lifted
/// and every linked person is compared again. With `collect` nothing is committed and the people are handed over instead.
///
/// # Errors
/// [`Fatal`] when the state fails. What is new counts as new until everybody is marked.
pub(crate) async fn notice_rules(
    sides: &Sides,
    report: &mut CycleReport,
    collect: Option<&mut Vec<Subject>>,
) -> Result<(), Fatal> {
    let (map, left_out) = (compared_under(sides), LeftOut::under(sides));
    let (map_before, left_out_before) = (sides.state.map_digest()?, LeftOut::kept(&sides.state)?);
    // Nobody knows who was left out before this was kept: it begins with what is.
    let others = left_out_before.is_some_and(|before| before != left_out);
    let linked = left_out_before.is_some_and(|before| before.linked != left_out.linked);
    let new_map = map_before != Some(map);
    if !new_map && left_out_before == Some(left_out) {
        return Ok(());
    }
    let look_only = collect.is_some();
    let mut marked = 0;
    if new_map || linked {
        match mark_linked(sides, collect).await? {
            Some(people) => marked = people,
            None => return Ok(()),
        }
    }
    let mut lifted = 0;
    if !look_only {
        let mut changes = Changes::new();
        if new_map {
            changes.lift_all_blocks_of_other_map(sides.map.digest(&sides.state.digest_key())).set_map(map);
        }
        left_out.keep(&mut changes);
        lifted = sides.state.commit(changes).await?.lifted;
    }
    if new_map && map_before.is_some() {
        report.note(format!(
            "the field map changed: {marked} linked people are compared again, {lifted} blocks are lifted"
        ));
    }
    if others {
        let again =
            if linked { format!("{marked} linked people are compared again, and ") } else { String::new() };
        report.note(format!(
            "who is left out changed: {again}whoever was never linked is met by `highwater backfill`"
        ));
    }
    Ok(())
}

/// Everybody who is linked is to be compared again. Returns how many they are; `None`: the process is being stopped.
async fn mark_linked(sides: &Sides, mut collect: Option<&mut Vec<Subject>>) -> Result<Option<u64>, Fatal> {
    let mut marked = 0_u64;
    let mut after: Option<SupporterId> = None;
    loop {
        let page = sides.state.links_page(after.as_ref(), sides.settings.batch)?;
        let Some(last) = page.last() else { break };
        after = Some(last.supporter.clone());
        let live = page.into_iter().filter(|link| link.life == LinkLife::Live);
        let people: Vec<Subject> = live.map(|link| Subject::Supporter(link.supporter)).collect();
        marked += people.len() as u64;
        match collect.as_deref_mut() {
            Some(collect) => collect.extend(people),
            None => {
                let mut changes = Changes::new();
                for person in people {
                    changes.mark_dirty(person, DirtyReason::MapChanged, None);
                }
                let _receipt = sides.state.commit(changes).await?;
                drill::reached(drill::KillPoint::K29);
            }
        }
        if sides.stopping() {
            return Ok(None);
        }
    }
    Ok(Some(marked))
}

/// Where the state keeps under which settings people were left out.
const LEFT_OUT: &str = "left_out_under";

/// The settings that take somebody's turn without comparing them: what was changed meanwhile is nobody's to remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct LeftOut {
    /// Those that leave out people who are linked.
    linked: Digest,
    /// Those and the ones that nobody but strangers are left out by.
    all: Digest,
}

impl LeftOut {
    fn under(sides: &Sides) -> Self {
        let (key, settings) = (sides.state.digest_key(), &sides.settings);
        let of = |text: String| key.digest(model::RuleKey(0), &model::Cell::Value(text.into()));
        let linked = of(format!(
            "{:?} {} {}",
            settings.exclude, settings.exclude_pulls_only, settings.only_own_account
        ));
        let created = of(format!("{} {}", settings.create_contacts, settings.create_supporters));
        Self { linked, all: key.combine([linked, created]) }
    }

    fn kept(state: &State) -> Result<Option<Self>, Fatal> {
        Ok(state.bookmark(LEFT_OUT)?.and_then(|kept| serde_json::from_value(kept).ok()))
    }

    fn keep(self, changes: &mut Changes) {
        changes.put_bookmark(LEFT_OUT, serde_json::json!(self));
    }
}
