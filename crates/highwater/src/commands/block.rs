//! `highwater block`: records that are set aside, and having them tried again.

use std::collections::BTreeMap;

use clap::{Args as ClapArgs, Subcommand};
use model::{ContactId, SupporterId};
use serde_json::json;
use service::lift::{Whose, counted, each_block, lift};

use super::errors;
use crate::code;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Sheet};
use crate::selection::{contact_id, supporter_id};

/// What to do.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  highwater block list
  highwater block list --code STRING_TOO_LONG --format csv
  highwater block lift 10042 10043 --why 'the validation rule was corrected'
  highwater block lift --contact 003xx000004TmiQAAS --why 'the owner is active again'
  highwater block lift --code FIELD_CUSTOM_VALIDATION_EXCEPTION --why 'rule corrected'
  highwater block lift --all --why 'the trigger was corrected' --yes

A record is set aside after a permanent error. It is tried again by itself when a mapped field of it changes; lift it by hand when \
what was refused was put right elsewhere: a validation rule, a Flow, a permission. Lifted people are marked in the same commit, and \
the next cycle tries them again; whoever is refused again is set aside again.")]
pub struct Args {
    /// List or lift.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show who is set aside, why, and what to do: the list of `highwater errors`
    List(errors::Args),
    /// Have them tried again by the next cycle
    Lift(Lift),
}

/// Whose blocks.
#[derive(Debug, ClapArgs)]
#[command(
    group(clap::ArgGroup::new("whose").required(true)),
    after_help = "Examples:
  highwater block lift 10042 --why 'the validation rule was corrected'
  highwater block lift --code FIELD_CUSTOM_VALIDATION_EXCEPTION --why 'rule corrected'
  highwater block lift --code FIELD_CUSTOM_VALIDATION_EXCEPTION --why 'rule corrected' --yes

With --code or --all it only says whom it would lift, until --yes is given. While a cycle runs it ends with 4. Who lifted what, and \
why, is kept in the audit trail; `highwater why` goes on telling why somebody was set aside."
)]
pub struct Lift {
    /// The supporters' ids
    #[arg(group = "whose", value_name = "SUPPORTER", value_parser = supporter_id)]
    pub supporters: Vec<SupporterId>,
    /// Of the supporter who is linked to this Contact
    #[arg(long, group = "whose", value_name = "ID", value_parser = contact_id)]
    pub contact: Option<ContactId>,
    /// Of everybody who was set aside for this code
    #[arg(long, group = "whose", value_name = "CODE")]
    pub code: Option<String>,
    /// Of everybody
    #[arg(long, group = "whose")]
    pub all: bool,
    /// Why, for the audit trail
    #[arg(long, value_name = "REASON", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub why: String,
    /// With --code or --all: do it
    #[arg(long)]
    pub yes: bool,
}

/// Lists or lifts.
///
/// # Errors
/// [`Failure`] when one who is named has no block, a cycle is at work, or the state fails.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    match &args.action {
        Action::List(list) => errors::run(list, desk).await,
        Action::Lift(args) => {
            let whose = whose(args, desk)?;
            let named = matches!(whose, Whose::Of(_));
            if !named && !args.yes {
                return only_count(&whose, desk).await;
            }
            let before = if named { listed(&whose, desk)? } else { Vec::new() };
            let lifted = lift(&desk.state, &whose, &desk.by, &args.why).await?;
            let counts = lifted.map_err(|running| Failure::AlreadyRunning(running.to_string()))?;
            let mut answer = told("lifted", &before, &counts, true);
            if !counts.is_empty() {
                answer.notes.push(
                    "the next cycle tries them again; `highwater resync` does it for one person now"
                        .to_owned(),
                );
            }
            desk.screen.answer(&answer).await.map_err(Failure::stdout)?;
            Ok(Exit::Done)
        }
    }
}

/// Whose blocks are meant; whoever is named has one.
fn whose(args: &Lift, desk: &Desk) -> Result<Whose, Failure> {
    if args.all {
        return Ok(Whose::Everybody);
    }
    if let Some(code) = &args.code {
        return Ok(Whose::Code(code.clone()));
    }
    let ids =
        match args.contact {
            None => args.supporters.clone(),
            Some(contact) => vec![desk.state.supporter_of(&contact)?.ok_or_else(|| {
                Failure::UnknownPerson(format!("no supporter is linked to Contact {contact}"))
            })?],
        };
    let blocks = desk.state.blocks_of(&ids)?;
    match ids.iter().zip(blocks).find(|(_, block)| block.is_none()) {
        Some((id, _)) => Err(Failure::Setup {
            code: &code::run::NOT_SET_ASIDE,
            problem: format!("supporter {id} is not set aside; nobody's block was lifted"),
            advice: code::run::NOT_SET_ASIDE.remedy.to_owned(),
        }),
        None => Ok(Whose::Of(ids.into_iter().collect())),
    }
}

async fn only_count(whose: &Whose, desk: &Desk) -> Result<Exit, Failure> {
    let counts = counted(&desk.state, whose)?;
    let mut answer = told("to be lifted", &[], &counts, false);
    if !counts.is_empty() {
        answer.notes.push("nothing was lifted yet: say the same with --yes".to_owned());
    }
    desk.screen.answer(&answer).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

/// Those who are named, with code and date.
fn listed(whose: &Whose, desk: &Desk) -> Result<Vec<[String; 3]>, Failure> {
    let mut rows = Vec::new();
    each_block(&desk.state, whose, &mut |id, block| {
        rows.push([id.to_string(), block.code.clone(), block.since.to_seconds_text()]);
        true
    })?;
    Ok(rows)
}

/// People where they were named, else numbers by code.
fn told(title: &str, people: &[[String; 3]], counts: &BTreeMap<String, u64>, lifted: bool) -> Answer {
    let total: u64 = counts.values().sum();
    let value = json!({ "lifted": lifted, "total": total, "by_code": counts });
    if people.is_empty() {
        let mut sheet = Sheet::new(title, &["code", "how many"]);
        for (code, count) in counts {
            sheet.row([code.clone(), count.to_string()]);
        }
        return Answer::of(sheet, value);
    }
    let mut sheet = Sheet::new(title, &["supporter", "code", "set aside since"]);
    for row in people {
        sheet.row(row.clone());
    }
    Answer::of(sheet, value)
}
