//! Reading and changing rows that lie in leaves. Knows nothing of what the leaves are kept in.

use std::cmp::Ordering;

use crate::error::Fatal;
use crate::leaf::{Builder, Leaf, Rows, Stored, Value};
use crate::store::{Scan, SeeRow, SeeValue};
use crate::tree::Tree;

/// A leaf's lower bound, and its bytes.
pub(crate) type Kept<B> = (Vec<u8>, B);

/// Where leaves are kept: an ordered map per tree.
pub(crate) trait Leaves {
    /// What holds a leaf's bytes.
    type Bytes: AsRef<[u8]>;
    /// The last leaf whose lower bound is not greater than `key`.
    fn floor(&self, tree: Tree, key: &[u8]) -> Result<Option<Kept<Self::Bytes>>, Fatal>;
    /// The first leaf whose lower bound is greater than `key`.
    fn above(&self, tree: Tree, key: &[u8]) -> Result<Option<Kept<Self::Bytes>>, Fatal>;
    /// The leaves from there on, one after the other: far cheaper than looking each of them up.
    fn all_above<'l>(
        &'l self,
        tree: Tree,
        key: &[u8],
    ) -> impl Iterator<Item = Result<Kept<Self::Bytes>, Fatal>> + use<'l, Self>;
}

/// So many leaves are walked past before the next key is looked up instead.
const MOST_STEPS: usize = 4;

/// A way through the leaves of a tree in ascending order.
struct Walk<'l, L: Leaves> {
    leaves: &'l L,
    tree: Tree,
    here: Option<Kept<L::Bytes>>,
    next: Option<Kept<L::Bytes>>,
    ahead: Option<Ahead<'l, L>>,
}

/// The leaves that are still to come.
type Ahead<'l, L> = Box<dyn Iterator<Item = Result<Kept<<L as Leaves>::Bytes>, Fatal>> + 'l>;

impl<'l, L: Leaves> Walk<'l, L> {
    const fn new(leaves: &'l L, tree: Tree) -> Self {
        Self { leaves, tree, here: None, next: None, ahead: None }
    }

    /// Goes on to the leaf that would hold this key; none of those asked for before may be greater.
    fn to(&mut self, key: &[u8]) -> Result<(), Fatal> {
        if self.ahead.is_some() {
            for _ in 0..MOST_STEPS {
                if self.next.as_ref().is_none_or(|(lower, _)| lower.as_slice() > key) {
                    return Ok(());
                }
                self.here = self.next.take();
                self.step()?;
            }
            if self.next.as_ref().is_none_or(|(lower, _)| lower.as_slice() > key) {
                return Ok(());
            }
        }
        self.here = self.leaves.floor(self.tree, key)?;
        let lower = self.here.as_ref().map_or(&[][..], |(lower, _)| lower);
        self.ahead = Some(Box::new(self.leaves.all_above(self.tree, lower)));
        self.step()
    }

    fn step(&mut self) -> Result<(), Fatal> {
        self.next = self.ahead.as_mut().and_then(Iterator::next).transpose()?;
        Ok(())
    }

    /// Whether a key lies before the next leaf.
    fn covers(&self, key: &[u8]) -> bool {
        self.next.as_ref().is_none_or(|(next, _)| key < next.as_slice())
    }
}

/// One row.
pub(crate) fn get(leaves: &impl Leaves, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, Fatal> {
    let Some((lower, leaf)) = leaves.floor(tree, key)? else { return Ok(None) };
    let leaf = Leaf::open(tree, &lower, leaf.as_ref())?;
    let mut rows = leaf.rows();
    while rows.advance()? {
        match rows.key().cmp(key) {
            Ordering::Less => {}
            Ordering::Equal => return Ok(Some(rows.read_value()?.to_vec())),
            Ordering::Greater => return Ok(None),
        }
    }
    Ok(None)
}

/// Shows several rows where they lie, those that are there, with their place in `keys`: each leaf is opened once.
pub(crate) fn get_each(
    leaves: &impl Leaves,
    tree: Tree,
    keys: &[&[u8]],
    see: SeeValue<'_>,
) -> Result<(), Fatal> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|&a, &b| keys[a].cmp(keys[b]));
    let mut wanted = order.into_iter().peekable();
    let mut walk = Walk::new(leaves, tree);
    while let Some(&first) = wanted.peek() {
        walk.to(keys[first])?;
        let Some((lower, leaf)) = &walk.here else {
            wanted.next();
            continue;
        };
        let leaf = Leaf::open(tree, lower, leaf.as_ref())?;
        let mut rows = leaf.rows();
        while rows.advance()? {
            while wanted.next_if(|&at| keys[at] < rows.key()).is_some() {}
            while let Some(at) = wanted.next_if(|&at| keys[at] == rows.key()) {
                see(at, rows.read_value()?)?;
            }
            if wanted.peek().is_none() {
                return Ok(());
            }
        }
        // What lies behind the last row and before the next leaf is not there.
        while wanted.next_if(|&at| walk.covers(keys[at])).is_some() {}
    }
    Ok(())
}

/// Shows rows in ascending order where they lie.
pub(crate) fn scan(
    leaves: &impl Leaves,
    tree: Tree,
    scan: Scan<'_>,
    limit: usize,
    see: SeeRow<'_>,
) -> Result<(), Fatal> {
    let from = scan.after.filter(|after| *after >= scan.prefix).unwrap_or(scan.prefix);
    let mut leaf = match leaves.floor(tree, from)? {
        Some(leaf) => Some(leaf),
        None => leaves.above(tree, from)?,
    };
    let mut seen: Option<Vec<u8>> = scan.after.map(<[u8]>::to_vec);
    let mut left = limit;
    while let Some((lower, bytes)) = leaf {
        let opened = Leaf::open(tree, &lower, bytes.as_ref())?;
        let mut rows = opened.rows();
        while left > 0 && rows.advance()? {
            let key = rows.key();
            // A commit between two leaves may have moved rows on into the next.
            if key < scan.prefix || seen.as_ref().is_some_and(|seen| key <= seen.as_slice()) {
                continue;
            }
            if !key.starts_with(scan.prefix) {
                return Ok(());
            }
            see(key, rows.read_value()?)?;
            left -= 1;
            let seen = seen.get_or_insert_default();
            seen.clear();
            seen.extend_from_slice(key);
        }
        if left == 0 {
            return Ok(());
        }
        leaf = leaves.above(tree, &lower)?;
    }
    Ok(())
}

/// A change of a row or a leaf: put where there is a value, else removed.
pub(crate) type KeyWrite = (Vec<u8>, Option<Vec<u8>>);

/// How the value of a changed row is to be taken: [`leaf::row`] or [`leaf::sealed_row`].
pub(crate) type Taken = for<'v> fn(Tree, &[u8], &'v [u8]) -> Value<'v>;

/// What changes of rows, sorted by key and one per key, do to the leaves of a tree.
pub(crate) fn change(
    leaves: &impl Leaves,
    tree: Tree,
    writes: &[KeyWrite],
    taken: Taken,
) -> Result<Vec<KeyWrite>, Fatal> {
    let mut out = Vec::new();
    let mut rest = writes;
    let mut walk = Walk::new(leaves, tree);
    while let Some((first, _)) = rest.first() {
        walk.to(first)?;
        let floor = walk.here.as_ref();
        let lower = floor.map_or_else(Vec::new, |(lower, _)| lower.clone());
        // Without a leaf below, the empty key begins one; it is greater than no other leaf's.
        let here = rest.partition_point(|(key, _)| walk.covers(key));
        let (now, later) = rest.split_at(here.max(1));
        rest = later;
        let old = floor.map(|(_, bytes)| Leaf::open(tree, &lower, bytes.as_ref())).transpose()?;
        let new = merged(tree, &lower, old.as_ref(), now, taken)?;
        let replaced = new.first().is_some_and(|(key, _)| *key == lower);
        if floor.is_some() && !replaced {
            out.push((lower, None));
        }
        out.extend(new.into_iter().map(|(key, value)| (key, Some(value))));
    }
    Ok(out)
}

/// One leaf's rows with changes, as leaves.
fn merged(
    tree: Tree,
    lower: &[u8],
    old: Option<&Leaf<'_>>,
    writes: &[KeyWrite],
    taken: Taken,
) -> Result<Vec<Stored>, Fatal> {
    let mut rows = old.map(Leaf::rows);
    let mut there = advanced(&mut rows)?;
    let mut builder = Builder::new(tree, lower.to_vec());
    let mut first = true;
    for (key, value) in writes {
        while let Some(row) = there.then_some(()).and(rows.as_ref()) {
            match row.key().cmp(key) {
                Ordering::Less => builder.push(row.key(), row.value()),
                Ordering::Equal => {}
                Ordering::Greater => break,
            }
            there = advanced(&mut rows)?;
        }
        if std::mem::take(&mut first) && !there {
            builder.append();
        }
        if let Some(value) = value {
            builder.push(key, taken(tree, key, value));
        }
    }
    while let Some(row) = there.then_some(()).and(rows.as_ref()) {
        builder.push(row.key(), row.value());
        there = advanced(&mut rows)?;
    }
    Ok(builder.finish())
}

fn advanced(rows: &mut Option<Rows<'_>>) -> Result<bool, Fatal> {
    rows.as_mut().map_or(Ok(false), Rows::advance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Default)]
    struct InMemory(BTreeMap<Vec<u8>, Vec<u8>>);

    impl Leaves for InMemory {
        type Bytes = Vec<u8>;
        fn floor(&self, _: Tree, key: &[u8]) -> Result<Option<(Vec<u8>, Vec<u8>)>, Fatal> {
            let found = self.0.range::<[u8], _>((std::ops::Bound::Unbounded, std::ops::Bound::Included(key)));
            Ok(found.last().map(|(key, value)| (key.clone(), value.clone())))
        }
        fn above(&self, _: Tree, key: &[u8]) -> Result<Option<(Vec<u8>, Vec<u8>)>, Fatal> {
            let found = self.0.range::<[u8], _>((std::ops::Bound::Excluded(key), std::ops::Bound::Unbounded));
            Ok(found.map(|(key, value)| (key.clone(), value.clone())).next())
        }
        fn all_above<'l>(
            &'l self,
            _: Tree,
            key: &[u8],
        ) -> impl Iterator<Item = Result<Kept<Vec<u8>>, Fatal>> + use<'l> {
            let found = self.0.range::<[u8], _>((std::ops::Bound::Excluded(key), std::ops::Bound::Unbounded));
            found.map(|(key, value)| Ok((key.clone(), value.clone())))
        }
    }

    type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

    fn key() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(0_u8..6, 0..5)
    }

    fn writes() -> impl Strategy<Value = Writes> {
        let value = proptest::option::weighted(0.7, (0_usize..4_000).prop_map(|len| vec![7; len]));
        proptest::collection::btree_map(key(), value, 1..25)
    }

    proptest! {
        #[test]
        fn leaves_hold_what_a_map_holds_after_any_changes(
            commits in proptest::collection::vec((writes(), 0..3), 1..12),
            asked in proptest::collection::vec(key(), 1..30),
            prefix in proptest::collection::vec(0_u8..6, 0..2),
            after in proptest::option::of(key()),
            limit in 0_usize..20,
        ) {
            let (mut leaves, mut map) = (InMemory::default(), BTreeMap::new());
            for (commit, before) in commits {
                // What an earlier version left, or a copy, is read, and changed, as if it were of today.
                let old = std::mem::take(&mut leaves.0).into_iter();
                let resting = |(lower, leaf): Stored| {
                    let at_rest = leaf::at_rest(Tree::Dirty, &lower, &leaf);
                    (lower, at_rest.unwrap_or(leaf))
                };
                leaves.0 = match before {
                    0 => old.collect(),
                    1 => old.map(|leaf| leaf::of_format_3(Tree::Dirty, &leaf)).collect(),
                    _ => old.map(resting).collect(),
                };
                for (key, value) in &commit {
                    match value {
                        Some(value) => map.insert(key.clone(), value.clone()),
                        None => map.remove(key),
                    };
                }
                let list: Vec<_> = commit.into_iter().collect();
                for (key, value) in change(&leaves, Tree::Dirty, &list, leaf::row).unwrap() {
                    match value {
                        Some(value) => leaves.0.insert(key, value),
                        None => leaves.0.remove(&key),
                    };
                }
            }
            let expected: Vec<_> = asked.iter().map(|key| map.get(key).cloned()).collect();
            let keys: Vec<&[u8]> = asked.iter().map(Vec::as_slice).collect();
            let mut found = vec![None; keys.len()];
            get_each(&leaves, Tree::Dirty, &keys, &mut |at, value| {
                found[at] = Some(value.to_vec());
                Ok(())
            })
            .unwrap();
            prop_assert_eq!(&found, &expected);
            for (key, value) in asked.iter().zip(expected) {
                prop_assert_eq!(get(&leaves, Tree::Dirty, key).unwrap(), value);
            }
            let wanted: Vec<(Vec<u8>, Vec<u8>)> = map
                .iter()
                .filter(|(key, _)| key.starts_with(&prefix) && after.as_ref().is_none_or(|after| *key > after))
                .take(limit)
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            let request = Scan { prefix: &prefix, after: after.as_deref() };
            let mut found = Vec::new();
            scan(&leaves, Tree::Dirty, request, limit, &mut |key, value| {
                found.push((key.to_vec(), value.to_vec()));
                Ok(())
            })
            .unwrap();
            prop_assert_eq!(found, wanted);
        }
    }
}
