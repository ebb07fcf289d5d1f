//! What a verb prints, on its way to whoever asked.

use std::io;

use tokio::sync::mpsc;

use super::frame::{Answer, CHUNK_BYTES, Stream};

/// How many chunks wait for a client that reads slowly.
const CHUNKS: usize = 16;

/// Where a verb prints to. Cheap to clone. When the client has gone, what is printed is dropped: a run that has begun is
/// never cut off by somebody who closes a terminal.
#[derive(Clone)]
pub struct Output {
    chunks: mpsc::Sender<Answer>,
    format: Option<String>,
    width: Option<u16>,
}

impl Output {
    /// An output and the end its chunks come out of.
    pub(super) fn new(format: Option<String>, width: Option<u16>) -> (Self, mpsc::Receiver<Answer>) {
        let (chunks, receiver) = mpsc::channel(CHUNKS);
        (Self { chunks, format, width }, receiver)
    }

    /// The format the client chose by other means than an argument.
    #[must_use]
    pub fn format(&self) -> Option<&str> {
        self.format.as_deref()
    }

    /// The width of the client's terminal in columns; none when it prints to no terminal.
    #[must_use]
    pub const fn width(&self) -> Option<u16> {
        self.width
    }

    /// Whether the client has gone: what only prints may stop.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.chunks.is_closed()
    }

    /// Prints to the verb's data.
    pub async fn stdout(&self, text: &str) {
        self.print(Stream::Stdout, text).await;
    }

    /// Prints to the other stream.
    pub async fn stderr(&self, text: &str) {
        self.print(Stream::Stderr, text).await;
    }

    async fn print(&self, stream: Stream, text: &str) {
        for chunk in chunks(text) {
            if self.chunks.send(answer(stream, chunk)).await.is_err() {
                return;
            }
        }
    }

    /// For code that writes to [`io::Write`] on a blocking thread. Writing to a client that has gone is a broken pipe.
    #[must_use]
    pub fn writer(&self, stream: Stream) -> Writer {
        Writer { output: self.clone(), stream, buffer: Vec::with_capacity(CHUNK_BYTES) }
    }
}

fn answer(stream: Stream, chunk: &str) -> Answer {
    match stream {
        Stream::Stdout => Answer::Stdout(chunk.to_owned()),
        Stream::Stderr => Answer::Stderr(chunk.to_owned()),
    }
}

/// The text in pieces of at most [`CHUNK_BYTES`], cut between characters.
fn chunks(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let mut end = text.len().min(CHUNK_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let (chunk, rest) = text.split_at(end);
        text = rest;
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// A blocking writer; must not be used on a thread that drives futures. Takes UTF-8 only. Sends what is left when dropped;
/// call `flush` to learn whether it arrived.
pub struct Writer {
    output: Output,
    stream: Stream,
    buffer: Vec<u8>,
}

impl Writer {
    /// Sends the whole characters of the buffer, and keeps the beginning of a character that is not whole yet.
    fn send(&mut self) -> io::Result<()> {
        let whole = match std::str::from_utf8(&self.buffer) {
            Ok(text) => text.len(),
            Err(why) if why.error_len().is_none() => why.valid_up_to(),
            Err(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, "output is not UTF-8")),
        };
        let rest = self.buffer.split_off(whole);
        let text = String::from_utf8(std::mem::replace(&mut self.buffer, rest))
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "output is not UTF-8"))?;
        for chunk in chunks(&text) {
            let sent = self.output.chunks.blocking_send(answer(self.stream, chunk));
            sent.map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone"))?;
        }
        Ok(())
    }
}

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(CHUNK_BYTES);
        self.buffer.extend_from_slice(&bytes[..taken]);
        if self.buffer.len() >= CHUNK_BYTES {
            self.send()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Nobody can be told any more; `flush` is there for those who want to know.
        let _ = self.send();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn text_of(mut chunks: mpsc::Receiver<Answer>) -> String {
        let mut text = String::new();
        while let Some(chunk) = chunks.blocking_recv() {
            let Answer::Stdout(chunk) = chunk else { panic!("{chunk:?}") };
            assert!(chunk.len() <= CHUNK_BYTES);
            text.push_str(&chunk);
        }
        text
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(32))]
        #[test]
        fn what_is_written_in_any_pieces_arrives_as_it_was(
            text in "(?s).{0,200}", repeat in 1_usize..200, piece in 1_usize..40_000,
        ) {
            let text = text.repeat(repeat);
            let (output, chunks) = Output::new(None, None);
            let reader = std::thread::spawn(move || text_of(chunks));
            let mut writer = output.writer(Stream::Stdout);
            for bytes in text.as_bytes().chunks(piece) {
                writer.write_all(bytes).unwrap();
            }
            drop((writer, output));
            proptest::prop_assert_eq!(reader.join().unwrap(), text);
        }
    }

    #[test]
    fn writing_to_a_client_that_has_gone_is_a_broken_pipe() {
        let (output, chunks) = Output::new(None, None);
        drop(chunks);
        let mut writer = output.writer(Stream::Stdout);
        writer.write_all(b"id\n").unwrap();
        assert_eq!(writer.flush().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert!(output.is_closed());
    }

    #[tokio::test]
    async fn printing_to_a_client_that_has_gone_does_not_hold_the_verb_up() {
        let (output, chunks) = Output::new(None, None);
        drop(chunks);
        output.stdout(&"x".repeat(CHUNK_BYTES * CHUNKS * 2)).await;
        assert!(output.is_closed());
    }
}
