//! Writes a merge report of invented groups, for looking at and for measuring.
//!
//! ```sh
//! cargo run --release -p report --example thousand_groups -- html 1000 > merges.html
//! ```
//!
//! The words are the format and how many cases; with `--measure` it tells on standard error how long it took and the most memory that
//! was in use beyond the state. A third word is a directory: the state lies there, as that of an organisation does, and is read cold.

#![allow(clippy::print_stderr)] // an example talks

use std::error::Error;
use std::io::{self, Write};
use std::time::Instant;

use model::{
    Case, CaseKind, CaseRecord, ContactId, CycleId, Evidence, Link, LinkLife, Stamp, Standing, Subject,
    SupporterId,
};
use report::{Format, LinkPattern, Links, Options, merges};
use state::{Changes, OpenOptions, State};

const FIRST: [&str; 8] = ["Ann", "Ben", "Chen", "Dana", "Eve", "Farid", "Grete", "Hugo"];
const LAST: [&str; 7] = ["Smith", "Müller", "Okafor", "Rossi", "Tanaka", "O'Neil", "Lindqvist"];
const CITY: [&str; 4] = ["Bath", "Köln", "Lagos", "Quebec"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (measure, words): (Vec<String>, Vec<String>) =
        words.into_iter().partition(|word| word == "--measure");
    let (format, count, place) = match words.as_slice() {
        [format, count] => (format, count, None),
        [format, count, place] => (format, count, Some(place)),
        _ => return Err("the words are a format, how many cases, and perhaps a directory".into()),
    };
    let (format, count): (Format, u32) = (format.parse()?, count.parse()?);
    let state = match place {
        None => filled(State::in_memory(1)?, count).await?,
        Some(dir) => {
            drop(filled(State::open(dir, OpenOptions::default())?, count).await?);
            State::open(dir, OpenOptions::default())?
        }
    };
    let options = Options {
        format,
        links: Links {
            supporter: Some(LinkPattern::parse("https://db.example.org/people/{id}")?),
            contact: Some(LinkPattern::parse("https://org.example.com/{id}/view")?),
        },
        now: Stamp::parse("2026-10-07T00:00:00Z")?,
        ..Options::default()
    };
    let begun = Instant::now();
    let mut written = Ok(0);
    let used = allocation_counter::measure(|| {
        let mut to = io::BufWriter::new(io::stdout().lock());
        written = merges(&state, &options, &mut to);
        let _ = to.flush();
    });
    let written = written?;
    if !measure.is_empty() {
        let seconds = begun.elapsed().as_secs_f64();
        let most = used.bytes_max / 1024;
        eprintln!("{format}: {written} cases in {seconds:.2} s, at most {most} KiB more memory");
    }
    Ok(())
}

async fn filled(state: State, count: u32) -> Result<State, Box<dyn Error>> {
    let mut numbers = 0..count;
    loop {
        let page: Vec<u32> = numbers.by_ref().take(1_000).collect();
        if page.is_empty() {
            return Ok(state);
        }
        let mut changes = Changes::new();
        for n in page {
            let case = case(n)?;
            if n.is_multiple_of(3)
                && let (Some(supporter), Some(contact)) = (case.supporters.last(), case.contacts.first())
            {
                changes.put_link(link(supporter.clone(), *contact)?);
            }
            changes.open_case(case);
        }
        let receipt = state.commit(changes).await?;
        if !receipt.refused.is_empty() {
            return Err("an invented link was refused".into());
        }
    }
}

fn link(supporter: SupporterId, contact: ContactId) -> Result<Link, Box<dyn Error>> {
    Ok(Link {
        supporter,
        contact,
        made_at: Stamp::parse("2026-01-02T03:04:05Z")?,
        cycle: CycleId(1),
        evidence: Evidence::StoredContactId,
        life: LinkLife::Live,
    })
}

/// Mostly two supporters or two Contacts that are one person, sometimes something else.
fn case(n: u32) -> Result<Case, Box<dyn Error>> {
    let kinds = [
        CaseKind::TwoSupportersOneContact,
        CaseKind::AmbiguousContacts,
        CaseKind::ReviewMatch,
        CaseKind::NamesDisagree,
        CaseKind::Blocked,
    ];
    let kind = kinds[n as usize % kinds.len()];
    let supporter = |at: u32| SupporterId::parse(&format!("{}", 100_000 + 10 * n + at));
    let contact = |at: u32| ContactId::parse(&format!("003{:012}", 3 * n + at));
    let (mut supporters, mut contacts) = (vec![supporter(0)?], vec![contact(0)?]);
    if kind == CaseKind::TwoSupportersOneContact {
        supporters.push(supporter(1)?);
    } else if kind == CaseKind::AmbiguousContacts {
        contacts.push(contact(1)?);
    }
    let subjects: Vec<Subject> = supporters
        .iter()
        .cloned()
        .map(Subject::Supporter)
        .chain(contacts.iter().copied().map(Subject::Contact))
        .collect();
    Ok(Case {
        kind,
        subject: subjects.first().cloned().ok_or("a case is about somebody")?,
        supporters,
        contacts,
        reasons: vec!["email_equal".to_owned()],
        records: subjects.iter().enumerate().map(|(at, subject)| record(n, at, subject.clone())).collect(),
        opened_at: Stamp::parse(&format!("2026-{:02}-{:02}T12:00:00Z", 1 + n % 9, 1 + n % 28))?,
        seen_at: Stamp::parse("2026-10-06T08:00:00Z")?,
        standing: Standing::default(),
    })
}

fn record(n: u32, at: usize, subject: Subject) -> CaseRecord {
    let of = |list: &[&str], by: u32| list[(n / by) as usize % list.len()].to_owned();
    let (first, last) = (of(&FIRST, 1), of(&LAST, 8));
    let email = format!("{first}.{last}.{n}@example.org").to_lowercase();
    let phone = if at == 1 { format!("555-01{n:05}") } else { String::new() };
    let opted_out = (n.is_multiple_of(7) && at == 0).to_string();
    let fields = [
        ("FirstName", first),
        ("LastName", last),
        ("Email", email),
        ("MailingCity", of(&CITY, 3)),
        ("Phone", phone),
        ("HasOptedOutOfEmail", opted_out),
        ("npe01__WorkEmail__c", String::new()),
    ];
    CaseRecord { subject, fields: fields.map(|(name, value)| (name.to_owned(), value)).into() }
}
