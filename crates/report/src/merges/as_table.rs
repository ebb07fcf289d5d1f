//! For reading: one block per case, differences marked.

use std::io::Write;

use model::{Case, CaseRecord, Choice, Standing};

use super::Rendering;
use crate::comparison::{FieldRow, compare, ordered};
use crate::entry::{grid, plural};
use crate::group::{Action, Group};
use crate::{Error, Options, inert, resolution};

/// How many records stand side by side; more go below.
const ABREAST: usize = 3;

/// Marks a field that differs.
const DIFFERS: &str = "≠";

pub(super) struct Table<'a> {
    writer: &'a mut dyn Write,
    options: &'a Options,
    count: u64,
}

impl<'a> Table<'a> {
    pub(super) fn new(options: &'a Options, writer: &'a mut dyn Write) -> Self {
        Self { writer, options, count: 0 }
    }

    fn line(&mut self, label: &str, text: &str) -> Result<(), Error> {
        if !text.is_empty() {
            writeln!(self.writer, "  {label:<12}{}", inert::line(text))?;
        }
        Ok(())
    }

    fn links(&mut self, case: &Case) -> Result<(), Error> {
        let links = &self.options.links;
        let supporters = case.supporters.iter().filter_map(|id| links.of_supporter(id));
        let contacts = case.contacts.iter().filter_map(|id| links.of_contact(id));
        let all: Vec<String> = supporters.chain(contacts).collect();
        all.iter().try_for_each(|link| self.line("link", link))
    }

    /// The first record beside some of the others.
    fn beside(&mut self, rows: &[FieldRow<'_>], records: &[&CaseRecord], at: &[usize]) -> Result<(), Error> {
        let mut header = vec![String::new(), "field".to_owned()];
        header.extend(at.iter().map(|&at| inert::line(&records[at].subject.to_string()).into_owned()));
        let mut grid = grid(self.options.width, header);
        for row in rows {
            let values: Vec<Option<&str>> = at.iter().map(|&at| row.values[at]).collect();
            // A field may differ between other records than those that stand here.
            let differs = values.windows(2).any(|pair| pair[0] != pair[1]);
            let mut cells = vec![if differs { DIFFERS.to_owned() } else { String::new() }, shown(row.field)];
            cells.extend(values.iter().map(|value| value.map_or_else(|| "–".to_owned(), shown)));
            grid.add_row(cells);
        }
        for line in grid.lines() {
            writeln!(self.writer, "  {}", line.trim_end())?;
        }
        Ok(())
    }
}

impl Table<'_> {
    /// One case, and what may be chosen.
    pub(super) fn whole(&mut self, case: &Case) -> Result<(), Error> {
        self.case(case, None)?;
        writeln!(self.writer, "what you can do: highwater cases resolve {} …", case.name())?;
        let always = [(
            "--ignore-until changed",
            "hides the case until it is seen with other records or other reasons",
        )];
        let ways = case.kind.ways().iter().map(|way| (way.option(), way.effect())).chain(always);
        for (option, effect) in ways {
            writeln!(self.writer, "  {option:<30} {effect}")?;
        }
        let name = case.name();
        writeln!(self.writer, "or put it off: highwater cases snooze {name} --days 14")?;
        Ok(self.writer.flush()?)
    }
}

/// What an administrator did about a case so far, in words; empty where nothing was done.
pub(crate) fn standing(standing: &Standing) -> String {
    let mut said = Vec::new();
    if let Some(ruling) = &standing.ruling {
        let choice = match &ruling.choice {
            Choice::Link { supporter, contact } => {
                format!("link supporter {supporter} with Contact {contact}")
            }
            Choice::Take(fields) => {
                let each = fields.iter().map(|(field, side)| format!("{field} from {side}"));
                format!("take {}", each.collect::<Vec<_>>().join(", "))
            }
            Choice::Unlink { supporter, contact } => {
                format!("end the link of supporter {supporter} with Contact {contact}")
            }
            Choice::Separate => "different people".to_owned(),
            Choice::CreateAnew => "create the Contact anew".to_owned(),
            Choice::Leave => "leave it so".to_owned(),
            Choice::Retry => "try again".to_owned(),
        };
        said.push(format!("decided by {} at {}: {choice}; waits for the next cycle", ruling.by, ruling.at));
    }
    if let Some(until) = standing.snoozed_until {
        said.push(format!("snoozed until {until}"));
    }
    if standing.ignored {
        said.push("ignored until it changes".to_owned());
    }
    said.join("; ")
}

fn shown(text: &str) -> String {
    inert::line(text).into_owned()
}

impl Rendering for Table<'_> {
    fn group(&mut self, group: &Group) -> Result<(), Error> {
        if group.action != Action::Merge {
            return Ok(());
        }
        let title = group.title();
        let certainty = group.certainty.word();
        writeln!(self.writer, "== group {}: merge, {certainty}: {}", group.id, inert::line(&title))?;
        let names: Vec<String> = group.members.iter().map(|member| member.subject.to_string()).collect();
        self.line("one person", &names.join(", "))?;
        group.doubts.iter().try_for_each(|doubt| self.line("doubt", doubt))?;
        group.keep.because.iter().try_for_each(|why| self.line("keep", why))?;
        for gain in &group.gains {
            let kept = if gain.kept.is_empty() { "nothing" } else { &gain.kept };
            self.line(
                "only there",
                &format!("{}: {} of {}; kept: {kept}", gain.field, gain.value, gain.from),
            )?;
        }
        group.household.iter().try_for_each(|effect| self.line("household", effect))?;
        for (at, step) in group.steps.iter().enumerate() {
            self.line(&format!("[ ] step {}", at + 1), step)?;
        }
        Ok(writeln!(self.writer)?)
    }

    fn case(&mut self, case: &Case, group: Option<&Group>) -> Result<(), Error> {
        self.count += 1;
        let about = case.subject.to_string();
        writeln!(self.writer, "{}. {}: {}", self.count, case.kind.code(), inert::line(&about))?;
        let since =
            format!("{}, last seen {}", case.opened_at.to_seconds_text(), case.seen_at.to_seconds_text());
        self.line("case", &case.name())?;
        if let Some(group) = group {
            let (action, certainty) = (group.action.word(), group.certainty.word());
            self.line("group", &format!("{}: {action}, {certainty}", group.id))?;
        }
        self.line("since", &since)?;
        let supporters: Vec<&str> = case.supporters.iter().map(|id| id.as_str()).collect();
        self.line(if supporters.len() == 1 { "supporter" } else { "supporters" }, &supporters.join(", "))?;
        let contacts: Vec<&str> = case.contacts.iter().map(|id| id.as_str()).collect();
        self.line(if contacts.len() == 1 { "Contact" } else { "Contacts" }, &contacts.join(", "))?;
        self.line("why", &case.reasons.join("; "))?;
        self.line("done", resolution::done(case.kind))?;
        self.line("to do", &case.advice())?;
        self.line("standing", &standing(&case.standing))?;
        self.links(case)?;
        let records = ordered(case);
        let rows = compare(&records, self.options.differences_only && records.len() > 1);
        if let Some(others) = (!rows.is_empty()).then(|| (1..records.len()).collect::<Vec<_>>()) {
            for abreast in others.chunks(ABREAST - 1).chain(others.is_empty().then_some(&[][..])) {
                let at: Vec<usize> = std::iter::once(0).chain(abreast.iter().copied()).collect();
                self.beside(&rows, &records, &at)?;
            }
        }
        Ok(writeln!(self.writer)?)
    }

    fn end(&mut self) -> Result<(), Error> {
        writeln!(self.writer, "{}", plural(self.count, "open case"))?;
        Ok(self.writer.flush()?)
    }
}
