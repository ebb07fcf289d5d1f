//! `highwater check --rebuild`: the state anew from both sides, after it was lost or damaged. Neither side is written.

use std::io;
use std::path::{Path, PathBuf};

use model::Clock;
use service::request::{Mode, Request};
use state::{Fatal, Refusal};

use crate::config::Config;
use crate::cycle_text;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::{self, Job};
use crate::output::Screen;
use crate::wire;

/// Sets a state aside that cannot be trusted, and says so. One that can be opened stays and is completed; where there is none,
/// nothing is done.
///
/// # Errors
/// [`Failure`] when the state is refused for another reason than damage, or cannot be moved.
pub async fn make_room(config: &Config, screen: &Screen) -> Result<(), Failure> {
    let dir = config.state_dir();
    if !dir.exists() {
        return Ok(());
    }
    let why = match wire::state::open(config, &Clock::system()).await {
        Ok(_) => return Ok(()),
        Err(failure) if is_damage(&failure) => failure,
        Err(failure) => return Err(failure),
    };
    let aside =
        set_aside(&dir).map_err(|source| Failure::Output { what: dir.display().to_string(), source })?;
    screen.say(&format!("{why}; it was moved to {} and a new state is made", aside.display())).await;
    Ok(())
}

/// Whether a state is refused because of what lies in it, and not because of where it is, whose it is or who uses it.
fn is_damage(failure: &Failure) -> bool {
    let (Failure::State(error) | Failure::StateDirectory { source: error, .. }) = failure else {
        return false;
    };
    match error {
        state::Error::Refused(refusal) => {
            matches!(refusal, Refusal::RolledBack { .. } | Refusal::Manifest | Refusal::DigestKey)
        }
        state::Error::Fatal(fatal) => {
            matches!(fatal, Fatal::Corrupt { .. } | Fatal::Damaged { .. } | Fatal::Panicked { .. })
        }
        state::Error::LinkTaken { .. } | state::Error::LinkOfApart { .. } | state::Error::InFlight { .. } => {
            false
        }
    }
}

/// Renames the directory to the first free name beside it.
fn set_aside(dir: &Path) -> io::Result<PathBuf> {
    for number in 1..10_000_u32 {
        let mut name = dir.as_os_str().to_owned();
        name.push(format!(".aside-{number}"));
        let aside = PathBuf::from(name);
        if !aside.exists() {
            std::fs::rename(dir, &aside)?;
            return Ok(aside);
        }
    }
    Err(io::Error::other("there are too many states set aside here"))
}

/// Meets everybody, links whom the sides themselves say to be one person, and notes what they agree on.
///
/// # Errors
/// [`Failure`] when either side cannot be read, or the state fails.
pub async fn run(desk: &Desk) -> Result<Exit, Failure> {
    let before = desk.state.link_count()?;
    let done = desk.carry_out(Job::cycle(Request::whole(Mode::Rebuild))).await?;
    let report = job::cycle_report(&done)?;
    let mut answer = cycle_text::answer(report, false);
    let links = desk.state.link_count()?;
    answer
        .notes
        .push(format!("{links} people are linked, {before} of them were before; neither side was written"));
    let waiting = report.still_dirty;
    if report.stopped {
        answer.notes.push("not everybody was met: run `highwater check --rebuild` again".to_owned());
    } else if waiting > 0 {
        answer.notes.push(format!(
            "{waiting} differ, or are on one side only: `highwater plan` shows what the next cycle would write for them"
        ));
    }
    answer.json["linked"] = links.into();
    desk.screen.answer(&answer).await.map_err(Failure::stdout)?;
    Ok(if report.stopped { Exit::SomeFailed } else { Exit::Done })
}
