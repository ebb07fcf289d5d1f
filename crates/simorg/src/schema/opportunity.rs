//! Opportunity, Case and Campaign: what a nonprofit keeps beside its people.

use super::contact::LEAD_SOURCES;
use super::field::FieldType;
use super::spec::{field, flag, number, picklist, reference, text, with_system};
use super::{AutoNumber, ObjectSchema};

const STAGES: &[&str] =
    &["Prospecting", "Qualification", "Pledged", "Negotiation/Review", "Closed Won", "Closed Lost"];

pub(super) fn sales() -> Vec<ObjectSchema> {
    vec![opportunity(), case(), campaign()]
}

fn opportunity() -> ObjectSchema {
    let fields = with_system(
        "Opportunity",
        vec![
            reference("AccountId", "Account ID", &["Account"], "Account", "CUNF"),
            text("Name", "Name", 120, "CUFT"),
            field("Description", "Description", FieldType::TextArea, 32_000, "CUN"),
            picklist("StageName", "Stage", 255, "CUF", STAGES),
            number("Amount", "Amount", FieldType::Currency, (18, 2), "CUNF"),
            number("Probability", "Probability (%)", FieldType::Percent, (3, 0), "CUNF"),
            field("CloseDate", "Close Date", FieldType::Date, 0, "CUF"),
            picklist("Type", "Opportunity Type", 255, "CUNF", &["Donation", "Grant", "Membership"]),
            text("NextStep", "Next Step", 255, "CUNF"),
            picklist("LeadSource", "Lead Source", 255, "CUNF", LEAD_SOURCES),
            flag("IsClosed", "Closed", "FD"),
            flag("IsWon", "Won", "FD"),
            reference("CampaignId", "Campaign ID", &["Campaign"], "Campaign", "CUNF"),
            reference("OwnerId", "Owner ID", &["User"], "Owner", "CUDF"),
            reference("ContactId", "Contact ID", &["Contact"], "Contact", "CNF"),
        ],
    );
    ObjectSchema::new("Opportunity", "Opportunity", "Opportunities", "006", fields)
}

fn case() -> ObjectSchema {
    let fields = with_system(
        "Case",
        vec![
            text("CaseNumber", "Case Number", 30, "FDLT"),
            reference("ContactId", "Contact ID", &["Contact"], "Contact", "CUNF"),
            reference("AccountId", "Account ID", &["Account"], "Account", "CUNF"),
            text("SuppliedName", "Name", 80, "CUNF"),
            field("SuppliedEmail", "Email Address", FieldType::Email, 80, "CUNF"),
            picklist("Type", "Case Type", 255, "CUNF", &["Question", "Problem", "Other"]),
            picklist("Status", "Status", 255, "CUDF", &["New", "Working", "Escalated", "Closed"]),
            picklist("Reason", "Case Reason", 255, "CUNF", &["Donation", "Address", "Other"]),
            picklist("Origin", "Case Origin", 255, "CUNF", &["Phone", "Email", "Web"]),
            text("Subject", "Subject", 255, "CUNF"),
            picklist("Priority", "Priority", 255, "CUDF", &["Medium", "High", "Low"]),
            field("Description", "Description", FieldType::TextArea, 32_000, "CUN"),
            flag("IsClosed", "Closed", "FD"),
            reference("OwnerId", "Owner ID", &["Group", "User"], "Owner", "CUDF"),
        ],
    );
    let mut schema = ObjectSchema::new("Case", "Case", "Cases", "500", fields);
    schema.auto_number = Some(AutoNumber { field: "CaseNumber".into(), prefix: String::new(), digits: 8 });
    schema
}

fn campaign() -> ObjectSchema {
    let fields = with_system(
        "Campaign",
        vec![
            text("Name", "Name", 80, "CUFT"),
            reference("ParentId", "Parent Campaign ID", &["Campaign"], "Parent", "CUNF"),
            picklist("Type", "Type", 255, "CUNF", &["Email", "Petition", "Appeal", "Event", "Other"]),
            picklist("Status", "Status", 255, "CUNF", &["Planned", "In Progress", "Completed", "Aborted"]),
            field("StartDate", "Start Date", FieldType::Date, 0, "CUNF"),
            field("EndDate", "End Date", FieldType::Date, 0, "CUNF"),
            flag("IsActive", "Active", "CUDF"),
            field("Description", "Description", FieldType::TextArea, 32_000, "CUN"),
            reference("OwnerId", "Owner ID", &["User"], "Owner", "CUDF"),
        ],
    );
    ObjectSchema::new("Campaign", "Campaign", "Campaigns", "701", fields)
}
