//! Lifting blocks by hand: whoever was set aside is tried again by the next cycle.

use std::collections::{BTreeMap, BTreeSet};

use model::{Block, DirtyReason, Happened, Subject, SupporterId};
use state::{AlreadyRunning, Changes, Error, State};

/// How many are lifted in one commit.
const PAGE: usize = 500;

/// Whose blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Theirs, whoever of them has one.
    Of(BTreeSet<SupporterId>),
    /// Of everybody who was set aside for this code.
    Code(String),
    /// Everybody's.
    Everybody,
}

impl Whose {
    fn wants(&self, block: &Block) -> bool {
        match self {
            Self::Of(_) | Self::Everybody => true,
            Self::Code(code) => block.code.eq_ignore_ascii_case(code),
        }
    }
}

/// Visits everybody who is set aside, in the order of their ids, a page at a time, as long as `see` says so.
///
/// # Errors
/// [`Error`] when the state cannot be read.
pub fn each_block(
    state: &State,
    whose: &Whose,
    see: &mut dyn FnMut(&SupporterId, &Block) -> bool,
) -> Result<(), Error> {
    let mut after: Option<SupporterId> = None;
    loop {
        let page = next_page(state, whose, after.as_ref())?;
        for (id, block) in &page {
            if whose.wants(block) && !see(id, block) {
                return Ok(());
            }
        }
        match (whose, page.into_iter().last()) {
            (Whose::Code(_) | Whose::Everybody, Some((id, _))) => after = Some(id),
            (Whose::Of(_), _) | (_, None) => return Ok(()),
        }
    }
}

fn next_page(
    state: &State,
    whose: &Whose,
    after: Option<&SupporterId>,
) -> Result<Vec<(SupporterId, Block)>, Error> {
    let ids: Vec<SupporterId> = match whose {
        Whose::Of(ids) => ids.iter().cloned().collect(),
        Whose::Code(_) | Whose::Everybody => return state.blocks_page(after, PAGE),
    };
    let blocks = state.blocks_of(&ids)?;
    Ok(ids.into_iter().zip(blocks).filter_map(|(id, block)| Some((id, block?))).collect())
}

/// How many are set aside, by code.
///
/// # Errors
/// [`Error`] when the state cannot be read.
pub fn counted(state: &State, whose: &Whose) -> Result<BTreeMap<String, u64>, Error> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    each_block(state, whose, &mut |_, block| {
        *counts.entry(block.code.clone()).or_default() += 1;
        true
    })?;
    Ok(counts)
}

/// Lifts blocks and marks whoever had them, in the same commit, so that the next cycle tries them again. Their story says once more
/// why they were set aside, and the audit trail who lifted it and why: it is written before the first block goes. Says how many there
/// were, by code.
///
/// # Errors
/// [`AlreadyRunning`] while a cycle is at work: it may be done with somebody whose block it has read. [`Error`] when the state fails;
/// whoever was lifted until then is marked.
pub async fn lift(
    state: &State,
    whose: &Whose,
    by: &str,
    why: &str,
) -> Result<Result<BTreeMap<String, u64>, AlreadyRunning>, Error> {
    let _still = match state.keep_cycles_out() {
        Ok(still) => still,
        Err(running) => return Ok(Err(running)),
    };
    let counts = counted(state, whose)?;
    if counts.is_empty() {
        return Ok(Ok(counts));
    }
    let mut changes = Changes::new();
    changes.audit(by, &format!("lifted {}: {why}", in_words(whose, counts.values().sum())));
    let mut after: Option<SupporterId> = None;
    loop {
        let page = next_page(state, whose, after.as_ref())?;
        for (id, block) in page.iter().filter(|(_, block)| whose.wants(block)) {
            lift_one(&mut changes, id, block, by);
        }
        let _receipt = state.commit(std::mem::take(&mut changes)).await?;
        match (whose, page.into_iter().last()) {
            (Whose::Code(_) | Whose::Everybody, Some((id, _))) => after = Some(id),
            (Whose::Of(_), _) | (_, None) => return Ok(Ok(counts)),
        }
    }
}

fn lift_one(changes: &mut Changes, id: &SupporterId, block: &Block, by: &str) {
    let subject = Subject::Supporter(id.clone());
    let told = Happened::LiftedBy {
        code: block.code.clone(),
        fields: block.fields.clone(),
        since: block.since,
        by: by.to_owned(),
    };
    changes.tell(&subject, told).lift_block(id).mark_dirty(subject, DirtyReason::Resync, None);
}

/// What is lifted, for the audit trail: ids and codes only.
fn in_words(whose: &Whose, count: u64) -> String {
    match whose {
        Whose::Of(ids) if ids.len() <= 10 => {
            let ids: Vec<&str> = ids.iter().map(SupporterId::as_str).collect();
            format!("the blocks of {}", ids.join(", "))
        }
        Whose::Of(_) => format!("the blocks of {count} supporters, by name"),
        Whose::Code(code) => format!("all blocks with {code}, {count} of them"),
        Whose::Everybody => format!("all {count} blocks"),
    }
}
