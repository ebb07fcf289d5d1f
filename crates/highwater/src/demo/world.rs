//! Both sides of the demo and highwater between them, an hour before now.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use model::{Clock, ContactId, Stamp, SupporterId};
use plan::{CycleReport, Progress, Settings, Sides};
use service::request::{Mode, Request, Seen};
use tokio_util::sync::CancellationToken;

use super::bundled;
use super::database::Database;
use super::folder::Folder;
use super::org;
use super::people::{People, Supporter, Twins};
use super::score::Truth;
use super::simulated::Simulated;
use crate::config::{Config, Environment, load};
use crate::failure::Failure;
use crate::wire;
use crate::wire::sides::Purpose;

/// How long before now the demo begins.
pub const HOUR: Duration = Duration::from_secs(3_600);

/// People written at a time.
const CHUNK: usize = 2_000;

/// Where made-up people's ids begin; the bundled ones end below.
const FIRST_MADE_UP: i64 = 10_000;

/// Everything a demo works with.
pub struct World {
    /// The folder.
    pub folder: Folder,
    /// The org.
    pub simulated: Simulated,
    /// The supporter database, as its owner sees it.
    pub database: Database,
    /// Both sides, as highwater sees them.
    pub sides: Sides,
    /// Who is who.
    pub truth: Truth<SupporterId, ContactId>,
    /// How many supporters and Contacts there were at the beginning.
    pub began_with: (u64, u64),
}

impl World {
    /// Makes folder, org, database and state, and fills both sides with `rows` people.
    ///
    /// # Errors
    /// When the folder is not free, or something cannot be written.
    pub async fn make(
        folder: Folder,
        rows: usize,
        seed: u64,
        progress: Arc<dyn Progress>,
    ) -> Result<Self, Failure> {
        let start = |_| Failure::Unexpected("the simulated org did not start");
        let org = simorg::Org::start(org::settings(seed)).await.map_err(start)?;
        let begin = Clock::system().now().minus(HOUR);
        org.clock().hold(simorg_stamp(begin));
        org.clock().run();
        let config_file = folder.write_config(&org)?;
        let simulated = Simulated::found(org, &folder.org())?;
        let database = Database::make(&folder.file("supporters.db"))?;
        let mut filler =
            Filler { simulated: &simulated, database: &database, begin, truth: Truth::default() };
        let began_with = filler.fill(rows, seed).await?;
        let truth = filler.truth;
        let config = config(&config_file, &simulated)?;
        let clock = Clock::system();
        let state = wire::state::open(&config, &clock).await?;
        let sides =
            wire::sides::sides(&config, state, clock, progress, CancellationToken::new(), Purpose::Write)
                .await?;
        Ok(Self { folder, simulated, database, sides, truth, began_with })
    }

    /// The first load, as of an hour ago: nobody is created in the supporter database.
    ///
    /// # Errors
    /// When the cycle cannot go on.
    pub async fn first_load(&self) -> Result<CycleReport, Failure> {
        self.cycle(&self.careful(HOUR), &Request::whole(Mode::Backfill), &mut |_| {}).await
    }

    /// One cycle in both directions, as configured.
    ///
    /// # Errors
    /// When the cycle cannot go on.
    pub async fn sync(&self) -> Result<CycleReport, Failure> {
        self.cycle(&self.sides, &Request::whole(Mode::Sync), &mut |_| {}).await
    }

    /// How many people a first load would still write something for, if it ran again now.
    ///
    /// # Errors
    /// When the dry run cannot go on.
    pub async fn left_to_write(&self) -> Result<u64, Failure> {
        let mut left = 0;
        let mut count = |seen: Seen<'_>| {
            if let Seen::Plan(plan, _) = seen {
                left +=
                    u64::from(plan.lane().is_some() || plan.writes_supporter() || plan.creates_supporter());
            }
        };
        let request = Request { dry_run: true, ..Request::whole(Mode::Backfill) };
        self.cycle(&self.careful(Duration::ZERO), &request, &mut count).await?;
        Ok(left)
    }

    fn careful(&self, supporter_lag: Duration) -> Sides {
        let settings =
            Settings { create_supporters: false, supporter_lag, ..Settings::clone(&self.sides.settings) };
        Sides { settings: Arc::new(settings), ..self.sides.clone() }
    }

    async fn cycle(
        &self,
        sides: &Sides,
        request: &Request,
        sink: &mut (dyn FnMut(Seen<'_>) + Send),
    ) -> Result<CycleReport, Failure> {
        match service::cycle::run(sides, request, sink).await {
            Ok(Ok(report)) => Ok(report),
            Ok(Err(running)) => Err(Failure::AlreadyRunning(running.to_string())),
            Err(fatal) => Err(Failure::Cycle(Arc::new(Err(fatal)))),
        }
    }
}

/// The folder's configuration, with the org that runs.
fn config(file: &Path, simulated: &Simulated) -> Result<Config, Failure> {
    let mut config = load(file, None, &Environment::default())?;
    config.salesforce.login_url = simulated.org.url().to_owned();
    Ok(config)
}

/// Our moment as the simulated org's.
#[must_use]
pub const fn simorg_stamp(at: Stamp) -> simorg::value::Stamp {
    simorg::value::Stamp(at.micros().div_euclid(1_000))
}

/// Writes people to both sides, a chunk at a time.
struct Filler<'a> {
    simulated: &'a Simulated,
    database: &'a Database,
    begin: Stamp,
    truth: Truth<SupporterId, ContactId>,
}

impl Filler<'_> {
    /// The bundled people first, then made-up ones, until there are `rows`. Answers how many each side got.
    async fn fill(&mut self, rows: usize, seed: u64) -> Result<(u64, u64), Failure> {
        let bundled = bundled::people();
        let newest = newest(&bundled).unwrap_or(self.begin);
        // The tables are from one October; here they end an hour before the demo begins.
        let shift = self.begin.minus(HOUR).micros() - newest.micros();
        let mut people = bundled.iter().cloned().chain(People::new(&bundled, seed, FIRST_MADE_UP)).take(rows);
        let mut counts = (0, 0);
        loop {
            let chunk: Vec<Twins> = people.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                return Ok(counts);
            }
            let (supporters, contacts) = self.write(chunk, shift).await?;
            counts = (counts.0 + supporters, counts.1 + contacts);
        }
    }

    async fn write(&mut self, chunk: Vec<Twins>, shift: i64) -> Result<(u64, u64), Failure> {
        let rows: Vec<_> = chunk
            .iter()
            .filter_map(|twins| twins.contact.as_ref())
            .map(|contact| contact.to_json(&moved(&contact.modified_at, shift)))
            .collect();
        let seeded = self.simulated.org.seed("Contact", rows);
        let ids = seeded.map_err(|_| Failure::Unexpected("the simulated org refused the demo's Contacts"))?;
        let (mut ids, mut supporters, contacts) = (ids.into_iter(), Vec::new(), ids_len(&chunk));
        for twins in chunk {
            let contact = twins.contact.and_then(|_| ids.next()).and_then(|id| ContactId::parse(&id).ok());
            let supporter = twins.supporter.as_ref().and_then(supporter_id);
            self.truth.add(supporter, contact);
            if let Some(supporter) = twins.supporter {
                let stamp = moved(&supporter.modified_at, shift);
                supporters.push((supporter, None, stamp));
            }
        }
        self.database.add(&supporters)?;
        Ok((supporters.len() as u64, contacts))
    }
}

fn ids_len(chunk: &[Twins]) -> u64 {
    chunk.iter().filter(|twins| twins.contact.is_some()).count() as u64
}

fn supporter_id(supporter: &Supporter) -> Option<SupporterId> {
    SupporterId::parse(&supporter.supporter_id.to_string()).ok()
}

fn newest(people: &[Twins]) -> Option<Stamp> {
    let stamps = people.iter().flat_map(|twins| {
        let supporter = twins.supporter.as_ref().map(|supporter| &supporter.modified_at);
        supporter.into_iter().chain(twins.contact.as_ref().map(|contact| &contact.modified_at))
    });
    stamps.filter_map(|text| Stamp::parse(text).ok()).max()
}

/// A stamp moved by so many microseconds.
fn moved(text: &str, by: i64) -> String {
    let shifted = |at: Stamp| Stamp::from_micros(at.micros().saturating_add(by)).to_seconds_text();
    Stamp::parse(text).map_or_else(|_| text.to_owned(), shifted)
}
