//! Files and stored values: what was written by us and may come back as anything.

use salesforce::csv::{CsvLimits, CsvScan};
use salesforce::{Grant, OrgConfig, ResultSet};
use state::{Batch, MemoryStore, Scan, State, Store as _, Tree};

use crate::mutate::{Chance, fuzz};

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

fn client() -> salesforce::Org {
    let grant = Grant::ClientCredentials { client_id: "x".into(), client_secret: "y".into() };
    salesforce::Org::new(OrgConfig::new("https://login.salesforce.com", grant)).expect("a client")
}

#[test]
fn fuzz_csv_results() {
    let corpus: &[&[u8]] = &[
        b"\"sf__Id\",\"sf__Created\",\"EN_Supporter_Id__c\",\"LastName\"\n\"0035f00000abcdeAAA\",\"true\",\"1\",\"Doe\"\n",
        b"\"sf__Id\",\"sf__Error\",\"EN_Supporter_Id__c\"\n\"\",\"REQUIRED_FIELD_MISSING:x:LastName --\",\"2\"\n",
        b"\"EN_Supporter_Id__c\",\"LastName\"\n\"3\",\"O\"\"Neil\"\n",
        b"\"sf__Id\",\"sf__Created\"\n",
    ];
    let dir = tempfile::tempdir().expect("a directory");
    let (file, org) = (dir.path().join("results.csv"), client());
    fuzz("result file", corpus, |bytes| {
        std::fs::write(&file, bytes).expect("written");
        for set in [ResultSet::Successful, ResultSet::Failed, ResultSet::Unprocessed] {
            let rows = block_on(async {
                let mut reader = org.read_results(&file, set).await.ok()?;
                let mut rows = 0_u64;
                while reader.next_row().await.ok()?.is_some() {
                    rows += 1;
                }
                Some(rows)
            });
            // What was read to its end is what an independent count of records says.
            let mut scan = CsvScan::new(CsvLimits::default());
            let counted = scan.feed(bytes).and_then(|()| scan.finish());
            if let (Some(rows), Ok(counted)) = (rows, counted) {
                assert_eq!(rows, counted, "rows of {set:?}");
            }
        }
    });
}

#[test]
fn fuzz_csv_encode() {
    let corpus: &[&[u8]] =
        &[b"Doe", b"O\"Neil, Jr.\r\n", b"#N/A", b" space ", b"=1+1", b"\xef\xbb\xbfx", b"a\nb,c\"d"];
    let dir = tempfile::tempdir().expect("a directory");
    let (file, org) = (dir.path().join("rows.csv"), client());
    fuzz("CSV row", corpus, |bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let _ = std::fs::remove_file(&file);
        let read = block_on(async {
            use salesforce::csv::{Cell, RowWriter};
            let mut writer =
                RowWriter::create(&file, &["EN_Supporter_Id__c", "LastName"]).await.expect("made");
            writer.write(&[Cell::Text("1"), Cell::Text(&text)]).await.ok()?;
            writer.finish().await.expect("written");
            let mut reader = org.read_results(&file, ResultSet::Unprocessed).await.expect("our own file");
            let row = reader.next_row().await.expect("our own row")?;
            row.get("LastName").map(ToOwned::to_owned)
        });
        // Refused, or exactly what went in, line ends as Salesforce keeps them.
        if let Some(read) = read {
            assert_eq!(read, text.replace("\r\n", "\n").replace('\r', "\n"));
        }
    });
}

#[test]
fn fuzz_state_value() {
    let corpus: &[&[u8]] =
        &[b"\x01{}", b"\x01\x00\x00\x00", b"\x01null", b"\x01{\"kind\":\"blocked\"}", b"\x02"];
    let store = MemoryStore::new(1);
    let state = State::over_memory(store.clone(), 1, model::Clock::system()).expect("a state");
    let keys: [&[u8]; 8] =
        [b"1", b"s1", b"c0035f00000abcdeAAA", b"s1\0blocked", b"b1", b"p\0\0\0\0\0\0\0\x01", b"a1", b""];
    fuzz("stored value", corpus, |bytes| {
        let mut chance = Chance::new(
            bytes.iter().fold(3, |sum: u64, byte| sum.wrapping_mul(131).wrapping_add(u64::from(*byte))),
        );
        let tree = Tree::ALL[1 + chance.below(Tree::ALL.len() - 1)];
        let key = if chance.below(4) == 0 { bytes.to_vec() } else { keys[chance.below(keys.len())].to_vec() };
        let mut batch = Batch::new();
        batch.put(tree, key.clone(), bytes.to_vec());
        if store.commit_blocking(batch).is_err() {
            return;
        }
        // A value or an error that names tree and key.
        let id = model::SupporterId::parse("1").expect("an id");
        let subject = model::Subject::Supporter(id.clone());
        let _ =
            (state.link_of(&id), state.block_of(&id), state.dirty_of(&subject), state.dirty_page(None, 9));
        let _ = (
            state.cases_page(None, 9),
            state.conflicts_page(None, 9),
            state.journal(),
            state.links_page(None, 9),
        );
        // Bytes without our checksum are never a value of a row that stands alone. Of one that lies in a leaf the leaf has the checksum,
        // which a store in memory has none of: the state's own tests give any bytes for a leaf.
        let verified = state.verify();
        if matches!(tree, Tree::Cases | Tree::Journal) {
            assert!(verified.is_err(), "{tree} took a value without a checksum");
        }
        let mut undo = Batch::new();
        undo.delete(tree, key);
        store.commit_blocking(undo).expect("removed");
        assert!(store.scan(tree, Scan::default(), 9).expect("readable").is_empty());
    });
}
