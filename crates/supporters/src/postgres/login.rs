//! Where the server is, who we are there, and how sure we must be that it is the right one.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::Url;

use crate::Error;

/// How to reach a PostgreSQL server. `Debug` and `Display` never show a password.
#[derive(Clone)]
pub struct Login {
    url: Url,
    /// The password, where it is not in the environment (`PGPASSWORD`) or in the user's `.pgpass`.
    pub password: Option<SecretString>,
    /// Whether a server on another machine may be used without knowing that it is the right one: `sslmode` below
    /// `verify-ca`. Whoever stands between could then read and change everything, the password included.
    pub allow_unverified_server: bool,
    /// How long one statement may take.
    pub statement_timeout: Duration,
    /// How long a write waits for a row that somebody else is changing.
    pub lock_timeout: Duration,
}

/// How long one statement may take where nothing else is said.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(300);

/// How long a write waits for others where nothing else is said.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Parameters that are taken from an address (PostgreSQL documentation, "Parameter Key Words").
const PARAMETERS: [&str; 10] = [
    "host",
    "port",
    "user",
    "dbname",
    "password",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "application_name",
];

impl Login {
    /// Takes an address like `postgres://user@host:5432/database?sslrootcert=/etc/ssl/our-ca.pem`, or
    /// `postgres:///database?host=/var/run/postgresql` for a socket of this machine.
    ///
    /// # Errors
    /// [`Error::Address`] for anything else, and for parameters that nobody would look at.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refused = |problem: String| Error::Address { problem };
        // The parser's own words may quote what stands around the password.
        let mut url = Url::parse(text)
            .map_err(|_| refused("it is no address: write postgres://user@host:5432/database".to_owned()))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(refused("it does not begin with postgres://".to_owned()));
        }
        for (key, _) in url.query_pairs() {
            if !PARAMETERS.contains(&&*key) {
                // What looks like a key may be a part of a password that was not escaped.
                let known = PARAMETERS.join(", ");
                return Err(refused(format!("it has a parameter that is not one of {known}")));
            }
        }
        let password = take_password(&mut url);
        Ok(Self {
            url,
            password,
            allow_unverified_server: false,
            statement_timeout: STATEMENT_TIMEOUT,
            lock_timeout: LOCK_TIMEOUT,
        })
    }

    /// The address without a password: safe to show and to write down.
    #[must_use]
    pub fn address(&self) -> &str {
        self.url.as_str()
    }

    /// Takes the paths of certificates and keys in the address as counted from this folder, where they are relative.
    pub fn files_from(&mut self, folder: &Path) {
        let resolve = |(key, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
            let file = matches!(&*key, "sslrootcert" | "sslcert" | "sslkey");
            let value =
                if file { folder.join(&*value).to_string_lossy().into_owned() } else { value.into_owned() };
            (key.into_owned(), value)
        };
        let pairs: Vec<(String, String)> = self.url.query_pairs().map(resolve).collect();
        if !pairs.is_empty() {
            self.url.query_pairs_mut().clear().extend_pairs(pairs);
        }
    }

    /// What sqlx connects with.
    pub(super) fn options(&self) -> Result<PgConnectOptions, Error> {
        let refused = |problem: String| Error::Address { problem };
        let invalid = |_| refused("a part of it has no meaning".to_owned());
        let mut options = PgConnectOptions::from_str(self.url.as_str()).map_err(invalid)?;
        // sqlx takes an IPv6 address without the brackets that an address needs.
        if let Some(plain) = options.get_host().strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            let plain = plain.to_owned();
            options = options.host(&plain);
        }
        if let Some(password) = &self.password {
            options = options.password(password.expose_secret());
        }
        let mode = self.tls_mode(&options)?;
        let named = options.get_application_name().is_some();
        if !named {
            options = options.application_name("highwater");
        }
        Ok(options.ssl_mode(mode).disable_statement_logging())
    }

    /// The mode that was asked for, or else the strictest; on this machine TLS is not needed.
    fn tls_mode(&self, options: &PgConnectOptions) -> Result<PgSslMode, Error> {
        let asked = self.url.query_pairs().find(|(key, _)| key == "sslmode").map(|(_, mode)| mode);
        let local = is_local(options);
        let Some(asked) = asked else {
            return Ok(if local { PgSslMode::Prefer } else { PgSslMode::VerifyFull });
        };
        let (mode, verified) = match &*asked {
            "verify-full" => (PgSslMode::VerifyFull, true),
            "verify-ca" => (PgSslMode::VerifyCa, true),
            "require" => (PgSslMode::Require, false),
            "prefer" => (PgSslMode::Prefer, false),
            // sqlx treats it as `disable`.
            "allow" | "disable" => (PgSslMode::Disable, false),
            _ => {
                let problem = "sslmode is none of verify-full, verify-ca, require, prefer and disable";
                return Err(Error::Address { problem: problem.to_owned() });
            }
        };
        if verified || local || self.allow_unverified_server {
            return Ok(mode);
        }
        Err(Error::Unverified { sslmode: sslmode(mode) })
    }
}

const fn sslmode(mode: PgSslMode) -> &'static str {
    match mode {
        PgSslMode::Disable | PgSslMode::Allow => "disable",
        PgSslMode::Prefer => "prefer",
        PgSslMode::Require => "require",
        PgSslMode::VerifyCa => "verify-ca",
        PgSslMode::VerifyFull => "verify-full",
    }
}

/// Takes the password out of an address, wherever in it it stands.
fn take_password(url: &mut Url) -> Option<SecretString> {
    let mut found = None;
    if url.password().is_some() {
        let encoded = url.password().unwrap_or_default().replace('+', "%2B");
        // The one decoder at hand that undoes percent signs.
        let decoded = url::form_urlencoded::parse(format!("p={encoded}").replace('&', "%26").as_bytes())
            .next()
            .map(|(_, password)| password.into_owned());
        found = decoded.filter(|password| !password.is_empty());
        // Fails only for addresses without a host, which have no password either.
        let _ = url.set_password(None);
    }
    let pairs: Vec<(String, String)> =
        url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
    if let Some((_, password)) = pairs.iter().find(|(key, _)| key == "password") {
        found = found.or_else(|| Some(password.clone()));
        let kept: Vec<_> = pairs.iter().filter(|(key, _)| key != "password").collect();
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
    }
    found.map(SecretString::from)
}

/// Whether nothing leaves this machine on the way to the server.
fn is_local(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    options.get_socket().is_some()
        || host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.address())
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("address", &self.address()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(text: &str) -> Result<PgSslMode, Error> {
        let login = Login::parse(text)?;
        login.options().map(|options| options.get_ssl_mode())
    }

    #[test]
    fn another_machine_is_verified_unless_somebody_says_aloud_that_it_need_not_be() {
        for far in
            ["postgres://u@db.example.org/d", "postgres://u@192.0.2.7/d", "postgres://u@[2001:db8::1]/d"]
        {
            assert!(matches!(mode(far), Ok(PgSslMode::VerifyFull)), "{far}");
            for weak in ["disable", "allow", "prefer", "require"] {
                let text = format!("{far}?sslmode={weak}");
                assert!(matches!(mode(&text), Err(Error::Unverified { .. })), "{text}");
                let mut login = Login::parse(&text).unwrap();
                login.allow_unverified_server = true;
                assert!(login.options().is_ok(), "{text}");
            }
            assert!(matches!(mode(&format!("{far}?sslmode=verify-ca")), Ok(PgSslMode::VerifyCa)));
            assert!(matches!(mode(&format!("{far}?sslmode=off")), Err(Error::Address { .. })));
        }
        // A host in a parameter counts as one in its own place.
        assert!(matches!(
            mode("postgres:///d?host=db.example.org&sslmode=prefer"),
            Err(Error::Unverified { .. })
        ));
    }

    #[test]
    fn this_machine_needs_no_tls() {
        for near in [
            "postgres://u@localhost/d",
            "postgres://u@127.0.0.1:5433/d",
            "postgres://u@[::1]/d",
            "postgres:///d?host=/var/run/postgresql",
            "postgresql://u@%2Fvar%2Frun%2Fpostgresql/d",
        ] {
            assert!(matches!(mode(near), Ok(PgSslMode::Prefer)), "{near}");
            let off = format!("{near}{}sslmode=disable", if near.contains('?') { '&' } else { '?' });
            assert!(matches!(mode(&off), Ok(PgSslMode::Disable)), "{near}");
        }
    }

    #[test]
    fn a_password_is_taken_out_of_the_address_and_shown_nowhere() {
        for text in [
            "postgres://u:p%40qq+w%26rd@db.example.org/d",
            "postgres://u@db.example.org/d?password=p%40qq%2Bw%26rd&sslmode=verify-ca",
        ] {
            let login = Login::parse(text).unwrap();
            let shown = format!("{login:?} {login} {}", login.address());
            assert!(!shown.contains("qq"), "{shown}");
            assert_eq!(login.password.as_ref().unwrap().expose_secret(), "p@qq+w&rd", "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for text in [
            "",
            "people.db",
            "mysql://u@h/d",
            "postgres://u:s3cret@h:port/d",
            "postgres://u@h/d?pasword=s3cret",
        ] {
            let error = Login::parse(text).unwrap_err();
            assert!(matches!(error, Error::Address { .. }), "{text}");
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parsing_is_total_and_never_repeats_a_password(
            text in "\\PC{0,30}|postgres://[a-z]{0,3}:QQQQ@[a-z.:0-9/]{0,12}[?][a-z=&QQ]{0,12}",
        ) {
            match Login::parse(&text) {
                Ok(login) => {
                    let _ = login.options();
                    let shown = format!("{login:?}");
                    proptest::prop_assert!(!shown.contains("QQQQ@"), "{}", shown);
                }
                Err(error) => proptest::prop_assert!(!error.to_string().contains("QQQQ")),
            }
        }
    }
}
