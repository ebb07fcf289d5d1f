//! `highwater why --message-id`: one event's whole story, from what is kept of it.

use actions::outcome::Outcome;
use events::queue::{Look, Seen};
use events::{QueueError, Settlement};
use model::ContactId;
use serde_json::{Value, json};

use super::events_filter::StateName;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Format, Sheet};

/// Tells it: of every source that used the id.
///
/// # Errors
/// [`Failure`] when no event that is kept has the id, or the events cannot be read.
pub(super) async fn run(id: &str, desk: &Desk) -> Result<Exit, Failure> {
    let dir = desk.config.resolve(&desk.config.intake.dir);
    let wanted = id.to_owned();
    let read = tokio::task::spawn_blocking(move || -> Result<_, QueueError> {
        let look = Look::open(&dir)?;
        let found = look.find(|seen| seen.event.id == wanted)?.events;
        let told = found.into_iter().map(|seen| look.history(seen.at).map(|words| (seen, words)));
        told.collect::<Result<Vec<(Seen, Vec<Settlement>)>, _>>()
    });
    let told = read.await.map_err(|_| Failure::Unexpected("reading the events ended in a defect"))??;
    if told.is_empty() {
        return Err(Failure::no_event(id));
    }
    let mut now = Sheet::new("now", &["source", "state", "tries", "for Salesforce"]);
    let mut sheet = Sheet::new("what happened", &["when", "source", "what", "in words"]);
    let mut json = Vec::new();
    for (seen, words) in &told {
        let source = seen.event.source.to_string();
        let tries = seen.settlement.as_ref().map_or(0, |last| last.attempts);
        let state = StateName::of(seen).word();
        now.row([
            source.clone(),
            state.to_owned(),
            tries.to_string(),
            if seen.event.wanted { "yes" } else { "no" }.to_owned(),
        ]);
        let mut story = Vec::new();
        for (when, what, sentence) in story_of(desk, seen, words)? {
            sheet.row([when.clone(), source.clone(), what.clone(), sentence.clone()]);
            story.push(json!({ "at": when, "what": what, "words": sentence }));
        }
        json.push(json!({
            "message_id": seen.event.id, "source": source, "place": seen.at.to_string(),
            "type": seen.event.kind.word(), "for_salesforce": seen.event.wanted, "state": state,
            "attempts": tries, "story": story,
            "outcomes": seen.settlement.as_ref().and_then(|last| last.detail.get("outcomes")),
        }));
    }
    let mut answer = Answer::of(sheet, Value::from(json));
    if desk.screen.format != Format::Csv {
        answer.sheets.insert(0, now);
    }
    desk.screen.answer(&answer).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

type Line = (String, String, String);

fn story_of(desk: &Desk, seen: &Seen, words: &[Settlement]) -> Result<Vec<Line>, Failure> {
    let event = &seen.event;
    let mut story = vec![(
        event.received_at.to_string(),
        "received".to_owned(),
        format!("{} from {}, which says it happened {}", event.kind, event.source, event.at),
    )];
    for word in words {
        let when = word.stamp.to_string();
        if let Some(decided) = word.detail.get("decided").and_then(Value::as_str) {
            story.push((when, decided.to_owned(), "a person decided so".to_owned()));
            continue;
        }
        let outcomes = word.detail.get("outcomes").cloned().unwrap_or_default();
        let outcomes: Vec<Outcome> = serde_json::from_value(outcomes).unwrap_or_default();
        if outcomes.is_empty() {
            story.push((when.clone(), word.ending.word().to_owned(), "it was not its turn yet".to_owned()));
        }
        for outcome in &outcomes {
            story.push((when.clone(), outcome.answer.code().to_owned(), sentence(desk, word, outcome)?));
        }
    }
    Ok(story)
}

fn sentence(desk: &Desk, word: &Settlement, outcome: &Outcome) -> Result<String, Failure> {
    let mut parts = Vec::new();
    if outcome.action.is_empty() {
        // The reason says it all, in all that was settled since there are reasons.
        parts.extend(outcome.reason.is_empty().then(|| "no action is for it".to_owned()));
    } else {
        parts.push(format!(
            "action {}, try {}, status {}",
            outcome.action,
            word.attempts,
            outcome.answer.status()
        ));
    }
    if let Some(record) = &outcome.record {
        parts.push(format!("{} {record}", outcome.object));
        if let Ok(contact) = ContactId::parse(record)
            && let Some(supporter) = desk.state.supporter_of(&contact)?
        {
            parts.push(format!("the Contact of supporter {supporter}"));
        }
    }
    if !outcome.reason.is_empty() {
        parts.push(outcome.reason.clone());
    }
    parts.extend(outcome.notes.iter().cloned());
    if !outcome.answer.advice().is_empty() {
        parts.push(format!("what to do: {}", outcome.answer.advice()));
    }
    Ok(parts.join("; "))
}
