//! Every way into the org, end to end: by configuration, with secrets by environment and file only.

use simorg::{Fault, Op};

use crate::stage::{Stage, err, out};

const DEFAULT: &str = "client_secret_env = \"HIGHWATER_SF_SECRET\"";
const CLIENT: &str = "client_id = \"3MVG9simulated.client.id\"\n";

/// A folder whose configuration says this instead of client credentials.
async fn by(lines: &str) -> Stage {
    let stage = Stage::set().await;
    let user = stage.org.usernames()[0].clone();
    stage.reconfigure(DEFAULT, &lines.replace("USER", &user));
    let settings = stage.org.settings().users[0].clone();
    stage.secret("password", &format!("{}\n", settings.password));
    stage.secret("token", &settings.security_token);
    stage.secret("client_secret", &stage.org.client_secret());
    stage
}

/// The way in opens the org, a whole load goes through, and no secret shows anywhere.
async fn opens(stage: &Stage, secrets: &[&str]) {
    let checked = stage.run("check").await;
    assert_eq!(checked.status.code(), Some(0), "{}{}", out(&checked), err(&checked));
    let loaded = stage.run("backfill -vv").await;
    assert_eq!(loaded.status.code(), Some(0), "{}", err(&loaded));
    assert_eq!(stage.org.records("Contact").len(), 2);
    let all = out(&checked) + &err(&checked) + &out(&loaded) + &err(&loaded);
    for secret in secrets.iter().chain(&["!AQ", "SIMULATED0SECRET"]) {
        assert!(!all.contains(secret), "{secret} shows:\n{all}");
    }
}

const PASSWORD: &str = "grant = \"password\"\nusername = \"USER\"\npassword_file = \"password\"\n\
                        security_token_file = \"token\"\nclient_secret_file = \"client_secret\"\nallow_legacy_login = true";
const SOAP: &str = "grant = \"soap_login\"\nusername = \"USER\"\npassword_file = \"password\"\n\
                    security_token_file = \"token\"\nallow_legacy_login = true";

#[tokio::test(flavor = "multi_thread")]
async fn a_user_name_and_password_open_the_org_by_oauth() {
    let stage = by(PASSWORD).await;
    opens(&stage, &["correct-horse"]).await;
    let warned = err(&stage.run("sync").await);
    assert!(warned.contains("on its way out"), "{warned}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_name_and_password_open_the_org_by_soap_in_an_old_version() {
    let stage = by(SOAP).await;
    stage.reconfigure(CLIENT, "");
    opens(&stage, &["correct-horse"]).await;
    assert_eq!(stage.org.calls().of(Op::Token), 0);
    assert!(stage.org.calls().of(Op::Soap) >= 2);
    // WHEN the password has expired, or the user is no longer active THEN nothing else is tried
    stage.org.configure(|settings| settings.users[0].password_expired = true);
    assert!(stage.refuses("sync", 6, "HW0203").await.contains("set a new password"));
    stage.org.configure(|settings| settings.users[0].active = false);
    let said = stage.refuses("sync", 6, "HW0203").await;
    assert!(said.contains("INVALID_LOGIN") && !said.contains("correct-horse"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_of_any_characters_arrives_as_it_is() {
    for way in [PASSWORD, SOAP] {
        let stage = by(way).await;
        if way == SOAP {
            stage.reconfigure(CLIENT, "");
        }
        let password = "a<b>&amp;\"'+%20]]>é \t#";
        stage.org.configure(|settings| settings.users[0].password = password.to_owned());
        stage.secret("password", password);
        opens(&stage, &[password]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_legacy_ways_in_need_the_explicit_switch() {
    for way in [PASSWORD, SOAP] {
        let stage = by(&way.replace("allow_legacy_login = true", "")).await;
        let said = stage.refuses("sync", 2, "HW0104").await;
        assert!(said.contains("allow_legacy_login = true"), "{said}");
        assert_eq!(stage.org.calls().total, 0);
    }
}

const REFRESH: &str =
    "grant = \"refresh_token\"\nrefresh_token_file = \"refresh\"\nclient_secret_file = \"client_secret\"";

async fn approved(lines: &str) -> (Stage, String) {
    let stage = by(lines).await;
    let token = stage.org.approve(&stage.org.usernames()[0]).unwrap();
    stage.secret("refresh", &token);
    (stage, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_opens_the_org_until_it_is_revoked() {
    let (stage, token) = approved(REFRESH).await;
    opens(&stage, &[&token]).await;
    assert_eq!(stage.read("refresh"), token, "an org that gives no new token leaves the file alone");
    stage.secret("refresh", "5Aep861revoked");
    let said = stage.refuses("sync", 6, "HW0203").await;
    assert!(said.contains("approve the app again") && !said.contains("5Aep"), "{said}");
    // A token that others may read is refused before it is shown to anybody.
    stage.write("refresh", &token);
    std::fs::set_permissions(stage.path("refresh"), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .unwrap();
    let before = stage.org.calls().total;
    assert!(stage.refuses("sync", 2, "HW0106").await.contains("chmod 600"));
    assert_eq!(stage.org.calls().total, before);
}

/// The next sign-in is answered with a session that works and a new refresh token.
fn rotate(stage: &Stage, new: &str) {
    let session = stage.session();
    let answer = serde_json::json!({
        "access_token": session, "instance_url": stage.org.url(), "token_type": "Bearer", "refresh_token": new,
    });
    stage.org.fault(Op::Token, Fault::Refuse { status: 200, body: answer.to_string(), times: 1 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_refresh_token_takes_the_old_ones_place_in_its_file() {
    let (stage, token) = approved(REFRESH).await;
    stage.secret("refresh", "5Aep861first");
    rotate(&stage, &token);
    opens(&stage, &[&token, "5Aep861first"]).await;
    assert_eq!(stage.read("refresh"), token);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(stage.path("refresh")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_refresh_token_that_cannot_be_kept_ends_the_command_before_it_begins() {
    // GIVEN a token from where nothing can be written back
    let (stage, token) = approved(REFRESH).await;
    stage.reconfigure("refresh_token_file = \"refresh\"", "refresh_token_command = [\"cat\", \"refresh\"]");
    rotate(&stage, "5Aep861new");
    let said = stage.refuses("sync", 6, "HW0221").await;
    assert!(!said.contains("5Aep"), "{said}");
    // WHEN the org does not rotate THEN the same way in works
    opens(&stage, &[&token]).await;
}
