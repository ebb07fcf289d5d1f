//! How large anything may be.

/// Bounds of what is taken in. The defaults are those of Segment's HTTP API ("Max request size": 32 KB a call, 500 KB and 2,500
/// events a batch).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// One event, in bytes of JSON.
    pub event_bytes: usize,
    /// One request, in bytes, unpacked.
    pub request_bytes: usize,
    /// Events in one request.
    pub batch_events: usize,
    /// How deep objects and lists may lie in each other in one event.
    pub depth: usize,
    /// Objects, lists and values in one event.
    pub nodes: usize,
    /// Characters of a `messageId`.
    pub message_id: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            event_bytes: 32 * 1024,
            request_bytes: 500 * 1024,
            batch_events: 2_500,
            depth: 32,
            nodes: 4_000,
            message_id: 100,
        }
    }
}
