//! `highwater verify`: do the two databases and the state agree, whatever the watermarks say?

use std::sync::{Arc, Mutex, PoisonError};

use clap::builder::PossibleValuesParser;
use plan::CycleReport;
use serde_json::{Value, json};
use service::verify::Scope;
use service::verify::finding::{Finding, Weight, What};
use supporters::UndatedRows;

use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::{self, Job};
use crate::output::{Answer, Format, Sheet, counted};
use crate::selection::Selection;

/// Whom, and how much of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater verify
  highwater verify --limit 1000 --format csv
  highwater verify --kind waiting --kind asked
  highwater verify --supporter 10042
  highwater verify --strict && echo 'both sides agree'

Reads everybody on both sides and writes nothing: not to the supporter database, not to the org, and in the state only how many of the org's requests were used. Each link is held \
against the Contact Id in the supporter's row and the supporter's id on the Contact, each mapped field is decided as any cycle would \
decide it, and each Contact that carries a supporter's id is held against the links.

Three kinds of answers: people who agree, people who do not and are dealt with already (they wait for the next cycle, a case asks about \
them, they are set aside), and people of whom nobody knew. Those of the third kind are listed, with what to do. Names and addresses are \
never shown.

It takes about one call for each thousand linked people; from some six thousand on, one Bulk query takes fewer and is used. \
It waits for a cycle that the service is running, and no cycle begins meanwhile.

Ends with 0 when nobody was found, with 3 when somebody was, and with --strict also with 3 when somebody waits or is asked about.")]
pub struct Args {
    /// The most findings that are listed; all are counted
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub limit: u32,
    /// List these instead of what nobody knew; may be given several times
    #[arg(long = "kind", value_name = "KIND", hide_possible_values = true, value_parser = kinds())]
    pub kinds: Vec<String>,
    /// Whoever waits, is asked about or is set aside counts, too
    #[arg(long)]
    pub strict: bool,
    /// Whom.
    #[command(flatten)]
    pub selection: Selection,
}

fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new(What::ALL.map(What::code))
}

/// Findings on their way to whoever asked: no more than are listed.
#[derive(Clone)]
pub struct Listing {
    limit: usize,
    kinds: Vec<What>,
    found: Arc<Mutex<Vec<Finding>>>,
}

impl Listing {
    fn of(args: &Args) -> Self {
        let asked = |what: &What| args.kinds.iter().any(|kind| kind == what.code());
        let found = |what: &What| what.weight() == Weight::Found;
        let wanted = |what: &What| if args.kinds.is_empty() { found(what) } else { asked(what) };
        Self {
            limit: args.limit as usize,
            kinds: What::ALL.into_iter().filter(wanted).collect(),
            found: Arc::default(),
        }
    }

    /// Keeps a finding, if it is one of those that are listed and there is room.
    pub fn see(&self, finding: &Finding) {
        if self.kinds.contains(&finding.what) {
            let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            if found.len() < self.limit {
                found.push(finding.clone());
            }
        }
    }

    fn taken(&self) -> Vec<Finding> {
        std::mem::take(&mut self.found.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Looks at everybody, or at those who are named.
///
/// # Errors
/// [`Failure`] when a side cannot be read, or a cycle is at work.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let only = args.selection.known(desk).await?;
    let undated_are_read = desk.config.supporters.undated_rows == UndatedRows::Always;
    let listing = Listing::of(args);
    let scope = Scope { only, undated_are_read };
    let done = desk.carry_out(Job::Verify { scope, listing: listing.clone() }).await?;
    let report = job::cycle_report(&done)?;
    let answer = answer(report, &listing, desk.screen.format);
    desk.screen.answer(&answer).await.map_err(Failure::stdout)?;
    desk.screen.say(&said(report)).await;
    let differ = of_weight(report, Weight::Found) > 0;
    let waits = args.strict && of_weight(report, Weight::Known) > 0;
    Ok(if differ || waits || report.stopped { Exit::SomeFailed } else { Exit::Done })
}

fn count(report: &CycleReport, what: What) -> u64 {
    report.outcomes.get(what.code()).copied().unwrap_or(0)
}

fn of_weight(report: &CycleReport, weight: Weight) -> u64 {
    What::ALL.into_iter().filter(|what| what.weight() == weight).map(|what| count(report, what)).sum()
}

const fn word(weight: Weight) -> &'static str {
    match weight {
        Weight::Agrees => "agrees",
        Weight::Known => "known",
        Weight::Found => "found",
    }
}

fn answer(report: &CycleReport, listing: &Listing, format: Format) -> Answer {
    let found = listing.taken();
    let listed = listed(&found);
    let json = json!({
        "people": report.selected, "agree": of_weight(report, Weight::Agrees),
        "known": of_weight(report, Weight::Known), "found": of_weight(report, Weight::Found),
        "kinds": numbers(report), "findings": found.iter().map(value).collect::<Vec<_>>(),
        "api_calls": report.api_calls, "duration_ms": report.duration_ms, "stopped": report.stopped,
    });
    let total: u64 = listing.kinds.iter().map(|what| count(report, *what)).sum();
    let mut notes = Vec::new();
    if total > found.len() as u64 {
        notes.push(format!("{} of {total} are listed; --limit lists more", found.len()));
    }
    let sheets = match format {
        Format::Csv => vec![listed],
        Format::Table | Format::Json | Format::Html | Format::Xlsx if found.is_empty() => vec![table(report)],
        Format::Table | Format::Json | Format::Html | Format::Xlsx => vec![table(report), listed],
    };
    Answer { sheets, notes, json }
}

/// How many there are of each kind.
fn table(report: &CycleReport) -> Sheet {
    let mut sheet = Sheet::new("both sides and the state", &["kind", "how many", "", "what it means"]);
    for what in What::ALL {
        let many = count(report, what);
        if many > 0 || what == What::InStep {
            let cells = [what.code(), &many.to_string(), word(what.weight()), what.words()];
            sheet.row(cells.map(str::to_owned));
        }
    }
    sheet
}

fn numbers(report: &CycleReport) -> Value {
    let present = What::ALL.into_iter().filter(|what| count(report, *what) > 0);
    let one = |what: What| json!({ "kind": what.code(), "weight": word(what.weight()), "count": count(report, what), "words": what.words(), "next": what.next() });
    present.map(one).collect()
}

fn listed(found: &[Finding]) -> Sheet {
    let head = ["kind", "supporter", "Contact", "details", "what to do"];
    let mut sheet = Sheet::new("findings", &head);
    for one in found {
        let supporter = one.supporter.as_ref().map(ToString::to_string).unwrap_or_default();
        let contact = one.contact.map(|id| id.to_string()).unwrap_or_default();
        sheet.row([one.what.code().to_owned(), supporter, contact, one.details.join(", "), one.next()]);
    }
    sheet
}

fn value(one: &Finding) -> Value {
    json!({
        "kind": one.what.code(), "supporter": one.supporter, "contact": one.contact, "details": one.details,
        "next": one.next(),
    })
}

/// The outcome in one breath, for standard error.
fn said(report: &CycleReport) -> String {
    let found = of_weight(report, Weight::Found);
    let looked = format!(
        "{} in {}; nothing was written",
        counted(report.selected, "person or Contact was looked at", "people and Contacts were looked at"),
        counted(report.api_calls, "call", "calls")
    );
    let notes = report.notes.join("; ");
    if report.stopped {
        return format!("stopped before everybody was looked at: {looked}");
    }
    let verdict = match (found, of_weight(report, Weight::Known)) {
        (0, 0) => "both sides and the state agree".to_owned(),
        (0, known) => format!(
            "nothing was missed; {}",
            counted(known, "person is dealt with already", "people are dealt with already")
        ),
        (found, _) => counted(found, "was found that nobody knew of", "were found that nobody knew of"),
    };
    if notes.is_empty() { format!("{verdict}: {looked}") } else { format!("{verdict}: {looked} ({notes})") }
}
