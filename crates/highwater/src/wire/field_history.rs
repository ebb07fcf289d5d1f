//! Which mapped fields of the Contact the org keeps the history of.

use model::PersonObject;
use salesforce::soql::{Field, InvalidName, Soql};
use salesforce::{ErrorKind, Org};

use crate::config::{Config, FieldHistory};
use crate::failure::Failure;

/// More fields than an object can have.
const FIELDS: usize = 2_000;

/// Whether the configuration wants it read. Only of Contacts: another object's history is another object.
pub fn is_asked_for(config: &Config) -> bool {
    config.sync.field_history == FieldHistory::Auto
        && config.sync.push
        && config.sync.object == PersonObject::Contact
}

/// The mapped fields whose history is kept (Object Reference, EntityParticle: `IsFieldHistoryTracked`); none where our user may not ask.
/// `None`: the configuration does not want to know.
///
/// # Errors
/// When the org cannot be asked.
pub async fn tracked(config: &Config, org: &Org) -> Result<Option<Vec<String>>, Failure> {
    if !is_asked_for(config) {
        return Ok(None);
    }
    let soql = question(config)
        .map_err(|_| Failure::Unexpected("a query about field history has a name that is none"))?;
    let rows = match org.query(&soql)?.collect(FIELDS).await {
        Ok(rows) => rows,
        Err(error)
            if matches!(error.kind(), ErrorKind::Rejected | ErrorKind::Forbidden | ErrorKind::NotFound) =>
        {
            return Ok(Some(Vec::new()));
        }
        Err(error) => return Err(error.into()),
    };
    let mapped = |name: &str| config.fields.iter().any(|field| field.contact.eq_ignore_ascii_case(name));
    let kept = rows.iter().filter(|row| row.is_true("IsFieldHistoryTracked"));
    let names = kept.filter_map(|row| row.get("QualifiedApiName")).filter(|name| mapped(name));
    Ok(Some(names.map(ToOwned::to_owned).collect()))
}

fn question(config: &Config) -> Result<Soql, InvalidName> {
    Ok(Soql::select("EntityParticle", ["QualifiedApiName", "IsFieldHistoryTracked"])?
        .filter(Field::parse("EntityDefinition.QualifiedApiName")?.eq(config.sync.object.name()))
        .filter(Field::parse("IsFieldHistoryTracked")?.eq(true)))
}
