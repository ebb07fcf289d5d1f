//! Signing in, staying in, and being thrown out.

mod support;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};
use simorg::value::Stamp;
use std::time::Duration;
use support::{Caller, plain, split};

async fn sign_in(org: &Caller, form: &[(&str, &str)]) -> (u16, Value) {
    let url = format!("{}/services/oauth2/token", org.org.url());
    split(org.http.post(url).form(form).send().await.expect("an answer")).await
}

#[tokio::test]
async fn client_credentials_in_the_body_give_a_session_of_the_integration_user() {
    let org = Caller::start(plain()).await;
    let (id, secret) = (org.org.client_id(), org.org.client_secret());
    let form = [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
    let (status, token) = sign_in(&org, &form).await;
    assert_eq!(status, 200, "{token}");
    assert_eq!(token["instance_url"], org.org.url());
    assert_eq!(token["issued_at"].as_str().map(str::len), Some(13), "milliseconds as text");
    assert_eq!(token.get("expires_in"), None);
    assert_eq!(token.get("refresh_token"), None);

    let url = token["id"].as_str().expect("an identity url");
    assert_eq!(org.get("").await.1["identity"], url, "the list of resources names it, too");
    let bearer = token["access_token"].as_str().expect("a token");
    let request = org.http.get(url).bearer_auth(bearer);
    let (status, me) = split(request.send().await.expect("an answer")).await;
    assert_eq!(status, 200);
    assert_eq!(me["organization_id"], org.org.org_id());
    assert_eq!(me["username"], "integration@example.org");
}

#[tokio::test]
async fn refused_sign_ins_are_flat_oauth_errors() {
    let org = Caller::start(plain()).await;
    let (id, secret) = (org.org.client_id(), org.org.client_secret());
    for (form, error) in [
        (
            vec![("grant_type", "client_credentials"), ("client_id", "x"), ("client_secret", "y")],
            "invalid_client_id",
        ),
        (
            vec![("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", "y")],
            "invalid_client",
        ),
        (
            vec![("grant_type", "magic"), ("client_id", &id), ("client_secret", &secret)],
            "unsupported_grant_type",
        ),
        (
            vec![("grant_type", "refresh_token"), ("client_id", &id), ("client_secret", &secret)],
            "invalid_grant",
        ),
        (vec![], "unsupported_grant_type"),
    ] {
        let (status, body) = sign_in(&org, &form).await;
        assert_eq!((status, body["error"].as_str()), (400, Some(error)), "{body}");
        assert!(body["error_description"].is_string());
    }
}

fn assertion(org: &Caller, pem: &str, aud: &str, seconds: i64) -> String {
    let exp = org.org.clock().now().0 / 1000 + seconds;
    let claims = json!({"iss": org.org.client_id(), "sub": "joe.smith@example.org", "aud": aud, "exp": exp});
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a key");
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).expect("an assertion")
}

#[tokio::test]
async fn a_signed_assertion_gives_a_session_and_a_foreign_or_stale_one_does_not() {
    let org = Caller::start(plain()).await;
    let stranger = simorg::Org::in_process(plain());
    let (own, foreign) = (org.org.jwt_private_key_pem(), stranger.jwt_private_key_pem());
    let url = org.org.url().to_owned();
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    for (pem, aud, seconds, expected) in [
        (&own, url.as_str(), 180, None),
        (&own, "https://login.salesforce.com", 180, None),
        (&foreign, url.as_str(), 180, Some("invalid assertion")),
        (&own, "https://example.org", 180, Some("Audience validation failed")),
        (&own, url.as_str(), -1, Some("expired authorization code")),
        (&own, url.as_str(), 3600, Some("expired authorization code")),
    ] {
        let assertion = assertion(&org, pem, aud, seconds);
        let (status, body) = sign_in(&org, &[("grant_type", grant), ("assertion", &assertion)]).await;
        assert_eq!(body["error_description"].as_str(), expected, "{body}");
        assert_eq!(status, if expected.is_none() { 200 } else { 400 });
    }
}

#[tokio::test]
async fn password_and_security_token_give_a_session_and_an_approval_a_refresh_token() {
    let org = Caller::start(plain()).await;
    let (id, secret) = (org.org.client_id(), org.org.client_secret());
    let base = [("client_id", id.as_str()), ("client_secret", secret.as_str())];
    let user = [("username", "joe.smith@example.org"), ("password", "correct-horsetoken")];
    let form = [&[("grant_type", "password")], &base[..], &user[..]].concat();
    let (status, body) = sign_in(&org, &form).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body.get("refresh_token"), None, "the user approved nothing");
    let refresh = org.org.approve("joe.smith@example.org").expect("a user");
    let form = [&[("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())], &base[..]].concat();
    assert_eq!(sign_in(&org, &form).await.0, 200);
}

#[tokio::test]
async fn a_session_ends_by_idleness_by_number_of_calls_and_by_revocation() {
    let org = Caller::start(plain()).await;
    org.org.clock().hold(Stamp(1_790_000_000_000));
    assert_eq!(org.get("/limits").await.0, 200);
    org.org.clock().advance(Duration::from_secs(7_199));
    assert_eq!(org.get("/limits").await.0, 200, "use keeps a session alive");
    org.org.clock().advance(Duration::from_secs(7_201));
    let answer = org.call(Method::GET, "/limits").send().await.expect("an answer");
    assert_eq!(answer.headers()["www-authenticate"], "Token");
    let (status, error) = split(answer).await;
    assert_eq!(status, 401);
    assert_eq!(error, json!([{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]));

    let mut settings = plain();
    settings.auth.expire_after_calls = Some(2);
    let org = Caller::start(settings).await;
    let statuses = [org.get("/limits").await.0, org.get("/limits").await.0, org.get("/limits").await.0];
    assert_eq!(statuses, [200, 200, 401]);

    let org = Caller::start(plain()).await;
    let url = format!("{}/services/oauth2/revoke", org.org.url());
    let answer = org.http.post(url).form(&[("token", &org.token)]).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(org.get("/limits").await.0, 401);
    // THEN the identity service says so in its own way
    let url = format!("{}/services/oauth2/userinfo", org.org.url());
    for (request, word) in [
        (org.http.get(&url), "Missing_OAuth_Token"),
        (org.http.get(&url).bearer_auth(&org.token), "Bad_OAuth_Token"),
    ] {
        let answer = request.send().await.expect("an answer");
        assert_eq!((answer.status().as_u16(), answer.text().await.expect("text").as_str()), (403, word));
    }
}

#[tokio::test]
async fn versions_are_listed_without_a_session_and_retired_ones_are_gone() {
    let org = Caller::start(plain()).await;
    let url = |path: &str| format!("{}/services/data{path}", org.org.url());
    let (status, list) = split(org.http.get(url("/")).send().await.expect("an answer")).await;
    assert_eq!(status, 200);
    let v66 = list.as_array().and_then(|all| all.iter().find(|one| one["version"] == "66.0"));
    assert_eq!(v66.map(|one| &one["label"]), Some(&json!("Spring '26")));
    for (path, status) in [("/v30.0/limits", 410), ("/v99.0/limits", 404), ("/66.0/limits", 404)] {
        let answer = org.http.get(url(path)).bearer_auth(&org.token).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{path}");
    }
    assert_eq!(org.http.get(url("/v66.0/limits")).send().await.expect("an answer").status(), 401);
}

#[tokio::test]
async fn soap_login_gives_a_session_and_refuses_wrong_passwords_and_new_versions() {
    let org = Caller::start(plain()).await;
    let login = async |version: &str, password: &str| {
        let body = format!(
            "<env:Envelope xmlns:env=\"http://schemas.xmlsoap.org/soap/envelope/\"><env:Body>\
             <n1:login xmlns:n1=\"urn:partner.soap.sforce.com\"><n1:username>joe.smith@example.org</n1:username>\
             <n1:password>{password}</n1:password></n1:login></env:Body></env:Envelope>"
        );
        let url = format!("{}/services/Soap/u/{version}", org.org.url());
        let request = org.http.post(url).header("content-type", "text/xml").header("SOAPAction", "login");
        let answer = request.body(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    };
    let (status, body) = login("64.0", "correct-horsetoken").await;
    assert_eq!(status, 200, "{body}");
    let session =
        body.split("<sessionId>").nth(1).and_then(|rest| rest.split('<').next()).expect("a session");
    let url = format!("{}/services/oauth2/userinfo", org.org.url());
    let me = org.http.get(url).bearer_auth(session).send().await.expect("an answer");
    assert_eq!(split(me).await.1["username"], "joe.smith@example.org");
    assert!(body.contains(&format!("<serverUrl>{}/services/Soap/u/64.0/", org.org.url())));

    let (status, body) = login("64.0", "wrong").await;
    assert_eq!(status, 500);
    assert!(body.contains("<faultcode>INVALID_LOGIN</faultcode>"), "{body}");
    assert_eq!(login("65.0", "correct-horsetoken").await.0, 500);
}

#[tokio::test]
async fn soap_logout_ends_the_session_of_its_header_and_no_other() {
    let org = Caller::start(plain()).await;
    let logout = async |session: &str| {
        let body = format!(
            "<se:Envelope xmlns:se=\"http://schemas.xmlsoap.org/soap/envelope/\"><se:Header>\
             <SessionHeader xmlns=\"urn:partner.soap.sforce.com\"><sessionId>{session}</sessionId></SessionHeader>\
             </se:Header><se:Body><logout xmlns=\"urn:partner.soap.sforce.com\"/></se:Body></se:Envelope>"
        );
        let url = format!("{}/services/Soap/u/66.0", org.org.url());
        let request = org.http.post(url).header("content-type", "text/xml").header("SOAPAction", "\"\"");
        let answer = request.body(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    };
    let (status, body) = logout("none").await;
    assert_eq!(status, 500);
    assert!(body.contains("<faultcode>INVALID_SESSION_ID</faultcode>"), "{body}");
    assert_eq!(org.get("/limits").await.0, 200);
    let (status, body) = logout(&org.token).await;
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("<logoutResponse/>"), "{body}");
    assert_eq!(org.get("/limits").await.0, 401);
}
