//! What stands around every page.

use model::Stamp;

use crate::desk::Desk;

/// The pages of the navigation.
const PAGES: [(&str, &str); 6] = [
    ("/", "Overview"),
    ("/cases", "Cases"),
    ("/set-aside", "Set aside"),
    ("/conflicts", "Conflicts"),
    ("/person", "One person"),
    ("/reports", "Reports"),
];

/// Those where nobody is kept in step: the others tell of supporters, and would be empty.
const PAGES_OF_EVENTS: [(&str, &str); 2] = [("/", "Overview"), ("/cases", "Cases")];

/// What stands around a page.
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) token: String,
    pub(super) banner: Option<String>,
    /// When it was made; empty where that says nothing.
    pub(super) made: String,
    here: &'static str,
    pages: &'static [(&'static str, &'static str)],
}

impl Frame {
    /// Around a page for whoever is signed in. `here` is the page of the navigation it belongs to.
    pub(super) fn of(desk: &Desk, title: impl Into<String>, here: &'static str, token: String) -> Self {
        let banner = desk.config.banner().map(|banner| banner.line());
        let pages = if desk.config.supporters.kind.is_a_database() { &PAGES[..] } else { &PAGES_OF_EVENTS };
        Self { title: title.into(), token, banner, made: String::new(), here, pages }
    }

    /// Around a page for anybody.
    pub(super) fn bare(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            token: String::new(),
            banner: None,
            made: String::new(),
            here: "",
            pages: &[],
        }
    }

    /// The same with the time at which it was made.
    pub(super) fn made(self, now: Stamp) -> Self {
        Self { made: now.to_seconds_text(), ..self }
    }

    pub(super) fn signed_in(&self) -> bool {
        !self.token.is_empty()
    }

    pub(super) const fn pages(&self) -> &'static [(&'static str, &'static str)] {
        self.pages
    }

    pub(super) fn is_at(&self, path: &str) -> bool {
        self.here == path
    }

    #[allow(clippy::unused_self)] // a template calls methods
    pub(super) const fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}

/// Renders a page. Writing to memory fails only where a template does, which is a defect.
pub(super) fn render(page: &impl askama::Template) -> String {
    page.render().unwrap_or_else(|_| "This page could not be made.".to_owned())
}

/// What a template can do to a text.
#[allow(unreachable_pub)] // of what the macro makes
pub(super) mod filters {
    use std::fmt::Display;

    /// A value on a page has no more characters; whoever needs all of them looks at the record itself.
    const MOST: usize = 2_000;

    /// Control characters but the ends of lines, and characters that turn the direction of writing, are shown as escapes; what is
    /// very long is cut.
    #[askama::filter_fn]
    pub(crate) fn shown(text: impl Display, _: &dyn askama::Values) -> askama::Result<String> {
        let text = text.to_string();
        let lines: Vec<_> = text.split('\n').map(crate::output::printable).collect();
        let text = lines.join("\n");
        Ok(match text.char_indices().nth(MOST) {
            None => text,
            Some((end, _)) => format!("{}… ({} characters more)", &text[..end], text[end..].chars().count()),
        })
    }
}
