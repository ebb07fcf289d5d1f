//! What the integration user may do, and what the org tells about itself.

use crate::schema::Access;
use serde::{Deserialize, Serialize};

/// Permissions of the integration users. Every caller of the API is treated as one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PermissionSettings {
    /// `PermissionsApiUserOnly` of the integration users' profile.
    pub api_only: bool,
    /// `PermissionsModifyAllData` of their permission set.
    pub modify_all_data: bool,
    /// `PermissionsViewAllData` of their permission set.
    pub view_all_data: bool,
    /// Fields (`Field` or `Object.Field`) that may be read but not written.
    pub read_only_fields: Vec<String>,
    /// Objects with less than all rights; every other object may be read, added to, changed and deleted from.
    pub objects: Vec<ObjectPermission>,
}

/// The rights on one object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectPermission {
    /// API name.
    pub object: String,
    /// Its rights; those left out are granted.
    pub access: Access,
}

impl Default for PermissionSettings {
    fn default() -> Self {
        Self {
            api_only: true,
            modify_all_data: false,
            view_all_data: false,
            read_only_fields: Vec::new(),
            objects: Vec::new(),
        }
    }
}

impl PermissionSettings {
    /// The rights on an object.
    pub fn access(&self, object: &str) -> Access {
        let named = self.objects.iter().find(|permission| permission.object.eq_ignore_ascii_case(object));
        named.map(|permission| permission.access).unwrap_or_default()
    }
}

/// The one record of Organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrganizationSettings {
    /// `Name`.
    pub name: String,
    /// `IsSandbox`.
    pub sandbox: bool,
    /// `OrganizationType`: the edition.
    pub edition: String,
    /// `InstanceName`.
    pub instance: String,
    /// `NamespacePrefix`; empty means none.
    pub namespace: String,
    /// `Country`.
    pub country: String,
    /// `TimeZoneSidKey`.
    pub time_zone: String,
}

impl Default for OrganizationSettings {
    fn default() -> Self {
        Self {
            name: "Example Nonprofit".into(),
            sandbox: false,
            edition: "Enterprise Edition".into(),
            instance: "SIM1".into(),
            namespace: String::new(),
            country: "US".into(),
            time_zone: "GMT".into(),
        }
    }
}
