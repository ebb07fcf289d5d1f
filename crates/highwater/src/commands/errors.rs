//! `highwater errors`: which records are set aside, and what to do.

use serde_json::json;
use service::lift::{Whose, counted as count_by_code, each_block};

use super::block_advice::advice;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Sheet};

/// How many, and which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater errors
  highwater errors --limit 1000 --format csv
  highwater errors --by-code
  highwater errors --code STRING_TOO_LONG

A record is set aside after a permanent error, and tried again by itself once a mapped field of either side changes, or the \
field map does. `highwater resync` tries one again now, `highwater block lift` many with the next cycle. Messages are Salesforce's own and may quote the record.")]
pub struct Args {
    /// The most records that are listed
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub limit: u32,
    /// Count by code instead of listing
    #[arg(long)]
    pub by_code: bool,
    /// Only those with this code
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,
}

/// Lists them.
///
/// # Errors
/// [`Failure`] when the state cannot be read.
pub async fn run(args: &Args, desk: &Desk) -> Result<Exit, Failure> {
    let whose = args.code.clone().map_or(Whose::Everybody, Whose::Code);
    let answer = if args.by_code { counted(desk, &whose)? } else { listed(desk, &whose, args.limit)? };
    desk.screen.answer(&answer).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

fn listed(desk: &Desk, whose: &Whose, limit: u32) -> Result<Answer, Failure> {
    let total = match whose {
        Whose::Everybody => desk.state.block_count()?,
        Whose::Code(_) | Whose::Of(_) => count_by_code(&desk.state, whose)?.values().sum(),
    };
    let mut sheet = Sheet::new(
        "records set aside",
        &["supporter", "code", "fields", "since", "tries", "message", "what to do"],
    );
    let mut json = Vec::new();
    each_block(&desk.state, whose, &mut |id, block| {
        let advice = advice(&block.code);
        json.push(json!({
            "supporter": id, "code": block.code, "fields": block.fields, "since": block.since.to_string(),
            "attempts": block.attempts, "message": block.message, "advice": advice,
        }));
        sheet.row([
            id.to_string(),
            block.code.clone(),
            block.fields.join(", "),
            block.since.to_seconds_text(),
            block.attempts.to_string(),
            block.message.clone(),
            advice.to_owned(),
        ]);
        json.len() < limit as usize
    })?;
    let shown = sheet.rows.len();
    let mut answer = Answer::of(sheet, json!({ "total": total, "records": json }));
    if total > shown as u64 {
        answer.notes.push(format!("{shown} of {total} are shown; --limit shows more"));
    }
    if shown > 0 {
        answer.notes.push(
            "when what was refused is put right elsewhere, `highwater block lift` has them tried again"
                .to_owned(),
        );
    }
    Ok(answer)
}

fn counted(desk: &Desk, whose: &Whose) -> Result<Answer, Failure> {
    let counts = count_by_code(&desk.state, whose)?;
    let mut sheet = Sheet::new("records set aside", &["code", "how many", "what to do"]);
    for (code, count) in &counts {
        sheet.row([code.clone(), count.to_string(), advice(code).to_owned()]);
    }
    Ok(Answer::of(sheet, json!(counts)))
}
