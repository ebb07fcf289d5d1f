//! Size: what a million Contacts cost. Run by hand: it takes a minute and prints nothing but its verdict.

mod support;

use serde_json::{Map, Value, json};
use support::{map, plain};

/// Resident memory of this process in MiB, where the system tells.
fn resident_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}

fn person(number: usize) -> Map<String, Value> {
    map(json!({
        "FirstName": format!("First{}", number % 5_000),
        "LastName": format!("Last{}", number % 90_000),
        "Email": format!("person{number}@example.org"),
        "EN_Supporter_Id__c": number.to_string(),
        "MailingStreet": format!("{} Long Street", number % 900),
        "MailingCity": "Springfield",
        "MailingPostalCode": format!("{:05}", number % 99_999),
        "MailingCountry": "United States",
        "HomePhone": format!("+1 555 {number:07}"),
        "Email_Opt_In__c": number.is_multiple_of(2),
    }))
}

#[test]
#[ignore = "takes a minute and 1.5 GiB"]
fn a_million_contacts_fit_in_a_gibibyte_and_a_half() {
    let org = simorg::Org::in_process(plain());
    for part in 0..100 {
        let rows = (part * 10_000..(part + 1) * 10_000).map(person).collect();
        org.seed("Contact", rows).expect("good rows");
    }
    let resident = resident_mib().expect("a system that tells");
    assert!(resident < 1536, "{resident} MiB");
}
