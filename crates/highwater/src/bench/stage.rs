//! Where one scenario plays: a folder with a configuration and a supporter database, and an org in a process of its own.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use simorg::duplicate::DuplicateSettings;

use super::child::OrgProcess;
use super::people;
use crate::demo::database::Database;
use crate::demo::people::Twins;
use crate::demo::simulated::write_private;
use crate::failure::Failure;

/// People written at a time.
const CHUNK: usize = 10_000;

/// A folder, a database and an org.
pub struct Stage {
    dir: PathBuf,
    /// The org.
    pub org: OrgProcess,
}

/// For `map_err` on what a benchmark writes.
pub fn failed(source: io::Error) -> Failure {
    Failure::Output { what: "the benchmark's stage".to_owned(), source }
}

impl Stage {
    /// Makes a folder with a configuration for an org of its own, which has no duplicate rule.
    ///
    /// # Errors
    /// When the folder cannot be written or the org does not start.
    pub async fn make(dir: PathBuf) -> Result<Self, Failure> {
        std::fs::create_dir_all(&dir).map_err(failed)?;
        let settings =
            simorg::Settings { duplicates: DuplicateSettings::none(), ..simorg::Settings::default() };
        let text = toml::to_string(&settings).map_err(|error| failed(io::Error::other(error)))?;
        std::fs::write(dir.join("org.toml"), text).map_err(failed)?;
        let org = OrgProcess::start(&dir.join("org.toml")).await?;
        let about = org.control.json("GET", "/", &[], &Value::Null).map_err(failed)?;
        let of = |name: &str| about[name].as_str().unwrap_or_default();
        write_private(&dir.join("client_secret"), of("client_secret"))?;
        let config = CONFIG.replace("{url}", &org.url).replace("{client_id}", of("client_id"));
        std::fs::write(dir.join("highwater.toml"), config).map_err(failed)?;
        Ok(Self { dir, org })
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.dir.join("highwater.toml")
    }

    /// The supporter database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.dir.join("supporters.db")
    }

    /// A second folder for the same org, with a copy of the database as it stands: for another program on the same rows.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn beside(&self, dir: PathBuf) -> Result<PathBuf, Failure> {
        std::fs::create_dir_all(&dir).map_err(failed)?;
        for name in ["highwater.toml", "client_secret", "supporters.db"] {
            std::fs::copy(self.dir.join(name), dir.join(name)).map_err(failed)?;
        }
        Ok(dir.join("highwater.toml"))
    }

    /// Fills the database with supporters whom the org has never heard of.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn fill_supporters(&self, sources: &[Twins], count: usize) -> Result<(), Failure> {
        let database = Database::make_bare(&self.database())?;
        let mut people = people::supporters(sources, count);
        loop {
            let rows: Vec<_> = people
                .by_ref()
                .take(CHUNK)
                .map(|person| {
                    let stamp = person.modified_at.clone();
                    (person, None, stamp)
                })
                .collect();
            if rows.is_empty() {
                break;
            }
            database.add(&rows)?;
        }
        database.index()
    }

    /// Fills both sides with the same people: every second supporter carries its Contact's Id, the others are known by
    /// address and names.
    ///
    /// # Errors
    /// When a side cannot be written.
    pub fn fill_both(&self, sources: &[Twins], count: usize) -> Result<(), Failure> {
        let database = Database::make_bare(&self.database())?;
        let mut people = people::pairs(sources, count);
        loop {
            let (supporters, contacts): (Vec<_>, Vec<_>) = people.by_ref().take(CHUNK).unzip();
            if supporters.is_empty() {
                break;
            }
            let rows: Vec<_> = contacts.iter().map(|contact| contact.to_json(&contact.modified_at)).collect();
            let seed = json!({"object": "Contact", "rows": rows});
            let seeded = self.org.control.json("POST", "/seed", &[], &seed).map_err(failed)?;
            let ids = seeded["ids"].as_array().cloned().unwrap_or_default();
            let known = |at: usize| {
                ids.get(at).filter(|_| at.is_multiple_of(2)).and_then(Value::as_str).map(str::to_owned)
            };
            let rows: Vec<_> = supporters
                .into_iter()
                .enumerate()
                .map(|(at, person)| {
                    let stamp = person.modified_at.clone();
                    (person, known(at), stamp)
                })
                .collect();
            database.add(&rows)?;
        }
        database.index()
    }
}

/// Removes the folder and all in it when it is dropped.
pub struct Folder(PathBuf);

impl Folder {
    /// A new folder for a benchmark, below `parent` or where the system keeps what is temporary.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make(parent: Option<&Path>) -> Result<Self, Failure> {
        let parent = parent.map_or_else(std::env::temp_dir, Path::to_owned);
        let path = parent.join(format!("highwater-bench-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&path).map_err(failed)?;
        Ok(Self(path))
    }

    /// A folder in it.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed lies where the system cleans up.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const CONFIG: &str = r#"# Written by `highwater bench`.

[salesforce]
login_url = "{url}"
client_id = "{client_id}"
client_secret_file = "client_secret"
allow_plain_http = "yes_for_simulated_org"

[supporters]
kind = "sqlite"
path = "supporters.db"
table = "supporters"
contact_id_column = "sf_contact_id"

[contact_fields]
push_marker = "EN_Push__c"

[[field]]
contact = "LastName"
column = "last_name"

[[field]]
contact = "FirstName"
column = "first_name"

[[field]]
contact = "Email"
column = "email"

[[field]]
contact = "MailingStreet"
columns = ["address_1", "address_2"]

[[field]]
contact = "MailingCity"
column = "city"

[[field]]
contact = "MailingState"
column = "region"

[[field]]
contact = "MailingPostalCode"
column = "postcode"

[[field]]
contact = "MailingCountry"
column = "country"

[[field]]
contact = "HomePhone"
column = "phone"

[[field]]
contact = "Email_Opt_In__c"
column = "opt_in_email"
yes = "Y"
no = "N"
"#;
