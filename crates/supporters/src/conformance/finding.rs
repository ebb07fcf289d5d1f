//! Finding people by Contact Id and by address.

use std::collections::BTreeSet;

use model::{ContactId, Email, Supporter};

use super::{Bench, Planted, at, person};
use crate::{MAX_MATCHES_PER_KEY, Supporters};

const CONTACT: &str = "003RM0000068xVCYAY";

fn contact(raw: &str) -> ContactId {
    ContactId::parse(raw).expect("a Contact Id")
}

fn email(raw: &str) -> Email {
    Email::parse(raw).expect("an address")
}

fn numbers(found: &[Supporter]) -> Vec<u32> {
    let numbers: BTreeSet<u32> = found.iter().filter_map(|s| s.id.as_str().parse().ok()).collect();
    assert_eq!(numbers.len(), found.len(), "each row once");
    numbers.into_iter().collect()
}

async fn with_addresses(supporters: &dyn Supporters, emails: &[&str]) -> Vec<u32> {
    let emails: Vec<Email> = emails.iter().map(|raw| email(raw)).collect();
    numbers(&supporters.by_emails(&emails).await.expect("addresses can be looked up"))
}

/// 15 or 18 characters, white space around, and never by guessing.
pub async fn contact_ids_are_found_however_they_are_spelled(bench: &dyn Bench) {
    let spellings = [
        CONTACT,
        &CONTACT[..15],
        " 003RM0000068xVCYAY",
        "003RM0000068xVC\t",
        "\u{a0}003RM0000068xVC  ",
        "003RM0000068xVCyay",
        // Not this person: another case is another id, and junk is junk.
        "003rm0000068xvc",
        "003RM0000068xVC (old)",
        "n/a",
        "",
    ];
    let planted = |(n, spelling): (u32, &&str)| Planted {
        contact_id: Some((*spelling).to_owned()),
        ..person(n, Some(at(0)))
    };
    let rows: Vec<_> = (1..).zip(&spellings).map(planted).collect();
    let stand = bench.with(&rows).await;
    let asked = [contact(CONTACT), contact("0031i000013x2TEAAY")];
    let found = stand.supporters().by_contact_ids(&asked).await.expect("Contact Ids can be looked up");
    assert_eq!(numbers(&found), [1, 2, 3, 4, 5, 6]);
    assert_eq!(found.iter().filter(|s| s.cells.len() == 4).count(), 6, "the rows are whole");
}

/// An address is one however somebody typed it.
pub async fn addresses_are_found_whatever_their_case(bench: &dyn Bench) {
    let spellings = [
        "joe@example.org",
        "Joe@Example.ORG",
        "  joe@example.org ",
        "joe@example.org\u{200b}",
        "JOE@EXAMPLE.ORG\n",
        "j.oe@example.org",
        "joe@example.org.uk",
        "joe@example.org, ann@example.org",
        "",
        "Ünal@example.org",
    ];
    let planted = |(n, spelling): (u32, &&str)| {
        let mut row = person(n, Some(at(0)));
        row.cells[super::EMAIL] = Some((*spelling).to_owned());
        row
    };
    let rows: Vec<_> = (1..).zip(&spellings).map(planted).collect();
    let stand = bench.with(&rows).await;
    let supporters = stand.supporters();
    assert_eq!(with_addresses(supporters, &["joe@example.org"]).await, [1, 2, 3, 4, 5]);
    assert_eq!(with_addresses(supporters, &["ünal@example.org", "nobody@example.org"]).await, [10]);
    assert_eq!(
        with_addresses(supporters, &["JOE@example.org", "joe@example.org", "ünal@example.org"]).await.len(),
        6
    );
}

/// Half of a table may share an address; that must neither fill the memory nor hide others.
pub async fn a_placeholder_address_crowds_nobody_out(bench: &dyn Bench) {
    let many = u32::try_from(MAX_MATCHES_PER_KEY).expect("a small number") * 3;
    let mut rows: Vec<_> = (1..=many).map(|n| person(n, Some(at(0)))).collect();
    for (at, row) in rows.iter_mut().enumerate() {
        let spelled = if at % 2 == 0 { "none@example.org" } else { "None@example.org" };
        row.cells[super::EMAIL] = Some(spelled.to_owned());
    }
    rows.push(person(many + 1, Some(at(0))));
    rows.push(person(many + 2, Some(at(0))));
    let stand = bench.with(&rows).await;
    let one = format!("person{}@example.org", many + 1);
    let two = format!("person{}@example.org", many + 2);
    let found = with_addresses(stand.supporters(), &[&one, "none@example.org", &two]).await;
    assert_eq!(found.len(), MAX_MATCHES_PER_KEY + 2);
    assert!(found.contains(&(many + 1)) && found.contains(&(many + 2)));
}

/// An empty question is answered without an error.
pub async fn nothing_asked_is_nothing_found(bench: &dyn Bench) {
    let stand = bench.with(&[person(1, None)]).await;
    assert!(stand.supporters().by_emails(&[]).await.expect("an answer").is_empty());
    assert!(stand.supporters().by_contact_ids(&[]).await.expect("an answer").is_empty());
}
