//! The two Flows, by what they do: an API caller cannot read what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::{Stamp, UserId};
use salesforce::{Describe, Direction, FieldPath, Org, Row};

use super::finding::{Finding, Weight};
use super::look::{count, field, hidden, rows, select};
use crate::code::{contact_fields, org_setup as code};
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::wire;

/// How far back edits are looked at.
const RECENT: Duration = Duration::from_secs(30 * 24 * 3_600);

/// How long a marker may be ticked before its Flow counts as idle: longer than any save.
const SAVE: Duration = Duration::from_secs(15 * 60);

/// How far a stamp and the save it belongs to may lie apart.
const APART: Duration = Duration::from_secs(60);

/// How many edits are looked at.
const SAMPLE: u32 = 200;

/// What is found about both Flows. `now` is the org's clock.
///
/// # Errors
/// When the org cannot be asked at all.
pub(super) async fn check(
    config: &Config,
    org: &Org,
    contact: &Describe,
    (user, now): (UserId, Stamp),
) -> Result<Vec<Finding>, Failure> {
    let names = wire::blueprint::technical(config);
    let (marker, stamp) = (names.push_marker.as_str(), names.last_modified.as_str());
    let named = config.contact_fields.push_marker.is_some();
    let mut findings = fields(config, contact);
    if !named && contact.field(marker).is_some() {
        findings.push(
            Finding::new(
                &code::MARKER_UNUSED,
                Weight::Note,
                marker,
                "is on the Contact and not in the configuration",
            )
            .advise(format!("add push_marker = \"{marker}\" to [contact_fields] if its Flows are active")),
        );
    }
    if named && contact.field(marker).is_some_and(|field| field.kind == "boolean") {
        findings.extend(unticking(org, marker, now).await?);
    }
    let wanted = named || config.contact_fields.last_modified.is_some();
    if wanted && contact.field(stamp).is_some_and(|field| field.kind == "datetime") {
        findings.extend(stamping(config, org, stamp, (user, now)).await?);
    }
    Ok(findings)
}

/// The stamp field, where one is named.
fn fields(config: &Config, contact: &Describe) -> Vec<Finding> {
    let Some(name) = &config.contact_fields.last_modified else { return Vec::new() };
    match contact.field(name) {
        None => {
            let text = "does not exist, or field-level security hides it from our user";
            vec![Finding::new(&contact_fields::FIELD_MISSING, Weight::Stop(Exit::Usage), name, text)]
        }
        Some(field) if field.kind != "datetime" => {
            let text = format!("is of type {}", field.kind);
            vec![Finding::new(&code::LAST_MODIFIED, Weight::Warning, name, text)]
        }
        Some(_) => Vec::new(),
    }
}

/// Contacts that carry the marker longer than a save takes.
async fn unticking(org: &Org, marker: &str, now: Stamp) -> Result<Option<Finding>, Failure> {
    let soql = salesforce::Soql::count("Contact")
        .map_err(|_| Failure::Unexpected("a query of the check has a name that is none"))?
        .filter(field(marker)?.eq(true))
        .filter(field("SystemModstamp")?.lt(now.minus(SAVE)));
    Ok(match count(org, &soql).await? {
        None => Some(hidden("ticked push markers", "a list view of Contacts with the marker ticked")),
        Some(0) => None,
        Some(ticked) => {
            let text =
                format!("is still ticked on {ticked} Contacts, 15 minutes and more after their last change");
            Some(Finding::new(&code::UNTICKING, Weight::Warning, marker, text))
        }
    })
}

/// Whether what others did carries a stamp.
async fn stamping(
    config: &Config,
    org: &Org,
    stamp: &str,
    (user, now): (UserId, Stamp),
) -> Result<Vec<Finding>, Failure> {
    let by_others = field("LastModifiedById")?.ne(user.to_string());
    let newest_first = FieldPath::parse("LastModifiedDate")
        .map_err(|_| Failure::Unexpected("a query of the check has a name that is none"))?;
    let soql = select("Contact", &["Id", "CreatedById", "CreatedDate", "LastModifiedDate", stamp])?
        .filter(by_others)
        .filter(field("LastModifiedDate")?.ge(now.minus(RECENT)))
        .order_by(newest_first, Direction::Descending)
        .limit(SAMPLE);
    let Some(found) = rows(org, &soql, SAMPLE as usize).await? else {
        return Ok(vec![hidden("recent edits", "the history of a few Contacts that people edited")]);
    };
    let edits: Vec<Edit> = found.iter().filter_map(|row| Edit::of(row, stamp, user)).collect();
    let unlisted = unlisted(config, org, stamp, (user, now)).await?;
    Ok(judged(stamp, &edits, &unlisted))
}

/// A Contact that somebody else saved last.
struct Edit {
    saved: Stamp,
    stamped: Option<Stamp>,
    /// When somebody else created it.
    created: Option<Stamp>,
}

impl Edit {
    fn of(row: &Row, stamp: &str, user: UserId) -> Option<Self> {
        let at = |name: &str| row.get(name).and_then(|text| Stamp::parse(text).ok());
        let foreign = row.get("CreatedById").is_some_and(|by| by != user.to_string());
        Some(Self {
            saved: at("LastModifiedDate")?,
            stamped: at(stamp),
            created: at("CreatedDate").filter(|_| foreign),
        })
    }

    fn carries(&self) -> bool {
        self.stamped.is_some_and(|stamped| stamped.plus(APART) >= self.saved)
    }
}

/// An edit without a stamp may have been one of another field; a Contact created since the last stamp may not.
fn judged(stamp: &str, edits: &[Edit], unlisted: &BTreeSet<String>) -> Vec<Finding> {
    let find = |weight, text: String| Finding::new(&code::STAMPING, weight, stamp, text);
    let newest = edits.iter().filter_map(|edit| edit.stamped).max();
    let bare = |edit: &&Edit| {
        let since = |created: Stamp| newest.is_none_or(|newest| created > newest.plus(APART));
        edit.stamped.is_none() && edit.created.is_some_and(since)
    };
    let bare = edits.iter().filter(bare).count();
    let carrying = edits.iter().filter(|edit| edit.carries()).count();
    let mut findings = Vec::new();
    if !unlisted.is_empty() {
        let names = unlisted.iter().cloned().collect::<Vec<_>>().join(", ");
        findings.push(find(Weight::Warning, format!("was not set when somebody last changed {names}")));
    }
    if bare > 0 {
        findings
            .push(find(Weight::Warning, format!("is empty on {bare} Contacts that others created lately")));
    } else if carrying == 0 && !edits.is_empty() {
        let text = format!("fits none of the last {} edits by others within 30 days", edits.len());
        findings.push(find(Weight::Warning, text));
    } else if findings.is_empty() {
        let text = if edits.is_empty() {
            "nobody else edited a Contact within 30 days: what the Flow does cannot be seen".to_owned()
        } else {
            format!(
                "fits {carrying} of the last {} edits by others; the rest may be of other fields",
                edits.len()
            )
        };
        findings.push(find(Weight::Note, text));
    }
    findings
}

/// Mapped fields whose last change by somebody else, as the field history tells it, left no stamp. Orgs that keep no history
/// of a field tell nothing.
async fn unlisted(
    config: &Config,
    org: &Org,
    stamp: &str,
    (user, now): (UserId, Stamp),
) -> Result<BTreeSet<String>, Failure> {
    let newest_first = FieldPath::parse("CreatedDate")
        .map_err(|_| Failure::Unexpected("a query of the check has a name that is none"))?;
    let soql = select("ContactHistory", &["ContactId", "Field", "CreatedDate"])?
        .filter(field("CreatedById")?.ne(user.to_string()))
        .filter(field("CreatedDate")?.ge(now.minus(RECENT)))
        .order_by(newest_first, Direction::Descending)
        .limit(SAMPLE);
    let history = rows(org, &soql, SAMPLE as usize).await?.unwrap_or_default();
    let mut newest: BTreeMap<String, (String, Stamp)> = BTreeMap::new();
    for row in &history {
        let mapped = config
            .fields
            .iter()
            .find(|field| row.get("Field").is_some_and(|name| name.eq_ignore_ascii_case(&field.contact)));
        let at = row.get("CreatedDate").and_then(|text| Stamp::parse(text).ok());
        if let (Some(mapped), Some(contact), Some(at)) = (mapped, row.get("ContactId"), at) {
            newest.entry(mapped.contact.clone()).or_insert_with(|| (contact.to_owned(), at));
        }
    }
    let contacts: BTreeSet<&String> = newest.values().map(|(contact, _)| contact).collect();
    if contacts.is_empty() {
        return Ok(BTreeSet::new());
    }
    let soql = select("Contact", &["Id", stamp])?.filter(field("Id")?.one_of(contacts));
    let found = rows(org, &soql, SAMPLE as usize).await?.unwrap_or_default();
    let stamps: BTreeMap<&str, Option<Stamp>> = found
        .iter()
        .filter_map(|row| Some((row.get("Id")?, row.get(stamp).and_then(|text| Stamp::parse(text).ok()))))
        .collect();
    let bare = |(contact, at): &(String, Stamp)| {
        stamps
            .get(contact.as_str())
            .is_some_and(|stamped| stamped.is_none_or(|stamped| stamped.plus(APART) < *at))
    };
    Ok(newest.into_iter().filter(|(_, change)| bare(change)).map(|(name, _)| name).collect())
}
