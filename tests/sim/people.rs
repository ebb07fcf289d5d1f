//! People who edit either side, in every way that people do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::{Cell, Clock, Side, Supporter, SupporterId};
use serde_json::{Value as Json, json};
use simorg::Admin;
use supporters::Memory;

use crate::book::{Book, By};
use crate::fields::{
    FIELDS, Field, IDENTITY, NOWHERE, OWNER, TITLE, UNKNOWN_LEVEL, cells, contacts, here, is_unbearable,
    json as as_json, there, value,
};
use crate::options::Options;
use crate::random::Random;

/// What people share: the history, and what they may bring back.
#[derive(Debug, Default)]
pub struct Memories {
    /// The history of both sides.
    pub book: Book,
    /// Calls and deeds, in words.
    pub trace: Vec<String>,
    next: u64,
    removed: Vec<Supporter>,
    deleted: Vec<String>,
}

/// The people of a world. Clones are the same people.
#[derive(Clone)]
pub struct People {
    admin: Admin,
    database: Memory,
    columns: Arc<[String]>,
    clock: Clock,
    memories: Arc<Mutex<Memories>>,
    /// Saves of people become visible so much later, in seconds.
    late: u64,
    /// The org has a trigger that cannot cope with [`NOWHERE`].
    trap: bool,
}

impl People {
    pub fn new(
        admin: Admin,
        database: Memory,
        columns: &[String],
        clock: Clock,
        Options { late, trap, .. }: &Options,
    ) -> Self {
        let memories = Arc::default();
        Self { admin, database, columns: columns.into(), clock, memories, late: *late, trap: *trap }
    }

    pub fn memories(&self) -> MutexGuard<'_, Memories> {
        self.memories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what changed on either side. Returns how much.
    pub fn look(&self, by: By) -> usize {
        let mut memories = self.memories();
        memories.book.time = (self.clock.now(), Duration::from_secs(self.late));
        memories.book.look(&self.admin, &self.database, &self.columns, by)
    }

    pub fn note(&self, what: String) {
        self.memories().trace.push(what);
    }

    fn number(&self) -> u64 {
        let mut memories = self.memories();
        memories.next += 1;
        memories.next
    }

    /// Names that no two people share, so that nobody can be taken for another.
    fn names(number: u64) -> [String; 2] {
        let letters = |mut n: u64| {
            let mut text = String::new();
            for _ in 0..6 {
                text.push(char::from(b'a' + u8::try_from(n % 26).unwrap_or(0)));
                n = n / 26 + 7 * n + 11;
            }
            text
        };
        [format!("F{}", letters(number * 7 + 3)), format!("L{}", letters(number * 31 + 17))]
    }

    fn put(&self, id: u64, names: &[String; 2], email: &str) {
        let cells = self.columns.iter().map(|column| match column.as_str() {
            "first_name" => Cell::Value(names[0].as_str().into()),
            "last_name" => Cell::Value(names[1].as_str().into()),
            "email" => Cell::Value(email.into()),
            _ => Cell::Empty,
        });
        let id = SupporterId::parse(&id.to_string()).expect("a number is an id");
        let cells = cells.collect();
        self.database.put(Supporter { id, modified: self.clock.now(), contact_id: Cell::Empty, cells });
    }

    fn save(&self, save: impl FnOnce(&Admin, &str) -> bool) -> bool {
        if self.late > 0 {
            self.admin.configure(|settings| settings.latency.commit_lag_s = self.late);
        }
        let saved = save(&self.admin, &self.admin.person());
        if self.late > 0 {
            self.admin.configure(|settings| settings.latency.commit_lag_s = 0);
        }
        saved
    }

    fn contact(&self, names: &[String; 2], email: &str) {
        let row = json!({"FirstName": names[0], "LastName": names[1], "Email": email});
        self.save(|admin, person| admin.create_as(person, "Contact", &row).is_ok());
    }

    /// Somebody new: here, there, or on both sides.
    pub fn newcomer(&self, random: &mut Random) {
        let number = self.number();
        let (names, email) = (Self::names(number), format!("p{number}@example.org"));
        let sides = random.below(5);
        if sides < 4 {
            self.put(number + 1_000, &names, &email);
        }
        if sides > 1 {
            self.contact(&names, &email);
        }
    }

    /// One deed, of any kind.
    pub fn act(&self, random: &mut Random) {
        match random.below(100) {
            0..=37 => self.edit_supporter(random, false),
            38..=74 => self.edit_contact(random, false),
            75..=79 => self.newcomer(random),
            80..=83 => self.merge_contacts(random),
            84 => self.delete_contact(random),
            85 => self.undelete_contact(),
            86 => self.remove_supporter(random),
            87 => self.bring_back_supporter(),
            88 => self.edit_supporter(random, true),
            89 => self.edit_contact(random, true),
            90 => self.swap_addresses(random),
            91 => self.share_an_address(random),
            92..=94 => self.spoil(random),
            95 => self.merge_supporters(random),
            96 => self.admin.touch_all("Contact"),
            97 if random.permille(300) => self.type_over_an_id(random),
            97 if random.permille(600) => self.write_over_a_contact_id(random),
            97 => self.lock(random),
            _ => self.automation(random),
        }
        self.look(By::People);
    }

    fn rows(&self) -> Vec<Supporter> {
        self.database.rows()
    }

    fn contacts(&self) -> Vec<Json> {
        contacts(&self.admin)
    }

    fn any_contact(&self, random: &mut Random) -> Option<(String, Json)> {
        let contacts = self.contacts();
        let contact = random.pick(&contacts)?;
        Some((contact["Id"].as_str()?.to_owned(), contact.clone()))
    }

    fn touch(&self, side: Side, id: &str) {
        self.memories().book.touch(side, id);
    }

    fn set(&self, supporter: &SupporterId, field: &Field, value: &str) {
        for (column, cell) in field.columns.iter().zip(cells(field, value)) {
            self.database.edit(supporter, column, cell);
        }
        self.note(format!(
            "{} a person sets {} of supporter {supporter} to {value:?}",
            self.clock.now(),
            field.contact
        ));
    }

    /// An edit of the address or of a name touches who somebody is.
    fn touch_by(&self, field: &Field, side: Side, id: &str) {
        match field.contact {
            "Email" => self.touch(side, id),
            "FirstName" | "LastName" => {
                self.memories().book.renamed.insert((side, id.to_owned()));
            }
            _ => {}
        }
    }

    fn edit_supporter(&self, random: &mut Random, address: bool) {
        let rows = self.rows();
        let Some(row) = random.pick(&rows) else { return };
        let Some((field, value)) = self.edit(random, 's', address) else { return };
        self.touch_by(field, Side::Supporter, row.id.as_str());
        self.set(&row.id, field, &value);
    }

    /// Which field, and what is typed there: a new value, or nothing.
    fn edit(&self, random: &mut Random, by: char, address: bool) -> Option<(&'static Field, String)> {
        let field = if address { FIELDS.first() } else { random.pick(&FIELDS[1..]) }?;
        let identity = FIELDS[..IDENTITY].iter().any(|known| known.contact == field.contact);
        let number = self.number();
        if !identity && random.permille(120) {
            let cleared = if field.kind == model::FieldType::Boolean { "false" } else { "" };
            return Some((field, cleared.to_owned()));
        }
        let [first, last] = Self::names(number);
        Some(match field.contact {
            "FirstName" => (field, first),
            "LastName" => (field, last),
            _ => (field, value(field, by, number)),
        })
    }

    fn edit_contact(&self, random: &mut Random, address: bool) {
        let Some((id, _)) = self.any_contact(random) else { return };
        let Some((field, value)) = self.edit(random, 'c', address) else { return };
        self.touch_by(field, Side::Salesforce, &id);
        self.type_into(&id, field, &value);
    }

    fn type_into(&self, id: &str, field: &Field, value: &str) {
        let row = json!({ field.contact: as_json(field, value) });
        if self.save(|admin, person| admin.edit_as(person, "Contact", id, &row).is_ok()) {
            self.note(format!("{} a person sets {} of {id} to {value:?}", self.clock.now(), field.contact));
        }
    }

    fn merge_contacts(&self, random: &mut Random) {
        let (Some((winner, _)), Some((loser, _))) = (self.any_contact(random), self.any_contact(random))
        else {
            return;
        };
        if winner == loser {
            return;
        }
        if self.save(|admin, person| admin.merge_as(person, "Contact", &winner, &[loser.as_str()]).is_ok()) {
            self.note(format!("{} a person merges {loser} into {winner}", self.clock.now()));
            let mut memories = self.memories();
            let at = memories.book.now;
            memories.book.merged.push((loser.clone(), winner.clone(), at));
            drop(memories);
            self.touch(Side::Salesforce, &winner);
            self.touch(Side::Salesforce, &loser);
        }
    }

    fn delete_contact(&self, random: &mut Random) {
        let Some((id, _)) = self.any_contact(random) else { return };
        if self.save(|admin, person| admin.delete_as(person, "Contact", &id).is_ok()) {
            self.note(format!("{} a person deletes {id}", self.clock.now()));
            self.touch(Side::Salesforce, &id);
            self.memories().deleted.push(id);
        }
    }

    fn undelete_contact(&self) {
        let Some(id) = self.memories().deleted.pop() else { return };
        if self.save(|admin, person| admin.undelete_as(person, "Contact", &id).is_ok()) {
            self.note(format!("{} a person brings {id} back", self.clock.now()));
        }
    }

    fn remove_supporter(&self, random: &mut Random) {
        let rows = self.rows();
        let Some(row) = random.pick(&rows) else { return };
        self.touch(Side::Supporter, row.id.as_str());
        self.database.remove(&row.id);
        self.note(format!("{} a person removes supporter {}", self.clock.now(), row.id));
        self.memories().removed.push(row.clone());
    }

    fn bring_back_supporter(&self) {
        let Some(row) = self.memories().removed.pop() else { return };
        self.note(format!("{} a person brings supporter {} back", self.clock.now(), row.id));
        self.database.put(Supporter { modified: self.clock.now(), ..row });
    }

    /// Two supporters are one: the other row takes the Contact Id over, or not.
    fn merge_supporters(&self, random: &mut Random) {
        let rows = self.rows();
        let (Some(winner), Some(loser)) = (random.pick(&rows), random.pick(&rows)) else { return };
        if winner.id == loser.id {
            return;
        }
        self.note(format!("{} a person merges supporter {} into {}", self.clock.now(), loser.id, winner.id));
        self.touch(Side::Supporter, winner.id.as_str());
        self.touch(Side::Supporter, loser.id.as_str());
        self.database.remove(&loser.id);
        if winner.contact_id.text().is_none() && random.permille(500) {
            self.database.edit_contact_id(&winner.id, loser.contact_id.clone());
        }
    }

    fn swap_addresses(&self, random: &mut Random) {
        let rows = self.rows();
        let (Some(one), Some(other)) = (random.pick(&rows), random.pick(&rows)) else { return };
        let email = &FIELDS[0];
        let (first, second) = (here(&self.columns, one, email), here(&self.columns, other, email));
        self.touch(Side::Supporter, one.id.as_str());
        self.touch(Side::Supporter, other.id.as_str());
        self.set(&one.id, email, &second);
        self.set(&other.id, email, &first);
    }

    /// A partner or a colleague on an address that is there already.
    fn share_an_address(&self, random: &mut Random) {
        let number = self.number();
        let names = Self::names(number);
        if random.permille(500) {
            let rows = self.rows();
            let Some(row) = random.pick(&rows) else { return };
            let email = here(&self.columns, row, &FIELDS[0]);
            self.touch(Side::Supporter, row.id.as_str());
            self.touch(Side::Supporter, &(number + 1_000).to_string());
            self.put(number + 1_000, &names, &email);
        } else {
            let Some((id, contact)) = self.any_contact(random) else { return };
            self.touch(Side::Salesforce, &id);
            let known: Vec<Json> = self.contacts();
            self.contact(&names, &there(&contact, &FIELDS[0]));
            for contact in self.contacts().iter().filter(|contact| !known.contains(contact)) {
                self.touch(Side::Salesforce, contact["Id"].as_str().unwrap_or_default());
            }
        }
        self.note(format!("{} somebody comes who shares an address", self.clock.now()));
    }

    /// A value that the other side cannot hold.
    fn spoil(&self, random: &mut Random) {
        let rows = self.rows();
        let Some(row) = random.pick(&rows) else { return };
        let (name, value) = if self.trap && random.permille(500) {
            ("MailingCity", NOWHERE.to_owned())
        } else if random.permille(500) {
            ("Title", "x".repeat(TITLE + 1))
        } else {
            ("Level__c", UNKNOWN_LEVEL.to_owned())
        };
        if let Some(field) = FIELDS.iter().find(|field| field.contact == name) {
            self.set(&row.id, field, &value);
        }
    }

    /// Somebody types the id of a supporter, best of one who is on nobody's Contact yet, over the id that a Contact carries.
    fn type_over_an_id(&self, random: &mut Random) {
        let Some((id, contact)) = self.any_contact(random) else { return };
        let rows = self.rows();
        let alone: Vec<&Supporter> = rows.iter().filter(|row| row.contact_id.text().is_none()).collect();
        let Some(row) = random.pick(&alone).copied().or_else(|| random.pick(&rows)) else { return };
        let over = json!({ OWNER: row.id.as_str() });
        if self.save(|admin, person| admin.edit_as(person, "Contact", &id, &over).is_ok()) {
            self.note(format!(
                "{} a person types the id of supporter {} over that on {id}",
                self.clock.now(),
                row.id
            ));
            {
                let Book { typed_over, now, .. } = &mut self.memories().book;
                typed_over.entry(id.clone()).or_insert(*now);
            }
            self.touch(Side::Salesforce, &id);
            self.touch(Side::Supporter, row.id.as_str());
            self.touch(Side::Supporter, contact[OWNER].as_str().unwrap_or_default());
        }
    }

    /// Somebody writes another Contact's Id into the row of a supporter who is linked.
    fn write_over_a_contact_id(&self, random: &mut Random) {
        let Some((id, _)) = self.any_contact(random) else { return };
        let rows = self.rows();
        let linked: Vec<&Supporter> = rows.iter().filter(|row| row.contact_id.text().is_some()).collect();
        let Some(row) = random.pick(&linked) else { return };
        let before = row.contact_id.text().unwrap_or_default();
        if before == id {
            return;
        }
        self.note(format!(
            "{} a person writes {id} over {before} in the row of {}",
            self.clock.now(),
            row.id
        ));
        self.database.edit_contact_id(&row.id, Cell::Value(id.as_str().into()));
        self.touch(Side::Supporter, row.id.as_str());
        self.touch(Side::Salesforce, before);
        self.touch(Side::Salesforce, &id);
        // A Contact that is not visible yet is not there for whoever looks.
        if self.late == 0 {
            self.memories().book.written_over.insert(row.id.to_string(), id);
        }
    }

    fn lock(&self, random: &mut Random) {
        let Some((id, _)) = self.any_contact(random) else { return };
        let _ = self.admin.lock(&id, std::time::Duration::from_secs(30));
    }

    /// Automation writes a value in its own way over whatever stands there.
    fn automation(&self, random: &mut Random) {
        let Some((id, contact)) = self.any_contact(random) else { return };
        let Some(field) = FIELDS.iter().find(|field| field.contact == "MailingCity") else { return };
        let held = there(&contact, field);
        if !held.is_empty() {
            self.type_into(&id, field, &held.to_uppercase());
        }
    }

    /// Whether a supporter holds a value that the other side cannot hold.
    pub fn is_spoilt(columns: &[String], supporter: &Supporter) -> bool {
        FIELDS.iter().any(|field| is_unbearable(field, &here(columns, supporter, field)))
    }
}
