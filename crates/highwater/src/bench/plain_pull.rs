//! The baseline of a first pull: one query of all Contacts, and one statement for each: by Contact Id, else by address. It
//! overwrites what it finds, asks no names, and remembers nothing.

use rusqlite::CachedStatement;
use serde_json::json;

use super::figures::Figures;
use super::plain::{JOBS, Plain, open, other};
use crate::config::Config;
use crate::failure::Failure;

const SOQL: &str = "SELECT Id, LastName, FirstName, Email, MailingStreet, MailingCity, MailingState, MailingPostalCode, \
                    MailingCountry, HomePhone, Email_Opt_In__c FROM Contact";
const BY_ID: &str = "UPDATE supporters SET last_name = ?2, first_name = ?3, email = ?4, address_1 = ?5, address_2 = NULL, \
                     city = ?6, region = ?7, postcode = ?8, country = ?9, phone = ?10, opt_in_email = ?11 \
                     WHERE sf_contact_id = ?1";
const BY_EMAIL: &str = "UPDATE supporters SET sf_contact_id = ?1, last_name = ?2, first_name = ?3, address_1 = ?5, \
                        address_2 = NULL, city = ?6, region = ?7, postcode = ?8, country = ?9, phone = ?10, \
                        opt_in_email = ?11 WHERE email = ?4 AND sf_contact_id IS NULL";

/// Pulls everybody once.
///
/// # Errors
/// When a side cannot be reached.
pub async fn pull(config: &Config) -> Result<Figures, Failure> {
    let mut plain = Plain::sign_in(config)?;
    let mut connection = open(config)?;
    let job = plain.json("POST", &format!("{JOBS}/query"), &json!({"operation": "query", "query": SOQL}))?;
    let job = format!("{JOBS}/query/{}", job["id"].as_str().unwrap_or_default());
    plain.wait(&job).await?;
    let (mut people, mut writes) = (0, 0);
    let mut locator = String::new();
    loop {
        let reply = plain.csv(&format!("{job}/results?maxRecords=50000{locator}"))?;
        let next = reply
            .header("Sforce-Locator")
            .filter(|next| *next != "null" && !next.is_empty())
            .map(str::to_owned);
        let mut rows = csv::ReaderBuilder::new().from_reader(reply.body);
        let transaction = connection.transaction().map_err(other)?;
        {
            let mut updates = [BY_ID, BY_EMAIL].map(|sql| transaction.prepare_cached(sql));
            let mut record = csv::StringRecord::new();
            while rows.read_record(&mut record).map_err(other)? {
                people += 1;
                writes += write(&mut updates, &record)?;
            }
        }
        transaction.commit().map_err(other)?;
        let Some(next) = next else { break };
        locator = format!("&locator={next}");
    }
    Ok(Figures { people, writes, calls: plain.calls, ..Figures::default() })
}

fn write(
    updates: &mut [Result<CachedStatement<'_>, rusqlite::Error>; 2],
    record: &csv::StringRecord,
) -> Result<u64, Failure> {
    for update in updates {
        let update =
            update.as_mut().map_err(|_| Failure::Unexpected("the baseline's table is another one"))?;
        for (at, text) in record.iter().enumerate() {
            let yes_no = if text == "true" { "Y" } else { "N" };
            let text = if at == 10 { yes_no } else { text };
            update.raw_bind_parameter(at + 1, Some(text).filter(|text| !text.is_empty())).map_err(other)?;
        }
        let done = update.raw_execute().map_err(other)?;
        if done > 0 {
            return Ok(done as u64);
        }
    }
    Ok(0)
}
