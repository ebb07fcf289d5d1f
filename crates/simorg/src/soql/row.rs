//! A record in the columns of a plan: as JSON of the REST API, and as a line of a Bulk query result.

use serde_json::{Map, Value as Json, json};

use super::check::Plan;
use super::column::{View, parent};
use crate::record::Record;
use crate::schema::{Field, FieldType, ObjectSchema};

impl Plan {
    /// One entry of `records`: `attributes`, then the columns; parents are nested objects. `version` is e.g. `66.0`.
    #[must_use]
    pub fn json(&self, view: View<'_>, record: &Record, version: &str) -> Json {
        let mut object = Map::new();
        object.insert("attributes".into(), attributes(&self.object, record, version));
        for column in &self.columns {
            put(&mut object, view, (record, &self.object), &column.steps, &column.field, version);
        }
        Json::Object(object)
    }

    /// Appends one line of a Bulk query result: every value quoted, dates and times in UTC with `Z`, null empty
    /// (Bulk guide v66: query results).
    pub fn csv(
        &self,
        view: View<'_>,
        record: &Record,
        delimiter: char,
        line_ending: &str,
        into: &mut String,
    ) {
        for (number, column) in self.columns.iter().enumerate() {
            if number > 0 {
                into.push(delimiter);
            }
            push_quoted(&column.value(view, record).to_csv(column.field.whole()), into);
        }
        into.push_str(line_ending);
    }

    /// The header line of a Bulk query result, every name quoted.
    #[must_use]
    pub fn csv_header(&self, delimiter: char, line_ending: &str) -> String {
        let mut line = String::new();
        for (number, column) in self.columns.iter().enumerate() {
            if number > 0 {
                line.push(delimiter);
            }
            push_quoted(&column.header(), &mut line);
        }
        line.push_str(line_ending);
        line
    }
}

/// Puts the value of a column where its relationships lead to.
fn put(
    place: &mut Map<String, Json>,
    view: View<'_>,
    (record, object): (&Record, &str),
    steps: &[(Field, String)],
    field: &Field,
    version: &str,
) {
    let Some(((through, target), rest)) = steps.split_first() else {
        place.insert(field.name.clone(), value(view.store.schema(object), record, field));
        return;
    };
    let name = through.relationship_name.clone().unwrap_or_default();
    let Some(found) = parent(view, record, through, target) else {
        place.insert(name, Json::Null);
        return;
    };
    let new = || json!({"attributes": attributes(target, found, version)});
    if let Json::Object(inner) = place.entry(name).or_insert_with(new) {
        put(inner, view, (found, target), rest, field, version);
    }
}

/// Appends a value in quotes, inner quotes doubled.
pub(crate) fn push_quoted(value: &str, into: &mut String) {
    into.push('"');
    let mut parts = value.split('"');
    into.push_str(parts.next().unwrap_or_default());
    for part in parts {
        into.push_str("\"\"");
        into.push_str(part);
    }
    into.push('"');
}

fn attributes(object: &str, record: &Record, version: &str) -> Json {
    json!({"type": object, "url": format!("/services/data/v{version}/sobjects/{object}/{}", record.id)})
}

fn value(schema: Option<&ObjectSchema>, record: &Record, field: &Field) -> Json {
    match (field.kind, schema) {
        (FieldType::Address, Some(schema)) => address(schema, record, field),
        _ => record.value(field).to_json(field.whole()),
    }
}

/// A compound address put together from its parts; null when all are.
fn address(schema: &ObjectSchema, record: &Record, field: &Field) -> Json {
    const PARTS: [(&str, &str); 8] = [
        ("city", "City"),
        ("country", "Country"),
        ("geocodeAccuracy", "GeocodeAccuracy"),
        ("latitude", "Latitude"),
        ("longitude", "Longitude"),
        ("postalCode", "PostalCode"),
        ("state", "State"),
        ("street", "Street"),
    ];
    let prefix = field.name.strip_suffix("Address").unwrap_or_default();
    let part = |suffix: &str| {
        let found = schema.any_field(&format!("{prefix}{suffix}"));
        found.map_or(Json::Null, |f| record.value(f).to_json(false))
    };
    let mut parts: Map<String, Json> =
        PARTS.iter().map(|(name, suffix)| ((*name).to_owned(), part(suffix))).collect();
    // There only with state and country picklists.
    for (name, suffix) in [("stateCode", "StateCode"), ("countryCode", "CountryCode")] {
        if schema.field(&format!("{prefix}{suffix}")).is_some() {
            parts.insert(name.to_owned(), part(suffix));
        }
    }
    if parts.values().all(Json::is_null) { Json::Null } else { Json::Object(parts) }
}
