//! People made up from a seed, as many as wanted, one after the other.
//!
//! Names and places are mixed from the bundled tables. The mix is that of a charity's two databases: four of five supporters
//! are in Salesforce too, some without an address or with another one; names and streets are mistyped, swapped or missing
//! there; families live at one place and sometimes share one address; a few Contacts are nobody's twin.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::random::Random;

/// A row of the supporter database, without the Contact's Id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub struct Supporter {
    /// The row's id.
    pub supporter_id: i64,
    /// E-mail address.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// First line of the street.
    pub address_1: String,
    /// Second line.
    pub address_2: String,
    /// City.
    pub city: String,
    /// State.
    pub region: String,
    /// Postcode.
    pub postcode: String,
    /// Country.
    pub country: String,
    /// Home phone.
    pub phone: String,
    /// `Y`, `N` or nothing.
    pub opt_in_email: String,
    /// ISO 8601, UTC.
    pub modified_at: String,
}

/// A Contact, without an Id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[cfg_attr(test, derive(serde::Serialize))]
pub struct Contact {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail address.
    pub email: String,
    /// Street, both lines.
    pub mailing_street: String,
    /// City.
    pub mailing_city: String,
    /// State.
    pub mailing_state: String,
    /// Postcode.
    pub mailing_postal_code: String,
    /// Country.
    pub mailing_country: String,
    /// Home phone.
    pub home_phone: String,
    /// `true`, `false` or nothing.
    #[serde(rename = "Email_Opt_In__c")]
    pub opt_in: String,
    /// ISO 8601, UTC.
    #[serde(rename = "modified_at")]
    pub modified_at: String,
}

impl Contact {
    /// As the org takes it; what is empty is left out. `stamp` is its last change.
    #[must_use]
    pub fn to_json(&self, stamp: &str) -> Map<String, Json> {
        let texts = [
            ("FirstName", &self.first_name),
            ("LastName", &self.last_name),
            ("Email", &self.email),
            ("MailingStreet", &self.mailing_street),
            ("MailingCity", &self.mailing_city),
            ("MailingState", &self.mailing_state),
            ("MailingPostalCode", &self.mailing_postal_code),
            ("MailingCountry", &self.mailing_country),
            ("HomePhone", &self.home_phone),
        ];
        let filled = texts.into_iter().filter(|(_, text)| !text.is_empty());
        let mut row: Map<String, Json> =
            filled.map(|(name, text)| (name.to_owned(), text.as_str().into())).collect();
        row.insert("Email_Opt_In__c".to_owned(), (self.opt_in == "true").into());
        for name in ["CreatedDate", "LastModifiedDate", "SystemModstamp"] {
            row.insert(name.to_owned(), stamp.into());
        }
        row
    }
}

/// One person on both sides, or on one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize))]
pub struct Twins {
    /// In the supporter database.
    pub supporter: Option<Supporter>,
    /// In Salesforce.
    pub contact: Option<Contact>,
}

/// An endless row of people. The same seed gives the same people.
pub struct People<'a> {
    sources: &'a [Twins],
    random: Random,
    next_id: i64,
    home: Option<Home>,
}

/// A place where the next person may live too.
struct Home {
    family: String,
    street: [String; 2],
    city: [String; 4],
    email: String,
    room: usize,
}

impl<'a> People<'a> {
    /// People whose ids begin at `first_id`, mixed from `sources`.
    #[must_use]
    pub fn new(sources: &'a [Twins], seed: u64, first_id: i64) -> Self {
        Self { sources, random: Random::new(seed), next_id: first_id, home: None }
    }

    fn source(&mut self) -> Option<&'a Supporter> {
        let at = self.random.below(self.sources.len());
        self.sources.get(at)?.supporter.as_ref()
    }

    /// A word of some source's field that is not empty, as far as one is soon found.
    fn word(&mut self, of: fn(&Supporter) -> &String) -> String {
        let filled = (0..8).find_map(|_| self.source().map(of).filter(|word| !word.is_empty()).cloned());
        filled.unwrap_or_else(|| "Green".to_owned())
    }

    fn home(&mut self) -> Home {
        if let Some(mut home) = self.home.take().filter(|home| home.room > 0) {
            home.room -= 1;
            return home;
        }
        let place = self.source();
        let of = |field: fn(&Supporter) -> &String| place.map(field).cloned().unwrap_or_default();
        Home {
            family: self.word(|s| &s.last_name),
            street: [
                format!("{} {}", 1 + self.random.below(180), strip_number(&self.word(|s| &s.address_1))),
                of(|s| &s.address_2),
            ],
            city: [of(|s| &s.city), of(|s| &s.region), of(|s| &s.postcode), of(|s| &s.country)],
            email: String::new(),
            room: if self.random.percent(12) { 1 + self.random.below(3) } else { 0 },
        }
    }

    fn supporter(&mut self, id: i64, home: &Home) -> Supporter {
        let first = if self.random.percent(2) { String::new() } else { self.word(|s| &s.first_name) };
        let other_name = self.random.percent(10);
        let last = match (self.random.percent(1), other_name) {
            (true, _) => String::new(),
            (false, true) => self.word(|s| &s.last_name),
            (false, false) => home.family.clone(),
        };
        let local = |name: &str| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let domain = ["example.org", "example.com", "example.net", "mail.example"][self.random.below(4)];
        let email = format!("{}.{}{id}@{domain}", local(&first), local(&last)).to_lowercase();
        let phone = format!(
            "+61 {} {:04} {:04}",
            2 + self.random.below(7),
            self.random.below(9_999),
            self.random.below(9_999)
        );
        let [city, region, postcode, country] = home.city.clone();
        let [address_1, address_2] = home.street.clone();
        Supporter {
            supporter_id: id,
            email: email.trim_start_matches('.').to_owned(),
            first_name: first,
            last_name: last,
            address_1,
            address_2,
            city,
            region,
            postcode,
            country,
            phone: if self.random.percent(40) { String::new() } else { phone },
            opt_in_email: ["Y", "Y", "N", ""][self.random.below(4)].to_owned(),
            modified_at: self.stamp(),
        }
    }

    /// A moment of the days the bundled people are from.
    fn stamp(&mut self) -> String {
        let (day, second) = (1 + self.random.below(20), self.random.below(86_400));
        format!("2026-10-{day:02}T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
    }

    fn contact(&mut self, of: &Supporter, family_email: &str) -> Contact {
        let email = match self.random.below(100) {
            0..7 => String::new(),
            7..14 => format!("x{}", of.email),
            14..17 if !family_email.is_empty() => family_email.to_owned(),
            _ => of.email.clone(),
        };
        let (mut first, mut last) = (self.worn(&of.first_name), self.worn(&of.last_name));
        if self.random.percent(2) && !first.is_empty() {
            std::mem::swap(&mut first, &mut last);
        }
        if last.is_empty() {
            last = if first.is_empty() { "Unknown".to_owned() } else { std::mem::take(&mut first) };
        }
        let street = [self.worn(&of.address_1), self.worn(&of.address_2)];
        let street: Vec<String> = street.into_iter().filter(|line| !line.is_empty()).collect();
        Contact {
            first_name: first,
            last_name: last,
            email,
            mailing_street: street.join("\n"),
            mailing_city: self.worn(&of.city),
            mailing_state: of.region.clone(),
            mailing_postal_code: of.postcode.clone(),
            mailing_country: of.country.clone(),
            home_phone: if self.random.percent(50) { of.phone.clone() } else { String::new() },
            opt_in: match of.opt_in_email.as_str() {
                "Y" => "true",
                "N" => "false",
                _ => "",
            }
            .to_owned(),
            modified_at: self.stamp(),
        }
    }

    /// A text as somebody else typed it: mostly the same, now and then with a slip, seldom not at all.
    fn worn(&mut self, text: &str) -> String {
        match self.random.below(100) {
            0..3 => String::new(),
            3..12 => self.slip(text),
            _ => text.to_owned(),
        }
    }

    /// One letter doubled, left out, replaced, or changed with its neighbour.
    fn slip(&mut self, text: &str) -> String {
        let mut letters: Vec<char> = text.chars().collect();
        if letters.len() < 3 {
            return text.to_owned();
        }
        let at = 1 + self.random.below(letters.len() - 2);
        match self.random.below(4) {
            0 => letters.insert(at, letters[at]),
            1 => drop(letters.remove(at)),
            2 => letters[at] = char::from(b'a' + u8::try_from(self.random.below(26)).unwrap_or(0)),
            _ => letters.swap(at, at - 1),
        }
        letters.into_iter().collect()
    }
}

impl Iterator for People<'_> {
    type Item = Twins;

    fn next(&mut self) -> Option<Twins> {
        let mut home = self.home();
        let id = self.next_id;
        self.next_id += 1;
        let supporter = self.supporter(id, &home);
        let contact = self.random.percent(79).then(|| self.contact(&supporter, &home.email));
        if home.email.is_empty() {
            home.email.clone_from(&supporter.email);
        }
        self.home = Some(home);
        // Two of a hundred are known to Salesforce only.
        let stranger = contact.is_some() && self.random.percent(2);
        Some(Twins { supporter: (!stranger).then_some(supporter), contact })
    }
}

fn strip_number(street: &str) -> &str {
    street.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ')
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::demo::bundled;

    fn bytes(seed: u64, count: usize) -> Vec<u8> {
        let sources = bundled::people();
        let people: Vec<Twins> = People::new(&sources, seed, 10_000).take(count).collect();
        serde_json::to_vec(&people).unwrap()
    }

    #[test]
    fn the_mix_is_that_of_a_charity() {
        // GIVEN ten thousand made-up people
        let sources = bundled::people();
        let people: Vec<Twins> = People::new(&sources, 1, 10_000).take(10_000).collect();
        let supporters: Vec<&Supporter> =
            people.iter().filter_map(|twins| twins.supporter.as_ref()).collect();
        let contacts: Vec<&Contact> = people.iter().filter_map(|twins| twins.contact.as_ref()).collect();
        let share = |count: usize, of: usize| count * 100 / of;
        // THEN nearly all are supporters with an address of their own, and four of five are Contacts with a last name
        assert!((97..=99).contains(&share(supporters.len(), people.len())));
        assert!((77..=81).contains(&share(contacts.len(), people.len())));
        let addresses: HashSet<&str> = supporters.iter().map(|supporter| supporter.email.as_str()).collect();
        assert_eq!(addresses.len(), supporters.len());
        assert!(contacts.iter().all(|contact| !contact.last_name.is_empty()));
        // AND both sides carry the same address as often as they should, and some Contacts share one
        let same = people.iter().filter(|twins| match (&twins.supporter, &twins.contact) {
            (Some(supporter), Some(contact)) => supporter.email == contact.email,
            _ => false,
        });
        assert!((82..=88).contains(&share(same.count(), contacts.len())));
        let filled: Vec<&str> = contacts.iter().map(|c| c.email.as_str()).filter(|e| !e.is_empty()).collect();
        assert!(filled.iter().collect::<HashSet<_>>().len() < filled.len());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(16))]

        #[test]
        fn the_same_seed_makes_the_same_people_and_another_seed_others(seed: u64, count in 1usize..200) {
            proptest::prop_assert_eq!(bytes(seed, count), bytes(seed, count));
            proptest::prop_assert!(bytes(seed, 50) != bytes(seed.wrapping_add(1), 50));
        }
    }
}
