//! The baseline of a first push: a plain program that reads the table, writes one CSV file, has it loaded as one job and
//! writes the new Contacts' Ids back. It remembers nothing, compares nothing, looks nobody up and survives nothing.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::figures::Figures;
use super::http::Host;
use super::stage::failed;
use crate::config::Config;
use crate::failure::Failure;

/// A signed-in plain client.
pub(super) struct Plain {
    host: Host,
    bearer: String,
    /// Requests so far.
    pub(super) calls: u64,
}

pub(super) const JOBS: &str = "/services/data/v66.0/jobs";

pub(super) fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    failed(io::Error::other(error))
}

impl Plain {
    pub(super) fn sign_in(config: &Config) -> Result<Self, Failure> {
        let secret = std::fs::read_to_string(config.folder.join("client_secret")).map_err(failed)?;
        let id = &config.salesforce.client_id;
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={}", secret.trim());
        let host = Host::of(&config.salesforce.login_url);
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let path = "/services/oauth2/token";
        let reply =
            host.send("POST", path, &headers, &mut form.as_bytes(), form.len() as u64).map_err(failed)?;
        let token: Value = serde_json::from_reader(reply.body).map_err(other)?;
        let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap_or_default());
        Ok(Self { host, bearer, calls: 1 })
    }

    /// The session, for another program.
    pub(super) fn token(&self) -> &str {
        self.bearer.trim_start_matches("Bearer ")
    }

    pub(super) fn json(&mut self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        self.calls += 1;
        self.host.json(method, path, &[("Authorization", &self.bearer)], body).map_err(failed)
    }

    pub(super) fn put(&mut self, path: &str, file: File) -> Result<(), Failure> {
        self.calls += 1;
        let length = file.metadata().map_err(failed)?.len();
        let headers = [("Authorization", self.bearer.as_str()), ("Content-Type", "text/csv")];
        self.host
            .send("PUT", path, &headers, &mut io::BufReader::new(file), length)
            .map(|_| ())
            .map_err(failed)
    }

    pub(super) fn csv(&mut self, path: &str) -> Result<super::http::Reply, Failure> {
        self.calls += 1;
        let headers = [("Authorization", self.bearer.as_str()), ("Accept", "text/csv")];
        self.host.send("GET", path, &headers, &mut io::empty(), 0).map_err(failed)
    }

    /// Looks at a job every second until it is done.
    pub(super) async fn wait(&mut self, path: &str) -> Result<(), Failure> {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let info = self.json("GET", path, &Value::Null)?;
            match info["state"].as_str() {
                Some("JobComplete") => return Ok(()),
                Some("Failed" | "Aborted") | None => {
                    return Err(Failure::Unexpected("the baseline's job failed"));
                }
                Some(_) => {}
            }
        }
    }
}

pub(super) fn open(config: &Config) -> Result<Connection, Failure> {
    Connection::open(config.resolve(config.supporters.file())).map_err(other)
}

const SELECT: &str = "SELECT CAST(supporter_id AS TEXT), last_name, first_name, email, \
                      rtrim(ifnull(address_1, '') || char(10) || ifnull(address_2, ''), char(10)), city, region, postcode, \
                      country, phone, iif(opt_in_email = 'Y', 'true', 'false') FROM supporters WHERE last_name <> ''";
const HEAD: [&str; 11] = [
    "EN_Supporter_Id__c",
    "LastName",
    "FirstName",
    "Email",
    "MailingStreet",
    "MailingCity",
    "MailingState",
    "MailingPostalCode",
    "MailingCountry",
    "HomePhone",
    "Email_Opt_In__c",
];

/// Pushes everybody once.
///
/// # Errors
/// When a side cannot be reached.
pub async fn push(config: &Config) -> Result<Figures, Failure> {
    let mut plain = Plain::sign_in(config)?;
    let mut connection = open(config)?;
    let path = config.folder.join("plain.csv");
    let people = write_csv(&connection, &path)?;
    let spec = json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": HEAD[0], "contentType": "CSV", "lineEnding": "LF"});
    let job = plain.json("POST", &format!("{JOBS}/ingest"), &spec)?;
    let job = format!("{JOBS}/ingest/{}", job["id"].as_str().unwrap_or_default());
    plain.put(&format!("{job}/batches"), File::open(&path).map_err(failed)?)?;
    plain.json("PATCH", &job, &json!({"state": "UploadComplete"}))?;
    plain.wait(&job).await?;
    let reply = plain.csv(&format!("{job}/successfulResults/"))?;
    let writes = write_back(&mut connection, reply)?;
    let outcomes = BTreeMap::from([("contact_created".to_owned(), writes)]);
    Ok(Figures { people, writes: people + writes, calls: plain.calls, outcomes, ..Figures::default() })
}

/// Writes the whole table as one CSV file; how many people.
///
/// # Errors
/// When either cannot be read or written.
pub(super) fn write_csv(connection: &Connection, path: &Path) -> Result<u64, Failure> {
    let mut file = csv::WriterBuilder::new().buffer_capacity(64 * 1024).from_path(path).map_err(other)?;
    file.write_record(HEAD).map_err(other)?;
    let mut select = connection.prepare(SELECT).map_err(other)?;
    let mut rows = select.query(()).map_err(other)?;
    let mut people = 0;
    while let Some(row) = rows.next().map_err(other)? {
        for at in 0..HEAD.len() {
            let text = row.get_ref(at).map_err(other)?.as_str_or_null().map_err(other)?;
            file.write_field(text.unwrap_or_default()).map_err(other)?;
        }
        file.write_record(None::<&[u8]>).map_err(other)?;
        people += 1;
    }
    file.flush().map_err(failed)?;
    Ok(people)
}

fn write_back(connection: &mut Connection, reply: super::http::Reply) -> Result<u64, Failure> {
    let mut results = csv::ReaderBuilder::new().from_reader(reply.body);
    let head = results.headers().map_err(other)?.clone();
    let place = |name: &str| head.iter().position(|known| known == name).unwrap_or_default();
    let (id, key) = (place("sf__Id"), place(HEAD[0]));
    let transaction = connection.transaction().map_err(other)?;
    let sql = "UPDATE supporters SET sf_contact_id = ? WHERE supporter_id = ?";
    let mut update = transaction.prepare(sql).map_err(other)?;
    let mut written = 0;
    let mut record = csv::StringRecord::new();
    while results.read_record(&mut record).map_err(other)? {
        let key: Option<i64> = record.get(key).and_then(|key| key.parse().ok());
        update.execute((record.get(id), key)).map_err(other)?;
        written += 1;
    }
    drop(update);
    transaction.commit().map_err(other)?;
    Ok(written)
}
