//! Events in: what websites, apps and other systems say about people, kept until it has become records.
//!
//! An [`Event`] is one call of the tracking API that Segment's and RudderStack's SDKs speak. It is checked once, on the way
//! in ([`read_event`]), and then kept in the [`Queue`]: durable before anybody is told that it was accepted, once by its
//! `messageId`, until whoever reads the queue has said what became of it.

mod event;
mod flag;
pub mod intake;
mod kind;
mod limits;
pub mod queue;
mod read;
mod refusal;
mod source;
mod strict;
mod time;

pub use event::Event;
pub use flag::FlagRule;
pub use kind::Kind;
pub use limits::Limits;
pub use queue::{Accepted, Ending, Queue, QueueError, QueueOptions, Queued, Settlement};
pub use read::{Envelope, read_event};
pub use refusal::Refusal;
pub use source::{InvalidSourceName, SourceName};
