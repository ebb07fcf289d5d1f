//! Reading and changing rows that lie in leaves. Knows nothing of what the leaves are kept in.

use crate::error::Fatal;
use crate::leaf::{Builder, Leaf, Stored, Value};
use crate::store::{Row, Scan};
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
    while let Some((found, value)) = rows.next()? {
        if found >= key {
            return Ok((found == key).then(|| value.whole(tree, key)));
        }
    }
    Ok(None)
}

/// Several rows, in the order of `keys`: each leaf is opened once.
pub(crate) fn get_many(
    leaves: &impl Leaves,
    tree: Tree,
    keys: &[Vec<u8>],
) -> Result<Vec<Option<Vec<u8>>>, Fatal> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|&a, &b| keys[a].cmp(&keys[b]));
    let mut values = vec![None; keys.len()];
    let mut wanted = order.into_iter().peekable();
    let mut walk = Walk::new(leaves, tree);
    while let Some(&first) = wanted.peek() {
        walk.to(&keys[first])?;
        let Some((lower, leaf)) = &walk.here else {
            wanted.next();
            continue;
        };
        let leaf = Leaf::open(tree, lower, leaf.as_ref())?;
        let mut rows = leaf.rows();
        while let Some((found, value)) = rows.next()? {
            while let Some(at) = wanted.next_if(|&at| keys[at].as_slice() < found) {
                debug_assert!(values[at].is_none(), "asked for once each");
            }
            while let Some(at) = wanted.next_if(|&at| keys[at].as_slice() == found) {
                values[at] = Some(value.whole(tree, found));
            }
            if wanted.peek().is_none() {
                return Ok(values);
            }
        }
        // What lies behind the last row and before the next leaf is not there.
        while wanted.next_if(|&at| walk.covers(&keys[at])).is_some() {}
    }
    Ok(values)
}

/// Rows in ascending order.
pub(crate) fn scan(
    leaves: &impl Leaves,
    tree: Tree,
    scan: Scan<'_>,
    limit: usize,
) -> Result<Vec<Row>, Fatal> {
    let mut found: Vec<Row> = Vec::new();
    let from = scan.after.filter(|after| *after >= scan.prefix).unwrap_or(scan.prefix);
    let mut leaf = match leaves.floor(tree, from)? {
        Some(leaf) => Some(leaf),
        None => leaves.above(tree, from)?,
    };
    while let Some((lower, bytes)) = leaf {
        let opened = Leaf::open(tree, &lower, bytes.as_ref())?;
        let mut rows = opened.rows();
        while let Some((key, value)) = rows.next()? {
            if found.len() >= limit {
                return Ok(found);
            }
            // A commit between two leaves may have moved rows on into the next.
            let seen = found.last().map(|(last, _)| last.as_slice()).or(scan.after);
            if key < scan.prefix || seen.is_some_and(|seen| key <= seen) {
                continue;
            }
            if !key.starts_with(scan.prefix) {
                return Ok(found);
            }
            found.push((key.to_vec(), value.whole(tree, key)));
        }
        leaf = leaves.above(tree, &lower)?;
    }
    Ok(found)
}

/// A change of a row or a leaf: put where there is a value, else removed.
pub(crate) type KeyWrite = (Vec<u8>, Option<Vec<u8>>);

/// What changes of rows, sorted by key and one per key, do to the leaves of a tree.
pub(crate) fn change(leaves: &impl Leaves, tree: Tree, writes: &[KeyWrite]) -> Result<Vec<KeyWrite>, Fatal> {
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
        let old = floor.map(|(_, bytes)| bytes.as_ref());
        let new = merged(tree, &lower, old, now)?;
        let replaced = new.first().is_some_and(|(key, _)| *key == lower);
        if floor.is_some() && !replaced {
            out.push((lower, None));
        }
        out.extend(new.into_iter().map(|(key, value)| (key, Some(value))));
    }
    Ok(out)
}

/// One leaf's rows with changes, as leaves.
fn merged(tree: Tree, lower: &[u8], old: Option<&[u8]>, writes: &[KeyWrite]) -> Result<Vec<Stored>, Fatal> {
    let added: usize =
        writes.iter().map(|(key, value)| value.as_ref().map_or(0, |value| key.len() + value.len() + 4)).sum();
    let old = old.map(|old| Leaf::open(tree, lower, old)).transpose()?;
    let rows = old.as_ref().map_or_else(|| Ok(Vec::new()), all)?;
    let bytes: usize = rows.iter().map(|(key, value)| key.len() + value.len() + 4).sum::<usize>() + added;
    let last = rows.last().map(|(last, _)| last);
    let appending = writes.first().is_some_and(|(first, _)| last.is_none_or(|last| first > last));
    let mut builder = Builder::new(tree, lower.to_vec(), bytes, appending);
    let mut rows = rows.into_iter().peekable();
    for (key, value) in writes {
        while let Some((key, value)) = rows.next_if(|(old, _)| old < key) {
            builder.push(&key, value);
        }
        let _ = rows.next_if(|(old, _)| old == key);
        if let Some(value) = value {
            builder.push(key, Value::of(tree, key, value));
        }
    }
    for (key, value) in rows {
        builder.push(&key, value);
    }
    Ok(builder.finish())
}

fn all<'l>(leaf: &'l Leaf<'_>) -> Result<Vec<(Vec<u8>, Value<'l>)>, Fatal> {
    let mut found = Vec::new();
    let mut rows = leaf.rows();
    while let Some((key, value)) = rows.next()? {
        found.push((key.to_vec(), value));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
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
            commits in proptest::collection::vec(writes(), 1..12),
            asked in proptest::collection::vec(key(), 1..30),
            prefix in proptest::collection::vec(0_u8..6, 0..2),
            after in proptest::option::of(key()),
            limit in 0_usize..20,
        ) {
            let (mut leaves, mut map) = (InMemory::default(), BTreeMap::new());
            for commit in commits {
                for (key, value) in &commit {
                    match value {
                        Some(value) => map.insert(key.clone(), value.clone()),
                        None => map.remove(key),
                    };
                }
                let list: Vec<_> = commit.into_iter().collect();
                for (key, value) in change(&leaves, Tree::Dirty, &list).unwrap() {
                    match value {
                        Some(value) => leaves.0.insert(key, value),
                        None => leaves.0.remove(&key),
                    };
                }
            }
            let expected: Vec<_> = asked.iter().map(|key| map.get(key).cloned()).collect();
            prop_assert_eq!(&get_many(&leaves, Tree::Dirty, &asked).unwrap(), &expected);
            for (key, value) in asked.iter().zip(expected) {
                prop_assert_eq!(get(&leaves, Tree::Dirty, key).unwrap(), value);
            }
            let wanted: Vec<Row> = map
                .iter()
                .filter(|(key, _)| key.starts_with(&prefix) && after.as_ref().is_none_or(|after| *key > after))
                .take(limit)
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            let request = Scan { prefix: &prefix, after: after.as_deref() };
            prop_assert_eq!(scan(&leaves, Tree::Dirty, request, limit).unwrap(), wanted);
        }
    }
}
