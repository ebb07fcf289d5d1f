//! From `[intake]` to the open queue and the way in.

use std::time::Duration;

use events::intake::{IntakeOptions, Origins, Source, Sources, WriteKey};
use events::queue::What;
use events::{FlagRule, Limits, Queue, QueueOptions, SourceName};
use model::Clock;
use tokio::net::TcpListener;

use crate::code;
use crate::config::{Config, Intake, IntakeSource, SalesforceFlag};
use crate::failure::Failure;

/// In place of a source's name, which has no parentheses: nobody knows whose it was.
pub const NO_SOURCE: &str = "(none)";

/// The word for what was turned away.
#[must_use]
pub const fn what_word(what: What) -> &'static str {
    match what {
        What::Event => "event",
        What::Request => "request",
    }
}

/// Opens the queue of events, on a thread that may block.
///
/// # Errors
/// When its directory cannot be used, is in use, or is damaged.
pub async fn queue(config: &Config, clock: &Clock) -> Result<Queue, Failure> {
    let path = config.resolve(&config.intake.dir);
    let options = queue_options(&config.intake, clock);
    let opened = tokio::task::spawn_blocking(move || Queue::open(&path, options)).await;
    Ok(opened.map_err(|_| Failure::Unexpected("opening the events ended in a defect"))??)
}

fn queue_options(intake: &Intake, clock: &Clock) -> QueueOptions {
    let defaults = QueueOptions::default();
    QueueOptions {
        repeat_window: Duration::from_secs(intake.repeat_hours.get() * 3_600),
        repeat_ids: intake.repeat_ids.count(),
        keep: Duration::from_secs(intake.keep_days.get() * 86_400),
        log: segments::Options { clock: clock.clone(), ..defaults.log.clone() },
        ..defaults
    }
}

/// Everything the way in needs but the queue; fetches the write keys.
///
/// # Errors
/// When a write key cannot be had or used, or two sources share a name or a key.
pub fn options(config: &Config, clock: &Clock) -> Result<IntakeOptions, Failure> {
    let intake = &config.intake;
    let sources: Vec<Source> =
        intake.sources.iter().map(|source| with_key(config, source)).collect::<Result<_, _>>()?;
    let wrong = |problem: String| Failure::Setup {
        code: &code::configuration::WRONG_VALUE,
        problem,
        advice: "correct [intake] in the configuration".to_owned(),
    };
    Ok(IntakeOptions {
        sources: Sources::new(sources).map_err(|problem| wrong(problem.to_string()))?,
        flag: match intake.salesforce_flag {
            SalesforceFlag::Required => FlagRule::Required,
            SalesforceFlag::Optional => FlagRule::Optional,
            SalesforceFlag::Ignored => FlagRule::Ignored,
        },
        origins: Origins::parse(&intake.allowed_origins).map_err(|problem| wrong(problem.to_string()))?,
        events_per_second: intake.events_per_second.and_then(|most| std::num::NonZeroU32::new(most.small())),
        limits: Limits::default(),
        clock: clock.clone(),
    })
}

fn with_key(config: &Config, source: &IntakeSource) -> Result<Source, Failure> {
    let secret = source.write_key().fetch(&config.folder).map_err(crate::config::ConfigError::Secret)?;
    let unfit = || Failure::Setup {
        code: &code::events::WRITE_KEY,
        problem: format!("the write key of the source {} cannot be used", source.name),
        advice: code::events::WRITE_KEY.remedy.to_owned(),
    };
    let name = SourceName::parse(&source.name).map_err(|problem| Failure::Setup {
        code: &code::configuration::WRONG_VALUE,
        problem: problem.to_string(),
        advice: "correct the name of the [[intake.source]]".to_owned(),
    })?;
    Ok(Source { name, key: WriteKey::parse(secret).ok_or_else(unfit)? })
}

/// Listens where the configuration says, or on another port of the same address.
///
/// # Errors
/// When the port is taken or not ours to take.
pub async fn listener(config: &Config, port: Option<u16>) -> Result<TcpListener, Failure> {
    let mut address = config.intake.listen;
    if let Some(port) = port {
        address.set_port(port);
    }
    TcpListener::bind(address).await.map_err(|error| Failure::Setup {
        code: &code::events::NO_PORT,
        problem: format!("nothing can listen on {address}: {}", error.kind()),
        advice: code::events::NO_PORT.remedy.to_owned(),
    })
}
