//! From `[[actions]]` and `[delivery]` to the delivery of events.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actions::check::{Schema, check_all};
use actions::deliver::Delivery;
use actions::entry::actions_of;
use actions::fatal::Fatal;
use actions::job::Jobs;
use actions::run::RunSettings;
use events::QueueError;
use salesforce::Org;
use state::State;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::code;
use crate::config::Config;
use crate::failure::Failure;

/// A process works on one state: whatever delivers in it takes turns.
static TURN: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);

/// Checks the actions against the org; nothing is written.
///
/// # Errors
/// Everything that does not fit, at once; and any kind of a call that reads.
pub async fn delivery(
    config: &Config,
    org: Org,
    state: State,
    stop: CancellationToken,
) -> Result<Delivery, Failure> {
    let unfit = |problem: String| Failure::Setup {
        code: &code::events::ACTION,
        problem,
        advice: "correct [[actions]], or the org; `highwater deliver --check` looks again".to_owned(),
    };
    let actions = actions_of(&config.actions).map_err(|problem| unfit(problem.to_string()))?;
    if actions.is_empty() {
        return Err(unfit("there is no [[actions]] in the configuration".to_owned()));
    }
    let schema = Schema::of(&org, &actions).await?;
    let prepared = check_all(&actions, &schema).map_err(|wrong| {
        let lines = wrong.iter().flat_map(|(action, all)| {
            all.iter().map(move |mismatch| format!("\n  action {action}: {mismatch}"))
        });
        unfit(format!("actions do not fit the org:{}", lines.collect::<String>()))
    })?;
    let spool = job_files(&state);
    Ok(Delivery {
        org,
        state,
        actions: prepared.into(),
        schema: Arc::new(schema),
        api_share: config.delivery.api_share.get(),
        jobs: Jobs {
            direct_calls: config.delivery.direct_calls.count(),
            patience: Duration::from_secs(60 * config.sync.job_deadline_minutes.get()),
            spool,
        },
        turn: Arc::clone(&TURN),
        stop,
    })
}

/// The same delivery with the org as it is now: fields come and go while a service runs. When the org cannot be asked, or an
/// action does not fit any more, that is logged, and what was known goes on being used: each record tells what became of it.
pub async fn described_anew(config: &Config, known: Delivery) -> Delivery {
    known.org.forget_describes();
    match delivery(config, known.org.clone(), known.state.clone(), known.stop.clone()).await {
        Ok(now) => now,
        Err(failure) => {
            tracing::warn!("the actions are used as they were: {failure}");
            known
        }
    }
}

/// Where the files of jobs for events and replicated supporters lie. Not the cycles' own spool, which a cycle clears.
#[must_use]
pub fn job_files(state: &State) -> PathBuf {
    state.dir().join("delivery")
}

/// How it is worked off.
#[must_use]
pub fn settings(config: &Config) -> RunSettings {
    let delivery = &config.delivery;
    RunSettings {
        batch: delivery.batch_events.count(),
        tries: delivery.tries.small(),
        wait: Duration::from_secs(delivery.retry_seconds.get()),
    }
}

/// What ended a delivery, in the words of the program.
#[must_use]
pub fn failure(fatal: Fatal) -> Failure {
    match fatal {
        Fatal::Salesforce(error) => error.into(),
        Fatal::State(error) => error.into(),
        Fatal::Queue(error) => match error.downcast::<QueueError>() {
            Ok(error) => (*error).into(),
            Err(_) => Failure::Unexpected("the events ended in a defect"),
        },
        Fatal::Spool(kind) => Failure::Output { what: "the file of a job".to_owned(), source: kind.into() },
        Fatal::Name(_) => Failure::Unexpected("the org shows a field whose name is none"),
    }
}
