use salesforce::csv::{Cell, RowError, RowReader, RowWriter};
use sha2::{Digest as _, Sha256};

#[tokio::test]
async fn cells_are_written_as_salesforce_reads_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rows.csv");
    let mut writer = RowWriter::create(&path, &["Id", "LastName", "Note__c"]).await.unwrap();
    writer.write(&[Cell::Text("003"), Cell::Keep, Cell::Clear]).await.unwrap();
    writer
        .write(&[Cell::Text(" a,b "), Cell::Text("say \"x\""), Cell::Text("one\r\ntwo\rthree")])
        .await
        .unwrap();
    writer.write(&[Cell::Keep, Cell::Keep, Cell::Text("=SUM(A1)")]).await.unwrap();
    let (rows, bytes) = (writer.rows(), writer.bytes());
    let written = writer.finish().await.unwrap();
    let text = std::fs::read(&path).unwrap();
    assert_eq!(
        String::from_utf8(text.clone()).unwrap(),
        "Id,LastName,Note__c\n003,,#N/A\n\" a,b \",\"say \"\"x\"\"\",\"one\ntwo\nthree\"\n,,=SUM(A1)\n"
    );
    assert_eq!((written.rows, written.bytes), (3, text.len() as u64));
    assert_eq!((rows, bytes), (written.rows, written.bytes));
    assert_eq!(written.sha256[..], Sha256::digest(&text)[..]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(RowWriter::create(&path, &["Id"]).await.is_err(), "a file that is there is not overwritten");
}

#[tokio::test]
async fn a_row_that_cannot_be_stored_is_refused_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rows.csv");
    let mut writer = RowWriter::create(&path, &["Id", "X"]).await.unwrap();
    let long = "é".repeat(131_073);
    for (cell, why) in [
        (Cell::Text(""), RowError::Empty { column: 1 }),
        (Cell::Text("#N/A"), RowError::ReadsAsClear { column: 1 }),
        (Cell::Text("a\0b"), RowError::Nul { column: 1 }),
        (Cell::Text(&long), RowError::FieldTooLong { column: 1 }),
    ] {
        assert_eq!(writer.write(&[Cell::Text("003"), cell]).await, Err(why));
    }
    assert_eq!(writer.write(&[Cell::Keep]).await, Err(RowError::Width));
    assert_eq!(writer.write(&[Cell::Text("003"), Cell::Text(&long[2..])]).await, Ok(()), "just short enough");
    writer.finish().await.unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("Id,X\n003,é") && text.lines().count() == 2);
}

#[tokio::test]
async fn a_writer_dropped_half_way_does_not_hang() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = RowWriter::create(&dir.path().join("rows.csv"), &["Id"]).await.unwrap();
    writer.write(&[Cell::Text("003")]).await.unwrap();
    drop(writer);
}

async fn there_and_back(rows: &[Vec<Option<String>>]) -> Vec<Vec<Option<String>>> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rows.csv");
    let mut writer = RowWriter::create(&path, &["a", "b", "c"]).await.unwrap();
    for row in rows {
        let cells: Vec<Cell<'_>> = row.iter().map(|cell| Cell::from(cell.as_deref())).collect();
        writer.write(&cells).await.unwrap();
    }
    let bytes = writer.bytes();
    assert_eq!(writer.finish().await.unwrap().bytes, bytes);
    let mut oracle = csv::ReaderBuilder::new().from_path(&path).unwrap();
    let by_oracle: Vec<Vec<Option<String>>> = oracle
        .records()
        .map(|record| {
            record.unwrap().iter().map(|cell| Some(cell.to_owned()).filter(|cell| !cell.is_empty())).collect()
        })
        .collect();
    let mut reader = RowReader::open(&path, salesforce::csv::CsvLimits::default()).await.unwrap();
    let mut ours = Vec::new();
    while let Some(row) = reader.next_row().await.unwrap() {
        ours.push((0..3).map(|at| row.at(at).map(str::to_owned)).collect::<Vec<_>>());
    }
    assert_eq!(ours, by_oracle);
    ours
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]
    #[test]
    fn what_is_written_reads_back_by_two_readers(
        rows in proptest::collection::vec(
            proptest::collection::vec(proptest::option::of("(\\PC|[\",\n ;=#-]){1,12}"), 3), 0..20)
    ) {
        let sane: Vec<Vec<Option<String>>> = rows;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        proptest::prop_assume!(sane.iter().flatten().flatten().all(|cell| cell != "#N/A"));
        proptest::prop_assert_eq!(runtime.block_on(there_and_back(&sane)), sane);
    }
}

#[tokio::test]
async fn large_files_go_through_buffers() {
    let rows: Vec<Vec<Option<String>>> =
        (0..5_000).map(|n| vec![Some(n.to_string()), None, Some("x\"y,".repeat(20))]).collect();
    assert_eq!(there_and_back(&rows).await, rows);
}
