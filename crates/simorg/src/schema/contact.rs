//! The Contact object (fields of a captured describe, without person accounts).

use super::ObjectSchema;
use super::field::{Field, FieldType};
use super::spec::{address, field, flag, master, picklist, reference, text, with_system};

const SALUTATIONS: &[&str] = &["Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx."];
pub(super) const LEAD_SOURCES: &[&str] =
    &["Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"];
const CLEAN_STATUSES: &[&str] = &["Matched", "Different", "Acknowledged", "NotFound", "Inactive", "Pending"];

pub(super) fn contact() -> ObjectSchema {
    ObjectSchema::new("Contact", "Contact", "Contacts", "003", with_system("Contact", fields()))
}

fn fields() -> Vec<Field> {
    let mut all = vec![
        master("Contact"),
        reference("AccountId", "Account ID", &["Account"], "Account", "CUNF"),
        text("LastName", "Last Name", 80, "CUF"),
        text("FirstName", "First Name", 40, "CUNF"),
        picklist("Salutation", "Salutation", 40, "CUNF", SALUTATIONS),
        text("Name", "Full Name", 121, "FT"),
    ];
    all.extend(address("Other", "Other "));
    all.extend(address("Mailing", "Mailing "));
    all.extend([
        field("Phone", "Business Phone", FieldType::Phone, 40, "CUNF"),
        field("Fax", "Business Fax", FieldType::Phone, 40, "CUNF"),
        field("MobilePhone", "Mobile Phone", FieldType::Phone, 40, "CUNF"),
        field("HomePhone", "Home Phone", FieldType::Phone, 40, "CUNF"),
        field("OtherPhone", "Other Phone", FieldType::Phone, 40, "CUNF"),
        field("AssistantPhone", "Asst. Phone", FieldType::Phone, 40, "CUNF"),
        reference("ReportsToId", "Reports To ID", &["Contact"], "ReportsTo", "CUNF"),
        field("Email", "Email", FieldType::Email, 80, "CUNFL"),
        text("Title", "Title", 128, "CUNF"),
        text("Department", "Department", 80, "CUNF"),
        text("AssistantName", "Assistant's Name", 40, "CUNF"),
        picklist("LeadSource", "Lead Source", 255, "CUNF", LEAD_SOURCES),
        field("Birthdate", "Birthdate", FieldType::Date, 0, "CUNF"),
        field("Description", "Contact Description", FieldType::TextArea, 32_000, "CUN"),
        reference("OwnerId", "Owner ID", &["User"], "Owner", "CUDF"),
        flag("HasOptedOutOfEmail", "Email Opt Out", "CUDF"),
        flag("HasOptedOutOfFax", "Fax Opt Out", "CUDF"),
        flag("DoNotCall", "Do Not Call", "CUDF"),
        field("LastActivityDate", "Last Activity", FieldType::Date, 0, "NF"),
        field("LastCURequestDate", "Last Stay-in-Touch Request Date", FieldType::DateTime, 0, "NF"),
        field("LastCUUpdateDate", "Last Stay-in-Touch Save Date", FieldType::DateTime, 0, "NF"),
        field("LastViewedDate", "Last Viewed Date", FieldType::DateTime, 0, "NF"),
        field("LastReferencedDate", "Last Referenced Date", FieldType::DateTime, 0, "NF"),
        text("EmailBouncedReason", "Email Bounced Reason", 255, "CUNF"),
        field("EmailBouncedDate", "Email Bounced Date", FieldType::DateTime, 0, "CUNF"),
        flag("IsEmailBounced", "Is Email Bounced", "FD"),
        field("PhotoUrl", "Photo URL", FieldType::Url, 255, "NF"),
        text("Jigsaw", "Data.com Key", 20, "CUNF"),
        text("JigsawContactId", "Jigsaw Contact ID", 20, "NF"),
        picklist("CleanStatus", "Clean Status", 40, "CUNFR", CLEAN_STATUSES),
        reference("IndividualId", "Individual ID", &["Individual"], "Individual", "CUNF"),
    ]);
    all
}
