//! Contacts that carry the id of a supporter whom they are not linked to.

use std::collections::{BTreeMap, HashSet};

use model::{ContactId, Link, LinkLife, Side, Subject, SupporterId};
use plan::carried::{Carriers, carrying};
use plan::{Decided, Fatal, Pair, SeenContact, SkipReason, Stretch, Tie, decide};

use super::Audit;
use super::finding::{Finding, What};

/// So many on one page are asked of the org once more; of more the directory is believed, where there is one.
const MOST_ASKED: usize = 400;

/// A Contact, the supporter id it carries, and the link of that supporter.
struct Stray {
    seen: SeenContact,
    key: SupporterId,
    link: Option<Link>,
}

/// What stands about the strays of one page.
struct Around {
    forgotten: HashSet<Subject>,
    apart: HashSet<(SupporterId, ContactId)>,
    /// Those of the supporters who are there.
    there: HashSet<SupporterId>,
    /// Who carries each id, in lower case, as Salesforce compares them.
    carriers: BTreeMap<String, Vec<ContactId>>,
}

impl Audit<'_> {
    /// Every Contact that carries a supporter's id.
    pub(super) async fn carried(&mut self) -> Result<(), Fatal> {
        if self.sides.stopping() {
            return Ok(());
        }
        self.sides.progress.begin(Stretch::Carriers, None);
        // Taken out for the walk, so that what is found can be told meanwhile.
        let directory = self.directory.take();
        let mut pages = Carriers::of(self.sides, directory.as_ref())?;
        while let Some(page) = pages.next(self.sides).await? {
            if self.sides.stopping() {
                break;
            }
            self.sides.progress.advance(page.len() as u64);
            for chunk in page.chunks(self.sides.settings.batch) {
                self.carriers(chunk.to_vec(), directory.as_ref()).await?;
            }
        }
        Ok(())
    }

    /// The Contacts that carry the ids of these supporters, and these Contacts.
    pub(super) async fn named_carriers(
        &mut self,
        supporters: &[SupporterId],
        contacts: &[ContactId],
    ) -> Result<(), Fatal> {
        let keys: Vec<&SupporterId> = supporters.iter().collect();
        let mut seen = carrying(self.sides, None, &keys).await?;
        for (id, one) in contacts.iter().zip(plan::read::contacts(self.sides, contacts).await?) {
            match one.filter(|one| one.contact.supporter_id.text().is_some()) {
                Some(one) => seen.push(one),
                // Nobody's, and says so.
                None => self.tell(&Finding {
                    what: What::LeftOut,
                    supporter: None,
                    contact: Some(*id),
                    details: vec![SkipReason::NoSupporter.code().to_owned()],
                }),
            }
        }
        seen.sort_by_key(SeenContact::id);
        seen.dedup_by_key(|seen| seen.id());
        self.carriers(seen, None).await
    }

    async fn carriers(
        &mut self,
        page: Vec<SeenContact>,
        directory: Option<&plan::Directory>,
    ) -> Result<(), Fatal> {
        let key = |seen: &SeenContact| SupporterId::parse(seen.contact.supporter_id.text()?).ok();
        let keyed: Vec<(SeenContact, SupporterId)> =
            page.into_iter().filter_map(|seen| key(&seen).map(|key| (seen, key))).collect();
        let keys: Vec<SupporterId> = keyed.iter().map(|(_, key)| key.clone()).collect();
        let links = self.sides.state.links_of(&keys)?;
        // A link that ended is told of by the walk of the linked.
        let fits = |stray: &Stray| stray.link.as_ref().is_some_and(|link| link.contact == stray.seen.id());
        let strays: Vec<Stray> = keyed
            .into_iter()
            .zip(links)
            .map(|((seen, key), link)| Stray { seen, key, link })
            .filter(|stray| !fits(stray))
            .collect();
        if strays.is_empty() {
            return Ok(());
        }
        let around = self.around(&strays, directory.filter(|_| strays.len() > MOST_ASKED)).await?;
        for stray in strays {
            if let Some(finding) = self.stray(&stray, &around)? {
                self.tell(&finding);
            }
        }
        Ok(())
    }

    async fn around(&self, strays: &[Stray], directory: Option<&plan::Directory>) -> Result<Around, Fatal> {
        let keys: HashSet<&SupporterId> = strays.iter().map(|stray| &stray.key).collect();
        let keys: Vec<&SupporterId> = keys.into_iter().collect();
        let ids: Vec<SupporterId> = keys.iter().map(|&key| key.clone()).collect();
        let subjects = ids.iter().cloned().map(Subject::Supporter);
        let contacts = strays.iter().map(|stray| Subject::Contact(stray.seen.id()));
        let subjects: Vec<Subject> = subjects.chain(contacts).collect();
        let mut carriers: BTreeMap<String, Vec<ContactId>> = BTreeMap::new();
        for seen in carrying(self.sides, directory, &keys).await? {
            let Some(key) = seen.contact.supporter_id.text() else { continue };
            carriers.entry(key.to_lowercase()).or_default().push(seen.id());
        }
        carriers.values_mut().for_each(|ids| ids.sort_unstable());
        let there = self.sides.supporters.get(&ids).await?.into_iter().flatten().map(|one| one.id);
        Ok(Around {
            forgotten: self.sides.state.forgotten_among(&subjects)?,
            apart: self.sides.state.apart_of(&ids)?,
            there: there.collect(),
            carriers,
        })
    }

    /// What one of them comes to; `None`: it no longer carries the id, or is told of elsewhere.
    fn stray(&self, stray: &Stray, around: &Around) -> Result<Option<Finding>, Fatal> {
        let (Stray { seen, key, link }, sides) = (stray, self.sides);
        let subjects = [Subject::Contact(seen.id()), Subject::Supporter(key.clone())];
        if subjects.iter().any(|subject| around.forgotten.contains(subject)) || self.is_left_out(seen) {
            return Ok(None);
        }
        let others = around.carriers.get(&key.as_str().to_lowercase()).map(Vec::as_slice).unwrap_or_default();
        if !others.contains(&seen.id()) {
            return Ok(None);
        }
        // The walk of the linked has told of a Contact that is somebody else's.
        let owner = sides.state.supporter_of(&seen.id())?.filter(|owner| owner != key);
        let live = |link: &Link| link.life == LinkLife::Live && link.contact == seen.id();
        if let Some(owner) = owner
            && sides.state.link_of(&owner)?.as_ref().is_some_and(live)
        {
            return Ok(None);
        }
        let (contact, supporter) = (Some(seen.id()), Some(key.clone()));
        if around.apart.contains(&(key.clone(), seen.id())) {
            return Ok(Some(Finding { what: What::KeptApart, supporter, contact, details: Vec::new() }));
        }
        if let Some(kind) = self.known.asked(sides, &subjects)? {
            let details = vec![kind.to_owned()];
            return Ok(Some(Finding { what: What::Asked, supporter, contact, details }));
        }
        let rest: Vec<String> =
            others.iter().filter(|id| **id != seen.id()).map(ToString::to_string).collect();
        let (what, details) = match (link, rest.is_empty()) {
            // Of several without a link the first speaks for all.
            (None, false) if others.first() != Some(&seen.id()) => return Ok(None),
            (_, false) => (What::SharedId, vec![format!("also on {}", rest.join(", "))]),
            (Some(link), true) => (What::StrayId, vec![format!("linked to {}", link.contact)]),
            (None, true) if around.there.contains(key) => (What::UnlinkedSupporterId, Vec::new()),
            (None, true) => (What::UnknownSupporterId, Vec::new()),
        };
        for subject in &subjects {
            if sides.state.is_dirty(subject)? {
                return Ok(Some(Finding { what: What::Waiting, supporter, contact, details }));
            }
        }
        let (id, at) = (seen.id().to_string(), seen.contact.modified);
        let new = self.known.is_new(sides, Side::Salesforce, &id, at)?;
        let what = if new { What::ChangedSince } else { what };
        Ok(Some(Finding { what, supporter, contact, details }))
    }

    /// Whether a rule of the configuration leaves the Contact to others: as any cycle decides.
    fn is_left_out(&self, seen: &SeenContact) -> bool {
        let mut pair = Pair {
            subject: Subject::Contact(seen.id()),
            supporter: None,
            contact: Some(seen.clone()),
            tie: Tie::Alone,
            bases: state::Bases::default(),
            in_flight: None,
            block: None,
        };
        match decide(&mut pair, &self.rules()) {
            Decided::Skip(SkipReason::PersonAccount | SkipReason::Excluded | SkipReason::OtherAccount) => {
                true
            }
            Decided::Skip(_) | Decided::Plan(_) | Decided::Block { .. } => false,
        }
    }
}
