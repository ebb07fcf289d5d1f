//! The supporter database of the matrix: in memory, and able to fail as a database does.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use model::{ContactId, Email, Position, Stamp, Supporter, SupporterId, Window};
use supporters::{Applied, Changed, Error, Memory, Shape, SupporterWrite, Supporters};

use crate::call::Call;
use crate::fault::Trouble;

/// Passes everything on to a database in memory, until it is told to fail.
#[derive(Clone)]
pub struct Database {
    pub rows: Memory,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    trouble: Option<(Call, Trouble)>,
    reads: usize,
    writes: usize,
}

impl Database {
    pub fn over(rows: Memory) -> Self {
        Self { rows, inner: Arc::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on.
    pub fn trouble(&self, call: Call, trouble: &Trouble) {
        self.inner().trouble = Some((call, trouble.clone()));
    }

    /// Everything is well again.
    pub fn clear(&self) {
        *self.inner() = Inner::default();
    }

    /// How often it was read and written since.
    pub fn count(&self, call: Call) -> usize {
        let inner = self.inner();
        if call == Call::SupporterWrite { inner.writes } else { inner.reads }
    }

    fn begin(&self, call: Call) -> Option<Trouble> {
        let mut inner = self.inner();
        match call {
            Call::SupporterWrite => inner.writes += 1,
            _ => inner.reads += 1,
        }
        inner.trouble.as_ref().filter(|(of, _)| *of == call).map(|(_, trouble)| trouble.clone())
    }

    /// What a read comes to: an answer that was on its way is as good as none.
    fn read(&self) -> Result<(), Error> {
        match self.begin(Call::SupporterRead) {
            Some(Trouble::Database(error, _)) => Err(error),
            _ => Ok(()),
        }
    }
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
        self.read()?;
        self.rows.changed(window, after, limit).await
    }

    async fn count(&self) -> Result<u64, Error> {
        self.rows.count().await
    }

    async fn ids(&self, after: Option<&SupporterId>, limit: usize) -> Result<Vec<SupporterId>, Error> {
        self.read()?;
        self.rows.ids(after, limit).await
    }

    async fn get(&self, ids: &[SupporterId]) -> Result<Vec<Option<Supporter>>, Error> {
        self.read()?;
        self.rows.get(ids).await
    }

    async fn by_contact_ids(&self, contacts: &[ContactId]) -> Result<Vec<Supporter>, Error> {
        self.read()?;
        self.rows.by_contact_ids(contacts).await
    }

    async fn by_emails(&self, emails: &[Email]) -> Result<Vec<Supporter>, Error> {
        self.read()?;
        self.rows.by_emails(emails).await
    }

    async fn apply(&self, writes: &[SupporterWrite]) -> Result<Vec<Applied>, Error> {
        match self.begin(Call::SupporterWrite) {
            Some(Trouble::Database(error, done)) => {
                if done {
                    self.rows.apply(writes).await?;
                }
                Err(error)
            }
            Some(trouble @ (Trouble::RowRefused | Trouble::RowGone)) => {
                let mut applied = Vec::new();
                for write in writes {
                    let ours = matches!(write, SupporterWrite::Update { id, .. } if id.as_str() == "2");
                    if ours && matches!(trouble, Trouble::RowRefused) {
                        applied.push(Applied::Refused {
                            code: supporters::RefusalCode::Check,
                            message: "said the database".to_owned(),
                        });
                        continue;
                    }
                    if let (true, SupporterWrite::Update { id, .. }) = (ours, write) {
                        self.rows.remove(id);
                    }
                    applied.extend(self.rows.apply(std::slice::from_ref(write)).await?);
                }
                Ok(applied)
            }
            _ => self.rows.apply(writes).await,
        }
    }

    async fn shape(&self) -> Result<Shape, Error> {
        self.rows.shape().await
    }
}
