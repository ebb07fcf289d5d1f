//! `highwater watermark`: the positions below which everything has been handled.

use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use model::{Clock, Side, Stamp};
use serde_json::json;
use state::Changes;

use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Sheet};

/// What to do with them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater watermark show
  highwater watermark rewind push 2d --why 'restored the supporter database from a backup'
  highwater watermark set pull 2026-10-05T00:00:00Z --why 'first run after a bulk load'

A watermark moves by itself, and only forward. Moving one back makes the next cycle look at more records; whoever is in step \
is not written again. Moving one forward leaves out what changed in between: only backfill or resync find it then. Set before the first \
cycle, it makes that one begin there instead of with everybody: `highwater watermark set push` with the present time leaves alone whoever \
is there already. Both are kept in the audit trail.")]
pub struct Args {
    /// Show or move.
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What to do with them.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show both watermarks
    Show,
    /// Set a watermark to a time
    Set {
        /// Whose
        direction: Direction,
        /// The time, with an offset: 2026-10-05T00:00:00Z
        #[arg(value_parser = stamp)]
        to: Stamp,
        /// Why, for the audit trail
        #[arg(long, value_name = "REASON")]
        why: String,
    },
    /// Set a watermark back by a span
    Rewind {
        /// Whose
        direction: Direction,
        /// How far: 90m, 12h, 2d
        #[arg(value_parser = span)]
        by: Duration,
        /// Why, for the audit trail
        #[arg(long, value_name = "REASON")]
        why: String,
    },
}

impl Args {
    /// Whether it may be the first that is known of a state.
    #[must_use]
    pub const fn begins(&self) -> bool {
        matches!(self.action, Some(Action::Set { .. }))
    }
}

/// Which watermark, named after the direction it serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Direction {
    /// The supporter database's changes.
    Push,
    /// Salesforce's changes.
    Pull,
}

impl Direction {
    const ALL: [Self; 2] = [Self::Push, Self::Pull];

    const fn side(self) -> Side {
        match self {
            Self::Push => Side::Supporter,
            Self::Pull => Side::Salesforce,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Pull => "pull",
        }
    }
}

/// Shows or moves.
///
/// # Errors
/// [`Failure`] when the state cannot be read or written.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    match &args.action {
        None | Some(Action::Show) => {}
        Some(Action::Set { direction, to, why }) => move_to(desk, *direction, *to, why).await?,
        Some(Action::Rewind { direction, by, why }) => {
            let Some(now) = desk.state.watermark(direction.side())? else {
                return Err(Failure::Arguments {
                    problem: format!("there is no {} watermark yet", direction.word()),
                    advice: "run a cycle first; the first one starts it",
                });
            };
            move_to(desk, *direction, now.minus(*by), why).await?;
        }
    }
    desk.screen.answer(&shown(desk)?).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

async fn move_to(desk: &Desk, direction: Direction, to: Stamp, why: &str) -> Result<(), Failure> {
    let side = direction.side();
    if to > Clock::system().now() {
        return Err(Failure::Arguments {
            problem: format!("{to} is in the future: everything up to then would never be looked at"),
            advice: "name a time that has passed",
        });
    }
    // A cycle that is under way raises the watermark to where its window ends, and would undo this without a word.
    let _guard = match desk.state.begin_cycle().await? {
        Ok(guard) => guard,
        Err(running) => return Err(Failure::AlreadyRunning(running.to_string())),
    };
    let before = desk.state.watermark(side)?;
    let mut changes = Changes::new();
    if before.is_some_and(|before| to < before) {
        changes.rewind_watermark(side, to, &desk.by, why);
    } else {
        changes.begin_at(side, to);
        changes.audit(&desk.by, &format!("set the {side} watermark to {to}: {why}"));
    }
    let _ = desk.state.commit(changes).await?;
    Ok(())
}

fn shown(desk: &Desk) -> Result<Answer, Failure> {
    let mut sheet = Sheet::new("watermarks", &["direction", "side", "handled up to"]);
    let mut json = serde_json::Map::new();
    for direction in Direction::ALL {
        let at = desk.state.watermark(direction.side())?;
        let text = at.map_or_else(|| "nothing yet".to_owned(), |at| at.to_string());
        sheet.row([direction.word().to_owned(), direction.side().to_string(), text]);
        json.insert(direction.word().to_owned(), json!(at.map(|at| at.to_string())));
    }
    Ok(Answer::of(sheet, json.into()))
}

fn stamp(text: &str) -> Result<Stamp, String> {
    Stamp::parse(text).map_err(|error| error.to_string())
}

/// The longest span, in days.
const LONGEST_DAYS: u64 = 3_650;

fn span(text: &str) -> Result<Duration, String> {
    let refused = || "write a number and a unit: 90m, 12h, 2d".to_owned();
    let units = [('m', 60_u64), ('h', 3_600), ('d', 86_400)];
    let found = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, *seconds)));
    let (number, seconds) = found.ok_or_else(refused)?;
    let number: u64 = number.parse().map_err(|_| refused())?;
    number
        .checked_mul(seconds)
        .filter(|all| *all <= LONGEST_DAYS * 86_400)
        .map(Duration::from_secs)
        .ok_or_else(|| {
            format!("a watermark is set back by {LONGEST_DAYS}d at the most; `set` names any time")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_a_number_and_a_unit() {
        assert_eq!(span("90m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(span("2d"), Ok(Duration::from_secs(172_800)));
        for bad in ["", "d", "2", "-1d", "2w", "é", "99999999999999999999d", "9999999d"] {
            assert!(span(bad).is_err(), "{bad}");
        }
        assert!(span("9999d").unwrap_err().contains("3650d"));
        assert!(span("2w").unwrap_err().contains("90m"));
    }
}
