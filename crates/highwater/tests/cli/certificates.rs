//! Certificates are always verified: without a good one, not a byte of a secret leaves.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use simorg::Settings;

use crate::endpoint::{Endpoint, json, pass_on};
use crate::stage::{Stage, err};

/// An authority of a test's own.
struct Authority(Issuer<'static, KeyPair>, String);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self(Issuer::new(params, key), pem)
    }

    /// A certificate for these names; `years` of its validity.
    fn issue(&self, name: &str, years: (i32, i32)) -> ServerConfig {
        let (params, key) = leaf(name, years);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        config(certificate.der().clone(), &key)
    }
}

fn leaf(name: &str, (from, to): (i32, i32)) -> (CertificateParams, KeyPair) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    (params, KeyPair::generate().unwrap())
}

fn self_signed(name: &str) -> ServerConfig {
    let (params, key) = leaf(name, (2020, 2099));
    config(params.self_signed(&key).unwrap().der().clone(), &key)
}

fn config(certificate: CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    builder.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap()
}

/// Leads the configuration to a server on this machine that speaks TLS.
fn lead_to(stage: &Stage, port: u16, authority: Option<&Authority>) {
    let mut lines =
        format!("login_url = \"https://localhost:{port}\"\nallowed_hosts = [\"localhost:{port}\"]");
    if let Some(authority) = authority {
        stage.write("ca.pem", &authority.1);
        lines.push_str("\nextra_ca_file = \"ca.pem\"");
    }
    let text = stage.read("highwater.toml");
    let text = text.replace("allow_plain_http = \"yes_for_simulated_org\"\n", "");
    stage.write("tls.toml", &text.replace(&format!("login_url = \"{}\"", stage.org.url()), &lines));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_certificate_gets_neither_secret_nor_token() {
    let stage = Stage::set().await;
    let (ours, other) = (Authority::new(), Authority::new());
    let now = (2020, 2099);
    for (name, tls, trusted) in [
        ("self-signed", self_signed("localhost"), None),
        ("self-signed beside an authority", self_signed("localhost"), Some(&ours)),
        ("an authority nobody named", ours.issue("localhost", now), None),
        ("another authority", other.issue("localhost", now), Some(&ours)),
        ("another name", ours.issue("login.example.org", now), Some(&ours)),
        ("another name of the same ending", ours.issue("notlocalhost", now), Some(&ours)),
        ("expired", ours.issue("localhost", (2020, 2021)), Some(&ours)),
        ("not yet valid", ours.issue("localhost", (2090, 2099)), Some(&ours)),
    ] {
        let desk = Endpoint::tls(tls, |_, to| json("{}", to));
        lead_to(&stage, desk.port, trusted);
        for line in ["sync -c tls.toml", "backfill -c tls.toml"] {
            let said = stage.refuses(line, 5, "HW0202").await;
            assert!(said.contains("certificate"), "{name}: {said}");
        }
        assert_eq!(desk.requests(), Vec::<String>::new(), "{name}: something was sent");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_behind_an_https_address_gets_nothing_either() {
    let stage = Stage::set().await;
    let desk = Endpoint::plain(|_, to| json("{}", to));
    lead_to(&stage, desk.port, None);
    let said = stage.refuses("sync -c tls.toml", 5, "HW0201").await;
    assert!(!said.contains("SIMULATED0SECRET"));
    assert_eq!(desk.requests(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_certificate_of_a_named_authority_opens_the_org() {
    // GIVEN an org behind a server whose certificate is signed by an authority of one's own
    let authority = Authority::new();
    let org = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let there = std::sync::Arc::clone(&org);
    let front = Endpoint::tls(authority.issue("localhost", (2020, 2099)), move |request, to| {
        pass_on(request, there.get().unwrap(), to)
    });
    let mut settings = Settings::default();
    settings.http.public_url = Some(format!("https://localhost:{}", front.port));
    let stage = Stage::set_with(settings).await;
    org.set(stage.org.url().to_owned()).unwrap();
    lead_to(&stage, front.port, Some(&authority));
    let loaded = stage.run("backfill -c tls.toml").await;
    assert_eq!(loaded.status.code(), Some(0), "{}", err(&loaded));
    assert_eq!(stage.org.records("Contact").len(), 2);
    assert!(front.requests().len() > 5, "everything goes through the front");
    // AND a file that holds no certificate is named before anything is sent
    let before = front.requests().len();
    stage.write("ca.pem", "no certificate");
    assert!(stage.refuses("sync -c tls.toml", 2, "HW0200").await.contains("certificate file"));
    assert_eq!(front.requests().len(), before);
}
