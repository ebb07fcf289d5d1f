//! What merging Contacts does beyond the Contacts.

use std::collections::BTreeSet;

use super::certainty::Action;
use super::member::Member;

/// How the fields of packages of the Nonprofit Success Pack begin.
const NPSP: [&str; 5] = ["npe01__", "npo02__", "npe03__", "npe4__", "npsp__"];

/// What to know about households before merging, in sentences; empty where no Contacts are merged.
pub(super) fn effects(members: &[Member], action: Action) -> Vec<String> {
    let contacts: Vec<&Member> =
        members.iter().filter(|member| !member.is_supporter() && !member.gone).collect();
    if action != Action::Merge || contacts.len() < 2 {
        return Vec::new();
    }
    let mut said = vec![tool(members).to_owned()];
    let accounts: BTreeSet<&str> = contacts.iter().filter_map(|member| member.value("AccountId")).collect();
    said.push(match accounts.len() {
        0 => "which Accounts or households they belong to: not known; look at each Contact".to_owned(),
        1 => "all that is known belong to one Account: the household stays as it is".to_owned(),
        _ => format!(
            "they belong to different Accounts ({}): the survivor keeps its own, and members of the other household stay there \
             without this person",
            accounts.into_iter().collect::<Vec<_>>().join(", ")
        ),
    });
    said.push(
        "afterwards look for an empty household that is left behind, often named Anonymous Household, and delete it".to_owned(),
    );
    said
}

fn tool(members: &[Member]) -> &'static str {
    let fields: Vec<&str> = members
        .iter()
        .filter_map(Member::record)
        .flat_map(|record| record.fields.iter().map(|(name, _)| name.as_str()))
        .collect();
    if fields.iter().any(|name| NPSP.iter().any(|begin| name.starts_with(begin))) {
        "the org has the Nonprofit Success Pack: merge with NPSP Contact Merge, which moves households, affiliations and \
         relationships; the standard button does not"
    } else if fields.iter().any(|name| name.ends_with("__pc")) {
        "these are Person Accounts: merge the Accounts, not the Contacts"
    } else {
        "whether the org has the Nonprofit Success Pack: not known; if it has, merge with NPSP Contact Merge and not with the \
         standard button"
    }
}
