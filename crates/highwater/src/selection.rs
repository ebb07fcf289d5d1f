//! Whom a run is about, where it is not everybody.

use model::{ContactId, Subject, SupporterId};

/// Some people, by their ids.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Selection {
    /// Only this supporter; may be given several times. No watermark moves
    #[arg(long = "supporter", value_name = "ID", value_parser = supporter_id)]
    pub supporters: Vec<SupporterId>,
    /// Only this Contact; may be given several times. No watermark moves
    #[arg(long = "contact", value_name = "ID", value_parser = contact_id)]
    pub contacts: Vec<ContactId>,
}

impl Selection {
    /// The people; `None`: everybody.
    #[must_use]
    pub fn subjects(&self) -> Option<Vec<Subject>> {
        let supporters = self.supporters.iter().cloned().map(Subject::Supporter);
        let contacts = self.contacts.iter().copied().map(Subject::Contact);
        let chosen: Vec<Subject> = supporters.chain(contacts).collect();
        (!chosen.is_empty()).then_some(chosen)
    }
}

/// Reads a supporter id from the command line.
///
/// # Errors
/// Why the text is none.
pub fn supporter_id(text: &str) -> Result<SupporterId, String> {
    SupporterId::parse(text).map_err(|error| error.to_string())
}

/// Reads a Contact Id from the command line.
///
/// # Errors
/// Why the text is none.
pub fn contact_id(text: &str) -> Result<ContactId, String> {
    ContactId::parse(text).map_err(|error| error.to_string())
}
