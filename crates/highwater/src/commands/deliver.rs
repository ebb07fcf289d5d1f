//! `highwater deliver`: what was taken in, on its way to the org.

use actions::deliver::Delivery;
use actions::run::{RunReport, drain};
use events::FlagRule;
use model::Clock;
use serde_json::json;

use super::delivering;
use crate::desk::{Desk, Worker};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Sheet, counted};
use crate::wire;

/// How.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater deliver --check
  highwater deliver

`highwater serve` delivers events by itself, a few seconds after they came; this does it once, for a schedule of one's own. \
Which records events become stands in [[actions]] of the configuration.")]
pub struct Args {
    /// Compare the actions with the org, name what does not fit, and deliver nothing
    #[arg(long)]
    pub check: bool,
}

/// Does it.
///
/// # Errors
/// Whatever stands in the way; what single events come to is no error.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let (org, state) = (desk.org_to_write().await?, desk.state.clone());
    let delivery = wire::delivery::delivery(&desk.config, org, state, desk.stop().clone()).await?;
    if args.check {
        desk.screen.answer(&checked(&delivery)).await.map_err(Failure::stdout)?;
        return Ok(Exit::Done);
    }
    if matches!(desk.worker, Worker::Service { .. } | Worker::Starting { .. } | Worker::Events { .. }) {
        return Err(Failure::Arguments {
            problem: "the running service delivers events by itself".to_owned(),
            advice: "nothing; `highwater events list` shows what became of them",
        });
    }
    let queue = wire::intake::queue(&desk.config, &Clock::system()).await?;
    let settings = wire::delivery::settings(&desk.config);
    let report = drain(&delivery, &queue, &settings, &Clock::system()).await;
    let counted = tokio::task::spawn_blocking(move || queue.summarize()).await;
    counted.map_err(|_| Failure::Unexpected("counting the events ended in a defect"))??;
    let report = report.map_err(wire::delivery::failure)?;
    desk.screen.answer(&shown(&report)).await.map_err(Failure::stdout)?;
    delivering::tidy(&desk.state).await?;
    Ok(if report.for_a_person > 0 { Exit::SomeFailed } else { Exit::Done })
}

/// What whoever comes without the flag has to know.
const REQUIRED: &str = "flag required: only events with integrations.Salesforce = true (or \"Salesforce (Actions)\", \"Salesforce V2\"; All \
                        is not enough); the others are kept and ignored, as with Segment's and RudderStack's classic destinations. `flag = \"optional\"` in the entry takes all but those that say no";

fn checked(delivery: &Delivery) -> Answer {
    let mut sheet = Sheet::new("actions", &["action", "object", "operation", "flag"]);
    let mut json = Vec::new();
    for prepared in delivery.actions.iter() {
        let (action, object) = (&prepared.action, &prepared.object.name);
        let flag = action.flag.word();
        json.push(json!({"action": action.name, "object": object, "operation": action.operation.code(), "flag": flag}));
        sheet.row([action.name.as_str(), object.as_str(), action.operation.code(), flag]);
    }
    let mut answer = Answer::of(sheet, json.into());
    let required = delivery.actions.iter().any(|prepared| prepared.action.flag == FlagRule::Required);
    answer.notes.extend(required.then(|| REQUIRED.to_owned()));
    answer
}

fn shown(report: &RunReport) -> Answer {
    let mut sheet = Sheet::new("events delivered", &["outcome", "status", "count"]);
    for (answer, count) in &report.answers {
        sheet.row([answer.code().to_owned(), answer.status().to_string(), count.to_string()]);
    }
    let outcomes: serde_json::Map<String, serde_json::Value> =
        report.answers.iter().map(|(answer, count)| (answer.code().to_owned(), (*count).into())).collect();
    let json = json!({"events": report.events, "calls": report.calls, "waiting": report.waiting,
        "for_a_person": report.for_a_person, "outcomes": outcomes});
    let mut answer = Answer::of(sheet, json);
    answer.notes.push(format!(
        "{}, {} to the org; {} for another try, {} for a person",
        counted(report.events, "event", "events"),
        counted(report.calls, "call", "calls"),
        counted(report.waiting, "waits", "wait"),
        report.for_a_person
    ));
    answer
}
