//! One field of one object.

use crate::value::Value;
use serde::{Deserialize, Serialize};

/// Field types, named as describe names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    /// Record id.
    Id,
    /// Checkbox.
    Boolean,
    /// One-line text.
    String,
    /// Text of several lines.
    TextArea,
    /// E-mail address.
    Email,
    /// Telephone number, free text.
    Phone,
    /// Web address.
    Url,
    /// One of a list.
    Picklist,
    /// Several of a list, joined by `;`.
    MultiPicklist,
    /// Id of another record.
    Reference,
    /// Calendar day.
    Date,
    /// Moment.
    DateTime,
    /// Decimal number.
    Double,
    /// Money.
    Currency,
    /// Percentage.
    Percent,
    /// Whole number.
    Int,
    /// Compound address; read only, not in Bulk queries.
    Address,
    /// A value of whatever type another field has.
    AnyType,
}

impl FieldType {
    /// The name used by describe.
    pub const fn api_name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Boolean => "boolean",
            Self::String => "string",
            Self::TextArea => "textarea",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Url => "url",
            Self::Picklist => "picklist",
            Self::MultiPicklist => "multipicklist",
            Self::Reference => "reference",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Double => "double",
            Self::Currency => "currency",
            Self::Percent => "percent",
            Self::Int => "int",
            Self::Address => "address",
            Self::AnyType => "anyType",
        }
    }

    /// The SOAP type used by describe and in deserialisation errors.
    pub const fn soap_type(self) -> &'static str {
        match self {
            Self::Id | Self::Reference => "tns:ID",
            Self::Boolean => "xsd:boolean",
            Self::String
            | Self::TextArea
            | Self::Email
            | Self::Phone
            | Self::Url
            | Self::Picklist
            | Self::MultiPicklist => "xsd:string",
            Self::Date => "xsd:date",
            Self::DateTime => "xsd:dateTime",
            Self::Double | Self::Currency | Self::Percent => "xsd:double",
            Self::Int => "xsd:int",
            Self::Address => "urn:address",
            Self::AnyType => "xsd:anyType",
        }
    }

    /// Whether values are text (ids included).
    pub const fn is_text(self) -> bool {
        match self {
            Self::Id
            | Self::String
            | Self::TextArea
            | Self::Email
            | Self::Phone
            | Self::Url
            | Self::Picklist
            | Self::MultiPicklist
            | Self::Reference => true,
            Self::Boolean
            | Self::Date
            | Self::DateTime
            | Self::Double
            | Self::Currency
            | Self::Percent
            | Self::Int
            | Self::Address
            | Self::AnyType => false,
        }
    }

    /// Whether values are numbers.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Double | Self::Currency | Self::Percent | Self::Int)
    }
}

/// Where a field's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A cell of the record.
    Stored,
    /// The record's id.
    Id,
    /// Whether the record is in the recycle bin.
    IsDeleted,
    /// The record that won a merge against this one.
    MasterRecordId,
    /// When the record was made.
    CreatedDate,
    /// Who made it.
    CreatedById,
    /// When a user last changed it.
    LastModifiedDate,
    /// Who last changed it.
    LastModifiedById,
    /// When a user or automation last touched it.
    SystemModstamp,
    /// Put together from other fields when shown; null everywhere else.
    Compound,
}

/// One entry of a picklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PicklistValue {
    /// API value.
    pub value: String,
    /// Shown text.
    pub label: String,
    /// Whether it is the default.
    pub default: bool,
}

/// What a caller may do with a field, and how it behaves; the names follow describe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "describe has one flag each")]
pub struct Flags {
    /// May be given on insert.
    pub createable: bool,
    /// May be given on update.
    pub updateable: bool,
    /// May be empty.
    pub nillable: bool,
    /// May stand in WHERE.
    pub filterable: bool,
    /// Gets a value by itself on insert.
    pub defaulted_on_create: bool,
    /// May be an upsert key although it is no external id.
    pub id_lookup: bool,
    /// Is an external id.
    pub external_id: bool,
    /// No two live records share a value.
    pub unique: bool,
    /// Compared with case.
    pub case_sensitive: bool,
    /// Made by the org, not by Salesforce.
    pub custom: bool,
    /// Only listed picklist values are accepted.
    pub restricted: bool,
    /// Hidden from the API user by field-level security: absent everywhere.
    pub hidden: bool,
    /// May be read but not written through the API, by field-level security.
    pub no_edit: bool,
    /// Changes leave a row in the object's history.
    pub tracked: bool,
    /// The object's name field.
    pub name_field: bool,
}

/// One field: what describe tells of it, and where its value is kept.
#[derive(Clone, Debug)]
pub struct Field {
    /// Position in [`super::ObjectSchema::fields`] and key of the record's cells.
    pub index: u16,
    /// API name.
    pub name: String,
    /// Shown name; several error texts use it.
    pub label: String,
    /// Type.
    pub kind: FieldType,
    /// Longest text in characters; 0 for types without length.
    pub length: usize,
    /// Digits in all, for numbers.
    pub precision: u8,
    /// Digits behind the point, for numbers.
    pub scale: u8,
    /// Rights and behaviour.
    pub flags: Flags,
    /// Objects a reference may point to.
    pub reference_to: Vec<String>,
    /// Name of the relationship in SOQL and in upserts by foreign key.
    pub relationship_name: Option<String>,
    /// Picklist entries.
    pub picklist: Vec<PicklistValue>,
    /// Value of a new record that gives none.
    pub default: Value,
    /// Where the value is kept.
    pub source: Source,
}

impl Field {
    /// Whether it may key an upsert: external id or idLookup.
    pub fn is_upsert_key(&self) -> bool {
        self.flags.external_id || self.flags.id_lookup
    }

    /// Whether a caller of the API may give it on insert: the field's nature and field-level security together.
    pub fn createable(&self) -> bool {
        self.flags.createable && !self.flags.no_edit
    }

    /// Whether a caller of the API may change it.
    pub fn updateable(&self) -> bool {
        self.flags.updateable && !self.flags.no_edit
    }

    /// Longest value in bytes as describe counts: three for each character of a text.
    pub fn byte_length(&self) -> usize {
        if self.kind.is_text() && self.kind != FieldType::Id { self.length * 3 } else { self.length }
    }

    /// Whether field-level security can be set for it: not for required, system and name fields.
    pub fn permissionable(&self) -> bool {
        let optional = self.flags.nillable || self.kind == FieldType::Boolean;
        let written = self.flags.createable || self.flags.updateable || self.flags.custom;
        self.source == Source::Stored && optional && written && !self.flags.name_field
    }

    /// Whether numbers of this field are whole.
    pub fn whole(&self) -> bool {
        self.kind == FieldType::Int
    }

    /// Whether an insert must give it (describe: createable, not nillable, not defaulted).
    pub fn required(&self) -> bool {
        self.flags.createable
            && !self.flags.nillable
            && !self.flags.defaulted_on_create
            && self.kind != FieldType::Boolean
    }
}
