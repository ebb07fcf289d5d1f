//! `highwater why`: one person's whole story, from what highwater remembers.

use std::time::Duration;

use model::{ContactId, Email, Subject, SupporterId};
use serde_json::{Value, json};
use service::resync::{Who, meant};
use state::Told;

use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Format, Sheet};
use crate::selection::{contact_id, supporter_id};

/// Of whom, and since when.
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("who").required(true)),
    after_help = "Examples:
  highwater why 10042
  highwater why --contact 003xx000004TmiQAAS --format json
  highwater why --email joe.smith@example.org --days 7
  highwater why --message-id 0197a0c4-5a1e-7c11-9b1e-2f6f3a1c0d11

Tells in order when and why the person was looked at, what was decided by which rule, the jobs their rows were in, errors, links \
with their evidence, cases and decisions. Kept for state.history_days, 90 by default. Ids, codes and names of fields only: values \
that were overwritten stand in `highwater report conflicts`."
)]
pub struct Args {
    /// The supporter id
    #[arg(group = "who", value_name = "SUPPORTER", value_parser = supporter_id)]
    pub supporter: Option<SupporterId>,
    /// The Contact Id, 15 or 18 characters
    #[arg(long, group = "who", value_name = "ID", value_parser = contact_id)]
    pub contact: Option<ContactId>,
    /// An address: of everybody who has it in the supporter database, else in Salesforce
    #[arg(long, group = "who", value_name = "ADDRESS")]
    pub email: Option<String>,
    /// Not of a person but of an event: its messageId
    #[arg(long, group = "who", value_name = "ID", conflicts_with = "days")]
    pub message_id: Option<String>,
    /// Only the last so many days
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub days: Option<u16>,
}

/// Tells the story.
///
/// # Errors
/// [`Failure`] when nobody has the address, or the state cannot be read.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    if let Some(id) = &args.message_id {
        return super::why_event::run(id, desk).await;
    }
    desk.screen.answer(&told(args, desk).await?).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

/// The story of whoever is meant.
///
/// # Errors
/// As [`run`].
pub async fn told(args: &Args, desk: &Desk) -> Result<Answer, Failure> {
    let people = people(args, desk).await?;
    let since = args
        .days
        .map(|days| model::Clock::system().now().minus(Duration::from_secs(u64::from(days) * 86_400)));
    let mut story = desk.state.story(&people)?;
    story.retain(|told| since.is_none_or(|since| told.at >= since));
    let now = now(desk, &people)?;
    let csv = desk.screen.format == Format::Csv;
    Ok(answer(&story, now, csv, people.len() > 1))
}

/// Whoever is meant, with the other record of each.
async fn people(args: &Args, desk: &Desk) -> Result<Vec<Subject>, Failure> {
    let mut people = match (&args.supporter, args.contact) {
        (Some(id), _) => vec![Subject::Supporter(id.clone())],
        (None, Some(id)) => vec![Subject::Contact(id)],
        (None, None) => by_address(args, desk).await?,
    };
    for subject in people.clone() {
        match subject {
            Subject::Supporter(id) => {
                people.extend(desk.state.link_of(&id)?.map(|link| Subject::Contact(link.contact)));
            }
            Subject::Contact(id) => {
                people.extend(desk.state.supporter_of(&id)?.map(Subject::Supporter));
            }
        }
    }
    people.sort();
    people.dedup();
    Ok(people)
}

async fn by_address(args: &Args, desk: &Desk) -> Result<Vec<Subject>, Failure> {
    // The address is not repeated: it may have been mistyped from somebody's own.
    let email = args.email.as_deref().and_then(|raw| Email::parse(raw).ok());
    let email = email.ok_or_else(|| Failure::Arguments {
        problem: "that is not an e-mail address".to_owned(),
        advice: "correct it, or name the person by supporter id or Contact Id",
    })?;
    let meant = meant(&desk.sides().await?, &Who::Email(email)).await;
    let meant = meant.map_err(|fatal| Failure::Cycle(std::sync::Arc::new(Err(fatal))))?;
    if meant.is_empty() {
        return Err(Failure::UnknownPerson("nobody has that address on either side".to_owned()));
    }
    Ok(meant)
}

/// `linked`: they were met before, whatever is remembered of it.
fn answer(story: &[Told], now: (Sheet, Value), csv: bool, linked: bool) -> Answer {
    let mut sheet = Sheet::new("what happened", &["when", "cycle", "who", "what", "in words"]);
    let mut told = Vec::new();
    for one in story {
        let who = one.who.as_ref().map(ToString::to_string).unwrap_or_default();
        let (word, words) = (report::story::word(&one.what), report::story::sentence(&one.what));
        told.push(json!({
            "at": one.at.to_string(), "cycle": one.cycle.0, "who": one.who, "what": word, "words": words,
            "details": one.what,
        }));
        sheet.row([one.at.to_seconds_text(), one.cycle.0.to_string(), who, word.to_owned(), words]);
    }
    let mut answer = Answer::of(sheet, json!({ "now": now.1, "story": told }));
    if !csv {
        answer.sheets.insert(0, now.0);
        if story.is_empty() {
            let unknown = if linked { "" } else { "no cycle has met anybody of that name, " };
            answer.notes.push(format!(
                "nothing is remembered of them: {unknown}they were equal whenever they were looked at, or it is longer ago than the history reaches"
            ));
        }
    }
    answer
}

/// How things stand with them now.
fn now(desk: &Desk, people: &[Subject]) -> Result<(Sheet, Value), Failure> {
    let mut sheet = Sheet::new("now", &["who", "what"]);
    let mut json = Vec::new();
    for subject in people {
        let mut stands: Vec<(String, Value)> = Vec::new();
        if let Subject::Supporter(id) = subject {
            let link = desk.state.links_of(std::slice::from_ref(id))?.into_iter().flatten().next();
            match link {
                Some(link) => stands.push((
                    format!("linked to Contact {} since {}", link.contact, link.made_at.to_seconds_text()),
                    json!({ "link": link }),
                )),
                None => stands.push(("not linked".to_owned(), json!({ "link": null }))),
            }
            if let Some(block) = desk.state.block_of(id)? {
                let since = block.since.to_seconds_text();
                let shown = json!({ "blocked": block.code, "fields": block.fields, "since": since });
                stands.push((format!("set aside since {since}: {}", block.code), shown));
            }
        }
        for case in desk.state.cases_of(subject)? {
            let shown = json!({ "case": case.name(), "kind": case.kind.code() });
            stands.push((format!("case {} is open: {}", case.name(), case.kind.code()), shown));
        }
        if let Some(mark) = desk.state.dirty_of(subject)? {
            let shown = json!({ "waits": true, "attempts": mark.attempts });
            stands.push(("waits to be compared".to_owned(), shown));
        }
        for (words, value) in stands {
            sheet.row([subject.to_string(), words]);
            json.push(json!({ "who": subject, "stands": value }));
        }
    }
    Ok((sheet, json.into()))
}
