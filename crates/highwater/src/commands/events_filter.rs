//! Which events a verb is about.

use actions::outcome::{Answer, Outcome};
use clap::ValueEnum;
use events::Ending;
use events::queue::Seen;

/// Which.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Filter {
    /// Only events that stand so
    #[arg(long, value_name = "STATE")]
    pub state: Option<StateName>,
    /// Only events of this source
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Only calls of this type, such as identify
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// Only events with this userId or anonymousId
    #[arg(long, value_name = "ID")]
    pub user: Option<String>,
    /// Only events that this action had an outcome for
    #[arg(long, value_name = "NAME")]
    pub action: Option<String>,
    /// Only events with such an outcome, such as several or refused; with --action, of that action
    #[arg(long, value_name = "OUTCOME", value_parser = answer)]
    pub outcome: Option<Answer>,
}

fn answer(text: &str) -> Result<Answer, String> {
    Answer::ALL.into_iter().find(|answer| answer.code() == text).ok_or_else(|| {
        let words: Vec<&str> = Answer::ALL.iter().map(|answer| answer.code()).collect();
        format!("possible are {}", words.join(", "))
    })
}

impl Filter {
    /// Whether nothing is asked for.
    pub const fn is_empty(&self) -> bool {
        self.state.is_none()
            && self.source.is_none()
            && self.kind.is_none()
            && self.user.is_none()
            && self.action.is_none()
            && self.outcome.is_none()
    }

    /// Whether an event is meant.
    pub fn wants(&self, seen: &Seen) -> bool {
        let event = &seen.event;
        let user = |id: &String| event.user_id() == Some(id) || event.anonymous_id() == Some(id);
        self.state.is_none_or(|state| state == StateName::of(seen))
            && self.source.as_ref().is_none_or(|source| source == event.source.as_str())
            && self.kind.as_ref().is_none_or(|kind| kind == event.kind.word())
            && self.user.as_ref().is_none_or(user)
            && (self.action.is_none() && self.outcome.is_none()
                || outcomes_of(seen).iter().any(|one| self.wants_outcome(one)))
    }

    /// Whether one outcome of an event is meant.
    pub fn wants_outcome(&self, outcome: &Outcome) -> bool {
        // Further records of one event are numbered: "gifts#2".
        let action = outcome.action.split_once('#').map_or(outcome.action.as_str(), |(name, _)| name);
        self.action.as_ref().is_none_or(|wanted| wanted == action)
            && self.outcome.is_none_or(|wanted| wanted == outcome.answer)
    }
}

/// What the delivery said last about an event; empty before it said anything.
pub fn outcomes_of(seen: &Seen) -> Vec<Outcome> {
    let detail = seen.settlement.as_ref().map(|settlement| &settlement.detail);
    let outcomes = detail.and_then(|detail| detail.get("outcomes"));
    outcomes.and_then(|all| serde_json::from_value(all.clone()).ok()).unwrap_or_default()
}

/// How an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum StateName {
    /// Not delivered yet
    Open,
    /// To be tried again by itself
    Waiting,
    /// It became what it was for
    Done,
    /// Nothing was to be done
    Ignored,
    /// Only a person can bring it further
    NeedsPerson,
    /// A person gave it up
    Dropped,
}

impl StateName {
    /// Of one event.
    pub fn of(seen: &Seen) -> Self {
        match seen.settlement.as_ref().map(|settlement| settlement.ending) {
            None => Self::Open,
            Some(Ending::Waiting { .. }) => Self::Waiting,
            Some(Ending::Done) => Self::Done,
            Some(Ending::Ignored) => Self::Ignored,
            Some(Ending::NeedsPerson) => Self::NeedsPerson,
            Some(Ending::Dropped) => Self::Dropped,
        }
    }

    /// As the command line spells it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::NeedsPerson => "needs_person",
            Self::Dropped => "dropped",
        }
    }
}
