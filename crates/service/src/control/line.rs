//! Reading and writing one line, bounded in bytes and in time.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::Error;

/// The next line as a `T`; `None` when the other end closed the connection between two lines.
pub(super) async fn read<T: DeserializeOwned>(
    from: &mut (impl AsyncBufRead + Unpin),
    most: usize,
    patience: Duration,
) -> Result<Option<T>, Error> {
    let mut line = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let mut bounded = from.take(limit);
    timeout(patience, bounded.read_until(b'\n', &mut line))
        .await
        .map_err(|_| Error::Silent)?
        .map_err(Error::io("reading"))?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        return Err(if line.len() > most { Error::Protocol("a line is too long") } else { Error::Gone });
    }
    serde_json::from_slice(&line).map(Some).map_err(|_| Error::Protocol("a line is not what was expected"))
}

/// Sends `value` as one line.
pub(super) async fn write(
    to: &mut (impl AsyncWrite + Unpin),
    value: &impl Serialize,
    patience: Duration,
) -> Result<(), Error> {
    let mut line = serde_json::to_vec(value).map_err(|_| Error::Protocol("a line cannot be written"))?;
    line.push(b'\n');
    timeout(patience, to.write_all(&line)).await.map_err(|_| Error::Silent)?.map_err(Error::io("writing"))
}

#[cfg(test)]
mod tests {
    use super::super::frame::{ANSWER_BYTES, Answer, CHUNK_BYTES, REQUEST_BYTES, Request};
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    async fn read_request(mut bytes: &[u8]) -> Result<Option<Request>, Error> {
        read(&mut bytes, REQUEST_BYTES, PATIENCE).await
    }

    #[tokio::test]
    async fn a_line_longer_than_the_limit_is_refused_without_reading_on() {
        let endless = vec![b' '; REQUEST_BYTES * 4];
        let mut rest = endless.as_slice();
        let refused: Result<Option<Request>, Error> = read(&mut rest, REQUEST_BYTES, PATIENCE).await;
        assert!(matches!(refused, Err(Error::Protocol(_))));
        assert_eq!(endless.len() - rest.len(), REQUEST_BYTES + 1);
    }

    #[tokio::test]
    async fn a_line_that_is_cut_off_is_not_taken_for_a_request() {
        let whole = b"{\"protocol\":1,\"argv\":[],\"format\":null,\"width\":null}\n";
        assert!(read_request(whole).await.unwrap().is_some());
        assert!(matches!(read_request(&whole[..whole.len() - 1]).await, Err(Error::Gone)));
        assert!(read_request(b"").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn unknown_keys_and_other_text_break_the_protocol() {
        for line in
            ["GET / HTTP/1.1\n", "{}\n", "{\"protocol\":1,\"argv\":[],\"shell\":true}\n", "\n", "\u{0}\n"]
        {
            assert!(matches!(read_request(line.as_bytes()).await, Err(Error::Protocol(_))), "{line:?}");
        }
    }

    #[tokio::test]
    async fn the_worst_chunk_still_fits_into_a_line() {
        let worst = Answer::Stdout("\u{1}".repeat(CHUNK_BYTES));
        let mut line = Vec::new();
        write(&mut line, &worst, PATIENCE).await.unwrap();
        assert!(line.len() <= ANSWER_BYTES, "{}", line.len());
        let back: Option<Answer> = read(&mut line.as_slice(), ANSWER_BYTES, PATIENCE).await.unwrap();
        assert_eq!(back, Some(worst));
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_that_says_nothing_is_given_up() {
        let (_silent, end) = tokio::io::duplex(64);
        let silent: Result<Option<Request>, Error> =
            read(&mut tokio::io::BufReader::new(end), REQUEST_BYTES, PATIENCE).await;
        assert!(matches!(silent, Err(Error::Silent)));
    }
}
