//! Writes 100,000 linked people with 12 bases each in commits of 2,000, reads them back, and prints what it cost.
//!
//! `cargo run --release -p state --example hundred_thousand -- <directory> [people]`

#![allow(clippy::print_stdout)]

use std::time::Instant;

use model::{
    ContactId, CycleId, Digest, DirtyReason, Evidence, Link, LinkLife, RuleKey, Side, Stamp, Subject,
    SupporterId,
};
use state::{Changes, OpenOptions, State};

const COMMIT: u32 = 2_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = std::env::args().nth(1).ok_or("name a directory that does not exist yet")?;
    let people: u32 = std::env::args().nth(2).map_or(Ok(100_000), |people| people.parse())?;
    let state = State::open(&dir, OpenOptions::default())?;
    let mut step = Step::begin();
    for first in (0..people).step_by(COMMIT as usize) {
        let mut changes = Changes::new();
        for n in first..first + COMMIT {
            changes.mark_dirty(Subject::Supporter(supporter(n)?), DirtyReason::Backfill, None);
        }
        let _ = state.commit(changes).await?;
    }
    step.end("mark");
    for first in (0..people).step_by(COMMIT as usize) {
        let mut changes = Changes::new();
        for n in first..first + COMMIT {
            let id = supporter(n)?;
            changes.put_link(link(n)?).set_bases(&id, &bases(n, 0)).put_outcome(&id, CycleId(1), "upserted");
            changes.clear_dirty(&Subject::Supporter(id));
        }
        let _ = state.commit(changes).await?;
    }
    step.end("settle: link, 12 bases, outcome, unmark");
    read(&state, people)?;
    step.end("read all links and bases");
    let mut changes = Changes::new();
    for n in (0..people).step_by(50) {
        let id = supporter(n)?;
        changes.set_bases(&id, &bases(n, 1)[..2]).put_outcome(&id, CycleId(2), "upserted");
    }
    changes.raise_watermark(Side::Supporter, Stamp::from_seconds(1_000));
    let _ = state.commit(changes).await?;
    step.end("change 2,000 scattered people");
    let verified = state.verify()?;
    assert_eq!(verified.found, 0);
    step.end("verify");
    println!("peak memory {} MiB", status("VmHWM:") / 1024);
    drop(state);
    step.end("close");
    let state = State::open(&dir, OpenOptions::default())?;
    step.end("open again");
    assert_eq!(state.link_count()?, u64::from(people));
    Ok(())
}

fn read(state: &State, expected: u32) -> Result<(), Box<dyn std::error::Error>> {
    let mut after = None;
    let mut people = 0;
    loop {
        let links = state.links_page(after.as_ref(), COMMIT as usize)?;
        let Some(last) = links.last() else { break };
        after = Some(last.supporter.clone());
        let ids: Vec<SupporterId> = links.iter().map(|link| link.supporter.clone()).collect();
        people += state.bases_of_many(&ids)?.iter().filter(|bases| bases.len() == 12).count();
    }
    assert_eq!(people, expected as usize);
    Ok(())
}

/// Ids in no order, as a first load finds them in e-mail order or none.
fn supporter(n: u32) -> Result<SupporterId, model::InvalidId> {
    SupporterId::parse(&(1_000_000 + (n.wrapping_mul(2_654_435_761) % 900_000_000)).to_string())
}

fn link(n: u32) -> Result<Link, model::InvalidId> {
    Ok(Link {
        supporter: supporter(n)?,
        contact: ContactId::parse(&format!("003RM0000{n:06}"))?,
        made_at: Stamp::from_seconds(1_790_000_000),
        cycle: CycleId(1),
        evidence: Evidence::EmailAndName {
            strength: "strong".to_owned(),
            reasons: vec!["email_exact".to_owned(), "last_exact".to_owned(), "first_nickname".to_owned()],
        },
        life: LinkLife::Live,
    })
}

fn bases(n: u32, salt: u64) -> [(RuleKey, Digest); 12] {
    std::array::from_fn(|field| {
        let rule = RuleKey::of(&format!("Field{field}__c"));
        (rule, Digest((u64::from(n) + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ field as u64))
    })
}

struct Step(Instant, f64);

impl Step {
    fn begin() -> Self {
        Self(Instant::now(), cpu_seconds())
    }

    fn end(&mut self, name: &str) {
        let cpu = cpu_seconds();
        let (wall, spent) = (self.0.elapsed().as_secs_f64(), cpu - self.1);
        println!("{name:<42} {wall:6.2} s  {spent:6.2} s CPU  {:5} MiB now", status("VmRSS:") / 1024);
        *self = Self(Instant::now(), cpu);
    }
}

/// A number of `/proc/self/status`, in KiB.
fn status(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// User and system time of this process; the kernel counts in hundredths of a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}
