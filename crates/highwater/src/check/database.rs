//! The supporter database: the table, its columns, its stamps; or that there is none.

use model::{Direction, FieldType};
use supporters::{Column, ColumnKind, Note, Shape};

use super::finding::{Finding, Weight};
use super::of_failure;
use crate::code::supporters as code;
use crate::config::{Config, Field, SupporterKind};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::counted;
use crate::wire;

const STOP: Weight = Weight::Stop(Exit::Usage);

/// What is found on the supporters' side.
pub(super) async fn check(config: &Config) -> Vec<Finding> {
    if !config.supporters.kind.is_a_database() {
        let text = "kind is \"none\": events become records, and nobody is kept in step";
        return vec![Finding::new(&code::NONE, Weight::Note, "supporters", text)];
    }
    match looked(config).await {
        Ok(findings) => findings,
        Err(failure) => vec![of_failure("supporters", &failure)],
    }
}

async fn looked(config: &Config) -> Result<Vec<Finding>, Failure> {
    let columns = wire::supporters::columns(config);
    let supporters = wire::supporters::supporters(config, &columns).await?;
    let shape = supporters.shape().await?;
    let mut findings = vec![Finding::new(
        &code::TABLE,
        Weight::Note,
        &shape.table,
        format!(
            "{}, {}, stamps: {}",
            counted(shape.rows, "row", "rows"),
            counted(shape.columns.len() as u64, "column", "columns"),
            shape.stamps
        ),
    )];
    findings.extend(writing(config, &shape));
    findings.extend(shape.notes.iter().filter(|note| matters(config, note)).map(|note| noted(config, note)));
    findings.extend(rows(config, &shape));
    findings.extend(indexes(config, &shape));
    findings.extend(config.fields.iter().filter_map(|field| unfit(field, &shape)));
    if config.supporters.contact_id_column.is_none() {
        let text = "supporters.contact_id_column is not set";
        findings.push(Finding::new(&code::NO_CONTACT_COLUMN, Weight::Warning, &shape.table, text));
    }
    Ok(findings)
}

fn writing(config: &Config, shape: &Shape) -> Option<Finding> {
    let reason = shape.read_only?;
    if config.supporters.read_only {
        let text = "supporters.read_only = true: check and plan work, writes are refused";
        return Some(Finding::new(&code::READ_ONLY, Weight::Note, &shape.table, text));
    }
    let needed = config.sync.pull || config.supporters.contact_id_column.is_some();
    let weight = if config.sync.pull { STOP } else { Weight::Warning };
    needed.then(|| Finding::new(&code::READ_ONLY, weight, &shape.table, reason))
}

/// A right that no field of the map needs is not missed.
fn matters(config: &Config, note: &Note) -> bool {
    let Note::NoRight { column } = note else { return true };
    let contact_id = config.supporters.contact_id_column.as_deref() == Some(column);
    let pulled = |field: &Field| {
        field.direction != Direction::Push
            && field.column_names().iter().any(|name| name.eq_ignore_ascii_case(column))
    };
    contact_id || config.sync.pull && config.fields.iter().any(pulled)
}

/// What the adapter noticed.
fn noted(config: &Config, note: &Note) -> Finding {
    match note {
        Note::NoTrigger { column } => {
            let text = "no trigger stamps it when a row is changed";
            Finding::new(&code::NO_TRIGGER, Weight::Warning, column, text)
        }
        // SQLite knows no zones, and what it writes itself is UTC.
        Note::NoOffset { column, zone } if config.supporters.kind == SupporterKind::Sqlite => {
            let text = format!(
                "its times carry no offset, and are taken as {zone} in summer and winter: local times come an hour late in summer where \
                 that is winter's offset, and are lost where it is summer's"
            );
            Finding::new(&code::NO_OFFSET, Weight::Note, column, text)
        }
        Note::NoOffset { column, zone } => {
            let text = format!("its times carry no offset, and are taken as {zone}");
            // Nobody chose UTC aloud who did not choose.
            let weight = if zone == "UTC" { Weight::Warning } else { Weight::Note };
            Finding::new(&code::NO_OFFSET, weight, column, text)
        }
        Note::IdNotUnique { column } => {
            Finding::new(&code::ID_NOT_UNIQUE, Weight::Warning, column, "has no unique index")
        }
        Note::IdsGivenAgain { column } => {
            let text =
                "the number of a removed row is given to the next one, who is taken for whoever had it";
            Finding::new(&code::IDS_GIVEN_AGAIN, Weight::Warning, column, text)
        }
        Note::WritersUnseen { user } => {
            let text = format!("{user} cannot see since when others' transactions are open");
            Finding::new(&code::WRITERS_UNSEEN, Weight::Warning, "supporters.url", text).advise(format!(
                "GRANT pg_read_all_stats TO {user}, or keep sync.overlap_seconds above the longest"
            ))
        }
        Note::NoRight { column } => {
            Finding::new(&code::NO_RIGHT, Weight::Warning, column, "this user may not change it")
        }
    }
}

fn rows(config: &Config, shape: &Shape) -> Vec<Finding> {
    let mut findings = Vec::new();
    if shape.undated > 0 {
        let some = shape.undated_ids.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
        let text =
            format!("{} no usable stamp, for example {some}", counted(shape.undated, "row has", "rows have"));
        let column = &config.supporters.modified_column;
        findings.push(Finding::new(&code::UNDATED, Weight::Warning, column, text));
    }
    if shape.ahead > 0 {
        let text = format!("{} stamped in the future", counted(shape.ahead, "row is", "rows are"));
        findings.push(Finding::new(&code::AHEAD, Weight::Warning, &config.supporters.modified_column, text));
    }
    if shape.unaddressable > 0 {
        let text = format!("{} no usable id", counted(shape.unaddressable, "row has", "rows have"));
        findings.push(Finding::new(&code::NO_ID, Weight::Warning, &config.supporters.id_column, text));
    }
    findings
}

fn indexes(config: &Config, shape: &Shape) -> Vec<Finding> {
    let email = wire::supporters::table(config).email;
    let contact = config.supporters.contact_id_column.as_deref().unwrap_or_default();
    let wanted = [
        (shape.modified_indexed, config.supporters.modified_column.as_str()),
        (shape.email_indexed, email.as_str()),
        (shape.contact_id_indexed.unwrap_or(true), contact),
    ];
    // A table that fits into a few pages is read as fast as an index.
    let weight = if shape.rows > 5_000 { Weight::Warning } else { Weight::Note };
    let lacking = wanted.into_iter().filter(|(indexed, _)| !indexed);
    lacking
        .map(|(_, column)| {
            let advice =
                format!("CREATE INDEX \"{}_by_{column}\" ON {} ({column:?})", shape.table, shape.quoted);
            Finding::new(&code::NO_INDEX, weight, column, "has no index").advise(advice)
        })
        .collect()
}

/// Text that may begin with a zero, kept in a column of numbers.
fn unfit(field: &Field, shape: &Shape) -> Option<Finding> {
    let textual = match field.kind {
        Some(kind) => matches!(kind, FieldType::Phone | FieldType::Text),
        None => ["phone", "postalcode"].iter().any(|part| field.contact.to_lowercase().contains(part)),
    };
    let numeric = |column: &&Column| match column.kind {
        ColumnKind::Integer | ColumnKind::Real | ColumnKind::Numeric => true,
        ColumnKind::Text | ColumnKind::Any | ColumnKind::Other => false,
    };
    let names = field.column_names();
    let named = |column: &&Column| names.iter().any(|name| name.eq_ignore_ascii_case(&column.name));
    let column = shape.columns.iter().filter(named).find(numeric).filter(|_| textual)?;
    let text = format!("is declared {:?} and mapped to {}", column.declared, field.contact);
    Some(Finding::new(&code::TYPE_UNFIT, Weight::Warning, &column.name, text))
}
