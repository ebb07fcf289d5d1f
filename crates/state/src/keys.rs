//! How keys are spelled. Numbers are big-endian, so that their order on disk is their order.

use model::{ContactId, Side, Stamp, Subject, SupporterId};

use crate::error::{Damage, Fatal};
use crate::tree::Tree;

const SUPPORTER: u8 = b's';
const CONTACT: u8 = b'c';

/// `c` + Contact Id, or `s` + supporter id.
pub(crate) fn subject(subject: &Subject) -> Vec<u8> {
    let (tag, id) = tag_and_id(subject);
    tagged(tag, id.as_bytes())
}

/// Appends [`subject`].
pub(crate) fn spell_subject(subject: &Subject, to: &mut Vec<u8>) {
    let (tag, id) = tag_and_id(subject);
    to.push(tag);
    to.extend_from_slice(id.as_bytes());
}

fn tag_and_id(subject: &Subject) -> (u8, &str) {
    match subject {
        Subject::Supporter(id) => (SUPPORTER, id.as_str()),
        Subject::Contact(id) => (CONTACT, id.as_str()),
    }
}

/// Reads [`subject`] back.
pub(crate) fn parse_subject(tree: Tree, key: &[u8]) -> Result<Subject, Fatal> {
    let wrong = || Fatal::damaged(tree, key, Damage::Key);
    let (tag, id) = key.split_first().ok_or_else(wrong)?;
    match *tag {
        SUPPORTER => parse_supporter(id).map(Subject::Supporter).ok_or_else(wrong),
        CONTACT => parse_contact(id).map(Subject::Contact).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

/// A supporter id as a key.
pub(crate) fn parse_supporter(key: &[u8]) -> Option<SupporterId> {
    SupporterId::parse(std::str::from_utf8(key).ok()?).ok()
}

fn parse_contact(key: &[u8]) -> Option<ContactId> {
    ContactId::parse(std::str::from_utf8(key).ok()?).ok()
}

/// The part of the index that listed a plan's supporters up to format 1.
pub(crate) const PLAN_PREFIX: &[u8] = b"p";

/// The part of the index that lists who is blocked.
pub(crate) const BLOCK_PREFIX: &[u8] = b"b";

/// [`BLOCK_PREFIX`] + supporter id.
pub(crate) fn blocked(supporter: &SupporterId) -> Vec<u8> {
    tagged(BLOCK_PREFIX[0], supporter.as_str().as_bytes())
}

/// The part of the index that lists pairs of different people.
pub(crate) const APART_PREFIX: &[u8] = b"a";

/// [`APART_PREFIX`] + supporter id + zero byte: the Contacts that a supporter is not. Ids hold no control characters.
pub(crate) fn apart_prefix(supporter: &SupporterId) -> Vec<u8> {
    let mut key = tagged(APART_PREFIX[0], supporter.as_str().as_bytes());
    key.push(0);
    key
}

/// [`apart_prefix`] + Contact Id.
pub(crate) fn apart(supporter: &SupporterId, contact: ContactId) -> Vec<u8> {
    let mut key = apart_prefix(supporter);
    key.extend_from_slice(contact.as_str().as_bytes());
    key
}

/// The Contact Id inside an [`apart`] key.
pub(crate) fn apart_contact(key: &[u8]) -> Result<ContactId, Fatal> {
    let id = key.iter().rposition(|&byte| byte == 0).and_then(|at| parse_contact(&key[at + 1..]));
    id.ok_or_else(|| Fatal::damaged(Tree::Index, key, Damage::Key))
}

/// Begins the digest of somebody who was forgotten, in the index.
pub(crate) const FORGOTTEN: u8 = b'f';

/// The id inside a [`seen`] key.
pub(crate) fn seen_id(key: &[u8]) -> &[u8] {
    key.get(9..).unwrap_or_default()
}

/// The part of `seen`, and of the marks, that belongs to one side.
pub(crate) const fn side_prefix(side: Side) -> [u8; 1] {
    match side {
        Side::Supporter => [SUPPORTER],
        Side::Salesforce => [CONTACT],
    }
}

/// Side + stamp + id. The stamp comes before the id so that everything below a watermark is one range.
pub(crate) fn seen(side: Side, stamp: Stamp, id: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(9 + id.len());
    spell_seen(side, stamp, id, &mut key);
    key
}

/// Appends [`seen`].
pub(crate) fn spell_seen(side: Side, stamp: Stamp, id: &str, to: &mut Vec<u8>) {
    to.extend_from_slice(&side_prefix(side));
    to.extend_from_slice(&ordered(stamp));
    to.extend_from_slice(id.as_bytes());
}

/// The stamp inside a [`seen`] key.
pub(crate) fn seen_stamp(key: &[u8]) -> Result<Stamp, Fatal> {
    let bytes: Option<&[u8; 8]> = key.get(1..).and_then(<[u8]>::first_chunk);
    bytes
        .map(|bytes| Stamp::from_micros((u64::from_be_bytes(*bytes) ^ (1 << 63)).cast_signed()))
        .ok_or_else(|| Fatal::damaged(Tree::Seen, key, Damage::Key))
}

/// Signed numbers so that byte order is number order.
fn ordered(stamp: Stamp) -> [u8; 8] {
    (stamp.micros().cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

/// One tag byte and a number.
pub(crate) fn numbered(tag: u8, number: u64) -> Vec<u8> {
    tagged(tag, &number.to_be_bytes())
}

fn tagged(tag: u8, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(rest.len() + 1);
    key.push(tag);
    key.extend_from_slice(rest);
    key
}
