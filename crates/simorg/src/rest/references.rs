//! References of a composite request: `@{refContact.id}` in a URL or a body stands for part of an earlier answer.

use serde_json::{Map, Value};
use std::collections::HashMap;

/// Answers of earlier subrequests by their reference id.
pub(super) type Answers = HashMap<String, Value>;

/// Puts values in place of all references in a text. `Err` holds the text of the refusal.
pub(super) fn in_text(text: &str, answers: &Answers) -> Result<String, String> {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@{") {
        done.push_str(before);
        let Some((reference, tail)) = after.split_once('}') else {
            return Err(format!("Invalid reference specified. The reference '{after}' does not end."));
        };
        done.push_str(&value(reference, answers)?);
        rest = tail;
    }
    done.push_str(rest);
    Ok(done)
}

/// The same in every text of a JSON value; names of members are left alone.
pub(super) fn in_json(json: &Value, answers: &Answers) -> Result<Value, String> {
    Ok(match json {
        Value::String(text) => Value::String(in_text(text, answers)?),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| in_json(item, answers)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let pair = |(name, value): (&String, &Value)| Ok((name.clone(), in_json(value, answers)?));
            Value::Object(members.iter().map(pair).collect::<Result<Map<_, _>, String>>()?)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => json.clone(),
    })
}

/// The value a reference leads to: members behind dots, items in brackets.
fn value(reference: &str, answers: &Answers) -> Result<String, String> {
    let name = reference.split(['.', '[']).next().unwrap_or_default();
    let missing = || format!("Invalid reference specified. No value for {reference} found in {name}.");
    let mut place = answers.get(name).ok_or_else(missing)?;
    let path = reference.get(name.len()..).unwrap_or_default().replace('[', ".").replace(']', "");
    for part in path.split('.').skip(1) {
        let next = match place {
            Value::Object(members) => members.get(part),
            Value::Array(items) => part.parse().ok().and_then(|at: usize| items.get(at)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        };
        place = next.ok_or_else(missing)?;
    }
    match place {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(place.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(missing()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Answers, in_json, in_text};
    use proptest::prelude::*;
    use serde_json::json;

    fn answers() -> Answers {
        let found = json!({"records": [{"Id": "001"}, {"Id": "002", "Name": null}], "totalSize": 2});
        [("made".to_owned(), json!({"id": "003"})), ("found".to_owned(), found)].into()
    }

    #[test]
    fn references_are_replaced_in_texts_and_bodies() {
        let url = in_text("/sobjects/Contact/@{made.id}?x=@{found.records[1].Id}", &answers());
        assert_eq!(url.as_deref(), Ok("/sobjects/Contact/003?x=002"));
        let body = in_json(&json!({"A": ["@{found.totalSize}", 1]}), &answers());
        assert_eq!(body, Ok(json!({"A": ["2", 1]})));
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_named() {
        for (text, named) in [
            ("@{made.Id}", "No value for made.Id found in made."),
            ("@{found.records[7].Id}", "No value for found.records[7].Id found in found."),
            ("@{found.records[1].Name}", "No value for found.records[1].Name"),
            ("@{other}", "No value for other found in other."),
            ("@{made.id", "does not end"),
        ] {
            let refusal = in_text(text, &answers()).expect_err(text);
            assert!(refusal.contains(named), "{refusal}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_replaced_or_refused(text in "[@{}a-z.\\[\\]0-9]{0,30}|.{0,30}") {
            let _ = in_text(&text, &answers());
        }

        #[test]
        fn a_text_without_a_reference_stays(text in "[^@]{0,40}") {
            prop_assert_eq!(in_text(&text, &answers()), Ok(text));
        }
    }
}
