//! CSV bodies to files: complete or an error, never a file that looks whole and is not.

use std::io;
use std::path::{Path, PathBuf};

use drill::{Mistake, planted};
use tokio::fs::{self, File};
use tokio::io::{AsyncWriteExt as _, BufWriter};

use crate::answer::Answer;
use crate::client::Read;
use crate::config::SizeLimits;
use crate::csv::{BadCsv, CsvScan};
use crate::error::{Error, ErrorKind};
use crate::private_file;

/// Each write to a file goes to another thread and back: fewer, larger ones.
const BUFFER: usize = 256 * 1024;

/// Reads a CSV body into a temporary file beside `to`, and renames it when all of it is there.
pub(crate) struct ToFile<'a> {
    pub(crate) to: &'a Path,
    pub(crate) sizes: SizeLimits,
    /// Whether nothing at all is an answer. No document says that a result set without rows has a header, or a body.
    pub(crate) empty: Empty,
}

/// What a body without a byte means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// No rows: whoever asks knows from elsewhere how many there must be.
    NoRows,
    /// The answer is not what was asked for.
    Refused,
}

/// What arrived.
pub(crate) struct Arrived {
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
    pub(crate) locator: Option<String>,
}

impl Read for ToFile<'_> {
    type Out = Arrived;

    async fn read(&self, answer: &mut Answer<'_>) -> Result<Arrived, Error> {
        check_is_csv(answer, self.empty)?;
        let temporary = temporary_beside(self.to).map_err(Error::local)?;
        let written = self.write(answer, &temporary).await;
        if written.is_err() {
            // What is left of a failed attempt holds personal data.
            let _ = fs::remove_file(&temporary).await;
        }
        let (bytes, rows) = written?;
        let announced: Option<Result<u64, _>> =
            answer.header("sforce-numberofrecords").map(|text| text.trim().parse());
        let rows = match announced {
            Some(Ok(announced)) if planted(Mistake::TruncatedFileAccepted) => announced,
            Some(announced) if announced != Ok(rows) => {
                let _ = fs::remove_file(&temporary).await;
                return Err(Error::new(ErrorKind::Incomplete, "another number of rows than announced"));
            }
            Some(_) | None => rows,
        };
        fs::rename(&temporary, self.to).await.map_err(Error::local)?;
        Ok(Arrived { bytes, rows, locator: locator(answer) })
    }
}

impl ToFile<'_> {
    async fn write(&self, answer: &mut Answer<'_>, temporary: &Path) -> Result<(u64, u64), Error> {
        // Left over from a run that was killed.
        match fs::remove_file(temporary).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::local(error)),
            Err(_) | Ok(()) => {}
        }
        let file = private_file::create_new(temporary).await.map_err(Error::local)?;
        let mut file = BufWriter::with_capacity(BUFFER, file);
        let mut scan = CsvScan::new(self.sizes.csv);
        let mut bytes = 0;
        while let Some(piece) = answer.next().await? {
            if bytes == 0 && piece.trim_ascii_start().starts_with(b"<") {
                return Err(Error::new(ErrorKind::Contract, "HTML or XML instead of CSV"));
            }
            bytes += piece.len() as u64;
            if bytes > self.sizes.file {
                return Err(Error::new(ErrorKind::TooLarge, "the file"));
            }
            scan.feed(&piece).map_err(csv_error)?;
            file.write_all(&piece).await.map_err(Error::local)?;
        }
        let rows = match scan.finish() {
            Err(BadCsv::NoHeader) if bytes == 0 && self.empty == Empty::NoRows => 0,
            Err(BadCsv::CutOff) if planted(Mistake::TruncatedFileAccepted) => 1,
            ended => ended.map_err(csv_error)?,
        };
        finish(file).await.map_err(Error::local)?;
        Ok((bytes, rows))
    }
}

async fn finish(mut file: BufWriter<File>) -> io::Result<()> {
    file.flush().await?;
    file.get_ref().sync_all().await
}

fn check_is_csv(answer: &Answer<'_>, empty: Empty) -> Result<(), Error> {
    if answer.status == 204 && empty == Empty::NoRows {
        return Ok(());
    }
    if answer.status != 200 {
        return Err(Error::new(ErrorKind::Contract, "no content").with_status(answer.status));
    }
    let kind = answer.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if answer.is_html() || kind.starts_with("application/json") || kind.starts_with("application/xml") {
        return Err(Error::new(ErrorKind::Contract, "HTML, JSON or XML instead of CSV"));
    }
    Ok(())
}

/// The text `null`, or no header, is the end (Bulk guide v66, "Get Results for a Query Job").
fn locator(answer: &Answer<'_>) -> Option<String> {
    let locator = answer.header("sforce-locator")?.trim();
    (!locator.is_empty() && locator != "null").then(|| locator.to_owned())
}

fn csv_error(why: BadCsv) -> Error {
    let kind = match why {
        BadCsv::CutOff => ErrorKind::Incomplete,
        BadCsv::FieldTooLarge | BadCsv::RecordTooLarge | BadCsv::TooManyColumns => ErrorKind::TooLarge,
        BadCsv::NoHeader | BadCsv::Uneven => ErrorKind::Contract,
    };
    Error::new(kind, "CSV").with_source(why)
}

fn temporary_beside(to: &Path) -> io::Result<PathBuf> {
    let name = to.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut temporary = name.to_owned();
    temporary.push(".part");
    Ok(to.with_file_name(temporary))
}
