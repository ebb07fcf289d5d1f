//! A page of a few sentences.

use askama::Template;

use super::frame::{Frame, filters, render};

#[derive(Template)]
#[template(path = "admin/said.html")]
struct Said {
    frame: Frame,
    lines: Vec<String>,
    back: &'static str,
    back_name: &'static str,
}

pub(super) fn page(
    frame: Frame,
    lines: Vec<String>,
    (back, back_name): (&'static str, &'static str),
) -> String {
    render(&Said { frame, lines, back, back_name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shown_as_text_and_not_without_end() {
        let hostile = format!("<script>\u{202e}\u{7}two\nlines{}", "A".repeat(100_000));
        let html = page(Frame::bare("x"), vec![hostile], ("/", "back"));
        assert!(html.contains("&#60;script&#62;\\u{202e}\\u{7}two\nlinesAAA"), "{}", &html[..2_000]);
        assert!(html.contains("characters more)") && html.len() < 5_000, "{} bytes", html.len());
    }
}
