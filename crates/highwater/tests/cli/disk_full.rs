//! A disk that fills up: the cycle ends at once and says so, and goes on where it was when there is room again.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use simorg::{JobState, Op, Progress};

use crate::stage::{SECRET, Stage, err, json};

/// A small file system in memory, taken away at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where it was said beforehand that this user may not mount: nothing is left out unseen.
    fn mount(at: &Path, megabytes: u32) -> Option<Self> {
        fs::create_dir(at).unwrap();
        let size = format!("size={megabytes}m,mode=700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(at.to_path_buf()));
        }
        let left_out = std::env::var_os("HIGHWATER_NO_MOUNT").is_some();
        assert!(
            left_out,
            "this user may not mount a file system: HIGHWATER_NO_MOUNT=1 leaves out what needs one"
        );
        None
    }

    /// Takes every byte that is left.
    fn fill(&self) {
        let mut file = fs::File::create(self.0.join("ballast")).unwrap();
        let piece = vec![0x5a; 64 << 10];
        for size in [piece.len(), 4 << 10, 1] {
            while file.write_all(&piece[..size]).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// A stage whose state lies on a disk of this size.
async fn on_a_small_disk(megabytes: u32) -> Option<(Stage, SmallDisk)> {
    let stage = Stage::set().await;
    let disk = SmallDisk::mount(&stage.path("small"), megabytes)?;
    stage.reconfigure("dir = \"simulated-state\"", "dir = \"small/state\"");
    // Two rows would go without a job, and this is about one.
    stage.reconfigure("[state]", "[sync]\ndirect_calls = 0\n\n[state]");
    Some((stage, disk))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_with_little_room_is_refused_at_the_start() {
    let Some((stage, _disk)) = on_a_small_disk(64).await else { return };
    stage.refuses("backfill", 7, "HW0506").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_under_a_job_ends_the_cycle_and_loses_nothing() {
    let Some((stage, disk)) = on_a_small_disk(260).await else { return };
    // GIVEN a job that is closed and runs
    stage.org.progress(Progress::Stepped);
    let child = Command::new(assert_cmd::cargo::cargo_bin("highwater"))
        .arg("push")
        .current_dir(stage.path("."))
        .env("HIGHWATER_SF_SECRET", SECRET)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let closed = || stage.org.jobs().iter().any(|job| job.state == JobState::UploadComplete);
    stage.until("the job is closed", closed).await;
    // WHEN the disk is full before its results are there
    disk.fill();
    while stage.org.step_jobs() > 0 {}
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    // THEN the cycle ends and says why, and does nothing else to the org
    let said = err(&ended);
    assert_eq!(ended.status.code(), Some(7), "{said}");
    assert!(said.contains("what to do: "), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    let creates = stage.org.calls().of(Op::IngestCreate);
    // AND with room again it goes on: the job is settled, and nobody is sent a second time
    disk.free();
    stage.org.progress(Progress::Auto);
    let next = stage.run("sync --format json").await;
    assert_eq!(next.status.code(), Some(0), "{}", err(&next));
    assert_eq!(stage.org.calls().of(Op::IngestCreate), creates, "{}", json(&next));
    assert_eq!(stage.org.all_records("Contact").len(), 2);
    let quiet = json(&stage.run("sync --format json").await);
    assert_eq!(
        (quiet["rows"]["sent"].as_u64(), quiet["supporter_writes"].as_u64()),
        (Some(0), Some(0)),
        "{quiet}"
    );
}
