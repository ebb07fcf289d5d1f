//! Many cases.

use model::CaseKind;
use report::{Format, merges};

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
