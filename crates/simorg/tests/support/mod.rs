//! A plain HTTP caller for the tests: no client of ours, just requests.
#![allow(dead_code, reason = "each test binary uses its own part")]

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Map, Value, json};
use simorg::{Org, Settings};

/// A running org and a signed-in session.
pub(crate) struct Caller {
    pub(crate) org: Org,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
}

/// The default org without duplicate rules.
pub(crate) fn plain() -> Settings {
    Settings { duplicates: simorg::duplicate::DuplicateSettings::none(), ..Settings::default() }
}

impl Caller {
    /// Starts an org and signs in with client credentials.
    pub(crate) async fn start(settings: Settings) -> Self {
        let org = Org::start(settings).await.expect("the org starts");
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let form = [("grant_type", "client_credentials")];
        let url = format!("{}/services/oauth2/token", org.url());
        let (id, secret) = (org.client_id(), org.client_secret());
        let answer = http.post(url).basic_auth(id, Some(secret)).form(&form).send().await.expect("an answer");
        let body: Value = answer.json().await.expect("a token");
        let token = body["access_token"].as_str().expect("a token").to_owned();
        Self { org, http, token }
    }

    /// A request to a path below `/services/data/v66.0`.
    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/services/data/v66.0{path}", self.org.url());
        self.http.request(method, url).bearer_auth(&self.token)
    }

    /// GET as JSON with its status.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        split(self.call(Method::GET, path).send().await.expect("an answer")).await
    }

    /// A JSON body sent, and status and JSON (or null) received.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        split(self.call(method, path).json(body).send().await.expect("an answer")).await
    }

    /// Runs a query and answers its records.
    pub(crate) async fn records(&self, soql: &str) -> Vec<Value> {
        let request = self.call(Method::GET, "/query").query(&[("q", soql)]);
        let (status, body) = split(request.send().await.expect("an answer")).await;
        assert_eq!(status, 200, "{body}");
        body["records"].as_array().cloned().unwrap_or_default()
    }

    /// Seeds one record.
    pub(crate) fn seed(&self, object: &str, row: Value) -> String {
        self.org.seed(object, vec![map(row)]).expect("a good row").remove(0)
    }
}

/// Status and JSON body, null when there is none.
pub(crate) async fn split(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.expect("a body");
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// The members of a JSON object.
pub(crate) fn map(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).expect("a JSON object")
}

/// A small valid Contact.
pub(crate) fn contact(last: &str) -> Value {
    json!({"LastName": last})
}
