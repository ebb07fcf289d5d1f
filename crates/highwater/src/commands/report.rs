//! `highwater report`: what administrators read.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use model::{Clock, Policy};
use report::{Consent, LinkPattern, Links, Options};

use super::verify_merges;
use crate::cli::Verb;
use crate::config::Config;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Format;
use crate::private_file;

/// Which report.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater report merges
  highwater report merges --format html --output merges.html")]
pub struct Args {
    /// Which.
    #[command(subcommand)]
    pub report: Report,
}

/// The reports.
#[derive(Debug, Subcommand)]
pub enum Report {
    /// Who cannot be matched by machine, who is one person, whom to keep, and what to do in which order
    #[command(after_help = "Examples:
  highwater report merges --format html --output merges.html
  highwater report merges --format xlsx --output merges.xlsx
  highwater report merges --format json --output merges.json
  highwater report merges --verify --against merges.json

With --verify both sides are read: it ends with 3 unless every group is one person on each side and the supporter carries the \
Contact's Id.

Holds names and addresses: keep the file to yourself.")]
    Merges(Merges),
    /// Fields that both sides had changed, and which value was kept
    #[command(after_help = "Example:
  highwater report conflicts --format csv --output conflicts.csv

Holds both values: keep the file to yourself.")]
    Conflicts(Target),
}

/// The merge report, or what became of an earlier one.
#[derive(Debug, clap::Args)]
pub struct Merges {
    /// Where to.
    #[command(flatten)]
    pub target: Target,
    /// After merging: say which groups of an earlier report were merged rightly, which are open, and which lost their Id
    #[arg(long, requires = "against", conflicts_with = "output")]
    pub verify: bool,
    /// The earlier report, as --format json wrote it
    #[arg(long, value_name = "FILE", requires = "verify")]
    pub against: Option<PathBuf>,
}

impl Merges {
    /// The earlier report to verify against.
    fn earlier(&self) -> Option<&Path> {
        self.against.as_deref().filter(|_| self.verify)
    }
}

/// Where to.
#[derive(Debug, clap::Args)]
pub struct Target {
    /// Write to this file, which only you can read, instead of standard output
    #[arg(long, short = 'o', value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "output")]
    pub force: bool,
}

impl Report {
    const fn target(&self) -> &Target {
        match self {
            Self::Merges(merges) => &merges.target,
            Self::Conflicts(target) => target,
        }
    }

    const fn word(&self) -> &'static str {
        match self {
            Self::Merges(_) => "merges",
            Self::Conflicts(_) => "conflicts",
        }
    }

    /// The earlier report to verify against.
    fn earlier(&self) -> Option<&Path> {
        match self {
            Self::Merges(merges) => merges.earlier(),
            Self::Conflicts(_) => None,
        }
    }

    /// The command line for a running service, which may have another folder than ours. The file that is written stays with us.
    ///
    /// # Errors
    /// When a file's name cannot be sent.
    pub fn words(&self) -> Result<Vec<String>, Failure> {
        let mut words = vec!["report".to_owned(), self.word().to_owned()];
        if let Some(earlier) = self.earlier() {
            let whole = std::path::absolute(earlier).ok().and_then(|path| path.to_str().map(str::to_owned));
            let whole = whole.ok_or_else(|| Failure::Arguments {
                problem: "the name of the earlier report cannot be sent to the service".to_owned(),
                advice: "give it a name in plain letters",
            })?;
            words.extend(["--verify".to_owned(), "--against".to_owned(), whole]);
        }
        Ok(words)
    }
}

/// Only the merge report is a page or a workbook, and a workbook is nothing for a terminal.
///
/// # Errors
/// When the command does not know the format, or the terminal would be flooded.
pub fn fits(verb: &Verb, format: Format, on_terminal: bool) -> Result<(), Failure> {
    let (merges, to_file) = if let Verb::Report(Args { report: Report::Merges(merges) }) = verb {
        (!merges.verify, merges.target.output.is_some())
    } else {
        (false, false)
    };
    match format {
        Format::Table | Format::Json | Format::Csv => Ok(()),
        Format::Html | Format::Xlsx if !merges => Err(unfit(format.word())),
        Format::Html => Ok(()),
        Format::Xlsx if to_file || !on_terminal => Ok(()),
        Format::Xlsx => Err(Failure::Arguments {
            problem: "a workbook is not for a terminal".to_owned(),
            advice: "name a file with --output",
        }),
    }
}

fn unfit(format: &str) -> Failure {
    Failure::Arguments {
        problem: format!("this command does not write {format}"),
        advice: "choose table, json or csv; only `highwater report merges` writes html and xlsx",
    }
}

/// Writes the report.
///
/// # Errors
/// When the state cannot be read or the output not be written.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    if let Some(earlier) = args.report.earlier() {
        return verify_merges::run(earlier, desk).await;
    }
    let target = file(args)?;
    let to_file = target.is_some();
    let writer = target
        .map_or_else(|| desk.screen.writer(), |file| desk.screen.marked(Box::new(io::BufWriter::new(file))));
    let options = options(&desk.config, desk.screen.format, desk.screen.width());
    let state = desk.state.clone();
    let write = match &args.report {
        Report::Merges(_) => report::merges,
        Report::Conflicts(_) => report::conflicts,
    };
    let count = written(writer, move |to| write(&state, &options, to)).await?;
    if let Some(count) = count.filter(|_| to_file) {
        desk.screen.say(&format!("{count} written")).await;
    }
    Ok(Exit::Done)
}

/// Lets a report be written on a thread that may block; how many entries there were, unless whoever reads had seen enough.
///
/// # Errors
/// When the state cannot be read or the output not be written.
pub async fn written<T: Send + 'static>(
    mut writer: Box<dyn Write + Send>,
    write: impl FnOnce(&mut dyn Write) -> Result<T, report::Error> + Send + 'static,
) -> Result<Option<T>, Failure> {
    let writing = move || {
        let done = write(writer.as_mut())?;
        writer.flush()?;
        Ok(done)
    };
    match tokio::task::spawn_blocking(writing)
        .await
        .map_err(|_| Failure::Unexpected("a report ended in a defect"))?
    {
        Ok(done) => Ok(Some(done)),
        Err(report::Error::State(problem)) => Err(problem.into()),
        Err(problem) if problem.is_closed_pipe() => Ok(None),
        Err(report::Error::Format(format)) => Err(unfit(format.name())),
        Err(report::Error::Write(source)) => Err(Failure::Output { what: "the report".to_owned(), source }),
    }
}

/// How a report is shown here.
#[must_use]
pub fn options(config: &Config, format: Format, width: Option<u16>) -> Options {
    let pattern = |raw: &Option<String>| raw.as_deref().and_then(|raw| LinkPattern::parse(raw).ok());
    let contact = pattern(&config.report.contact_url).or_else(|| own_pattern(&config.salesforce.login_url));
    Options {
        format: match format {
            Format::Table => report::Format::Table,
            Format::Json => report::Format::Json,
            Format::Csv => report::Format::Csv,
            Format::Html => report::Format::Html,
            Format::Xlsx => report::Format::Xlsx,
        },
        links: Links { supporter: pattern(&config.report.supporter_url), contact },
        width: width.unwrap_or(Options::default().width),
        now: Clock::system().now(),
        consent: consent(config),
        banner: config.banner().map(|banner| banner.line()),
        ..Options::default()
    }
}

/// Which fields are consent: those whose policy says so, and every checkbox of which it does not say otherwise.
fn consent(config: &Config) -> Consent {
    let with = |is_consent: bool| {
        let fields = config.fields.iter().filter(|field| {
            field.policy.is_some_and(|policy| (policy == Policy::MostRestrictive) == is_consent)
        });
        fields.map(|field| field.contact.clone()).collect()
    };
    let meant = config.fields.iter().filter_map(|field| Some((field.contact.clone(), field.consent?)));
    Consent { fields: with(true), never: with(false), meant: meant.collect() }
}

/// Where Lightning shows a Contact of this My Domain.
fn own_pattern(login_url: &str) -> Option<LinkPattern> {
    let domain = login_url.trim_end_matches('/').strip_suffix(".my.salesforce.com")?;
    LinkPattern::parse(&format!("{domain}.lightning.force.com/lightning/r/Contact/{{id}}/view")).ok()
}

/// The output file, if one was asked for: new, readable by its owner only, no link followed.
///
/// # Errors
/// When it is there already, or cannot be made.
pub fn file(args: &Args) -> Result<Option<File>, Failure> {
    let target = args.report.target();
    let Some(path) = &target.output else { return Ok(None) };
    private_file::create(path, target.force).map(Some)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn a_workbook_goes_to_a_file_or_a_pipe_and_never_onto_a_terminal() {
        let fits = |line: &str, on_terminal: bool| {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            fits(&cli.verb, cli.common.format, on_terminal)
        };
        let book = "highwater report merges --format xlsx";
        assert!(fits(book, false).is_ok());
        assert!(fits(&format!("{book} --output merges.xlsx"), true).is_ok());
        let refused = fits(book, true).unwrap_err();
        assert_eq!((refused.exit(), refused.advice().as_str()), (Exit::Usage, "name a file with --output"));
    }
}
