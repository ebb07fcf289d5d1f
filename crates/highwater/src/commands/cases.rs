//! `highwater cases`: what only a person can decide, and deciding it.

use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use events::queue::Decision;
use model::{Case, Choice, Clock, ContactId, Ruling, Side, Standing, Subject, SupporterId};
use service::request::{Mode, Request};
use state::{CaseKey, Changes};

use super::report::{options, written};
use super::{cycle, event_cases};
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::selection::{contact_id, supporter_id};

/// How many cases are read at a time.
const PAGE: usize = 1_000;

/// What to do.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  highwater cases list
  highwater cases show 3f9a120b77
  highwater cases resolve 3f9a120b77 --link 0035f00000Abc12AAB --why 'called her'
  highwater cases resolve 3f9a120b77 --separate --now
  highwater cases resolve 3f9a120b77 --take supporter --field HomePhone
  highwater cases undo 3f9a120b77
  highwater cases snooze 3f9a120b77 --days 14

A decision waits for the next cycle, which carries it out before anything else, and can be undone until then; with --now it is \
carried out at once. Who decided what, and when, stays in the audit trail.")]
pub struct Args {
    /// List, look, decide.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Every case that waits for somebody, one line each
    List {
        /// Those that are snoozed, ignored or decided, too
        #[arg(long)]
        all: bool,
        /// Only cases of this kind, such as names_disagree; may be given several times
        #[arg(long = "kind", value_name = "KIND", value_parser = kind)]
        kinds: Vec<Kind>,
    },
    /// One case with the records side by side, what may be chosen, and what each choice does
    Show {
        /// The case's name, or its beginning
        case: String,
    },
    /// Decide
    Resolve(Box<Resolve>),
    /// Take back what was decided, as long as no cycle has carried it out
    Undo {
        /// The case's name, or its beginning
        case: String,
    },
    /// Put a case off
    Snooze {
        /// The case's name, or its beginning
        case: String,
        /// For so many days
        #[arg(long, value_name = "N", default_value_t = 14, value_parser = clap::value_parser!(u16).range(0..=3650))]
        days: u16,
    },
}

/// A decision.
#[derive(Debug, ClapArgs)]
pub struct Resolve {
    /// The case's name, or its beginning
    pub case: String,
    /// What is decided.
    #[command(flatten)]
    pub choice: Chosen,
    /// Which supporter, where the case is about several
    #[arg(long, value_name = "ID", value_parser = supporter_id, requires = "link")]
    pub supporter: Option<SupporterId>,
    /// Only this field; may be given several times. All held fields where it is not given
    #[arg(long = "field", value_name = "FIELD", requires = "take")]
    pub fields: Vec<String>,
    /// Why, for the audit trail
    #[arg(long, value_name = "REASON")]
    pub why: Option<String>,
    /// Carry it out at once
    #[arg(long)]
    pub now: bool,
}

/// One choice.
#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub struct Chosen {
    /// The supporter and this Contact are one person
    #[arg(long, value_name = "CONTACT", value_parser = contact_id)]
    pub link: Option<ContactId>,
    /// They are different people, and are never matched again
    #[arg(long)]
    pub separate: bool,
    /// This side's value counts
    #[arg(long, value_name = "SIDE")]
    pub take: Option<Whose>,
    /// Make the deleted Contact anew
    #[arg(long)]
    pub create: bool,
    /// Leave it so: the record that remains is not touched, and nobody is made anew
    #[arg(long)]
    pub leave: bool,
    /// Send the record again as it is now; try the events again
    #[arg(long)]
    pub retry: bool,
    /// Give the events up
    #[arg(long)]
    pub drop: bool,
    /// Hide the case until something about it changes
    #[arg(long, value_name = "WHEN")]
    pub ignore_until: Option<Until>,
}

/// Whose value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Whose {
    /// The Contact's.
    Salesforce,
    /// The supporter's.
    Supporter,
}

/// When an ignored case comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Until {
    /// When it is seen with other records or other reasons.
    Changed,
}

/// What a list may be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Cases about people.
    Person(model::CaseKind),
    /// Events that wait for a person.
    Event,
}

fn kind(text: &str) -> Result<Kind, String> {
    if text == event_cases::KIND {
        return Ok(Kind::Event);
    }
    serde_json::from_value(serde_json::Value::from(text))
        .map(Kind::Person)
        .map_err(|_| "no kind of case; `highwater status` lists those there are".to_owned())
}

/// Does it.
///
/// # Errors
/// [`Failure`] when there is no such case, or it cannot be decided like that.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    match &args.action {
        Action::List { all, kinds } => {
            let mut options = options(&desk.config, desk.screen.format, desk.screen.width());
            let person = |kind: &Kind| match kind {
                Kind::Person(kind) => Some(*kind),
                Kind::Event => None,
            };
            options.kinds = kinds.iter().filter_map(person).collect();
            options.with_settled = *all;
            let people = kinds.is_empty() || !options.kinds.is_empty();
            let further = if kinds.is_empty() || kinds.contains(&Kind::Event) {
                event_cases::lines(&desk.config)?
            } else {
                Vec::new()
            };
            let state = people.then(|| desk.state.clone());
            let list = move |to: &mut dyn std::io::Write| {
                report::cases::with_others(state.as_ref(), &further, &options, to)
            };
            written(desk.screen.writer(), list).await?;
        }
        Action::Show { case } => {
            if let Some((reason, case)) = event_cases::find(&desk.config, case)? {
                return event_cases::show(desk, &reason, &case).await;
            }
            let case = find(desk, case)?;
            let options = options(&desk.config, desk.screen.format, desk.screen.width());
            let one = move |to: &mut dyn std::io::Write| report::merges::case(&case, &options, to);
            written(desk.screen.writer(), one).await?;
        }
        Action::Resolve(resolve) => return decide(desk, resolve).await,
        Action::Undo { case } => {
            let case = about_people(desk, case)?;
            if case.standing.is_untouched() {
                return Err(Failure::Arguments {
                    problem: format!("nothing was decided about case {}", case.name()),
                    advice: "what a cycle has carried out is not undone: decide anew",
                });
            }
            stand(desk, &case, Standing::default(), "undid what was decided", None).await?;
        }
        Action::Snooze { case, days } => {
            let case = about_people(desk, case)?;
            let until = Clock::system().now().plus(Duration::from_secs(u64::from(*days) * 86_400));
            let standing = Standing { snoozed_until: Some(until), ..case.standing.clone() };
            stand(desk, &case, standing, &format!("snoozed until {until}"), None).await?;
        }
    }
    Ok(Exit::Done)
}

async fn decide(desk: &Desk, resolve: &Resolve) -> Result<Exit, Failure> {
    if let Some((reason, _)) = event_cases::find(&desk.config, &resolve.case)? {
        let decision = match (resolve.choice.retry, resolve.choice.drop) {
            (true, _) => Decision::Retry,
            (_, true) => Decision::Drop,
            (false, false) => {
                return Err(Failure::Arguments {
                    problem: format!("a case of kind {} is decided by --retry or --drop", event_cases::KIND),
                    advice: "`highwater cases show` says what each choice does",
                });
            }
        };
        return event_cases::resolve(desk, &reason, decision, resolve.why.as_deref()).await;
    }
    let case = find(desk, &resolve.case)?;
    if resolve.choice.ignore_until.is_some() {
        let standing = Standing { ignored: true, ..case.standing.clone() };
        stand(desk, &case, standing, "ignored until it changes", resolve.why.as_deref()).await?;
        return Ok(Exit::Done);
    }
    if resolve.choice.drop {
        return Err(Failure::Arguments {
            problem: format!(
                "--drop gives events up, and a case of kind {} is about people",
                case.kind.code()
            ),
            advice: "`highwater cases show` says what may be chosen",
        });
    }
    let choice = choice(&case, resolve)?;
    let way = choice.way();
    if !case.kind.ways().contains(&way) {
        let ways: Vec<&str> = case.kind.ways().iter().map(|way| way.option()).collect();
        return Err(Failure::Arguments {
            problem: format!("a case of kind {} is decided by {}", case.kind.code(), ways.join(" or ")),
            advice: "`highwater cases show` says what each choice does",
        });
    }
    let decided = format!("decided {}", choice.told());
    let ruling = Ruling { choice, by: desk.by.clone(), why: resolve.why.clone(), at: Clock::system().now() };
    let standing = Standing { ruling: Some(ruling), ..Standing::default() };
    stand(desk, &case, standing, &decided, resolve.why.as_deref()).await?;
    if !resolve.now {
        desk.screen
            .say(&format!(
                "the next cycle {}; until then `highwater cases undo {}`",
                way.effect(),
                case.name()
            ))
            .await;
        return Ok(Exit::Done);
    }
    let supporters = case.supporters.iter().cloned().map(Subject::Supporter);
    let contacts = case.contacts.iter().copied().map(Subject::Contact);
    let only: Vec<Subject> = supporters.chain(contacts).collect();
    cycle::decided(Request { only: Some(only), ..Request::whole(Mode::Sync) }, desk).await
}

/// What is asked for, checked against the case.
fn choice(case: &Case, resolve: &Resolve) -> Result<Choice, Failure> {
    let chosen = &resolve.choice;
    Ok(match (chosen.link, chosen.take) {
        (Some(contact), _) => Choice::Link { supporter: supporter(case, resolve)?, contact },
        (None, Some(whose)) => {
            let side = match whose {
                Whose::Salesforce => Side::Salesforce,
                Whose::Supporter => Side::Supporter,
            };
            Choice::Take(fields(case, &resolve.fields)?.into_iter().map(|field| (field, side)).collect())
        }
        (None, None) if chosen.separate => Choice::Separate,
        (None, None) if chosen.create => Choice::CreateAnew,
        (None, None) if chosen.leave => Choice::Leave,
        (None, None) => Choice::Retry,
    })
}

fn supporter(case: &Case, resolve: &Resolve) -> Result<SupporterId, Failure> {
    match (&resolve.supporter, case.supporters.as_slice()) {
        (Some(id), _) => Ok(id.clone()),
        (None, [one]) => Ok(one.clone()),
        (None, several) => Err(Failure::Arguments {
            problem: format!("the case is about {} supporters", several.len()),
            advice: "say which of them with --supporter",
        }),
    }
}

/// The held fields: those named, or all.
fn fields(case: &Case, named: &[String]) -> Result<Vec<String>, Failure> {
    if named.is_empty() {
        return Ok(case.reasons.clone());
    }
    let held = |field: &String| {
        case.reasons.iter().find(|held| held.eq_ignore_ascii_case(field)).cloned().ok_or_else(|| {
            Failure::Arguments {
                problem: format!("{field} is not held; held are {}", case.reasons.join(", ")),
                advice: "name one of those",
            }
        })
    };
    named.iter().map(held).collect()
}

/// The reason, where one was given, stands in the audit trail.
async fn stand(
    desk: &Desk,
    case: &Case,
    standing: Standing,
    what: &str,
    why: Option<&str>,
) -> Result<(), Failure> {
    let mut changes = Changes::new();
    changes.rule_case(case.kind, &case.subject, standing);
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    changes.audit(&desk.by, &format!("case {} ({}): {what}{why}", case.name(), case.kind.code()));
    let _receipt = desk.state.commit(changes).await?;
    desk.screen.say(&format!("case {}: {what}", case.name())).await;
    Ok(())
}

/// The one open case whose name begins like that, if it is about people: one about events is neither put off nor undone.
fn about_people(desk: &Desk, name: &str) -> Result<Case, Failure> {
    match event_cases::find(&desk.config, name)? {
        Some((reason, _)) => Err(Failure::Arguments {
            problem: format!("case {} is about events, which cannot be put off", reason.name()),
            advice: "`highwater cases resolve` with --retry or --drop decides it, at once; nothing of it is left to undo",
        }),
        None => find(desk, name),
    }
}

/// The one open case whose name begins like that.
///
/// # Errors
/// [`Failure::Arguments`] when there is none, or several; else when the state cannot be read.
pub fn find(desk: &Desk, name: &str) -> Result<Case, Failure> {
    let mut found: Option<Case> = None;
    let mut after: Option<CaseKey> = None;
    loop {
        let page = desk.state.cases_page(after.as_ref(), PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(CaseKey::of(last));
        for case in page.into_iter().filter(|case| case.name().starts_with(name)) {
            if found.is_some() {
                return Err(Failure::Arguments {
                    problem: format!("the names of several cases begin with {name:?}"),
                    advice: "give more of the name; `highwater cases list` shows them",
                });
            }
            found = Some(case);
        }
    }
    found.ok_or_else(|| Failure::Arguments {
        problem: format!("there is no open case {name:?}"),
        advice: "`highwater cases list` shows them; a case closes by itself when its reason is gone",
    })
}
