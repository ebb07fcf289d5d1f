//! The record of one supporter, and the two ways to find it: by Contact, and by index.

use model::{
    Block, ContactId, CycleId, Evidence, Intent, IntentField, Link, LinkLife, PlanId, Stamp, SupporterId,
};
use serde::{Deserialize, Serialize};

use crate::error::{Damage, Fatal};
use crate::record::{Coding, Counted, Record, decode_as};
use crate::store::{Scan, Store};
use crate::tree::Tree;
use crate::{Bases, keys};

/// All that is remembered of one supporter. A record that holds nothing is removed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) link: Option<StoredLink>,
    pub(crate) bases: Bases,
    pub(crate) intent: Option<Intent>,
    pub(crate) block: Option<Block>,
    pub(crate) outcome: Option<(CycleId, String)>,
}

/// A link as it lies in its supporter's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredLink {
    pub(crate) contact: ContactId,
    pub(crate) made_at: Stamp,
    pub(crate) cycle: CycleId,
    pub(crate) evidence: Evidence,
    pub(crate) life: LinkLife,
}

impl StoredLink {
    pub(crate) fn of(supporter: SupporterId, stored: Self) -> Link {
        let Self { contact, made_at, cycle, evidence, life } = stored;
        Link { supporter, contact, made_at, cycle, evidence, life }
    }
}

impl From<Link> for StoredLink {
    fn from(link: Link) -> Self {
        let Link { supporter: _, contact, made_at, cycle, evidence, life } = link;
        Self { contact, made_at, cycle, evidence, life }
    }
}

impl Person {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The Contact of a live link.
    pub(crate) fn live_contact(&self) -> Option<ContactId> {
        self.link.as_ref().filter(|link| link.life == LinkLife::Live).map(|link| link.contact)
    }

    /// The plan of an unsettled row.
    pub(crate) fn plan(&self) -> Option<PlanId> {
        self.intent.as_ref().and_then(|intent| intent.plan)
    }
}

impl Person {
    fn with_digests_of_today(self) -> Self {
        let field = |field: IntentField| IntentField {
            rule: field.rule,
            sent: field.sent.of_value(),
            seen: field.seen.of_value(),
        };
        let intent = self
            .intent
            .map(|intent| Intent { fields: intent.fields.into_iter().map(field).collect(), ..intent });
        let bases = self.bases.iter().map(|(rule, digest)| (rule, digest.of_value())).collect();
        Self { bases, intent, ..self }
    }
}

impl Record for Person {
    type Key = SupporterId;
    const TREE: Tree = Tree::People;
    const CODING: Coding = Coding::Postcard;
    const FORMAT: u8 = 3;
    fn key(id: &SupporterId) -> Vec<u8> {
        id.as_str().as_bytes().to_vec()
    }

    fn spell(id: &SupporterId, to: &mut Vec<u8>) {
        to.extend_from_slice(id.as_str().as_bytes());
    }

    fn counted(&self) -> Counted {
        Counted { link: self.live_contact().is_some(), block: self.block.is_some(), ..Counted::default() }
    }

    fn size_hint(&self) -> usize {
        self.about_bytes()
    }

    fn encode(&self, to: &mut Vec<u8>) -> Option<()> {
        self.push_bytes(to)
    }

    fn decode(format: u8, payload: &[u8]) -> Result<Self, Damage> {
        match format {
            // Up to state format 2: postcard, with digests of 64 bits.
            1 => decode_as(Self::CODING, payload).map(Self::with_digests_of_today),
            2 => Self::from_bytes(payload, true).ok_or(Damage::Content),
            Self::FORMAT => Self::from_bytes(payload, false).ok_or(Damage::Content),
            _ => Err(Damage::Format(format)),
        }
    }
}

/// Who is linked to a Contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LinkedSupporter(pub(crate) SupporterId);

impl Record for LinkedSupporter {
    type Key = ContactId;
    const TREE: Tree = Tree::ByContact;
    const CODING: Coding = Coding::Postcard;
    fn key(id: &ContactId) -> Vec<u8> {
        id.as_str().as_bytes().to_vec()
    }

    fn spell(id: &ContactId, to: &mut Vec<u8>) {
        to.extend_from_slice(id.as_str().as_bytes());
    }
}

/// Reads the supporter id that a key of `people`, or the end of a key of `index`, spells.
pub(crate) fn supporter_key(tree: Tree, key: &[u8], skip: usize) -> Result<SupporterId, Fatal> {
    key.get(skip..).and_then(keys::parse_supporter).ok_or_else(|| Fatal::damaged(tree, key, Damage::Key))
}

/// The supporters listed under a prefix of the index, in the order of their ids.
pub(crate) fn indexed(
    store: &dyn Store,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<SupporterId>, Fatal> {
    let rows = store.scan(Tree::Index, Scan { prefix, after }, limit)?;
    rows.iter().map(|(key, _)| supporter_key(Tree::Index, key, prefix.len())).collect()
}
