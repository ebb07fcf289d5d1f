//! Whose a record is: supporters who share what records are looked for by are kept apart. A shared address names nobody.
//!
//! Beside what is remembered of each supporter stands the reverse, per record: whose it is. It is durable in the commit that says
//! that the record was written. Who is about to make a record says so beforehand, so that one whose answer is lost is nobody else's.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{SalesforceId, SupporterId};
use state::{Changes, NoteKind, State};

use crate::changed::digest;
use crate::collapse::Target;
use crate::deliver::{Batch, Delivery, Questions};
use crate::evaluate::Wish;
use crate::fatal::Fatal;
use crate::outcome::{Answer, Outcome};
use crate::question::{Answers, Question};
use crate::replica::Replica;

/// Why somebody is set aside whom the matchers lead to somebody else's record.
pub const THEIRS: &str = "another supporter's record";
/// Why everybody is set aside who asks at once for a record that is nobody's yet.
pub const SEVERAL: &str = "several supporters ask for one record";

/// Before the digest of a question; no record's id begins so.
const CLAIM: &[u8] = b"?";
/// That the reverse of every note of an earlier version is kept.
const COMPLETE: &[u8] = b"!";
/// What stands in place of a supporter where an earlier version gave one record to several.
const OF_SEVERAL: &[u8] = b"";
/// Notes read at once.
const PAGE: usize = 1_000;

fn key_of(record: SalesforceId) -> Vec<u8> {
    record.as_str().as_bytes().to_vec()
}

fn claim_of(state: &State, question: &Question) -> Vec<u8> {
    let asked = serde_json::json!([question.object, question.values]).to_string();
    [CLAIM, &digest(state, &asked).to_le_bytes()].concat()
}

/// Whose a record is, where that is known and one supporter's.
///
/// # Errors
/// [`Fatal::State`].
pub fn owner_of(state: &State, record: SalesforceId) -> Result<Option<SupporterId>, Fatal> {
    let note = state.note(NoteKind::Owner, &key_of(record))?;
    Ok(note.and_then(|note| SupporterId::parse(&String::from_utf8_lossy(&note)).ok()))
}

/// From now on the record is theirs.
pub(crate) fn own(changes: &mut Changes, record: SalesforceId, owner: &SupporterId) {
    changes.put_note(NoteKind::Owner, &key_of(record), owner.as_str().as_bytes().to_vec());
}

/// Says who is about to make a record that answers these questions.
pub(crate) fn claim(changes: &mut Changes, batch: &Batch<'_>, task: usize) {
    let Some(owner) = batch.owner(task) else { return };
    for claim in &batch.tasks[task].claims {
        changes.put_note(NoteKind::Owner, claim, owner.as_str().as_bytes().to_vec());
    }
}

/// What became of it is known.
pub(crate) fn no_longer_claimed(changes: &mut Changes, batch: &Batch<'_>, task: usize) {
    for claim in &batch.tasks[task].claims {
        changes.remove_note(NoteKind::Owner, claim);
    }
}

/// What tasks are for, without those that lead to somebody else.
#[derive(Default)]
pub(crate) struct Apart {
    pub(crate) targets: Vec<(usize, Target)>,
    /// Somebody before them is about to make a record that would answer their question: they ask again once it is there.
    pub(crate) later: Vec<usize>,
}

/// How sure it is that a record is a task's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Mine,
    Free,
    Theirs,
}

/// Ends the tasks of supporters whose matchers lead to another supporter's record. Events have no such owner.
pub(crate) fn apart(
    cx: &Delivery,
    batch: &mut Batch<'_>,
    targets: Vec<(usize, Target)>,
    questions: &Questions,
    found: &Answers,
) -> Result<Apart, Fatal> {
    if batch.events.iter().all(|event| event.owner.is_none()) {
        return Ok(Apart { targets, later: Vec::new() });
    }
    for (task, _) in &targets {
        let asked = questions.get(task).into_iter().flatten().flatten();
        let by_matchers = matches!(batch.tasks[*task].wanted.wish, Wish::All(_) | Wish::Any(_));
        let claims = asked.filter(|_| by_matchers).map(|question| claim_of(&cx.state, question));
        batch.tasks[*task].claims = claims.collect();
    }
    let known = Known::load(&cx.state, batch, &targets, questions, found)?;
    let mut claimants: BTreeMap<SalesforceId, Claimants> = BTreeMap::new();
    for (task, target) in &targets {
        if let (Target::Record(_, id), Some(owner)) = (target, batch.owner(*task)) {
            let of_record = claimants.entry(*id).or_default();
            match known.whose(batch, *task) {
                Whose::Mine => of_record.sure = Some(owner.clone()),
                Whose::Free => drop(of_record.free.insert(owner.clone())),
                Whose::Theirs => {}
            }
        }
    }
    let mut apart = Apart::default();
    let mut makers: HashMap<Question, SupporterId> = HashMap::new();
    for (task, target) in targets {
        let Some(owner) = batch.owner(task).cloned() else {
            apart.targets.push((task, target));
            continue;
        };
        match &target {
            Target::Record(object, id) => {
                let whose = known.whose(batch, task);
                let refused = claimants.get(id).and_then(|all| all.refusal(&owner, whose));
                match refused {
                    None => apart.targets.push((task, target)),
                    Some((answer, why)) => {
                        let outcome = batch.outcome(task, object, answer).because(why).on(*id);
                        batch.end(task, outcome);
                    }
                }
            }
            Target::New(object, asked) => {
                if let Some(waiting) = waits_for_another(batch, &owner, asked, object) {
                    batch.end(task, Outcome { action: batch.tasks[task].label.clone(), ..waiting });
                } else if asked.iter().any(|one| makers.get(one).is_some_and(|maker| *maker != owner)) {
                    apart.later.push(task);
                } else {
                    for one in asked {
                        makers.insert(one.clone(), owner.clone());
                        batch.makers.insert(one.clone(), task);
                    }
                    apart.targets.push((task, target));
                }
            }
        }
    }
    Ok(apart)
}

/// Whether the record they ask for may be there already: somebody else sent it in this batch, and no answer came.
fn waits_for_another(
    batch: &Batch<'_>,
    owner: &SupporterId,
    asked: &[Question],
    object: &str,
) -> Option<Outcome> {
    let mut before = asked.iter().filter_map(|one| batch.makers.get(one).copied());
    let unanswered = before.any(|task| batch.owner(task) != Some(owner) && batch.is_waiting(task));
    unanswered.then(|| Outcome::new("", object, Answer::Waiting))
}

/// Who asks for one record.
#[derive(Default)]
struct Claimants {
    sure: Option<SupporterId>,
    free: BTreeSet<SupporterId>,
}

impl Claimants {
    fn refusal(&self, owner: &SupporterId, whose: Whose) -> Option<(Answer, &'static str)> {
        match (whose, &self.sure) {
            (Whose::Mine, _) => None,
            (Whose::Theirs, _) => Some((Answer::Duplicate, THEIRS)),
            (Whose::Free, Some(sure)) if sure != owner => Some((Answer::Duplicate, THEIRS)),
            (Whose::Free, _) if self.free.len() > 1 => Some((Answer::Several, SEVERAL)),
            (Whose::Free, _) => None,
        }
    }
}

/// What is remembered of the records that tasks lead to.
struct Known {
    notes: HashMap<Vec<u8>, Vec<u8>>,
    records: HashMap<usize, Vec<Vec<u8>>>,
}

impl Known {
    fn load(
        state: &State,
        batch: &Batch<'_>,
        targets: &[(usize, Target)],
        questions: &Questions,
        found: &Answers,
    ) -> Result<Self, Fatal> {
        let mut records: HashMap<usize, Vec<Vec<u8>>> = HashMap::new();
        let mut asked: BTreeSet<Vec<u8>> = BTreeSet::new();
        for (task, target) in targets {
            let Target::Record(object, id) = target else { continue };
            let mine = records.entry(*task).or_default();
            mine.push(key_of(*id));
            // A converted Lead leads to its Contact: both are somebody's.
            let hits = questions.get(task).into_iter().flatten().flatten();
            let hits = hits.filter(|one| one.object != *object).filter_map(|one| found.get(one)).flatten();
            mine.extend(hits.map(|hit| key_of(hit.id)));
            asked.extend(mine.iter().chain(&batch.tasks[*task].claims).cloned());
        }
        let keys: Vec<Vec<u8>> = asked.into_iter().collect();
        let notes = state.notes_of(NoteKind::Owner, &keys)?;
        let notes = keys.into_iter().zip(notes).filter_map(|(key, note)| Some((key, note?))).collect();
        Ok(Self { notes, records })
    }

    fn whose(&self, batch: &Batch<'_>, task: usize) -> Whose {
        let Some(owner) = batch.owner(task).map(|owner| owner.as_str().as_bytes()) else {
            return Whose::Free;
        };
        let of = |key: &Vec<u8>| self.notes.get(key).map(Vec::as_slice);
        let named = matches!(batch.tasks[task].wanted.wish, Wish::Record(_));
        let owners: Vec<&[u8]> = self.records.get(&task).into_iter().flatten().filter_map(of).collect();
        // Of several whom an earlier version gave one record, whoever is tried alone keeps it.
        let others = |one: &&[u8]| **one != *owner && !(named && **one == *OF_SEVERAL);
        if owners.iter().any(others) {
            return Whose::Theirs;
        }
        if owners.contains(&owner) {
            return Whose::Mine;
        }
        let claims: Vec<&[u8]> = batch.tasks[task].claims.iter().filter_map(of).collect();
        match (claims.iter().any(|one| *one != owner), claims.is_empty()) {
            (true, _) => Whose::Theirs,
            (false, false) => Whose::Mine,
            (false, true) => Whose::Free,
        }
    }
}

/// Notes whose each record is that an earlier version replicated somebody to; once for each state. Whoever that version gave one
/// record together with others is set aside: which of them it is, nobody can tell.
///
/// # Errors
/// [`Fatal::State`].
pub(crate) async fn catch_up(state: &State) -> Result<(), Fatal> {
    if state.note(NoteKind::Owner, COMPLETE)?.is_some() {
        return Ok(());
    }
    let (mut after, mut shared): (Option<Vec<u8>>, u64) = (None, 0);
    loop {
        let page = state.notes(NoteKind::Replica, after.as_deref(), PAGE)?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        let mut changes = Changes::new();
        shared += catch_up_page(state, &page, &mut changes)?;
        if !changes.is_empty() {
            let _receipt = state.commit(changes).await?;
        }
    }
    if shared > 0 {
        tracing::warn!(replication.blocked = shared, "{shared} supporters had a record together: set aside");
    }
    let mut changes = Changes::new();
    changes.put_note(NoteKind::Owner, COMPLETE, Vec::new());
    let _receipt = state.commit(changes).await?;
    Ok(())
}

/// How many are set aside.
fn catch_up_page(state: &State, page: &[state::Note], changes: &mut Changes) -> Result<u64, Fatal> {
    let replicas = page.iter().filter_map(|(supporter, bytes)| {
        let record = SalesforceId::parse(Replica::read(bytes)?.record.as_deref()?).ok()?;
        Some((supporter, key_of(record)))
    });
    let replicas: Vec<(&Vec<u8>, Vec<u8>)> = replicas.collect();
    let keys: Vec<Vec<u8>> = replicas.iter().map(|(_, record)| record.clone()).collect();
    let noted = state.notes_of(NoteKind::Owner, &keys)?;
    let mut owners: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let mut aside: BTreeSet<Vec<u8>> = BTreeSet::new();
    for ((supporter, record), noted) in replicas.into_iter().zip(noted) {
        match owners.get(&record).cloned().or(noted) {
            Some(other) if other == *supporter => {}
            Some(other) => {
                aside.insert(supporter.clone());
                aside.extend(Some(other).filter(|other| other.as_slice() != OF_SEVERAL));
                owners.insert(record, OF_SEVERAL.to_vec());
            }
            None => drop(owners.insert(record, supporter.clone())),
        }
    }
    for (record, owner) in owners {
        changes.put_note(NoteKind::Owner, &record, owner);
    }
    let aside: Vec<Vec<u8>> = aside.into_iter().collect();
    for (key, note) in aside.iter().zip(state.notes_of(NoteKind::Replica, &aside)?) {
        if let Some(replica) = note.and_then(|bytes| Replica::read(&bytes)) {
            let met = replica.record.clone();
            let blocked = Some(SEVERAL.to_owned());
            // Which fields of the record are whose is not known: all are written to whomever it stays with.
            Replica { blocked, met, written: None, ..replica }.keep(key, changes);
        }
    }
    Ok(aside.len() as u64)
}
