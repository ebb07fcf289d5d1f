//! Where a verb prints to: this process's own streams, or those of a client of the running service.

use std::io::{self, IsTerminal, Write};

use service::control::{Output, Stream};

use super::hex::Encoding;
use super::{Answer, Banner, Format};

/// The two streams of whoever asked: data, and everything else.
#[derive(Clone)]
pub struct Screen {
    /// How data is written.
    pub format: Format,
    sink: Sink,
    width: Option<u16>,
    banner: Option<Banner>,
}

#[derive(Clone)]
enum Sink {
    Process,
    Client(Output),
    /// Whoever asked looks at what became of it, and not at what is said.
    Nobody,
}

impl Screen {
    /// This process's standard output and error.
    #[must_use]
    pub fn of_process(format: Format) -> Self {
        Self { format, sink: Sink::Process, width: terminal_width(), banner: None }
    }

    /// A client of the running service.
    #[must_use]
    pub fn of_client(format: Format, output: Output) -> Self {
        let width = output.width();
        Self { format, sink: Sink::Client(output), width, banner: None }
    }

    /// Nobody's.
    #[must_use]
    pub const fn of_nobody() -> Self {
        Self { format: Format::Table, sink: Sink::Nobody, width: None, banner: None }
    }

    /// The same with a mark on all data.
    #[must_use]
    pub fn under(self, banner: Option<Banner>) -> Self {
        Self { banner, ..self }
    }

    /// The width of the terminal the data goes to; `None`: it goes somewhere else.
    #[must_use]
    pub const fn width(&self) -> Option<u16> {
        self.width
    }

    /// Prints an answer as data.
    ///
    /// # Errors
    /// When standard output cannot be written. A client that went away is no error: the work is done all the same.
    pub async fn answer(&self, answer: &Answer) -> io::Result<()> {
        self.data(&answer.render(self.format, self.width)).await
    }

    /// Prints data. Whoever stops reading, as `head` does, has seen enough: that is no error.
    ///
    /// # Errors
    /// As [`Screen::answer`].
    pub async fn data(&self, text: &str) -> io::Result<()> {
        let marked = self.banner.as_ref().map(|banner| banner.mark(self.format, text));
        let text = marked.as_deref().unwrap_or(text);
        match &self.sink {
            Sink::Process => {
                let mut out = io::stdout().lock();
                seen_enough(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
            }
            Sink::Client(output) => {
                output.stdout(text).await;
                Ok(())
            }
            Sink::Nobody => Ok(()),
        }
    }

    /// Says something that is no data, one line.
    pub async fn say(&self, text: &str) {
        match &self.sink {
            // Whoever closed standard error does not want to know.
            Sink::Process => drop(writeln!(io::stderr().lock(), "{text}")),
            Sink::Client(output) => output.stderr(&format!("{text}\n")).await,
            Sink::Nobody => {}
        }
    }

    /// A writer of data for code on a blocking thread.
    #[must_use]
    pub fn writer(&self) -> Box<dyn Write + Send> {
        self.marked(match &self.sink {
            Sink::Process => Box::new(io::BufWriter::new(io::stdout())),
            Sink::Client(output) if self.format == Format::Xlsx => {
                Box::new(Encoding(output.writer(Stream::Stdout)))
            }
            Sink::Client(output) => Box::new(output.writer(Stream::Stdout)),
            Sink::Nobody => Box::new(io::sink()),
        })
    }

    /// A writer of data to somewhere else.
    #[must_use]
    pub fn marked(&self, writer: Box<dyn Write + Send>) -> Box<dyn Write + Send> {
        match &self.banner {
            Some(banner) => Box::new(banner.marking(self.format, writer)),
            None => writer,
        }
    }
}

/// A reader that has gone is no failure of ours.
fn seen_enough(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(problem) if problem.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// The width of the terminal that standard output is, in columns.
fn terminal_width() -> Option<u16> {
    let stdout = io::stdout();
    let known = stdout.is_terminal().then(|| comfy_table::Table::new().width()).flatten();
    known.filter(|columns| *columns >= 40)
}
