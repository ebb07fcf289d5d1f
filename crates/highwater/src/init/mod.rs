//! Proposes a configuration from what the table and the org hold. Reads only; the caller writes the file.

mod ask;
mod from_org;
mod text;
mod undecided;

pub use ask::Asker;
pub use from_org::{OrgView, view};
pub use text::{Draft, text};
pub use undecided::{Undecided, of_org, of_remark};

use supporters::inspect::{Proposal, Sketch, Source, propose, tables};

use crate::code;
use crate::failure::Failure;

/// The database's path in `sqlite:PATH`.
///
/// # Errors
/// When it names no kind of database that there is.
pub fn sqlite_path(given: &str) -> Result<&str, Failure> {
    match given.split_once(':') {
        Some(("sqlite", path)) if !path.is_empty() => Ok(path.trim_start_matches("//")),
        Some(_) | None => Err(Failure::Arguments {
            problem: format!("{given:?} names no kind of supporter database"),
            advice: "write sqlite: and the path of the file",
        }),
    }
}

/// The table: the one that was named, or the one most like a table of people.
///
/// # Errors
/// When the file cannot be read or has no table.
pub async fn table(path: &str, named: Option<&str>, asker: &Asker) -> Result<Proposal, Failure> {
    let source = Source::Sqlite(path.to_owned());
    if let Some(name) = named {
        return Ok(propose(&source, name).await?);
    }
    let found = tables(&source).await?;
    let Some(best) = found.first() else {
        return Err(Failure::Setup {
            code: &code::supporters::TABLE_MISSING,
            problem: "the database has no table".to_owned(),
            advice: "name the right file".to_owned(),
        });
    };
    let names: Vec<String> = found.iter().take(10).map(line).collect();
    let chosen = asker.ask(&format!("Table of the supporters ({})", names.join(", ")), &best.name)?;
    Ok(propose(&source, &chosen).await?)
}

fn line(sketch: &Sketch) -> String {
    format!("{}: {} rows", sketch.name, sketch.rows)
}
