//! Plans, shown one person at a time while they are made: a dry run of everybody must not fill the memory.

use std::io::{self, Write};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

use plan::PersonPlan;
use plan::person_plan::explain;
use tokio::task::JoinHandle;

use crate::output::{Format, Screen, inert};

/// How many people wait for a reader that is slower than the cycle.
const WAITING: usize = 256;

/// Takes plans and passes their text on.
#[derive(Clone)]
pub struct PlanSender {
    format: Format,
    lines: SyncSender<String>,
}

impl PlanSender {
    /// Passes one plan on. People with nothing to write and nothing to decide are left out.
    pub fn send(&self, plan: &PersonPlan) {
        if plan.is_still() && plan.held().next().is_none() {
            return;
        }
        let text = match self.format {
            Format::Table => for_people(plan),
            Format::Json => serde_json::to_string(plan).unwrap_or_default(),
            Format::Csv => rows(plan),
        };
        // Whoever reads has gone, or is slow: the first is no reason to stop, the second is waited for.
        if let Err(TrySendError::Full(text)) = self.lines.try_send(text) {
            let _ = tokio::task::block_in_place(|| self.lines.send(text));
        }
    }
}

/// A sender, and the writing that ends when the last sender is gone: how many people were shown.
#[must_use]
pub fn channel(screen: &Screen) -> (PlanSender, JoinHandle<io::Result<u64>>) {
    let (lines, receiver) = sync_channel::<String>(WAITING);
    let (format, mut writer) = (screen.format, screen.writer());
    let writing = tokio::task::spawn_blocking(move || {
        let mut shown = 0;
        writer.write_all(opening(format).as_bytes())?;
        for text in receiver {
            if format == Format::Json {
                writer.write_all(if shown > 0 { b",\n" } else { b"\n" })?;
            }
            writer.write_all(text.as_bytes())?;
            shown += 1;
        }
        writer.write_all(closing(format).as_bytes())?;
        writer.flush()?;
        Ok(shown)
    });
    (PlanSender { format, lines }, writing)
}

const fn opening(format: Format) -> &'static str {
    match format {
        Format::Table => "",
        Format::Json => "[",
        Format::Csv => "supporter,contact,action,field,change,reason\r\n",
    }
}

const fn closing(format: Format) -> &'static str {
    match format {
        Format::Table | Format::Csv => "",
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
        (field.field.as_str(), change, reason)
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
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for (field, change, reason) in all {
        let row = [supporter.as_str(), contact.as_str(), plan.action(), field, change, reason];
        // Writing to memory cannot fail.
        let _ = writer.write_record(row.map(|cell| inert(cell).into_owned()));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}
