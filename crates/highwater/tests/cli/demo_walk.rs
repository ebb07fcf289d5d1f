//! The walk on the demo's own people, through the program: an org with everything that refuses (translated alerts, a phone rule,
//! households), couples, ties, and Contacts merged by hand. Every refusal ends in a link, a case or a block, nobody is linked to somebody
//! else, the report names whoever is there twice, and what it says to merge, merged as it says, leaves nothing to do.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value, json as value};
use simorg::Settings;
use simorg::duplicate::{
    DuplicateAction, DuplicateRule, DuplicateSettings, MatchItem, MatchMethod, MatchingRule, RuleUse,
};

use crate::stage::{Stage, err, json, out};

const SUPPORTERS: &str = include_str!("../../data/people/supporters.csv");
const CONTACTS: &str = include_str!("../../data/people/contacts.csv");
const TRUTH: &str = include_str!("../../data/people/truth.csv");
/// How many of the demo's 5,000 supporters take part, unless `HIGHWATER_WALK_PEOPLE` says otherwise.
const PEOPLE: usize = 500;

fn people() -> usize {
    std::env::var("HIGHWATER_WALK_PEOPLE").ok().and_then(|count| count.parse().ok()).unwrap_or(PEOPLE)
}

/// How many Contacts are merged in the org by hand.
const MERGED: usize = 50;
/// Where the ids of those added for a purpose begin.
const ADDED: i64 = 90_000;

type Row = HashMap<String, String>;

fn rows(text: &str) -> Vec<Row> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().collect::<Result<_, _>>().unwrap()
}

/// An org that refuses for every reason there is.
fn org() -> Settings {
    let mut settings = Settings::default();
    settings.npsp.households = true;
    settings.duplicates =
        DuplicateSettings::name_and_email(DuplicateAction::Alert, "Un de ces enregistrements existe déjà");
    let rules = [
        ("Phone", "Contact", "HomePhone", DuplicateAction::Block),
        ("House", "Account", "Name", DuplicateAction::Alert),
    ];
    for (name, object, field, action) in rules {
        settings.duplicates.matching_rules.push(MatchingRule {
            name: format!("{name}_Match"),
            object: object.into(),
            items: vec![MatchItem::new(field, MatchMethod::Exact)],
            equation: String::new(),
        });
        settings.duplicates.rules.push(DuplicateRule {
            name: name.into(),
            object: object.into(),
            uses: vec![RuleUse { matching_rule: format!("{name}_Match"), field_mapping: Vec::new() }],
            on_create: action,
            on_edit: DuplicateAction::Report,
            alert_text: "Utilisez l'un de ces enregistrements".into(),
            excluded_users: Vec::new(),
        });
    }
    settings
}

struct Walk {
    stage: Stage,
    /// Who is whom: each supporter with their Contact.
    truth: BTreeMap<i64, String>,
    /// Supporters and Contacts that are one person, beyond one of each.
    twice: Vec<(Vec<i64>, Vec<String>)>,
    /// Contacts who are none of the supporters.
    strangers: Vec<String>,
}

impl Walk {
    async fn set() -> Self {
        let stage = Stage::set_with(org()).await;
        stage
            .sql(
                "DROP TABLE supporters; CREATE TABLE supporters (supporter_id INTEGER PRIMARY KEY, last_name TEXT, first_name TEXT, \
                 email TEXT, phone TEXT, city TEXT, merged_into TEXT, contact_id TEXT, modified_at TEXT)",
            )
            .await;
        stage.reconfigure(
            "contact_id_column = \"contact_id\"",
            "contact_id_column = \"contact_id\"\nmerged_into_column = \"merged_into\"",
        );
        // As its administrator would after the first refusals: the rules' alerts are in the org's own language.
        stage.reconfigure(
            "[salesforce]",
            "[salesforce]\nduplicate_alert_texts = [\"Utilisez l'un de ces enregistrements\", \"Un de ces enregistrements existe\"]",
        );
        stage.reconfigure("contact = \"Phone\"", "contact = \"HomePhone\"");
        stage.reconfigure("[[field]]\ncontact = \"LastName\"", "[sync]\nmatch_before_create = false\ndirect_calls = 0\n\n[[field]]\ncontact = \"MailingCity\"\ncolumn = \"city\"\n\n[[field]]\ncontact = \"LastName\"");
        Self { stage, truth: BTreeMap::new(), twice: Vec::new(), strangers: Vec::new() }
    }

    fn contact(&self, fields: &[(&str, &str)]) -> String {
        let filled = fields.iter().filter(|(_, text)| !text.is_empty());
        let row: Map<String, Value> =
            filled.map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
        self.stage.org.seed("Contact", vec![row]).unwrap().remove(0)
    }

    async fn supporter(&self, id: i64, [first, last, email, phone, city]: [&str; 5]) {
        let quoted = [last, first, email, phone, city].map(|text| match text {
            "" => "NULL".to_owned(),
            text => format!("'{}'", text.replace('\'', "''")),
        });
        let values = quoted.join(", ");
        self.stage
            .sql(&format!(
                "INSERT INTO supporters VALUES ({id}, {values}, NULL, NULL, strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-1 seconds'))"
            ))
            .await;
    }

    /// The demo's people as they are, with their Contacts where they have one.
    async fn demo(&mut self) {
        let mut contacts: HashMap<String, Row> =
            rows(CONTACTS).into_iter().map(|row| (row["key"].clone(), row)).collect();
        let of: HashMap<String, String> = rows(TRUTH)
            .into_iter()
            .map(|row| (row["supporter_id"].clone(), row["contact_key"].clone()))
            .collect();
        for row in rows(SUPPORTERS).into_iter().take(people()) {
            let id: i64 = row["supporter_id"].parse().unwrap();
            if let Some(there) = of.get(&row["supporter_id"]).and_then(|key| contacts.remove(key)) {
                let names = ["FirstName", "LastName", "Email", "MailingCity", "HomePhone"];
                let contact = self.contact(&names.map(|name| (name, there[name].as_str())));
                self.truth.insert(id, contact);
            }
            let cells = ["first_name", "last_name", "email", "phone", "city"].map(|name| row[name].as_str());
            self.supporter(id, cells).await;
        }
    }

    /// What the demo has too little of: ties, couples at one address, a stranger's phone, households of that name, people there twice.
    async fn trouble(&mut self) {
        for n in 0..5_i64 {
            let last = format!("Quorn{}", char::from(b'a' + u8::try_from(n).unwrap()));
            let at = |what: &str| format!("{what}.{last}@example.org").to_lowercase();
            let contact = |first: &str, email: &str, phone: &str| {
                self.contact(&[
                    ("FirstName", first),
                    ("LastName", &last),
                    ("Email", email),
                    ("HomePhone", phone),
                ])
            };
            let tie = vec![contact("Ann", &at("tie"), ""), contact("Ann", &at("tie"), "")];
            self.supporter(ADDED + n, ["Ann", &last, &at("tie"), "", ""]).await;
            let walter = contact("Walter", &at("couple"), "");
            self.supporter(ADDED + 10 + n, ["Walter", &last, &at("couple"), "", ""]).await;
            self.supporter(ADDED + 20 + n, ["Ottilie", &last, &at("couple"), "", ""]).await;
            let phone = format!("0401 555 10{n}");
            let zoe = self.contact(&[("FirstName", "Zoe"), ("LastName", "Stranger"), ("HomePhone", &phone)]);
            self.supporter(ADDED + 30 + n, ["Uma", &last, &at("phone"), &phone, ""]).await;
            // Of another name: a household of the couple's would be refused for its own sake.
            let other = format!("Quill{n}");
            let eva = self.contact(&[
                ("FirstName", "Eva"),
                ("LastName", &other),
                ("Email", &at("twice")),
                ("HomePhone", ""),
            ]);
            self.supporter(ADDED + 50 + n, ["Eva", &other, &at("twice"), "", ""]).await;
            self.supporter(ADDED + 60 + n, ["Eva", &other, &at("twice"), "", ""]).await;
            self.twice.push((vec![ADDED + n], tie));
            self.twice.push((vec![ADDED + 50 + n, ADDED + 60 + n], vec![eva]));
            self.truth.insert(ADDED + 10 + n, walter);
            self.strangers.push(zoe);
            let house = value!({"Name": format!("House{last} Household")});
            let Value::Object(house) = house else { unreachable!("an object was written") };
            self.stage.org.seed("Account", vec![house]).unwrap();
            self.supporter(ADDED + 70 + n, ["Ida", &format!("House{last}"), &at("house"), "", ""]).await;
        }
    }

    /// Fifty linked people's Contacts are merged in the org with a second one, either way round.
    async fn merge_by_hand(&mut self) {
        let linked: Vec<(i64, String)> = self.links().await.into_iter().take(MERGED).collect();
        assert_eq!(linked.len(), MERGED, "enough people are linked");
        let admin = self.stage.org.admin();
        for (n, (id, contact)) in linked.into_iter().enumerate() {
            let second = self.contact(&[("FirstName", "Maximilian"), ("LastName", &format!("Second{n}"))]);
            let (master, loser) = if n % 2 == 0 { (contact, second) } else { (second, contact) };
            admin.merge_as(&admin.person(), "Contact", &master, &[loser.as_str()]).unwrap();
            self.truth.insert(id, master);
        }
        self.later();
    }

    fn later(&self) {
        self.stage.org.clock().advance(std::time::Duration::from_secs(120));
    }

    async fn sync(&self) -> Value {
        let synced = self.stage.run("sync --format json").await;
        assert!(matches!(synced.status.code(), Some(0 | 3)), "{}{}", out(&synced), err(&synced));
        json(&synced)
    }

    /// Whoever is in step, with the Contact.
    async fn links(&self) -> BTreeMap<i64, String> {
        let listed = json(&self.stage.run("status --synced --format json").await);
        let of = |line: &Value| {
            Some((line["supporter"].as_str()?.parse().ok()?, line["contact"].as_str()?.to_owned()))
        };
        listed.as_array().unwrap().iter().filter_map(of).collect()
    }

    /// Nobody is linked to somebody else, and whoever is not in step has a reason.
    async fn nobody_is_wrong_and_nobody_forgotten(&self) {
        let links = self.links().await;
        // A Contact that was there before is linked to whoever it is. One that we made is nobody else's.
        let mut whose: HashMap<&str, Vec<i64>> =
            self.strangers.iter().map(|contact| (contact.as_str(), Vec::new())).collect();
        whose.extend(self.truth.iter().map(|(id, contact)| (contact.as_str(), vec![*id])));
        for (supporters, contacts) in &self.twice {
            whose.extend(contacts.iter().map(|contact| (contact.as_str(), supporters.clone())));
        }
        for (id, contact) in &links {
            let right = whose.get(contact.as_str()).is_none_or(|people| people.contains(id));
            assert!(right, "supporter {id} is linked to somebody else's {contact}");
        }
        let found = links.iter().filter(|(id, contact)| self.truth.get(id) == Some(contact)).count();
        assert!(found * 10 >= self.truth.len() * 6, "{found} of {} were found", self.truth.len());
        let others = json(&self.stage.run("status --not-synced --format json").await);
        for line in others.as_array().unwrap() {
            let (standing, reason) = (line["standing"].as_str().unwrap(), line["reason"].as_str().unwrap());
            let ends = match standing {
                "blocked" | "case" => true,
                "not_linked" => ["no_last_name", "merged_away"].contains(&reason),
                _ => false,
            };
            assert!(ends, "a refusal that ended nowhere: {line}");
        }
    }

    /// The groups that somebody should merge, one entry each.
    async fn groups(&self) -> Vec<Value> {
        let written = self.stage.run("report merges --format json --output merges.json").await;
        assert_eq!(written.status.code(), Some(0), "{}", err(&written));
        let cases: Vec<Value> = serde_json::from_str(&self.stage.read("merges.json")).unwrap();
        let mut seen = BTreeSet::new();
        let groups = cases.into_iter().map(|mut case| case["group"].take());
        groups.filter(|group| seen.insert(group["id"].to_string())).collect()
    }

    /// As the report says: supporters first, then Contacts.
    async fn merge(&self, group: &Value) {
        let ids = |name: &str| -> Vec<String> {
            let list = group[name].as_array().into_iter().flatten();
            list.filter_map(|id| id.as_str().map(str::to_owned)).collect()
        };
        if let Some(keep) = group["keep_supporter"].as_str() {
            for loser in ids("supporters").iter().filter(|id| *id != keep) {
                self.stage
                    .sql(&format!(
                        "UPDATE supporters SET merged_into = '{keep}', modified_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-1 seconds') \
                         WHERE supporter_id = {loser}"
                    ))
                    .await;
            }
        }
        let admin = self.stage.org.admin();
        if let Some(keep) = group["keep_contact"].as_str() {
            for loser in ids("contacts").iter().filter(|id| *id != keep) {
                admin.merge_as(&admin.person(), "Contact", keep, &[loser.as_str()]).unwrap();
            }
        }
    }
}

fn names(group: &Value, list: &str, id: &str) -> bool {
    group[list].as_array().is_some_and(|all| all.iter().any(|one| one == id))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demos_people_in_an_org_that_refuses_come_to_one_contact_each() {
    let mut walk = Walk::set().await;
    walk.demo().await;
    let first = walk.sync().await;
    assert!(first["duplicates_refused"].as_u64().unwrap() > 50, "{first}");
    walk.later();
    walk.merge_by_hand().await;
    walk.trouble().await;
    let second = walk.sync().await;
    assert!(second["duplicates_refused"].as_u64().unwrap() >= 15, "{second}");
    walk.later();
    walk.sync().await;
    // THEN every refusal ended, and nobody is linked to somebody else
    walk.nobody_is_wrong_and_nobody_forgotten().await;
    walk.later();
    let quiet = walk.sync().await;
    assert_eq!((&quiet["rows"]["sent"], &quiet["supporter_writes"]), (&0.into(), &0.into()), "{quiet}");
    // THEN the report names everybody who is there twice, together
    let groups = walk.groups().await;
    for (supporters, contacts) in &walk.twice {
        let whole = |group: &&Value| {
            supporters.iter().all(|id| names(group, "supporters", &id.to_string()))
                && contacts.iter().all(|id| names(group, "contacts", id))
        };
        assert!(
            groups.iter().any(|group| whole(&group)),
            "{supporters:?} and {contacts:?} are not one group"
        );
    }
    // WHEN what it says is merged
    for group in groups.iter().filter(|group| group["action"] == "merge") {
        walk.merge(group).await;
    }
    walk.later();
    walk.sync().await;
    walk.later();
    walk.sync().await;
    // THEN it is verified, and the next cycle writes nothing
    let verified = json(&walk.stage.run("report merges --verify --against merges.json --format json").await);
    let verdicts: Vec<&Value> =
        verified.as_array().unwrap().iter().filter(|group| group["verdict"] != "merged").collect();
    assert!(verdicts.is_empty(), "{verdicts:#?}");
    walk.later();
    let quiet = walk.sync().await;
    assert_eq!((&quiet["rows"]["sent"], &quiet["supporter_writes"]), (&0.into(), &0.into()), "{quiet}");
    walk.nobody_is_wrong_and_nobody_forgotten().await;
}
