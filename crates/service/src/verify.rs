//! The audit: everybody on both sides and in the state, whatever the watermarks say. Nothing is written anywhere.
//!
//! Three walks, a page at a time: everybody who is linked, everybody in the table who is not, and every Contact that carries a
//! supporter's id. Each pair is decided by the one decision of every cycle; what a cycle would write is what differs. Whoever differs
//! may be known: in a case, in a job, marked, or changed so lately that the next cycle finds it. What is left nobody knew.

mod carried;
pub mod finding;
mod judge;

use std::borrow::Cow;
use std::collections::HashMap;

use model::{ContactId, DigestKey, FieldRule, Side, Subject, SupporterId};
use plan::carried::last_touched;
use plan::gather::{fresh, gather};
use plan::road::JOB_CALLS;
use plan::{BlankDigests, CycleReport, Directory, Fatal, Rules, Sides, Stretch, travelling};
use state::AlreadyRunning;

use crate::whom;
use finding::{Finding, Weight, What};
use judge::{Known, judge};

/// Of whom, and how.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// These people only; `None`: everybody.
    pub only: Option<Vec<Subject>>,
    /// Rows without a usable stamp are read by every window, as they are by default.
    pub undated_are_read: bool,
}

/// Looks at everybody. Each finding goes to `see`, those that agree among them; the report counts them by their words, and its
/// outcomes balance like a cycle's. No cycle begins meanwhile.
///
/// # Errors
/// [`Fatal`] when either side or the state cannot be read.
pub async fn verify(
    sides: &Sides,
    scope: &Scope,
    see: &mut (dyn FnMut(&Finding) + Send + Sync),
) -> Result<Result<CycleReport, AlreadyRunning>, Fatal> {
    let _still = match sides.state.keep_cycles_out() {
        Ok(still) => still,
        Err(running) => return Ok(Err(running)),
    };
    let begun = sides.clock.now();
    let calls = sides.org.usage().total();
    let identity = sides.org.whose_session().await?;
    sides.state.adopt_org(identity.org_id)?;
    let now = sides.org.server_time().unwrap_or(begun);
    let report = CycleReport::new(sides.state.last_cycle()?, "verify", now);
    let key = sides.state.digest_key();
    let mut audit = Audit {
        sides,
        known: Known::of(sides, scope.undated_are_read)?,
        fields: travelling(&sides.map, &sides.settings),
        blank: BlankDigests::of_rules(&sides.map, &key),
        key,
        report,
        directory: None,
        see,
    };
    let result = match &scope.only {
        Some(subjects) => audit.named(subjects).await,
        None => audit.everybody().await,
    };
    let mut report = audit.report;
    sides.progress.end();
    report.stopped = sides.stopping();
    report.api_calls = sides.org.usage().total().saturating_sub(calls);
    report.duration_ms = u64::try_from(sides.clock.now().since(begun).as_millis()).unwrap_or(u64::MAX);
    report.still_dirty = sides.state.dirty_count()?;
    report.open_cases = sides.state.case_counts()?.values().sum();
    report.cases_aside = sides.state.cases_aside(sides.clock.now())?.values().sum();
    sides.org.close_books().await?;
    result.map(|()| Ok(report))
}

struct Audit<'a> {
    sides: &'a Sides,
    known: Known,
    fields: Cow<'a, [FieldRule]>,
    blank: Vec<BlankDigests>,
    key: DigestKey,
    report: CycleReport,
    directory: Option<Directory>,
    see: &'a mut (dyn FnMut(&Finding) + Send + Sync),
}

impl Audit<'_> {
    async fn everybody(&mut self) -> Result<(), Fatal> {
        self.prepare_directory().await?;
        let rows = self.sides.supporters.count().await?;
        let total = rows.max(self.sides.state.link_count()?);
        self.sides.progress.begin(Stretch::Verify, Some(total));
        self.linked().await?;
        self.unlinked().await?;
        self.sides.progress.end();
        self.carried().await
    }

    /// One query of all Contacts where that takes fewer calls than reading the linked ones, and those that carry an id, a page of
    /// them at a time.
    async fn prepare_directory(&mut self) -> Result<(), Fatal> {
        let settings = &self.sides.settings;
        let people = usize::try_from(self.sides.state.link_count()?).unwrap_or(usize::MAX);
        let by_pages = people.div_ceil(settings.batch.max(1)).saturating_mul(2);
        let by_query = JOB_CALLS + people.div_ceil(usize::try_from(settings.page_rows.max(1)).unwrap_or(1));
        if by_pages > by_query {
            self.directory = tokio::select! {
                biased;
                () = self.sides.stop.cancelled() => None,
                directory = Directory::fetch(self.sides) => Some(directory?),
            };
        }
        let how = if self.directory.is_some() { "one query of all of them" } else { "pages of up to 2,000" };
        self.report.note(format!("the Contacts were read by {how}"));
        Ok(())
    }

    /// Everybody who has a link, live or not.
    async fn linked(&mut self) -> Result<(), Fatal> {
        let mut after: Option<SupporterId> = None;
        while !self.sides.stopping() {
            let page = self.sides.state.links_page(after.as_ref(), self.sides.settings.batch)?;
            let Some(last) = page.last() else { break };
            after = Some(last.supporter.clone());
            let ids: Vec<SupporterId> = page.into_iter().map(|link| link.supporter).collect();
            self.people(&ids).await?;
            self.sides.progress.advance(ids.len() as u64);
        }
        Ok(())
    }

    /// Everybody in the table who has none.
    async fn unlinked(&mut self) -> Result<(), Fatal> {
        let mut after: Option<SupporterId> = None;
        while !self.sides.stopping() {
            let mut ids = self.sides.supporters.ids(after.as_ref(), self.sides.settings.batch).await?;
            let Some(last) = ids.last() else { break };
            after = Some(last.clone());
            let mut links = self.sides.state.links_of(&ids)?.into_iter();
            ids.retain(|_| links.next().flatten().is_none());
            self.people(&ids).await?;
            self.sides.progress.advance(ids.len() as u64);
        }
        Ok(())
    }

    /// The people that subjects name, and the Contacts that carry their ids.
    async fn named(&mut self, subjects: &[Subject]) -> Result<(), Fatal> {
        let (mut supporters, mut contacts) = (Vec::new(), Vec::new());
        for subject in whom::named(self.sides, subjects)? {
            match subject {
                Subject::Supporter(id) => supporters.push(id),
                Subject::Contact(id) => contacts.push(id),
            }
        }
        for ids in supporters.chunks(self.sides.settings.batch) {
            self.people(ids).await?;
        }
        self.named_carriers(&supporters, &contacts).await
    }

    /// A page of people of one kind or the other.
    async fn people(&mut self, ids: &[SupporterId]) -> Result<(), Fatal> {
        let subjects: Vec<Subject> = ids.iter().cloned().map(Subject::Supporter).collect();
        let forgotten = self.sides.state.forgotten_among(&subjects)?;
        let is_forgotten = |id: &SupporterId| forgotten.contains(&Subject::Supporter(id.clone()));
        let (gone, ids): (Vec<SupporterId>, Vec<SupporterId>) = ids.iter().cloned().partition(is_forgotten);
        for id in gone {
            let (supporter, details) = (Some(id), Vec::new());
            self.tell(&Finding { what: What::Forgotten, supporter, contact: None, details });
        }
        let mut found = self.judged(&ids, true).await?;
        if fresh(self.sides, self.directory.as_ref()).is_some() {
            self.look_again(&mut found).await?;
        }
        self.ask_when(&mut found).await?;
        found.iter().for_each(|finding| self.tell(finding));
        Ok(())
    }

    async fn judged(&self, ids: &[SupporterId], by_directory: bool) -> Result<Vec<Finding>, Fatal> {
        let directory = self.directory.as_ref().filter(|_| by_directory);
        let gathered = gather(self.sides, directory, ids, &|_| false).await?;
        let rules = self.rules();
        let judged =
            ids.iter().zip(gathered).map(|(id, one)| judge(self.sides, &self.known, &rules, id, one));
        Ok(judged.collect::<Result<_, _>>()?)
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            map: &self.sides.map,
            fields: &self.fields,
            settings: &self.sides.settings,
            key: &self.key,
            blank: &self.blank,
            now: self.report.started_at,
            lift_blocks: false,
            stamps_supporters: self.sides.stamps_supporters(),
        }
    }

    /// The directory is some minutes old: nobody is told of who was not read once more, from both sides.
    async fn look_again(&self, found: &mut [Finding]) -> Result<(), Fatal> {
        let unsure = |finding: &&mut Finding| finding.what.weight() == Weight::Found;
        let ids: Vec<SupporterId> =
            found.iter_mut().filter(unsure).filter_map(|finding| finding.supporter.clone()).collect();
        let again = self.judged(&ids, false).await?;
        for (before, now) in found.iter_mut().filter(unsure).zip(again) {
            *before = now;
        }
        Ok(())
    }

    /// A Contact that was deleted or merged since the last cycle is found by the next one, by the stamp of the deletion; so is a
    /// supporter's merge.
    async fn ask_when(&self, found: &mut [Finding]) -> Result<(), Fatal> {
        let ended = |what| matches!(what, What::ContactDeleted | What::ContactMerged);
        let contacts: Vec<ContactId> =
            found.iter().filter(|one| ended(one.what)).filter_map(|one| one.contact).collect();
        let touched = last_touched(self.sides, &contacts).await?;
        let merged = |finding: &&Finding| finding.what == What::SupporterMerged;
        let ids: Vec<SupporterId> =
            found.iter().filter(merged).filter_map(|finding| finding.supporter.clone()).collect();
        let rows = self.sides.supporters.get(&ids).await?.into_iter().flatten();
        let edited: HashMap<SupporterId, model::Stamp> = rows.map(|row| (row.id, row.modified)).collect();
        for finding in found {
            let row = finding.supporter.as_ref().filter(|_| finding.what == What::SupporterMerged);
            let record = finding.contact.filter(|_| ended(finding.what));
            let row = row.and_then(|id| Some((Side::Supporter, id.to_string(), *edited.get(id)?)));
            let record = record.and_then(|id| Some((Side::Salesforce, id.to_string(), *touched.get(&id)?)));
            let when = row.or(record);
            if let Some((side, id, at)) = when
                && self.known.is_new(self.sides, side, &id, at)?
            {
                finding.what = What::ChangedSince;
            }
        }
        Ok(())
    }

    fn tell(&mut self, finding: &Finding) {
        *self.report.outcomes.entry(finding.what.code().to_owned()).or_default() += 1;
        self.report.selected += 1;
        (self.see)(finding);
    }
}
