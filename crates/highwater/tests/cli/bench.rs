//! The benchmark on a few people: what it answers and how many calls it counts. What it measures is for nobody to assert.

use serde_json::Value;

use crate::stage::highwater;

const SHOWN: [&str; 6] = ["cpu_s", "peak_mb", "calls", "bytes_out", "bytes_in", "wall_s"];

#[test]
fn the_benchmark_of_a_few_people_measures_every_part_and_counts_its_calls() {
    // GIVEN a few hundred people WHEN everything is measured
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("cost.md");
    let mut command = highwater(folder.path());
    command.args(["bench", "--rows", "400", "--format", "json", "--dir"]).arg(folder.path());
    // A Python is found or not: what others use is not asserted here.
    let output = command.args(["--python", "no-such-python", "--page"]).arg(&page).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    assert!(words.contains("no Python with simple-salesforce was found"), "{words}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();

    // THEN every part has its figures, also beside it
    let parts =
        ["push", "pull", "hourly", "idle", "resync", "hourly_2000", "compare", "echo", "report", "matching"];
    for part in parts {
        for figure in SHOWN {
            assert!(told[part][figure].is_number(), "{part}.{figure}: {}", told[part]);
        }
    }
    for part in ["push_beside", "pull_beside"] {
        for other in ["plain", "sqlite"] {
            assert_eq!(told[part][other]["people"], 400 - told_apart(part, other), "{part}.{other}");
        }
        assert!(told[part].get("simple_salesforce").is_none());
    }
    assert_eq!((&told["rows"], told["sizes"].as_array().unwrap().len()), (&Value::from(400), 1));

    // THEN the calls are those of such work
    let number = |part: &str, figure: &str| told[part][figure].as_u64().unwrap();
    assert_eq!(number("push", "people"), 400);
    assert!(number("push", "writes") >= 2 * 390, "each person once to Salesforce, and an Id back");
    assert!(number("hourly", "writes") > 0 && number("hourly_2000", "writes") > number("hourly", "writes"));
    assert_eq!((number("idle", "writes"), number("echo", "writes")), (0, 0));
    assert_eq!((number("idle", "people"), number("resync", "people")), (0, 1));
    assert!((1..=6).contains(&number("idle", "calls")), "{}", told["idle"]);
    assert!((1..=14).contains(&number("resync", "calls")), "{}", told["resync"]);
    assert_eq!(number("report", "calls") + number("matching", "calls"), 0);
    assert!(number("push", "state_mb") == 1 && number("matching", "state_mb") == 0);
    assert!(number("push", "bytes_out") > 10_000 && number("pull", "bytes_in") > 10_000);

    // THEN the page shows them, with a picture, and nothing else is left behind
    let text = std::fs::read_to_string(&page).unwrap();
    assert!(text.contains("(cost.svg)") && text.contains("| 400 | push |"), "{text}");
    assert!(std::fs::read_to_string(folder.path().join("cost.svg")).unwrap().contains("<polyline"));
    let left = std::fs::read_dir(folder.path())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    assert!(!left.into_iter().any(|name| name.starts_with("highwater-bench")));
}

/// A plain program leaves those without a last name out before it counts.
fn told_apart(part: &str, other: &str) -> u64 {
    if (part, other) == ("push_beside", "plain") { WITHOUT_LAST_NAME } else { 0 }
}

/// Among the first 400 made-up supporters, the same every time.
const WITHOUT_LAST_NAME: u64 = 2;
