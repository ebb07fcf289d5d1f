//! Which API versions the org serves.

use serde::Deserialize;

use crate::call::Call;
use crate::client::Ask;
use crate::error::Error;
use crate::org::Org;

#[derive(Deserialize)]
struct Version {
    version: String,
}

impl Org {
    /// The API versions the org serves, as numbers without `.0`, oldest first (REST guide, "Versions"). Entries that are no
    /// version are passed over.
    ///
    /// # Errors
    /// Any kind of a call that reads.
    pub async fn versions(&self) -> Result<Vec<u16>, Error> {
        let ask = Ask::get(Call::Versions, "/services/data".to_owned());
        let answer: Vec<Version> = self.client().json(&ask).await?;
        let mut versions: Vec<u16> = answer.iter().filter_map(|one| number(&one.version)).collect();
        versions.sort_unstable();
        versions.dedup();
        Ok(versions)
    }
}

fn number(text: &str) -> Option<u16> {
    text.strip_suffix(".0")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_number_with_a_zero() {
        assert_eq!(number("66.0"), Some(66));
        for bad in ["66", "v66.0", "66.1", "", ".0", "-1.0", "99999999.0"] {
            assert_eq!(number(bad), None, "{bad}");
        }
    }
}
