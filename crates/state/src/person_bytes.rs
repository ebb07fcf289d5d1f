//! A supporter's record as bytes: what a million people cost on disk and in time.
//!
//! What is the same from one person to the next comes first and in one piece, so that a leaf, which is compressed, holds it about
//! once: when and how the link was made, what became of the person last, which fields have a base. What differs comes after it.
//!
//! ```text
//! parts (1 byte: 1 link, 2 outcome, 4 bases, 8 intent, 16 block)
//! link:    life and evidence (1) | made at, microseconds (8) | cycle
//! outcome: cycle | length | code
//! bases:   how many | their fields (4 each)
//! link:    evidence that says more: length | postcard; Contact Id (12)
//! bases:   digests (5 each)
//! intent:  what it names (1 byte: 1 plan, 2 Contact) | plan | Contact Id (12) | how many | fields (4 each) | record (8) | sent (5 each) | seen (5 each)
//! block:   length | postcard
//! ```
//!
//! Numbers of bytes are little-endian, all others LEB128.

use model::{
    Block, ContactId, CycleId, Digest, Evidence, Intent, IntentField, LinkLife, PlanId, RuleKey, Stamp,
};

use crate::Bases;
use crate::person::{Person, StoredLink};
use crate::varint;

const LINK: u8 = 1;
const OUTCOME: u8 = 2;
const BASES: u8 = 4;
const INTENT: u8 = 8;
const BLOCK: u8 = 16;

const PLAN: u8 = 1;
const CONTACT: u8 = 2;

/// Bytes of a field's key, and of a value's digest.
const KEY: usize = 4;
const DIGEST: usize = 5;

/// Evidence that its code alone says; any other is [`IN_WORDS`].
const PLAIN: [Evidence; 5] = [
    Evidence::StoredContactId,
    Evidence::ExternalId,
    Evidence::CreatedContact,
    Evidence::CreatedSupporter,
    Evidence::Administrator,
];
/// Evidence that is written out.
const IN_WORDS: u8 = 15;

impl Person {
    /// About how many bytes it takes.
    pub(crate) fn about_bytes(&self) -> usize {
        64 + (self.bases.len() + self.intent.as_ref().map_or(0, |intent| 2 * intent.fields.len()))
            * (KEY + DIGEST)
    }

    /// Appends its bytes; `None` where something in it cannot be written.
    pub(crate) fn push_bytes(&self, to: &mut Vec<u8>) -> Option<()> {
        to.push(self.parts());
        if let Some(link) = &self.link {
            to.push(life_code(link.life) << 4 | evidence_code(&link.evidence));
            to.extend_from_slice(&link.made_at.micros().to_le_bytes());
            varint::push(to, link.cycle.0);
        }
        if let Some((cycle, code)) = &self.outcome {
            varint::push(to, cycle.0);
            push_bytes(to, code.as_bytes());
        }
        push_fields(to, self.bases.len(), self.bases.iter().map(|(rule, _)| rule));
        if let Some(link) = &self.link {
            if evidence_code(&link.evidence) == IN_WORDS {
                push_bytes(to, &postcard::to_stdvec(&link.evidence).ok()?);
            }
            to.extend_from_slice(&link.contact.packed());
        }
        self.bases.iter().for_each(|(_, digest)| push_digest(to, digest));
        if let Some(intent) = &self.intent {
            push_intent(to, intent);
        }
        if let Some(block) = &self.block {
            push_bytes(to, &postcard::to_stdvec(block).ok()?);
        }
        Some(())
    }

    fn parts(&self) -> u8 {
        let part = |there: bool, part: u8| if there { part } else { 0 };
        part(self.link.is_some(), LINK)
            | part(self.outcome.is_some(), OUTCOME)
            | part(!self.bases.is_empty(), BASES)
            | part(self.intent.is_some(), INTENT)
            | part(self.block.is_some(), BLOCK)
    }

    /// Reads [`Person::push_bytes`] back. Total: any bytes give a record or nothing. In state format 3 the Contact Id came before
    /// evidence in words.
    pub(crate) fn from_bytes(bytes: &[u8], contact_first: bool) -> Option<Self> {
        let (parts, mut rest) = bytes.split_first()?;
        let from = &mut rest;
        let has = |part: u8| parts & part != 0;
        let begun = if has(LINK) { Some(take_link(from)?) } else { None };
        let outcome = if has(OUTCOME) { Some(take_outcome(from)?) } else { None };
        let rules = if has(BASES) { take_fields(from)? } else { &[] };
        let link = match begun {
            Some((code, made_at, cycle, life)) => {
                let early = if contact_first { Some(take_contact(from)?) } else { None };
                let evidence = take_evidence(code, from)?;
                let contact = match early {
                    Some(contact) => contact,
                    None => take_contact(from)?,
                };
                Some(StoredLink { contact, made_at, cycle, evidence, life })
            }
            None => None,
        };
        let digests = take_digests(from, rules.len())?;
        let bases = rules.iter().zip(digests).map(|(rule, digest)| (rule_of(rule), digest_of(digest)));
        let bases = Bases::from_sorted(bases.collect())?;
        let intent = if has(INTENT) { Some(take_intent(from)?) } else { None };
        let block = if has(BLOCK) { Some(take_words::<Block>(from)?) } else { None };
        (from.is_empty() && parts < &(2 * BLOCK)).then_some(Self { link, bases, intent, block, outcome })
    }
}

const fn life_code(life: LinkLife) -> u8 {
    match life {
        LinkLife::Live => 0,
        LinkLife::ContactDeleted => 1,
        LinkLife::SupporterDeleted => 2,
    }
}

fn evidence_code(evidence: &Evidence) -> u8 {
    let plain = PLAIN.iter().zip(0_u8..).find(|(plain, _)| *plain == evidence);
    plain.map_or(IN_WORDS, |(_, code)| code)
}

fn push_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    varint::push(to, bytes.len() as u64);
    to.extend_from_slice(bytes);
}

/// Nothing where there are none: whoever reads knows from the parts.
fn push_fields(to: &mut Vec<u8>, how_many: usize, rules: impl Iterator<Item = RuleKey>) {
    if how_many > 0 {
        varint::push(to, how_many as u64);
        rules.for_each(|rule| to.extend_from_slice(&rule.0.to_le_bytes()));
    }
}

fn push_digest(to: &mut Vec<u8>, digest: Digest) {
    to.extend_from_slice(&digest.0.to_le_bytes()[..DIGEST]);
}

fn push_intent(to: &mut Vec<u8>, intent: &Intent) {
    let plan = if intent.plan.is_some() { PLAN } else { 0 };
    to.push(plan | if intent.contact.is_some() { CONTACT } else { 0 });
    if let Some(plan) = intent.plan {
        varint::push(to, plan.0);
    }
    if let Some(contact) = intent.contact {
        to.extend_from_slice(&contact.packed());
    }
    varint::push(to, intent.fields.len() as u64);
    intent.fields.iter().for_each(|field| to.extend_from_slice(&field.rule.0.to_le_bytes()));
    to.extend_from_slice(&intent.record.0.to_le_bytes());
    intent.fields.iter().for_each(|field| push_digest(to, field.sent));
    intent.fields.iter().for_each(|field| push_digest(to, field.seen));
}

/// The byte of life and evidence, taken apart after the rest of what all links begin with.
fn take_link(from: &mut &[u8]) -> Option<(u8, Stamp, CycleId, LinkLife)> {
    let (code, rest) = from.split_first()?;
    let (made_at, rest) = rest.split_first_chunk::<8>()?;
    *from = rest;
    let cycle = CycleId(varint::take(from)?);
    let life = match code >> 4 {
        0 => LinkLife::Live,
        1 => LinkLife::ContactDeleted,
        2 => LinkLife::SupporterDeleted,
        _ => return None,
    };
    Some((code & 15, Stamp::from_micros(i64::from_le_bytes(*made_at)), cycle, life))
}

fn take_evidence(code: u8, from: &mut &[u8]) -> Option<Evidence> {
    if code == IN_WORDS { take_words(from) } else { PLAIN.get(usize::from(code)).cloned() }
}

fn take_outcome(from: &mut &[u8]) -> Option<(CycleId, String)> {
    let cycle = CycleId(varint::take(from)?);
    let code = std::str::from_utf8(take_bytes(from)?).ok()?;
    Some((cycle, code.to_owned()))
}

fn take_bytes<'b>(from: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = varint::take_len(from)?;
    let (bytes, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(bytes)
}

fn take_words<T: serde::de::DeserializeOwned>(from: &mut &[u8]) -> Option<T> {
    match postcard::take_from_bytes(take_bytes(from)?) {
        Ok((words, [])) => Some(words),
        Ok(_) | Err(_) => None,
    }
}

fn take_contact(from: &mut &[u8]) -> Option<ContactId> {
    let (packed, rest) = from.split_first_chunk::<12>()?;
    *from = rest;
    ContactId::from_packed(*packed)
}

fn take_fields<'b>(from: &mut &'b [u8]) -> Option<&'b [[u8; KEY]]> {
    let how_many = varint::take_len(from)?;
    let (keys, rest) = from.split_at_checked(how_many.checked_mul(KEY)?)?;
    *from = rest;
    Some(keys.as_chunks::<KEY>().0)
}

fn take_digests<'b>(from: &mut &'b [u8], how_many: usize) -> Option<&'b [[u8; DIGEST]]> {
    let (digests, rest) = from.split_at_checked(how_many.checked_mul(DIGEST)?)?;
    *from = rest;
    Some(digests.as_chunks::<DIGEST>().0)
}

const fn rule_of(key: &[u8; KEY]) -> RuleKey {
    RuleKey(u32::from_le_bytes(*key))
}

const fn digest_of(digest: &[u8; DIGEST]) -> Digest {
    let [a, b, c, d, e] = *digest;
    Digest(u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]))
}

fn take_intent(from: &mut &[u8]) -> Option<Intent> {
    let (names, rest) = from.split_first()?;
    *from = rest;
    let plan = if names & PLAN == 0 { None } else { Some(PlanId(varint::take(from)?)) };
    let contact = if names & CONTACT == 0 { None } else { Some(take_contact(from)?) };
    let rules = take_fields(from)?;
    let (record, rest) = from.split_first_chunk::<8>()?;
    *from = rest;
    let sent = take_digests(from, rules.len())?;
    let seen = take_digests(from, rules.len())?;
    let fields = rules.iter().zip(sent).zip(seen).map(|((rule, sent), seen)| IntentField {
        rule: rule_of(rule),
        sent: digest_of(sent),
        seen: digest_of(seen),
    });
    let record = Digest(u64::from_le_bytes(*record));
    (*names < 2 * CONTACT).then(|| Intent { plan, contact, record, fields: fields.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::option::of;
    use proptest::prelude::*;

    impl Person {
        fn bytes(&self) -> Option<Vec<u8>> {
            let mut bytes = Vec::new();
            self.push_bytes(&mut bytes).map(|()| bytes)
        }
    }

    fn digest() -> impl Strategy<Value = Digest> {
        any::<u64>().prop_map(|n| Digest(n).of_value())
    }

    fn contact() -> impl Strategy<Value = ContactId> {
        "003[0-9A-Za-z]{12}".prop_map(|id| ContactId::parse(&id).expect("a Contact Id"))
    }

    fn evidence() -> impl Strategy<Value = Evidence> {
        prop_oneof![
            prop::sample::select(PLAIN.to_vec()),
            ("[a-z]{0,6}", vec("[a-z_]{0,9}", 0..3))
                .prop_map(|(strength, reasons)| Evidence::EmailAndName { strength, reasons }),
            contact().prop_map(|contact| Evidence::MergedFrom { contact }),
        ]
    }

    fn link() -> impl Strategy<Value = StoredLink> {
        let life = prop_oneof![
            Just(LinkLife::Live),
            Just(LinkLife::ContactDeleted),
            Just(LinkLife::SupporterDeleted)
        ];
        (contact(), any::<i64>(), any::<u64>(), evidence(), life).prop_map(
            |(contact, micros, cycle, evidence, life)| StoredLink {
                contact,
                made_at: Stamp::from_micros(micros),
                cycle: CycleId(cycle),
                evidence,
                life,
            },
        )
    }

    fn intent() -> impl Strategy<Value = Intent> {
        let fields = vec((any::<u32>(), digest(), digest()), 0..5);
        (of(any::<u64>()), of(contact()), any::<u64>(), fields).prop_map(|(plan, contact, record, fields)| {
            let field = |(rule, sent, seen)| IntentField { rule: RuleKey(rule), sent, seen };
            let fields = fields.into_iter().map(field).collect();
            Intent { plan: plan.map(PlanId), contact, record: Digest(record), fields }
        })
    }

    fn block() -> impl Strategy<Value = Block> {
        (".{0,9}", vec(".{0,5}", 0..3), ".{0,30}", any::<u64>(), any::<u32>()).prop_map(
            |(code, fields, message, record, attempts)| Block {
                code,
                fields,
                message,
                record: Digest(record),
                map: Digest(!record),
                since: Stamp::from_micros(5),
                attempts,
            },
        )
    }

    fn person() -> impl Strategy<Value = Person> {
        let bases = vec((any::<u32>().prop_map(RuleKey), digest()), 0..6);
        (of(link()), bases, of(intent()), of(block()), of((any::<u64>(), ".{0,20}"))).prop_map(
            |(link, bases, intent, block, outcome)| Person {
                link,
                bases: bases.into_iter().collect(),
                intent,
                block,
                outcome: outcome.map(|(cycle, code)| (CycleId(cycle), code)),
            },
        )
    }

    proptest! {
        #[test]
        fn people_come_back(person in person()) {
            let bytes = person.bytes().unwrap();
            prop_assert_eq!(Person::from_bytes(&bytes, false), Some(person));
            prop_assert_eq!(Person::from_bytes(&bytes[..bytes.len() - 1], false), None);
        }

        #[test]
        fn any_bytes_are_a_person_or_nothing(bytes in vec(any::<u8>(), 0..120), person in person(), at: usize, to: u8) {
            let _ = Person::from_bytes(&bytes, true);
            let _ = Person::from_bytes(&bytes, false);
            let mut changed = person.bytes().unwrap();
            let at = at % changed.len();
            changed[at] = to;
            if let Some(read) = Person::from_bytes(&changed, false) {
                prop_assert_eq!(Person::from_bytes(&read.bytes().unwrap(), false), Some(read));
            }
        }
    }

    #[test]
    fn a_linked_person_of_ten_fields_is_small_and_most_of_it_is_the_same_for_everybody() {
        let person = |n: u64| Person {
            link: Some(StoredLink {
                contact: ContactId::parse(&format!("003RM{n:010}")).unwrap(),
                made_at: Stamp::from_micros(1_700_000_000_123_456),
                cycle: CycleId(1),
                evidence: Evidence::CreatedContact,
                life: LinkLife::Live,
            }),
            bases: (0..10).map(|rule| (RuleKey(rule), Digest(n * 77 + u64::from(rule)).of_value())).collect(),
            outcome: Some((CycleId(1), "contact_created".to_owned())),
            ..Person::default()
        };
        let (one, two) = (person(1).bytes().unwrap(), person(2).bytes().unwrap());
        assert_eq!(one.len(), 1 + 10 + 17 + 41 + 12 + 50);
        let same = one.iter().zip(&two).take_while(|(a, b)| a == b).count();
        assert!(same >= 1 + 10 + 17 + 41 + 8, "{same} bytes are the same");
    }
}
