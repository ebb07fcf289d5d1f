//! The hand-written cases, to the letter.

use matching::{Config, Knowledge, Person, compare};

#[test]
fn every_golden_case_comes_out_as_written() {
    let mut rows = csv::Reader::from_reader(include_str!("golden.csv").as_bytes());
    let mut wrong = Vec::new();
    let mut seen = 0;
    for row in rows.records() {
        let row = row.expect("golden.csv is well formed");
        let supporter = Person::new(&row[1], &row[2], &row[3]);
        let contact = Person::new(&row[4], &row[5], &row[6]);
        let outcome = compare(&supporter, &contact, Knowledge::built_in(), &Config::default());
        seen += 1;
        if outcome.strength.as_str() != &row[7] {
            let reasons: Vec<_> = outcome.reasons.iter().map(|reason| reason.as_str()).collect();
            wrong.push(format!(
                "{} ({}): {} for {}",
                &row[0],
                &row[8],
                outcome.strength.as_str(),
                reasons.join(" ")
            ));
        }
    }
    assert_eq!(seen, 86);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
