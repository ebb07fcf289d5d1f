//! `highwater report merges --verify`: what became of the groups of an earlier report.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use model::{ContactId, LinkLife, SalesforceId, SupporterId};
use plan::Sides;
use report::verify::{Left, Reported, Verdict, judge, notes, reported};
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Sheet, counted};

/// How many groups are read from both sides at a time.
const PAGE: usize = 100;

/// Reads both sides and judges every group; ends with [`Exit::SomeFailed`] unless all are merged.
///
/// # Errors
/// When the file is no earlier report, or a side or the state cannot be read.
pub async fn run(earlier: &Path, desk: &Desk) -> Result<Exit, Failure> {
    let groups = groups(earlier).await?;
    let sides = desk.sides().await?;
    let no_column = desk.config.supporters.contact_id_column.is_none();
    let head = ["group", "verdict", "supporters left", "Contacts left", "note"];
    let (mut sheet, mut json) = (Sheet::new("groups of the earlier report", &head), Vec::new());
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for page in groups.chunks(PAGE) {
        for (group, left) in page.iter().zip(left(&sides, page, no_column).await?) {
            let verdict = judge(group, &left);
            *counts.entry(verdict.word()).or_default() += 1;
            let note = note(group, &left, verdict);
            let supporters: Vec<&str> = left.supporters.iter().map(|(id, _)| id.as_str()).collect();
            let contacts: Vec<&str> = left.contacts.iter().map(ContactId::as_str).collect();
            json.push(json!({
                "group": group.id, "verdict": verdict.word(), "supporters_left": supporters,
                "contacts_left": contacts, "note": note,
            }));
            let (supporters, contacts) = (supporters.join(" "), contacts.join(" "));
            sheet.row([group.id.clone(), verdict.word().to_owned(), supporters, contacts, note]);
        }
    }
    let answer =
        Answer { sheets: vec![sheet], notes: vec![summary(groups.len(), &counts)], json: Value::Array(json) };
    desk.screen.answer(&answer).await.map_err(Failure::stdout)?;
    let all_merged = counts.keys().all(|word| *word == Verdict::Merged.word());
    Ok(if all_merged { Exit::Done } else { Exit::SomeFailed })
}

async fn groups(earlier: &Path) -> Result<Vec<Reported>, Failure> {
    let path = earlier.to_owned();
    let read = move || {
        let file = File::open(&path).map_err(|why| why.to_string())?;
        reported(BufReader::new(file)).map_err(|why| why.to_string())
    };
    let read = tokio::task::spawn_blocking(read)
        .await
        .map_err(|_| Failure::Unexpected("reading a report ended in a defect"))?;
    read.map_err(|why| Failure::Arguments {
        problem: format!("{} cannot be verified against: {why}", earlier.display()),
        advice: "name a file that `highwater report merges --format json --output FILE` wrote before the merging",
    })
}

/// What is left of each group, read fresh.
async fn left(sides: &Sides, groups: &[Reported], no_column: bool) -> Result<Vec<Left>, Failure> {
    let supporters: Vec<SupporterId> =
        distinct(groups.iter().flat_map(|group| group.supporters.iter().cloned()));
    let contacts: Vec<ContactId> = distinct(groups.iter().flat_map(|group| group.contacts.iter().copied()));
    let rows = sides.supporters.get(&supporters).await?;
    let there: HashMap<&SupporterId, Option<String>> = supporters
        .iter()
        .zip(rows)
        .filter_map(|(id, row)| Some((id, row.filter(|row| sides.map.merged_into(row).is_none())?)))
        .map(|(id, row)| (id, row.contact_id.text().map(str::to_owned)))
        .collect();
    let living = living(sides, &contacts).await?;
    let links = sides.state.links_of(&supporters)?.into_iter().flatten();
    let linked: HashMap<SupporterId, ContactId> =
        links.filter(|link| link.life == LinkLife::Live).map(|link| (link.supporter, link.contact)).collect();
    let of = |group: &Reported| Left {
        supporters: group
            .supporters
            .iter()
            .filter_map(|id| Some((id.clone(), there.get(id)?.clone())))
            .collect(),
        contacts: group.contacts.iter().filter(|id| living.contains(id)).copied().collect(),
        links: group.supporters.iter().filter_map(|id| Some((id.clone(), *linked.get(id)?))).collect(),
        no_column,
    };
    Ok(groups.iter().map(of).collect())
}

/// The Contacts that are there; those that were merged away or deleted are not.
async fn living(sides: &Sides, contacts: &[ContactId]) -> Result<HashSet<ContactId>, Failure> {
    let ids: Vec<SalesforceId> = contacts.iter().map(|&id| id.into()).collect();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = sides.org.get_many(sides.map.object().name(), &ids, &["Id", "IsDeleted"]).await?;
    let there = contacts.iter().zip(rows).filter(|(_, row)| {
        row.as_ref().is_some_and(|row| row.get("IsDeleted").is_none_or(|deleted| deleted != "true"))
    });
    Ok(there.map(|(id, _)| *id).collect())
}

fn distinct<T: Clone + Eq + std::hash::Hash>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    all.filter(|one| seen.insert(one.clone())).collect()
}

fn note(group: &Reported, left: &Left, verdict: Verdict) -> String {
    match verdict {
        Verdict::Merged => notes(group, left).join("; "),
        Verdict::IdLost if left.no_column => "run highwater sync, which links the two".to_owned(),
        Verdict::Open | Verdict::IdLost | Verdict::Gone => verdict.advice().to_owned(),
    }
}

fn summary(groups: usize, counts: &BTreeMap<&str, u64>) -> String {
    if groups == 0 {
        return "the earlier report had nothing to merge".to_owned();
    }
    let counts: Vec<String> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    format!("{}: {}", counted(groups as u64, "group", "groups"), counts.join(", "))
}
