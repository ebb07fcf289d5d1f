//! People for tests, and states to keep them in.

use model::{ContactId, CycleId, Evidence, Link, LinkLife, Stamp, Subject, SupporterId};
use state::{Changes, OpenOptions, Receipt, State};

/// Options for small directories: no floor on free space.
pub(crate) fn options() -> OpenOptions {
    OpenOptions { min_free_bytes: 0, ..OpenOptions::default() }
}

pub(crate) fn supporter(n: u32) -> SupporterId {
    SupporterId::parse(&n.to_string()).unwrap()
}

pub(crate) fn contact(n: u32) -> ContactId {
    ContactId::parse(&format!("003RM00000{n:05}")).unwrap()
}

pub(crate) fn subject(n: u32) -> Subject {
    Subject::Supporter(supporter(n))
}

pub(crate) fn at(seconds: i64) -> Stamp {
    Stamp::from_seconds(seconds)
}

pub(crate) fn link(s: u32, c: u32) -> Link {
    Link {
        supporter: supporter(s),
        contact: contact(c),
        made_at: at(100),
        cycle: CycleId(1),
        evidence: Evidence::ExternalId,
        life: LinkLife::Live,
    }
}

/// Commits what `fill` puts into the changes.
pub(crate) async fn commit(state: &State, fill: impl FnOnce(&mut Changes)) -> Receipt {
    let mut changes = Changes::new();
    fill(&mut changes);
    state.commit(changes).await.unwrap()
}

pub(crate) fn in_memory() -> State {
    State::in_memory(7).unwrap()
}

/// Runs async code in tests that cannot be async themselves.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}
