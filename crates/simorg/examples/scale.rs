//! What a million Contacts cost: memory, and how fast a Bulk query is served over HTTP.
//!
//! `cargo run --release -p simorg --example scale -- 1000000`
#![expect(clippy::print_stdout, reason = "it reports figures")]

use reqwest::Client;
use serde_json::{Map, Value, json};
use std::error::Error;
use std::time::{Duration, Instant};

type Fallible<T> = Result<T, Box<dyn Error>>;

const QUERY: &str = "SELECT Id, FirstName, LastName, Email, EN_Supporter_Id__c, MailingStreet, MailingCity, \
                     MailingPostalCode, HomePhone, Email_Opt_In__c, SystemModstamp FROM Contact";

#[tokio::main]
async fn main() -> Fallible<()> {
    let count: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let settings =
        simorg::Settings { duplicates: simorg::duplicate::DuplicateSettings::none(), ..Default::default() };
    let org = simorg::Org::start(settings).await?;
    let start = Instant::now();
    for first in (0..count).step_by(10_000) {
        org.seed("Contact", (first..count.min(first + 10_000)).map(person).collect())?;
    }
    report(&format!("seeded {count} Contacts"), count, start.elapsed());
    println!("resident memory: {} MiB", memory_mib("VmRSS:"));
    let client = Served { http: Client::new(), token: String::new(), base: org.url().to_owned() };
    let client = client.sign_in(&org.client_id(), &org.client_secret()).await?;
    for round in 1..=3 {
        let start = Instant::now();
        let (rows, bytes, waited) = client.bulk_query().await?;
        let whole = start.elapsed();
        println!("round {round}: {rows} rows, {} MB", bytes / 1_000_000);
        report("  whole job, created to last byte", rows, whole);
        report("  results alone", rows, whole.saturating_sub(waited));
    }
    println!("resident memory: {} MiB, at most {} MiB", memory_mib("VmRSS:"), memory_mib("VmHWM:"));
    Ok(())
}

fn report(what: &str, rows: usize, took: Duration) {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let rate = rows as f64 / took.as_secs_f64().max(0.001);
    println!("{what}: {:.1} s, {rate:.0} rows/s", took.as_secs_f64());
}

fn person(number: usize) -> Map<String, Value> {
    let row = json!({
        "FirstName": format!("First{}", number % 5_000),
        "LastName": format!("Last{}", number % 90_000),
        "Email": format!("person{number}@example.org"),
        "EN_Supporter_Id__c": number.to_string(),
        "MailingStreet": format!("{} Long Street", number % 900),
        "MailingCity": "Springfield",
        "MailingPostalCode": format!("{:05}", number % 99_999),
        "MailingCountry": "United States",
        "HomePhone": format!("+1 555 {number:07}"),
        "Email_Opt_In__c": number.is_multiple_of(2),
    });
    row.as_object().cloned().unwrap_or_default()
}

/// Memory of this process, server and caller together; 0 where the system does not tell.
fn memory_mib(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find(|l| l.starts_with(line)).and_then(|l| l.split_whitespace().nth(1));
    kib.and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

struct Served {
    http: Client,
    token: String,
    base: String,
}

impl Served {
    async fn sign_in(self, id: &str, secret: &str) -> Fallible<Self> {
        let url = format!("{}/services/oauth2/token", self.base);
        let form = [("grant_type", "client_credentials")];
        let answer = self.http.post(url).basic_auth(id, Some(secret)).form(&form).send().await?;
        let body: Value = answer.json().await?;
        let token = body["access_token"].as_str().unwrap_or_default().to_owned();
        Ok(Self { token, ..self })
    }

    /// Runs the query as a job and reads all of it; rows, bytes, and how long the job took.
    async fn bulk_query(&self) -> Fallible<(usize, usize, Duration)> {
        let start = Instant::now();
        let jobs = format!("{}/services/data/v66.0/jobs/query", self.base);
        let body = json!({"operation": "query", "query": QUERY});
        let made: Value =
            self.http.post(&jobs).bearer_auth(&self.token).json(&body).send().await?.json().await?;
        let job = format!("{jobs}/{}", made["id"].as_str().unwrap_or_default());
        loop {
            let info: Value = self.http.get(&job).bearer_auth(&self.token).send().await?.json().await?;
            match info["state"].as_str() {
                Some("JobComplete") => break,
                Some("UploadComplete" | "InProgress") => tokio::time::sleep(Duration::from_millis(20)).await,
                _ => return Err(format!("the job failed: {info}").into()),
            }
        }
        let waited = start.elapsed();
        let (mut rows, mut bytes, mut locator) = (0, 0, String::new());
        while locator != "null" {
            let url = format!("{job}/results?maxRecords=50000&locator={locator}");
            let answer = self.http.get(url).bearer_auth(&self.token).send().await?;
            let header = |name: &str| {
                answer
                    .headers()
                    .get(name)
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or_default()
                    .to_owned()
            };
            rows += header("Sforce-NumberOfRecords").parse::<usize>()?;
            locator = header("Sforce-Locator");
            bytes += answer.bytes().await?.len();
        }
        self.http.delete(&job).bearer_auth(&self.token).send().await?;
        Ok((rows, bytes, waited))
    }
}
