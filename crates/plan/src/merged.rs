//! Supporters that were merged in the supporter database: who remains of each.

use std::collections::HashMap;

use model::{Supporter, SupporterId};

use crate::{Fatal, Sides};

/// How many merges are followed from one supporter to the one that remains.
const MAX_HOPS: usize = 10;

/// Who remains of those among `supporters` that were merged away. One whose way leads in a circle, to nobody, or further than ten
/// merges stands for itself: nobody is taken for gone on the word of a row that cannot be right.
///
/// # Errors
/// [`Fatal`] when the supporter database cannot be read.
pub async fn survivors(
    sides: &Sides,
    supporters: &[Supporter],
) -> Result<HashMap<SupporterId, SupporterId>, Fatal> {
    let mut steps: HashMap<SupporterId, Option<SupporterId>> = HashMap::new();
    let mut next: Vec<SupporterId> = Vec::new();
    for supporter in supporters {
        let into = sides.map.merged_into(supporter);
        next.extend(into.clone());
        steps.insert(supporter.id.clone(), into);
    }
    for _ in 0..MAX_HOPS {
        next.retain(|id| !steps.contains_key(id));
        next.sort();
        next.dedup();
        if next.is_empty() {
            break;
        }
        let found = sides.supporters.get(&next).await?;
        let mut further = Vec::new();
        for supporter in found.into_iter().flatten() {
            let into = sides.map.merged_into(&supporter);
            further.extend(into.clone());
            steps.insert(supporter.id, into);
        }
        next = further;
    }
    Ok(supporters.iter().filter_map(|loser| Some((loser.id.clone(), last(&steps, &loser.id)?))).collect())
}

/// The end of the way that begins at a supporter; `None` where there is no way, or no end of it.
fn last(steps: &HashMap<SupporterId, Option<SupporterId>>, from: &SupporterId) -> Option<SupporterId> {
    let mut at = steps.get(from)?.as_ref()?;
    for _ in 0..MAX_HOPS {
        match steps.get(at)? {
            None => return Some(at.clone()),
            Some(next) => at = next,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> SupporterId {
        SupporterId::parse(text).unwrap()
    }

    fn steps(of: &[(&str, Option<&str>)]) -> HashMap<SupporterId, Option<SupporterId>> {
        of.iter().map(|(from, to)| (id(from), to.map(id))).collect()
    }

    #[test]
    fn a_chain_ends_at_whoever_stands_for_themselves() {
        let chain = steps(&[("1", Some("2")), ("2", Some("3")), ("3", None)]);
        assert_eq!(last(&chain, &id("1")), Some(id("3")));
        assert_eq!(last(&chain, &id("2")), Some(id("3")));
        assert_eq!(last(&chain, &id("3")), None);
    }

    #[test]
    fn a_circle_and_a_way_to_nobody_have_no_end() {
        let circle = steps(&[("1", Some("2")), ("2", Some("1")), ("4", Some("5"))]);
        for from in ["1", "2", "4"] {
            assert_eq!(last(&circle, &id(from)), None, "{from}");
        }
    }
}
