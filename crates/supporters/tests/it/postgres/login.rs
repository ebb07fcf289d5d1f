//! Getting in: passwords, and servers that cannot show who they are.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;

use supporters::postgres::Login;
use supporters::{Error, Postgres, Supporters};

use super::server::{Database, PASSWORD, server};
use super::support::{database, owned, table};

const TABLE: &str =
    "CREATE TABLE people (id bigint PRIMARY KEY, modified timestamptz, contact_id text, email text)";

async fn opened(login: &Login) -> Result<Postgres, Error> {
    Postgres::open(login, &table(), None, &owned(&["email"])).await
}

#[tokio::test]
async fn the_password_decides_and_is_not_repeated() {
    let database = database(TABLE).await;
    let mut login = Login::parse(&database.tcp_url()).unwrap();
    login.password = Some(PASSWORD.into());
    assert_eq!(opened(&login).await.unwrap().count().await, Ok(0));
    for wrong in ["s3cret-but-wrong", ""] {
        login.password = Some(wrong.into());
        let error = opened(&login).await.unwrap_err();
        assert!(matches!(error, Error::Login { .. }), "{error}");
        assert!(error.advice().unwrap().contains("PGPASSWORD"));
        assert!(!format!("{error} {error:?} {login:?}").contains("s3cret"));
    }
}

#[tokio::test]
async fn an_unknown_user_or_database_and_a_closed_port_are_told_apart() {
    let database = database(TABLE).await;
    let nobody = Login::parse(&database.url_as("nobody_here")).unwrap();
    assert!(matches!(opened(&nobody).await, Err(Error::Login { .. })));
    let mut elsewhere = Login::parse(&database.url().replace(&database.name, "nowhere")).unwrap();
    assert!(matches!(opened(&elsewhere).await, Err(Error::Login { .. })));
    elsewhere = Login::parse("postgres://u@127.0.0.1:1/d").unwrap();
    let error = opened(&elsewhere).await.unwrap_err();
    assert!(matches!(error, Error::Lost { .. }) && error.kind().is_transient(), "{error}");
}

/// Gives the server a certificate for `name`, signed by a new authority whose certificate is returned.
async fn certify(database: &Database, name: &str) -> String {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let data = server().data();
    keep(&data, "server.crt", &certificate.pem());
    keep(&data, "server.key", &key.serialize_pem());
    database.run("ALTER SYSTEM SET ssl = on").await;
    reload(database, "on").await;
    authority_pem
}

/// The server reads its files again; done when it says so.
async fn reload(database: &Database, ssl: &str) {
    let before = database.text("SELECT pg_conf_load_time()::text").await;
    database.run("SELECT pg_reload_conf()").await;
    let sql = "SELECT pg_conf_load_time()::text || current_setting('ssl')";
    loop {
        let now = database.text(sql).await.unwrap();
        if now.ends_with(ssl) && !now.starts_with(before.as_deref().unwrap()) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// A file of the server's own, that only it may read.
fn keep(data: &Path, name: &str, text: &str) {
    let path = data.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let owner = std::fs::metadata(data).unwrap();
    chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
}

/// One test: the server has one certificate for all.
#[tokio::test]
async fn a_server_is_used_only_if_its_certificate_shows_that_it_is_the_one() {
    let database = database(TABLE).await;
    let folder = tempfile::tempdir().unwrap();
    let url = |host: &str, more: &str| {
        database.tcp_url().replace("127.0.0.1", host) + "?sslmode=verify-full" + more
    };
    let login = |text: &str| {
        let mut login = Login::parse(text).unwrap();
        login.files_from(folder.path());
        login.password = Some(PASSWORD.into());
        login
    };
    // No TLS at all.
    let error = opened(&login(&url("localhost", ""))).await.unwrap_err();
    assert!(matches!(error, Error::Certificate { .. }), "{error}");
    assert!(!error.kind().is_transient());

    let authority = certify(&database, "localhost").await;
    std::fs::write(folder.path().join("ca.pem"), authority).unwrap();
    // An authority nobody knows; then one that is named.
    let error = opened(&login(&url("localhost", ""))).await.unwrap_err();
    assert!(matches!(error, Error::Certificate { .. }), "{error}");
    let known = "&sslrootcert=ca.pem";
    assert_eq!(opened(&login(&url("localhost", known))).await.unwrap().count().await, Ok(0));
    let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
        WHERE application_name = 'highwater' AND ssl AND datname = current_database()";
    let kept = opened(&login(&url("localhost", known))).await.unwrap();
    assert_eq!(kept.count().await, Ok(0));
    assert!(database.number(encrypted).await >= 1, "the connection is encrypted");
    // The right authority, and another host.
    let error = opened(&login(&url("127.0.0.1", known))).await.unwrap_err();
    assert!(matches!(error, Error::Certificate { .. }), "{error}");
    assert!(error.advice().unwrap().contains("sslrootcert"));
    // verify-ca does not ask for the host.
    let by_authority = url("127.0.0.1", known).replace("verify-full", "verify-ca");
    assert!(opened(&login(&by_authority)).await.is_ok());
    // A file that is not there is named as such, and nothing is sent.
    let error = opened(&login(&url("localhost", "&sslrootcert=no.pem"))).await.unwrap_err();
    assert!(
        matches!(error, Error::Address { .. } | Error::Lost { .. } | Error::Certificate { .. }),
        "{error:?}"
    );
    database.run("ALTER SYSTEM RESET ssl").await;
    reload(&database, "off").await;
}
