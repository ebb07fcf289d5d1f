//! Long work tells how far it is: a bar on a terminal, lines with numbers in a log, nothing in a pipe.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use plan::{Progress, Stretch};

/// Who watches: a bar where standard error is a terminal and nobody forbade it, else the log.
#[must_use]
pub fn watcher(no_progress: bool, quiet: bool) -> Arc<dyn Progress> {
    if std::io::stderr().is_terminal() && !no_progress && !quiet {
        Arc::new(Bar::default())
    } else {
        Arc::new(Lines::default())
    }
}

/// A bar for each stretch; it disappears when the stretch is over.
#[derive(Default)]
struct Bar(Mutex<Option<ProgressBar>>);

impl Progress for Bar {
    fn begin(&self, stretch: Stretch, total: Option<u64>) {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        bar.set_style(style(total.is_some()));
        bar.set_message(stretch.title());
        bar.enable_steady_tick(Duration::from_millis(200));
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(bar);
        if let Some(before) = before {
            before.finish_and_clear();
        }
    }

    fn advance(&self, by: u64) {
        if let Some(bar) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.inc(by);
        }
    }

    fn end(&self) {
        if let Some(bar) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}

fn style(counted: bool) -> ProgressStyle {
    let template = if counted {
        "{spinner} {msg} [{bar:30}] {human_pos}/{human_len} {per_sec} {eta}"
    } else {
        "{spinner} {msg} {human_pos} {elapsed}"
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A line at the end of each stretch.
#[derive(Default)]
struct Lines(Mutex<Option<(Stretch, Option<u64>, u64)>>);

impl Progress for Lines {
    fn begin(&self, stretch: Stretch, total: Option<u64>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((stretch, total, 0));
    }

    fn advance(&self, by: u64) {
        if let Some((_, _, done)) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            *done += by;
        }
    }

    fn end(&self) {
        let ended = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((stretch, total, done)) = ended {
            let title = stretch.title();
            tracing::info!(progress.done = done, progress.total = total, "{title}: {done}");
        }
    }
}
