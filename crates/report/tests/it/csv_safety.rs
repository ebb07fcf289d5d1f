//! What a spreadsheet makes of what strangers wrote.

use model::Case;
use proptest::prelude::*;
use report::{Format, conflicts, errors, merges};
use state::State;

use crate::people::{names_disagree, options, state_with, written};

/// Text that begins with what a spreadsheet would run, and any other text.
fn hostile() -> impl Strategy<Value = String> {
    let start =
        prop::sample::select(vec!["=", "+", "-", "@", "\t", "\r", "\n", "\0", "\"", ",", ";", "'", "＝", ""]);
    let cut = prop::sample::select(vec!["", ";=", "; \"+", "\t@"]);
    (start, "(?s).{0,30}", cut).prop_map(|(start, rest, cut)| format!("{start}{rest}{cut}1"))
}

const LIVE: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠'];

/// Every cell of a CSV text, read back; each row must have as many as the header.
fn cells(text: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn with_values(values: &[String]) -> Case {
    let mut case = names_disagree();
    for (at, value) in values.iter().enumerate() {
        case.records[at % 2].fields[at / 2].1.clone_from(value);
    }
    case.reasons[0].clone_from(&values[0]);
    case.records[0].fields[0].0.clone_from(&values[1]);
    case
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

fn check(text: &str, values: &[String]) -> Result<(), TestCaseError> {
    let cells = cells(text);
    for cell in &cells {
        prop_assert!(!cell.starts_with(LIVE), "{cell:?} is live");
        for part in cell.split([';', '\t']).skip(1) {
            let bare = part.trim_start_matches([' ', '"']);
            prop_assert!(!bare.starts_with(&LIVE[..4]), "{cell:?} is live where it is cut");
        }
    }
    for value in values {
        // Single quotes are all that is added.
        let bare = |text: &str| text.replace('\'', "");
        let kept = cells.iter().any(|cell| bare(cell) == bare(value));
        prop_assert!(kept, "{value:?} was lost or changed");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn no_cell_of_the_merge_report_is_a_formula_and_none_is_changed_otherwise(
        values in prop::collection::vec(hostile(), 6),
    ) {
        let state = block_on(state_with([with_values(&values)]));
        let (_, text) = written(|to| merges(&state, &options(Format::Csv), to));
        check(&text, &values[1..])?;
    }

    #[test]
    fn no_cell_of_the_other_reports_is_a_formula(values in prop::collection::vec(hostile(), 3)) {
        let state = block_on(crate::flat::state_with(&values[0], &values[1], &values[2]));
        let (_, text) = written(|to| errors(&state, &options(Format::Csv), to));
        check(&text, &values[..2])?;
        let (_, text) = written(|to| conflicts(&state, &options(Format::Csv), to));
        check(&text, &values[1..])?;
    }

    #[test]
    fn json_holds_every_value_exactly(values in prop::collection::vec(hostile(), 6)) {
        let state: State = block_on(state_with([with_values(&values)]));
        let (_, text) = written(|to| merges(&state, &options(Format::Json), to));
        let cases: serde_json::Value = serde_json::from_str(&text).unwrap();
        let fields = cases[0]["fields"].as_array().unwrap();
        for value in &values[1..] {
            let kept = fields.iter().any(|field| {
                field["field"] == *value || field["values"].as_array().unwrap().iter().any(|held| held == value)
            });
            prop_assert!(kept, "{:?} is missing", value);
        }
    }
}
