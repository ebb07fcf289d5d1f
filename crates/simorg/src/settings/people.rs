//! Users and sign-in.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One user of the org.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct UserSettings {
    /// Sign-in name, unique, in the form of an e-mail address.
    pub username: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail address.
    pub email: String,
    /// Password of the password and SOAP flows, without the security token.
    pub password: String,
    /// Security token that is appended to the password.
    pub security_token: String,
    /// A user for software; the first one runs the client credentials flow.
    pub integration: bool,
    /// `UserPermissionsMarketingUser`: may change campaigns.
    pub marketing: bool,
    /// Name of the profile; empty means `Minimum Access - API Only Integrations` for integration users and
    /// `Standard User` for people.
    pub profile: String,
    /// The password has expired: SOAP login answers a session that is good for nothing.
    pub password_expired: bool,
    /// May sign in.
    pub active: bool,
    /// Has approved the connected app (JWT bearer needs it).
    pub approved: bool,
}

impl Default for UserSettings {
    fn default() -> Self {
        Self {
            username: String::new(),
            first_name: String::new(),
            last_name: String::new(),
            email: String::new(),
            password: "correct-horse".into(),
            security_token: "token".into(),
            integration: false,
            marketing: false,
            profile: String::new(),
            password_expired: false,
            active: true,
            approved: true,
        }
    }
}

impl UserSettings {
    /// Name of the user's profile.
    pub fn profile(&self) -> &str {
        match (self.profile.as_str(), self.integration) {
            ("", true) => "Minimum Access - API Only Integrations",
            ("", false) => "Standard User",
            (name, _) => name,
        }
    }

    /// The integration user of the default org.
    pub fn integration() -> Self {
        Self {
            username: "integration@example.org".into(),
            first_name: "Integration".into(),
            last_name: "User".into(),
            email: "integration@example.org".into(),
            integration: true,
            ..Self::default()
        }
    }

    /// The person of the default org.
    pub fn person() -> Self {
        Self {
            username: "joe.smith@example.org".into(),
            first_name: "Joe".into(),
            last_name: "Smith".into(),
            email: "joe.smith@example.org".into(),
            ..Self::default()
        }
    }
}

impl fmt::Debug for UserSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSettings").field("integration", &self.integration).finish_non_exhaustive()
    }
}

/// The connected app and its sessions.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthSettings {
    /// Consumer key.
    pub client_id: String,
    /// Consumer secret.
    pub client_secret: String,
    /// Public key (PEM) JWT assertions are checked with; none lets the org make a key pair when first asked.
    pub jwt_public_key_pem: Option<String>,
    /// Further accepted `aud` claims; the org's own URL and login/test.salesforce.com always are.
    pub audiences: Vec<String>,
    /// Seconds without a call after which a session ends (Salesforce: two hours by default).
    pub session_seconds: u64,
    /// A session ends after so many calls.
    pub expire_after_calls: Option<u64>,
    /// The username-password flow is allowed.
    pub password_flow: bool,
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            client_id: "3MVG9simulated.client.id".into(),
            client_secret: "SIMULATED0SECRET".into(),
            jwt_public_key_pem: None,
            audiences: Vec::new(),
            session_seconds: 7200,
            expire_after_calls: None,
            password_flow: true,
        }
    }
}

impl fmt::Debug for AuthSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthSettings").field("session_seconds", &self.session_seconds).finish_non_exhaustive()
    }
}
