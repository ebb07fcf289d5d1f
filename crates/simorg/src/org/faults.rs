//! Scripted faults: first in, first out, per kind of call.

use super::op::Op;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Answers this instead of doing anything, so many calls in a row. A body that starts with `<` is sent as
    /// HTML, every other one as JSON.
    Refuse {
        /// HTTP status.
        status: u16,
        /// Body.
        body: String,
        /// Number of calls; 0 reads as 1.
        times: u32,
    },
    /// Does everything, then resets the connection instead of answering.
    DoThenDropReply,
    /// Resets the connection before anything is done.
    DropBeforeDoing,
    /// Does everything; the connection breaks after so many bytes of the body.
    Truncate {
        /// Bytes that still arrive.
        bytes: usize,
    },
    /// Does everything; the body ends early without any sign of it.
    TruncateCleanly {
        /// Bytes that arrive.
        bytes: usize,
    },
    /// Does everything; so many lines of the body arrive, and none of the handler's `Sforce-` headers, as through a proxy that
    /// knows them not.
    Strip {
        /// Lines that arrive.
        lines: usize,
    },
    /// Does everything; so many blanks follow the body.
    Bloat {
        /// Further bytes.
        bytes: usize,
    },
    /// Does everything; the body trickles.
    Slow {
        /// Milliseconds of real time before each KiB.
        millis_per_kib: u64,
    },
    /// Answers a maintenance page with this status, and does nothing.
    Html {
        /// HTTP status.
        status: u16,
    },
    /// Answers 302 with this place, and does nothing.
    Redirect {
        /// The `Location` header.
        to: String,
    },
}

#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<HashMap<Op, VecDeque<Fault>>>);

impl Faults {
    pub(crate) fn push(&self, op: Op, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(op).or_default().push_back(fault);
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The fault of the next call of this kind, taken from the queue.
    pub(crate) fn take(&self, op: Op) -> Option<Fault> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = faults.get_mut(&op)?;
        if let Some(Fault::Refuse { times, .. }) = queue.front_mut()
            && *times > 1
        {
            *times -= 1;
            return queue.front().cloned();
        }
        queue.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults};
    use crate::org::Op;

    #[test]
    fn faults_come_in_the_order_given_and_repeat_as_often_as_asked() {
        let faults = Faults::default();
        faults.push(Op::Query, Fault::Refuse { status: 503, body: String::new(), times: 2 });
        faults.push(Op::Query, Fault::DropBeforeDoing);
        let kinds: Vec<bool> =
            (0..4).map_while(|_| faults.take(Op::Query)).map(|f| matches!(f, Fault::Refuse { .. })).collect();
        assert_eq!(kinds, [true, true, false]);
        assert_eq!(faults.take(Op::Create), None);
    }
}
