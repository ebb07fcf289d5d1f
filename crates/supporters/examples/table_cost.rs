//! What one row costs: `cargo run --release -p supporters --example table_cost -- [ROWS]`.
//!
//! Makes a SQLite file of made-up people with twelve columns and indexes where a real table has them, and times the calls a
//! cycle makes, in batches of 2,000: processor time of the whole process, SQLite's part included.

use std::time::Instant;

use model::{Cell, ContactId, Stamp, SupporterId, Window};
use supporters::{Applied, ContactIdWrite, Sqlite, SupporterWrite, Supporters, Table};

const BATCH: usize = 2_000;
const COLUMNS: [&str; 11] = [
    "email",
    "first_name",
    "last_name",
    "address_1",
    "address_2",
    "city",
    "region",
    "postcode",
    "country",
    "phone",
    "opt_in_email",
];

fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    fields.split_ascii_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok()).sum::<f64>()
        / 100.0
}

fn fill(path: &std::path::Path, rows: usize) -> Result<(), rusqlite::Error> {
    let mut db = rusqlite::Connection::open(path)?;
    db.execute_batch(
        "PRAGMA journal_mode = WAL;
         CREATE TABLE supporters (supporter_id INTEGER PRIMARY KEY, email TEXT, first_name TEXT, last_name TEXT,
            address_1 TEXT, address_2 TEXT, city TEXT, region TEXT, postcode TEXT, country TEXT, phone TEXT,
            opt_in_email TEXT, sf_contact_id TEXT, modified_at TEXT);
         CREATE INDEX supporters_modified_at ON supporters (modified_at);
         CREATE INDEX supporters_email ON supporters (email);
         CREATE INDEX supporters_contact ON supporters (sf_contact_id);",
    )?;
    let all = db.transaction()?;
    {
        let mut insert = all.prepare("INSERT INTO supporters VALUES (?,?,?,?,?,?,?,?,?,?,?,?,NULL,?)")?;
        for n in 0..rows {
            let minute = n / 40;
            insert.execute((
                i64::try_from(n).unwrap_or(0) + 10_000,
                format!("person.{n}@example.org"),
                format!("First{}", n % 977),
                format!("Lastname{}", n % 7_919),
                format!("{} Long Street", n % 400),
                None::<&str>,
                "Springfield",
                "NSW",
                format!("{:04}", n % 9_999),
                "Australia",
                format!("02 {:08}", n),
                if n % 3 == 0 { "Y" } else { "N" },
                format!(
                    "2026-{:02}-{:02}T{:02}:{:02}:{:02}Z",
                    1 + minute / 40_000 % 9,
                    1 + minute / 1_440 % 28,
                    minute / 60 % 24,
                    minute % 60,
                    n % 40
                ),
            ))?;
        }
    }
    all.commit()
}

/// Prints what each of so many rows cost since `begun`.
fn tell(what: &str, rows: usize, begun: (Instant, f64)) {
    let each = |seconds: f64| seconds * 1e6 / rows.max(1) as f64;
    let (own, wall) = (each(cpu() - begun.1), each(begun.0.elapsed().as_secs_f64()));
    let line = format!("{what:<20} {rows:>8} rows {own:>7.2} us CPU {wall:>7.2} us wall\n");
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes()).expect("written");
}

fn start() -> (Instant, f64) {
    (Instant::now(), cpu())
}

async fn changed(people: &Sqlite) -> Vec<SupporterId> {
    let begun = start();
    let window = Window { from: Stamp::EPOCH, until: people.now().await.expect("a clock") };
    let (mut after, mut ids): (_, Vec<SupporterId>) = (None, Vec::new());
    loop {
        let page = people.changed(&window, after.as_ref(), BATCH).await.expect("changes");
        after = page.last().map(|changed| changed.position.clone());
        let last = page.len() < BATCH;
        ids.extend(page.into_iter().map(|changed| changed.id));
        if last {
            break;
        }
    }
    tell("changed", ids.len(), begun);
    ids.sort();
    ids
}

async fn written(
    people: &Sqlite,
    what: &str,
    ids: &[SupporterId],
    write: impl Fn(usize, &SupporterId) -> SupporterWrite,
) {
    let begun = start();
    let mut done = 0;
    for (at, batch) in ids.chunks(BATCH).enumerate() {
        let writes: Vec<_> = batch.iter().zip(at * BATCH..).map(|(id, n)| write(n, id)).collect();
        let applied = people.apply(&writes).await.expect("written");
        done += applied.iter().filter(|applied| matches!(applied, Applied::Done { .. })).count();
    }
    tell(what, done, begun);
}

#[tokio::main]
async fn main() {
    let rows: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("people.db");
    fill(&path, rows).expect("the table is filled");
    let table: Table = serde_json::from_value(serde_json::json!({
        "url": path.to_str(), "table": "supporters", "id": "supporter_id", "modified": "modified_at",
        "contact_id": "sf_contact_id", "email": "email",
    }))
    .expect("a table");
    let columns: Vec<String> = COLUMNS.iter().map(ToString::to_string).collect();
    let people = Sqlite::open(&table, &columns).await.expect("the table fits");

    let ids = changed(&people).await;
    let begun = start();
    let mut read = 0;
    for batch in ids.chunks(BATCH) {
        read += people.get(batch).await.expect("rows").into_iter().flatten().count();
    }
    tell("get", read, begun);
    let update = |id: &SupporterId, set, expect, contact_id| SupporterWrite::Update {
        id: id.clone(),
        set,
        expect,
        contact_id,
    };
    let contact = |n: usize| ContactId::parse(&format!("003RM{n:010}")).ok();
    let write_back = |n, id: &SupporterId| {
        update(id, vec![], vec![], Some(ContactIdWrite { expected: Cell::Empty, to: contact(n) }))
    };
    written(&people, "write an Id back", &ids, write_back).await;
    let text = |text: &str| Cell::Value(text.into());
    let two = |_, id: &SupporterId| {
        let set = vec![(8, text("New Zealand")), (6, Cell::Empty)];
        update(id, set, vec![(8, text("Australia")), (6, text("NSW"))], None)
    };
    written(&people, "update two fields", &ids, two).await;

    let begun = start();
    let contacts: Vec<_> = (0..rows.min(20_000)).filter_map(contact).collect();
    let mut found = 0;
    for batch in contacts.chunks(BATCH) {
        found += people.by_contact_ids(batch).await.expect("found").len();
    }
    tell("find by Contact Id", found, begun);

    let begun = start();
    let email = |n| model::Email::parse(&format!("person.{n}@example.org")).ok();
    let emails: Vec<_> = (0..rows.min(20_000)).filter_map(email).collect();
    let mut found = 0;
    for batch in emails.chunks(BATCH) {
        found += people.by_emails(batch).await.expect("found").len();
    }
    tell("find by address", found, begun);
}
