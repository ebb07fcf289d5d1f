//! Lists page by page, with an end: a list is read from its beginning each time.

use askama::Template;
use service::admin::Fields;

/// Entries on a page.
pub(super) const ENTRIES: usize = 50;
/// The last page. Whoever wants to see more than 10,000 entries wants a file.
const LAST: usize = 200;

/// Where in a list.
#[derive(Template)]
#[template(path = "admin/pager.html")]
pub(super) struct Pager {
    page: usize,
    more: bool,
    last: bool,
    path: &'static str,
    query: &'static str,
    command: &'static str,
}

/// The page that is asked for, from 1; a number that makes no sense is the first.
pub(super) fn asked(query: &Fields) -> usize {
    query.get("page").and_then(|text| text.parse().ok()).unwrap_or(1).clamp(1, LAST)
}

/// How many entries come before a page.
pub(super) const fn before(page: usize) -> usize {
    (page - 1) * ENTRIES
}

/// The last page of a list of so many.
pub(super) const fn last_of(entries: usize) -> usize {
    let pages = entries.div_ceil(ENTRIES);
    if pages == 0 { 1 } else { pages }
}

impl Pager {
    /// `more`: there is another entry after this page. `command` shows the whole list.
    pub(super) const fn new(
        page: usize,
        more: bool,
        (path, query): (&'static str, &'static str),
        command: &'static str,
    ) -> Self {
        Self { page, more: more && page < LAST, last: more && page >= LAST, path, query, command }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_leads_to_a_page_that_is_there() {
        let page = |text: &str| asked(&Fields::from_iter([("page".to_owned(), text.to_owned())]));
        assert_eq!(
            (page("3"), page("0"), page("-1"), page("x"), page("99999999999999999999")),
            (3, 1, 1, 1, 1)
        );
        assert_eq!(page("5000"), LAST);
        assert_eq!((before(1), before(3)), (0, 100));
        assert_eq!([0, 1, 50, 51].map(last_of), [1, 1, 1, 2]);
        let last = Pager::new(LAST, true, ("/cases", "all=yes&"), "cases list").render().unwrap();
        assert!(last.contains("highwater cases list") && !last.contains("Next"), "{last}");
        let one = Pager::new(1, true, ("/cases", "all=yes&"), "cases list").render().unwrap();
        assert!(one.contains("/cases?all=yes&#38;page=2") && !one.contains("Previous"), "{one}");
        assert_eq!(Pager::new(1, false, ("/cases", ""), "").render().unwrap().trim(), "");
    }
}
