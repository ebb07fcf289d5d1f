//! One request, from its head to its answer.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use http::{HeaderMap, Method, Response, StatusCode};
use serde_json::json;

use super::Intake;
use super::answer::{self, Told};
use super::credentials::{self, Credentials};
use super::request::{self, Taken};
use crate::event::Event;
use crate::kind::Kind;
use crate::queue::{QueueError, What};
use crate::read::{Envelope, read_event};
use crate::refusal::Refusal;
use crate::source::SourceName;

/// What a path asks for.
#[derive(Clone, Copy)]
enum Call {
    One(Kind),
    Batch,
}

/// The calls by their names, and by the letters that browser libraries use.
fn call_of(path: &str) -> Option<Call> {
    Some(match path {
        "batch" | "import" | "b" => Call::Batch,
        "i" => Call::One(Kind::Identify),
        "g" => Call::One(Kind::Group),
        "t" => Call::One(Kind::Track),
        "p" => Call::One(Kind::Page),
        "s" => Call::One(Kind::Screen),
        "a" => Call::One(Kind::Alias),
        word => Call::One(Kind::of_word(word)?),
    })
}

/// `/v1/…`: the gate, and then the events.
pub(super) async fn call(
    State(intake): State<Arc<Intake>>,
    Path(path): Path<String>,
    request: Request,
) -> Response<Body> {
    let Some(call) = call_of(&path) else {
        if request.method() == Method::POST {
            intake.queue.turn_away(None, What::Request, "path");
        }
        return nothing().await;
    };
    let (head, body) = request.into_parts();
    let Ok(allowed) = intake.options.origins.check(&head.headers) else {
        intake.queue.turn_away(None, What::Request, "origin");
        return answer::refused(StatusCode::FORBIDDEN, "origin", "this website may not send events");
    };
    if head.method == Method::OPTIONS {
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        if let Some(allowed) = allowed {
            allowed.preflight(&head.headers, answer.headers_mut());
        }
        return answer;
    }
    let mut answer = if head.method == Method::POST {
        events(&intake, call, &head.headers, body).await
    } else {
        answer::refused(StatusCode::METHOD_NOT_ALLOWED, "method", "events are sent with POST")
    };
    if let Some(allowed) = allowed {
        allowed.answer(answer.headers_mut());
    }
    answer
}

/// Checks, keeps, and answers.
async fn events(intake: &Intake, call: Call, headers: &HeaderMap, body: Body) -> Response<Body> {
    let credentials = credentials::read(headers);
    // Whoever proves nothing right away is not listened to.
    let known = match &credentials {
        Credentials::Basic(key) => intake.options.sources.find(key).map(Some),
        Credentials::Bearer(key) => Some(intake.options.sources.find(key)),
        Credentials::None => Some(None),
        Credentials::Unreadable => None,
    };
    let Some(known) = known else { return unknown_key(intake) };
    let limits = &intake.options.limits;
    let body = match super::body::read(headers, body, limits.request_bytes).await {
        Ok(body) => body,
        Err(lost) => {
            if let Some(reason) = lost.code() {
                intake.queue.turn_away(known, What::Request, reason);
            }
            return answer::lost(lost);
        }
    };
    // Closed never: the permit is there as long as the intake is.
    let _keeping = intake.keeping.acquire().await;
    let taken = match call {
        Call::One(_) => request::single(&body),
        Call::Batch => match request::batch(&body, limits) {
            Ok(taken) => taken,
            Err(broken) => {
                intake.queue.turn_away(known, What::Request, broken.code());
                return answer::broken(broken, limits.batch_events);
            }
        },
    };
    let named = taken.write_key.as_deref().map(|key| intake.options.sources.find(key));
    let source = match (known, named) {
        (Some(known), Some(Some(named))) if known == named => known,
        (Some(known), None) => known,
        (None, Some(Some(named))) => named,
        (Some(_) | None, Some(_)) | (None, None) => return unknown_key(intake),
    };
    if let Err(seconds) = intake.rates.take(source, taken.events.len()) {
        return answer::too_fast(seconds);
    }
    let read = read_all(intake, call, source, &taken);
    keep(intake, source, read).await
}

/// Nobody knows whose it is.
fn unknown_key(intake: &Intake) -> Response<Body> {
    intake.queue.turn_away(None, What::Request, "unknown_key");
    answer::unknown_key()
}

/// Each event, or the one reason why not.
fn read_all(
    intake: &Intake,
    call: Call,
    source: &SourceName,
    taken: &Taken<'_>,
) -> Vec<Result<Event, Refusal>> {
    let envelope = Envelope {
        source,
        kind: match call {
            Call::One(kind) => Some(kind),
            Call::Batch => None,
        },
        context: taken.context.as_ref(),
        integrations: taken.integrations.as_ref(),
        sent_at: taken.sent_at,
        received_at: intake.options.clock.now(),
        flag: intake.options.flag,
    };
    let read = |text: &&[u8]| {
        let event = read_event(text, &envelope, &intake.options.limits)?;
        // An event may name its source itself, and then it must be this one.
        match request::key_of(text).map(|key| intake.options.sources.find(&key)) {
            Some(named) if named != Some(source) => Err(Refusal::WriteKey),
            Some(_) | None => Ok(event),
        }
    };
    taken.events.iter().map(read).collect()
}

/// Keeps what was read, and says of each event what became of it.
async fn keep(intake: &Intake, source: &SourceName, read: Vec<Result<Event, Refusal>>) -> Response<Body> {
    let mut told = Vec::with_capacity(read.len());
    let mut events = Vec::with_capacity(read.len());
    for one in read {
        told.push(match one {
            Ok(event) => {
                let named = (event.id.clone(), event.wanted);
                events.push(event);
                Ok(named)
            }
            Err(refusal) => Err(refusal),
        });
    }
    let mut accepted = match intake.queue.accept(events).await {
        Ok(accepted) => accepted.into_iter(),
        Err(error) => {
            tracing::error!(source.name = %source, "events of {source} could not be kept: {error}");
            // Whatever else cannot be kept is sent again.
            if matches!(error, QueueError::Log(segments::Error::TooLarge { .. })) {
                intake.queue.turn_away(Some(source), What::Request, "too_large");
            }
            return answer::not_kept(&error);
        }
    };
    let mut results = Vec::with_capacity(told.len());
    for one in told {
        results.push(match one {
            Err(refusal) => {
                intake.queue.turn_away(Some(source), What::Event, refusal.code());
                Told::refused(refusal)
            }
            Ok((id, wanted)) => match accepted.next() {
                Some(accepted) => Told::kept(id, wanted, accepted),
                None => return answer::not_kept(&segments::Error::Stopped.into()),
            },
        });
    }
    answer::results(&results)
}

/// `/health`: whether events can be kept.
pub(super) async fn health(State(intake): State<Arc<Intake>>) -> Response<Body> {
    if intake.queue.is_writable() {
        answer::of(StatusCode::OK, &json!({ "status": "ok" }))
    } else {
        answer::not_kept(&segments::Error::Stopped.into())
    }
}

/// Any other path.
pub(super) async fn nothing() -> Response<Body> {
    answer::refused(StatusCode::NOT_FOUND, "not_found", "there is nothing at this path")
}
