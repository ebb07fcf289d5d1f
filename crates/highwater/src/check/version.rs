//! The API version: served, and for how long?

use salesforce::{ApiVersion, Org};

use super::finding::{Finding, Weight};
use super::look::{hidden, optional};
use crate::code::contact_fields as code;
use crate::exit::Exit;
use crate::failure::Failure;

/// Salesforce keeps a version for three years at least, with three releases a year (Salesforce: "API End-of-Life Policy").
const KEPT: u16 = 9;

/// What is found about the configured version.
pub(super) async fn check(org: &Org) -> Result<Option<Finding>, Failure> {
    Ok(match optional(org.versions().await)? {
        None => Some(hidden("API versions", "the org's answer to GET /services/data")),
        Some(served) => judged(org.api_version(), &served),
    })
}

fn judged(ours: ApiVersion, served: &[u16]) -> Option<Finding> {
    let (oldest, newest) = (*served.first()?, *served.last()?);
    let find = |weight, text: String, advice: String| {
        Some(Finding::new(&code::API_VERSION, weight, "salesforce.api_version", text).advise(advice))
    };
    let set = |version: u16| format!("set api_version = \"{version}.0\" in [salesforce]");
    let usual = ApiVersion::default().major();
    let advised = if served.contains(&usual) { usual } else { newest };
    if !served.contains(&ours.major()) {
        let text = format!("{ours} is not served: the org serves v{oldest}.0 to v{newest}.0");
        return find(Weight::Stop(Exit::Usage), text, set(advised));
    }
    let behind = newest.saturating_sub(ours.major());
    (behind >= KEPT).then(|| {
        let text =
            format!("{ours} is {behind} releases old and may be retired; the org serves up to v{newest}.0");
        find(Weight::Warning, text, set(advised))
    })?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(ours: &str, served: std::ops::RangeInclusive<u16>) -> Option<(Weight, String)> {
        let served: Vec<u16> = served.collect();
        judged(ours.parse().unwrap(), &served).map(|finding| (finding.weight, finding.text))
    }

    #[test]
    fn a_version_is_served_old_or_gone() {
        assert_eq!(found("66.0", 31..=68), None);
        assert_eq!(found("60.0", 31..=68), None);
        let (weight, text) = found("59.0", 31..=68).unwrap();
        assert_eq!(weight, Weight::Warning);
        assert!(text.contains("9 releases old"), "{text}");
        for (ours, served) in [("66.0", 67..=70), ("66.0", 31..=65)] {
            let (weight, text) = found(ours, served).unwrap();
            assert_eq!(weight, Weight::Stop(Exit::Usage));
            assert!(text.contains("is not served"), "{text}");
        }
        assert_eq!(judged(ApiVersion::default(), &[]), None);
    }
}
