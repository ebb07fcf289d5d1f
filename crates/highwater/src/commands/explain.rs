//! `highwater explain`: what a code means.

use serde_json::json;

use crate::code;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Format, Screen, Sheet};

/// Which.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  highwater explain HW0301\n  highwater explain\n\nWithout a code it lists them all."
)]
pub struct Args {
    /// The code, as a message shows it
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
    let code = code::find(wanted).ok_or_else(|| Failure::Arguments {
        problem: format!("there is no code {wanted:?}"),
        advice: "list them with `highwater explain`",
    })?;
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

fn list() -> Answer {
    let mut sheet = Sheet::new("", &["code", "what"]);
    let mut all = Vec::new();
    for code in code::all() {
        sheet.row([&code.to_string(), code.title]);
        all.push(json!({ "code": code.to_string(), "title": code.title }));
    }
    Answer::of(sheet, all.into())
}
