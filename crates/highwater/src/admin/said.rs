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
