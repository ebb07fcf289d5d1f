//! Finding people along an index, and where none serves as it did.

use model::{ContactId, Email, SupporterId};
use supporters::{Sqlite, Supporters};

use super::support::File;

const TABLE: &str =
    "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, contact_id TEXT, modified TEXT);";

fn contact(n: u32) -> ContactId {
    ContactId::parse(&format!("003RM{n:010}")).unwrap()
}

/// The ids of the rows that carry these Contact Ids.
async fn carriers(supporters: &Sqlite, numbers: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let contacts: Vec<ContactId> = numbers.into_iter().map(contact).collect();
    let found = supporters.by_contact_ids(&contacts).await.unwrap();
    let mut ids: Vec<u32> = found.iter().map(|one| one.id.as_str().parse().unwrap()).collect();
    ids.sort_unstable();
    ids
}

async fn holders(supporters: &Sqlite, address: &str) -> Vec<String> {
    let found = supporters.by_emails(&[Email::parse(address).unwrap()]).await.unwrap();
    let mut ids: Vec<String> = found.into_iter().map(|one| one.id.to_string()).collect();
    ids.sort();
    ids
}

/// A thousand rows; row `n` carries the Contact Id of number `n`, every other with 15 characters.
async fn thousand(index: &'static str) -> (File, Sqlite) {
    let file = File::new(TABLE).await;
    file.run(index).await;
    let row = |n: u32| {
        let id = contact(n);
        let id = if n.is_multiple_of(2) { id.as_str() } else { &id.as_str()[..15] };
        format!("({n}, 'p{n}@x.org', '{id}', '2026-10-05T12:00:00Z')")
    };
    let rows: Vec<String> = (1..=1_000).map(row).collect();
    let insert = format!("INSERT INTO people VALUES {}", rows.join(", "));
    sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(&file.pool).await.unwrap();
    file.open_and_keep(&["email"]).await
}

#[tokio::test]
async fn neighbours_and_those_far_apart_are_found_in_both_spellings_and_nobody_else() {
    for index in
        ["CREATE INDEX c ON people (contact_id)", "CREATE INDEX c ON people (contact_id COLLATE NOCASE)", ""]
    {
        let (_file, supporters) = thousand(index).await;
        // side by side; every second; ever fewer, so that ranges hold too many others; beyond both ends
        for step in [1, 2, 3, 7, 100] {
            let asked: Vec<u32> = (1..=1_000).step_by(step).collect();
            assert_eq!(carriers(&supporters, asked.iter().copied()).await, asked, "{index} {step}");
        }
        let mixed: Vec<u32> = (1..300).chain((300..900).step_by(50)).chain(900..=1_000).collect();
        assert_eq!(carriers(&supporters, mixed.iter().copied()).await, mixed, "{index}");
        assert_eq!(carriers(&supporters, 990..1_500).await, (990..=1_000).collect::<Vec<_>>(), "{index}");
        assert!(carriers(&supporters, 2_000..2_500).await.is_empty(), "{index}");
    }
}

#[tokio::test]
async fn case_tells_contact_ids_apart_also_where_the_index_does_not() {
    let file = File::new(TABLE).await;
    file.run(
        "CREATE INDEX c ON people (contact_id COLLATE NOCASE);
         INSERT INTO people VALUES (1, NULL, '003RM00000AAAAa', NULL), (2, NULL, '003RM00000AAAAA', NULL),
            (3, NULL, '003RM00000AAAAa ', NULL);",
    )
    .await;
    let supporters = file.open(&["email"]).await;
    let found = supporters.by_contact_ids(&[ContactId::parse("003RM00000AAAAa").unwrap()]).await.unwrap();
    let mut ids: Vec<_> = found.iter().map(|one| one.id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["1", "3"]);
}

#[tokio::test]
async fn an_index_that_goes_away_is_done_without() {
    let (file, supporters) = thousand("CREATE INDEX c ON people (contact_id)").await;
    assert_eq!(carriers(&supporters, 5..9).await, [5, 6, 7, 8]);
    file.run("DROP INDEX c").await;
    assert_eq!(carriers(&supporters, 5..9).await, [5, 6, 7, 8], "the statement was made already");
    file.run("CREATE INDEX c ON people (email) WHERE email > 'z'").await;
    assert_eq!(carriers(&supporters, 5..9).await, [5, 6, 7, 8], "another has its name");
}

#[tokio::test]
async fn a_huge_text_beside_the_wanted_ones_is_passed_over() {
    let file = File::new(TABLE).await;
    file.run(
        "CREATE INDEX e ON people (email); CREATE INDEX c ON people (contact_id);
         INSERT INTO people VALUES (1, 'jo@x.org', '003RM0000000001', NULL), (2, 'Jo@x.org', '003RM0000000020', NULL),
            (3, 'jo@x.org' || printf('%.*c', 5000000, 'x'), '003RM0000000002' || printf('%.*c', 5000000, 'x'), NULL);",
    )
    .await;
    let supporters = file.open(&["email"]).await;
    assert_eq!(holders(&supporters, "jo@x.org").await, ["1", "2"]);
    assert_eq!(carriers(&supporters, 1..=20).await, [1, 2]);
}

#[tokio::test]
async fn rows_side_by_side_are_read_in_the_order_asked_each_as_often_as_asked() {
    let file = File::new(TABLE).await;
    file.run(
        "INSERT INTO people (id, email) VALUES (-1, 'a'), (1, 'b'), (2, 'c'), (4, printf('%.*c', 5000000, 'x')), (5, 'e'), (6, 'f'),
            (60, 'g'), (61, 'h'), (62, 'i');",
    )
    .await;
    let supporters = file.open(&["email"]).await;
    let asked = ["61", "3", "2", "1", "2", "6", "5", "007", "4", "60", "-1", "0", "x", "5"];
    let ids: Vec<SupporterId> = asked.iter().map(|id| SupporterId::parse(id).unwrap()).collect();
    let read = supporters.get(&ids).await.unwrap();
    let texts: Vec<Option<String>> = read
        .iter()
        .map(|one| one.as_ref().map(|one| format!("{}{}", one.id, &one.cells[0].text().unwrap()[..1])))
        .collect();
    let texts: Vec<&str> = texts.iter().map(|text| text.as_deref().unwrap_or("-")).collect();
    assert_eq!(texts, ["61h", "-", "2c", "1b", "2c", "6f", "5e", "-", "4x", "60g", "-1a", "-", "-", "5e"]);
    // Without the huge one, all of them in one go.
    file.run("UPDATE people SET email = 'd' WHERE id = 4").await;
    let read = supporters.get(&ids).await.unwrap();
    let texts: Vec<Option<&str>> =
        read.iter().map(|one| one.as_ref().and_then(|one| one.cells[0].text())).collect();
    let all = ["h", "-", "c", "b", "c", "f", "e", "-", "d", "g", "a", "-", "-", "e"];
    assert_eq!(texts, all.map(|text| (text != "-").then_some(text)));
}
