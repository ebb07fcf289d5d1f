//! `highwater conflicts`: fields both sides had changed, and taking back the value that lost.

use clap::{Args as ClapArgs, Subcommand};
use model::Subject;
use serde_json::json;
use service::request::{Mode, Request};

use super::cycle;
use super::report::{options, written};
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::{self, Job, Report};
use crate::output::{Answer, Sheet};

/// What to do.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  highwater conflicts list
  highwater conflicts list --format csv
  highwater conflicts take 17
  highwater conflicts take 17 --now

Where both sides changed a field, the field's policy keeps one value; the other stands in this log for 30 days. To take it back writes \
it to the supporter's row, unless either side was edited since; the next cycle carries it over. A consent is never taken back to yes. \
Fields that are held for a person are decided with `highwater cases`. The list holds both values: keep it to yourself.")]
pub struct Args {
    /// List, or take back.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Every logged conflict with both values, who won, and by which policy
    List,
    /// Take back the value that lost
    Take {
        /// The number the list shows
        number: u64,
        /// Carry it over at once
        #[arg(long)]
        now: bool,
    },
}

/// Does it.
///
/// # Errors
/// [`Failure`] when there is no such entry, or the value cannot be taken back.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let (number, now) = match args.action {
        Action::List => {
            let options = options(&desk.config, desk.screen.format, desk.screen.width());
            let state = desk.state.clone();
            written(desk.screen.writer(), move |to| report::conflicts(&state, &options, to)).await?;
            return Ok(Exit::Done);
        }
        Action::Take { number, now } => (number, now),
    };
    let done = desk.carry_out(Job::TakeBack { number, by: desk.by.clone() }).await?;
    let Report::TakenBack(taken) = job::report(&done)? else {
        return Err(Failure::Unexpected("a value was to be taken back and something else came back"));
    };
    let taken = taken.as_ref().as_ref().map_err(|why| Failure::Arguments {
        problem: why.to_string(),
        advice: "`highwater conflicts list` shows what is logged",
    })?;
    if now {
        let only = Some(vec![Subject::Supporter(taken.supporter.clone())]);
        return cycle::run(Request { only, ..Request::whole(Mode::Sync) }, desk).await;
    }
    let mut sheet =
        Sheet::new("taken back; the next cycle carries it over", &["supporter", "field", "whose value"]);
    sheet.row([taken.supporter.to_string(), taken.field.clone(), taken.side.to_string()]);
    desk.screen.answer(&Answer::of(sheet, json!(taken))).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}
