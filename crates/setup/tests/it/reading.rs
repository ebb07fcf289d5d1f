//! A reader of XML that shares nothing with the crate's own.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Every leaf as (path, text); fails where the text is not well-formed.
pub(crate) fn leaves(text: &str) -> Vec<(String, String)> {
    let mut reader = Reader::from_str(text);
    let (mut path, mut found, mut inside) = (Vec::<String>::new(), Vec::new(), String::new());
    let mut leaf = false;
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(tag) => {
                path.push(tag.local_name().as_ref().to_owned());
                inside.clear();
                leaf = true;
            }
            Event::End(_) => {
                if leaf {
                    found.push((path.join("/"), inside.clone()));
                }
                leaf = false;
                path.pop();
            }
            Event::Text(text) => inside.push_str(&text.xml10_content()),
            Event::GeneralRef(name) => inside.push_str(match name.xml10_content().as_ref() {
                "lt" => "<",
                "gt" => ">",
                "amp" => "&",
                "quot" => "\"",
                "apos" => "'",
                other => panic!("entity {other}"),
            }),
            Event::Eof => return found,
            Event::Decl(_) => {}
            other @ (Event::Empty(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::PI(_)
            | Event::DocType(_)) => panic!("{other:?}"),
        }
    }
}

/// The texts at a path.
pub(crate) fn at(leaves: &[(String, String)], path: &str) -> Vec<String> {
    leaves.iter().filter(|(found, _)| found == path).map(|(_, text)| text.clone()).collect()
}
