//! The cases every adapter must pass. An adapter's tests build a [`Bench`] and call [`conformance!`](crate::conformance!)
//! with it; each case becomes one test.
//!
//! Nothing here knows how rows are stored. Ids are whole numbers as text, so that an adapter may keep them as either.

pub mod finding;
pub mod reading;
pub mod window;
pub mod writing;

use async_trait::async_trait;
use model::{Cell, Position, Stamp, Supporter, SupporterId, Window};

use crate::{Applied, Changed, Supporters};

/// The mapped columns, in the order of their cells. All may be empty. `email` is the one that holds the address.
pub const COLUMNS: [&str; 4] = ["email", "first_name", "last_name", "opt_in"];

/// The place of `email` in [`COLUMNS`].
pub const EMAIL: usize = 0;
/// The place of `first_name` in [`COLUMNS`].
pub const FIRST_NAME: usize = 1;
/// The place of `last_name` in [`COLUMNS`].
pub const LAST_NAME: usize = 2;

/// A moment all cases count from: in the past of every clock.
pub const NOON: Stamp = Stamp::from_seconds(1_759_665_600);

/// A row to begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planted {
    /// A whole number from 1.
    pub id: u32,
    /// In whole seconds; `None`: the column holds nothing.
    pub modified: Option<Stamp>,
    /// What the Contact Id column holds.
    pub contact_id: Option<String>,
    /// What the columns hold.
    pub cells: [Option<String>; 4],
}

/// A database with some rows, and the hands of somebody else in it.
#[async_trait]
pub trait Stand: Send + Sync {
    /// The adapter under test.
    fn supporters(&self) -> &dyn Supporters;
    /// Changes a cell behind the adapter's back.
    async fn edit(&self, id: u32, column: &str, to: Option<&str>);
    /// Changes the Contact Id behind the adapter's back.
    async fn edit_contact_id(&self, id: u32, to: Option<&str>);
    /// Takes a row away behind the adapter's back.
    async fn remove(&self, id: u32);
}

/// Builds databases for one adapter.
#[async_trait]
pub trait Bench: Send + Sync {
    /// A new database with these rows and no others. The adapter reads [`COLUMNS`].
    async fn with(&self, rows: &[Planted]) -> Box<dyn Stand>;
}

/// A row with an address and a name.
#[must_use]
pub fn person(id: u32, modified: Option<Stamp>) -> Planted {
    let cells =
        [Some(format!("person{id}@example.org")), Some("Joe".to_owned()), Some("Smith".to_owned()), None];
    Planted { id, modified, contact_id: None, cells }
}

/// The id of a planted row.
#[must_use]
pub fn id(id: u32) -> SupporterId {
    SupporterId::parse(&id.to_string()).expect("a number is a supporter id")
}

/// A cell with a text.
#[must_use]
pub fn text(text: &str) -> Cell {
    Cell::Value(text.into())
}

/// [`NOON`] and some seconds.
#[must_use]
pub const fn at(seconds: i64) -> Stamp {
    Stamp::from_micros(NOON.micros() + seconds * 1_000_000)
}

/// A window from and until some seconds after [`NOON`].
#[must_use]
pub const fn between(from: i64, until: i64) -> Window {
    Window { from: at(from), until: at(until) }
}

/// All changes of a window, read in pages of `limit`. Fails if a page is longer, or if reading does not come to an end.
pub async fn read_all(supporters: &dyn Supporters, window: &Window, limit: usize) -> Vec<Changed> {
    let mut all: Vec<Changed> = Vec::new();
    for _ in 0..100_000 {
        let after: Option<Position> = all.last().map(|changed| changed.position.clone());
        let page = supporters.changed(window, after.as_ref(), limit).await.expect("changes can be read");
        assert!(page.len() <= limit, "a page of {} rows where {limit} were asked", page.len());
        let last = page.len() < limit;
        all.extend(page);
        if last {
            return all;
        }
    }
    assert_eq!(all.len(), 0, "reading a window does not come to an end");
    all
}

/// The one supporter with this id.
pub async fn the(stand: &dyn Stand, number: u32) -> Option<Supporter> {
    let mut found = stand.supporters().get(&[id(number)]).await.expect("a supporter can be read");
    assert_eq!(found.len(), 1, "one answer for one id");
    found.pop().flatten()
}

/// What became of one write.
pub async fn apply_one(stand: &dyn Stand, write: crate::SupporterWrite) -> Applied {
    let mut applied = stand.supporters().apply(&[write]).await.expect("a write can be tried");
    assert_eq!(applied.len(), 1, "one outcome for one write");
    applied.pop().expect("one outcome")
}

/// Makes a test of each case, with `$bench` as the [`Bench`]. The crate that calls it needs `tokio` with `macros`.
#[macro_export]
macro_rules! conformance {
    ($bench:expr) => {
        $crate::conformance! { @cases $bench;
            window::a_window_is_half_open,
            window::an_empty_window_holds_no_dated_row,
            window::pages_of_any_size_give_the_same_sequence,
            window::five_thousand_rows_of_one_second_are_read_once_each,
            window::undated_rows_come_first_in_every_window,
            window::a_stamp_far_ahead_of_the_clock_hides_nobody,
            window::a_position_without_an_id_starts_its_second,
            window::a_row_added_behind_the_position_is_left_to_the_next_window,
            reading::rows_come_in_the_order_asked,
            reading::all_ids_are_read_once_each,
            reading::the_clock_is_of_our_time,
            reading::empty_and_value_are_told_apart,
            reading::the_shape_counts_rows_and_names_columns,
            finding::contact_ids_are_found_however_they_are_spelled,
            finding::addresses_are_found_whatever_their_case,
            finding::a_placeholder_address_crowds_nobody_out,
            finding::nothing_asked_is_nothing_found,
            writing::an_update_writes_what_was_asked_and_nothing_else,
            writing::an_edit_in_between_is_never_overwritten,
            writing::case_and_space_of_a_value_count_in_the_compare,
            writing::a_row_taken_away_is_gone,
            writing::empty_is_compared_and_written_as_empty,
            writing::what_could_not_be_read_is_not_written_over,
            writing::the_contact_id_is_compared_and_written,
            writing::an_update_of_nothing_still_compares,
            writing::a_new_row_gets_an_id_of_its_own,
            writing::somebody_who_is_there_is_not_added_again,
            writing::a_batch_does_not_add_one_person_twice,
            writing::one_bad_row_harms_only_itself,
            writing::of_two_writers_one_wins,
        }
    };
    (@cases $bench:expr; $($module:ident :: $case:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::conformance::$module::$case(&$bench).await;
            }
        )*
    };
}
