//! One record can fail everybody who is saved with it: a trigger that ends in an unhandled exception takes its whole transaction
//! of up to 200 records with it (Apex guide, "Bulk DML Exception Handling"), and each of them is refused with the same words.
//! Such rows are sent again in ever smaller transactions, until the bad ones stand alone and the others are through.

use std::collections::HashSet;

use model::{Lane, SupporterId};
use plan::{CycleReport, Deferral, Fatal, Moment, Outcome, Sides};

use crate::direct;
use crate::settle::{Settled, Suspect, open_circuit};
use crate::waiting::OutRow;

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
    if rows.len() >= PROBED_FROM {
        match probe(sides, report, lane, &mut rows, &mut all, calls, at).await? {
            Probed::Everybody(suspect) => {
                open_circuit(sides, report, &suspect, at).await?;
                all.circuit_open = true;
            }
            // It is not known whom the trigger refuses, so nobody may count as the one who is refused alone.
            Probed::Unanswered => *calls = 0,
            Probed::NotEverybody => {}
        }
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
        let Together::Answered(mut suspects, _) = together(sides, report, lane, group, &mut all, at).await?
        else {
            continue;
        };
        let half = suspects.split_off(suspects.len() / 2);
        groups.extend([suspects, half].into_iter().filter(|group| !group.is_empty()));
    }
    Ok(all)
}

/// What became of a group.
enum Together {
    /// Whoever failed for the sake of the whole, and with which code.
    Answered(Vec<OutRow>, Option<Suspect>),
    /// The call itself was turned away: nothing of it was saved, and the next cycle goes another way.
    TurnedAway,
}

/// Sends a group in one transaction.
async fn together(
    sides: &Sides,
    report: &mut CycleReport,
    lane: Lane,
    group: Vec<OutRow>,
    all: &mut Settled,
    at: Moment,
) -> Result<Together, Fatal> {
    let direct::Sent { mut settled, refused } = direct::send(sides, report, lane, group.clone(), at).await?;
    if !refused.is_empty() {
        report.count_many(&Outcome::Deferred(Deferral::Transient), refused.len() as u64);
        all.absorb(settled);
        return Ok(Together::TurnedAway);
    }
    let suspects = std::mem::take(&mut settled.suspects);
    all.absorb(settled);
    let ids: HashSet<&SupporterId> = suspects.iter().map(|suspect| &suspect.supporter).collect();
    let mut back = Vec::with_capacity(ids.len());
    for row in group {
        if ids.contains(&row.open()?.supporter) {
            back.push(row);
        }
    }
    Ok(Together::Answered(back, suspects.into_iter().next()))
}

/// Whom the trigger refuses, by a few pairs.
enum Probed {
    /// No pair got through, not even in part.
    Everybody(Suspect),
    /// Somebody got through.
    NotEverybody,
    /// Too many calls were turned away to say.
    Unanswered,
}

/// Tries a few pairs from all over the rows, other ones in each cycle. Whoever got an outcome is taken out of the rows, and so
/// is whoever was in a call that was turned away: such a call tells nothing, and another pair is asked in its place.
async fn probe(
    sides: &Sides,
    report: &mut CycleReport,
    lane: Lane,
    rows: &mut Vec<OutRow>,
    all: &mut Settled,
    calls: &mut usize,
    at: Moment,
) -> Result<Probed, Fatal> {
    let shift = usize::try_from(at.cycle.0).unwrap_or_default();
    let mut found = None;
    let (mut answered, mut turned_away) = (0, 0);
    while answered < PROBES {
        if sides.stopping() {
            return Ok(Probed::NotEverybody);
        }
        if *calls == 0 {
            return Ok(Probed::Unanswered);
        }
        *calls -= 1;
        let first = (answered * rows.len() / PROBES + shift) % (rows.len() - 1);
        let pair: Vec<OutRow> = rows.drain(first..first + 2).collect();
        match together(sides, report, lane, pair, all, at).await? {
            Together::Answered(back, suspect) => {
                answered += 1;
                let failed = back.len() == 2;
                rows.splice(first..first, back);
                if !failed {
                    return Ok(Probed::NotEverybody);
                }
                found = suspect;
            }
            Together::TurnedAway => {
                turned_away += 1;
                if turned_away == PROBES {
                    return Ok(Probed::Unanswered);
                }
            }
        }
    }
    Ok(found.map_or(Probed::NotEverybody, Probed::Everybody))
}
