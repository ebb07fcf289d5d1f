//! Long work tells how far it is: a bar on a terminal, lines with numbers in a log, nothing in a pipe.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use plan::{Progress, Stretch};

/// How much time passes between two lines of one stretch.
const BETWEEN: Duration = Duration::from_secs(30);

/// Who watches: a bar where standard error is a terminal and nobody forbade it, else the log. A command that is run by hand
/// logs no progress unless it is asked to (`-v`): a pipe stays quiet.
#[must_use]
pub fn watcher(no_progress: bool, quiet: bool) -> Arc<dyn Progress> {
    if std::io::stderr().is_terminal() && !no_progress && !quiet {
        Arc::new(Bar::default())
    } else {
        Arc::new(Lines::default())
    }
}

/// What is said about a stretch: its title, and which job it is of those sent so far.
fn title(stretch: Stretch, jobs: u64) -> String {
    if stretch == Stretch::Job {
        return format!("{}, job {jobs}", stretch.title());
    }
    stretch.title().to_owned()
}

/// A bar for each stretch; it disappears when the stretch is over.
#[derive(Default)]
struct Bar(Mutex<Shown>);

#[derive(Default)]
struct Shown {
    bar: Option<ProgressBar>,
    jobs: u64,
}

impl Progress for Bar {
    fn begin(&self, stretch: Stretch, total: Option<u64>) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.jobs += u64::from(stretch == Stretch::Job);
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        bar.set_style(style(total.is_some()));
        bar.set_message(title(stretch, shown.jobs));
        bar.enable_steady_tick(Duration::from_millis(200));
        if let Some(before) = shown.bar.replace(bar) {
            before.finish_and_clear();
        }
    }

    fn advance(&self, by: u64) {
        if let Some(bar) = &self.0.lock().unwrap_or_else(PoisonError::into_inner).bar {
            bar.inc(by);
        }
    }

    fn end(&self) {
        if let Some(bar) = self.0.lock().unwrap_or_else(PoisonError::into_inner).bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn style(counted: bool) -> ProgressStyle {
    let template = if counted {
        "{spinner} {msg} [{bar:30}] {human_pos}/{human_len}, {per_sec}, {eta} left"
    } else {
        "{spinner} {msg} {human_pos}, {per_sec}, for {elapsed}"
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Lines while a stretch lasts, and one at its end.
#[derive(Default)]
struct Lines(Mutex<Logged>);

#[derive(Default)]
struct Logged {
    now: Option<Running>,
    jobs: u64,
}

/// A stretch under way.
struct Running {
    stretch: Stretch,
    total: Option<u64>,
    done: u64,
    begun: Instant,
    told: Instant,
}

impl Running {
    fn pace(&self, taken: Duration) -> Pace {
        Pace::of(self.done, self.total, taken)
    }
}

/// How fast it goes.
#[derive(Debug, PartialEq, Eq)]
struct Pace {
    per_s: u64,
    /// How long it still takes at this pace; `None` where that cannot be told.
    left_s: Option<u64>,
}

impl Pace {
    fn of(done: u64, total: Option<u64>, taken: Duration) -> Self {
        let millis = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX).max(1);
        let left = total.and_then(|total| total.checked_sub(done)).filter(|_| done > 0);
        Self {
            per_s: done.saturating_mul(1_000) / millis,
            left_s: left.map(|left| left.saturating_mul(millis) / done / 1_000),
        }
    }
}

impl Progress for Lines {
    fn begin(&self, stretch: Stretch, total: Option<u64>) {
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logged.jobs += u64::from(stretch == Stretch::Job);
        let begun = Instant::now();
        logged.now = Some(Running { stretch, total, done: 0, begun, told: begun });
    }

    fn advance(&self, by: u64) {
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = logged.jobs;
        let Some(running) = &mut logged.now else { return };
        running.done += by;
        if running.told.elapsed() >= BETWEEN {
            running.told = Instant::now();
            let (title, done) = (title(running.stretch, jobs), running.done);
            let Pace { per_s, left_s } = running.pace(running.begun.elapsed());
            tracing::info!(
                progress.done = done,
                progress.total = running.total,
                progress.per_s = per_s,
                progress.left_s = left_s,
                "{title}: {done} so far"
            );
        }
    }

    fn end(&self) {
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = logged.jobs;
        if let Some(ended) = logged.now.take() {
            let (title, done) = (title(ended.stretch, jobs), ended.done);
            let Pace { per_s, .. } = ended.pace(ended.begun.elapsed());
            tracing::info!(
                progress.done = done,
                progress.total = ended.total,
                progress.per_s = per_s,
                "{title}: {done}"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pace_and_time_left_follow_from_what_is_done() {
        let pace = |done, total, millis| {
            let Pace { per_s, left_s } = Pace::of(done, total, Duration::from_millis(millis));
            (per_s, left_s)
        };
        assert_eq!(pace(250_000, Some(1_000_000), 20_000), (12_500, Some(60)));
        assert_eq!(pace(250_000, None, 20_000), (12_500, None));
        assert_eq!(pace(0, Some(10), 5_000), (0, None), "nothing to go by yet");
        assert_eq!(pace(12, Some(10), 1_000), (12, None), "more than was announced");
        assert_eq!(pace(7, Some(7), 0), (7_000, Some(0)));
        assert_eq!(pace(u64::MAX, Some(u64::MAX), u64::MAX).1, Some(0));
    }

    #[test]
    fn jobs_are_numbered_and_other_stretches_are_not() {
        let lines = Lines::default();
        for stretch in [Stretch::Decide, Stretch::Job, Stretch::Settle, Stretch::Job] {
            lines.begin(stretch, Some(1));
            lines.advance(1);
            lines.end();
        }
        let logged = lines.0.lock().unwrap();
        assert_eq!((logged.jobs, logged.now.is_none()), (2, true));
        assert_eq!(title(Stretch::Job, logged.jobs), "sending to Salesforce, job 2");
        assert_eq!(title(Stretch::Settle, logged.jobs), Stretch::Settle.title());
    }
}
