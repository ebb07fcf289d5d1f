//! The full history of both sides: every value that every record ever held, and whose hand it came from. The checker's only
//! source beside the log.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::{Side, Stamp, Supporter};
use serde_json::Value as Json;
use simorg::Admin;
use supporters::Memory;

use crate::fields::{FIELDS, OWNER, contacts, here, there};

/// Whose hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A person, or automation of the org.
    People,
    /// The engine.
    Engine,
}

/// A value that a field took on.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When, in the order of everything that happened.
    pub at: usize,
    /// What.
    pub value: String,
    /// By whom.
    pub by: By,
    /// The engine's last beginning before the job that wrote it was made: what people typed after it, it cannot have read.
    pub read_at: usize,
    /// From when on others see it, by the org's clock.
    pub visible: Stamp,
    /// When the engine began to read before it wrote this, by the same clock.
    pub read: Stamp,
}

/// A cycle that came to its end.
#[derive(Debug, Clone, Copy)]
pub struct Ran {
    /// Where it began, in the order of everything that happened.
    pub began: usize,
    /// When it began, by the clock that goes on with everything.
    pub when: Stamp,
    /// Where it ended.
    pub ended: usize,
}

/// A record that appeared or went.
#[derive(Debug, Clone)]
pub struct Fate {
    /// Which side.
    pub side: Side,
    /// Its id.
    pub id: String,
    /// By whom.
    pub by: By,
    /// The id of the other record that it carried when it was first seen.
    pub carries: String,
    /// When, in the order of everything that happened.
    pub at: usize,
}

/// A record as it stands.
#[derive(Debug, Clone, PartialEq)]
enum Held {
    Supporter(Supporter),
    Contact(Json),
}

/// Which field of which record.
pub type Place = (Side, String, &'static str);

/// The history.
#[derive(Debug)]
pub struct Book {
    /// Everything a field ever held, oldest first.
    pub entries: BTreeMap<Place, Vec<Entry>>,
    /// Records that appeared.
    pub born: Vec<Fate>,
    /// Records that went.
    pub gone: Vec<Fate>,
    /// People whose identity was touched: merged, deleted, brought back, given another address or a shared one. By side and id.
    pub touched: BTreeSet<(Side, String)>,
    /// Contacts that people merged away: which, into which, and when, in the order of everything that happened.
    pub merged: Vec<(String, String, usize)>,
    /// Contacts whose key people typed over with another supporter's, and when they first did.
    pub typed_over: BTreeMap<String, usize>,
    /// The Contact Id that a person wrote over the one in a supporter's row, by supporter.
    pub written_over: BTreeMap<String, String>,
    /// Rows in which the engine replaced such an Id while its Contact was there.
    pub put_back: Vec<String>,
    /// People whose names somebody changed: nobody may recognise them.
    pub renamed: BTreeSet<(Side, String)>,
    /// Every record that is there, as it was looked at last: what is the same as then says nothing new.
    live: BTreeMap<(Side, String), Held>,
    /// Counts everything.
    pub now: usize,
    /// Where the present cycle began.
    pub cycle_began: usize,
    /// When it began, by the clock that goes on with everything.
    pub began: Stamp,
    /// Where the cycle began that made the last job, and when.
    pub job_planned: (usize, Stamp),
    /// The cycles that came to their end.
    pub ended: Vec<Ran>,
    /// What time it is, and how much later a save of a person is seen.
    pub time: (Stamp, Duration),
}

impl Default for Book {
    fn default() -> Self {
        let never = Stamp::from_seconds(0);
        Self {
            entries: BTreeMap::new(),
            born: Vec::new(),
            gone: Vec::new(),
            touched: BTreeSet::new(),
            merged: Vec::new(),
            typed_over: BTreeMap::new(),
            written_over: BTreeMap::new(),
            put_back: Vec::new(),
            renamed: BTreeSet::new(),
            live: BTreeMap::new(),
            now: 0,
            cycle_began: 0,
            began: never,
            job_planned: (0, never),
            ended: Vec::new(),
            time: (never, Duration::ZERO),
        }
    }
}

impl Book {
    /// Looks at both sides and notes what is new.
    pub fn look(&mut self, admin: &Admin, database: &Memory, columns: &[String], by: By) -> usize {
        self.now += 1;
        let supporters = database.rows().into_iter();
        let here = supporters.map(|row| ((Side::Supporter, row.id.to_string()), Held::Supporter(row)));
        let there = contacts(admin).into_iter().filter_map(|contact| {
            Some(((Side::Salesforce, contact["Id"].as_str()?.to_owned()), Held::Contact(contact)))
        });
        let seen: BTreeMap<(Side, String), Held> = here.chain(there).collect();
        let before = std::mem::take(&mut self.live);
        let mut news = 0;
        for (key, held) in &seen {
            let known = before.get(key);
            if known != Some(held) {
                if let (Some(Held::Supporter(old)), Held::Supporter(new)) = (known, held) {
                    self.replaces(old, new, by, |contact| {
                        seen.contains_key(&(Side::Salesforce, contact.to_owned()))
                    });
                }
                news += self.record(key, held, columns, by, known.is_none());
            }
        }
        for (side, id) in before.into_keys().filter(|key| !seen.contains_key(key)) {
            self.gone.push(Fate { side, id, by, carries: String::new(), at: self.now });
            news += 1;
        }
        self.live = seen;
        news
    }

    /// Whether the engine takes an Id away that a person wrote and whose Contact is there, and was all the time.
    fn replaces(&mut self, old: &Supporter, new: &Supporter, by: By, is_there: impl Fn(&str) -> bool) {
        let Some(written) = self.written_over.get(new.id.as_str()) else { return };
        if old.contact_id.text() != Some(written) || new.contact_id == old.contact_id {
            return;
        }
        let ever_gone = self.gone.iter().any(|fate| fate.id == *written);
        if by == By::Engine && is_there(written) && !ever_gone {
            let now = new.contact_id.text().unwrap_or_default();
            self.put_back.push(format!("{written} in the row of supporter {} became {now:?}", new.id));
        }
        self.written_over.remove(new.id.as_str());
    }

    fn record(
        &mut self,
        (side, id): &(Side, String),
        held: &Held,
        columns: &[String],
        by: By,
        new: bool,
    ) -> usize {
        if new {
            let carries = match held {
                Held::Supporter(row) => row.contact_id.text().unwrap_or_default(),
                Held::Contact(contact) => contact[OWNER].as_str().unwrap_or_default(),
            };
            let carries = carries.to_owned();
            self.born.push(Fate { side: *side, id: id.clone(), by, carries, at: self.now });
        }
        let mut news = usize::from(new);
        for field in &FIELDS {
            let value = match held {
                Held::Supporter(row) => here(columns, row, field),
                Held::Contact(contact) => there(contact, field),
            };
            news += self.holds((*side, id.clone(), field.contact), value, by);
        }
        news
    }

    fn holds(&mut self, place: Place, value: String, by: By) -> usize {
        let (read_at, read) = match (by, place.0) {
            (By::Engine, Side::Salesforce) => self.job_planned,
            (By::Engine, Side::Supporter) | (By::People, _) => (self.now, self.time.0),
        };
        let visible = match (by, place.0) {
            (By::People, Side::Salesforce) => self.time.0.plus(self.time.1),
            (By::People, Side::Supporter) | (By::Engine, _) => self.time.0,
        };
        let entries = self.entries.entry(place).or_default();
        if entries.last().is_some_and(|last| last.value == value) {
            return 0;
        }
        entries.push(Entry { at: self.now, value, by, read_at, visible, read });
        1
    }

    /// Notes that somebody's identity was touched.
    pub fn touch(&mut self, side: Side, id: &str) {
        self.touched.insert((side, id.to_owned()));
    }
}
