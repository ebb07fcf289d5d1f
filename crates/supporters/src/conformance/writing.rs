//! Writing with a compare.

use model::{Cell, ContactId, SupporterId};

use super::{Bench, EMAIL, FIRST_NAME, LAST_NAME, Planted, Stand, apply_one, at, id, person, text, the};
use crate::{Applied, ContactIdWrite, SupporterWrite, UNDATED};

const CONTACT: &str = "003RM0000068xVCYAY";

fn contact() -> ContactId {
    ContactId::parse(CONTACT).expect("a Contact Id")
}

fn update(row: u32, place: usize, from: Cell, to: Cell) -> SupporterWrite {
    SupporterWrite::Update {
        id: id(row),
        set: vec![(place, to)],
        expect: vec![(place, from)],
        contact_id: None,
    }
}

fn create(email: Cell, contact_id: Option<ContactId>) -> SupporterWrite {
    SupporterWrite::Create { cells: vec![email, text("Ann"), text("Lee"), Cell::Absent], contact_id }
}

fn is_done(applied: &Applied, row: &SupporterId) -> bool {
    matches!(applied, Applied::Done { id, .. } if id == row)
}

fn code_of(applied: &Applied) -> &'static str {
    match applied {
        Applied::Refused { code, .. } => code.as_str(),
        Applied::Done { .. } | Applied::ChangedMeanwhile | Applied::Gone | Applied::AlreadyThere(_) => "",
    }
}

/// Only the named columns change.
pub async fn an_update_writes_what_was_asked_and_nothing_else(bench: &dyn Bench) {
    let stand = bench.with(&[person(1, Some(at(0))), person(2, Some(at(0)))]).await;
    let write = SupporterWrite::Update {
        id: id(1),
        set: vec![(FIRST_NAME, text("Jo")), (EMAIL, Cell::Absent)],
        expect: vec![(FIRST_NAME, text("Joe")), (LAST_NAME, text("Smith"))],
        contact_id: None,
    };
    assert!(is_done(&apply_one(&*stand, write).await, &id(1)));
    let row = the(&*stand, 1).await.expect("the row is there");
    assert_eq!(row.cells, [text("person1@example.org"), text("Jo"), text("Smith"), Cell::Empty]);
    let other = the(&*stand, 2).await.expect("the row is there");
    assert_eq!(other.cells[FIRST_NAME], text("Joe"));
}

/// The rule the whole crate stands on.
pub async fn an_edit_in_between_is_never_overwritten(bench: &dyn Bench) {
    let stand = bench.with(&[person(1, Some(at(0)))]).await;
    // GIVEN a value that was read, and an edit after that
    let read = the(&*stand, 1).await.expect("the row is there");
    stand.edit(1, "first_name", Some("Joseph")).await;
    // WHEN we write on the ground of what was read THEN the edit stays
    let write = update(1, FIRST_NAME, read.cells[FIRST_NAME].clone(), text("Jo"));
    assert_eq!(apply_one(&*stand, write).await, Applied::ChangedMeanwhile);
    assert_eq!(the(&*stand, 1).await.expect("the row is there").cells[FIRST_NAME], text("Joseph"));
}

/// Whatever the column's collation says.
pub async fn case_and_space_of_a_value_count_in_the_compare(bench: &dyn Bench) {
    let stand = bench.with(&[person(1, Some(at(0)))]).await;
    for near in ["joe", "Joe ", "JOE", "", "Joe\u{0}"] {
        let write = update(1, FIRST_NAME, Cell::from_nullable(Some(near)), text("Jo"));
        assert_eq!(apply_one(&*stand, write).await, Applied::ChangedMeanwhile, "{near:?}");
    }
    assert_eq!(the(&*stand, 1).await.expect("the row is there").cells[FIRST_NAME], text("Joe"));
}

/// A row that is not there is told apart from one that changed.
pub async fn a_row_taken_away_is_gone(bench: &dyn Bench) {
    let stand = bench.with(&[person(1, Some(at(0)))]).await;
    stand.remove(1).await;
    assert_eq!(apply_one(&*stand, update(1, FIRST_NAME, text("Joe"), text("Jo"))).await, Applied::Gone);
    assert_eq!(the(&*stand, 1).await, None);
}

/// NULL and the empty text compare alike, and a cleared cell reads as empty.
pub async fn empty_is_compared_and_written_as_empty(bench: &dyn Bench) {
    let cells = [None, Some(String::new()), Some("Smith".to_owned()), None];
    let stand = bench.with(&[Planted { cells, ..person(1, Some(at(0))) }]).await;
    let both = SupporterWrite::Update {
        id: id(1),
        set: vec![(LAST_NAME, Cell::Empty)],
        expect: vec![(EMAIL, Cell::Empty), (FIRST_NAME, Cell::Empty)],
        contact_id: None,
    };
    assert!(is_done(&apply_one(&*stand, both).await, &id(1)));
    assert!(the(&*stand, 1).await.expect("the row is there").cells.iter().all(Cell::is_empty));
}

/// Of a cell that was absent nothing is known: it cannot be the ground of a write.
pub async fn what_could_not_be_read_is_not_written_over(bench: &dyn Bench) {
    let stand = bench.with(&[person(1, Some(at(0)))]).await;
    let applied = apply_one(&*stand, update(1, FIRST_NAME, Cell::Absent, text("Jo"))).await;
    assert_eq!(code_of(&applied), "unreadable");
    assert_eq!(the(&*stand, 1).await.expect("the row is there").cells[FIRST_NAME], text("Joe"));
}

/// Set, refused when somebody else set it, cleared.
pub async fn the_contact_id_is_compared_and_written(bench: &dyn Bench) {
    let stand = bench.with(&[person(1, Some(at(0)))]).await;
    let link = |expected: Cell, to: Option<ContactId>| SupporterWrite::Update {
        id: id(1),
        set: vec![],
        expect: vec![],
        contact_id: Some(ContactIdWrite { expected, to }),
    };
    assert!(is_done(&apply_one(&*stand, link(Cell::Empty, Some(contact()))).await, &id(1)));
    assert_eq!(the(&*stand, 1).await.expect("the row is there").contact_id, text(CONTACT));
    assert_eq!(apply_one(&*stand, link(Cell::Empty, None)).await, Applied::ChangedMeanwhile);
    stand.edit_contact_id(1, Some(" junk ")).await;
    assert_eq!(apply_one(&*stand, link(text(CONTACT), None)).await, Applied::ChangedMeanwhile);
    assert!(is_done(&apply_one(&*stand, link(text(" junk "), None)).await, &id(1)));
    assert_eq!(the(&*stand, 1).await.expect("the row is there").contact_id, Cell::Empty);
}

/// A write without anything to write answers by its compare.
pub async fn an_update_of_nothing_still_compares(bench: &dyn Bench) {
    let stand = bench.with(&[person(1, Some(at(0)))]).await;
    let nothing = |row: u32, expected: &str| SupporterWrite::Update {
        id: id(row),
        set: vec![],
        expect: vec![(FIRST_NAME, text(expected))],
        contact_id: None,
    };
    assert!(is_done(&apply_one(&*stand, nothing(1, "Joe")).await, &id(1)));
    assert_eq!(apply_one(&*stand, nothing(1, "Jo")).await, Applied::ChangedMeanwhile);
    assert_eq!(apply_one(&*stand, nothing(2, "Joe")).await, Applied::Gone);
}

/// A new row can be read, found and written like any other, and has a stamp.
pub async fn a_new_row_gets_an_id_of_its_own(bench: &dyn Bench) {
    let stand = bench.with(&[person(1, Some(at(0)))]).await;
    let new = match apply_one(&*stand, create(text("ann@example.org"), Some(contact()))).await {
        Applied::Done { id } => id,
        other @ (Applied::ChangedMeanwhile
        | Applied::Gone
        | Applied::Refused { .. }
        | Applied::AlreadyThere(_)) => {
            assert_eq!(other, Applied::Gone, "a new row is written");
            return;
        }
    };
    assert_ne!(new, id(1));
    let read = stand.supporters().get(std::slice::from_ref(&new)).await.expect("a supporter can be read");
    let row = read.into_iter().flatten().next().expect("the new row is there");
    assert_eq!(row.cells, [text("ann@example.org"), text("Ann"), text("Lee"), Cell::Empty]);
    assert_eq!(row.contact_id, text(CONTACT));
    assert!(row.modified > UNDATED, "a new row has a stamp");
    assert_eq!(stand.supporters().count().await, Ok(2));
}

/// By Contact Id in any spelling first, then by address in any case; a shared empty address is nobody's.
pub async fn somebody_who_is_there_is_not_added_again(bench: &dyn Bench) {
    let linked = Planted { contact_id: Some(format!(" {}", &CONTACT[..15])), ..person(1, Some(at(0))) };
    let mut spelled = person(2, Some(at(0)));
    spelled.cells[EMAIL] = Some("Ann@Example.org ".to_owned());
    let mut blank = person(3, Some(at(0)));
    blank.cells[EMAIL] = None;
    let stand = bench.with(&[linked, spelled, blank]).await;
    let by_id = apply_one(&*stand, create(text("new@example.org"), Some(contact()))).await;
    assert_eq!(by_id, Applied::AlreadyThere(id(1)));
    let by_address = apply_one(&*stand, create(text("ann@example.org"), None)).await;
    assert_eq!(by_address, Applied::AlreadyThere(id(2)));
    let both = apply_one(&*stand, create(text("ann@example.org"), Some(contact()))).await;
    assert_eq!(both, Applied::AlreadyThere(id(1)));
    assert_eq!(stand.supporters().count().await, Ok(3));
    assert!(matches!(apply_one(&*stand, create(Cell::Empty, None)).await, Applied::Done { .. }));
}

/// The second of two new rows for one person finds the first.
pub async fn a_batch_does_not_add_one_person_twice(bench: &dyn Bench) {
    let stand = bench.with(&[]).await;
    let batch = [create(text("ann@example.org"), None), create(text("Ann@example.org"), None)];
    let applied = stand.supporters().apply(&batch).await.expect("writes can be tried");
    let Some(Applied::Done { id: first, .. }) = applied.first() else {
        assert_eq!(applied, [], "the first is written");
        return;
    };
    assert_eq!(applied.get(1), Some(&Applied::AlreadyThere(first.clone())));
    assert_eq!(stand.supporters().count().await, Ok(1));
}

/// Outcomes come in the order of the writes, and a refused row leaves no trace and no damage.
pub async fn one_bad_row_harms_only_itself(bench: &dyn Bench) {
    let rows: Vec<_> = (1..=4).map(|n| person(n, Some(at(0)))).collect();
    let stand = bench.with(&rows).await;
    let batch = [
        update(1, FIRST_NAME, text("Joe"), text("Jo")),
        update(2, 99, text("Joe"), text("Jo")),
        update(3, FIRST_NAME, text("other"), text("Jo")),
        update(9, FIRST_NAME, text("Joe"), text("Jo")),
        SupporterWrite::Create { cells: vec![], contact_id: None },
        update(4, FIRST_NAME, text("Joe"), text("Jo")),
    ];
    let applied = stand.supporters().apply(&batch).await.expect("writes can be tried");
    assert!(is_done(&applied[0], &id(1)) && is_done(&applied[5], &id(4)), "{applied:?}");
    assert_eq!((code_of(&applied[1]), code_of(&applied[4])), ("place", "place"));
    assert_eq!((&applied[2], &applied[3]), (&Applied::ChangedMeanwhile, &Applied::Gone));
    let names = first_names(&*stand, &[1, 2, 3, 4]).await;
    assert_eq!(names, [text("Jo"), text("Joe"), text("Joe"), text("Jo")]);
}

async fn first_names(stand: &dyn Stand, rows: &[u32]) -> Vec<Cell> {
    let ids: Vec<SupporterId> = rows.iter().map(|row| id(*row)).collect();
    let read = stand.supporters().get(&ids).await.expect("supporters can be read");
    read.into_iter().map(|row| row.map_or(Cell::Absent, |row| row.cells[FIRST_NAME].clone())).collect()
}

/// Two writers that read the same value: one writes, the other is told.
pub async fn of_two_writers_one_wins(bench: &dyn Bench) {
    let stand = bench.with(&[person(1, Some(at(0)))]).await;
    let one = [update(1, FIRST_NAME, text("Joe"), text("Jo"))];
    let two = [update(1, FIRST_NAME, text("Joe"), text("Joseph"))];
    let both =
        futures_util::future::join(stand.supporters().apply(&one), stand.supporters().apply(&two)).await;
    let mut outcomes = [both.0.expect("writes can be tried"), both.1.expect("writes can be tried")].concat();
    outcomes.sort_by_key(|applied| *applied == Applied::ChangedMeanwhile);
    assert!(is_done(&outcomes[0], &id(1)), "{outcomes:?}");
    assert_eq!(outcomes[1], Applied::ChangedMeanwhile);
}
