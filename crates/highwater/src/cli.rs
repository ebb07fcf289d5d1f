//! The command line.

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand};

use crate::commands::{
    audit, backfill, bench, block, cases, check, completions, conflicts, deliver, demo, errors, events,
    explain, forget, init, intake, journal, link, plan, pull, push, replicate, report, resync, serve, setup,
    simorg, status, sync, verify, watermark, why,
};
use crate::exit;
use crate::output::Format;

/// Keeps a supporter database and Salesforce Contacts in step, in both directions.
#[derive(Debug, Parser)]
#[command(
    name = "highwater",
    version,
    max_term_width = 120,
    propagate_version = true,
    arg_required_else_help = true,
    after_long_help = long_help(),
    after_help = "Begin with `highwater demo`, then `highwater init` and `highwater check`. More with --help."
)]
pub struct Cli {
    /// What all verbs share.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Options of every verb.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    /// The configuration file
    #[arg(
        long,
        short = 'c',
        global = true,
        value_name = "FILE",
        env = "HIGHWATER_CONFIG",
        default_value = "highwater.toml",
        help_heading = "Options of every command"
    )]
    pub config: PathBuf,
    /// One of the file's profiles, such as a sandbox
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "HIGHWATER_PROFILE",
        value_parser = clap::builder::NonEmptyStringValueParser::new(),
        help_heading = "Options of every command"
    )]
    pub profile: Option<String>,
    /// How data is written to standard output
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "HIGHWATER_FORMAT",
        default_value = "table",
        help_heading = "Options of every command"
    )]
    pub format: Format,
    /// Log more to standard error; twice for everything
    #[arg(
        long,
        short = 'v',
        global = true,
        action = ArgAction::Count,
        conflicts_with = "quiet",
        help_heading = "Options of every command"
    )]
    pub verbose: u8,
    /// Log errors only, and show no progress
    #[arg(long, short = 'q', global = true, help_heading = "Options of every command")]
    pub quiet: bool,
    /// Show no progress bar on a terminal
    #[arg(long, global = true, help_heading = "Options of every command")]
    pub no_progress: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show everything on this machine: a simulated org, a small database, one full story
    Demo(demo::Args),
    /// Propose a configuration from what the org and the database hold
    Init(init::Args),
    /// Test both sides and name what is wrong; never writes to either side
    Check(check::Args),
    /// Write what the org needs as files an administrator deploys, and say what a changed map needs
    Setup(setup::Args),
    /// Show what a cycle would write, per person and field, with the reason; never writes
    Plan(plan::Args),
    /// Run one cycle in both directions
    Sync(sync::Args),
    /// Run one cycle, delivering supporters' changes to Salesforce only
    Push(push::Args),
    /// Run one cycle, delivering Contacts' changes to the supporter database only
    Pull(pull::Args),
    /// First load: match everybody first, then create only the unmatched
    Backfill(backfill::Args),
    /// Bring one person in step now, and show before and after
    Resync(resync::Args),
    /// Reports for administrators
    Report(report::Args),
    /// What only a person can decide: list, look, decide, put off
    Cases(cases::Args),
    /// Who is whose: show, correct or end a link
    Link(link::Args),
    /// Fields both sides had changed: list them, take back the value that lost
    Conflicts(conflicts::Args),
    /// Show watermarks, the last cycles, who is waiting, and the policies in force
    Status(status::Args),
    /// Compare everybody on both sides, whatever the watermarks say; writes nothing
    Verify(verify::Args),
    /// Show which records are set aside, why, and what to do
    Errors(errors::Args),
    /// Records that are set aside: list them, have them tried again
    Block(block::Args),
    /// What was sent and is not settled yet, and what the next cycle does with it
    Journal(journal::Args),
    /// Who decided and changed what: the audit trail
    Audit(audit::Args),
    /// Tell one person's whole story: what was found, decided, sent, refused, linked, asked
    Why(why::Args),
    /// Show events that were taken in, and what became of them
    Events(events::Args),
    /// Erase what is remembered of one person, and leave them alone from now on
    Forget(forget::Args),
    /// Deliver events that were taken in, as the actions of the configuration say
    Deliver(deliver::Args),
    /// Carry supporters to Leads or records of another object, one way, as an action says
    Replicate(replicate::Args),
    /// Run cycles on the schedule until told to stop
    Serve(serve::Args),
    /// Take events in from websites, apps and other systems, and keep them, until told to stop
    Intake(intake::Args),
    /// Show or move the positions below which everything has been handled
    Watermark(watermark::Args),
    /// Run the simulated org alone, for anybody's client
    Simorg(simorg::Args),
    /// Measure what the engine costs on this machine
    Bench(bench::Args),
    /// Explain a code such as HW0301: what happened, what highwater did, what to do
    Explain(explain::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
}

impl Verb {
    /// Whether it is of no use without a supporter database. Verbs that need one for some of their options find out by themselves.
    #[must_use]
    pub const fn needs_supporters(&self) -> bool {
        match self {
            Self::Setup(_)
            | Self::Plan(_)
            | Self::Sync(_)
            | Self::Push(_)
            | Self::Pull(_)
            | Self::Backfill(_)
            | Self::Resync(_)
            | Self::Link(_)
            | Self::Verify(_)
            | Self::Replicate(_) => true,
            Self::Check(args) => args.rebuild,
            Self::Serve(args) => args.now,
            Self::Demo(_)
            | Self::Init(_)
            | Self::Report(_)
            | Self::Cases(_)
            | Self::Conflicts(_)
            | Self::Status(_)
            | Self::Errors(_)
            | Self::Block(_)
            | Self::Journal(_)
            | Self::Audit(_)
            | Self::Why(_)
            | Self::Events(_)
            | Self::Forget(_)
            | Self::Deliver(_)
            | Self::Intake(_)
            | Self::Watermark(_)
            | Self::Simorg(_)
            | Self::Bench(_)
            | Self::Explain(_)
            | Self::Completions(_) => false,
        }
    }
}

fn long_help() -> String {
    format!(
        "\
Examples:
  highwater demo                                see the whole story on this machine
  highwater init --supporters sqlite:people.db  write a commented highwater.toml
  highwater check                               find out what does not fit yet
  highwater setup export org-setup              write the fields, Flows and permissions the org needs
  highwater plan                                see what a cycle would do, and why
  highwater sync                                run one cycle
  highwater serve                               run a cycle every hour
  highwater resync 10042                        bring one person in step now
  highwater why 10042                           read that person's whole story
  highwater verify                              find out whether both sides agree
  highwater report merges --format csv          what only a person can decide
  highwater cases show 3f9a120b77               one such case, and what may be chosen

Data goes to standard output (--format), everything else to standard error. While `highwater serve` runs, the same \
commands are carried out by the service; only `forget` and `check --rebuild` need it stopped first.

Environment: HIGHWATER_CONFIG, HIGHWATER_PROFILE, HIGHWATER_FORMAT, HIGHWATER_STATE_DIR, HIGHWATER_LOG.

{}",
        exit::HELP
    )
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_verb_says_what_it_does_and_gives_an_example() {
        for verb in Cli::command().get_subcommands() {
            let name = verb.get_name();
            assert!(verb.get_about().is_some(), "{name}");
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&format!("highwater {name}")), "{name} shows no example");
        }
    }

    /// A line that the terminal breaks is two commands to whoever copies it.
    #[test]
    fn an_example_is_one_line_on_a_terminal_of_a_hundred_columns() {
        fn look(command: &clap::Command) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in help.lines().filter(|line| line.starts_with("  ")) {
                assert!(line.chars().count() < 100, "{}: {line}", command.get_name());
            }
            // What is no example is left to the terminal to break.
            let ragged = help.split("\n\n").filter(|part| !part.contains("\n  ") && part.lines().count() > 1);
            assert_eq!(ragged.collect::<Vec<_>>(), [""; 0], "{}", command.get_name());
            command.get_subcommands().for_each(look);
        }
        look(&Cli::command());
    }
}
