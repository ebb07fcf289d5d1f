//! `highwater replicate`: supporters as Leads, or as records of another object.

use std::sync::Arc;
use std::time::Duration;

use actions::action::Action;
use actions::deliver::Delivery;
use actions::owner::owner_of;
use actions::replica::{Replica, Standing, lift};
use actions::replicate::{Options, Report, Row, action_for_supporters, columns_of, replicate, standings};
use model::{Clock, SalesforceId, Stamp, SupporterId};
use serde_json::json;
use service::Schedule;
use supporters::Supporters;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::code;
use crate::config::Config;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Sheet};
use crate::wire;

/// How.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater replicate
  highwater replicate --list blocked
  highwater replicate --list not-replicated --format csv
  highwater replicate --retry 4711
  highwater replicate --retry --all --dry-run

Who is replicated, and to what, says the one [[actions]] with on = { types = [\"supporter\"] }. A supporter who is refused is \
set aside until one of the columns or the action changes, or until --retry lifts the block, after something was put right in the \
org. `highwater serve` does the same by itself, see [replication].")]
pub struct Args {
    /// Replicate nobody, list who stands so
    #[arg(long, value_name = "STANDING")]
    pub list: Option<Wanted>,
    /// Replicate nobody, lift the block of this supporter, or with --all of everybody: the next run tries them again
    #[arg(long, value_name = "SUPPORTER", num_args = 0..=1, conflicts_with = "list")]
    #[expect(clippy::option_option, reason = "an option that may stand with and without a value")]
    pub retry: Option<Option<String>>,
    /// With --retry: everybody who is set aside
    #[arg(long, requires = "retry")]
    pub all: bool,
    /// With --retry: count whose block would be lifted, and lift none
    #[arg(long, requires = "retry")]
    pub dry_run: bool,
}

/// Whom to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Wanted {
    /// There is a record of theirs
    Replicated,
    /// Eligible, and not yet replicated
    NotReplicated,
    /// Set aside after an error
    Blocked,
}

impl Wanted {
    const fn standing(self) -> Standing {
        match self {
            Self::Replicated => Standing::Replicated,
            Self::NotReplicated => Standing::NotReplicated,
            Self::Blocked => Standing::Blocked,
        }
    }
}

/// The service's own run and one by hand would both make what neither has made yet.
static ONE_RUN: Mutex<()> = Mutex::const_new(());

/// What is remembered of supporters is changed by one at a time: by a batch of a run, or by lifting blocks.
static ONE_BATCH: Mutex<()> = Mutex::const_new(());

/// Both sides of a replication.
struct Parts {
    delivery: Delivery,
    action: Action,
    columns: Vec<String>,
    supporters: Arc<dyn Supporters>,
}

impl Parts {
    async fn of(
        config: &Config,
        org: salesforce::Org,
        state: state::State,
        stop: CancellationToken,
    ) -> Result<Self, Failure> {
        let delivery = wire::delivery::delivery(config, org, state, stop).await?;
        let action = action_for_supporters(&delivery.actions).map(|one| one.action.clone());
        let action = action.ok_or_else(|| Failure::Setup {
            code: &code::events::ACTION,
            problem: "there is not exactly one [[actions]] for supporters".to_owned(),
            advice: "add one with on = { types = [\"supporter\"] }".to_owned(),
        })?;
        let columns = columns_of(&action);
        let supporters = wire::supporters::supporters(config, &columns).await?;
        Ok(Self { delivery, action, columns, supporters })
    }

    /// The next page of supporters, and where the one after begins.
    async fn page(
        &self,
        after: Option<&SupporterId>,
        most: usize,
    ) -> Result<(Vec<Row>, Option<SupporterId>), Failure> {
        let ids = self.supporters.ids(after, most).await?;
        let people = self.supporters.get(&ids).await?;
        let row = |one: &model::Supporter| Row::new(&one.id, self.columns.iter().zip(&one.cells));
        Ok((people.iter().flatten().map(row).collect(), ids.into_iter().last()))
    }

    /// Everybody once.
    async fn run(&self, config: &Config) -> Result<Report, Failure> {
        let _run = ONE_RUN.lock().await;
        let options = Options { keep_updated: config.replication.keep_updated };
        let most = config.replication.batch_people.count();
        let mut report = Report::default();
        let mut after = None;
        while !self.delivery.stop.is_cancelled() {
            let (rows, last) = self.page(after.as_ref(), most).await?;
            let Some(last) = last else { break };
            let now = Clock::system().now();
            let _batch = ONE_BATCH.lock().await;
            let part = replicate(&self.delivery, &self.action, &rows, options, now).await;
            report.add(&part.map_err(wire::delivery::failure)?);
            after = Some(last);
        }
        Ok(report)
    }
}

/// Replicates, lists, or lifts blocks.
///
/// # Errors
/// Whatever stands in the way; whoever is refused is no error.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    if let Some(whom) = &args.retry {
        return retry(whom.as_deref(), args, desk).await;
    }
    let (org, state) = (desk.org_to_write().await?, desk.state.clone());
    let parts = Parts::of(&desk.config, org, state, desk.stop().clone()).await?;
    if let Some(wanted) = args.list {
        let answer = list(&parts, wanted.standing()).await?;
        desk.screen.answer(&answer).await.map_err(Failure::stdout)?;
        return Ok(Exit::Done);
    }
    let report = parts.run(&desk.config).await?;
    desk.screen.answer(&shown(&report)).await.map_err(Failure::stdout)?;
    Ok(if report.blocked + report.still_blocked > 0 { Exit::SomeFailed } else { Exit::Done })
}

/// Lifts blocks. Neither the org nor the supporter database is asked.
async fn retry(whom: Option<&str>, args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let usage = |problem: &str, advice| Failure::Arguments { problem: problem.to_owned(), advice };
    let whom = match (whom, args.all) {
        (Some(id), false) => Some(SupporterId::parse(id).map_err(|_| usage("that is no supporter id", SEE))?),
        (None, true) => None,
        (Some(_), true) => return Err(usage("a supporter and --all are given", "give one of them")),
        (None, false) => {
            return Err(usage("nothing says whose block is lifted", "name a supporter, or give --all"));
        }
    };
    let _batch = ONE_BATCH.lock().await;
    let by = (!args.dry_run).then_some(desk.by.as_str());
    let count = lift(&desk.state, whom.as_ref(), by).await.map_err(wire::delivery::failure)?;
    if count == 0 && whom.is_some() {
        return Err(usage("that supporter is not set aside", SEE));
    }
    let mut sheet = Sheet::new("blocks of the replication", &["what", "supporters"]);
    let what = if args.dry_run { "would be lifted" } else { "lifted" };
    sheet.row([what.to_owned(), count.to_string()]);
    let mut answer = Answer::of(sheet, json!({"lifted": count, "dry_run": args.dry_run}));
    answer.notes.push(match (args.dry_run, count) {
        (true, _) => "nothing was changed".to_owned(),
        (false, 0) => "nobody is set aside".to_owned(),
        (false, _) => "`highwater replicate`, or the next run of the service, tries them again".to_owned(),
    });
    desk.screen.answer(&answer).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

/// Where to look whom a block is about.
const SEE: &str = "`highwater replicate --list blocked` shows who is set aside";

/// Supporters read at once for a list.
const PAGE: usize = 1_000;

async fn list(parts: &Parts, wanted: Standing) -> Result<Answer, Failure> {
    let mut sheet = Sheet::new("supporters", &["supporter", "standing", "record", "why"]);
    let (mut json, mut after, mut shared) = (Vec::new(), None, false);
    loop {
        let (rows, last) = parts.page(after.as_ref(), PAGE).await?;
        let Some(last) = last else { break };
        let found =
            standings(&parts.delivery.state, &parts.action, &rows).map_err(wire::delivery::failure)?;
        for (row, (standing, replica)) in rows.iter().zip(found) {
            if standing == wanted {
                let record = replica.as_ref().and_then(|one| one.record.clone()).unwrap_or_default();
                let (met, of) = met(&parts.delivery.state, replica.as_ref())?;
                let why = replica.map(|one| one.why()).unwrap_or_default();
                shared |= !met.is_empty();
                json.push(
                    json!({"supporter": row.id.as_str(), "standing": standing.code(), "record": record,
                    "why": why, "met": met, "met_of": of}),
                );
                sheet.row([row.id.to_string(), standing.code().to_owned(), record, beside(why, &met, &of)]);
            }
        }
        after = Some(last);
    }
    let mut answer = Answer::of(sheet, json.into());
    if shared {
        answer.notes.push(SHARED.to_owned());
    }
    Ok(answer)
}

/// What to do about supporters who lead to one record.
const SHARED: &str = "supporters who lead to one record are told apart by a matcher that only one of them has, such as a field \
with supporter.id; or correct the address or the record. Then `highwater replicate --retry` with one of them";

/// The record somebody is set aside for, and whose it is; both empty where there is none.
fn met(state: &state::State, replica: Option<&Replica>) -> Result<(String, String), Failure> {
    let Some(met) = replica.and_then(|one| one.met.clone()) else { return Ok(Default::default()) };
    let owner = SalesforceId::parse(&met).ok().map(|record| owner_of(state, record)).transpose();
    let owner = owner.map_err(wire::delivery::failure)?.flatten();
    Ok((met, owner.map(|owner| owner.to_string()).unwrap_or_default()))
}

fn beside(why: String, met: &str, of: &str) -> String {
    match (met, of) {
        ("", _) => why,
        (met, "") => format!("{why}: {met}"),
        (met, of) => format!("{why}: {met} is that of {of}"),
    }
}

fn shown(report: &Report) -> Answer {
    let counts = [
        ("created", report.created),
        ("updated", report.updated),
        ("unchanged", report.unchanged),
        ("blocked", report.blocked),
        ("still_blocked", report.still_blocked),
        ("waiting", report.waiting),
        ("not_eligible", report.not_eligible),
    ];
    let mut sheet = Sheet::new("supporters replicated", &["outcome", "count"]);
    let mut json = serde_json::Map::new();
    for (word, count) in counts {
        sheet.row([word.to_owned(), count.to_string()]);
        json.insert(word.to_owned(), count.into());
    }
    Answer::of(sheet, json.into())
}

/// When the service replicates.
enum Times {
    /// At once, and so long after each run.
    Every(Duration),
    /// When the cron text says.
    Cron(Box<Schedule>),
}

impl Times {
    /// `None`: only by hand.
    fn of(config: &Config) -> Result<Option<Self>, Failure> {
        let Some(cron) = &config.replication.cron else {
            let every = Duration::from_secs(60 * config.replication.minutes());
            return Ok((!every.is_zero()).then_some(Self::Every(every)));
        };
        let schedule = Schedule::cron(cron, &config.schedule.time_zone);
        let schedule =
            schedule.map_err(|_| Failure::Unexpected("a schedule that was checked cannot be read"))?;
        Ok(Some(Self::Cron(Box::new(schedule))))
    }

    /// When the next run is due. `began` is when the service or its last run began, `ended` when that run did.
    fn due(&self, began: Stamp, ended: Option<Stamp>, now: Stamp) -> Option<Stamp> {
        match self {
            Self::Every(every) => Some(ended.map_or(now, |ended| ended.plus(*every))),
            Self::Cron(schedule) => schedule.next_due(Some(began), now).map(|due| due.at),
        }
    }
}

/// The longest time without a look at the clock, which may be set, or stand still while the machine sleeps.
const NAP: Duration = Duration::from_secs(60);

/// The part of the service that replicates at its own times.
///
/// # Errors
/// An action that does not fit. A run that fails is logged, and the next one comes.
pub async fn until_stopped(config: &Config, sides: &plan::Sides) -> Result<(), Failure> {
    let wanted = config
        .actions
        .iter()
        .any(|entry| entry.on.as_ref().is_some_and(|on| on.types == [actions::replicate::SUPPORTER]));
    let Some(times) = Times::of(config)?.filter(|_| wanted) else { return Ok(()) };
    let (org, state, stop) = (sides.org.clone(), sides.state.clone(), sides.stop.clone());
    let mut parts = Parts::of(config, org, state, stop.clone()).await?;
    let clock = Clock::system();
    let (mut began, mut ended) = (clock.now(), None);
    while !stop.is_cancelled() {
        let now = clock.now();
        // `None`: the calendar has no further time for it.
        let Some(due) = times.due(began, ended, now) else { return Ok(()) };
        if due > now {
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(due.since(now).min(NAP)) => {}
            }
            continue;
        }
        if ended.is_some() {
            parts.delivery = wire::delivery::described_anew(config, parts.delivery).await;
        }
        began = now;
        told(parts.run(config).await);
        wire::budget::close(&parts.delivery.org).await;
        ended = Some(clock.now());
    }
    Ok(())
}

fn told(run: Result<Report, Failure>) {
    match run {
        Ok(report) => tracing::info!(
            replication.created = report.created,
            replication.updated = report.updated,
            replication.blocked = report.blocked,
            "supporters replicated: {} made, {} changed, {} set aside",
            report.created,
            report.updated,
            report.blocked
        ),
        Err(failure) => tracing::warn!("supporters were not replicated: {failure}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Stamp {
        Stamp::parse(text).unwrap()
    }

    #[test]
    fn an_interval_begins_at_once_and_counts_from_the_end_of_a_run() {
        let hourly = Times::Every(Duration::from_secs(3_600));
        let (start, later) = (at("2026-03-02T10:00:00Z"), at("2026-03-02T10:20:00Z"));
        assert_eq!(hourly.due(start, None, later), Some(later));
        assert_eq!(hourly.due(start, Some(later), later), Some(at("2026-03-02T11:20:00Z")));
    }

    #[test]
    fn a_cron_text_says_when_by_the_clock_on_the_wall_and_a_time_that_passed_in_a_run_is_made_up_for() {
        let nightly = Times::Cron(Box::new(Schedule::cron("0 2 * * 1-5", "Europe/Lisbon").unwrap()));
        // A Friday in winter, then the Monday after, when the clocks have gone forward.
        let (friday, monday) = (at("2026-03-27T02:00:00Z"), at("2026-03-30T01:00:00Z"));
        let started = at("2026-03-26T09:00:00Z");
        assert_eq!(nightly.due(started, None, at("2026-03-26T23:00:00Z")), Some(friday));
        assert_eq!(nightly.due(started, None, friday), Some(friday));
        let (ended, looked) = (at("2026-03-27T03:00:00Z"), at("2026-03-28T12:00:00Z"));
        assert_eq!(nightly.due(friday, Some(ended), looked), Some(monday));
        let late = at("2026-03-30T06:00:00Z");
        assert_eq!(nightly.due(friday, Some(late), late), Some(late));
    }
}
