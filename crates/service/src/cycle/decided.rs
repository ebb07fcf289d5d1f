//! What administrators decided since the last cycle.

use model::Subject;
use plan::Fatal;

use super::Cycle;
use crate::rulings;

impl Cycle<'_> {
    /// Carries it out. Returns whom it is about; they are marked. Whoever is to be made anew goes first, and is tried as long as others
    /// are in this cycle; their decision is over when they have a Contact.
    pub(super) async fn rulings(&mut self, only: Option<&[Subject]>) -> Result<Vec<Subject>, Fatal> {
        // Where nobody is ever created, one who fits may be there by now.
        let creates = self.request.mode.pushes() || !self.sides.settings.push;
        let carried = rulings::carry_out(self.sides, &mut self.report, only, creates, self.at).await?;
        let people = carried.anew.iter().flat_map(|case| case.supporters.iter().cloned());
        self.anew = people.collect();
        self.to_make = carried.anew;
        if !self.anew.is_empty() {
            let people: Vec<Subject> = self.anew.iter().cloned().map(Subject::Supporter).collect();
            self.mark(&people).await?;
            self.work_in_batches(&people).await?;
            self.send_all().await?;
            self.tell_of_the_made().await?;
        }
        Ok(carried.marked)
    }

    /// At the end: who was to be made anew, and was not.
    pub(super) async fn end_rulings(&mut self) -> Result<(), Fatal> {
        self.tell_of_the_made().await?;
        for case in &self.to_make {
            let name = case.name();
            self.report
                .note(format!("case {name}: nothing was made anew yet; the decision waits for the next run"));
        }
        Ok(())
    }

    async fn tell_of_the_made(&mut self) -> Result<(), Fatal> {
        let cases = std::mem::take(&mut self.to_make);
        self.to_make = rulings::made_anew(self.sides, &mut self.report, cases).await?;
        Ok(())
    }
}
