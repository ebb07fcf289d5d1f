//! Objects that tell how the org is set up: the org itself, profiles, permissions, and objects about objects. Nobody
//! writes them through the API; their records follow the settings.

use super::ObjectSchema;
use super::field::{Field, FieldType};
use super::spec::{field, flag, number, picklist, reference, text, with_system};

/// Organization editions (object reference: `Organization.OrganizationType`).
const EDITIONS: &[&str] =
    &["Team Edition", "Professional Edition", "Enterprise Edition", "Developer Edition", "Unlimited Edition"];

/// System permissions kept on profiles and permission sets, with their labels.
const SYSTEM_PERMISSIONS: &[(&str, &str)] = &[
    ("PermissionsApiEnabled", "API Enabled"),
    ("PermissionsApiUserOnly", "API Only User"),
    ("PermissionsModifyAllData", "Modify All Data"),
    ("PermissionsViewAllData", "View All Data"),
    ("PermissionsViewSetup", "View Setup and Configuration"),
    ("PermissionsManageUsers", "Manage Users"),
    ("PermissionsEditConvertedLeads", "View and Edit Converted Leads"),
    ("PermissionsBulkApiHardDelete", "Bulk API Hard Delete"),
    ("PermissionsPasswordNeverExpires", "Password Never Expires"),
];

pub(super) fn setup() -> Vec<ObjectSchema> {
    let objects = [
        organization(),
        profile(),
        permission_set(),
        assignment(),
        field_permissions(),
        object_permissions(),
        entity_definition(),
        entity_particle(),
        record_type(),
    ];
    objects.into_iter().map(read_only).collect()
}

fn read_only(mut schema: ObjectSchema) -> ObjectSchema {
    schema.writable = false;
    schema.setup = true;
    schema
}

/// `with_system` without what is never in the recycle bin.
fn kept_for_ever(own: &str, middle: Vec<Field>) -> Vec<Field> {
    let mut fields = with_system(own, middle);
    fields.retain(|field| field.name != "IsDeleted");
    fields
}

fn without_audit(own: &str, middle: Vec<Field>, kept: &[&str]) -> Vec<Field> {
    let mut fields = kept_for_ever(own, middle);
    let audit = ["CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"];
    fields.retain(|f| !audit.contains(&f.name.as_str()) || kept.contains(&f.name.as_str()));
    fields
}

fn organization() -> ObjectSchema {
    let fields = kept_for_ever(
        "Organization",
        vec![
            text("Name", "Name", 80, "FT"),
            text("City", "City", 40, "NF"),
            text("PostalCode", "Zip/Postal Code", 20, "NF"),
            text("Country", "Country", 80, "NF"),
            field("Phone", "Phone", FieldType::Phone, 40, "NF"),
            text("PrimaryContact", "Primary Contact", 80, "NF"),
            picklist("DefaultLocaleSidKey", "Locale", 40, "F", &["en_US", "en_GB"]),
            picklist("TimeZoneSidKey", "Time Zone", 40, "F", &["GMT", "Europe/London"]),
            picklist("LanguageLocaleKey", "Language", 40, "F", &["en_US"]),
            picklist("OrganizationType", "Edition", 40, "NF", EDITIONS),
            text("NamespacePrefix", "Namespace Prefix", 15, "NF"),
            text("InstanceName", "Instance Name", 5, "NF"),
            flag("IsSandbox", "Is Sandbox", "F"),
            flag("IsReadOnly", "Is Read Only", "F"),
            field("TrialExpirationDate", "Trial Expiration Date", FieldType::DateTime, 0, "NF"),
            number("FiscalYearStartMonth", "Fiscal Year Starts In", FieldType::Int, (9, 0), "NF"),
        ],
    );
    ObjectSchema::new("Organization", "Organization", "Organizations", "00D", fields)
}

fn system_permissions() -> impl Iterator<Item = Field> {
    SYSTEM_PERMISSIONS.iter().map(|(name, label)| flag(name, label, "F"))
}

fn profile() -> ObjectSchema {
    let mut own = vec![
        text("Name", "Name", 255, "FT"),
        picklist("UserType", "User Type", 40, "NF", &["Standard"]),
        text("Description", "Description", 255, "NF"),
    ];
    own.extend(system_permissions());
    ObjectSchema::new("Profile", "Profile", "Profiles", "00e", kept_for_ever("Profile", own))
}

fn permission_set() -> ObjectSchema {
    let mut own = vec![
        text("Name", "Permission Set Name", 80, "FT"),
        text("Label", "Permission Set Label", 80, "F"),
        text("Description", "Description", 255, "NF"),
        text("NamespacePrefix", "Namespace Prefix", 15, "NF"),
        picklist("Type", "Permission Set Type", 40, "NF", &["Regular", "Profile"]),
        flag("IsCustom", "Custom", "F"),
        flag("IsOwnedByProfile", "Is Owned By Profile", "F"),
        reference("ProfileId", "Profile ID", &["Profile"], "Profile", "NF"),
    ];
    own.extend(system_permissions());
    let fields = kept_for_ever("PermissionSet", own);
    ObjectSchema::new("PermissionSet", "Permission Set", "Permission Sets", "0PS", fields)
}

fn assignment() -> ObjectSchema {
    let own = vec![
        reference("PermissionSetId", "PermissionSet ID", &["PermissionSet"], "PermissionSet", "F"),
        reference("AssigneeId", "Assignee ID", &["User"], "Assignee", "F"),
        flag("IsActive", "Is Active", "F"),
    ];
    let fields = without_audit("PermissionSetAssignment", own, &["SystemModstamp"]);
    let (label, plural) = ("Permission Set Assignment", "Permission Set Assignments");
    ObjectSchema::new("PermissionSetAssignment", label, plural, "0Pa", fields)
}

fn field_permissions() -> ObjectSchema {
    let own = vec![
        reference("ParentId", "Parent ID", &["PermissionSet"], "Parent", "F"),
        text("SobjectType", "Sobject Type Name", 40, "F"),
        text("Field", "Field Name", 255, "F"),
        flag("PermissionsEdit", "Edit Field", "F"),
        flag("PermissionsRead", "Read Field", "F"),
    ];
    let fields = without_audit("FieldPermissions", own, &["SystemModstamp"]);
    ObjectSchema::new("FieldPermissions", "Field Permissions", "Field Permissions", "01k", fields)
}

fn object_permissions() -> ObjectSchema {
    let own = vec![
        reference("ParentId", "Parent ID", &["PermissionSet"], "Parent", "F"),
        text("SobjectType", "Object Name", 40, "F"),
        flag("PermissionsCreate", "Create Records", "F"),
        flag("PermissionsRead", "Read Records", "F"),
        flag("PermissionsEdit", "Edit Records", "F"),
        flag("PermissionsDelete", "Delete Records", "F"),
        flag("PermissionsViewAllRecords", "Read All Records", "F"),
        flag("PermissionsModifyAllRecords", "Edit All Records", "F"),
    ];
    let fields = kept_for_ever("ObjectPermissions", own);
    ObjectSchema::new("ObjectPermissions", "Object Permissions", "Object Permissions", "110", fields)
}

fn entity_definition() -> ObjectSchema {
    let own = vec![
        text("DurableId", "Durable ID", 255, "FL"),
        text("QualifiedApiName", "Qualified API Name", 70, "FT"),
        text("DeveloperName", "Developer Name", 40, "F"),
        text("NamespacePrefix", "Namespace Prefix", 15, "NF"),
        text("Label", "Label", 255, "F"),
        text("MasterLabel", "Master Label", 255, "F"),
        text("PluralLabel", "Plural Label", 255, "NF"),
        text("KeyPrefix", "Key Prefix", 3, "NF"),
        flag("IsCustomSetting", "Is Custom Setting?", "F"),
        flag("IsCustomizable", "Is Customizable?", "F"),
        flag("IsQueryable", "Is Queryable?", "F"),
        flag("IsSearchable", "Is Searchable?", "F"),
        flag("IsTriggerable", "Is Triggerable?", "F"),
        flag("IsDeprecatedAndHidden", "Is Deprecated And Hidden?", "F"),
    ];
    let fields = without_audit("EntityDefinition", own, &["LastModifiedDate"]);
    ObjectSchema::new("EntityDefinition", "Entity Definition", "Entity Definitions", "4ie", fields)
}

fn entity_particle() -> ObjectSchema {
    let entity = Field {
        reference_to: vec!["EntityDefinition".into()],
        relationship_name: Some("EntityDefinition".into()),
        ..text("EntityDefinitionId", "Entity Definition ID", 70, "F")
    };
    let mut own = vec![
        text("DurableId", "Durable ID", 255, "FL"),
        entity,
        text("FieldDefinitionId", "Field Definition ID", 70, "F"),
        text("QualifiedApiName", "Qualified API Name", 70, "FT"),
        text("DeveloperName", "Developer Name", 40, "F"),
        text("NamespacePrefix", "Namespace Prefix", 15, "NF"),
        text("Name", "Name", 255, "F"),
        text("Label", "Label", 255, "F"),
        text("MasterLabel", "Master Label", 255, "F"),
        text("DataType", "Data Type", 40, "F"),
        text("ValueTypeId", "Value Type ID", 70, "F"),
        text("RelationshipName", "Relationship Name", 80, "NF"),
        number("Length", "Length", FieldType::Int, (9, 0), "F"),
        number("ByteLength", "Byte Length", FieldType::Int, (9, 0), "F"),
        number("Precision", "Precision", FieldType::Int, (9, 0), "F"),
        number("Scale", "Scale", FieldType::Int, (9, 0), "F"),
    ];
    own.extend(PARTICLE_FLAGS.iter().map(|(name, label)| flag(name, label, "F")));
    let fields = without_audit("EntityParticle", own, &[]);
    ObjectSchema::new("EntityParticle", "Entity Particle", "Entity Particles", "4iP", fields)
}

/// Checkboxes of an EntityParticle (object reference: EntityParticle).
const PARTICLE_FLAGS: &[(&str, &str)] = &[
    ("IsUnique", "Is Field Unique?"),
    ("IsIdLookup", "Can this Field be Used to Specify a Record in Upsert?"),
    ("IsCaseSensitive", "Is Field Case Sensitive?"),
    ("IsNillable", "Is Field Nillable?"),
    ("IsCreatable", "Is Field Creatable?"),
    ("IsUpdatable", "Is Field Updatable?"),
    ("IsDefaultedOnCreate", "Is Field Defaulted On Create?"),
    ("IsPermissionable", "Is Field Permissionable?"),
    ("IsCalculated", "Is Field Calculated?"),
    ("IsAutonumber", "Is Field an Autonumber?"),
    ("IsNameField", "Is this the Name Field?"),
    ("IsApiFilterable", "Is Field Filterable?"),
    ("IsApiSortable", "Is Field Sortable?"),
    ("IsFieldHistoryTracked", "Is Field History Tracked?"),
    ("IsCompound", "Is Field a Compound Field?"),
    ("IsDependentPicklist", "Is Field a Dependent Picklist?"),
];

fn record_type() -> ObjectSchema {
    let own = vec![
        text("Name", "Name", 80, "FT"),
        text("DeveloperName", "Record Type Name", 80, "F"),
        text("NamespacePrefix", "Namespace Prefix", 15, "NF"),
        text("Description", "Description", 255, "NF"),
        picklist("SobjectType", "SObject Type Name", 40, "F", &["Account"]),
        flag("IsActive", "Active", "F"),
        flag("IsPersonType", "Is Person Type", "F"),
    ];
    let fields = kept_for_ever("RecordType", own);
    ObjectSchema::new("RecordType", "Record Type", "Record Types", "012", fields)
}
