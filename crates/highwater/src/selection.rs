//! Whom a run is about, where it is not everybody.

use model::{ContactId, Subject, SupporterId};

use crate::desk::Desk;
use crate::failure::Failure;
use crate::wire;

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
    fn subjects(&self) -> Option<Vec<Subject>> {
        let supporters = self.supporters.iter().cloned().map(Subject::Supporter);
        let contacts = self.contacts.iter().copied().map(Subject::Contact);
        let chosen: Vec<Subject> = supporters.chain(contacts).collect();
        (!chosen.is_empty()).then_some(chosen)
    }

    /// The same, after a look whether the supporters are anybody: there, or linked when they were.
    ///
    /// # Errors
    /// [`Failure::UnknownPerson`] names the first that is nobody; else when the table or the state cannot be read.
    pub async fn known(&self, desk: &Desk) -> Result<Option<Vec<Subject>>, Failure> {
        if !self.supporters.is_empty() {
            let columns = wire::supporters::columns(&desk.config);
            let table = wire::supporters::supporters(&desk.config, &columns).await?;
            let rows = table.get(&self.supporters).await?;
            let links = desk.state.links_of(&self.supporters)?;
            let nobody = rows.iter().zip(&links).position(|(row, link)| row.is_none() && link.is_none());
            if let Some(id) = nobody.and_then(|at| self.supporters.get(at)) {
                return Err(Failure::UnknownPerson(format!("nobody is known by the supporter id {id}")));
            }
        }
        Ok(self.subjects())
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
