//! A small Bulk API client for tests.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a client for tests only")]

use serde_json::{Value, json};
use simorg::Org;

/// A signed-in client.
pub struct Client {
    http: reqwest::Client,
    token: String,
    base: String,
}

/// Header and rows of a CSV answer.
pub fn rows(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
    (header, rows)
}

impl Client {
    pub async fn sign_in(org: &Org) -> Self {
        let http = reqwest::Client::new();
        let form = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", org.client_id()),
            ("client_secret", org.client_secret()),
        ];
        let answer =
            http.post(format!("{}/services/oauth2/token", org.url())).form(&form).send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        let token = body["access_token"].as_str().unwrap().to_owned();
        Self { http, token, base: format!("{}/services/data/v66.0", org.url()) }
    }

    pub fn at_version(&self, version: &str) -> Self {
        let base = self.base.replace("v66.0", version);
        Self { http: self.http.clone(), token: self.token.clone(), base }
    }

    pub fn call(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    pub async fn get_json(&self, path: &str) -> Value {
        self.call(reqwest::Method::GET, path).send().await.unwrap().json().await.unwrap()
    }

    pub async fn post_json(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.call(reqwest::Method::POST, path).json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub async fn create(&self, body: &Value) -> Result<Value, Value> {
        let (status, body) = self.post_json("/jobs/ingest", body).await;
        if status == 200 { Ok(body) } else { Err(body) }
    }

    pub async fn open_upsert(&self) -> String {
        let body =
            json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": "EN_Supporter_Id__c"});
        self.create(&body).await.unwrap()["id"].as_str().unwrap().to_owned()
    }

    pub async fn put(&self, id: &str, data: &str) -> u16 {
        let call = self.call(reqwest::Method::PUT, &format!("/jobs/ingest/{id}/batches"));
        let answer = call
            .header("Content-Type", "text/csv; charset=UTF-8")
            .body(data.to_owned())
            .send()
            .await
            .unwrap();
        answer.status().as_u16()
    }

    pub async fn set_state(&self, id: &str, state: &str) -> (u16, Value) {
        let call = self.call(reqwest::Method::PATCH, &format!("/jobs/ingest/{id}"));
        let answer = call.json(&json!({"state": state})).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub async fn delete(&self, id: &str) -> (u16, Value) {
        let answer = self.call(reqwest::Method::DELETE, &format!("/jobs/ingest/{id}")).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// Creates, uploads and closes a job.
    pub async fn run(&self, body: &Value, data: &str) -> String {
        let id = self.create(body).await.unwrap()["id"].as_str().unwrap().to_owned();
        assert_eq!(self.put(&id, data).await, 201);
        assert_eq!(self.set_state(&id, "UploadComplete").await.0, 200);
        id
    }

    pub async fn upsert(&self, data: &str) -> String {
        let body =
            json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": "EN_Supporter_Id__c"});
        self.run(&body, data).await
    }

    pub async fn multipart(&self, job: &Value, data: &str) -> Value {
        let body = format!(
            "--B\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name=\"job\"\r\n\r\n{job}\r\n\
             --B\r\nContent-Type: text/csv\r\nContent-Disposition: form-data; name=\"content\"; filename=\"content\"\
             \r\n\r\n{data}\r\n--B--\r\n"
        );
        let call = self.call(reqwest::Method::POST, "/jobs/ingest");
        let kind = "multipart/form-data; boundary=B";
        call.header("Content-Type", kind).body(body).send().await.unwrap().json().await.unwrap()
    }

    pub async fn info(&self, id: &str) -> Value {
        self.get_json(&format!("/jobs/ingest/{id}")).await
    }

    /// Polls until the job is over.
    pub async fn wait(&self, id: &str) -> Value {
        self.wait_at(&format!("/jobs/ingest/{id}")).await
    }

    pub async fn wait_at(&self, path: &str) -> Value {
        for _ in 0..2_000 {
            let info = self.get_json(path).await;
            if matches!(info["state"].as_str(), Some("JobComplete" | "Failed" | "Aborted")) {
                return info;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("the job did not end");
    }

    pub async fn results(&self, id: &str, set: &str) -> String {
        let call = self.call(reqwest::Method::GET, &format!("/jobs/ingest/{id}/{set}"));
        call.send().await.unwrap().text().await.unwrap()
    }

    pub async fn results_status(&self, id: &str, set: &str) -> u16 {
        let call = self.call(reqwest::Method::GET, &format!("/jobs/ingest/{id}/{set}"));
        call.send().await.unwrap().status().as_u16()
    }
}
