//! One thing that was found.

use serde_json::{Value, json};

use crate::code::Code;
use crate::exit::Exit;
use crate::output::{Answer, Sheet};

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub code: &'static Code,
    /// How much it matters.
    pub weight: Weight,
    /// Which field, column or setting it is about.
    pub about: String,
    /// What was found.
    pub text: String,
    /// What to do.
    pub advice: String,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// A cycle would fail, or do harm.
    Stop(Exit),
    /// A cycle would work, and somebody should look at this.
    Warning,
    /// Good to know.
    Note,
}

impl Weight {
    const fn word(self) -> &'static str {
        match self {
            Self::Stop(_) => "stop",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Stop(_) => 0,
            Self::Warning => 1,
            Self::Note => 2,
        }
    }
}

impl Finding {
    /// A finding with its code's own remedy.
    #[must_use]
    pub fn new(code: &'static Code, weight: Weight, about: &str, text: impl Into<String>) -> Self {
        Self { code, weight, about: about.to_owned(), text: text.into(), advice: code.remedy.to_owned() }
    }

    /// With another remedy.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    fn json(&self) -> Value {
        json!({
            "code": self.code.to_string(), "weight": self.weight.word(), "about": self.about, "text": self.text,
            "advice": self.advice, "page": format!("docs/reference/{}", self.code.page_path()),
        })
    }
}

/// What a check cannot say: opening the database takes the state, and a service may hold it.
const STATE_FROM_OUTSIDE: &str = "Of the state only the folder and its manifest were looked at: whether its database is whole, and no old copy, shows as \
                                  soon as a command opens it.";

/// The findings as they are shown, gravest first, and the command that comes `next` when nothing stands in the way.
#[must_use]
pub fn answer(mut findings: Vec<Finding>, next: &str) -> Answer {
    findings.sort_by_key(|finding| finding.weight.rank());
    let mut sheet = Sheet::new("", &["code", "weight", "about", "found", "what to do"]);
    for finding in &findings {
        let advice = if finding.weight == Weight::Note { String::new() } else { finding.advice.clone() };
        let code = finding.code.to_string();
        sheet.row([
            code,
            finding.weight.word().to_owned(),
            finding.about.clone(),
            finding.text.clone(),
            advice,
        ]);
    }
    let stops = findings.iter().filter(|finding| finding.weight.rank() == 0).count();
    let warnings = findings.iter().filter(|finding| finding.weight.rank() == 1).count();
    let json: Vec<Value> = findings.iter().map(Finding::json).collect();
    let mut answer = Answer::of(sheet, json!({ "ready": stops == 0, "findings": json }));
    answer.notes.push(match (stops, warnings) {
        (0, 0) => format!("Nothing stands in the way. Next: `highwater {next}`."),
        (0, _) => format!("Nothing stands in the way; {warnings} to look at. Next: `highwater {next}`."),
        (_, _) => {
            format!("{stops} in the way, {warnings} to look at. More: highwater explain <code>")
        }
    });
    answer.notes.push(STATE_FROM_OUTSIDE.to_owned());
    answer
}

/// How a check ends: who may not comes first, then who is not there, then what does not fit.
#[must_use]
pub fn exit(findings: &[Finding], strict: bool) -> Exit {
    let stops = |exit: Exit| findings.iter().any(|finding| finding.weight == Weight::Stop(exit));
    let by_gravity = [Exit::NotAuthorised, Exit::Unreachable, Exit::Usage, Exit::State, Exit::Unexpected];
    if let Some(exit) = by_gravity.into_iter().find(|exit| stops(*exit)) {
        return exit;
    }
    let warned = findings.iter().any(|finding| finding.weight == Weight::Warning);
    if strict && warned { Exit::Usage } else { Exit::Done }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code;

    fn found(weight: Weight) -> Finding {
        Finding::new(&code::supporters::NO_INDEX, weight, "x", "y")
    }

    #[test]
    fn the_gravest_finding_decides_how_a_check_ends() {
        let all = [
            found(Weight::Note),
            found(Weight::Stop(Exit::Usage)),
            found(Weight::Stop(Exit::NotAuthorised)),
            found(Weight::Stop(Exit::Unreachable)),
        ];
        assert_eq!(exit(&all, false), Exit::NotAuthorised);
        assert_eq!(exit(&all[..2], false), Exit::Usage);
        assert_eq!(exit(&[found(Weight::Warning)], false), Exit::Done);
        assert_eq!(exit(&[found(Weight::Warning)], true), Exit::Usage);
    }

    #[test]
    fn the_gravest_stands_on_top_and_the_value_says_whether_all_is_ready() {
        let shown = answer(vec![found(Weight::Note), found(Weight::Stop(Exit::Usage))], "plan");
        assert_eq!(shown.sheets[0].rows[0][1], "stop");
        assert_eq!(shown.json["ready"], false);
        assert_eq!(answer(vec![found(Weight::Warning)], "plan").json["ready"], true);
    }
}
