//! JSON of strangers: what serde_json takes, less what nobody can mean. A key that stands twice, a NUL, a depth or a number
//! of values beyond the limits is an error with its reason, not a guess.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::limits::Limits;
use crate::refusal::Refusal;

/// Reads one JSON value to its end.
///
/// # Errors
/// The reason why it is none that is taken.
pub(crate) fn parse(text: &[u8], limits: &Limits) -> Result<Value, Refusal> {
    let reading = Reading { limits, nodes: Cell::new(0), refusal: Cell::new(None) };
    let mut from = serde_json::Deserializer::from_slice(text);
    let value = Node { reading: &reading, depth: 0 }.deserialize(&mut from);
    let whole = value.and_then(|value| from.end().map(|()| value));
    whole.map_err(|_| reading.refusal.get().unwrap_or(Refusal::NotJson))
}

struct Reading<'l> {
    limits: &'l Limits,
    nodes: Cell<usize>,
    /// Why reading was given up, when it was not the text's form.
    refusal: Cell<Option<Refusal>>,
}

impl Reading<'_> {
    fn refuse<E: de::Error>(&self, refusal: Refusal) -> E {
        self.refusal.set(Some(refusal));
        E::custom("refused")
    }

    fn text<E: de::Error>(&self, text: &str) -> Result<(), E> {
        if text.contains('\0') { Err(self.refuse(Refusal::Nul)) } else { Ok(()) }
    }
}

#[derive(Clone, Copy)]
struct Node<'r, 'l> {
    reading: &'r Reading<'l>,
    depth: usize,
}

impl Node<'_, '_> {
    fn inside<E: de::Error>(self) -> Result<Self, E> {
        let depth = self.depth + 1;
        let most = self.reading.limits.depth;
        if depth > most {
            Err(self.reading.refuse(Refusal::TooDeep(most)))
        } else {
            Ok(Self { depth, ..self })
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        let nodes = self.reading.nodes.get() + 1;
        self.reading.nodes.set(nodes);
        let most = self.reading.limits.nodes;
        if nodes > most {
            return Err(self.reading.refuse(Refusal::TooMany(most)));
        }
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        self.reading.text(text)?;
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        self.reading.text(&text)?;
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(inside)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut values = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            self.reading.text(&key)?;
            if values.contains_key(&key) {
                return Err(self.reading.refuse(Refusal::DuplicateKey));
            }
            let value = object.next_value_seed(inside)?;
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Value, Refusal> {
        parse(text.as_bytes(), &Limits::default())
    }

    #[test]
    fn ordinary_json_is_read_as_it_is() {
        let value = json!({ "a": [1, -2, 3.5, "x", null, true, {}], "b": { "c": "ü" } });
        assert_eq!(read(&value.to_string()), Ok(value));
    }

    #[test]
    fn what_nobody_can_mean_is_refused_with_its_reason() {
        assert_eq!(read(r#"{"a":1,"a":1}"#), Err(Refusal::DuplicateKey));
        assert_eq!(read(r#"{"x":[{"a":1,"\u0061":2}]}"#), Err(Refusal::DuplicateKey));
        assert_eq!(read(r#"{"a":"b\u0000"}"#), Err(Refusal::Nul));
        assert_eq!(read(r#"{"a\u0000":1}"#), Err(Refusal::Nul));
        assert_eq!(read(r#"{"a":1} {"#), Err(Refusal::NotJson));
        assert_eq!(read(r#"{"a":1"#), Err(Refusal::NotJson));
        assert_eq!(parse(b"{\"a\":\"\xff\"}", &Limits::default()), Err(Refusal::NotJson));
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(32)).is_ok());
        assert_eq!(read(&nested(33)), Err(Refusal::TooDeep(32)));
        assert_eq!(read(&nested(100_000)), Err(Refusal::TooDeep(32)));
        assert!(read(&format!("[{}1]", "1,".repeat(3_998))).is_ok());
        assert_eq!(read(&format!("[{}1]", "1,".repeat(3_999))), Err(Refusal::TooMany(4_000)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let ours = parse(&bytes, &Limits::default());
            let theirs = serde_json::from_slice::<Value>(&bytes);
            // Nothing that is no JSON passes.
            prop_assert!(ours.is_err() || theirs.is_ok());
        }

        #[test]
        fn nearly_json_is_read_or_refused(text in "[\\[\\]{}:,\"a0-9 \\\\u]{0,60}") {
            let ours = read(&text);
            match serde_json::from_str::<Value>(&text) {
                Ok(value) => prop_assert!(ours == Ok(value) || matches!(ours, Err(Refusal::DuplicateKey | Refusal::TooDeep(_)))),
                Err(_) => prop_assert!(ours.is_err()),
            }
        }
    }
}
