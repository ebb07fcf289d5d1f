//! Short notation for the standard fields.

use super::field::{Field, FieldType, Flags, PicklistValue, Source};
use crate::value::Value;

/// A field from name, label, type, length and rights: `C` createable, `U` updateable, `N` nillable,
/// `F` filterable, `D` defaulted on create, `L` idLookup, `R` restricted picklist, `T` the name field.
pub(super) fn field(name: &str, label: &str, kind: FieldType, length: usize, rights: &str) -> Field {
    let has = |right: char| rights.contains(right);
    Field {
        index: 0,
        name: name.into(),
        label: label.into(),
        kind,
        length,
        precision: 0,
        scale: 0,
        flags: Flags {
            createable: has('C'),
            updateable: has('U'),
            nillable: has('N'),
            filterable: has('F'),
            defaulted_on_create: has('D'),
            id_lookup: has('L'),
            restricted: has('R'),
            name_field: has('T'),
            ..Flags::default()
        },
        reference_to: Vec::new(),
        relationship_name: None,
        picklist: Vec::new(),
        default: Value::Null,
        source: Source::Stored,
    }
}

/// A text field.
pub(super) fn text(name: &str, label: &str, length: usize, rights: &str) -> Field {
    field(name, label, FieldType::String, length, rights)
}

/// A checkbox: false unless said otherwise.
pub(super) fn flag(name: &str, label: &str, rights: &str) -> Field {
    Field { default: Value::Bool(false), ..field(name, label, FieldType::Boolean, 0, rights) }
}

/// A picklist with these values; the first is the default when the rights hold `D`.
pub(super) fn picklist(name: &str, label: &str, length: usize, rights: &str, values: &[&str]) -> Field {
    let mut made = field(name, label, FieldType::Picklist, length, rights);
    made.picklist = values
        .iter()
        .enumerate()
        .map(|(i, value)| PicklistValue {
            value: (*value).into(),
            label: (*value).into(),
            default: i == 0 && rights.contains('D'),
        })
        .collect();
    if let (true, Some(first)) = (rights.contains('D'), values.first()) {
        made.default = Value::text(*first);
    }
    made
}

/// A reference to one of these objects.
pub(super) fn reference(name: &str, label: &str, to: &[&str], relationship: &str, rights: &str) -> Field {
    let mut made = field(name, label, FieldType::Reference, 18, rights);
    made.reference_to = to.iter().map(|o| (*o).to_owned()).collect();
    made.relationship_name = (!relationship.is_empty()).then(|| relationship.to_owned());
    made
}

/// A number with digits in all and behind the point.
pub(super) fn number(name: &str, label: &str, kind: FieldType, digits: (u8, u8), rights: &str) -> Field {
    let mut made = field(name, label, kind, 0, rights);
    (made.precision, made.scale) = digits;
    made
}

/// The fields every object has: id first, the audit fields to be put behind the others by [`with_system`].
pub(super) fn with_system(own: &str, middle: Vec<Field>) -> Vec<Field> {
    let id = Field { source: Source::Id, ..field("Id", &format!("{own} ID"), FieldType::Id, 18, "FDL") };
    let deleted = Field { source: Source::IsDeleted, ..flag("IsDeleted", "Deleted", "FD") };
    let mut all = vec![id, deleted];
    all.extend(middle);
    let moment = |name: &str, label: &str, source| Field {
        source,
        ..field(name, label, FieldType::DateTime, 0, "FD")
    };
    let who = |name: &str, label: &str, relationship: &str, source| Field {
        source,
        ..reference(name, label, &["User"], relationship, "FD")
    };
    all.push(moment("CreatedDate", "Created Date", Source::CreatedDate));
    all.push(who("CreatedById", "Created By ID", "CreatedBy", Source::CreatedById));
    all.push(moment("LastModifiedDate", "Last Modified Date", Source::LastModifiedDate));
    all.push(who("LastModifiedById", "Last Modified By ID", "LastModifiedBy", Source::LastModifiedById));
    all.push(moment("SystemModstamp", "System Modstamp", Source::SystemModstamp));
    all
}

/// The master of a merged record.
pub(super) fn master(own: &str) -> Field {
    Field {
        source: Source::MasterRecordId,
        ..reference("MasterRecordId", "Master Record ID", &[own], "MasterRecord", "NF")
    }
}

/// Street, city, state, postal code, country, position and the compound field of one address.
pub(super) fn address(prefix: &str, label: &str) -> Vec<Field> {
    let name = |part: &str| format!("{prefix}{part}");
    let shown = |part: &str| format!("{label}{part}");
    let mut all = vec![
        field(&name("Street"), &shown("Street"), FieldType::TextArea, 255, "CUNF"),
        text(&name("City"), &shown("City"), 40, "CUNF"),
        text(&name("State"), &shown("State/Province"), 80, "CUNF"),
        text(&name("PostalCode"), &shown("Zip/Postal Code"), 20, "CUNF"),
        text(&name("Country"), &shown("Country"), 80, "CUNF"),
        number(&name("Latitude"), &shown("Latitude"), FieldType::Double, (18, 15), "CUNF"),
        number(&name("Longitude"), &shown("Longitude"), FieldType::Double, (18, 15), "CUNF"),
        picklist(
            &name("GeocodeAccuracy"),
            &shown("Geocode Accuracy"),
            40,
            "CUNFR",
            &["Address", "NearAddress", "Block", "Street", "Zip", "Neighborhood", "City", "County", "State"],
        ),
    ];
    all.push(Field {
        source: Source::Compound,
        ..field(&name("Address"), &shown("Address"), FieldType::Address, 0, "N")
    });
    all
}
