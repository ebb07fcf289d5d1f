//! `highwater intake`: events are taken in, and kept for whoever delivers them.

use std::path::PathBuf;
use std::time::Duration;

use events::Queue;
use events::intake::{router, serve};
use events::queue::{Notice, Request};
use model::Clock;
use serde_json::json;
use service::StopSignals;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Screen, Sheet, counted};
use crate::wire;

/// How often old events are given up.
const UPKEEP: Duration = Duration::from_secs(3_600);

/// How often it is written down how many events stand how, where enough came.
const SUMMARY: Duration = Duration::from_secs(10);

/// How often it is written down, and said where it is due, what was turned away.
const TURNED_AWAY: Duration = Duration::from_secs(10);

/// How often decisions about events are looked for.
const DECISIONS: Duration = Duration::from_millis(500);

/// How.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater intake
  highwater intake --port 0

  curl -u \"$WRITE_KEY:\" http://127.0.0.1:8780/v1/identify \\
       -d '{\"userId\":\"1\",\"traits\":{\"email\":\"jo@example.org\"}}'

Speaks the HTTP tracking API of Segment and RudderStack: point their SDKs' host or data plane URL here. An event is \
acknowledged when it is on disk. Needs a [[intake.source]] in the configuration, and neither the org nor the supporter \
database. `highwater serve` does the same beside its cycles, and delivers. Listens on this machine only; TLS and other hosts \
are for a proxy in front of it. Prints its address, and runs until SIGTERM or SIGINT: requests that run are answered first.")]
pub struct Args {
    /// Another port than the configuration's; 0 lets the system choose
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
}

/// Takes events in until it is told to stop.
///
/// # Errors
/// When there is no source, a write key or the port cannot be had, or the directory cannot be used.
pub async fn run(args: &Args, config: &Config, screen: &Screen) -> Result<Exit, Failure> {
    if !config.intake.is_on() {
        return Err(Failure::Arguments {
            problem: "no source of events is configured".to_owned(),
            advice: "add a [[intake.source]] with a name and its write key to the configuration",
        });
    }
    let mut signals =
        StopSignals::listen().map_err(|_| Failure::Unexpected("signals cannot be listened to"))?;
    let stop = CancellationToken::new();
    let queue = wire::intake::queue(config, &Clock::system()).await?;
    let listener = wire::intake::listener(config, args.port).await?;
    let address = listener.local_addr().map_err(|_| Failure::Unexpected("the port has no address"))?;
    let mut sheet = Sheet::new("", &["what", "address"]);
    sheet.row(["events", format!("http://{address}").as_str()]);
    let taking = take_in(config, queue, listener, stop.clone())?;
    screen
        .answer(&Answer::of(sheet, json!({ "events": format!("http://{address}") })))
        .await
        .map_err(Failure::stdout)?;
    let told = async {
        signals.next().await;
        stop.cancel();
    };
    tokio::join!(taking, told);
    Ok(Exit::Done)
}

/// Takes events in until `stop`, and gives up old ones now and then. The write keys are fetched before this returns.
///
/// # Errors
/// When a write key cannot be had or used.
pub fn take_in(
    config: &Config,
    queue: Queue,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<impl Future<Output = ()> + use<>, Failure> {
    let options = wire::intake::options(config, &Clock::system())?;
    let served = serve(listener, router(queue.clone(), options), stop.clone());
    let dir = config.resolve(&config.intake.dir);
    Ok(async move {
        tracing::info!("events are taken in");
        tokio::join!(
            served,
            upkeep(queue.clone(), stop.clone()),
            summarize(queue.clone(), stop.clone()),
            turned_away(queue.clone(), stop.clone()),
            decide(queue.clone(), dir, stop)
        );
        // Requests that ran when the service was told to stop were answered after everything else had ended.
        tell_turned_away(&queue, true).await;
        tracing::info!("events are no longer taken in");
    })
}

/// Once at the beginning, now and then, and once more at the end.
async fn summarize(queue: Queue, stop: CancellationToken) {
    loop {
        let ours = queue.clone();
        match tokio::task::spawn_blocking(move || ours.summarize()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!("the events cannot be counted: {error}"),
            Err(_) => tracing::error!("counting the events ended in a defect"),
        }
        if stop.is_cancelled() {
            return;
        }
        let _ = stop.run_until_cancelled(tokio::time::sleep(SUMMARY)).await;
    }
}

/// Now and then.
async fn turned_away(queue: Queue, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(TURNED_AWAY)).await.is_some() {
        tell_turned_away(&queue, false).await;
    }
}

/// Says what was turned away and writes it down: nothing else is left of it.
async fn tell_turned_away(queue: &Queue, all: bool) {
    for Notice { source, events, requests, reasons } in queue.to_say_of_turned_away(all) {
        let whose =
            source.as_ref().map_or_else(|| "no known source".to_owned(), |name| format!("the source {name}"));
        let parts = [(events, "event", "events"), (requests, "whole request", "whole requests")];
        let parts = parts.into_iter().filter(|(count, ..)| *count > 0);
        let much: Vec<String> = parts.map(|(count, one, many)| counted(count, one, many)).collect();
        let source = source.as_ref().map_or(wire::intake::NO_SOURCE, |name| name.as_str());
        tracing::warn!(
            source.name = source,
            events,
            requests,
            "turned away at the way in, of {whose}: {}, for {reasons}; `highwater status` counts them",
            much.join(" and ")
        );
    }
    let ours = queue.clone();
    match tokio::task::spawn_blocking(move || ours.keep_turned_away()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!("what was turned away cannot be written down: {error}"),
        Err(_) => tracing::error!("writing down what was turned away ended in a defect"),
    }
}

/// Carries out what people decided in other processes, who cannot write beside this one.
async fn decide(queue: Queue, dir: PathBuf, stop: CancellationToken) {
    loop {
        match Request::take_up_all(&queue, &dir).await {
            Ok(0) => {}
            Ok(decisions) => tracing::info!(decisions, "{decisions} decisions about events are carried out"),
            Err(error) => tracing::error!("decisions about events cannot be carried out: {error}"),
        }
        if stop.run_until_cancelled(tokio::time::sleep(DECISIONS)).await.is_none() {
            return;
        }
    }
}

async fn upkeep(queue: Queue, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(UPKEEP)).await.is_some() {
        let queue = queue.clone();
        match tokio::task::spawn_blocking(move || queue.forget()).await {
            Ok(Ok(0)) => {}
            Ok(Ok(segments)) => tracing::info!(segments, "{segments} segments of old events are given up"),
            Ok(Err(error)) => tracing::error!("old events cannot be given up: {error}"),
            Err(_) => tracing::error!("giving up old events ended in a defect"),
        }
    }
}
