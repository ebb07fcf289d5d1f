//! How a kill point kills: in a simulation by unwinding to whoever runs the engine on this thread, in a process by `abort`.

use std::cell::{Cell, RefCell};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{Branch, KillPoint};

/// The variable that makes a process abort: `K07`, or `K07:2` for the second time it comes by.
pub const ENVIRONMENT: &str = "HIGHWATER_DIE_AT";

/// What a simulated death unwinds with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Killed(pub KillPoint);

/// How often each point and each branch was come by, in the order of their lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Of [`KillPoint::ALL`].
    pub points: [u64; KillPoint::ALL.len()],
    /// Of [`Branch::ALL`].
    pub branches: [u64; Branch::COUNT],
}

impl Counts {
    /// None of anything.
    pub const NONE: Self = Self { points: [0; KillPoint::ALL.len()], branches: [0; Branch::COUNT] };

    /// Adds another count.
    pub fn add(&mut self, other: &Self) {
        let (points, branches) = (other.points.iter(), other.branches.iter());
        self.points.iter_mut().zip(points).for_each(|(sum, more)| *sum += more);
        self.branches.iter_mut().zip(branches).for_each(|(sum, more)| *sum += more);
    }
}

thread_local! {
    static ARMED: Cell<Option<(KillPoint, u32)>> = const { Cell::new(None) };
    static COUNTS: RefCell<Counts> = const { RefCell::new(Counts::NONE) };
}

/// From now on the `nth` time (1 is the next) that this thread comes to the point is its engine's death: it unwinds with
/// [`Killed`], past everything. Whoever armed it catches it. Only one point is armed at a time, and only once.
pub fn arm(point: KillPoint, nth: u32) {
    ARMED.set(Some((point, nth.max(1))));
}

/// Nothing kills any more on this thread. Returns whether something still was to.
pub fn disarm() -> bool {
    ARMED.take().is_some()
}

/// What this thread came by since it was last asked.
#[must_use]
pub fn take_counts() -> Counts {
    COUNTS.replace(Counts::NONE)
}

pub(crate) fn reached(point: KillPoint) {
    COUNTS.with_borrow_mut(|counts| counts.points[point as usize] += 1);
    if die_here(point) {
        std::process::abort();
    }
    let Some((armed, left)) = ARMED.get() else { return };
    if armed != point {
        return;
    }
    if left > 1 {
        ARMED.set(Some((armed, left - 1)));
        return;
    }
    ARMED.set(None);
    // Not a panic: no hook runs and nothing is printed.
    std::panic::resume_unwind(Box::new(Killed(point)));
}

pub(crate) fn met(branch: Branch) {
    COUNTS.with_borrow_mut(|counts| counts.branches[branch as usize] += 1);
}

/// Whether the process was told to die at this point, and this is the time.
fn die_here(point: KillPoint) -> bool {
    static ORDER: OnceLock<Option<(KillPoint, AtomicU32)>> = OnceLock::new();
    let order = ORDER.get_or_init(|| {
        let (point, nth) = parse(&std::env::var(ENVIRONMENT).ok()?)?;
        Some((point, AtomicU32::new(nth)))
    });
    let Some((wanted, left)) = order else { return false };
    // Counts down to 0 once and stays there.
    *wanted == point
        && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) == Ok(1)
}

fn parse(text: &str) -> Option<(KillPoint, u32)> {
    let (name, nth) = text.split_once(':').unwrap_or((text, "1"));
    Some((name.parse().ok()?, nth.parse().ok().filter(|nth| *nth > 0)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_names_a_point_and_which_time() {
        assert_eq!(parse("K07"), Some((KillPoint::K07, 1)));
        assert_eq!(parse("K31:3"), Some((KillPoint::K31, 3)));
        for wrong in ["", "K00", "K07:", "K07:0", "K07:x", "7"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_nth_time_unwinds_once_and_everything_is_counted() {
        let _before = take_counts();
        arm(KillPoint::K07, 2);
        reached(KillPoint::K06);
        reached(KillPoint::K07);
        let died = std::panic::catch_unwind(|| reached(KillPoint::K07)).unwrap_err();
        assert_eq!(died.downcast_ref::<Killed>(), Some(&Killed(KillPoint::K07)));
        reached(KillPoint::K07);
        met(Branch::Relinked);
        assert!(!disarm());
        let counts = take_counts();
        assert_eq!(counts.points[KillPoint::K07 as usize], 3);
        assert_eq!(counts.branches[Branch::Relinked as usize], 1);
        assert_eq!(take_counts(), Counts::NONE);
    }
}
