//! A plan on file: what a first load would do, written down, looked at by an administrator, and then carried out for exactly
//! the people about whom nothing changed since.
//!
//! One JSON document a line: a [`Heading`], one [`Line`] for each person, a last line that says the file is whole. It holds
//! ids, field names and keyed digests, nobody's data. A person's line may be deleted by hand: that person is then left alone.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use model::{ContactId, Digest, OrgId, Stamp, Subject, SupporterId};
use plan::{Outcome, PersonPlan, Sides};
use serde::{Deserialize, Serialize};

use crate::upkeep;

/// The version of the file's form.
const VERSION: u32 = 1;

/// No line of a plan is longer: a few hundred field names and reasons.
const LINE_AT_MOST: u64 = 256 * 1024;

/// What a plan on file is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heading {
    /// The version of the file's form.
    pub highwater_plan: u32,
    /// The org's clock when the plan was made.
    pub made_at: Stamp,
    /// The org it was made for.
    pub org: Option<OrgId>,
    /// Keyed digest of the field map and the settings: people are compared differently under others.
    pub rules: Digest,
    /// The supporter window's upper end: whoever changes later is met by the next cycle.
    pub supporters_until: Option<Stamp>,
    /// The Contact window's upper end.
    pub contacts_until: Option<Stamp>,
}

impl Heading {
    /// The heading of a plan made now.
    pub(crate) fn new(
        sides: &Sides,
        now: Stamp,
        supporters_until: Option<Stamp>,
        contacts_until: Option<Stamp>,
    ) -> Self {
        let (org, rules) = (sides.state.org(), upkeep::rules_digest(sides));
        Self { highwater_plan: VERSION, made_at: now, org, rules, supporters_until, contacts_until }
    }

    /// The first line of the file.
    #[must_use]
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// One person of a plan on file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The supporter; `None`: to be created, or nobody's Contact.
    supporter: Option<SupporterId>,
    /// The Contact; `None`: to be created, or none was found.
    contact: Option<ContactId>,
    /// What is to happen: an action, or the outcome of somebody for whom nothing is written.
    action: String,
    /// The fingerprint of the plan; none for somebody for whom nothing is written.
    #[serde(default)]
    agree: Option<Digest>,
}

impl Line {
    fn subject(self) -> Option<Subject> {
        self.supporter.map(Subject::Supporter).or(self.contact.map(Subject::Contact))
    }
}

/// The line of somebody for whom something is to be written.
#[must_use]
pub fn plan_line(plan: &PersonPlan, fingerprint: Digest) -> String {
    let mut line = serde_json::to_value(plan).unwrap_or_default();
    line["agree"] = serde_json::to_value(fingerprint).unwrap_or_default();
    line.to_string()
}

/// The line of somebody for whom nothing is written.
#[must_use]
pub fn end_line(subject: &Subject, outcome: &Outcome) -> String {
    let (supporter, contact) = match subject {
        Subject::Supporter(id) => (Some(id.clone()), None),
        Subject::Contact(id) => (None, Some(*id)),
    };
    let line = Line { supporter, contact, action: outcome.code(), agree: None };
    serde_json::to_string(&line).unwrap_or_default()
}

/// The last line: without it the file was cut short.
pub const LAST_LINE: &str = r#"{"end_of_plan":true}"#;

/// Why a plan on file cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum BadPlan {
    /// The file cannot be read.
    #[error("the plan cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// A line is no line of a plan.
    #[error("line {0} is no line of a plan")]
    Malformed(u64),
    /// The last line is missing.
    #[error("the plan is not whole: its last line is missing")]
    Cut,
    /// Written by another version.
    #[error("the plan is of version {0}, this highwater carries out version {VERSION}")]
    Version(u32),
    /// Made for another org.
    #[error("the plan was made for another org")]
    OtherOrg,
    /// The field map, the settings or the state are not those it was made under.
    #[error("the field map, the settings or the state are not those the plan was made under")]
    OtherRules,
}

/// A plan on file that was read through once and is whole.
#[derive(Debug, Clone)]
pub struct Agreed {
    path: PathBuf,
    heading: Heading,
    people: u64,
}

impl Agreed {
    /// Reads a file through, without keeping it.
    ///
    /// # Errors
    /// [`BadPlan`] when it is no whole plan of this version.
    pub fn open(path: &Path) -> Result<Self, BadPlan> {
        let mut lines = Lines::open(path)?;
        let heading: Heading = lines.next()?.ok_or(BadPlan::Malformed(1))?;
        if heading.highwater_plan != VERSION {
            return Err(BadPlan::Version(heading.highwater_plan));
        }
        let mut people = 0;
        while lines.person()?.is_some() {
            people += 1;
        }
        Ok(Self { path: path.to_owned(), heading, people })
    }

    /// How many people it names.
    #[must_use]
    pub const fn people(&self) -> u64 {
        self.people
    }

    /// What it is about.
    #[must_use]
    pub const fn heading(&self) -> &Heading {
        &self.heading
    }

    /// Whether it was made for these two sides, under these rules.
    ///
    /// # Errors
    /// [`BadPlan`] when it was not.
    pub fn fits(&self, sides: &Sides) -> Result<(), BadPlan> {
        if self.heading.org.is_none() || self.heading.org != sides.state.org() {
            return Err(BadPlan::OtherOrg);
        }
        if self.heading.rules != upkeep::rules_digest(sides) {
            return Err(BadPlan::OtherRules);
        }
        Ok(())
    }

    /// Its people, in the file's order.
    pub(crate) fn read(&self) -> Result<People, BadPlan> {
        let mut lines = Lines::open(&self.path)?;
        let _heading: Option<Heading> = lines.next()?;
        Ok(People(lines))
    }
}

/// The people of a plan, page by page.
pub(crate) struct People(Lines);

impl People {
    /// The next people and what was agreed to for each, at most so many; empty at the end.
    pub(crate) fn page(&mut self, most: usize) -> Result<Vec<(Subject, Option<Digest>)>, BadPlan> {
        let mut page = Vec::new();
        while page.len() < most {
            let Some(person) = self.0.person()? else { break };
            page.push(person);
        }
        Ok(page)
    }
}

struct Lines {
    file: BufReader<File>,
    at: u64,
    ended: bool,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, BadPlan> {
        Ok(Self { file: BufReader::new(File::open(path)?), at: 0, ended: false })
    }

    fn raw(&mut self) -> Result<Option<Vec<u8>>, BadPlan> {
        let mut line = Vec::new();
        let read = self.file.by_ref().take(LINE_AT_MOST).read_until(b'\n', &mut line)?;
        self.at += 1;
        Ok((read > 0).then_some(line))
    }

    fn next<T: for<'de> Deserialize<'de>>(&mut self) -> Result<Option<T>, BadPlan> {
        let Some(line) = self.raw()? else { return Ok(None) };
        serde_json::from_slice(&line).map(Some).map_err(|_| BadPlan::Malformed(self.at))
    }

    /// The next person; `None` at the last line of a whole file.
    fn person(&mut self) -> Result<Option<(Subject, Option<Digest>)>, BadPlan> {
        if self.ended {
            return Ok(None);
        }
        let line = self.raw()?.ok_or(BadPlan::Cut)?;
        if line.trim_ascii() == LAST_LINE.as_bytes() {
            self.ended = true;
            return Ok(None);
        }
        let person: Line = serde_json::from_slice(&line).map_err(|_| BadPlan::Malformed(self.at))?;
        let agree = person.agree;
        let subject = person.subject().ok_or(BadPlan::Malformed(self.at))?;
        Ok(Some((subject, agree)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADING: &str = r#"{"highwater_plan":1,"made_at":"2026-01-01T00:00:00Z","org":null,"rules":7,"supporters_until":null,"contacts_until":null}"#;
    const PERSON: &str =
        r#"{"supporter":"7","contact":null,"action":"create_contact","link":null,"fields":[],"agree":9}"#;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        file
    }

    #[test]
    fn a_whole_file_names_its_people_and_a_deleted_line_leaves_one_out() {
        let whole =
            file(&format!("{HEADING}\n{PERSON}\n{}\n{LAST_LINE}\n", PERSON.replace("\"7\"", "\"8\"")));
        assert_eq!(Agreed::open(whole.path()).unwrap().people(), 2);
        let fewer = file(&format!("{HEADING}\n{PERSON}\n{LAST_LINE}\n"));
        let agreed = Agreed::open(fewer.path()).unwrap();
        let mut people = agreed.read().unwrap();
        let page = people.page(10).unwrap();
        assert!(people.page(10).unwrap().is_empty());
        assert_eq!(page, [(Subject::Supporter(SupporterId::parse("7").unwrap()), Some(Digest(9)))]);
    }

    #[test]
    fn what_is_no_whole_plan_is_refused_with_the_line() {
        let open = |text: &str| Agreed::open(file(text).path()).unwrap_err();
        assert!(matches!(open(""), BadPlan::Malformed(1)));
        assert!(matches!(open(&format!("{HEADING}\n{PERSON}\n")), BadPlan::Cut));
        assert!(matches!(open(&format!("{HEADING}\n{{}}\n{LAST_LINE}\n")), BadPlan::Malformed(2)));
        let nobody = r#"{"supporter":null,"contact":null,"action":"x"}"#;
        assert!(matches!(open(&format!("{HEADING}\n{nobody}\n{LAST_LINE}\n")), BadPlan::Malformed(2)));
        let later = HEADING.replace("\"highwater_plan\":1", "\"highwater_plan\":2");
        assert!(matches!(open(&format!("{later}\n{LAST_LINE}\n")), BadPlan::Version(2)));
    }

    proptest! {
        #[test]
        fn no_file_is_too_strange_to_be_refused(text in "(?s).{0,200}", cut in 0usize..200) {
            let _ = Agreed::open(file(&text).path());
            let whole = format!("{HEADING}\n{PERSON}\n{LAST_LINE}\n");
            let cut = cut.min(whole.len() - 2);
            prop_assert!(Agreed::open(file(&whole[..cut]).path()).is_err());
        }
    }
}
