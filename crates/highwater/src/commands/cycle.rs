//! What `sync`, `push`, `pull`, `backfill` and `plan` share: one cycle, real or dry, and its report.

use std::fs::File;

use service::request::Request;

use crate::code::run::SOME_FAILED;
use crate::cycle_text;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::{self, Done, Job};
use crate::output::{Format, counted};
use crate::plan_text;

/// Runs one cycle and shows what came of it.
///
/// # Errors
/// [`Failure`] when the cycle cannot begin or go on.
pub async fn run(request: Request, desk: &Desk) -> Result<Exit, Failure> {
    if request.dry_run { show(request, None, desk).await } else { really(request, desk).await }
}

/// Carries a decision out with the people it is about. One that came to nothing is no success, and it is said why.
///
/// # Errors
/// [`Failure`] when the cycle cannot begin or go on.
pub async fn decided(request: Request, desk: &Desk) -> Result<Exit, Failure> {
    let done = desk.carry_out(Job::cycle(request)).await?;
    let exit = shown(&done, desk).await?;
    let undone = &job::cycle_report(&done)?.not_carried_out;
    for why in undone {
        desk.screen.say(&format!("the decision came to nothing: {why}")).await;
    }
    Ok(if undone.is_empty() { exit } else { Exit::SomeFailed })
}

async fn really(request: Request, desk: &Desk) -> Result<Exit, Failure> {
    let done = desk.carry_out(Job::cycle(request)).await?;
    shown(&done, desk).await
}

async fn shown(done: &Done, desk: &Desk) -> Result<Exit, Failure> {
    let report = job::cycle_report(done)?;
    desk.screen.answer(&cycle_text::answer(report, false)).await.map_err(Failure::stdout)?;
    if !report.has_failures() {
        return Ok(Exit::Done);
    }
    desk.screen.say(&format!("{}: {}", SOME_FAILED, SOME_FAILED.remedy)).await;
    Ok(Exit::SomeFailed)
}

/// Shows what one cycle would write: data are the plans, and the numbers go to standard error. With a file, the plan is put
/// there too.
///
/// # Errors
/// [`Failure`] when either side cannot be read, or the plan not be written down.
pub async fn show(request: Request, file: Option<File>, desk: &Desk) -> Result<Exit, Failure> {
    let (plans, writing) = plan_text::channel(&desk.screen, file);
    let done = desk.carry_out(Job::Cycle { request, plans: Some(plans) }).await;
    let written = writing.await.map_err(|_| Failure::Unexpected("showing the plans ended in a defect"))?;
    let done = done?;
    let report = job::cycle_report(&done)?;
    let written = written.map_err(Failure::stdout)?;
    let shown = written.shown;
    if !report.stopped {
        written.finish().map_err(|source| Failure::Output { what: "the plan".to_owned(), source })?;
    }
    let text = cycle_text::answer(report, true).render(Format::Table, desk.screen.width());
    desk.screen.say(text.trim_end()).await;
    if let Some(shown) = shown {
        desk.screen
            .say(&format!("{} shown; nothing was written", counted(shown, "person is", "people are")))
            .await;
    }
    Ok(Exit::Done)
}
