//! What an org is like: who may enter, which fields there are, and every knob.
//!
//! All of it can be read from TOML or JSON; what is left out keeps its default, an unknown name is refused.

mod knobs;
mod people;
mod permissions;

pub use knobs::{
    ApiVersions, BulkSettings, EmptySets, Flaky, FlowSettings, HttpSettings, LatencySettings, LimitSettings,
    NpspSettings, ThrowingTrigger, ValidationSettings,
};
pub use people::{AuthSettings, UserSettings};
pub use permissions::{ObjectPermission, OrganizationSettings, PermissionSettings};

use crate::duplicate::DuplicateSettings;
use crate::schema::{CustomField, CustomObject, FieldType};
use serde::{Deserialize, Serialize};

/// Everything about one simulated org. `Settings::default()` is an org with the Engaging Networks fields.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Port of the Salesforce side on 127.0.0.1; 0 lets the system choose.
    pub port: u16,
    /// Port of the control side on 127.0.0.1; 0 lets the system choose.
    pub control_port: u16,
    /// Org id, 15 or 18 characters, prefix `00D`.
    pub org_id: String,
    /// Three characters that all ids of this org carry behind their prefix.
    pub pod: String,
    /// Seed of all randomness.
    pub seed: u64,
    /// Served API versions.
    pub api: ApiVersions,
    /// Sign-in.
    pub auth: AuthSettings,
    /// Users; the first integration user is the run-as user of the client credentials flow.
    pub users: Vec<UserSettings>,
    /// What the org tells about itself.
    pub organization: OrganizationSettings,
    /// Objects the administrator added.
    pub custom_objects: Vec<CustomObject>,
    /// Fields the administrator added.
    pub custom_fields: Vec<CustomField>,
    /// Fields hidden by field-level security: `Field` or `Object.Field`.
    pub hidden_fields: Vec<String>,
    /// Fields of Contact (`Field` or `Contact.Field`) whose changes leave a row in ContactHistory.
    pub tracked_fields: Vec<String>,
    /// Person accounts are enabled.
    pub person_accounts: bool,
    /// State and country picklists are enabled.
    pub state_country_picklists: bool,
    /// Permissions of the integration users.
    pub permissions: PermissionSettings,
    /// Matching and duplicate rules.
    pub duplicates: DuplicateSettings,
    /// The two Engaging Networks Flows.
    pub flows: FlowSettings,
    /// Nonprofit Success Pack behaviour.
    pub npsp: NpspSettings,
    /// Validation rules.
    pub validation: ValidationSettings,
    /// Triggers that cannot cope with some records.
    pub throwing_triggers: Vec<ThrowingTrigger>,
    /// Daily limits.
    pub limits: LimitSettings,
    /// Late commits.
    pub latency: LatencySettings,
    /// Bulk API 2.0.
    pub bulk: BulkSettings,
    /// Plain HTTP behaviour.
    pub http: HttpSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            control_port: 0,
            org_id: "00D5f000000IZ3ZEAW".into(),
            pod: "5f0".into(),
            seed: 1,
            api: ApiVersions::default(),
            auth: AuthSettings::default(),
            users: vec![UserSettings::integration(), UserSettings::person()],
            organization: OrganizationSettings::default(),
            custom_objects: vec![donation()],
            custom_fields: engaging_networks_fields(),
            hidden_fields: Vec::new(),
            tracked_fields: Vec::new(),
            person_accounts: false,
            state_country_picklists: false,
            permissions: PermissionSettings::default(),
            duplicates: DuplicateSettings::default(),
            flows: FlowSettings::default(),
            npsp: NpspSettings::default(),
            validation: ValidationSettings::default(),
            throwing_triggers: Vec::new(),
            limits: LimitSettings::default(),
            latency: LatencySettings::default(),
            bulk: BulkSettings::default(),
            http: HttpSettings::default(),
        }
    }
}

impl Settings {
    /// Whether objects, fields, rights and what the org tells about itself are the same as in other settings.
    pub(crate) fn same_shape(&self, other: &Self) -> bool {
        self.custom_objects == other.custom_objects
            && self.custom_fields == other.custom_fields
            && self.hidden_fields == other.hidden_fields
            && self.tracked_fields == other.tracked_fields
            && self.person_accounts == other.person_accounts
            && self.state_country_picklists == other.state_country_picklists
            && self.permissions == other.permissions
            && self.organization == other.organization
    }
}

/// The custom object of the default org.
fn donation() -> CustomObject {
    CustomObject {
        name: "Donation__c".into(),
        label: "Donation".into(),
        label_plural: "Donations".into(),
        auto_number: "D-".into(),
    }
}

/// The fields an org prepared for the sync has.
fn engaging_networks_fields() -> Vec<CustomField> {
    let contact = |name, kind| CustomField::new("Contact", name, kind);
    let donation = |name, kind| CustomField::new("Donation__c", name, kind);
    vec![
        CustomField {
            length: 50,
            external_id: true,
            unique: true,
            label: "EN Supporter Id".into(),
            ..contact("EN_Supporter_Id__c", FieldType::String)
        },
        CustomField { length: 50, ..contact("EN_Account_Id__c", FieldType::String) },
        contact("EN_Last_Modified_Date__c", FieldType::DateTime),
        contact("EN_Push__c", FieldType::Boolean),
        contact("Email_Opt_In__c", FieldType::Boolean),
        CustomField { length: 255, ..contact("EN_Address_1__c", FieldType::String) },
        CustomField { length: 255, ..contact("EN_Address_2__c", FieldType::String) },
        CustomField {
            length: 50,
            external_id: true,
            ..CustomField::new("Account", "EN_Account_Id__c", FieldType::String)
        },
        CustomField { reference_to: Some("Contact".into()), ..donation("Contact__c", FieldType::Reference) },
        CustomField { precision: 18, scale: 2, ..donation("Amount__c", FieldType::Currency) },
        donation("Donation_Date__c", FieldType::Date),
        CustomField {
            length: 50,
            external_id: true,
            unique: true,
            ..donation("EN_Transaction_Id__c", FieldType::String)
        },
    ]
}
