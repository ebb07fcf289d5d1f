//! A request's body: all of it, and no more than is taken.

use std::io::Read as _;
use std::time::Duration;

use axum::body::{Body, Bytes};
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt as _;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// How long a client may take to send it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why there is no body to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// Longer than a request may be, packed or unpacked.
    TooLarge,
    /// It says it is packed, and does not unpack.
    NotGzip,
    /// Packed in another way.
    Encoding,
    /// The client was too slow.
    Slow,
    /// The client went away.
    Gone,
}

impl Lost {
    /// Its code, for counts; `None`: whoever sent it sends it again.
    pub(super) const fn code(self) -> Option<&'static str> {
        match self {
            Self::TooLarge => Some("too_large"),
            Self::NotGzip => Some("not_gzip"),
            Self::Encoding => Some("encoding"),
            Self::Slow | Self::Gone => None,
        }
    }
}

pub(super) async fn read(headers: &HeaderMap, body: Body, most: usize) -> Result<Bytes, Lost> {
    let packed = match headers.get(CONTENT_ENCODING).map(http::HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => false,
        Some(b"gzip" | b"x-gzip") => true,
        Some(_) => return Err(Lost::Encoding),
    };
    let whole = tokio::time::timeout(PATIENCE, collect(body, most)).await;
    let bytes = whole.map_err(|_| Lost::Slow)??;
    if packed { unpack(&bytes, most) } else { Ok(bytes.into()) }
}

async fn collect(body: Body, most: usize) -> Result<Vec<u8>, Lost> {
    let mut pieces = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Lost::Gone)?;
        if bytes.len() + piece.len() > most {
            return Err(Lost::TooLarge);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// Never unpacks more than is taken, whatever the packed bytes promise.
fn unpack(packed: &[u8], most: usize) -> Result<Bytes, Lost> {
    let mut unpacked = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(packed).take(limit).read_to_end(&mut unpacked).map_err(|_| Lost::NotGzip)?;
    if unpacked.len() > most { Err(Lost::TooLarge) } else { Ok(unpacked.into()) }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).expect("memory takes it");
        packer.finish().expect("memory takes it")
    }

    async fn read_packed(bytes: Vec<u8>, most: usize) -> Result<Bytes, Lost> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, "gzip".parse().expect("a header"));
        read(&headers, Body::from(bytes), most).await
    }

    #[tokio::test]
    async fn a_packed_body_is_unpacked_up_to_the_limit() {
        assert_eq!(read_packed(packed(&[b'x'; 100]), 100).await, Ok(Bytes::from(vec![b'x'; 100])));
        assert_eq!(read_packed(packed(&[b'x'; 101]), 100).await, Err(Lost::TooLarge));
        // A bomb: a kilobyte that would be a megabyte.
        let bomb = packed(&vec![0; 1_000_000]);
        assert!(bomb.len() < 10_000);
        assert_eq!(read_packed(bomb, 10_000).await, Err(Lost::TooLarge));
        assert_eq!(read_packed(b"hello".to_vec(), 100).await, Err(Lost::NotGzip));
        let cut = packed(b"hello hello hello");
        assert_eq!(read_packed(cut[..cut.len() - 3].to_vec(), 100).await, Err(Lost::NotGzip));
    }

    #[tokio::test]
    async fn a_long_body_and_an_unknown_packing_are_told_apart() {
        let none = HeaderMap::new();
        assert_eq!(read(&none, Body::from(vec![b'x'; 101]), 100).await, Err(Lost::TooLarge));
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, "br".parse().expect("a header"));
        assert_eq!(read(&headers, Body::from("x"), 100).await, Err(Lost::Encoding));
    }
}
