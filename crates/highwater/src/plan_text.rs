//! Plans, shown one person at a time while they are made: a dry run of everybody must not fill the memory.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use model::Subject;
use plan::person_plan::explain;
use plan::{Outcome, PersonPlan};
use service::agreed::{LAST_LINE, end_line, plan_line};
use service::request::Seen;
use tokio::task::JoinHandle;

use crate::output::{Format, Screen, inert};

/// How many people wait for a reader that is slower than the cycle.
const WAITING: usize = 256;

/// What was seen of one person: the text for whoever reads, and the line of the plan on file.
struct Item {
    shown: Option<String>,
    filed: Option<String>,
}

/// Takes what a dry run sees and passes its text on.
#[derive(Clone)]
pub struct PlanSender {
    format: Format,
    filing: bool,
    items: SyncSender<Item>,
}

impl PlanSender {
    /// Passes one person on. Those with nothing to write and nothing to decide are not shown, but filed.
    pub fn send(&self, seen: Seen<'_>) {
        let shown = match seen {
            Seen::Heading(_) => None,
            Seen::Plan(plan, _) if plan.is_still() && plan.held().next().is_none() => None,
            Seen::Plan(plan, _) => Some(match self.format {
                Format::Table | Format::Html | Format::Xlsx => for_people(plan),
                Format::Json => serde_json::to_string(plan).unwrap_or_default(),
                Format::Csv => rows(plan),
            }),
            Seen::Ended(subject, outcome) => left_for_a_person(self.format, subject, outcome),
        };
        let filed = self.filing.then(|| match seen {
            Seen::Heading(heading) => heading.line(),
            Seen::Plan(plan, fingerprint) => plan_line(plan, fingerprint),
            Seen::Ended(subject, outcome) => end_line(subject, outcome),
        });
        if shown.is_none() && filed.is_none() {
            return;
        }
        // Whoever reads has gone, or is slow: the first is no reason to stop, the second is waited for.
        if let Err(TrySendError::Full(item)) = self.items.try_send(Item { shown, filed }) {
            let _ = tokio::task::block_in_place(|| self.items.send(item));
        }
    }
}

/// What became of the text.
#[derive(Debug)]
pub struct Written {
    /// How many people were shown; not known when whoever reads had seen enough.
    pub shown: Option<u64>,
    /// The plan on file, whole but for its last line, which is written when the cycle came to its end.
    file: Option<BufWriter<File>>,
}

impl Written {
    /// Ends the plan on file. Until then it is refused as cut short.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(self) -> io::Result<()> {
        let Some(mut file) = self.file else { return Ok(()) };
        writeln!(file, "{LAST_LINE}")?;
        file.flush()?;
        file.get_ref().sync_all()
    }
}

/// A sender, and the writing that ends when the last sender is gone.
#[must_use]
pub fn channel(screen: &Screen, file: Option<File>) -> (PlanSender, JoinHandle<io::Result<Written>>) {
    let (items, receiver) = sync_channel::<Item>(WAITING);
    let (format, mut writer) = (screen.format, screen.writer());
    let filing = file.is_some();
    let writing = tokio::task::spawn_blocking(move || {
        let mut file = file.map(BufWriter::new);
        let shown = match show(format, &mut writer, &receiver, &mut file) {
            Ok(shown) => Some(shown),
            // Whoever reads has seen enough; the file is still wanted.
            Err(problem) if problem.kind() == io::ErrorKind::BrokenPipe => {
                for item in receiver {
                    keep(&mut file, item.filed.as_deref())?;
                }
                None
            }
            Err(problem) => return Err(problem),
        };
        Ok(Written { shown, file })
    });
    (PlanSender { format, filing, items }, writing)
}

fn show(
    format: Format,
    writer: &mut dyn Write,
    items: &Receiver<Item>,
    file: &mut Option<BufWriter<File>>,
) -> io::Result<u64> {
    let mut shown = 0;
    writer.write_all(opening(format).as_bytes())?;
    for item in items {
        keep(file, item.filed.as_deref())?;
        let Some(text) = item.shown else { continue };
        if format == Format::Json {
            writer.write_all(if shown > 0 { b",\n" } else { b"\n" })?;
        }
        writer.write_all(text.as_bytes())?;
        shown += 1;
    }
    writer.write_all(closing(format).as_bytes())?;
    writer.flush()?;
    Ok(shown)
}

/// A full disk under the file must not pass for a reader who has gone.
fn keep(file: &mut Option<BufWriter<File>>, line: Option<&str>) -> io::Result<()> {
    let (Some(file), Some(line)) = (file, line) else { return Ok(()) };
    writeln!(file, "{line}").map_err(|problem| io::Error::other(format!("the plan's file: {problem}")))
}

/// Somebody for whom nothing is written until a person decides; everybody else who is left alone is only counted.
fn left_for_a_person(format: Format, subject: &Subject, outcome: &Outcome) -> Option<String> {
    let (Outcome::Case(_) | Outcome::Blocked(_)) = outcome else { return None };
    let (supporter, contact) = match subject {
        Subject::Supporter(id) => (Some(id.to_string()), None),
        Subject::Contact(id) => (None, Some(id.to_string())),
    };
    Some(match format {
        Format::Table | Format::Html | Format::Xlsx => {
            format!("{subject}  {}: left for a person\n", outcome.code())
        }
        Format::Json => serde_json::json!({
            "supporter": supporter, "contact": contact, "action": outcome.code(), "link": null, "fields": []
        })
        .to_string(),
        Format::Csv => {
            let (supporter, contact) = (supporter.unwrap_or_default(), contact.unwrap_or_default());
            csv_rows(&[[&supporter, &contact, &outcome.code(), "", "", ""]])
        }
    })
}

const fn opening(format: Format) -> &'static str {
    match format {
        Format::Table | Format::Html | Format::Xlsx => "",
        Format::Json => "[",
        Format::Csv => "supporter,contact,action,field,change,reason\r\n",
    }
}

const fn closing(format: Format) -> &'static str {
    match format {
        Format::Table | Format::Csv | Format::Html | Format::Xlsx => "",
        Format::Json => "]\n",
    }
}

/// Who it is, what is to happen, and each field that is not in step.
fn for_people(plan: &PersonPlan) -> String {
    let mut text = format!("{}  {}\n", person(plan), plan.action());
    if let Some(evidence) = plan.new_link() {
        text.push_str(&format!("    link: {}\n", evidence.code()));
    }
    for (field, change, reason) in changes(plan) {
        text.push_str(&format!("    {field:<24} {change:<13} {reason}\n"));
    }
    text
}

fn person(plan: &PersonPlan) -> String {
    let supporter =
        plan.supporter_id().map_or_else(|| "new supporter".to_owned(), |id| format!("supporter {id}"));
    let contact = plan.contact.map_or_else(|| "new Contact".to_owned(), |id| format!("Contact {id}"));
    format!("{supporter}, {contact}")
}

fn changes(plan: &PersonPlan) -> impl Iterator<Item = (&str, &'static str, &'static str)> {
    plan.fields.iter().filter(|field| field.decision != model::Decision::InStep).map(|field| {
        let (change, reason) = explain(field.decision);
        (&*field.field, change, reason)
    })
}

/// One row per field that is not in step, or one for a person who is only linked.
fn rows(plan: &PersonPlan) -> String {
    let supporter = plan.supporter_id().map(ToString::to_string).unwrap_or_default();
    let contact = plan.contact.map(|id| id.to_string()).unwrap_or_default();
    let mut all: Vec<(&str, &str, &str)> = changes(plan).collect();
    if all.is_empty() {
        all.push(("", "", ""));
    }
    let row = |(field, change, reason)| {
        [supporter.as_str(), contact.as_str(), plan.action(), field, change, reason]
    };
    csv_rows(&all.into_iter().map(row).collect::<Vec<_>>())
}

fn csv_rows(rows: &[[&str; 6]]) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        // Writing to memory cannot fail.
        let _ = writer.write_record(row.map(|cell| inert(cell).into_owned()));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}
