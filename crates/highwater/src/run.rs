//! From the command line to a verb.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::sync::Arc;

use model::Clock;
use service::stop::GRACE;
use service::{Ended, StopSignals, until_stopped};
use tokio_util::sync::CancellationToken;

use crate::cli::{Cli, Common, Verb};
use crate::commands;
use crate::config::{Config, Environment, LogFormat, load};
use crate::demo::simulated::beside;
use crate::desk::{self, Desk, Worker};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::forward::{self, forward};
use crate::output::Screen;
use crate::wire::budget::Books;
use crate::{log, progress, wire};

/// Carries out a command line in this process.
pub fn run(cli: &Cli) -> Exit {
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().enable_all().build() else {
        // Without a runtime there is no other way to say so.
        return Exit::Unexpected;
    };
    let exit = runtime.block_on(async {
        let screen = Screen::of_process(cli.common.format);
        match verb(cli, &screen).await {
            Ok(exit) => exit,
            Err(failure) => {
                screen.say(&failure.text()).await;
                failure.exit()
            }
        }
    });
    // A thread that waits for a terminal must not hold the process.
    runtime.shutdown_background();
    exit
}

async fn verb(cli: &Cli, screen: &Screen) -> Result<Exit, Failure> {
    let common = &cli.common;
    commands::report::fits(&cli.verb, common.format, std::io::stdout().is_terminal())?;
    match &cli.verb {
        Verb::Completions(args) => commands::completions::run(args, screen).await,
        Verb::Explain(args) => commands::explain::run(args, screen).await,
        Verb::Demo(args) => {
            start_log(None, common, false);
            commands::demo::run(args, common, screen).await
        }
        Verb::Bench(args) => {
            start_log(None, common, false);
            commands::bench::run(args, common, screen).await
        }
        Verb::Simorg(args) => {
            start_log(None, common, true);
            commands::simorg::run(args, screen).await
        }
        Verb::Init(args) => {
            start_log(None, common, false);
            commands::init::run(args, common, screen).await
        }
        Verb::Check(args) if args.rebuild => rebuild(cli, screen).await,
        Verb::Check(args) => {
            let config = configured(common, false)?;
            let screen = screen.clone().under(config.banner());
            beside(config, async |config| commands::check::run(args, &config, &screen).await).await
        }
        Verb::Setup(args) => {
            let config = configured(common, false)?;
            refuse_without_supporters(&cli.verb, &config)?;
            beside(config, async |config| commands::setup::run(args, &config, screen).await).await
        }
        Verb::Events(args) if !args.decides() => {
            let config = configured(common, false)?;
            commands::events::run(args, &config, &screen.clone().under(config.banner())).await
        }
        Verb::Intake(args) => {
            let config = configured(common, true)?;
            commands::intake::run(args, &config, &screen.clone().under(config.banner())).await
        }
        Verb::Forget(args) => forget(args, cli, screen).await,
        Verb::Serve(args) => serve(args, cli, screen).await,
        Verb::Plan(_)
        | Verb::Sync(_)
        | Verb::Push(_)
        | Verb::Pull(_)
        | Verb::Backfill(_)
        | Verb::Resync(_)
        | Verb::Report(_)
        | Verb::Status(_)
        | Verb::Errors(_)
        | Verb::Block(_)
        | Verb::Journal(_)
        | Verb::Audit(_)
        | Verb::Link(_)
        | Verb::Verify(_)
        | Verb::Why(_)
        | Verb::Conflicts(_)
        | Verb::Deliver(_)
        | Verb::Replicate(_)
        | Verb::Cases(_)
        | Verb::Events(_)
        | Verb::Watermark(_) => beside_a_service(cli, screen).await,
    }
}

/// One person is erased with the state open; the files are written anew when it is closed.
async fn forget(args: &commands::forget::Args, cli: &Cli, screen: &Screen) -> Result<Exit, Failure> {
    let config = configured(&cli.common, false)?;
    let dir = config.state_dir();
    refuse_without_state(&cli.verb, &config)?;
    let work = async |desk: Desk| commands::forget::run(args, &desk).await;
    let exit = opened(config, &cli.common, screen, work).await?;
    commands::forget::compact(dir, exit).await
}

/// A state that cannot be trusted is set aside first; then the new one is worked on like any other.
async fn rebuild(cli: &Cli, screen: &Screen) -> Result<Exit, Failure> {
    let common = &cli.common;
    let config = configured(common, false)?;
    refuse_without_supporters(&cli.verb, &config)?;
    let rebuild = async |desk: Desk| commands::rebuild::run(&desk).await;
    beside(config, async |config| {
        commands::rebuild::make_room(&config, screen).await?;
        opened(config, common, screen, rebuild).await
    })
    .await
}

async fn serve(args: &commands::serve::Args, cli: &Cli, screen: &Screen) -> Result<Exit, Failure> {
    let (common, serve) = (&cli.common, async |desk: Desk| commands::serve::run(args, &desk).await);
    let config = configured(common, true)?;
    refuse_without_supporters(&cli.verb, &config)?;
    let dir = config.state_dir();
    match beside(config, async |config| opened(config, common, screen, serve).await).await {
        Err(Failure::State(state::Error::Refused(state::Refusal::InUse(_))))
            if forward::service_on(&dir).await =>
        {
            Err(Failure::ServiceRunning(dir.display().to_string()))
        }
        other => other,
    }
}

/// A verb that needs the state: here, or in the service that holds it.
async fn beside_a_service(cli: &Cli, screen: &Screen) -> Result<Exit, Failure> {
    let config = configured(&cli.common, false)?;
    let dir = config.state_dir();
    refuse_without_supporters(&cli.verb, &config)?;
    refuse_without_state(&cli.verb, &config)?;
    let work = async |desk: Desk| at_the_desk(&cli.verb, &desk).await;
    match beside(config, async |config| opened(config, &cli.common, screen, work).await).await {
        Err(Failure::State(state::Error::Refused(state::Refusal::InUse(_)))) => {
            let (argv, file) = arguments(&cli.verb)?;
            let served = forward(&dir, argv, cli.common.format, screen.width(), file).await?;
            served.ok_or_else(|| Failure::StateInUse(dir.display().to_string()))
        }
        other => other,
    }
}

/// The verbs that work on an open state, wherever it is open.
///
/// # Errors
/// [`Failure`], as the verb says.
pub async fn at_the_desk(verb: &Verb, desk: &Desk) -> Result<Exit, Failure> {
    // Again: in a service it is the service's own configuration that counts.
    refuse_without_supporters(verb, &desk.config)?;
    match verb {
        Verb::Plan(args) => commands::plan::run(args, desk).await,
        Verb::Sync(args) => commands::sync::run(args, desk).await,
        Verb::Push(args) => commands::push::run(args, desk).await,
        Verb::Pull(args) => commands::pull::run(args, desk).await,
        Verb::Backfill(args) => commands::backfill::run(args, desk).await,
        Verb::Resync(args) => commands::resync::run(args, desk).await,
        Verb::Report(args) => commands::report::run(args, desk).await,
        Verb::Status(args) => commands::status::run(args, desk).await,
        Verb::Errors(args) => commands::errors::run(args, desk).await,
        Verb::Verify(args) => commands::verify::run(args, desk).await,
        Verb::Block(args) => commands::block::run(args, desk).await,
        Verb::Journal(args) => commands::journal::run(args, desk).await,
        Verb::Audit(args) => commands::audit::run(args, desk).await,
        Verb::Link(args) => commands::link::run(args, desk).await,
        Verb::Replicate(args) => commands::replicate::run(args, desk).await,
        Verb::Deliver(args) => commands::deliver::run(args, desk).await,
        Verb::Cases(args) => commands::cases::run(args, desk).await,
        Verb::Events(args) => commands::events::at_the_desk(args, desk).await,
        Verb::Why(args) => commands::why::run(args, desk).await,
        Verb::Conflicts(args) => commands::conflicts::run(args, desk).await,
        Verb::Watermark(args) => commands::watermark::run(args, desk).await,
        Verb::Demo(_)
        | Verb::Init(_)
        | Verb::Check(_)
        | Verb::Setup(_)
        | Verb::Serve(_)
        | Verb::Intake(_)
        | Verb::Forget(_)
        | Verb::Simorg(_)
        | Verb::Bench(_)
        | Verb::Explain(_)
        | Verb::Completions(_) => Err(Failure::Arguments {
            problem: "this command is not carried out by a service".to_owned(),
            advice: "run it by itself",
        }),
    }
}

/// Opens the state, does the work, and listens to signals meanwhile.
async fn opened(
    config: Config,
    common: &Common,
    screen: &Screen,
    work: impl AsyncFnOnce(Desk) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let state = wire::state::open(&config, &Clock::system()).await?;
    let stop = CancellationToken::new();
    let progress = progress::watcher(common.no_progress, common.quiet);
    let worker = Worker::Own { progress, stop: stop.clone() };
    let screen = screen.clone().under(config.banner());
    let desk = Desk {
        config: Arc::new(config),
        state,
        screen: screen.clone(),
        worker,
        events: None,
        books: Books::default(),
        by: desk::this_user(),
    };
    let at_the_end = desk.clone();
    let mut signals =
        StopSignals::listen().map_err(|_| Failure::Unexpected("signals cannot be listened to"))?;
    let mut result = None;
    let worked = async {
        result = Some(work(desk).await);
        at_the_end.close_books().await;
    };
    let ended = until_stopped(worked, async || signals.next().await, &stop, GRACE).await;
    match (ended, result) {
        (Ended::Orderly, Some(result)) => result,
        (Ended::GraceOver | Ended::SecondSignal, _) | (Ended::Orderly, None) => {
            screen
                .say("stopped before the current step was done; the next run settles what was in flight")
                .await;
            Ok(Exit::Unexpected)
        }
    }
}

/// What keeps people in step is refused before anything is opened or asked where there is nobody to keep in step.
fn refuse_without_supporters(verb: &Verb, config: &Config) -> Result<(), Failure> {
    if verb.needs_supporters() { wire::supporters::needed(config) } else { Ok(()) }
}

/// Looking at a state that was never made must not make one.
fn refuse_without_state(verb: &Verb, config: &Config) -> Result<(), Failure> {
    let dir = config.state_dir();
    let looks = matches!(
        verb,
        Verb::Report(_)
            | Verb::Cases(_)
            | Verb::Status(_)
            | Verb::Errors(_)
            | Verb::Block(_)
            | Verb::Journal(_)
            | Verb::Audit(_)
            | Verb::Link(_)
            | Verb::Verify(_)
            | Verb::Why(_)
            | Verb::Conflicts(_)
            | Verb::Events(_)
            | Verb::Forget(_)
            | Verb::Replicate(commands::replicate::Args { retry: Some(_), .. })
    ) || matches!(verb, Verb::Watermark(args) if !args.begins());
    if looks && !wire::state::exists(&dir)? {
        return Err(Failure::Arguments {
            problem: format!("there is no state in {} yet", dir.display()),
            advice: if config.supporters.kind.is_a_database() {
                "run `highwater sync` or `highwater backfill` first, or correct state.dir"
            } else {
                "run `highwater serve` or `highwater deliver` first, or correct state.dir"
            },
        });
    }
    Ok(())
}

/// What the service is sent, and the file that its data goes into: files are the caller's, not the service's.
fn arguments(verb: &Verb) -> Result<(Vec<String>, Option<std::fs::File>), Failure> {
    if let Verb::Report(args) = verb {
        return Ok((args.report.words()?, commands::report::file(args)?));
    }
    if let Verb::Backfill(args) = verb {
        return Ok((args.words()?, None));
    }
    Ok((words(std::env::args_os().skip(1))?, None))
}

/// The words of a command line, which travel as text.
fn words(given: impl Iterator<Item = OsString>) -> Result<Vec<String>, Failure> {
    let words: Result<Vec<String>, OsString> = given.map(OsString::into_string).collect();
    words.map_err(|_| Failure::Arguments {
        problem: "an argument is no UTF-8 text, and cannot be sent to the service".to_owned(),
        advice: "give it in plain letters, or stop the service and run the command again",
    })
}

/// Loads the configuration and starts the log as it says.
fn configured(common: &Common, service: bool) -> Result<Config, Failure> {
    let loaded = load(&common.config, common.profile.as_deref(), &Environment::of_process());
    start_log(loaded.as_ref().ok(), common, service);
    Ok(loaded?)
}

fn start_log(config: Option<&Config>, common: &Common, service: bool) {
    let level = config.and_then(|config| config.log.level);
    let format = config.map_or(LogFormat::Text, |config| config.log.format);
    log::start(log::level(level, service, common.verbose, common.quiet), format);
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[test]
    fn what_is_no_text_is_refused_before_it_is_sent() {
        let given = |bytes: &[u8]| [OsString::from("why"), OsString::from_vec(bytes.to_vec())].into_iter();
        assert_eq!(words(given(b"zo\xc3\xab")).unwrap(), ["why", "zo\u{eb}"]);
        let refused = words(given(b"zo\xeb")).unwrap_err();
        assert_eq!(refused.exit(), Exit::Usage);
        assert!(refused.to_string().contains("UTF-8"), "{refused}");
    }
}
