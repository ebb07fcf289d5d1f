//! `highwater link`: who is whose, and correcting it.

use clap::Subcommand;
use model::{
    Case, CaseKind, Choice, Clock, ContactId, Link, LinkLife, Ruling, Standing, Subject, SupporterId,
};
use serde_json::json;
use service::request::{Mode, Request};
use state::Changes;

use super::cycle;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Sheet};
use crate::selection::{contact_id, supporter_id};

/// What to do.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater link show 10042
  highwater link set 10042 0035f00000Abc12AAB --why 'called her: the other one is her mother'
  highwater link end 10042 --why 'two people who share an address'

Changing the Contact Id in the supporter's row corrects nobody who is linked: the row is a copy. A Contact that it names instead is \
asked about (`cases list`), and an Id that leads nowhere gives way to the linked one. \
`set` ends every other link of the two and syncs them as at a first meeting. `end` remembers that the two are different people; \
the supporter is then matched anew, or gets a Contact of their own where Contacts are created. Both are carried out at once, take \
the supporter's id from the Contact that is left, and are kept in the audit trail. No value is put back that went over while the \
wrong two were linked: `highwater why` and `highwater conflicts list` tell what did.")]
pub struct Args {
    /// Show, correct or end.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Whose Contact it is, since when, and on what evidence
    Show {
        /// The supporter id
        #[arg(value_parser = supporter_id)]
        supporter: SupporterId,
    },
    /// This supporter and this Contact are one person, whatever is linked now
    Set {
        /// The supporter id
        #[arg(value_parser = supporter_id)]
        supporter: SupporterId,
        /// The Contact Id, 15 or 18 characters
        #[arg(value_parser = contact_id)]
        contact: ContactId,
        /// Why, for the audit trail
        #[arg(long, value_name = "REASON")]
        why: String,
    },
    /// This supporter and their Contact are different people
    End {
        /// The supporter id
        #[arg(value_parser = supporter_id)]
        supporter: SupporterId,
        /// Why, for the audit trail
        #[arg(long, value_name = "REASON")]
        why: String,
    },
}

/// Does it.
///
/// # Errors
/// [`Failure`] when there is nothing to correct, or whatever stands in the way of a cycle.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    match &args.action {
        Action::Show { supporter } => {
            desk.screen.answer(&shown(supporter, &of(desk, supporter)?)).await.map_err(Failure::stdout)?;
            Ok(Exit::Done)
        }
        Action::Set { supporter, contact, why } => {
            let before = of(desk, supporter)?;
            if live(before.as_ref()) == Some(*contact) {
                return Err(Failure::Arguments {
                    problem: format!("supporter {supporter} and Contact {contact} are linked"),
                    advice: "there is nothing to correct; `highwater link show` says since when",
                });
            }
            let choice = Choice::Link { supporter: supporter.clone(), contact: *contact };
            let contacts = before.iter().map(|link| link.contact).chain([*contact]).collect();
            decide(desk, supporter, contacts, choice, why).await
        }
        Action::End { supporter, why } => {
            let Some(contact) = live(of(desk, supporter)?.as_ref()) else {
                return Err(Failure::Arguments {
                    problem: format!("supporter {supporter} is linked to nobody"),
                    advice: "there is nothing to end; `highwater why` tells the person's story",
                });
            };
            let choice = Choice::Unlink { supporter: supporter.clone(), contact };
            decide(desk, supporter, vec![contact], choice, why).await
        }
    }
}

fn of(desk: &Desk, supporter: &SupporterId) -> Result<Option<Link>, Failure> {
    Ok(desk.state.links_of(std::slice::from_ref(supporter))?.into_iter().flatten().next())
}

fn live(link: Option<&Link>) -> Option<ContactId> {
    link.filter(|link| link.life == LinkLife::Live).map(|link| link.contact)
}

/// A case and its decision in one commit, carried out at once: the same road as a case that somebody decides.
async fn decide(
    desk: &Desk,
    supporter: &SupporterId,
    contacts: Vec<ContactId>,
    choice: Choice,
    why: &str,
) -> Result<Exit, Failure> {
    let (subject, now) = (Subject::Supporter(supporter.clone()), Clock::system().now());
    let what = choice.told();
    let ruling = Ruling { choice, by: desk.by.clone(), why: Some(why.to_owned()), at: now };
    let case = Case {
        kind: CaseKind::IdAndEmailDisagree,
        subject: subject.clone(),
        supporters: vec![supporter.clone()],
        contacts: contacts.clone(),
        reasons: vec!["administrator".to_owned()],
        records: Vec::new(),
        opened_at: now,
        seen_at: now,
        standing: Standing::default(),
    };
    let mut changes = Changes::new();
    let standing = Standing { ruling: Some(ruling), ..Standing::default() };
    changes.open_case(case).rule_case(CaseKind::IdAndEmailDisagree, &subject, standing);
    changes.audit(&desk.by, &format!("{what}: {why}"));
    let _receipt = desk.state.commit(changes).await?;
    let only = contacts.into_iter().map(Subject::Contact).chain([subject]).collect();
    cycle::decided(Request { only: Some(only), ..Request::whole(Mode::Sync) }, desk).await
}

fn shown(supporter: &SupporterId, link: &Option<Link>) -> Answer {
    let mut sheet = Sheet::new("link", &["supporter", "Contact", "made at", "evidence", "standing"]);
    let life = |life: &LinkLife| match life {
        LinkLife::Live => "live",
        LinkLife::ContactDeleted => "the Contact was deleted",
        LinkLife::SupporterDeleted => "the supporter was removed",
    };
    let Some(link) = link else {
        let mut answer = Answer::of(sheet, json!({ "supporter": supporter, "link": null }));
        answer.notes.push("the supporter is linked to nobody".to_owned());
        return answer;
    };
    let standing = life(&link.life).to_owned();
    let evidence = link.evidence.code().to_owned();
    sheet.row([
        supporter.to_string(),
        link.contact.to_string(),
        link.made_at.to_string(),
        evidence.clone(),
        standing.clone(),
    ]);
    let told = json!({
        "contact": link.contact, "made_at": link.made_at.to_string(), "cycle": link.cycle.0, "evidence": evidence,
        "standing": standing,
    });
    Answer::of(sheet, json!({ "supporter": supporter, "link": told }))
}
