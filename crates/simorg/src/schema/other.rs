//! User, and the records duplicate rules leave for administrators.

use super::ObjectSchema;
use super::field::FieldType;
use super::spec::{field, flag, number, picklist, reference, text, with_system};

pub(super) fn others() -> Vec<ObjectSchema> {
    vec![user(), contact_history(), duplicate_rule(), duplicate_record_set(), duplicate_record_item()]
}

fn user() -> ObjectSchema {
    let mut fields = with_system(
        "User",
        vec![
            text("Username", "Username", 80, "CUFL"),
            text("LastName", "Last Name", 80, "CUF"),
            text("FirstName", "First Name", 40, "CUNF"),
            text("Name", "Full Name", 121, "FT"),
            field("Email", "Email", FieldType::Email, 128, "CUFL"),
            text("Alias", "Alias", 8, "CUF"),
            flag("IsActive", "Active", "CUDF"),
            picklist("UserType", "User Type", 40, "NF", &["Standard"]),
            reference("ProfileId", "Profile ID", &["Profile"], "Profile", "CUF"),
            reference("ManagerId", "Manager ID", &["User"], "Manager", "CUNF"),
            text("Title", "Title", 80, "CUNF"),
            text("CompanyName", "Company Name", 80, "CUNF"),
            picklist("TimeZoneSidKey", "Time Zone", 40, "CUF", &["GMT", "Europe/London"]),
            picklist("LocaleSidKey", "Locale", 40, "CUF", &["en_US", "en_GB"]),
            picklist("LanguageLocaleKey", "Language", 40, "CUF", &["en_US"]),
            picklist("EmailEncodingKey", "Email Encoding", 40, "CUF", &["UTF-8", "ISO-8859-1"]),
            text("FederationIdentifier", "SAML Federation ID", 512, "CUNF"),
            field("LastLoginDate", "Last Login", FieldType::DateTime, 0, "NF"),
            flag("UserPermissionsMarketingUser", "Marketing User", "CUF"),
            flag("UserPermissionsInteractionUser", "Flow User", "CUF"),
        ],
    );
    // A User is never in the recycle bin, so describe does not list the field.
    fields.retain(|field| field.name != "IsDeleted");
    let mut schema = ObjectSchema::new("User", "User", "Users", "005", fields);
    schema.writable = false;
    schema
}

/// What changed in tracked fields of Contacts (object reference: StandardObjectNameHistory).
fn contact_history() -> ObjectSchema {
    let mut fields = with_system(
        "Contact History",
        vec![
            reference("ContactId", "Contact ID", &["Contact"], "Contact", "F"),
            picklist("Field", "Changed Field", 255, "F", &[]),
            picklist("DataType", "Datatype", 40, "NF", &[]),
            field("OldValue", "Old Value", FieldType::AnyType, 0, "N"),
            field("NewValue", "New Value", FieldType::AnyType, 0, "N"),
        ],
    );
    let never = ["LastModifiedDate", "LastModifiedById", "SystemModstamp"];
    fields.retain(|field| !never.contains(&field.name.as_str()));
    let mut schema = ObjectSchema::new("ContactHistory", "Contact History", "Contact History", "017", fields);
    schema.writable = false;
    schema
}

fn duplicate_rule() -> ObjectSchema {
    let fields = with_system(
        "Duplicate Rule",
        vec![
            text("DeveloperName", "Object Name", 80, "FT"),
            text("MasterLabel", "Rule Name", 80, "F"),
            text("SobjectType", "Object", 40, "F"),
            flag("IsActive", "Active", "FD"),
        ],
    );
    let mut schema = ObjectSchema::new("DuplicateRule", "Duplicate Rule", "Duplicate Rules", "0Bm", fields);
    schema.writable = false;
    schema
}

fn duplicate_record_set() -> ObjectSchema {
    let fields = with_system(
        "Duplicate Record Set",
        vec![
            text("Name", "Duplicate Record Set Name", 255, "FTN"),
            reference("DuplicateRuleId", "Duplicate Rule ID", &["DuplicateRule"], "DuplicateRule", "CNF"),
            number("RecordCount", "Record Count", FieldType::Int, (8, 0), "NF"),
            reference("ParentId", "Parent ID", &["DuplicateRecordSet"], "Parent", "NF"),
        ],
    );
    let (label, plural) = ("Duplicate Record Set", "Duplicate Record Sets");
    ObjectSchema::new("DuplicateRecordSet", label, plural, "0GK", fields)
}

fn duplicate_record_item() -> ObjectSchema {
    let sets = &["DuplicateRecordSet"];
    let records = &["Account", "Contact", "Lead"];
    let fields = with_system(
        "Duplicate Record Item",
        vec![
            text("Name", "Duplicate Record Item Name", 255, "FTN"),
            reference("DuplicateRecordSetId", "Duplicate Record Set ID", sets, "DuplicateRecordSet", "CF"),
            reference("RecordId", "Record ID", records, "Record", "CF"),
        ],
    );
    let (label, plural) = ("Duplicate Record Item", "Duplicate Record Items");
    ObjectSchema::new("DuplicateRecordItem", label, plural, "0GL", fields)
}
