//! Reads `multipart/form-data` with the two parts of a create call. Total on any bytes.

/// One part of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) data: Vec<u8>,
}

/// Most parts read.
const MAX_PARTS: usize = 8;

/// The boundary named in a `Content-Type`, when it is multipart.
pub(crate) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let parameter =
        parameters.split(';').map(str::trim).find(|p| p.to_ascii_lowercase().starts_with("boundary="))?;
    let value = parameter.get("boundary=".len()..)?.trim_matches('"');
    (!value.is_empty()).then_some(value)
}

/// Cuts a body into parts. `None` when it is not such a body.
pub(crate) fn parts(body: &[u8], boundary: &str) -> Option<Vec<Part>> {
    let mark = format!("--{boundary}");
    let mut rest = &body[find(body, mark.as_bytes())? + mark.len()..];
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        if parts.len() == MAX_PARTS {
            return None;
        }
        let end = find(rest, mark.as_bytes())?;
        parts.push(part(without_line_break(&rest[..end]))?);
        rest = &rest[end + mark.len()..];
    }
    Some(parts)
}

fn part(bytes: &[u8]) -> Option<Part> {
    let bytes = bytes.strip_prefix(b"\r\n").or_else(|| bytes.strip_prefix(b"\n"))?;
    let (head, data) = match (find(bytes, b"\r\n\r\n"), find(bytes, b"\n\n")) {
        (Some(at), _) => (&bytes[..at], &bytes[at + 4..]),
        (None, Some(at)) => (&bytes[..at], &bytes[at + 2..]),
        (None, None) => return None,
    };
    let head = std::str::from_utf8(head).ok()?;
    let disposition = head.lines().find(|l| l.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let name = disposition.split(';').map(str::trim).find_map(|p| p.strip_prefix("name="))?;
    Some(Part { name: name.trim_matches('"').to_owned(), data: data.to_vec() })
}

/// The line break before a boundary belongs to the boundary.
fn without_line_break(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\r\n").or_else(|| bytes.strip_suffix(b"\n")).unwrap_or(bytes)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_two_parts_of_a_create_call_are_found() {
        let body = b"--B\r\nContent-Disposition: form-data; name=\"job\"\r\nContent-Type: application/json\r\n\r\n{}\r\n\
            --B\r\nContent-Disposition: form-data; name=\"content\"; filename=\"content\"\r\n\r\nA\n1\n\r\n--B--\r\n";
        let parts = parts(body, "B").unwrap();
        assert_eq!((parts[0].name.as_str(), &parts[0].data[..]), ("job", &b"{}"[..]));
        assert_eq!((parts[1].name.as_str(), &parts[1].data[..]), ("content", &b"A\n1\n"[..]));
        assert_eq!(boundary("multipart/form-data; boundary=\"B\""), Some("B"));
        assert_eq!(boundary("application/json"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_cut_or_refused(body in prop::collection::vec(prop::sample::select(b"--B\r\n :;=name\"A".to_vec()), 0..80)) {
            if let Some(parts) = parts(&body, "B") {
                prop_assert!(parts.len() <= MAX_PARTS);
            }
        }
    }
}
