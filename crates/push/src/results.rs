//! A result file read in chunks, each row joined to the supporter by the key it carries.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use model::{ContactId, FieldMap, Intent, PlanId, SalesforceId, SupporterId};
use plan::{Fatal, Sides};
use salesforce::{KeyedResult, RecordError, ResultReader, ResultSet};

/// One row of a result file with what we know of it.
#[derive(Debug)]
pub(crate) struct Joined {
    pub supporter: SupporterId,
    pub intent: Intent,
    pub id: Option<SalesforceId>,
    pub created: bool,
    pub error: Option<Box<RecordError>>,
}

impl Joined {
    /// Whether the row says what became of it: saved as which Contact, or refused for what.
    pub(crate) fn has_outcome(&self) -> bool {
        self.error.is_some() || self.contact().is_some()
    }

    /// The Contact the row was saved as.
    pub(crate) fn contact(&self) -> Option<ContactId> {
        self.id.and_then(|id| ContactId::parse(id.as_str()).ok())
    }
}

/// A chunk of a result file.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// Rows that belong to the job and are not settled yet.
    pub joined: Vec<Joined>,
    /// Rows read, those settled before a crash among them.
    pub rows: u64,
    /// Rows whose key we never sent, or that came twice: the file contradicts the journal.
    pub foreign: u64,
}

/// A row as it is joined: whose it is, and what became of it. In 40 bytes: a job's file may hold 100,000 that were saved.
struct Keyed {
    supporter: SupporterId,
    id: [u8; 12],
    said: Said,
}

/// How many rows of the file were read before a row, and, in the two topmost bits, what it says of its record.
#[derive(Clone, Copy)]
struct Said(u32);

impl Said {
    const CREATED: u32 = 1 << 31;
    const WITH_ID: u32 = 1 << 30;

    const fn place(self) -> u32 {
        self.0 & !(Self::CREATED | Self::WITH_ID)
    }

    const fn says(self, what: u32) -> bool {
        self.0 & what != 0
    }
}

impl Keyed {
    fn of(supporter: SupporterId, row: &KeyedResult<'_>, place: u32) -> Self {
        let flag = |is: bool, flag: u32| if is { flag } else { 0 };
        let flags = flag(row.created, Said::CREATED) | flag(row.id.is_some(), Said::WITH_ID);
        Self {
            supporter,
            id: row.id.map(|id| id.packed()).unwrap_or_default(),
            said: Said(Said(place).place() | flags),
        }
    }

    /// The record, if one was named.
    fn id(&self) -> Option<SalesforceId> {
        SalesforceId::from_packed(self.id).filter(|_| self.said.says(Said::WITH_ID))
    }
}

/// There is room for so many rows at once, and no more before they are read.
const MOST_AT_ONCE: usize = 100_000;

/// Reads a result file chunk by chunk.
pub(crate) struct Results {
    reader: ResultReader,
    /// Where our key stands, if it came back at all.
    key: Option<usize>,
    plan: PlanId,
    /// All rows in the order of supporters, where the file is read at once.
    sorted: Option<std::vec::IntoIter<Keyed>>,
    /// Rows that were read without a key of ours, and are not told of yet.
    foreign: u64,
    /// How many rows were read.
    place: u32,
    /// Why rows were refused, by their place.
    errors: HashMap<u32, Box<RecordError>>,
}

impl Results {
    pub(crate) async fn open(
        sides: &Sides,
        map: &FieldMap,
        plan: PlanId,
        path: &Path,
        set: ResultSet,
    ) -> Result<Self, Fatal> {
        let reader = sides.org.read_results(path, set).await?;
        let key = reader.columns().index(&map.technical().supporter_id);
        Ok(Self { reader, key, plan, sorted: None, foreign: 0, place: 0, errors: HashMap::new() })
    }

    /// The same in the order of supporters. Results come in any order, and neighbours lie together in the state: in the file's
    /// order each commit would touch what the whole job touches. Holds what is short of all rows of a job, of which `sent` were sent; refused rows, which
    /// carry texts, are read by [`Results::open`].
    pub(crate) async fn open_sorted(
        sides: &Sides,
        map: &FieldMap,
        plan: PlanId,
        path: &Path,
        set: ResultSet,
        sent: u64,
    ) -> Result<Self, Fatal> {
        let mut results = Self::open(sides, map, plan, path, set).await?;
        let mut rows = Vec::with_capacity(usize::try_from(sent).unwrap_or_default().min(MOST_AT_ONCE));
        while let Some(row) = results.read().await? {
            rows.extend(row);
        }
        join_by_order(&mut rows);
        // Of two rows with one key the first in the file stays the first.
        rows.sort_unstable_by(|a, b| a.supporter.cmp(&b.supporter).then(a.said.place().cmp(&b.said.place())));
        results.sorted = Some(rows.into_iter());
        Ok(results)
    }

    /// The next row of the file; within, `None` for one that nobody was sent as.
    async fn read(&mut self) -> Result<Option<Option<Keyed>>, Fatal> {
        let Some(row) = self.reader.next_keyed(self.key).await? else { return Ok(None) };
        let supporter = row.key.as_ref().and_then(|key| SupporterId::parse(key).ok());
        let place = self.place;
        self.place = place.saturating_add(1);
        self.foreign += u64::from(supporter.is_none());
        let keyed = supporter.map(|supporter| Keyed::of(supporter, &row, place));
        if let (Some(error), Some(_)) = (row.error, &keyed) {
            self.errors.insert(place, Box::new(error));
        }
        Ok(Some(keyed))
    }

    /// The next rows, at most `most`; `None` at the end.
    pub(crate) async fn chunk(&mut self, sides: &Sides, most: usize) -> Result<Option<Chunk>, Fatal> {
        let mut keyed = Vec::with_capacity(most);
        match &mut self.sorted {
            Some(rows) => keyed.extend(rows.take(most)),
            None => {
                while keyed.len() < most {
                    let Some(row) = self.read().await? else { break };
                    keyed.extend(row);
                }
                join_by_order(&mut keyed);
            }
        }
        let foreign = std::mem::take(&mut self.foreign);
        let mut chunk = Chunk { joined: Vec::new(), rows: keyed.len() as u64 + foreign, foreign };
        if chunk.rows == 0 {
            return Ok(None);
        }
        let who: Vec<SupporterId> = keyed.iter().map(|row| row.supporter.clone()).collect();
        let intents = sides.state.intents_of_many(&who)?;
        let mut met = HashSet::new();
        chunk.joined.reserve(keyed.len());
        for (at, (row, intent)) in keyed.into_iter().zip(intents).enumerate() {
            let (id, created) = (row.id(), row.said.says(Said::CREATED));
            let error = self.errors.remove(&row.said.place());
            let supporter = row.supporter;
            // A key that came twice: the first row counts. In order, two of a kind are neighbours.
            let twice = match &self.sorted {
                Some(_) => at > 0 && who[at - 1] == supporter,
                None => !met.insert(&who[at]),
            };
            // No intent: settled before a crash. It is counted with its file and not touched again.
            if let Some(intent) = intent.filter(|intent| !twice && intent.plan == Some(self.plan)) {
                chunk.joined.push(Joined { supporter, intent, id, created, error });
            }
        }
        Ok(Some(chunk))
    }
}

/// Does nothing, unless a drill plants the mistake of taking the file's order for the upload's.
fn join_by_order(rows: &mut [Keyed]) {
    if drill::planted(drill::Mistake::JoinedByOrder) {
        let mut sent: Vec<SupporterId> = rows.iter().map(|row| row.supporter.clone()).collect();
        sent.sort();
        rows.iter_mut().zip(sent).for_each(|(row, supporter)| row.supporter = supporter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_takes_40_bytes_and_says_what_it_said() {
        assert_eq!(size_of::<Keyed>(), 40);
        let id = SalesforceId::parse("003000000000001AAA").unwrap();
        for (id, created, place) in
            [(Some(id), true, 7), (None, false, 0), (Some(id), false, u32::MAX), (None, true, 3)]
        {
            let row = KeyedResult { key: None, id, created, error: None };
            let keyed = Keyed::of(SupporterId::parse("1").unwrap(), &row, place);
            assert_eq!((keyed.id(), keyed.said.says(Said::CREATED)), (id, created));
            assert_eq!(keyed.said.place(), place & (Said::WITH_ID - 1));
        }
    }
}
