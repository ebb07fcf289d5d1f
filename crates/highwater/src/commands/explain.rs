//! `highwater explain`: what a code means.

use serde_json::json;

use super::explain_words::{self, Word};
use crate::code;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Format, Screen, Sheet};

/// Which.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  highwater explain HW0301\n  highwater explain STRING_TOO_LONG\n  highwater explain names_disagree\n  \
                  highwater explain\n\nKnows our own codes, kinds of case, why records match or do not, and what a record is set aside \
                  with. Without a code it lists our own."
)]
pub struct Args {
    /// The code or word, as a message or a report shows it
    pub code: Option<String>,
}

/// Explains.
///
/// # Errors
/// When there is no such code.
pub async fn run(args: &Args, screen: &Screen) -> Result<Exit, Failure> {
    let Some(wanted) = &args.code else {
        screen.answer(&list()).await.map_err(Failure::stdout)?;
        return Ok(Exit::Done);
    };
    let Some(code) = code::find(wanted) else {
        let word = explain_words::explained(wanted).ok_or_else(|| Failure::Arguments {
            problem: format!("there is no code {wanted:?}"),
            advice: "list them with `highwater explain`; why records match is told in docs/reference/match-reasons.md",
        })?;
        screen.answer(&said(&word)).await.map_err(Failure::stdout)?;
        return Ok(Exit::Done);
    };
    let shown = match screen.format {
        Format::Table => screen.data(&code.page()).await,
        Format::Json | Format::Csv | Format::Html | Format::Xlsx => screen.answer(&one(code)).await,
    };
    shown.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

fn one(code: &code::Code) -> Answer {
    let mut sheet = Sheet::new("", &["code", "title", "happened", "done", "remedy"]);
    sheet.row([&code.to_string(), code.title, code.happened, code.done, code.remedy]);
    let json = json!({
        "code": code.to_string(), "title": code.title, "happened": code.happened, "done": code.done,
        "remedy": code.remedy,
    });
    Answer::of(sheet, json)
}

/// A word that has no page: what it is, and what it means or asks for.
fn said(word: &Word) -> Answer {
    let mut sheet = Sheet::new("", &["word", "what it is", "in words"]);
    sheet.row([&word.word, word.what, &word.text]);
    Answer::of(sheet, json!({ "word": word.word, "what": word.what, "text": word.text }))
}

fn list() -> Answer {
    let mut sheet = Sheet::new("", &["code", "what"]);
    let mut all = Vec::new();
    for code in code::all() {
        sheet.row([&code.to_string(), code.title]);
        all.push(json!({ "code": code.to_string(), "title": code.title }));
    }
    Answer::of(sheet, all.into())
}
