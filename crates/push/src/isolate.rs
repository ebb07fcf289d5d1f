//! One record can fail everybody who is saved with it: a trigger that ends in an unhandled exception takes its whole transaction
//! of up to 200 records with it (Apex guide, "Bulk DML Exception Handling"), and each of them is refused with the same words.
//! Such rows are sent again in ever smaller transactions, until the bad ones stand alone and the others are through.

use std::collections::HashSet;

use model::{Lane, SupporterId};
use plan::{CycleReport, Deferral, Fatal, Moment, Outcome, Sides};

use crate::direct;
use crate::encode::OutRow;
use crate::settle::{Settled, Suspect, open_circuit};

/// The largest transaction of the first attempt: half of what failed.
const HALF_A_TRANSACTION: usize = 100;

/// From so many rows on it is asked first whether the trigger refuses everybody.
const PROBED_FROM: usize = 100;

/// So many pairs are tried before everybody counts as refused. A pair that fails blocks nobody.
const PROBES: usize = 5;

/// The most calls one lane takes in one cycle; whoever is left then is tried in the next one.
pub const MOST_CALLS: usize = 200;

/// Sends the rows in ever smaller transactions and settles each, in no more than so many calls, which are counted down.
///
/// # Errors
/// [`Fatal`] when the org or the state fails. Whoever has no outcome stays marked.
pub async fn isolate(
    sides: &Sides,
    report: &mut CycleReport,
    lane: Lane,
    mut rows: Vec<OutRow>,
    calls: &mut usize,
    at: Moment,
) -> Result<Settled, Fatal> {
    let mut all = Settled::default();
    if rows.len() >= PROBED_FROM
        && let Some(suspect) = all_pairs_fail(sides, report, lane, &mut rows, &mut all, at).await?
    {
        open_circuit(sides, report, &suspect, at).await?;
        all.circuit_open = true;
    }
    let mut groups: Vec<Vec<OutRow>> = Vec::new();
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(HALF_A_TRANSACTION));
        groups.push(std::mem::replace(&mut rows, rest));
    }
    while let Some(group) = groups.pop() {
        if sides.stopping() || all.circuit_open || *calls == 0 {
            let why = if sides.stopping() { Deferral::Stopped } else { Deferral::Transient };
            report.count_many(&Outcome::Deferred(why), group.len() as u64);
            continue;
        }
        *calls -= 1;
        let mut suspects = together(sides, report, lane, group, &mut all, at).await?.0;
        let half = suspects.split_off(suspects.len() / 2);
        groups.extend([suspects, half].into_iter().filter(|group| !group.is_empty()));
    }
    Ok(all)
}

/// Sends a group in one transaction. Gives whoever failed for the sake of the whole, and with which code.
async fn together(
    sides: &Sides,
    report: &mut CycleReport,
    lane: Lane,
    group: Vec<OutRow>,
    all: &mut Settled,
    at: Moment,
) -> Result<(Vec<OutRow>, Option<Suspect>), Fatal> {
    let direct::Sent { mut settled, refused } = direct::send(sides, report, lane, group.clone(), at).await?;
    // The call itself was turned away: nothing of it was saved, and the next cycle goes another way.
    report.count_many(&Outcome::Deferred(Deferral::Transient), refused.len() as u64);
    let suspects = std::mem::take(&mut settled.suspects);
    all.absorb(settled);
    let ids: HashSet<&SupporterId> = suspects.iter().map(|suspect| &suspect.supporter).collect();
    let rows = group.into_iter().filter(|row| ids.contains(&row.supporter)).collect();
    Ok((rows, suspects.into_iter().next()))
}

/// Tries a few pairs from all over the rows, other ones in each cycle. `None`: one of them got through in part, so it is not
/// everybody. Whoever got an outcome is taken out of the rows.
async fn all_pairs_fail(
    sides: &Sides,
    report: &mut CycleReport,
    lane: Lane,
    rows: &mut Vec<OutRow>,
    all: &mut Settled,
    at: Moment,
) -> Result<Option<Suspect>, Fatal> {
    let shift = usize::try_from(at.cycle.0).unwrap_or_default();
    let mut found = None;
    for probe in 0..PROBES {
        if sides.stopping() {
            return Ok(None);
        }
        let first = (probe * rows.len() / PROBES + shift) % (rows.len() - 1);
        let pair: Vec<OutRow> = rows.drain(first..first + 2).collect();
        let (back, suspect) = together(sides, report, lane, pair, all, at).await?;
        let failed = back.len() == 2;
        rows.splice(first..first, back);
        if !failed {
            return Ok(None);
        }
        found = suspect;
    }
    Ok(found)
}
