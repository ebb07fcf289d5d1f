//! The Account object.

use super::ObjectSchema;
use super::contact::LEAD_SOURCES;
use super::field::{Field, FieldType};
use super::spec::{address, field, master, number, picklist, reference, text, with_system};

pub(super) fn account() -> ObjectSchema {
    ObjectSchema::new("Account", "Account", "Accounts", "001", with_system("Account", fields()))
}

fn fields() -> Vec<Field> {
    let mut all = vec![
        master("Account"),
        text("Name", "Account Name", 255, "CUFT"),
        picklist("Type", "Account Type", 40, "CUNF", &["Customer", "Partner", "Prospect", "Other"]),
        reference("ParentId", "Parent Account ID", &["Account"], "Parent", "CUNF"),
    ];
    all.extend(address("Billing", "Billing "));
    all.extend(address("Shipping", "Shipping "));
    all.extend([
        field("Phone", "Account Phone", FieldType::Phone, 40, "CUNF"),
        field("Fax", "Account Fax", FieldType::Phone, 40, "CUNF"),
        text("AccountNumber", "Account Number", 40, "CUNF"),
        field("Website", "Website", FieldType::Url, 255, "CUNF"),
        text("Sic", "SIC Code", 20, "CUNF"),
        picklist("Industry", "Industry", 40, "CUNF", &["Education", "Not For Profit", "Other"]),
        number("AnnualRevenue", "Annual Revenue", FieldType::Currency, (18, 0), "CUNF"),
        number("NumberOfEmployees", "Employees", FieldType::Int, (8, 0), "CUNF"),
        picklist("Ownership", "Ownership", 40, "CUNF", &["Public", "Private", "Subsidiary", "Other"]),
        text("TickerSymbol", "Ticker Symbol", 20, "CUNF"),
        field("Description", "Account Description", FieldType::TextArea, 32_000, "CUN"),
        picklist("Rating", "Account Rating", 40, "CUNF", &["Hot", "Warm", "Cold"]),
        text("Site", "Account Site", 80, "CUNF"),
        reference("OwnerId", "Owner ID", &["User"], "Owner", "CUDF"),
        picklist("AccountSource", "Account Source", 255, "CUNF", LEAD_SOURCES),
    ]);
    all
}
