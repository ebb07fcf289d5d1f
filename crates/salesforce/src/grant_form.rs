//! What each OAuth grant sends to the token endpoint.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret as _, SecretString};
use url::form_urlencoded::Serializer;

use crate::error::{Error, ErrorKind};

/// How long an assertion is valid (OAuth JWT bearer flow: at most three minutes).
const ASSERTION_SECONDS: i64 = 180;

/// OAuth 2.0 client credentials.
pub(crate) fn client_credentials(client_id: &str, client_secret: &SecretString) -> String {
    form(&[
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("client_secret", client_secret.expose_secret()),
    ])
}

/// OAuth 2.0 JWT bearer. `now` in seconds since 1970.
pub(crate) fn jwt_bearer(
    client_id: &str,
    username: &str,
    key_pem: &SecretString,
    audience: &str,
    now: i64,
) -> Result<String, Error> {
    let claims = serde_json::json!({
        "iss": client_id, "sub": username, "aud": audience, "exp": now + ASSERTION_SECONDS,
    });
    let assertion = assertion(&claims, key_pem)?;
    Ok(form(&[("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)]))
}

/// OAuth 2.0 refresh token. A public app has no secret.
pub(crate) fn refresh_token(
    client_id: &str,
    client_secret: Option<&SecretString>,
    token: &SecretString,
) -> String {
    let mut fields = vec![
        ("grant_type", "refresh_token"),
        ("client_id", client_id),
        ("refresh_token", token.expose_secret()),
    ];
    fields.extend(client_secret.map(|secret| ("client_secret", secret.expose_secret())));
    form(&fields)
}

/// OAuth 2.0 resource owner password.
pub(crate) fn password(
    client_id: &str,
    client_secret: &SecretString,
    username: &str,
    password: &SecretString,
) -> String {
    form(&[
        ("grant_type", "password"),
        ("client_id", client_id),
        ("client_secret", client_secret.expose_secret()),
        ("username", username),
        ("password", password.expose_secret()),
    ])
}

fn form(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Signs with RS256, the only algorithm Salesforce takes.
fn assertion(claims: &serde_json::Value, key_pem: &SecretString) -> Result<String, Error> {
    let key = EncodingKey::from_rsa_pem(key_pem.expose_secret().as_bytes())
        .map_err(|_| Error::new(ErrorKind::Configuration, "the private key is not an RSA key in PEM form"))?;
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), claims, &key)
        .map_err(|_| Error::new(ErrorKind::Configuration, "the assertion could not be signed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_none_is_a_configuration_error_that_does_not_quote_it() {
        let error = assertion(&serde_json::json!({}), &"canary key".into()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(!format!("{error:?} {error}").contains("canary"));
    }

    #[test]
    fn a_secret_of_any_characters_is_one_form_field() {
        let secret = SecretString::from("a&b=c+d %é");
        let sent = password("id", &secret, "user+a@example.org", &secret);
        let fields: Vec<(String, String)> =
            url::form_urlencoded::parse(sent.as_bytes()).into_owned().collect();
        assert_eq!(fields.len(), 5);
        assert_eq!(fields[3], ("username".to_owned(), "user+a@example.org".to_owned()));
        assert_eq!(fields[4].1, "a&b=c+d %é");
        assert!(!refresh_token("id", None, &secret).contains("client_secret"));
        assert!(refresh_token("id", Some(&secret), &secret).contains("client_secret"));
    }
}
