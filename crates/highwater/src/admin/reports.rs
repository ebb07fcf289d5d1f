//! The reports, as files to keep: a page of the report's own may run a script, and none may run here.

use std::io::{self, Write};

use askama::Template;
use axum::body::{Body, Bytes};
use report::Options;
use service::admin::Reply;
use state::State;
use tokio::sync::mpsc;

use super::frame::{Frame, filters, render};
use super::path::Download;
use crate::commands::report::options;
use crate::desk::Desk;
use crate::output::Format;

/// What is on its way to a slow reader at most.
const CHUNK_BYTES: usize = 64 << 10;
const CHUNKS: usize = 8;

#[derive(Template)]
#[template(path = "admin/reports.html")]
struct Reports {
    frame: Frame,
}

pub(super) fn page(desk: &Desk, token: String) -> String {
    render(&Reports { frame: Frame::of(desk, "Reports", "/reports", token) })
}

/// A file, written while it is read: memory does not grow with the report.
pub(super) fn file(desk: &Desk, which: Download) -> Reply {
    let (name, media, format) = match which {
        Download::MergesHtml => ("merges.html", "text/html; charset=utf-8", Format::Html),
        Download::MergesXlsx => {
            ("merges.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Format::Xlsx)
        }
        Download::MergesCsv => ("merges.csv", "text/csv; charset=utf-8", Format::Csv),
        Download::MergesJson => ("merges.json", "application/json", Format::Json),
        Download::ConflictsCsv => ("conflicts.csv", "text/csv; charset=utf-8", Format::Csv),
    };
    let (send, chunks) = mpsc::channel(CHUNKS);
    let mut screen = desk.screen.clone();
    screen.format = format;
    let options = options(&desk.config, format, None);
    let state = desk.state.clone();
    tracing::info!("a report was downloaded from the admin page");
    tokio::task::spawn_blocking(move || {
        let mut marked =
            screen.marked(Box::new(io::BufWriter::with_capacity(CHUNK_BYTES, Chunks(send.clone()))));
        if let Err(problem) = write(&state, which, &options, marked.as_mut()) {
            // A file that breaks off is not taken for a whole one.
            let _ = send.blocking_send(Err(io::Error::other("the report broke off")));
            if !problem.is_closed_pipe() {
                tracing::error!("a report for the admin page broke off: {problem}");
            }
        }
    });
    Reply::File { name: name.to_owned(), media, body: Body::from_stream(stream(chunks)) }
}

fn stream(
    chunks: mpsc::Receiver<Result<Bytes, io::Error>>,
) -> impl futures_util::Stream<Item = Result<Bytes, io::Error>> {
    futures_util::stream::unfold(chunks, |mut chunks| async move { Some((chunks.recv().await?, chunks)) })
}

fn write(state: &State, which: Download, options: &Options, to: &mut dyn Write) -> Result<(), report::Error> {
    match which {
        Download::MergesHtml | Download::MergesXlsx | Download::MergesCsv | Download::MergesJson => {
            report::merges(state, options, to)?;
        }
        Download::ConflictsCsv => {
            report::conflicts(state, options, to)?;
        }
    }
    Ok(to.flush()?)
}

/// Passes on what is written, and waits for whoever reads.
struct Chunks(mpsc::Sender<Result<Bytes, io::Error>>);

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
