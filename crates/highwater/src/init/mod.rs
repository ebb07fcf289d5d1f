//! Proposes a configuration from what the table and the org hold. Reads only; the caller writes the file.

mod ask;
mod from_org;
mod text;
mod undecided;

pub use ask::Asker;
pub use from_org::{OrgView, view};
pub use text::{Draft, text};
pub use undecided::{Undecided, of_org, of_remark};

use secrecy::SecretString;
use supporters::inspect::{Proposal, Sketch, Source, propose, tables};
use supporters::postgres::Login;

use crate::code;
use crate::failure::Failure;
use crate::output::counted;

/// The database in `sqlite:PATH` or `postgres://USER@HOST/DATABASE`. A password comes from the variable `password_env`,
/// where it is set and the address has none.
///
/// # Errors
/// When it names no kind of database that there is.
pub fn database(given: &str, password_env: &str) -> Result<Source, Failure> {
    match given.split_once(':') {
        Some(("sqlite", path)) if !path.is_empty() => {
            Ok(Source::Sqlite(path.trim_start_matches("//").to_owned()))
        }
        Some(("postgres" | "postgresql", _)) => {
            let mut login = Login::parse(given)?;
            let kept = || std::env::var(password_env).ok().filter(|password| !password.is_empty());
            login.password = login.password.or_else(|| kept().map(SecretString::from));
            Ok(Source::Postgres(login))
        }
        None if given == "none" => Err(Failure::Setup {
            code: &code::supporters::NONE,
            problem: "a configuration is proposed from the table of a supporter database, and there is to be none".to_owned(),
            advice: "write the file by hand, with kind = \"none\" in [supporters]; the guide \"Take events in\" shows a whole one"
                .to_owned(),
        }),
        // What was given may hold a password.
        Some(_) | None => Err(Failure::Arguments {
            problem: "--supporters names no kind of supporter database".to_owned(),
            advice: "write sqlite: and the path of the file, or postgres://user@host:5432/database",
        }),
    }
}

/// The table: the one that was named, or the one most like a table of people.
///
/// # Errors
/// When the database cannot be read or has no table.
pub async fn table(source: &Source, named: Option<&str>, asker: &Asker) -> Result<Proposal, Failure> {
    if let Some(name) = named {
        return Ok(propose(source, name).await?);
    }
    let found = tables(source).await?;
    let Some(best) = found.first() else {
        return Err(Failure::Setup {
            code: &code::supporters::TABLE_MISSING,
            problem: "the database has no table that this user may read".to_owned(),
            advice: "name the right database".to_owned(),
        });
    };
    let names: Vec<String> = found.iter().take(10).map(line).collect();
    let chosen = asker.ask(&format!("Table of the supporters ({})", names.join(", ")), &best.name)?;
    Ok(propose(source, &chosen).await?)
}

fn line(sketch: &Sketch) -> String {
    format!("{}: {}", sketch.name, counted(sketch.rows, "row", "rows"))
}
