//! A result file read in chunks, each row joined to the supporter by the key it carries.

use std::collections::HashMap;
use std::path::Path;

use model::{ContactId, FieldMap, Intent, PlanId, SalesforceId, SupporterId};
use plan::{Fatal, Sides};
use salesforce::{RecordError, ResultReader, ResultSet};

/// One row of a result file with what we know of it.
#[derive(Debug)]
pub(crate) struct Joined {
    pub supporter: SupporterId,
    pub intent: Intent,
    pub id: Option<SalesforceId>,
    pub created: bool,
    pub error: Option<RecordError>,
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

/// Reads a result file chunk by chunk.
pub(crate) struct Results {
    reader: ResultReader,
    key: String,
    plan: PlanId,
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
        Ok(Self { reader, key: map.technical().supporter_id.clone(), plan })
    }

    /// The next rows, at most `most`; `None` at the end.
    pub(crate) async fn chunk(&mut self, sides: &Sides, most: usize) -> Result<Option<Chunk>, Fatal> {
        let mut chunk = Chunk::default();
        let mut keyed = Vec::with_capacity(most);
        while keyed.len() < most {
            let Some(row) = self.reader.next_row().await? else { break };
            chunk.rows += 1;
            match row.get(&self.key).and_then(|key| SupporterId::parse(key).ok()) {
                Some(supporter) => keyed.push((supporter, row.id, row.created, row.error)),
                None => chunk.foreign += 1,
            }
        }
        if chunk.rows == 0 {
            return Ok(None);
        }
        if drill::planted(drill::Mistake::JoinedByOrder) {
            let mut sent: Vec<SupporterId> = keyed.iter().map(|(supporter, ..)| supporter.clone()).collect();
            sent.sort();
            keyed.iter_mut().zip(sent).for_each(|(row, supporter)| row.0 = supporter);
        }
        let who: Vec<SupporterId> = keyed.iter().map(|(supporter, ..)| supporter.clone()).collect();
        let mut intents: HashMap<SupporterId, Intent> = who
            .iter()
            .cloned()
            .zip(sides.state.intents_of_many(&who)?)
            .filter_map(|(id, intent)| Some((id, intent.filter(|intent| intent.plan == Some(self.plan))?)))
            .collect();
        for (supporter, id, created, error) in keyed {
            // No intent: settled before a crash. It is counted with its file and not touched again.
            if let Some(intent) = intents.remove(&supporter) {
                chunk.joined.push(Joined { supporter, intent, id, created, error });
            }
        }
        Ok(Some(chunk))
    }
}
