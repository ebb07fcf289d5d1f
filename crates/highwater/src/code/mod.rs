//! Every failure and finding an administrator can meet, with its stable code. The pages under `docs/reference/errors/` and
//! `docs/reference/checks/` are written from here.

pub mod admin;
pub mod configuration;
pub mod contact_fields;
pub mod events;
pub mod org;
pub mod org_setup;
pub mod run;
pub mod state;
pub mod supporters;

use std::fmt;

/// One failure or finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The number after `HW`.
    pub number: u16,
    /// What it is, in a few words.
    pub title: &'static str,
    /// What happened.
    pub happened: &'static str,
    /// What highwater already did.
    pub done: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HW{:04}", self.number)
    }
}

impl Code {
    /// Where its page lies below `docs/reference`: what only `check` finds in an org, beside the failures.
    #[must_use]
    pub fn page_path(&self) -> String {
        format!("{}/{self}.md", if (300..400).contains(&self.number) { "checks" } else { "errors" })
    }

    /// The page that explains it, Markdown.
    #[must_use]
    pub fn page(&self) -> String {
        let mut title = self.title.to_owned();
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        format!(
            "# {self}: {title}\n\n## What happened\n\n{}\n\n## What highwater already did\n\n{}\n\n## What to do\n\n{}\n",
            self.happened, self.done, self.remedy
        )
    }
}

/// The code with this number: `HW0301`, `hw301`, `301`.
#[must_use]
pub fn find(text: &str) -> Option<&'static Code> {
    let digits = text.trim().trim_start_matches(['H', 'h', 'W', 'w']);
    let number: u16 = digits.parse().ok()?;
    all().find(|code| code.number == number)
}

/// Every code, family by family.
pub fn all() -> impl Iterator<Item = &'static Code> {
    let families = [
        configuration::ALL,
        org::ALL,
        contact_fields::ALL,
        org_setup::ALL,
        supporters::ALL,
        state::ALL,
        run::ALL,
        events::ALL,
        admin::ALL,
    ];
    families.into_iter().flatten().copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_its_own_number_and_full_sentences() {
        let mut seen = BTreeSet::new();
        for code in all() {
            assert!(seen.insert(code.number), "{code} is used twice");
            for text in [code.happened, code.done, code.remedy] {
                assert!(
                    text.ends_with('.') && text.starts_with(|c: char| c.is_uppercase() || c == '`'),
                    "{code}: {text}"
                );
            }
        }
        assert!(seen.len() > 40);
    }
}
