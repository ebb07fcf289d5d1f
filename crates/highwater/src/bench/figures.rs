//! What one process used: its own processor time and its largest resident memory, as Linux counts them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::failure::Failure;

/// Linux counts a process's time in hundredths of a second (`man 5 proc_pid_stat`, `sysconf(_SC_CLK_TCK)`).
const TICK_MS: u64 = 10;

/// What one measured process did and used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    /// People selected.
    pub people: u64,
    /// Rows written to either side.
    pub writes: u64,
    /// Requests to the org, logging in included.
    pub calls: u64,
    /// Bytes of request bodies.
    pub bytes_out: u64,
    /// Bytes of answer bodies, as they came over the wire.
    pub bytes_in: u64,
    /// The process's own processor time, user and system, in milliseconds.
    pub cpu_ms: u64,
    /// Its largest resident memory, in KiB.
    pub peak_kib: u64,
    /// What the state takes on disk afterwards, in bytes; 0 for whoever keeps none.
    pub state_bytes: u64,
    /// Time that passed, the org's part and waiting included, in milliseconds.
    pub wall_ms: u64,
    /// How many people ended in each outcome.
    pub outcomes: BTreeMap<String, u64>,
}

impl Figures {
    /// The largest resident memory, in megabytes of 1,000,000 bytes.
    #[must_use]
    pub const fn peak_mb(&self) -> u64 {
        (self.peak_kib * 1_024).div_ceil(1_000_000)
    }

    /// What the state takes on disk, in megabytes of 1,000,000 bytes.
    #[must_use]
    pub const fn state_mb(&self) -> u64 {
        self.state_bytes.div_ceil(1_000_000)
    }

    /// The figures as they are shown to programs: seconds, megabytes of 1,000,000 bytes, bytes.
    #[must_use]
    pub fn shown(&self) -> Value {
        let seconds = |millis: u64| Duration::from_millis(millis).as_secs_f64();
        json!({
            "cpu_s": seconds(self.cpu_ms),
            "peak_mb": self.peak_mb(),
            "state_mb": self.state_mb(),
            "calls": self.calls,
            "bytes_out": self.bytes_out,
            "bytes_in": self.bytes_in,
            "wall_s": seconds(self.wall_ms),
            "people": self.people,
            "writes": self.writes,
            "outcomes": self.outcomes,
        })
    }

    /// Fills in what this process has used until now.
    ///
    /// # Errors
    /// When the system does not tell: it is no Linux.
    pub fn used(mut self, wall: Duration) -> Result<Self, Failure> {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let untold =
            || Failure::Unexpected("the benchmark needs Linux: /proc/self does not tell what was used");
        self.cpu_ms = cpu_ms(&read("/proc/self/stat")).ok_or_else(untold)?;
        self.peak_kib = peak_kib(&read("/proc/self/status")).ok_or_else(untold)?;
        self.wall_ms = u64::try_from(wall.as_millis()).unwrap_or(u64::MAX);
        Ok(self)
    }
}

/// User and system time. The process's name stands in brackets and may hold anything; the fields are counted behind it.
fn cpu_ms(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) * TICK_MS)
}

fn peak_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_memory_are_read_behind_any_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 501 0 0 0 123 45 9 9 20 0 4 0 100 1 2";
        assert_eq!(cpu_ms(stat), Some(1_680));
        assert_eq!(cpu_ms("7 (a) S 1"), None);
        assert_eq!(peak_kib("Name:\thighwater\nVmHWM:\t  204800 kB\nVmRSS:\t 1 kB\n"), Some(204_800));
        assert_eq!(peak_kib("Name:\tx\n"), None);
    }
}
