//! What people do to both sides in the demo's hour, and when: one edit after the other, evenly spread.

use serde_json::{Map, Value as Json};

use model::{Clock, Stamp};

use super::database::Database;
use super::people::Supporter;
use super::world::{World, simorg_stamp};
use crate::failure::Failure;

/// Both sides, with a clock that walks from the end of the first load to now.
pub struct Hands<'a> {
    org: &'a simorg::Org,
    database: &'a Database,
    person: String,
    at: Stamp,
    step: std::time::Duration,
}

const REFUSED: Failure = Failure::Unexpected("the simulated org refused an edit of the demo's hour");

impl<'a> Hands<'a> {
    /// Hands that will do so many edits.
    #[must_use]
    pub fn new(world: &'a World, edits: usize) -> Self {
        let org = &world.simulated.org;
        let from = Stamp::from_micros(org.clock().now().0.saturating_mul(1_000));
        // The last edit is some seconds old when the next cycle begins.
        let span = Clock::system().now().since(from).saturating_sub(std::time::Duration::from_secs(10));
        let step = span / u32::try_from(edits.max(1)).unwrap_or(u32::MAX);
        Self { org, database: &world.database, person: org.person(), at: from, step }
    }

    /// The next moment, by both sides' clocks.
    fn tick(&mut self) -> String {
        self.at = self.at.plus(self.step);
        self.org.clock().hold(simorg_stamp(self.at));
        self.at.to_seconds_text()
    }

    /// The hour is over: the org's clock shows now.
    pub fn rest(self) {
        let clock = self.org.clock();
        clock.hold(simorg_stamp(Clock::system().now()));
        clock.run();
    }

    /// Somebody edits a supporter.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn supporter(&mut self, id: i64, set: &[(&str, Option<&str>)]) -> Result<(), Failure> {
        let stamp = self.tick();
        self.database.edit(id, set, &stamp)
    }

    /// Somebody registers.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn new_supporter(
        &mut self,
        person: Supporter,
        contact_id: Option<String>,
    ) -> Result<(), Failure> {
        let stamp = self.tick();
        self.database.add(&[(person, contact_id, stamp)])
    }

    /// Somebody edits a Contact.
    ///
    /// # Errors
    /// When the org refuses.
    pub fn contact(&mut self, id: &str, fields: &[(&str, Json)]) -> Result<(), Failure> {
        self.tick();
        self.org.edit_as(&self.person, "Contact", id, &row(fields)).map_err(|_| REFUSED)
    }

    /// Somebody enters a Contact. Answers its Id.
    ///
    /// # Errors
    /// When the org refuses.
    pub fn new_contact(&mut self, fields: &[(&str, Json)]) -> Result<String, Failure> {
        self.tick();
        self.org.create_as(&self.person, "Contact", &row(fields)).map_err(|_| REFUSED)
    }

    /// Somebody merges a Contact into another.
    ///
    /// # Errors
    /// When the org refuses.
    pub fn merge(&mut self, master: &str, loser: &str) -> Result<(), Failure> {
        self.tick();
        self.org.merge_as(&self.person, "Contact", master, &[loser]).map_err(|_| REFUSED)
    }

    /// Somebody deletes a Contact.
    ///
    /// # Errors
    /// When the org refuses.
    pub fn delete(&mut self, id: &str) -> Result<(), Failure> {
        self.tick();
        self.org.delete_as(&self.person, "Contact", id).map_err(|_| REFUSED)
    }
}

fn row(fields: &[(&str, Json)]) -> Json {
    fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<Map<_, _>>().into()
}
