//! `highwater events`: what was taken in, and what became of it.

use clap::Subcommand;

use events::queue::Decision;

use super::{events_decide, events_kept, events_outcomes};
use crate::config::Config;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;

/// What to do with them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater events list --state needs_person
  highwater events list --limit 100000 --format csv > events.csv
  highwater events show 0197a0c4-5a1e-7c11-9b1e-2f6f3a1c0d11
  highwater events cases
  highwater events retry --action new-lead --outcome refused")]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub what: What,
}

/// The verbs on events.
#[derive(Debug, Subcommand)]
pub enum What {
    /// List kept events, the newest last, with what became of each
    List(events_kept::ListArgs),
    /// Show one event whole
    Show(events_kept::ShowArgs),
    /// List what events came to, one line for each action that was for an event
    Outcomes(events_outcomes::OutcomesArgs),
    /// List events that wait for a person, together by their reason, with age and what to do
    Cases(events_outcomes::CasesArgs),
    /// Try events again that went no further
    Retry(events_decide::DecideArgs),
    /// Give events up that went no further
    Drop(events_decide::DecideArgs),
}

impl Args {
    /// Whether the state is needed: something is decided, not only looked at.
    #[must_use]
    pub const fn decides(&self) -> bool {
        match self.what {
            What::Retry(_) | What::Drop(_) => true,
            What::List(_) | What::Show(_) | What::Outcomes(_) | What::Cases(_) => false,
        }
    }
}

/// Looks. Works beside a running service: what is kept is only looked at.
///
/// # Errors
/// When the events cannot be read, or there is none like that.
pub async fn run(args: &Args, config: &Config, screen: &Screen) -> Result<Exit, Failure> {
    match &args.what {
        What::List(args) => events_kept::list(args, config, screen).await,
        What::Show(args) => events_kept::show(args, config, screen).await,
        What::Outcomes(args) => events_outcomes::outcomes(args, config, screen).await,
        What::Cases(args) => events_outcomes::cases(args, config, screen).await,
        What::Retry(_) | What::Drop(_) => Err(Failure::Unexpected("a decision came without the state")),
    }
}

/// Looks or decides, with the state open.
///
/// # Errors
/// As [`run`], and when nothing says which events are meant.
pub async fn at_the_desk(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    match &args.what {
        What::Retry(args) => events_decide::run(args, Decision::Retry, desk).await,
        What::Drop(args) => events_decide::run(args, Decision::Drop, desk).await,
        What::List(_) | What::Show(_) | What::Outcomes(_) | What::Cases(_) => {
            run(args, &desk.config, &desk.screen).await
        }
    }
}
