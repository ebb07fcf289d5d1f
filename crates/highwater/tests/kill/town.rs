//! A few people on both sides, edited before each run, and what must be so when two runs have gone well.

use std::process::Output;
use std::time::Duration;

use serde_json::{Value as Json, json};
use simorg::Progress;

use crate::stage::{Stage, err, json, out};

/// Both sides.
pub struct Town {
    pub stage: Stage,
    round: u32,
    /// How many people there are on each side.
    people: usize,
}

fn contact_of(contacts: &[Json], supporter: u32) -> Vec<&Json> {
    let key = supporter.to_string();
    contacts.iter().filter(|contact| contact["EN_Supporter_Id__c"] == key.as_str()).collect()
}

/// The id of a round's newcomer: far above those that the database gives out itself.
const fn newcomer(round: u32) -> u32 {
    round * 1_000
}

impl Town {
    /// Two linked people and one that cannot be sent.
    pub async fn founded() -> Self {
        let stage = Stage::set().await;
        stage.reconfigure(
            "[state]",
            "[sync]\ncreate_supporters = true\nbatch_people = 2\ndirect_calls = 0\n\n[state]",
        );
        let loaded = stage.run("backfill").await;
        assert_eq!(loaded.status.code(), Some(0), "{}", err(&loaded));
        Self { stage, round: 0, people: 2 }
    }

    /// Edits on both sides, and somebody new on each.
    pub async fn lives(&mut self) {
        self.round += 1;
        let round = self.round;
        let stamp = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-2 seconds')";
        self.stage
            .sql(&format!("UPDATE supporters SET phone = '555-1{round:05}', modified_at = {stamp} WHERE supporter_id = 1"))
            .await;
        let id = newcomer(round);
        self.stage
            .sql(&format!(
                "INSERT INTO supporters (supporter_id, last_name, first_name, email, phone, contact_id, modified_at) VALUES ({id}, 'Neighbour{round}', 'Sam', 'sam{round}@example.org', NULL, NULL, {stamp})"
            ))
            .await;
        let person = self.stage.org.person();
        let contacts = self.stage.org.records("Contact");
        let ann = contact_of(&contacts, 2)[0]["Id"].as_str().unwrap().to_owned();
        let edit = json!({"Phone": format!("555-2{round:05}")});
        self.stage.org.edit_as(&person, "Contact", &ann, &edit).unwrap();
        let new = json!({"FirstName": "Kim", "LastName": format!("Villager{round}"), "Email": format!("kim{round}@example.org")});
        self.stage.org.create_as(&person, "Contact", &new).unwrap();
        self.stage.org.clock().advance(Duration::from_secs(120));
        self.people += 2;
    }

    /// Runs a cycle that dies at this point when it comes by the `nth` time. Gives whether it did.
    pub async fn dies(&self, line: &str, point: &str, nth: u32) -> bool {
        let mut command = self.stage.command(line);
        command.env("HIGHWATER_DIE_AT", format!("{point}:{nth}"));
        let ended = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let aborted = std::os::unix::process::ExitStatusExt::signal(&ended.status) == Some(6);
        assert!(aborted || ended.status.code().is_some(), "{point}: {ended:?}");
        aborted
    }

    async fn quiet(&self, what: &str) -> Json {
        self.stage.org.progress(Progress::Auto);
        while self.stage.org.step_jobs() > 0 {}
        self.stage.org.clock().advance(Duration::from_secs(120));
        let ended: Output = self.stage.run("sync --format json").await;
        assert_eq!(ended.status.code(), Some(0), "{what}: {}{}", err(&ended), out(&ended));
        json(&ended)
    }

    /// Two runs in quiet; then both sides agree, a third writes nothing, and nothing is left over.
    pub async fn agrees(&self, what: &str) {
        self.stage.org.clear_faults();
        for _ in 0..2 {
            self.quiet(what).await;
        }
        let last = self.quiet(what).await;
        assert_eq!(
            (&last["rows"]["sent"], &last["supporter_writes"]),
            (&json!(0), &json!(0)),
            "{what}: {last}"
        );
        let (contacts, rows) = (self.stage.org.records("Contact"), self.stage.rows().await);
        assert_eq!(contacts.len(), self.people, "{what}: Contacts");
        // One supporter has no last name and is never sent.
        assert_eq!(rows.len(), self.people + 1, "{what}: supporters");
        let round = self.round;
        let jo = contact_of(&contacts, 1);
        assert_eq!(jo.len(), 1, "{what}");
        if round > 0 {
            assert_eq!(jo[0]["Phone"], format!("555-1{round:05}"), "{what}: the supporter's edit");
            let phone: String =
                format!("555-2{round:05}").bytes().map(|byte| format!("{byte:02X}")).collect();
            assert!(rows.iter().any(|row| row.contains(&phone)), "{what}: the Contact's edit: {rows:?}");
        }
        for round in 1..=round {
            assert_eq!(
                contact_of(&contacts, newcomer(round)).len(),
                1,
                "{what}: the newcomer of round {round}"
            );
            let name = format!("Villager{round}");
            let theirs: Vec<_> = contacts.iter().filter(|contact| contact["LastName"] == name).collect();
            assert_eq!(theirs.len(), 1, "{what}: {name}");
            assert!(theirs[0]["EN_Supporter_Id__c"].is_string(), "{what}: {name} became a supporter");
        }
        let open = self.stage.org.jobs().iter().filter(|job| format!("{:?}", job.state) == "Open").count();
        assert_eq!(open, 0, "{what}: open jobs are left");
        let spool = std::fs::read_dir(self.stage.path("simulated-state/spool")).unwrap().count();
        assert_eq!(spool, 0, "{what}: files are left in the spool");
    }
}
