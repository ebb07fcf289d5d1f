//! A supporter database that stands still at a chosen moment: where a process can be killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use async_trait::async_trait;
use model::{ContactId, Email, Position, Stamp, Supporter, SupporterId, Window};
use supporters::{Applied, Changed, Error, Shape, SupporterWrite, Supporters};

/// When it stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Hold {
    /// Never.
    Not,
    /// Before anything is written.
    BeforeWrite,
    /// When everything is written and the answer is on its way.
    AfterWrite,
}

/// Passes everything on to another database, until it is told to stand still.
pub struct Holding {
    inner: Arc<dyn Supporters>,
    hold: AtomicU8,
    held: AtomicU8,
    looked_up: AtomicUsize,
}

impl Holding {
    /// Over `inner`.
    #[must_use]
    pub fn over(inner: Arc<dyn Supporters>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            hold: AtomicU8::new(Hold::Not as u8),
            held: AtomicU8::new(0),
            looked_up: AtomicUsize::new(0),
        })
    }

    /// From now on.
    pub fn hold(&self, hold: Hold) {
        self.hold.store(hold as u8, Ordering::SeqCst);
        self.held.store(0, Ordering::SeqCst);
    }

    /// Whether somebody waits for an answer that does not come.
    #[must_use]
    pub fn is_holding(&self) -> bool {
        self.held.load(Ordering::SeqCst) > 0
    }

    /// How many questions by Contact Id and by address were asked since this was asked last.
    pub fn looked_up(&self) -> usize {
        self.looked_up.swap(0, Ordering::SeqCst)
    }

    async fn stand_still_if(&self, moment: Hold) {
        if self.hold.load(Ordering::SeqCst) == moment as u8 {
            self.held.store(1, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Supporters for Holding {
    fn read_only(&self) -> Option<&'static str> {
        self.inner.read_only()
    }

    fn takes_contact_ids(&self) -> bool {
        self.inner.takes_contact_ids()
    }

    async fn now(&self) -> Result<Stamp, Error> {
        self.inner.now().await
    }

    fn ended_at(&self, end: Stamp) {
        self.inner.ended_at(end);
    }

    async fn changed(
        &self,
        window: &Window,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<Changed>, Error> {
        self.inner.changed(window, after, limit).await
    }

    async fn count(&self) -> Result<u64, Error> {
        self.inner.count().await
    }

    async fn ids(&self, after: Option<&SupporterId>, limit: usize) -> Result<Vec<SupporterId>, Error> {
        self.inner.ids(after, limit).await
    }

    async fn get(&self, ids: &[SupporterId]) -> Result<Vec<Option<Supporter>>, Error> {
        self.inner.get(ids).await
    }

    async fn by_contact_ids(&self, contacts: &[ContactId]) -> Result<Vec<Supporter>, Error> {
        let _ = self.looked_up.fetch_add(1, Ordering::SeqCst);
        self.inner.by_contact_ids(contacts).await
    }

    async fn by_emails(&self, emails: &[Email]) -> Result<Vec<Supporter>, Error> {
        let _ = self.looked_up.fetch_add(1, Ordering::SeqCst);
        self.inner.by_emails(emails).await
    }

    async fn apply(&self, writes: &[SupporterWrite]) -> Result<Vec<Applied>, Error> {
        self.stand_still_if(Hold::BeforeWrite).await;
        let applied = self.inner.apply(writes).await;
        self.stand_still_if(Hold::AfterWrite).await;
        applied
    }

    async fn shape(&self) -> Result<Shape, Error> {
        self.inner.shape().await
    }
}
