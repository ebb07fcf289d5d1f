//! Who should remain on each side, and why.

use std::cmp::Reverse;

use model::{Stamp, Subject};

use super::certainty::Action;
use super::member::Member;

/// The proposal.
#[derive(Default)]
pub(crate) struct Keep {
    /// The supporter that should remain: its place among the members.
    pub(crate) supporter: Option<usize>,
    /// The Contact that should remain.
    pub(crate) contact: Option<usize>,
    /// Why, in sentences; what is not known is said, too.
    pub(crate) because: Vec<String>,
}

/// Proposes who should remain. Nothing is proposed where nothing is to be merged.
pub(super) fn keep(action: Action, members: &[Member]) -> Keep {
    if action != Action::Merge {
        return Keep::default();
    }
    let contact = best(members, false, None);
    let partner = contact.and_then(|at| members.get(at)).map(|member| &member.subject);
    let supporter = best(members, true, partner);
    let mut because = Vec::new();
    for (at, others) in [(supporter, true), (contact, false)] {
        let Some(member) = at.and_then(|at| members.get(at)) else { continue };
        let rivals = members.iter().filter(|other| other.is_supporter() == others && !other.gone).count();
        because.push(if rivals > 1 {
            format!("{}: {}", member.subject, why(member, members))
        } else {
            format!("{}: the only one on this side", member.subject)
        });
    }
    because.push(
        "last activity: not known to highwater; look at gifts, campaigns and logins before you merge"
            .to_owned(),
    );
    Keep { supporter, contact, because }
}

/// What makes one record better to keep than another: linked with the other survivor, linked at all, fuller, linked for longer, and
/// last the lower id, which mostly is the older record.
type Rank = (bool, bool, usize, Reverse<Stamp>, Reverse<(usize, String)>);

fn rank(member: &Member, partner: Option<&Subject>) -> Rank {
    let id = member.id();
    // Ids that are numbers are ordered as numbers: the shorter is the lower.
    let id = (if member.is_supporter() { id.len() } else { 0 }, id);
    (
        partner.is_some_and(|partner| member.is_linked_with(partner)),
        member.link.is_some(),
        member.filled().unwrap_or(0),
        // Without links this is the same for all.
        Reverse(member.link.as_ref().map_or(Stamp::EPOCH, |link| link.made_at)),
        Reverse(id),
    )
}

fn best(members: &[Member], supporters: bool, partner: Option<&Subject>) -> Option<usize> {
    let candidates = members.iter().enumerate();
    let candidates = candidates.filter(|(_, member)| member.is_supporter() == supporters && !member.gone);
    candidates.max_by_key(|(_, member)| rank(member, partner)).map(|(at, _)| at)
}

fn why(member: &Member, members: &[Member]) -> String {
    let mut said = Vec::new();
    match &member.link {
        Some(link) => {
            let partner = if member.is_supporter() {
                format!("carries the Id of Contact {}", link.contact)
            } else {
                format!("its Id is on supporter {}", link.supporter)
            };
            said.push(format!("{partner}, linked since {}", link.made_at.to_seconds_text()));
        }
        None => said.push("none on this side is linked".to_owned()),
    }
    match member.filled() {
        Some(filled) => {
            let others = members.iter().filter(|other| {
                other.is_supporter() == member.is_supporter() && other.subject != member.subject
            });
            let most = others.filter_map(Member::filled).max();
            let than = most.map(|most| format!(", the fullest other {most}")).unwrap_or_default();
            said.push(format!("{filled} mapped fields filled{than}"));
        }
        None => said.push("how complete it is: not known".to_owned()),
    }
    said.push(
        "when it was created: not known; where all else is equal, the lower id is taken for the older"
            .to_owned(),
    );
    said.join("; ")
}
