//! Many cases.

use model::CaseKind;
use report::{Format, cases, merges};
use state::{Changes, OpenOptions, State};

use crate::people::{case, names_disagree, options, state_with};

/// Counts what is written and remembers the largest piece.
#[derive(Default)]
struct Counting {
    bytes: usize,
    largest: usize,
}

impl std::io::Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes += bytes.len();
        self.largest = self.largest.max(bytes.len());
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn thousands_of_cases_are_streamed_each_once() {
    // GIVEN 3,000 cases with records, of which many share a page
    let cases = (0..3_000).map(|n| {
        let mut case = case(CaseKind::ReviewMatch, &format!("s{n:05}"));
        case.records = names_disagree().records;
        case
    });
    let state = state_with(cases).await;
    for format in [Format::Table, Format::Csv, Format::Json, Format::Html, Format::Xlsx] {
        let mut to = Counting::default();
        let mut count = 0;
        let used = allocation_counter::measure(|| {
            count = merges(&state, &options(format), &mut to).unwrap();
        });
        assert_eq!(count, 3_000);
        // THEN what is remembered of a case while the report is made is some hundred bytes
        assert!(used.bytes_max < 4 * 1024 * 1024, "{format}: {} bytes at once", used.bytes_max);
        // THEN what is written goes out in small pieces, never the whole report at once
        let least = if format == Format::Xlsx { 100_000 } else { 1_000_000 };
        assert!(to.bytes > least && to.largest <= 16 * 1024, "{format}: {} of {}", to.largest, to.bytes);
    }
    let (_, text) = crate::people::written(|to| merges(&state, &options(Format::Json), to));
    let cases: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let ids: std::collections::BTreeSet<&str> =
        cases.iter().map(|case| case["about"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 3_000);
}

/// A state on disk with so many cases of about a kilobyte each, opened anew.
async fn on_disk(dir: &std::path::Path, count: u32) -> State {
    let state = State::open(dir, OpenOptions::default()).expect("a new state");
    let numbers: Vec<u32> = (0..count).collect();
    for page in numbers.chunks(1_000) {
        let mut changes = Changes::new();
        for n in page {
            let mut case = case(CaseKind::ReviewMatch, &format!("s{n:05}"));
            case.records = names_disagree().records;
            for (name, value) in case.records.iter_mut().flat_map(|record| &mut record.fields) {
                *value = format!("{name} {n} {}", "x".repeat(60));
            }
            changes.open_case(case);
        }
        let receipt = state.commit(changes).await.expect("committed");
        assert!(receipt.refused.is_empty());
    }
    drop(state);
    State::open(dir, OpenOptions::default()).expect("opened again")
}

#[tokio::test]
async fn a_state_that_is_read_cold_is_not_in_memory_afterwards() {
    // GIVEN more cases than the state keeps in memory
    let dir = tempfile::tempdir().unwrap();
    let count = 24_000;
    let state = on_disk(dir.path(), count).await;
    // WHEN all of them are written out THEN neither a list nor a report holds them all at once
    for (what, most_mib) in [("list", 14), ("report", 20)] {
        let mut to = Counting::default();
        let mut written = 0;
        let used = allocation_counter::measure(|| {
            let options = options(Format::Csv);
            let all = if what == "list" { cases } else { merges };
            written = all(&state, &options, &mut to).unwrap();
        });
        assert_eq!(written, u64::from(count));
        assert!(used.bytes_max < most_mib * 1024 * 1024, "{what}: {} bytes at once", used.bytes_max);
    }
}
