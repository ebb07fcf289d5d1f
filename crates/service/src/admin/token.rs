//! Random names that nobody guesses.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::rand;

/// 128 bits (ASVS 7.2.3 asks for as many).
const BYTES: usize = 16;

/// A random name of 32 hexadecimal digits. Prints nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token(String);

impl Token {
    /// A new one; `None`: the system gives no randomness.
    pub(super) fn random() -> Option<Self> {
        let mut bytes = [0_u8; BYTES];
        rand::fill(&mut bytes).ok()?;
        Some(Self(hex::encode(bytes)))
    }

    /// What somebody sent, if it has the form of one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (digits && text.len() == 2 * BYTES).then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub(super) fn digits(&self) -> &str {
        &self.0
    }

    /// Whether it is this one, in a time that tells nothing.
    pub(super) fn is(&self, given: &str) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), given.as_bytes()).is_ok()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_only_their_form_is_taken() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert!(!one.is(other.digits()) && one.is(one.digits()));
        assert_eq!(Token::parse(one.digits()), Some(one.clone()));
        for wrong in [
            "",
            "a",
            &one.digits()[1..],
            &one.digits().to_uppercase().replace('0', "A"),
            "g".repeat(32).as_str(),
        ] {
            assert_eq!(Token::parse(wrong), None, "{wrong}");
        }
        assert!(!format!("{one:?}").contains(one.digits()));
    }
}
