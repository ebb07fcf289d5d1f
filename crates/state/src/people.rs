//! Reading links, bases, intents, blocks and outcomes.

use model::{Block, ContactId, CycleId, Intent, Link, PlanId, SupporterId};

use crate::error::Error;
use crate::person::{LinkedSupporter, Person, StoredLink, indexed, supporter_key};
use crate::record::{self, Record};
use crate::store::Scan;
use crate::tree::Tree;
use crate::{Bases, Known, State, keys};

/// Records read at once while paging over people.
const PAGE: usize = 500;

impl State {
    fn person(&self, id: &SupporterId) -> Result<Option<Person>, Error> {
        Ok(record::get(self.store(), id)?)
    }

    fn people(&self, ids: &[SupporterId]) -> Result<Vec<Option<Person>>, Error> {
        Ok(record::get_many(self.store(), ids)?)
    }

    /// All that is remembered of several people and asked for when they are decided on, in one read, in the order asked for.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn known_of(&self, ids: &[SupporterId]) -> Result<Vec<Known>, Error> {
        let mut known: Vec<Known> = ids.iter().map(|_| Known::default()).collect();
        record::get_each(self.store(), ids, |at, person| {
            let Person { link, bases, intent, block, outcome: _ } = person;
            let link = link.map(|link| StoredLink::of(ids[at].clone(), link));
            known[at] = Known { link, bases, intent, block };
        })?;
        Ok(known)
    }

    /// The link of a supporter, live or not.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn link_of(&self, id: &SupporterId) -> Result<Option<Link>, Error> {
        let link = self.person(id)?.and_then(|person| person.link);
        Ok(link.map(|link| StoredLink::of(id.clone(), link)))
    }

    /// The links of several supporters, in the order asked for.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn links_of(&self, ids: &[SupporterId]) -> Result<Vec<Option<Link>>, Error> {
        let mut links: Vec<Option<Link>> = ids.iter().map(|_| None).collect();
        record::get_each(self.store(), ids, |at, person: Person| {
            links[at] = person.link.map(|link| StoredLink::of(ids[at].clone(), link));
        })?;
        Ok(links)
    }

    /// Whose link names this Contact: the live one, else the last that was live. Ask [`State::link_of`] for its life.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn supporter_of(&self, contact: &ContactId) -> Result<Option<SupporterId>, Error> {
        let found: Option<LinkedSupporter> = record::get(self.store(), contact)?;
        Ok(found.map(|found| found.0))
    }

    /// The same for several Contacts, in the order asked for.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn supporters_of(&self, contacts: &[ContactId]) -> Result<Vec<Option<SupporterId>>, Error> {
        let mut supporters = vec![None; contacts.len()];
        record::get_each(self.store(), contacts, |at, found: LinkedSupporter| {
            supporters[at] = Some(found.0)
        })?;
        Ok(supporters)
    }

    /// Links in the order of their supporters' ids, live or not: at most `limit` of those after `after`.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn links_page(&self, after: Option<&SupporterId>, limit: usize) -> Result<Vec<Link>, Error> {
        let mut links = Vec::new();
        let mut last = after.map(Person::key);
        while links.len() < limit {
            let scan = Scan { prefix: &[], after: last.as_deref() };
            let people = record::page::<Person>(self.store(), scan, PAGE)?;
            let end = people.len() < PAGE;
            for (key, person) in people {
                let supporter = supporter_key(Tree::People, &key, 0)?;
                links.extend(person.link.map(|link| StoredLink::of(supporter, link)));
                last = Some(key);
            }
            if end {
                break;
            }
        }
        links.truncate(limit);
        Ok(links)
    }

    /// What both sides last agreed on for one person; empty before the first agreement.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn bases_of(&self, id: &SupporterId) -> Result<Bases, Error> {
        Ok(self.person(id)?.map(|person| person.bases).unwrap_or_default())
    }

    /// The same for several people, in the order asked for.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn bases_of_many(&self, ids: &[SupporterId]) -> Result<Vec<Bases>, Error> {
        let people = self.people(ids)?;
        Ok(people.into_iter().map(|person| person.map(|person| person.bases).unwrap_or_default()).collect())
    }

    /// Values on their way for one person.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn intent_of(&self, id: &SupporterId) -> Result<Option<Intent>, Error> {
        Ok(self.person(id)?.and_then(|person| person.intent))
    }

    /// The same for several people, in the order asked for.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn intents_of_many(&self, ids: &[SupporterId]) -> Result<Vec<Option<Intent>>, Error> {
        let mut intents: Vec<Option<Intent>> = ids.iter().map(|_| None).collect();
        record::get_each(self.store(), ids, |at, person: Person| intents[at] = person.intent)?;
        Ok(intents)
    }

    /// The rows of a plan in the order of their supporters' ids: at most `limit` of those after `after`. Looks at everybody,
    /// which is dear: to be asked only when some of its rows are known to be open.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn intents_of_plan(
        &self,
        plan: PlanId,
        after: Option<&SupporterId>,
        limit: usize,
    ) -> Result<Vec<(SupporterId, Intent)>, Error> {
        let mut found = Vec::new();
        let mut last = after.map(Person::key);
        while found.len() < limit {
            let scan = Scan { prefix: &[], after: last.as_deref() };
            let people = record::page::<Person>(self.store(), scan, PAGE)?;
            let end = people.len() < PAGE;
            for (key, person) in people {
                let supporter = supporter_key(Tree::People, &key, 0)?;
                found
                    .extend(person.intent.filter(|intent| intent.plan == Some(plan)).map(|i| (supporter, i)));
                last = Some(key);
            }
            if end {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Why a supporter is set aside.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn block_of(&self, id: &SupporterId) -> Result<Option<Block>, Error> {
        Ok(self.person(id)?.and_then(|person| person.block))
    }

    /// The same for several supporters, in the order asked for.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn blocks_of(&self, ids: &[SupporterId]) -> Result<Vec<Option<Block>>, Error> {
        Ok(self.people(ids)?.into_iter().map(|person| person.and_then(|person| person.block)).collect())
    }

    /// Blocks in the order of their supporters' ids: at most `limit` of those after `after`.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn blocks_page(
        &self,
        after: Option<&SupporterId>,
        limit: usize,
    ) -> Result<Vec<(SupporterId, Block)>, Error> {
        let after = after.map(keys::blocked);
        let ids = indexed(self.store(), keys::BLOCK_PREFIX, after.as_deref(), limit)?;
        let blocks = self.blocks_of(&ids)?;
        Ok(ids.into_iter().zip(blocks).filter_map(|(id, block)| block.map(|b| (id, b))).collect())
    }

    /// What became of a supporter when it was last selected: the cycle, and the outcome's code.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn last_outcome(&self, id: &SupporterId) -> Result<Option<(CycleId, String)>, Error> {
        Ok(self.person(id)?.and_then(|person| person.outcome))
    }
}
