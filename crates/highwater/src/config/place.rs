//! Where a key stands in the file.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// A line of the configuration file. Never its text: the next line may hold a secret that somebody wrote there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1; 0 where only the file is known.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

impl Place {
    /// The place of a byte of the file.
    #[must_use]
    pub fn at(file: &str, text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// The file, where nothing more is known.
    #[must_use]
    pub fn file_only(file: &str) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            f.write_str(&self.file)
        } else {
            write!(f, "{}:{}:{}", self.file, self.line, self.column)
        }
    }
}

/// The place of every key of one file, by its dotted path: `sync.push`, `field[2].policy`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    file: String,
    by_path: BTreeMap<String, Place>,
}

impl Places {
    /// The places of all keys.
    #[must_use]
    pub fn of(file: &str, text: &str, root: &DeTable<'_>) -> Self {
        let mut places = Self { file: file.to_owned(), by_path: BTreeMap::new() };
        walk(root, "", &mut |path, key_span, _| {
            places.by_path.insert(path.to_owned(), Place::at(file, text, key_span.start));
        });
        places
    }

    /// Whether the file gives a key, a table or a list of tables.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    /// The names of the keys that the file gives in a table.
    pub fn names_in<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a str> {
        let inside = move |path: &'a String| path.strip_prefix(table)?.strip_prefix('.');
        self.by_path.keys().filter_map(inside).filter(|name| !name.contains(['.', '[']))
    }

    /// The place of a key, or of the nearest table around it, or the file.
    #[must_use]
    pub fn of_key(&self, path: &str) -> Place {
        let mut path = path;
        loop {
            if let Some(place) = self.by_path.get(path) {
                return place.clone();
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None => return Place::file_only(&self.file),
            }
        }
    }
}

/// Calls `see` with path, span and value of every key, tables in arrays included.
pub fn walk(table: &DeTable<'_>, path: &str, see: &mut dyn FnMut(&str, Range<usize>, &DeValue<'_>)) {
    for (key, value) in table {
        let name: &str = key.get_ref();
        let here = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        see(&here, key.span(), value.get_ref());
        walk_value(value.get_ref(), &here, value.span(), see);
    }
}

fn walk_value(
    value: &DeValue<'_>,
    path: &str,
    span: Range<usize>,
    see: &mut dyn FnMut(&str, Range<usize>, &DeValue<'_>),
) {
    match value {
        DeValue::Table(inner) => walk(inner, path, see),
        DeValue::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let here = format!("{path}[{at}]");
                see(&here, if item.span().is_empty() { span.clone() } else { item.span() }, item.get_ref());
                walk_value(item.get_ref(), &here, item.span(), see);
            }
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {}
    }
}
