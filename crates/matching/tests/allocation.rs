//! Judging a pair allocates nothing once both persons are read.

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
    let mut compared = 0;
    let allocations = allocation_counter::measure(|| {
        for supporter in &people {
            for contact in &people {
                compared += usize::from(!compare(supporter, contact, knowledge, &config).reasons.is_empty());
            }
        }
    });
    assert_eq!(compared, people.len() * people.len());
    assert_eq!(allocations.count_total, 0);
}
