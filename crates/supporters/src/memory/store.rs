//! The rows, and the rules of the contract over them. No locks and no time in here.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

use model::{Cell, ContactId, Email, Position, Stamp, Supporter, SupporterId, Window};

use crate::{Applied, Changed, ContactIdWrite, Error, RefusalCode, SupporterWrite, UNDATED};

const DAY: Duration = Duration::from_secs(86_400);
const FIVE_MINUTES: Duration = Duration::from_secs(300);

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) modified: Option<Stamp>,
    pub(super) contact_id: Cell,
    pub(super) cells: Vec<Cell>,
}

impl Row {
    /// The stamp to go by: [`UNDATED`] unless it lies after 1970 and at most a day ahead.
    fn stamp(&self, now: Stamp) -> Stamp {
        self.modified.filter(|at| at.floor_second() > UNDATED && *at <= now.plus(DAY)).unwrap_or(UNDATED)
    }

    fn to_supporter(&self, now: Stamp, id: &SupporterId) -> Supporter {
        Supporter {
            id: id.clone(),
            modified: self.stamp(now),
            contact_id: self.contact_id.clone(),
            cells: self.cells.clone(),
        }
    }
}

#[derive(Debug)]
pub(super) struct Store {
    rows: BTreeMap<SupporterId, Row>,
    width: usize,
    email: Option<usize>,
    next_id: u64,
    pub(super) read_only: bool,
    pub(super) failures: VecDeque<Error>,
    pub(super) done: u64,
}

impl Store {
    pub(super) fn new(width: usize, email: Option<usize>) -> Self {
        Self {
            rows: BTreeMap::new(),
            width,
            email,
            next_id: 1,
            read_only: false,
            failures: VecDeque::new(),
            done: 0,
        }
    }

    pub(super) fn put(&mut self, id: SupporterId, row: Row) {
        self.rows.insert(id, row);
    }

    pub(super) fn edit(&mut self, id: &SupporterId, change: impl FnOnce(&mut Row)) -> bool {
        self.rows.get_mut(id).map(change).is_some()
    }

    pub(super) fn remove(&mut self, id: &SupporterId) -> bool {
        self.rows.remove(id).is_some()
    }

    pub(super) fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    pub(super) fn rows(&self, now: Stamp) -> Vec<Supporter> {
        self.rows.iter().map(|(id, row)| row.to_supporter(now, id)).collect()
    }

    pub(super) fn get(&self, now: Stamp, id: &SupporterId) -> Option<Supporter> {
        self.rows.get(id).map(|row| row.to_supporter(now, id))
    }

    pub(super) fn ids(&self, after: Option<&SupporterId>, limit: usize) -> Vec<SupporterId> {
        self.rows.keys().filter(|id| after.is_none_or(|after| *id > after)).take(limit).cloned().collect()
    }

    pub(super) fn undated(&self, now: Stamp) -> Vec<&SupporterId> {
        self.rows.iter().filter(|(_, row)| row.stamp(now) == UNDATED).map(|(id, _)| id).collect()
    }

    pub(super) fn ahead(&self, now: Stamp) -> u64 {
        let limit = now.plus(FIVE_MINUTES);
        self.rows.values().filter(|row| row.modified.is_some_and(|at| at > limit)).count() as u64
    }

    pub(super) fn changed(
        &self,
        now: Stamp,
        window: &Window,
        after: Option<&Position>,
        limit: usize,
    ) -> Vec<Changed> {
        let found = |(id, row): (&SupporterId, &Row)| {
            let modified = row.stamp(now);
            let position = Position { stamp: modified.floor_second(), id: id.to_string() };
            let in_window = modified == UNDATED || window.contains(modified);
            let further = after.is_none_or(|after| position > *after);
            (in_window && further).then(|| Changed { id: id.clone(), modified, position })
        };
        let mut page: Vec<Changed> = self.rows.iter().filter_map(found).collect();
        page.sort_by(|a, b| a.position.cmp(&b.position));
        page.truncate(limit);
        page
    }

    /// The rows for which `wanted` names a key, at most `most` for each key.
    pub(super) fn matching<K: Hash + Eq>(
        &self,
        now: Stamp,
        wanted: impl Fn(&Row) -> Option<K>,
        most: usize,
    ) -> Vec<Supporter> {
        let mut seen: HashMap<K, usize> = HashMap::new();
        let mut found = Vec::new();
        for (id, row) in &self.rows {
            let Some(key) = wanted(row) else { continue };
            let count = seen.entry(key).or_default();
            if *count < most {
                *count += 1;
                found.push(row.to_supporter(now, id));
            }
        }
        found
    }

    /// The address a row holds, if it is one.
    pub(super) fn email_of(&self, cells: &[Cell]) -> Option<Email> {
        let cell = cells.get(self.email?)?;
        Email::parse(cell.text()?).ok()
    }

    pub(super) fn apply(&mut self, now: Stamp, write: &SupporterWrite) -> Applied {
        let applied = match write {
            SupporterWrite::Update { id, set, expect, contact_id } => {
                self.update(now, id, set, expect, contact_id.as_ref())
            }
            SupporterWrite::Create { cells, contact_id } => self.create(now, cells, *contact_id),
        };
        self.done += u64::from(matches!(applied, Applied::Done { .. }));
        applied
    }

    fn update(
        &mut self,
        now: Stamp,
        id: &SupporterId,
        set: &[(usize, Cell)],
        expect: &[(usize, Cell)],
        contact_id: Option<&ContactIdWrite>,
    ) -> Applied {
        let named = set.iter().chain(expect);
        if named.into_iter().any(|(place, _)| *place >= self.width) {
            return Applied::refused(RefusalCode::Place, "a column outside of the field map");
        }
        let compared = expect.iter().map(|(_, cell)| cell).chain(contact_id.map(|write| &write.expected));
        if compared.into_iter().any(Cell::is_absent) {
            return Applied::refused(
                RefusalCode::Unreadable,
                "a value that could not be read cannot be compared",
            );
        }
        let Some(row) = self.rows.get_mut(id) else { return Applied::Gone };
        let held = expect.iter().all(|(place, cell)| row.cells[*place] == *cell)
            && contact_id.is_none_or(|write| row.contact_id == write.expected);
        if !held {
            return Applied::ChangedMeanwhile;
        }
        for (place, cell) in set.iter().filter(|(_, cell)| !cell.is_absent()) {
            row.cells[*place] = cell.clone();
        }
        if let Some(write) = contact_id {
            row.contact_id = Cell::from_nullable(write.to.as_ref().map(ContactId::as_str));
        }
        row.modified = Some(now);
        Applied::Done { id: id.clone() }
    }

    fn create(&mut self, now: Stamp, cells: &[Cell], contact: Option<ContactId>) -> Applied {
        if cells.len() != self.width {
            return Applied::refused(RefusalCode::Place, "not one cell for each column of the field map");
        }
        let email = self.email_of(cells);
        let same = |row: &Row| {
            (contact.is_some() && contact_id(&row.contact_id) == contact)
                || (email.is_some() && self.email_of(&row.cells) == email)
        };
        if let Some((id, _)) = self.rows.iter().find(|(_, row)| same(row)) {
            return Applied::AlreadyThere(id.clone());
        }
        let Some(id) = self.fresh_id() else { return Applied::refused(RefusalCode::NoId, "no id is left") };
        let cells =
            cells.iter().map(|cell| if cell.is_absent() { Cell::Empty } else { cell.clone() }).collect();
        let contact_id = Cell::from_nullable(contact.as_ref().map(ContactId::as_str));
        self.put(id.clone(), Row { modified: Some(now), contact_id, cells });
        Applied::Done { id }
    }

    /// The first whole number from where we stopped that no row has.
    fn fresh_id(&mut self) -> Option<SupporterId> {
        let id = (self.next_id..).find_map(|n| {
            let id = SupporterId::parse(&n.to_string()).ok()?;
            (!self.rows.contains_key(&id)).then_some((n, id))
        });
        id.map(|(n, id)| {
            self.next_id = n + 1;
            id
        })
    }
}

/// The Contact Id a cell holds, if it is one.
pub(super) fn contact_id(cell: &Cell) -> Option<ContactId> {
    crate::loose::contact_id(cell.text()?)
}
