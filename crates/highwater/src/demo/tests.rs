//! The whole demo on a few hundred people, and its folder afterwards.

use std::sync::Arc;

use plan::Quiet;
use serde_json::Value as Json;

use super::simulated::{Simulated, beside};
use super::{Choices, run};
use crate::config::{Environment, load};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Screen};

const ROWS: usize = 300;

async fn demo(dir: &std::path::Path, force: bool) -> Result<(Vec<String>, Json), Failure> {
    let choices = Choices { dir: dir.to_owned(), rows: ROWS, seed: 7, force };
    let ended = run(&choices, Arc::new(Quiet), &Screen::of_process(Format::Json)).await?;
    ended.world.simulated.org.shutdown().await;
    Ok((ended.failed, ended.json))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_of_three_hundred_people_passes_and_its_numbers_add_up() {
    // GIVEN an empty folder WHEN the demo is played in it
    let folder = tempfile::tempdir().unwrap();
    let (failed, json) = demo(folder.path(), false).await.unwrap();
    // THEN nothing failed
    assert_eq!(failed, [""; 0]);
    // AND most people are linked, rightly
    let number =
        |path: &str| json.pointer(path).and_then(Json::as_u64).unwrap_or_else(|| panic!("no {path}"));
    assert_eq!(number("/people/supporters"), ROWS as u64);
    assert!(json["links"]["precision"].as_f64().unwrap() >= 0.998, "{}", json["links"]);
    assert!(json["links"]["recall"].as_f64().unwrap() > 0.6, "{}", json["links"]);
    assert_eq!(number("/links/right") + number("/links/missed"), number("/people/on_both_sides"));
    // AND the hour was delivered: all of it, both ways, with new people on both sides
    assert!(number("/expected/checked") > 150);
    assert_eq!(number("/expected/held"), number("/expected/checked"));
    assert_eq!(number("/cycle/outcomes/contact_created"), 10);
    assert_eq!(number("/cycle/outcomes/blocked:STRING_TOO_LONG"), 1);
    assert_eq!(number("/cycle/outcomes/case:contact_deleted"), 1);
    assert_eq!(number("/cycle/rows/sent"), number("/cycle/rows/succeeded") + number("/cycle/rows/failed"));
    // AND then there is silence
    assert_eq!(
        (number("/quiet/rows/sent"), number("/quiet/supporter_writes"), number("/left_to_write")),
        (0, 0, 0)
    );
    // AND a second demo refuses the folder, unless it is told to replace the first
    assert!(matches!(demo(folder.path(), false).await, Err(Failure::Arguments { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_in_a_folder_is_served_once_and_goes_on_where_it_stopped() {
    // GIVEN a folder with an org that holds one Contact
    let folder = tempfile::tempdir().unwrap();
    let place = super::folder::Folder::make(folder.path(), false).unwrap();
    let org = simorg::Org::start(super::org::settings(1)).await.unwrap();
    let path = place.write_config(&org).unwrap();
    let row = serde_json::json!({ "LastName": "Smith" });
    let id = org.create_as(&org.person(), "Contact", &row).unwrap();
    let first = Simulated::found(org, &place.org()).unwrap();
    first.save().unwrap();
    let config = || load(&path, None, &Environment::default()).unwrap();
    // WHEN a command runs while it is served THEN it is sent to the one that is there
    let served = first.org.url().to_owned();
    let there = async |config: crate::config::Config| {
        assert_eq!(config.salesforce.login_url, served);
        Ok(Exit::Done)
    };
    assert_eq!(beside(config(), there).await.unwrap(), Exit::Done);
    // WHEN nobody serves it THEN a command starts it, with the Contact in it
    drop(first);
    let alone = async |config: crate::config::Config| {
        let client = crate::wire::org::org(&config, &model::Clock::system())?;
        assert_eq!(client.identity().await?.org_id.to_string(), config.salesforce.expected_org_id.unwrap());
        Ok(Exit::Done)
    };
    assert_eq!(beside(config(), alone).await.unwrap(), Exit::Done);
    let again = Simulated::start(&place.org()).await.unwrap().unwrap();
    assert_eq!(again.org.records("Contact")[0]["Id"], id.as_str());
}

#[tokio::test]
async fn a_file_that_holds_no_org_is_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("org.json");
    std::fs::write(&file, "{}\n").unwrap();
    let refused = Simulated::start(&file).await.err().unwrap();
    assert!(refused.to_string().contains("line 1"), "{refused}");
}
