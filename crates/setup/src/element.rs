//! XML elements without attributes: all that Salesforce metadata is made of, beside the root's namespace.

use quick_xml::Reader;
use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::{BytesRef, Event};

/// The namespace of every metadata file (Metadata API guide: "Metadata Components and Types").
const NAMESPACE: &str = "http://soap.sforce.com/2006/04/metadata";

/// Metadata nests a handful of levels; deeper files are not ours.
const DEEPEST: usize = 64;

/// One element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) children: Vec<Self>,
}

impl Element {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), text: String::new(), children: Vec::new() }
    }

    fn leaf(name: &str, text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::new(name) }
    }

    pub(crate) fn with(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    pub(crate) fn text(self, name: &str, text: impl AsRef<str>) -> Self {
        self.with(Self::leaf(name, text.as_ref()))
    }

    pub(crate) fn flag(self, name: &str, flag: bool) -> Self {
        self.text(name, if flag { "true" } else { "false" })
    }

    pub(crate) fn number(self, name: &str, number: usize) -> Self {
        self.text(name, number.to_string())
    }

    /// The children of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of a name, trimmed.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.children.iter().find(|child| child.name == name).map(|child| child.text.trim())
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// The whole file.
    pub(crate) fn file(&self) -> String {
        let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        let (margin, name) = ("    ".repeat(depth), &self.name);
        let namespace = if depth == 0 { format!(" xmlns=\"{NAMESPACE}\"") } else { String::new() };
        if self.children.is_empty() {
            out.push_str(&format!("{margin}<{name}{namespace}>{}</{name}>\n", escape(self.text.as_str())));
            return;
        }
        out.push_str(&format!("{margin}<{name}{namespace}>\n"));
        for child in &self.children {
            child.write(out, depth + 1);
        }
        out.push_str(&format!("{margin}</{name}>\n"));
    }

    /// The root of a file; `None` when the text is no such file. Entities of its own are not taken.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Self> = Vec::new();
        let mut root = None;
        loop {
            match reader.read_event().ok()? {
                Event::Start(tag) => {
                    if root.is_some() || open.len() >= DEEPEST {
                        return None;
                    }
                    open.push(Self::new(tag.local_name().as_ref()));
                }
                Event::Empty(tag) => {
                    let empty = Self::new(tag.local_name().as_ref());
                    close(empty, &mut open, &mut root)?;
                }
                Event::End(_) => close(open.pop()?, &mut open, &mut root)?,
                Event::Text(text) => append(&mut open, &text.xml10_content())?,
                Event::CData(text) => append(&mut open, &text.xml10_content())?,
                Event::GeneralRef(entity) => append(&mut open, &resolved(&entity)?)?,
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
                Event::DocType(_) => return None,
                Event::Eof => return root.filter(|_| open.is_empty()),
            }
        }
    }
}

fn resolved(entity: &BytesRef<'_>) -> Option<String> {
    if let Some(character) = entity.resolve_char_ref().ok()? {
        return Some(character.to_string());
    }
    Some(resolve_predefined_entity(&entity.xml10_content())?.to_owned())
}

/// Text outside the root is white space or a fault.
fn append(open: &mut [Element], text: &str) -> Option<()> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return None,
    }
    Some(())
}

fn close(mut element: Element, open: &mut [Element], root: &mut Option<Element>) -> Option<()> {
    if !element.children.is_empty() {
        element.text.clear();
    }
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_whatever_the_text() {
        let root = Element::new("Flow").text("label", "a < b & \"c\" > 'd'").with(
            Element::new("start").text("filterFormula", "AND(\n  ISNEW()\n)").flag("on", true).number("x", 7),
        );
        assert_eq!(Element::parse(&root.file()), Some(root));
    }

    #[test]
    fn half_files_two_roots_and_document_types_are_no_files() {
        for bad in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>text",
            "</a>",
            "<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>",
            "<a>&e;</a>",
        ] {
            assert_eq!(Element::parse(bad), None, "{bad}");
        }
        let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        assert_eq!(Element::parse(&deep), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "[<>/&;!a ?\"=x\\[\\]-]{0,60}") {
            let _ = Element::parse(&text);
        }

        #[test]
        fn any_value_survives_the_way_there_and_back(text in "[^\\p{Cc}]{0,40}") {
            let root = Element::new("a").text("b", &text);
            let read = Element::parse(&root.file());
            proptest::prop_assert_eq!(read.as_ref().and_then(|root| root.all("b").next()).map(|b| b.text.as_str()), Some(text.as_str()));
        }
    }
}
