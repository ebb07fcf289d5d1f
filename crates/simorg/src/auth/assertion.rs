//! JWT bearer assertions.

use super::grants::Refusal;
use crate::org::OrgState;
use crate::settings::UserSettings;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

/// Salesforce takes three minutes; five allows for clocks that differ.
const LONGEST_LIFE_SECONDS: i64 = 300;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: Expiry,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expiry {
    Number(f64),
    Text(String),
}

impl Expiry {
    #[expect(clippy::cast_possible_truncation, reason = "casts from floats saturate")]
    fn seconds(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number as i64),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

/// Checks signature and claims of an assertion and answers its user.
pub(super) fn check(org: &OrgState, assertion: &str) -> Result<UserSettings, Refusal> {
    let settings = org.settings();
    let given = settings.auth.jwt_public_key_pem.as_deref();
    let pem = given.unwrap_or_else(|| org.keys.public_pem());
    let key = DecodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| Refusal::assertion())?;
    let mut rules = Validation::new(Algorithm::RS256);
    // Time is the org's own, and the audience is checked below.
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    let claims = decode::<Claims>(assertion, &key, &rules).map_err(|_| Refusal::assertion())?.claims;
    if claims.iss != settings.auth.client_id {
        return Err(Refusal::client_id());
    }
    let aud = claims.aud.trim_end_matches('/');
    let known = ["https://login.salesforce.com", "https://test.salesforce.com", org.url()];
    if !known.contains(&aud) && !settings.auth.audiences.iter().any(|a| a.trim_end_matches('/') == aud) {
        return Err(Refusal::grant("Audience validation failed"));
    }
    let now = org.clock.now().0.div_euclid(1000);
    match claims.exp.seconds() {
        Some(exp) if exp > now && exp <= now + LONGEST_LIFE_SECONDS => {}
        Some(_) | None => return Err(Refusal::grant("expired authorization code")),
    }
    let user = settings.users.iter().find(|user| user.username.eq_ignore_ascii_case(&claims.sub));
    match user {
        Some(user) if !user.approved => Err(Refusal::grant("user hasn't approved this consumer")),
        Some(user) => Ok(user.clone()),
        None => Err(Refusal::grant("authentication failure")),
    }
}
