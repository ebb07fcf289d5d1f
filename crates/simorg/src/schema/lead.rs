//! The Lead object.

use super::ObjectSchema;
use super::contact::LEAD_SOURCES;
use super::field::{Field, FieldType};
use super::spec::{address, field, flag, master, number, picklist, reference, text, with_system};

const STATUSES: &[&str] =
    &["Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted"];
const SALUTATIONS: &[&str] = &["Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx."];

pub(super) fn lead() -> ObjectSchema {
    ObjectSchema::new("Lead", "Lead", "Leads", "00Q", with_system("Lead", fields()))
}

fn fields() -> Vec<Field> {
    let mut all = vec![
        master("Lead"),
        text("LastName", "Last Name", 80, "CUF"),
        text("FirstName", "First Name", 40, "CUNF"),
        picklist("Salutation", "Salutation", 40, "CUNF", SALUTATIONS),
        text("Name", "Full Name", 121, "FT"),
        text("Title", "Title", 128, "CUNF"),
        text("Company", "Company", 255, "CUF"),
    ];
    all.extend(address("", ""));
    all.extend([
        field("Phone", "Phone", FieldType::Phone, 40, "CUNF"),
        field("MobilePhone", "Mobile Phone", FieldType::Phone, 40, "CUNF"),
        field("Fax", "Fax", FieldType::Phone, 40, "CUNF"),
        field("Email", "Email", FieldType::Email, 80, "CUNFL"),
        field("Website", "Website", FieldType::Url, 255, "CUNF"),
        field("Description", "Description", FieldType::TextArea, 32_000, "CUN"),
        picklist("LeadSource", "Lead Source", 255, "CUNF", LEAD_SOURCES),
        picklist("Status", "Status", 255, "CUDF", STATUSES),
        picklist("Industry", "Industry", 255, "CUNF", &["Education", "Not For Profit", "Other"]),
        picklist("Rating", "Rating", 255, "CUNF", &["Hot", "Warm", "Cold"]),
        number("AnnualRevenue", "Annual Revenue", FieldType::Currency, (18, 0), "CUNF"),
        number("NumberOfEmployees", "Employees", FieldType::Int, (8, 0), "CUNF"),
        reference("OwnerId", "Owner ID", &["Group", "User"], "Owner", "CUDF"),
        flag("HasOptedOutOfEmail", "Email Opt Out", "CUDF"),
        flag("HasOptedOutOfFax", "Fax Opt Out", "CUDF"),
        flag("DoNotCall", "Do Not Call", "CUDF"),
        flag("IsConverted", "Converted", "CDF"),
        field("ConvertedDate", "Converted Date", FieldType::Date, 0, "NF"),
        reference("ConvertedAccountId", "Converted Account ID", &["Account"], "ConvertedAccount", "NF"),
        reference("ConvertedContactId", "Converted Contact ID", &["Contact"], "ConvertedContact", "NF"),
        reference(
            "ConvertedOpportunityId",
            "Converted Opportunity ID",
            &["Opportunity"],
            "ConvertedOpportunity",
            "NF",
        ),
        flag("IsUnreadByOwner", "Unread By Owner", "CUDF"),
    ]);
    all
}
