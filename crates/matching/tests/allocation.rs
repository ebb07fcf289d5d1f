//! Judging a pair allocates nothing once both persons were judged before, and nothing at all where they are spelled alike.

use matching::{Config, Knowledge, Person, compare};

#[test]
fn a_comparison_allocates_nothing() {
    let mut rows = csv::Reader::from_reader(include_str!("golden.csv").as_bytes());
    let rows: Vec<_> = rows.records().map(|row| row.expect("golden.csv is well formed")).collect();
    let people: Vec<_> = rows
        .iter()
        .flat_map(|row| [Person::new(&row[1], &row[2], &row[3]), Person::new(&row[4], &row[5], &row[6])])
        .collect();
    let (knowledge, config) = (Knowledge::built_in(), Config::default());
    let verdict = |a: &Person, b: &Person| !compare(a, b, knowledge, &config).reasons.is_empty();
    // Most pairs are one person spelled alike twice: whatever would have to be worked out about a word is not asked for.
    let alike: Vec<_> =
        rows.iter().map(|row| [&row[3]; 2].map(|address| Person::new("Anna", &row[2], address))).collect();
    let allocations = allocation_counter::measure(|| {
        assert!(alike.iter().all(|[one, other]| verdict(one, other)));
    });
    assert_eq!(allocations.count_total, 0);
    // Skeletons and sounds are worked out when they are first asked for, and never again.
    let mut compared = 0;
    for round in 0..2 {
        let allocations = allocation_counter::measure(|| {
            for supporter in &people {
                for contact in &people {
                    compared += usize::from(verdict(supporter, contact));
                }
            }
        });
        assert_eq!(compared, (round + 1) * people.len() * people.len());
        assert_eq!(allocations.count_total == 0, round == 1, "round {round}");
    }
}
