//! The key pair of the connected app.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::OnceLock;

/// RSA keys in PEM.
struct Pair {
    private: String,
    public: String,
}

/// Made when first asked for, because RSA keys take a moment. Their randomness is the system's: a seeded key
/// would be a known key.
#[derive(Default)]
pub(crate) struct Keys(OnceLock<Pair>);

impl Keys {
    fn pair(&self) -> &Pair {
        self.0.get_or_init(|| make().unwrap_or(Pair { private: String::new(), public: String::new() }))
    }

    /// PKCS#8 private key a client signs with.
    pub(crate) fn private_pem(&self) -> &str {
        &self.pair().private
    }

    /// Public key assertions are checked with.
    pub(crate) fn public_pem(&self) -> &str {
        &self.pair().public
    }
}

fn make() -> Option<Pair> {
    let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).ok()?;
    let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).ok()?;
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(&key.public_key()).ok()?;
    Some(Pair { private: pem("PRIVATE KEY", private.as_ref()), public: pem("PUBLIC KEY", public.as_ref()) })
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        (0..text.len()).step_by(64).filter_map(|at| text.get(at..(at + 64).min(text.len()))).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
