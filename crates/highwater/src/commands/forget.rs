//! `highwater forget`: erasure of one person from the state and from the events that were taken in.

use std::path::PathBuf;

use events::queue::Person;
use model::{Email, Subject, SupporterId};
use serde_json::json;
use state::{Changes, OpenOptions, State};

use crate::commands::forget_events;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Sheet};
use crate::wire;

/// Whom.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater forget 10042 --yes
  highwater forget 10042 --email kim@example.org --user-id web-77 --yes

Erase the person in the supporter database and in Salesforce first: highwater deletes nobody there. What it remembers itself \
(the link, what both sides agreed on, marks, blocks, cases, values of conflicts, reports on file excepted) is removed, and its \
database is written anew, so that nothing of it stays on the disk. A keyed digest of the two ids stays, by which the person is \
left alone from now on: no cycle, resync or backfill brings them back. The service must not be running.

Events that were taken in about the person are overwritten where they lie, whatever became of them; a running `intake` does so itself. \
They are those whose userId is the supporter's id, that hold the Contact's Id, or an address or id given here, and those of the devices \
and users that such events say are this person. Stop whoever sends events about them: what comes in later is taken in like any other.")]
pub struct Args {
    /// The supporter's id; without a supporter database, the userId in their events
    pub supporter: String,
    /// An address of theirs, to find events by; may be given several times
    #[arg(long = "email", value_name = "ADDRESS")]
    pub emails: Vec<String>,
    /// A userId of theirs in events, where it is not the supporter's id; may be given several times
    #[arg(long = "user-id", value_name = "ID")]
    pub user_ids: Vec<String>,
    /// Do it; it cannot be taken back
    #[arg(long, required = true)]
    pub yes: bool,
}

/// Erases what names the person, in one commit.
///
/// # Errors
/// [`Failure`] when the id is none, a row of theirs is in a job, or the state fails.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let id = SupporterId::parse(&args.supporter).map_err(|_| Failure::Arguments {
        problem: "this cannot be a supporter's id".to_owned(),
        advice: "give the id as the supporter database has it, or without one the userId in their events",
    })?;
    if !desk.state.journal()?.is_empty() {
        return Err(Failure::Arguments {
            problem: "a job of an earlier cycle is not settled yet, and may hold this person's row"
                .to_owned(),
            advice: "run `highwater sync` once, then forget the person",
        });
    }
    let events = forget_events::erase(desk, &person(args, &id, desk)?).await?;
    let known = is_known(&id, desk)?;
    let forgotten = desk.state.forget(&id).await?;
    remove_spool(desk)?;
    let mut audit = Changes::new();
    audit.audit(&desk.by, "forgot a person");
    let _receipt = desk.state.commit(audit).await?;
    let mut sheet = Sheet::new("forgotten", &["supporter", "contact", "cases", "conflicts", "events"]);
    let contact = forgotten.contact.map_or_else(|| "-".to_owned(), |contact| contact.to_string());
    let (cases, conflicts) = (forgotten.cases.to_string(), forgotten.conflicts.to_string());
    sheet.row([id.to_string(), contact, cases, conflicts, events.to_string()]);
    let value = json!({
        "supporter": id, "contact": forgotten.contact, "cases": forgotten.cases, "conflicts": forgotten.conflicts,
        "events": events,
    });
    let mut answer = Answer::of(sheet, value);
    if !known && events == 0 {
        answer.notes.push(format!(
            "nothing was remembered of {id}, and no event named it: check the id; it is left alone from now on"
        ));
    }
    desk.screen.answer(&answer).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

/// Whether anything is remembered of a supporter, if only that they were forgotten before.
fn is_known(id: &SupporterId, desk: &Desk) -> Result<bool, Failure> {
    let (state, subject) = (&desk.state, Subject::Supporter(id.clone()));
    Ok(state.is_forgotten(&subject)?
        || state.links_of(std::slice::from_ref(id))?.iter().any(Option::is_some)
        || state.block_of(id)?.is_some()
        || state.dirty_of(&subject)?.is_some()
        || !state.cases_of(&subject)?.is_empty()
        || !state.story(std::slice::from_ref(&subject))?.is_empty())
}

/// What names them in events. The Contact is known as long as they are not forgotten.
fn person(args: &Args, id: &SupporterId, desk: &Desk) -> Result<Person, Failure> {
    let mut person = Person::default().with_user(id.as_str());
    if let Some(link) = desk.state.link_of(id)? {
        let contact = link.contact.as_str();
        // In the short form as well, which people and older systems use.
        person = person.with_text(contact).with_text(contact.get(..15).unwrap_or(contact));
    }
    for address in &args.emails {
        let _ = Email::parse(address).map_err(|_| Failure::Arguments {
            problem: "this cannot be an e-mail address".to_owned(),
            advice: "give each address after an --email of its own",
        })?;
        person = person.with_text(address);
    }
    Ok(args.user_ids.iter().fold(person, |person, id| person.with_user(id)))
}

/// No job is open: whatever lies in the spool belongs to nobody, and may hold this person's row.
fn remove_spool(desk: &Desk) -> Result<(), Failure> {
    let failed = |source| Failure::Output { what: "the spool".to_owned(), source };
    for file in std::fs::read_dir(desk.state.spool_dir()).map_err(failed)?.flatten() {
        std::fs::remove_file(file.path()).map_err(failed)?;
    }
    match std::fs::remove_dir_all(wire::delivery::job_files(&desk.state)) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(failed(source)),
        Err(_) | Ok(()) => Ok(()),
    }
}

/// Writes the database anew, once nobody has it open any more.
///
/// # Errors
/// [`Failure`] when the new database cannot be made; the old one counts then, and the next `forget` tries again.
pub async fn compact(dir: PathBuf, exit: Exit) -> Result<Exit, Failure> {
    let compacted = tokio::task::spawn_blocking(move || State::compact(dir, &OpenOptions::default())).await;
    compacted.map_err(|_| Failure::Unexpected("writing the state anew ended in a defect"))??;
    Ok(exit)
}
