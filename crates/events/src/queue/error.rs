//! What can go wrong with the queue.

use segments::Cursor;

/// Everything the queue can answer with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// The log below.
    #[error(transparent)]
    Log(#[from] segments::Error),
    /// An entry is whole, and is nothing that this version writes.
    #[error("the event queue holds something unknown at {0}")]
    Unknown(Cursor),
    /// No event lies there any more, or ever did.
    #[error("there is no event at {0}")]
    NoEvent(Cursor),
    /// Too many events wait for another try.
    #[error("{0} events wait for another try already")]
    TooManyWaiting(usize),
}
