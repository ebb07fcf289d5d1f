//! Jobs of a large load overlap: while Salesforce works on one, the next people are decided on.

use drill::{Branch, met};
use model::Lane;
use plan::gather::fresh;
use plan::{Deferral, Fatal, Outcome};
use push::{Aboard, Flight};

use super::Cycle;

/// A job that Salesforce works on, and whose rows it has.
pub(super) struct Flying {
    flight: Flight,
    aboard: Aboard,
}

impl Cycle<'_> {
    /// Whether a job may be left to Salesforce while others are decided on. Look-ups must answer from one reading of all
    /// Contacts: where the org is asked batch by batch, what a job creates has to be there to be found. And rows of the
    /// cycle have to have come through: what refuses everybody shows at the first job.
    fn may_fly(&self) -> bool {
        self.sides.settings.jobs_in_flight > 1
            && self.report.rows.succeeded > 0
            && fresh(self.sides, self.directory.as_ref()).is_some()
    }

    /// Sends what fills a job, and waits only where Salesforce has as many jobs as it may have. Updates, which may give
    /// free what a new Contact takes, are settled before anybody is created after them, as always.
    pub(super) async fn send_full(&mut self) -> Result<(), Fatal> {
        if !self.may_fly() {
            return self.send_all().await;
        }
        if self.outbox.has(Lane::Update) {
            self.land_all().await?;
            self.send_lane(Lane::Update).await?;
        }
        let mut rows = self.outbox.take_aboard(Lane::Upsert);
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(self.job_rows));
            let aboard = Aboard::of(&rows);
            if self.sides.stopping() || self.circuit_open {
                self.report.count_many(&Outcome::Deferred(Deferral::Stopped), rows.len() as u64);
                self.outbox.release(&aboard);
                rows = rest;
                continue;
            }
            let (settled, flight) =
                push::launch(self.sides, &mut self.report, Lane::Upsert, rows, self.at).await?;
            match flight {
                Some(flight) => {
                    if !self.flights.is_empty() {
                        met(Branch::JobsOverlapped);
                    }
                    self.flights.push_back(Flying { flight, aboard });
                }
                None => self.outbox.release(&aboard),
            }
            self.absorb(settled).await?;
            while self.flights.len() >= self.sides.settings.jobs_in_flight {
                self.land_one().await?;
            }
            rows = rest;
        }
        Ok(())
    }

    /// Settles every job that Salesforce has.
    pub(super) async fn land_all(&mut self) -> Result<(), Fatal> {
        while !self.flights.is_empty() {
            self.land_one().await?;
        }
        Ok(())
    }

    /// Before people are looked up in the org itself, whoever is with Salesforce has to be there.
    pub(super) async fn land_before_asking(&mut self) -> Result<(), Fatal> {
        if fresh(self.sides, self.directory.as_ref()).is_none() {
            self.land_all().await?;
        }
        Ok(())
    }

    /// Settles the oldest.
    async fn land_one(&mut self) -> Result<(), Fatal> {
        let Some(Flying { flight, aboard }) = self.flights.pop_front() else { return Ok(()) };
        let settled = push::land(self.sides, &mut self.report, flight, self.at).await?;
        self.outbox.release(&aboard);
        self.absorb(settled).await
    }
}
