use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn rows_of(leaves: &[Stored]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all = Vec::new();
    for (lower, value) in leaves {
        let leaf = Leaf::open(Tree::People, lower, value).unwrap();
        let mut rows = leaf.rows();
        while rows.advance().unwrap() {
            assert!(rows.key() >= lower.as_slice());
            all.push((rows.key().to_vec(), rows.read_value().unwrap().to_vec()));
        }
    }
    all
}

proptest! {
    #[test]
    fn what_is_packed_comes_out_in_order_whatever_its_size(
        rows in proptest::collection::btree_map(
            proptest::collection::vec(any::<u8>(), 0..6), proptest::collection::vec(any::<u8>(), 0..3_000), 0..40),
        appended_from in 0_usize..60,
    ) {
        let rows: BTreeMap<Vec<u8>, Vec<u8>> = rows;
        let mut builder = Builder::new(Tree::People, Vec::new());
        for (nth, (key, value)) in rows.iter().enumerate() {
            if nth == appended_from {
                builder.append();
            }
            builder.push(key, row(Tree::People, key, value));
        }
        let leaves = builder.finish();
        prop_assert!(leaves.iter().all(|(_, value)| value.len() <= MOST + LENGTHS));
        prop_assert!(leaves.is_sorted_by(|a, b| a.0 < b.0));
        prop_assert_eq!(rows_of(&leaves), rows.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes_are_rows_or_an_error_that_names_the_place(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            // Lengths that come close to fitting.
            proptest::collection::vec(0_u8..12, 0..60),
        ],
    ) {
        for (format, bytes) in [
            (PLAIN, bytes.clone()),
            (PACKED, bytes.clone()),
            (PACKED, lz4_flex::block::compress_prepend_size(&bytes)),
            (AT_REST, bytes.clone()),
            (AT_REST, lz4_flex::block::compress_prepend_size(&bytes)),
            (FORMAT, bytes.clone()),
        ] {
            let sealed = seal::seal(Tree::Dirty, b"k", format, &bytes);
            if let Ok(leaf) = Leaf::open(Tree::Dirty, b"k", &sealed) {
                let mut rows = leaf.rows();
                while let Ok(true) = rows.advance() {
                    let _ = rows.read_value();
                }
            }
        }
        let _ = Leaf::open(Tree::Dirty, b"k", &bytes);
    }

    #[test]
    fn texts_begin_alike_as_far_as_they_do(
        a in proptest::collection::vec(0_u8..3, 0..40), b in proptest::collection::vec(0_u8..3, 0..40), same in 0_usize..40,
    ) {
        let b: Vec<u8> = a.iter().copied().take(same).chain(b).collect();
        let expected = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
        prop_assert_eq!(alike(&a, &b), expected);
    }
}

#[test]
fn a_leaf_that_grows_too_large_leaves_room_in_both_halves_unless_it_grows_at_its_end() {
    let rows = |builder: &mut Builder, range: std::ops::Range<u32>| {
        for n in range {
            let key = n.to_be_bytes();
            builder.push(&key, row(Tree::Seen, &key, &[n.to_be_bytes().repeat(25).as_slice()].concat()));
        }
    };
    let mut anywhere = Builder::new(Tree::Seen, Vec::new());
    rows(&mut anywhere, 0..35);
    let sizes = |leaves: Vec<Stored>| leaves.iter().map(|(_, value)| value.len()).collect::<Vec<_>>();
    let halves = sizes(anywhere.finish());
    assert_eq!(halves.len(), 2);
    assert!(halves.iter().all(|&size| size < MOST * 3 / 4 && size > MOST / 4), "{halves:?}");
    let mut behind = Builder::new(Tree::Seen, Vec::new());
    rows(&mut behind, 0..10);
    behind.append();
    rows(&mut behind, 10..35);
    let filled = sizes(behind.finish());
    assert!(filled[0] > MOST * 9 / 10, "{filled:?}");
}

#[test]
fn what_people_begin_alike_with_is_written_once_even_if_they_are_of_several_kinds() {
    let mut builder = Builder::new(Tree::People, Vec::new());
    for n in 0..40_u8 {
        let kind = n % 3;
        builder.push(&[7, n], row(Tree::People, &[7, n], &[&[kind; 80][..], &[n; 20]].concat()));
    }
    let leaves = builder.finish();
    assert_eq!(leaves.len(), 1);
    assert!(leaves[0].1.len() < 40 * (20 + 6) + 3 * 80 + 16, "{} bytes", leaves[0].1.len());
}

#[test]
fn leaves_of_earlier_formats_are_read_and_a_row_of_theirs_that_does_not_fit_is_named() {
    let sealed = seal::seal(Tree::Dirty, b"ab1", 1, b"x");
    let plain = [&[2, 1, 6][..], b"1", &sealed, &[2, 1, 1], b"2", b"y"].concat();
    // Here the first row's checksum is left out, and the second has one, or what was taken for one.
    let packed = [&[2, 1, 5][..], b"1", &sealed[..2], &[2, 1, 2], b"2", b"y"].concat();
    let packed = lz4_flex::block::compress_prepend_size(&packed);
    for (format, rows) in [(PLAIN, plain), (PACKED, packed)] {
        let stored = seal::seal(Tree::Dirty, b"ab", format, &rows);
        let leaf = Leaf::open(Tree::Dirty, b"ab", &stored).unwrap();
        let mut rows = leaf.rows();
        assert!(rows.advance().unwrap());
        assert_eq!((rows.key(), rows.read_value().unwrap()), (&b"ab1"[..], &b"\x01x"[..]));
        assert!(rows.advance().unwrap());
        assert_eq!(rows.key(), b"ab2");
        assert!(matches!(rows.read_value(), Err(Fatal::Damaged { .. })), "that row was damaged before");
        assert!(!rows.advance().unwrap());
    }
}

#[test]
fn a_row_that_was_damaged_when_it_came_into_a_leaf_stays_so() {
    let sealed = seal::seal(Tree::People, b"k", 7, b"payload");
    assert_eq!(sealed_row(Tree::People, b"k", &sealed).read(Tree::People, b"k").unwrap(), b"\x07payload");
    let mut builder = Builder::new(Tree::People, Vec::new());
    builder.push(b"j", sealed_row(Tree::People, b"j", &sealed));
    let leaves = builder.finish();
    let leaf = Leaf::open(Tree::People, b"", &leaves[0].1).unwrap();
    let mut rows = leaf.rows();
    assert!(rows.advance().unwrap());
    assert!(rows.read_value().is_err());
}

#[test]
fn a_leaf_that_says_it_is_huge_is_refused_before_it_is_unpacked() {
    let huge = [&u32::MAX.to_le_bytes()[..], &[0; 20]].concat();
    for format in [PACKED, AT_REST] {
        assert!(Leaf::open(Tree::Dirty, b"k", &seal::seal(Tree::Dirty, b"k", format, &huge)).is_err());
    }
}

#[test]
fn a_leaf_at_rest_is_smaller_and_says_the_same_and_a_damaged_one_is_not_taken_for_whole() {
    let mut builder = Builder::new(Tree::People, Vec::new());
    for n in 0..40_u8 {
        builder
            .push(&[7, n], row(Tree::People, &[7, n], &[&[n; 20][..], b"alike", &[n; 9], b"alike"].concat()));
    }
    let leaves = builder.finish();
    let (lower, value) = &leaves[0];
    let packed = at_rest(Tree::People, lower, value).unwrap();
    assert!(packed.len() < value.len() / 2, "{} of {}", packed.len(), value.len());
    assert_eq!(rows_of(&[(lower.clone(), packed.clone())]), rows_of(&leaves));
    assert_eq!(at_rest(Tree::People, lower, &packed), None);
    for at in 0..value.len() {
        let mut damaged = value.clone();
        damaged[at] ^= 1;
        assert_eq!(at_rest(Tree::People, lower, &damaged), None, "byte {at}");
    }
}

#[test]
fn a_leaf_under_another_key_and_a_row_that_stands_alone_are_refused() {
    let mut builder = Builder::new(Tree::Dirty, b"a".to_vec());
    builder.push(b"a", row(Tree::Dirty, b"a", b"1"));
    let leaves = builder.finish();
    assert!(Leaf::open(Tree::Dirty, b"b", &leaves[0].1).is_err());
    assert!(Leaf::open(Tree::People, b"a", &leaves[0].1).is_err());
    assert!(Leaf::open(Tree::Dirty, b"a", &seal::seal(Tree::Dirty, b"a", 1, b"x")).is_err());
}
