//! Mistakes planted in the engine. Each must be noticed, or it is the simulation that is broken.

use std::io::Write as _;

use drill::{KillPoint, Mistake};

use crate::run::number;
use crate::story::{Drill, tell};

/// How many seeds a mistake may live through.
const BUDGET: u64 = 20_000;

/// The mistake that the environment asks for, to read its story.
pub fn asked_for() -> Option<Mistake> {
    let wanted = number("HIGHWATER_SIM_MISTAKE")?;
    Mistake::ALL.into_iter().find(|mistake| u64::from(mistake.number()) == wanted)
}

/// Runs seeds until the mistake is noticed: every other one dies at the points named. `from`: where it was noticed last, to save
/// time; whatever changes in the stories, all the others follow.
fn noticed(mistake: Mistake, points: &[KillPoint], from: u64) {
    let budget = number("HIGHWATER_SIM_BUDGET").unwrap_or(BUDGET);
    for seed in (from..=budget).chain(1..from.min(budget)) {
        let at = usize::try_from(seed / 2).unwrap_or(0);
        let kill = points.get(at % points.len().max(1)).copied().filter(|_| seed % 2 == 0);
        let drill = Drill { kill, mistake: Some(mistake), ..Drill::default() };
        // What is broken without the mistake as well says nothing about it.
        if is_broken(seed, drill) && !is_broken(seed, Drill { mistake: None, ..drill }) {
            let line = format!("mistake {} is noticed at seed {seed}\n", mistake.number());
            let _ = std::io::stderr().write_all(line.as_bytes());
            return;
        }
    }
    panic!("in {budget} seeds nobody noticed: {}", mistake.meaning());
}

fn is_broken(seed: u64, drill: Drill) -> bool {
    !tell(seed, drill).broken.is_empty()
}

macro_rules! noticed {
    ($($name:ident: $mistake:ident at $points:expr, from $from:literal;)*) => {
        $(#[test]
        fn $name() {
            noticed(Mistake::$mistake, &$points, $from);
        })*
    };
}

// Mistake 16, a commit that is flushed and not synced, is not among them: this state lies in memory. The power cuts plant it and
// notice it (`crates/state/tests/power`, `a_sync_that_is_left_out_is_noticed`).
noticed! {
    m01_the_watermark_is_stored_before_the_marks: WatermarkBeforeMarks at [KillPoint::K23], from 1;
    m02_the_watermark_becomes_the_largest_stamp_seen: WatermarkFromLargestStamp at [], from 1281;
    m03_a_mark_is_removed_before_what_it_asks_for_is_done: AcknowledgedBeforeEffect at [KillPoint::K02], from 1;
    m04_windows_neither_look_back_nor_ask_what_is_committed: NoLookBack at [], from 374;
    m05_pages_go_on_after_a_stamp_whoever_else_has_it: PagedByStampAlone at [], from 1;
    m06_linked_people_are_upserted_by_external_id: UpsertLinked at [], from 1;
    m07_a_job_that_is_not_settled_is_forgotten: UnsettledJobForgotten at [KillPoint::K08, KillPoint::K09], from 1;
    m08_what_is_planned_counts_as_agreed: BaseAtPlanTime at [KillPoint::K02], from 1;
    m09_what_is_on_its_way_is_not_remembered: IntentsDropped at [KillPoint::K32], from 4726;
    m10_result_rows_are_joined_by_their_order: JoinedByOrder at [], from 1;
    m11_a_file_that_breaks_off_is_taken_as_whole: TruncatedFileAccepted at [], from 1;
    m12_a_row_in_no_result_set_counts_as_saved: MissingKeyIsSuccess at [], from 1;
    m13_windows_end_at_this_machines_time: LocalClock at [], from 1;
    m14_an_overwritten_value_is_not_logged: ConflictNotLogged at [], from 1;
    m15_a_block_stays_when_its_record_changes: BlockNotLifted at [], from 1;
    m18_an_aborted_job_is_forgotten_with_what_it_saved: AbortWithoutResults at [], from 1;
    m17_a_refused_session_is_renewed_again_and_again: EndlessSignIn at [], from 1;
}
