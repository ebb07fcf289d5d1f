//! The supporter database as the engine reaches it: the same rows, over a connection that fails.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use model::{ContactId, Email, Position, Stamp, Supporter, SupporterId, Window};
use supporters::{Applied, Changed, Error, Memory, Shape, SupporterWrite, Supporters};

use crate::book::By;
use crate::people::People;
use crate::random::Random;

/// What disturbs the calls.
struct Trouble {
    /// In thousandths of the calls.
    faults: u64,
    /// People write between the engine's reading and writing, in thousandths of the writes.
    hands: u64,
    random: Random,
}

/// The connection. Clones share it.
#[derive(Clone)]
pub struct Database {
    rows: Memory,
    people: People,
    trouble: Arc<Mutex<Trouble>>,
}

impl Database {
    pub fn over(rows: Memory, people: People, seed: u64) -> Self {
        Self {
            rows,
            people,
            trouble: Arc::new(Mutex::new(Trouble { faults: 0, hands: 0, random: Random::new(seed) })),
        }
    }

    /// How many of a thousand calls fail from now on, and before how many of a thousand writes somebody else writes.
    pub fn trouble(&self, faults: u64, hands: u64) {
        let mut trouble = self.lock();
        (trouble.faults, trouble.hands) = (faults, hands);
    }

    fn lock(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this call fails, whether somebody writes first, and chance for both.
    fn fate(&self) -> (bool, bool, Random) {
        let mut trouble = self.lock();
        let (faults, hands) = (trouble.faults, trouble.hands);
        let (fails, disturbed) = (trouble.random.permille(faults), trouble.random.permille(hands));
        (fails, disturbed, Random::new(trouble.random.next()))
    }

    fn gate(&self) -> Result<(), Error> {
        let (fails, ..) = self.fate();
        if fails { Err(lost()) } else { Ok(()) }
    }
}

fn lost() -> Error {
    Error::Lost { operation: "talking", detail: "the connection broke".to_owned() }
}

#[async_trait]
impl Supporters for Database {
    fn read_only(&self) -> Option<&'static str> {
        self.rows.read_only()
    }

    fn takes_contact_ids(&self) -> bool {
        self.rows.takes_contact_ids()
    }

    async fn now(&self) -> Result<Stamp, Error> {
        self.gate()?;
        self.rows.now().await
    }

    fn ended_at(&self, end: Stamp) {
        self.rows.ended_at(end);
    }

    async fn changed(
        &self,
        window: &Window,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<Changed>, Error> {
        self.gate()?;
        self.rows.changed(window, after, limit).await
    }

    async fn count(&self) -> Result<u64, Error> {
        self.rows.count().await
    }

    async fn ids(&self, after: Option<&SupporterId>, limit: usize) -> Result<Vec<SupporterId>, Error> {
        self.gate()?;
        self.rows.ids(after, limit).await
    }

    async fn get(&self, ids: &[SupporterId]) -> Result<Vec<Option<Supporter>>, Error> {
        self.gate()?;
        self.rows.get(ids).await
    }

    async fn by_contact_ids(&self, contacts: &[ContactId]) -> Result<Vec<Supporter>, Error> {
        self.gate()?;
        self.rows.by_contact_ids(contacts).await
    }

    async fn by_emails(&self, emails: &[Email]) -> Result<Vec<Supporter>, Error> {
        self.gate()?;
        self.rows.by_emails(emails).await
    }

    async fn apply(&self, writes: &[SupporterWrite]) -> Result<Vec<Applied>, Error> {
        let (fails, disturbed, mut random) = self.fate();
        if fails && random.permille(400) {
            return Err(lost());
        }
        if disturbed {
            // Between the reading and the writing.
            self.people.act(&mut random);
        }
        let applied = self.rows.apply(writes).await;
        let written = self.people.look(By::Engine);
        self.people.note(format!("{} supporters written, {written} values", writes.len()));
        if fails { Err(lost()) } else { applied }
    }

    async fn shape(&self) -> Result<Shape, Error> {
        self.rows.shape().await
    }
}
