//! The one password, kept as a keyed digest of this process.

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};

/// The fewest characters: ASVS 6.2.1 recommends as many.
const SHORTEST: usize = 15;
/// The most bytes; a form cannot carry a megabyte of password.
const LONGEST: usize = 1024;

/// Why a password cannot be used. Holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitPassword {
    /// It is too short.
    #[error("has fewer than {SHORTEST} characters")]
    Short,
    /// It is too long.
    #[error("has more than {LONGEST} bytes")]
    Long,
    /// A browser could not send it.
    #[error("holds a line break or another control character")]
    Control,
    /// It is one character over and over.
    #[error("repeats one character")]
    Repeats,
    /// The system gives no randomness.
    #[error("cannot be kept safely: the system gives no random numbers")]
    NoRandomness,
}

/// The password. What is kept is good for nothing but to compare with.
pub struct Password {
    key: hmac::Key,
    tag: hmac::Tag,
}

impl Password {
    /// Takes a password.
    ///
    /// # Errors
    /// [`UnfitPassword`] when it is too weak to stand behind a throttle, or cannot be typed.
    pub fn parse(secret: &SecretString) -> Result<Self, UnfitPassword> {
        let text = secret.expose_secret();
        let mut letters = text.chars();
        let first = letters.next();
        if text.chars().count() < SHORTEST {
            return Err(UnfitPassword::Short);
        }
        if text.len() > LONGEST {
            return Err(UnfitPassword::Long);
        }
        if text.chars().any(char::is_control) {
            return Err(UnfitPassword::Control);
        }
        if letters.all(|letter| Some(letter) == first) {
            return Err(UnfitPassword::Repeats);
        }
        let rng = aws_lc_rs::rand::SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &rng).map_err(|_| UnfitPassword::NoRandomness)?;
        let tag = hmac::sign(&key, text.as_bytes());
        Ok(Self { key, tag })
    }

    /// Whether this is the password. The digests are compared in constant time, so that neither length nor beginning shows.
    pub(super) fn is(&self, given: &str) -> bool {
        hmac::verify(&self.key, given.as_bytes(), self.tag.as_ref()).is_ok()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Password, UnfitPassword> {
        Password::parse(&SecretString::from(text.to_owned()))
    }

    #[test]
    fn only_the_whole_password_is_the_password() {
        let password = parse("correct horse battery").unwrap();
        assert!(password.is("correct horse battery"));
        for wrong in ["", "correct horse", "correct horse battery ", "Correct horse battery"] {
            assert!(!password.is(wrong), "{wrong}");
        }
        assert_eq!(format!("{password:?}"), "Password(<redacted>)");
    }

    #[test]
    fn a_weak_password_is_refused() {
        for (text, why) in [
            ("fourteen chars", UnfitPassword::Short),
            ("", UnfitPassword::Short),
            ("aaaaaaaaaaaaaaaaaaaa", UnfitPassword::Repeats),
            ("fifteen chars a\nb", UnfitPassword::Control),
            (&"ab".repeat(600), UnfitPassword::Long),
        ] {
            assert_eq!(parse(text).unwrap_err(), why);
        }
        assert!(parse("fifteen chars a").is_ok());
    }
}
