//! The demo's folder: what is in it, and the configuration that every other command can use.

use std::path::{Path, PathBuf};

use super::simulated::{unwritten, write_private};
use crate::failure::Failure;

/// What the demo makes, and `--force` removes.
const FILES: [&str; 9] = [
    "highwater.toml",
    "client_secret",
    "org.json",
    "org.json.url",
    "org.json.lock",
    "supporters.db",
    "supporters.db-wal",
    "supporters.db-shm",
    "merges.csv",
];
const STATE: &str = "highwater-state";

/// A folder for one demo.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes the folder. One that holds anything is refused; with `force`, what an earlier demo left there is removed.
    ///
    /// # Errors
    /// When it holds something, or cannot be made.
    pub fn make(path: &Path, force: bool) -> Result<Self, Failure> {
        let failed = |source| unwritten(path, source);
        std::fs::create_dir_all(path).map_err(failed)?;
        if force {
            for name in FILES {
                gone(std::fs::remove_file(path.join(name))).map_err(failed)?;
            }
            gone(std::fs::remove_dir_all(path.join(STATE))).map_err(failed)?;
        } else if std::fs::read_dir(path).map_err(failed)?.next().is_some() {
            return Err(Failure::Arguments {
                problem: format!("the folder {} is not empty", path.display()),
                advice: "name another folder, or replace an earlier demo with --force",
            });
        }
        Ok(Self(path.to_owned()))
    }

    /// A file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The saved org.
    #[must_use]
    pub fn org(&self) -> PathBuf {
        self.file("org.json")
    }

    /// Writes the configuration and the simulated app's secret.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write_config(&self, org: &simorg::Org) -> Result<PathBuf, Failure> {
        write_private(&self.file("client_secret"), &org.client_secret())?;
        let path = self.file("highwater.toml");
        let text = CONFIG.replace("{client_id}", &org.client_id()).replace("{org_id}", &org.org_id());
        std::fs::write(&path, text).map_err(|source| unwritten(&path, source))?;
        Ok(path)
    }
}

fn gone(removed: std::io::Result<()>) -> std::io::Result<()> {
    match removed {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

const CONFIG: &str = r#"# Written by `highwater demo`. Every command can be tried in this folder; nothing here reaches Salesforce.
#
#   highwater status                        highwater report merges
#   highwater sync                          highwater resync 1042
#
# Change a supporter with any SQLite client (and move its modified_at), then sync.

[salesforce]
# Replaced by the address of the simulated org below, which every command starts for itself.
login_url = "http://127.0.0.1"
client_id = "{client_id}"
client_secret_file = "client_secret"
expected_org_id = "{org_id}"
allow_plain_http = "yes_for_simulated_org"
poll_longest_seconds = 1

# The simulated org lives in this file and is saved there when a command ends.
[simulated_org]
file = "org.json"

[supporters]
kind = "sqlite"
path = "supporters.db"
table = "supporters"
contact_id_column = "sf_contact_id"

[sync]
# A Contact without a supporter becomes one, if it has an address. The demo's first load ran without this.
create_supporters = true

[contact_fields]
# The org has both Engaging Networks Flows; this tells them that a save is ours.
push_marker = "EN_Push__c"

# Where two records meet for the first time and differ, what people typed themselves wins over what was keyed in by hand.
# Afterwards the default holds: where both sides changed a field, Salesforce wins; of two consents, the "no".
[[field]]
contact = "LastName"
column = "last_name"
first_link = "supporter"

[[field]]
contact = "FirstName"
column = "first_name"
first_link = "supporter"

[[field]]
contact = "Email"
column = "email"
first_link = "supporter"

[[field]]
contact = "MailingStreet"
columns = ["address_1", "address_2"]
first_link = "supporter"

[[field]]
contact = "MailingCity"
column = "city"
first_link = "supporter"

[[field]]
contact = "MailingState"
column = "region"
first_link = "supporter"

[[field]]
contact = "MailingPostalCode"
column = "postcode"
first_link = "supporter"

[[field]]
contact = "MailingCountry"
column = "country"
first_link = "supporter"

[[field]]
contact = "HomePhone"
column = "phone"
first_link = "supporter"

[[field]]
contact = "Email_Opt_In__c"
column = "opt_in_email"
yes = "Y"
no = "N"
"#;
