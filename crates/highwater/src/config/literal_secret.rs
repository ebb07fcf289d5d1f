//! Finds a secret that somebody wrote into the file.

use toml::de::{DeTable, DeValue};

use super::place::walk;
use super::{ConfigError, Place};

/// Names that hold a secret itself. A name that ends in `_env`, `_file` or `_command` says where one is kept.
const SECRET_NAMES: [&str; 15] = [
    "client_secret",
    "secret",
    "consumer_secret",
    "private_key",
    "private_key_pem",
    "password",
    "passwd",
    "passphrase",
    "token",
    "access_token",
    "refresh_token",
    "security_token",
    "api_key",
    "key",
    "write_key",
];

/// Refuses the file when a key is named like a secret, whatever its value; and an `_env` key whose value is no name of an
/// environment variable, because that is where a secret is pasted by mistake.
pub(super) fn refuse(file: &str, text: &str, root: &DeTable<'_>) -> Result<(), ConfigError> {
    let mut found = None;
    walk(root, "", &mut |path, span, value| {
        let name = path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase();
        let literal = SECRET_NAMES.contains(&name.as_str());
        let pasted = name.ends_with("_env") && value.as_str().is_some_and(|text| !is_variable_name(text));
        let inline_key = matches!(value, DeValue::String(text) if text.contains("-----BEGIN"));
        if (literal || pasted || inline_key) && found.is_none() {
            found = Some((path.to_owned(), Place::at(file, text, span.start)));
        }
    });
    found.map_or(Ok(()), |(key, place)| Err(ConfigError::LiteralSecret { place, key }))
}

fn is_variable_name(text: &str) -> bool {
    let shaped = text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let like_a_secret = text.len() >= 32 && !text.contains('_'); // a consumer secret may be 64 capital hex digits
    shaped
        && !like_a_secret
        && !text.is_empty()
        && text.len() <= 128
        && !text.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_secret_is_no_variable_name() {
        assert!(is_variable_name("HIGHWATER_SF_SECRET"));
        for pasted in ["", "s3cr3t", "0ABCDEF", "3MVG9.abc", "A B", &"E5".repeat(32)] {
            assert!(!is_variable_name(pasted), "{pasted}");
        }
    }
}
