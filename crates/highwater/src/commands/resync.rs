//! `highwater resync`: one person, now, with before and after.

use model::{ContactId, Email, Subject, SupporterId};
use serde_json::json;
use service::resync::{NotFound, ResyncReport, View, Who};

use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::{self, Job, Report};
use crate::output::{Answer, Sheet};
use crate::selection::{contact_id, supporter_id};

/// Whom.
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("who").required(true)),
    after_help = "Examples:
  highwater resync 10042
  highwater resync --contact 003xx000004TmiQAAS
  highwater resync --email joe.smith@example.org

Reads both sides fresh, decides, writes, and shows both records before and after. Lifts the person's block. Moves no \
watermark."
)]
pub struct Args {
    /// The supporter id
    #[arg(group = "who", value_name = "SUPPORTER", value_parser = supporter_id)]
    pub supporter: Option<SupporterId>,
    /// The Contact Id, 15 or 18 characters
    #[arg(long, group = "who", value_name = "ID", value_parser = contact_id)]
    pub contact: Option<ContactId>,
    /// The e-mail address in the supporter database
    #[arg(long, group = "who", value_name = "ADDRESS")]
    pub email: Option<String>,
}

/// Brings one person in step.
///
/// # Errors
/// [`Failure::UnknownPerson`] when nobody or several fit; whatever stands in the way of a cycle.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let (answer, exit) = resynced(args, desk).await?;
    desk.screen.answer(&answer).await.map_err(Failure::stdout)?;
    Ok(exit)
}

/// Both records before and after.
///
/// # Errors
/// As [`run`].
pub async fn resynced(args: &Args, desk: &Desk) -> Result<(Answer, Exit), Failure> {
    let done = desk.carry_out(Job::Resync(who(args)?)).await?;
    let Report::Person(person) = job::report(&done)? else {
        return Err(Failure::Unexpected("a person was asked for and a cycle came back"));
    };
    let report = match person.as_ref() {
        Ok(report) => report,
        Err(NotFound::Nobody) if args.email.is_some() => {
            return Err(Failure::UnknownPerson("nobody has that address on either side".to_owned()));
        }
        Err(problem @ (NotFound::Nobody | NotFound::Several(_))) => {
            return Err(Failure::UnknownPerson(problem.to_string()));
        }
    };
    let exit = if report.cycle.has_failures() { Exit::SomeFailed } else { Exit::Done };
    Ok((answer(report), exit))
}

fn who(args: &Args) -> Result<Who, Failure> {
    if let Some(id) = &args.supporter {
        return Ok(Who::Subject(Subject::Supporter(id.clone())));
    }
    if let Some(id) = args.contact {
        return Ok(Who::Subject(Subject::Contact(id)));
    }
    // The address is not repeated: it may have been mistyped from somebody's own.
    let refused = || Failure::Arguments {
        problem: "that is not an e-mail address".to_owned(),
        advice: "correct it, or name the person by supporter id or Contact Id",
    };
    let email = args.email.as_deref().ok_or_else(refused)?;
    Email::parse(email).map(Who::Email).map_err(|_| refused())
}

fn answer(report: &ResyncReport) -> Answer {
    let title = format!("{}, {}: {}", supporter(&report.after), contact(&report.after), report.outcome);
    let head = ["field", "supporter before", "supporter after", "Contact before", "Contact after", "changed"];
    let mut sheet = Sheet::new(&title, &head);
    for (at, after) in report.after.fields.iter().enumerate() {
        let before = report.before.fields.get(at).unwrap_or(after);
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let changed = if before == after { "" } else { "yes" };
        sheet.row([
            after.field.clone(),
            text(&before.supporter),
            text(&after.supporter),
            text(&before.contact),
            text(&after.contact),
            changed.to_owned(),
        ]);
    }
    let mut answer = Answer::of(sheet, json!(report));
    answer.notes.clone_from(&report.cycle.notes);
    answer
}

fn supporter(view: &View) -> String {
    view.supporter.as_ref().map_or_else(|| "no supporter".to_owned(), |id| format!("supporter {id}"))
}

fn contact(view: &View) -> String {
    view.contact.map_or_else(|| "no Contact".to_owned(), |id| format!("Contact {id}"))
}
