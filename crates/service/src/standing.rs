//! How things stand with each supporter, from the table and the state; Salesforce is not asked.

use model::{Cell, LinkLife, Subject, Supporter, SupporterId};
use plan::{Fatal, Sides};
use state::Known;

/// How things stand with one supporter. The first that holds counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Set aside after an error with this code.
    Blocked(String),
    /// A person must decide; the kind of the first case.
    Case(model::CaseKind),
    /// Marked, and to be compared by the next cycle.
    Waiting,
    /// Linked, and nothing is to be done.
    Synced,
    /// The Contact was deleted.
    ContactDeleted,
    /// No Contact, because there is no last name.
    NoLastName,
    /// Merged into another supporter.
    MergedAway,
    /// No Contact.
    NotLinked,
}

impl Standing {
    /// A stable word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Blocked(_) => "blocked",
            Self::Case(_) => "case",
            Self::Waiting => "waiting",
            Self::Synced => "synced",
            Self::ContactDeleted => "ended",
            Self::NoLastName | Self::MergedAway | Self::NotLinked => "not_linked",
        }
    }

    /// Why, as a code; empty for who is in step.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Blocked(code) => code.clone(),
            Self::Case(kind) => kind.code().to_owned(),
            Self::Waiting => "marked".to_owned(),
            Self::Synced => String::new(),
            Self::ContactDeleted => "contact_deleted".to_owned(),
            Self::NoLastName => "no_last_name".to_owned(),
            Self::MergedAway => "merged_away".to_owned(),
            Self::NotLinked => "no_contact".to_owned(),
        }
    }
}

/// A supporter, the Contact of its link, and how things stand.
pub type Stood = (SupporterId, Option<model::ContactId>, Standing);

/// The next supporters after `after` in the database's own order, at most `limit`. Fewer are the last.
///
/// # Errors
/// [`Fatal`] when the supporter database or the state cannot be read.
pub async fn page(sides: &Sides, after: Option<&SupporterId>, limit: usize) -> Result<Vec<Stood>, Fatal> {
    let ids = sides.supporters.ids(after, limit).await?;
    let supporters = sides.supporters.get(&ids).await?;
    let known = sides.state.known_of(&ids)?;
    let marked = sides.state.dirty_count()? > 0;
    let asked = !sides.state.case_counts()?.is_empty();
    let mut page = Vec::with_capacity(ids.len());
    for ((id, supporter), known) in ids.into_iter().zip(supporters).zip(known) {
        let subject = Subject::Supporter(id.clone());
        let contact = known.link.as_ref().map(|link| link.contact);
        let case = if asked { sides.state.cases_of(&subject)?.first().map(|case| case.kind) } else { None };
        let waits = marked && sides.state.dirty_of(&subject)?.is_some();
        page.push((id, contact, standing(sides, supporter.as_ref(), &known, case, waits)));
    }
    Ok(page)
}

fn standing(
    sides: &Sides,
    supporter: Option<&Supporter>,
    known: &Known,
    case: Option<model::CaseKind>,
    waits: bool,
) -> Standing {
    if supporter.is_some_and(|supporter| sides.map.merged_into(supporter).is_some()) {
        return Standing::MergedAway;
    }
    if let Some(block) = &known.block {
        return Standing::Blocked(block.code.clone());
    }
    if let Some(kind) = case {
        return Standing::Case(kind);
    }
    if waits {
        return Standing::Waiting;
    }
    match known.link.as_ref().map(|link| link.life) {
        Some(LinkLife::Live) => Standing::Synced,
        Some(LinkLife::ContactDeleted) => Standing::ContactDeleted,
        Some(LinkLife::SupporterDeleted) | None => {
            let rule = sides.map.last_name_rule();
            let name = rule.zip(supporter).map(|(rule, s)| sides.map.supporter_value(rule, &s.cells));
            match name {
                Some(Ok(Cell::Empty | Cell::Absent)) => Standing::NoLastName,
                Some(Ok(Cell::Value(_)) | Err(_)) | None => Standing::NotLinked,
            }
        }
    }
}
