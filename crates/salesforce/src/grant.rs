//! The ways into an org.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

/// A way in, with what it needs.
#[derive(Clone)]
pub enum Grant {
    /// OAuth 2.0 client credentials: the app's own run-as user.
    ClientCredentials {
        /// Consumer key of the External Client App.
        client_id: String,
        /// Consumer secret.
        client_secret: SecretString,
    },
    /// OAuth 2.0 JWT bearer: a signed assertion for one user.
    JwtBearer {
        /// Consumer key of the app.
        client_id: String,
        /// The Salesforce username to act as.
        username: String,
        /// RSA private key, PKCS#1 or PKCS#8, PEM.
        private_key_pem: SecretString,
        /// `https://login.salesforce.com`, `https://test.salesforce.com` or the My Domain address; default: the login
        /// address.
        audience: Option<String>,
    },
    /// OAuth 2.0 refresh token: a grant that a user gave the app once.
    RefreshToken {
        /// Consumer key of the app.
        client_id: String,
        /// Consumer secret, where the app asks for one.
        client_secret: Option<SecretString>,
        /// The refresh token.
        token: RefreshToken,
    },
    /// OAuth 2.0 resource owner password: legacy, and switched off in many orgs.
    Password {
        /// Consumer key of the app.
        client_id: String,
        /// Consumer secret.
        client_secret: SecretString,
        /// The Salesforce username to act as.
        username: String,
        /// Its password, with the security token behind it where the org asks for one.
        password: SecretString,
    },
    /// SOAP `login()`: legacy; not served from API v65.0 on, and ends with Summer '27 (Help 005132110).
    SoapLogin {
        /// The Salesforce username to act as.
        username: String,
        /// Its password, with the security token behind it where the org asks for one.
        password: SecretString,
    },
}

/// Where a refresh token is kept.
#[derive(Clone)]
pub enum RefreshToken {
    /// In a file, read at each sign-in. An org that gives a new token at each use has the new one written there.
    File(PathBuf),
    /// Where nothing can be written back.
    Fixed(SecretString),
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientCredentials { .. } => "ClientCredentials(<redacted>)",
            Self::JwtBearer { .. } => "JwtBearer(<redacted>)",
            Self::RefreshToken { .. } => "RefreshToken(<redacted>)",
            Self::Password { .. } => "Password(<redacted>)",
            Self::SoapLogin { .. } => "SoapLogin(<redacted>)",
        })
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_do_not_show_in_debug_output() {
        let (client_id, secret) = ("canary-id".to_owned(), SecretString::from("canary-secret"));
        let username = "canary-user".to_owned();
        let token = RefreshToken::Fixed(secret.clone());
        assert!(!format!("{token:?}").contains("canary"));
        for grant in [
            Grant::ClientCredentials { client_id: client_id.clone(), client_secret: secret.clone() },
            Grant::RefreshToken { client_id: client_id.clone(), client_secret: None, token },
            Grant::JwtBearer {
                client_id: client_id.clone(),
                username: username.clone(),
                private_key_pem: secret.clone(),
                audience: None,
            },
            Grant::Password {
                client_id,
                client_secret: secret.clone(),
                username: username.clone(),
                password: secret.clone(),
            },
            Grant::SoapLogin { username, password: secret },
        ] {
            let config = crate::OrgConfig::new("https://x.my.salesforce.com", grant);
            assert!(!format!("{config:?}").contains("canary"), "{config:?}");
        }
    }
}
