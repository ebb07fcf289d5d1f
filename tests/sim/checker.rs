//! What must hold when everything is quiet again: the eight promises of `docs/reliability.md`. Looks at the full history of both
//! sides and at what the engine tells an administrator: links, cases, the log of what was overwritten. Uses none of the engine's
//! own logic, and would fail on an engine that does nothing.

use std::collections::{BTreeMap, BTreeSet};

use model::{Case, CaseKind, Link, LinkLife, Side, Subject};
use plan::Sides;
use serde_json::Value as Json;
use state::Conflict;

use crate::book::{Book, By, Entry, Fate, Place, Ran};
use crate::fields::{FIELDS, Field, OWNER, contacts, here, is_unbearable, there};
use crate::people::People;
use crate::world::World;

/// The end of a story.
struct End<'a> {
    book: &'a Book,
    supporters: BTreeMap<String, model::Supporter>,
    contacts: BTreeMap<String, Json>,
    columns: Vec<String>,
    links: Vec<Link>,
    cases: Vec<Case>,
    log: Vec<Conflict>,
    /// Fields whose history the org keeps.
    tracked: Vec<String>,
}

/// How things stand, for whoever reads a story.
pub fn picture(world: &World, sides: &Sides) -> Vec<String> {
    let identity = |of: &dyn Fn(&Field) -> String| FIELDS[..3].iter().map(of).collect::<Vec<_>>().join(" ");
    let rows = world.rows.rows();
    let supporters = rows.iter().map(|row| {
        let held = identity(&|field| here(world.columns(), row, field));
        format!("at the end supporter {} {held} {:?}", row.id, row.contact_id.text())
    });
    let records = contacts(&world.org.admin());
    let contacts = records.iter().map(|contact| {
        let held = identity(&|field| there(contact, field));
        format!("at the end Contact {} {held} {}", contact["Id"], contact[OWNER])
    });
    let links = sides.state.links_page(None, 10_000).expect("the state can be read");
    let links = links.iter().map(|link| {
        let (supporter, contact) = (&link.supporter, link.contact);
        format!("at the end link {supporter} {contact} {:?} {:?}", link.life, link.evidence)
    });
    let cases = sides.state.cases_page(None, 10_000).expect("the state can be read");
    let cases = cases.iter().map(|case| {
        format!(
            "at the end case {} {:?} {:?} {:?}",
            case.name(),
            case.supporters,
            case.contacts,
            case.reasons
        )
    });
    supporters.chain(contacts).chain(links).chain(cases).collect()
}

/// Every broken promise, in words; empty: all hold. `last`: where in the history the cycle began that had nothing to do.
pub fn check(world: &World, sides: &Sides, last: usize) -> Vec<String> {
    let memories = world.people.memories();
    let all = |cells: Vec<Json>| cells.into_iter().filter_map(|c| Some((c["Id"].as_str()?.to_owned(), c)));
    let end = End {
        book: &memories.book,
        supporters: world.rows.rows().into_iter().map(|row| (row.id.to_string(), row)).collect(),
        contacts: all(contacts(&world.org.admin())).collect(),
        columns: world.columns().to_vec(),
        links: sides.state.links_page(None, 10_000).expect("the state can be read"),
        cases: sides.state.cases_page(None, 10_000).expect("the state can be read"),
        log: world.log.values().cloned().collect(),
        tracked: world.tracked(),
    };
    let mut broken = [world.broken.clone(), world.net.broken()].concat();
    agreement(&end, &mut broken);
    no_loss(&end, world.options.create_supporters, &mut broken);
    no_twin(&end, &mut broken);
    broken.extend(end.book.put_back.iter().map(|what| format!("C4: {what}, and nobody was asked")));
    accounted_edits(&end, &mut broken);
    fixpoint(&end, last, &mut broken);
    termination(&end, &mut broken);
    broken
}

impl End<'_> {
    /// Whether a cycle looked between the two, and came to its end before the later one: one that was at work when it was typed
    /// may have read either.
    fn met(&self, entry: &Entry, before: &Entry) -> bool {
        self.book.ended.iter().any(|ran| entry.at < ran.began && ran.ended < before.at)
    }

    fn live(&self) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(|link| link.life == LinkLife::Live)
    }

    /// Whether people touched who somebody is: that supporter or Contact, or the Contact that is or was linked to that supporter. A name
    /// that was typed there comes over, and a Contact that was merged away leaves its supporter behind.
    fn is_touched(&self, subject: &Subject) -> bool {
        let touched = |side, id: &str| {
            let key = (side, id.to_owned());
            self.book.touched.contains(&key) || self.book.renamed.contains(&key)
        };
        match subject {
            Subject::Contact(id) => touched(Side::Salesforce, id.as_str()),
            Subject::Supporter(id) => {
                let mut partners = self.links.iter().filter(|link| link.supporter == *id);
                touched(Side::Supporter, id.as_str())
                    || partners.any(|link| touched(Side::Salesforce, link.contact.as_str()))
            }
        }
    }

    /// Whether a case has a cause that people gave: it names somebody whose identity they touched, or a value they spoilt.
    fn has_cause(&self, case: &Case) -> bool {
        let supporters = case.supporters.iter().cloned().map(Subject::Supporter);
        let contacts = case.contacts.iter().copied().map(Subject::Contact);
        let mut named = supporters.chain(contacts).chain([case.subject.clone()]);
        if matches!(case.kind, CaseKind::ConflictHeld | CaseKind::ConsentConflict | CaseKind::Systemic) {
            return true;
        }
        if case.kind == CaseKind::AmbiguousContacts && self.is_there_twice(case) {
            return true;
        }
        if case.kind == CaseKind::DuplicateUnresolved && self.was_there_before(case) {
            return true;
        }
        if case.kind != CaseKind::Blocked {
            return named.any(|subject| self.is_touched(&subject));
        }
        // A row that is set aside and then removed is in nobody's way.
        case.supporters.iter().any(|id| {
            let row = self.supporters.get(id.as_str());
            row.is_none_or(|row| People::is_spoilt(&self.columns, row))
        })
    }

    /// Whether two Contacts stand on the address of a supporter that a case names. Nobody need have touched them: a Contact that
    /// was saved and not yet visible when another was made for the same person is such a second one.
    fn is_there_twice(&self, case: &Case) -> bool {
        self.addresses_of(case).any(|address| {
            let on_it = |contact: &&Json| there(contact, &FIELDS[0]).to_lowercase() == address;
            self.contacts.values().filter(on_it).count() > 1
        })
    }

    /// Whether a Contact stood on the address of a supporter that a case names, and people took it away from there. The org refuses
    /// another one beside it from the moment it is saved; whoever asks sees it later, and then it may be gone.
    fn was_there_before(&self, case: &Case) -> bool {
        self.addresses_of(case).any(|address| {
            self.book.entries.iter().any(|((side, id, field), entries)| {
                *side == Side::Salesforce
                    && *field == FIELDS[0].contact
                    && self.book.touched.contains(&(*side, id.clone()))
                    && entries.iter().any(|entry| entry.value.to_lowercase() == address)
            })
        })
    }

    fn addresses_of(&self, case: &Case) -> impl Iterator<Item = String> {
        let rows = case.supporters.iter().filter_map(|id| self.supporters.get(id.as_str()));
        let addresses = rows.map(|row| here(&self.columns, row, &FIELDS[0]).to_lowercase());
        addresses.filter(|address| !address.is_empty())
    }

    fn cases_of(&self, subject: &Subject) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(move |case| match subject {
            Subject::Supporter(id) => case.supporters.contains(id),
            Subject::Contact(id) => case.contacts.contains(id),
        })
    }

    /// The Contacts that were merged into this one, those merged into them before among them, and when each was.
    fn merged_into(&self, contact: &str) -> (Vec<&str>, Vec<usize>) {
        let (mut gone, mut when) = (Vec::new(), Vec::new());
        for (loser, winner, at) in self.book.merged.iter().rev() {
            if winner == contact || gone.contains(&winner.as_str()) {
                gone.push(loser.as_str());
                when.push(*at);
            }
        }
        (gone, when)
    }

    fn entries(&self, side: Side, id: &str, field: &'static str) -> &[Entry] {
        let place: Place = (side, id.to_owned(), field);
        self.book.entries.get(&place).map_or(&[], Vec::as_slice)
    }
}

/// C1. Every mapped field of every linked pair is equal, unless a case says why not; and no case is without a cause.
fn agreement(end: &End<'_>, broken: &mut Vec<String>) {
    for case in end.cases.iter().filter(|case| !end.has_cause(case)) {
        broken.push(format!(
            "C1: a case of kind {} about {:?} without a cause",
            case.kind.code(),
            case.subject
        ));
    }
    for link in end.live() {
        let (supporter, contact) = (link.supporter.to_string(), link.contact.to_string());
        let (left, right) = (end.supporters.get(&supporter), end.contacts.get(&contact));
        let cases: Vec<&Case> = end.cases_of(&Subject::Supporter(link.supporter.clone())).collect();
        let (Some(left), Some(right)) = (left, right) else {
            if cases.is_empty() {
                broken.push(format!("C1: the link of supporter {supporter} with {contact} leads nowhere"));
            }
            continue;
        };
        let held = |kind| matches!(kind, CaseKind::ConflictHeld | CaseKind::ConsentConflict);
        if cases.iter().any(|case| !held(case.kind)) {
            continue;
        }
        for field in &FIELDS {
            let (ours, theirs) = (here(&end.columns, left, field), there(right, field));
            let held = cases.iter().any(|case| case.reasons.iter().any(|reason| reason == field.contact));
            if ours != theirs && !held {
                broken.push(format!(
                    "C1: {} of supporter {supporter} is {ours:?} and {theirs:?} on {contact}",
                    field.contact
                ));
            }
        }
    }
}

/// C2. Nobody is lost: everybody has a partner or a case, and only people take records away. No Contact has two owners.
fn no_loss(end: &End<'_>, both_ways: bool, broken: &mut Vec<String>) {
    for fate in end.book.gone.iter().filter(|fate| fate.by == By::Engine) {
        broken.push(format!("C2: {:?} {} is gone, and no person took it away", fate.side, fate.id));
    }
    let linked: BTreeSet<&str> = end.live().map(|link| link.supporter.as_str()).collect();
    for row in end.supporters.values() {
        let told = end.cases_of(&Subject::Supporter(row.id.clone())).next().is_some();
        if !linked.contains(row.id.as_str()) && !told {
            broken.push(format!("C2: supporter {} has neither a Contact nor a case", row.id));
        }
    }
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for link in end.live() {
        if let Some(other) = owners.insert(link.contact.as_str(), link.supporter.as_str()) {
            broken.push(format!("C2: Contact {} belongs to {other} and {}", link.contact, link.supporter));
        }
    }
    for id in end.contacts.keys().filter(|id| both_ways && !owners.contains_key(id.as_str())) {
        let told = end.cases.iter().any(|case| case.contacts.iter().any(|contact| contact.as_str() == id));
        if !told {
            let cases: Vec<String> =
                end.cases.iter().map(|case| format!("{} {:?}", case.name(), case.contacts)).collect();
            broken.push(format!("C2: Contact {id} has neither a supporter nor a case; there are {cases:?}"));
        }
    }
}

/// C3. For one supporter at most one Contact was ever made, and for one Contact at most one supporter.
fn no_twin(end: &End<'_>, broken: &mut Vec<String>) {
    let mut made: BTreeMap<(Side, &str), usize> = BTreeMap::new();
    for fate in end.book.born.iter().filter(|fate| fate.by == By::Engine && !is_gone_unseen(end, fate)) {
        let times = made.entry((fate.side, &fate.carries)).or_default();
        *times += 1;
        if *times == 2 {
            broken.push(format!("C3: {:?}: two records were made for {}", fate.side, fate.carries));
        }
    }
}

/// A person took the record away, or typed another key over the one that it was made with, and no link, live or ended, ever named it:
/// nothing that is kept says whose it was. Nor does it when the key was typed over before any cycle came to its end: the answer that
/// said so was lost with the cycle, and the record is the other supporter's by what it carries.
fn is_gone_unseen(end: &End<'_>, born: &Fate) -> bool {
    let same = |gone: &&Fate| gone.side == born.side && gone.id == born.id && gone.at > born.at;
    let taken = end.book.gone.iter().filter(same).any(|gone| gone.by == By::People);
    let named = end.links.iter().any(|link| match born.side {
        Side::Supporter => link.supporter.as_str() == born.id,
        Side::Salesforce => link.contact.as_str() == born.id,
    });
    let typed_over = end.book.typed_over.get(&born.id).filter(|_| born.side == Side::Salesforce);
    let noted = |at: usize| end.book.ended.iter().any(|ran| born.at < ran.ended && ran.ended < at);
    (taken && !named) || typed_over.is_some_and(|&at| !named || !noted(at))
}

/// What a person typed into one of a linked pair, and the engine replaced.
struct Replaced<'a> {
    link: &'a Link,
    field: &'static Field,
    /// Which record.
    place: (Side, String),
    typed: &'a Entry,
    next: &'a Entry,
    /// All that the field held there, up to what was typed.
    until: &'a [Entry],
    /// All that it held there, and on the other side.
    entries: &'a [Entry],
    across: &'a [Entry],
}

impl Replaced<'_> {
    fn say(&self, what: &str) -> String {
        format!(
            "C4: {:?} typed into {} of {:?} {} was replaced by {:?}, {what}: {}; across: {}",
            self.typed.value,
            self.field.contact,
            self.place.0,
            self.place.1,
            self.next.value,
            history(self.entries),
            history(self.across)
        )
    }
}

/// Every value of a pair that nobody took apart, typed by a person and replaced by the engine.
fn replaced<'a>(end: &'a End<'_>) -> Vec<Replaced<'a>> {
    let mut all = Vec::new();
    for link in end.live() {
        let pair =
            [(Side::Supporter, link.supporter.to_string()), (Side::Salesforce, link.contact.to_string())];
        let apart = pair.iter().any(|key| end.book.touched.contains(key));
        if apart || end.cases_of(&Subject::Supporter(link.supporter.clone())).next().is_some() {
            continue;
        }
        for field in &FIELDS {
            for (mine, other) in [(0, 1), (1, 0)] {
                let entries = end.entries(pair[mine].0, &pair[mine].1, field.contact);
                let across = end.entries(pair[other].0, &pair[other].1, field.contact);
                for (nth, (typed, next)) in entries.iter().zip(entries.iter().skip(1)).enumerate() {
                    // What a new record does not say, nobody typed; and of two records that meet for the first time an empty
                    // one takes what the other holds.
                    let new = nth == 0 || !entries.first().is_some_and(|first| end.met(first, typed));
                    let unsaid = new && ["", "false"].contains(&typed.value.as_str());
                    if typed.by == By::People && next.by == By::Engine && !unsaid {
                        let (place, until) = (pair[mine].clone(), &entries[..=nth]);
                        all.push(Replaced { link, field, place, typed, next, until, entries, across });
                    }
                }
            }
        }
    }
    all
}

/// C4. Every value that a person typed stands in the end, was replaced by a person, reached the other side before it was replaced,
/// or is named by the log. A value typed in Salesforce while the engine was between its reading and its writing is exempt where the org
/// keeps no history of the field.
/// And what replaced it is what a person typed on the other side: what stands there by our own hand is nobody's edit, and wins
/// over nothing. A supporter that was made and could not be noted is exempt: whoever meets it cannot know whose hand that was.
fn accounted_edits(end: &End<'_>, broken: &mut Vec<String>) {
    for edit in replaced(end) {
        let Replaced { link, field, typed, next, across, .. } = edit;
        let stood = |entry: &&Entry| entry.value == next.value && entry.at <= next.at;
        let source = across.iter().rfind(stood);
        let made = |entry: &Entry| {
            edit.place.0 == Side::Salesforce && across.first().is_some_and(|first| first.at == entry.at)
        };
        let noted = |entry: &Entry| !made(entry) || end.met(entry, typed);
        if source.is_some_and(|entry| entry.by == By::Engine && noted(entry)) {
            broken.push(edit.say("which nobody typed on the other side"));
        }
        let blind = !end.tracked.iter().any(|name| name == field.contact) && in_blind_window(typed, next);
        let known = blind || arrived(typed, next, across);
        if known || back_to_what_it_was(end.book, field, edit.until, across) {
            continue;
        }
        let named = end.log.iter().any(|line| {
            line.supporter == link.supporter
                && line.field == field.contact
                && [&line.supporter_value, &line.contact_value].contains(&&typed.value)
        });
        if !named {
            broken.push(edit.say("and nothing says so"));
        }
    }
}

/// What a field held, for whoever reads a story.
fn history(entries: &[Entry]) -> String {
    let told = entries.iter().map(|entry| format!("{} {:?} {:?}", entry.at, entry.by, entry.value));
    told.collect::<Vec<_>>().join(", ")
}

/// Typed, or not yet visible, after the engine last read before it made the job that replaced it.
fn in_blind_window(typed: &Entry, next: &Entry) -> bool {
    typed.at >= next.read_at || typed.visible > next.read
}

/// The last of `entries` is what the field held before, and nobody agreed on anything else in between: a change is a difference from
/// what was agreed on, and there is none. No cycle that could see the other value came to its end, or the other side cannot hold it.
/// That a value of ours stood there meanwhile and was undone shows no more than that it never arrived. And whoever looked and left
/// two values that differ from each other and from what was agreed on as they were, agreed on nothing: it was held.
fn back_to_what_it_was(book: &Book, field: &Field, entries: &[Entry], across: &[Entry]) -> bool {
    let Some((typed, before)) = entries.split_last() else { return false };
    let Some(same) = before.iter().rposition(|entry| entry.value == typed.value) else { return false };
    let meanwhile = &before[same + 1..];
    let away = meanwhile.first().map_or(typed.at, |entry| entry.at);
    let seen = |ran: &Ran| {
        let mut there = meanwhile.iter().filter(|entry| entry.at < ran.began && entry.visible <= ran.when);
        there.next_back().is_some_and(|entry| !is_unbearable(field, &entry.value))
    };
    let looked = book.ended.iter().any(|ran| ran.ended <= typed.at && seen(ran));
    let other = |entry: &&Entry| entry.by == By::Engine && entry.value != typed.value;
    let acted = across.iter().filter(other).any(|entry| away <= entry.at && entry.at <= typed.at);
    let standing = across.iter().rposition(|entry| entry.at <= away).unwrap_or(0);
    let mut beside = across[standing..].iter().filter(|entry| entry.at <= typed.at);
    let differs = |entry: &Entry| before[same..].iter().all(|mine| mine.value != entry.value);
    let held = beside.all(differs) && meanwhile.iter().all(|entry| entry.by == By::People);
    (!looked || held) && !acted
}

/// The other side held the value between its typing and its end.
fn arrived(typed: &Entry, next: &Entry, across: &[Entry]) -> bool {
    let ends = across.iter().skip(1).map(|entry| entry.at).chain([usize::MAX]);
    across
        .iter()
        .zip(ends)
        .any(|(entry, until)| entry.value == typed.value && entry.at <= next.at && until >= typed.at)
}

/// C5. A cycle after everything is quiet changes nothing.
fn fixpoint(end: &End<'_>, last: usize, broken: &mut Vec<String>) {
    let late = |entry: &&Entry| entry.by == By::Engine && entry.at > last;
    for (place, entries) in &end.book.entries {
        if let Some(entry) = entries.iter().find(late) {
            broken.push(format!("C5: {place:?} still became {:?} in quiet", entry.value));
        }
    }
}

/// C7. No field is changed to and fro without a person: between two edits of a field of a pair the engine changes it three times at
/// most.
fn termination(end: &End<'_>, broken: &mut Vec<String>) {
    for link in end.live() {
        for field in &FIELDS {
            let here = end.entries(Side::Supporter, link.supporter.as_str(), field.contact);
            let there = end.entries(Side::Salesforce, link.contact.as_str(), field.contact);
            // What people typed into a Contact before it was merged away came over as well, and so did what the other one held.
            let (former, merges) = end.merged_into(link.contact.as_str());
            let typed = former.iter().flat_map(|id| end.entries(Side::Salesforce, id, field.contact));
            let typed = typed.filter(|entry| entry.by == By::People);
            // What a record held when it was made changed nothing.
            let made = |entries: &[Entry]| usize::from(entries.first().is_some_and(|e| e.by == By::Engine));
            let (here, there) = (&here[made(here)..], &there[made(there)..]);
            let both = here.iter().chain(there).chain(typed).map(|entry| (entry.at, entry.by));
            let mut both: Vec<(usize, By)> = both.chain(merges.iter().map(|at| (*at, By::People))).collect();
            both.sort_by_key(|(at, _)| *at);
            let mut in_a_row = 0;
            for (_, by) in both {
                in_a_row = if by == By::Engine { in_a_row + 1 } else { 0 };
                if in_a_row == 4 {
                    broken.push(format!(
                        "C7: {} of supporter {} goes to and fro: {}; and {}",
                        field.contact,
                        link.supporter,
                        history(here),
                        history(there)
                    ));
                }
            }
        }
    }
}
