//! Links, one to one: the check and the change are one step, and nobody else writes meanwhile.

use model::{ContactId, Evidence, Happened, Link, LinkLife, Stamp, Subject, SupporterId};

use crate::draft::Draft;
use crate::error::Fatal;
use crate::person::{LinkedSupporter, Person, StoredLink};
use crate::{InTheWay, RefusedLink};

impl Draft<'_> {
    pub(super) fn put_link(&mut self, link: Link) -> Result<(), Fatal> {
        if let Some(by) = self.stands_in_the_way(&link.supporter, link.contact)? {
            self.refuse(link.supporter, link.contact, InTheWay::Linked(by));
            return Ok(());
        }
        // Only who said it takes it back.
        if link.evidence != Evidence::Administrator && self.are_apart(&link.supporter, link.contact)? {
            self.refuse(link.supporter, link.contact, InTheWay::SetApart);
            return Ok(());
        }
        let (supporter, contact, evidence) = (link.supporter.clone(), link.contact, link.evidence.clone());
        self.store_link(&supporter, link.into())?;
        self.tell(&Subject::Supporter(supporter), Happened::Linked { contact, evidence });
        Ok(())
    }

    pub(super) fn relink(
        &mut self,
        supporter: &SupporterId,
        from: ContactId,
        to: ContactId,
        evidence: Evidence,
        at: Stamp,
    ) -> Result<(), Fatal> {
        let named = self.person(supporter)?.and_then(|person| person.link.as_ref()).map(|link| link.contact);
        let by = match named {
            Some(contact) if contact == from => self.live_owner(supporter, to)?.map(Subject::Supporter),
            Some(contact) => Some(Subject::Contact(contact)),
            None => Some(Subject::Supporter(supporter.clone())),
        };
        if let Some(by) = by {
            self.refuse(supporter.clone(), to, InTheWay::Linked(by));
            return Ok(());
        }
        let cycle = self.cycle_now()?;
        let linked = Happened::Linked { contact: to, evidence: evidence.clone() };
        self.tell(&Subject::Supporter(supporter.clone()), linked);
        self.store_link(
            supporter,
            StoredLink { contact: to, made_at: at, cycle, evidence, life: LinkLife::Live },
        )
    }

    pub(super) fn remove_link(&mut self, supporter: &SupporterId) -> Result<(), Fatal> {
        let Some(person) = self.person_if_known(supporter)? else { return Ok(()) };
        let old = person.link.take();
        person.bases = crate::Bases::default();
        self.tidy(supporter)?;
        match old {
            Some(old) => {
                self.tell(&Subject::Supporter(supporter.clone()), Happened::Unlinked(old.contact));
                self.release(supporter, old.contact)
            }
            None => Ok(()),
        }
    }

    pub(super) fn set_link_life(&mut self, supporter: &SupporterId, life: LinkLife) -> Result<(), Fatal> {
        let Some(link) = self.person(supporter)?.and_then(|person| person.link.clone()) else {
            return Ok(());
        };
        if life == LinkLife::Live
            && let Some(by) = self.stands_in_the_way(supporter, link.contact)?
        {
            self.refuse(supporter.clone(), link.contact, InTheWay::Linked(by));
            return Ok(());
        }
        if link.life != life {
            let ended = Happened::LinkLife { contact: link.contact, life };
            self.tell(&Subject::Supporter(supporter.clone()), ended);
        }
        self.store_link(supporter, StoredLink { life, ..link })
    }

    /// Who else is linked, live, to either end.
    fn stands_in_the_way(
        &mut self,
        supporter: &SupporterId,
        contact: ContactId,
    ) -> Result<Option<Subject>, Fatal> {
        let linked = self.person(supporter)?.and_then(Person::live_contact);
        if let Some(other) = linked.filter(|linked| *linked != contact) {
            return Ok(Some(Subject::Contact(other)));
        }
        Ok(self.live_owner(supporter, contact)?.map(Subject::Supporter))
    }

    /// The other supporter whose live link names this Contact.
    fn live_owner(
        &mut self,
        supporter: &SupporterId,
        contact: ContactId,
    ) -> Result<Option<SupporterId>, Fatal> {
        let Some(owner) = self.contacts.get(self.store, &contact)?.map(|owner| owner.0.clone()) else {
            return Ok(None);
        };
        let live = self.person(&owner)?.and_then(Person::live_contact) == Some(contact);
        Ok((live && owner != *supporter).then_some(owner))
    }

    /// Writes a link that nothing stands in the way of, and the way back from its Contact.
    fn store_link(&mut self, supporter: &SupporterId, link: StoredLink) -> Result<(), Fatal> {
        let (contact, live) = (link.contact, link.life == LinkLife::Live);
        let old = self.person_mut(supporter)?.link.replace(link);
        if let Some(old) = old.filter(|old| old.contact != contact) {
            self.release(supporter, old.contact)?;
        }
        // A dead link keeps the way back only while no live one needs it.
        if live || self.live_owner(supporter, contact)?.is_none() {
            *self.contacts.slot(self.store, &contact)? = Some(LinkedSupporter(supporter.clone()));
        }
        Ok(())
    }

    /// Removes the way back from a Contact if it leads to this supporter.
    fn release(&mut self, supporter: &SupporterId, contact: ContactId) -> Result<(), Fatal> {
        let owner = self.contacts.slot(self.store, &contact)?;
        if owner.as_ref().is_some_and(|owner| owner.0 == *supporter) {
            *owner = None;
        }
        Ok(())
    }

    fn refuse(&mut self, supporter: SupporterId, contact: ContactId, by: InTheWay) {
        self.refused.push(supporter.clone());
        let refused = match &by {
            InTheWay::Linked(by) => Happened::LinkRefused { contact, by: by.clone() },
            InTheWay::SetApart => Happened::LinkOfApartRefused(contact),
        };
        self.tell(&Subject::Supporter(supporter.clone()), refused);
        self.receipt.refused.push(RefusedLink { supporter, contact, by });
    }
}
