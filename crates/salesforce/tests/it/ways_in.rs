//! Every way in against the simulated org.

use salesforce::{ErrorKind, Grant, Org, OrgConfig, RefreshToken, SecretString, SignInRefusal};
use simorg::{Fault, Op, Settings};

use crate::support::quick;

async fn start() -> simorg::Org {
    simorg::Org::start(Settings::default()).await.unwrap()
}

fn with(org: &simorg::Org, grant: Grant) -> OrgConfig {
    let mut config = quick(org.url());
    config.grant = grant;
    config
}

/// Password and security token of the simulated users.
fn password(org: &simorg::Org) -> SecretString {
    let user = org.settings().users[0].clone();
    format!("{}{}", user.password, user.security_token).into()
}

fn user(org: &simorg::Org) -> String {
    org.usernames()[0].clone()
}

fn soap(org: &simorg::Org) -> OrgConfig {
    with(org, Grant::SoapLogin { username: user(org), password: password(org) })
}

fn by_password(org: &simorg::Org, password: SecretString) -> OrgConfig {
    let (client_id, client_secret) = (org.client_id(), org.client_secret().into());
    with(org, Grant::Password { client_id, client_secret, username: user(org), password })
}

async fn refusal(config: OrgConfig) -> (ErrorKind, Option<SignInRefusal>) {
    let error = Org::new(config).unwrap().identity().await.unwrap_err();
    (error.kind(), error.sign_in_refusal())
}

#[tokio::test]
async fn password_and_soap_open_a_session_of_the_same_user() {
    let sim = start().await;
    for config in [by_password(&sim, password(&sim)), soap(&sim)] {
        let org = Org::new(config).unwrap();
        let identity = org.identity().await.unwrap();
        assert_eq!(identity.org_id.to_string(), sim.org_id());
        assert_eq!(identity.username, user(&sim));
        assert!(org.limits().await.unwrap().daily_api_requests().is_some());
    }
    assert_eq!(sim.calls().of(Op::Soap), 1);
}

#[tokio::test]
async fn a_refused_password_is_offered_once() {
    let sim = start().await;
    let grant = refusal(by_password(&sim, "wrong".into())).await;
    assert_eq!(grant, (ErrorKind::NotAuthorised, Some(SignInRefusal::Grant)));
    assert_eq!(sim.calls().of(Op::Token), 1);
    let mut config = soap(&sim);
    config.grant = Grant::SoapLogin { username: user(&sim), password: "wrong".into() };
    assert_eq!(refusal(config).await, (ErrorKind::NotAuthorised, Some(SignInRefusal::Password)));
    sim.configure(|settings| settings.users[0].password_expired = true);
    assert_eq!(refusal(soap(&sim)).await, (ErrorKind::NotAuthorised, Some(SignInRefusal::PasswordExpired)));
    assert_eq!(sim.calls().of(Op::Soap), 2);
}

#[tokio::test]
async fn a_server_that_is_down_or_answers_a_page_is_no_refusal() {
    let sim = start().await;
    for (fault, kind) in [
        (Fault::Html { status: 200 }, ErrorKind::Contract),
        (Fault::Html { status: 500 }, ErrorKind::Busy),
        (Fault::Html { status: 503 }, ErrorKind::Busy),
        (Fault::Redirect { to: "https://example.com/".to_owned() }, ErrorKind::Redirect),
        (Fault::TruncateCleanly { bytes: 300 }, ErrorKind::Incomplete),
        (Fault::Refuse { status: 200, body: "{}".to_owned(), times: 1 }, ErrorKind::Contract),
    ] {
        for _ in 0..50 {
            sim.fault(Op::Soap, fault.clone());
        }
        let mut config = soap(&sim);
        config.retry.total = std::time::Duration::from_millis(50);
        assert_eq!(refusal(config).await, (kind, None), "{fault:?}");
        sim.clear_faults();
    }
}

#[tokio::test]
async fn soap_goes_on_where_the_identity_service_wants_oauth() {
    let sim = start().await;
    let refuse = Fault::Refuse { status: 403, body: "Bad_OAuth_Token".to_owned(), times: 2 };
    sim.fault(Op::UserInfo, refuse.clone());
    let org = Org::new(soap(&sim)).unwrap();
    for _ in 0..2 {
        let identity = org.identity().await.unwrap();
        assert_eq!((identity.org_id.to_string(), identity.username), (sim.org_id(), user(&sim)));
    }
    assert_eq!(sim.calls().of(Op::Soap), 1, "the login has said whose session it is: no other is needed");
    sim.fault(Op::UserInfo, refuse);
    assert_eq!(refusal(by_password(&sim, password(&sim))).await.0, ErrorKind::Forbidden);
    assert_eq!(sim.calls().of(Op::Token), 2, "a session that has ended is answered the same, once");
}

#[tokio::test]
async fn a_session_that_ended_is_renewed_by_the_question_who_we_are() {
    let sim = start().await;
    let org = Org::new(by_password(&sim, password(&sim))).unwrap();
    let identity = org.identity().await.unwrap();
    sim.end_sessions();
    assert_eq!(org.identity().await.unwrap(), identity);
    assert_eq!((sim.calls().of(Op::UserInfo), sim.calls().of(Op::Token)), (3, 2));
    // THEN with a session of SOAP the next call renews it
    let org = Org::new(soap(&sim)).unwrap();
    org.identity().await.unwrap();
    sim.end_sessions();
    assert_eq!(org.identity().await.unwrap(), identity);
    org.limits().await.unwrap();
    assert_eq!(sim.calls().of(Op::Soap), 2);
}

fn refreshing(sim: &simorg::Org, token: RefreshToken) -> OrgConfig {
    let client_secret = Some(sim.client_secret().into());
    with(sim, Grant::RefreshToken { client_id: sim.client_id(), client_secret, token })
}

#[tokio::test]
async fn a_refresh_token_opens_sessions_until_it_is_revoked() {
    let sim = start().await;
    let token = sim.approve(&user(&sim)).unwrap();
    let org = Org::new(refreshing(&sim, RefreshToken::Fixed(token.clone().into()))).unwrap();
    org.identity().await.unwrap();
    // A session that ends is replaced by another one of the same grant.
    sim.end_sessions();
    org.identity().await.unwrap();
    assert_eq!(sim.calls().of(Op::Token), 2);
    let revoke = reqwest::Client::new().post(format!("{}/services/oauth2/revoke", sim.url()));
    assert!(revoke.form(&[("token", token)]).send().await.unwrap().status().is_success());
    sim.end_sessions();
    let error = org.identity().await.unwrap_err();
    assert_eq!(error.sign_in_refusal(), Some(SignInRefusal::TokenEnded));
    assert!(error.advice().unwrap().contains("approve the app again"));
}

/// The org answers the next sign-in with a session that works and a new refresh token.
async fn rotate(sim: &simorg::Org, new: &str) {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &sim.client_id()),
        ("client_secret", &sim.client_secret()),
    ];
    let url = format!("{}/services/oauth2/token", sim.url());
    let answer = reqwest::Client::new().post(url).form(&form).send().await.unwrap();
    let mut answer: serde_json::Value = answer.json().await.unwrap();
    answer["refresh_token"] = new.into();
    sim.fault(Op::Token, Fault::Refuse { status: 200, body: answer.to_string(), times: 1 });
}

#[tokio::test]
async fn a_new_refresh_token_is_kept_in_the_file_and_nowhere_else() {
    let sim = start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let second = sim.approve(&user(&sim)).unwrap();
    std::fs::write(&file, "canary-first\n").unwrap();
    rotate(&sim, &second).await;
    let org = Org::new(refreshing(&sim, RefreshToken::File(file.clone()))).unwrap();
    org.identity().await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), second);
    // THEN the next sign-in, of this client or another one, uses it
    sim.end_sessions();
    org.identity().await.unwrap();
    Org::new(refreshing(&sim, RefreshToken::File(file.clone()))).unwrap().identity().await.unwrap();
    // WHEN the token comes from where nothing can be written back THEN that is said before anything is done
    rotate(&sim, "canary-new").await;
    let fixed = refreshing(&sim, RefreshToken::Fixed("canary-old".into()));
    let error = Org::new(fixed).unwrap().identity().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenNotKept);
    assert!(!format!("{error} {error:?}").contains("canary"));
}
