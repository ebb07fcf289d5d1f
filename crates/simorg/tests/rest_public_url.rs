//! An org behind a proxy that ends TLS names itself by the proxy's address.

mod support;

use support::{Caller, plain, split};

#[tokio::test]
async fn a_public_url_stands_in_every_answer_to_a_sign_in() {
    let mut settings = plain();
    settings.http.public_url = Some("https://exampleorg.my.salesforce.com/".into());
    let org = Caller::start(settings).await;
    assert!(org.org.url().starts_with("http://127.0.0.1:"), "the address it listens on stays");

    let (id, secret) = (org.org.client_id(), org.org.client_secret());
    let form = [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
    let url = format!("{}/services/oauth2/token", org.org.url());
    let (status, token) = split(org.http.post(url).form(&form).send().await.expect("an answer")).await;
    assert_eq!(status, 200, "{token}");
    assert_eq!(token["instance_url"], "https://exampleorg.my.salesforce.com");
    let id = token["id"].as_str().unwrap_or_default();
    assert!(id.starts_with("https://exampleorg.my.salesforce.com/id/00D"), "{id}");

    let body =
        "<login><username>joe.smith@example.org</username><password>correct-horsetoken</password></login>";
    let url = format!("{}/services/Soap/u/64.0", org.org.url());
    let answer = org.http.post(url).header("content-type", "text/xml").body(body).send().await;
    let text = answer.expect("an answer").text().await.expect("a body");
    assert!(text.contains("<serverUrl>https://exampleorg.my.salesforce.com/services/Soap/u/64.0/"), "{text}");
}
