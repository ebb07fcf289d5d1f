//! What a field map's rules make of a column, as far as that decides how a value is spelled in it.

use model::{FieldMap, FieldType};

/// What a column carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Carried {
    /// A text, or nothing that is known.
    #[default]
    Text,
    /// Yes or no, and the map does not say how they are spelled.
    YesNo,
    /// An instant.
    DateTime,
}

/// For each of [`FieldMap::columns`].
pub(crate) fn carried(map: &FieldMap) -> Vec<Carried> {
    let mut all = vec![Carried::Text; map.columns().len()];
    if let Some(flag) = map.contact_deleted().and_then(|place| all.get_mut(place)) {
        *flag = Carried::YesNo;
    }
    for (at, rule) in map.rules().iter().enumerate() {
        let carried = match rule.kind {
            FieldType::DateTime => Carried::DateTime,
            FieldType::Boolean if rule.pulls() && rule.yes_no.is_none() => Carried::YesNo,
            FieldType::Boolean
            | FieldType::Text
            | FieldType::TextArea
            | FieldType::Email
            | FieldType::Phone
            | FieldType::Url
            | FieldType::Date
            | FieldType::Number
            | FieldType::Picklist
            | FieldType::MultiPicklist
            | FieldType::Reference => continue,
        };
        for place in map.columns_of(at) {
            if let Some(of_column) = all.get_mut(*place) {
                *of_column = carried;
            }
        }
    }
    all
}

/// What a column for yes and no is declared for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    /// Numbers alone.
    Numbers,
    /// Numbers, and texts that look like none.
    MostlyNumbers,
    /// Texts.
    Texts,
}

/// Spellings of yes and no that the rest of the program reads, see [`FieldType`].
const SPELLINGS: [(&str, &str); 14] = [
    ("1", "0"),
    ("Y", "N"),
    ("y", "n"),
    ("Yes", "No"),
    ("yes", "no"),
    ("YES", "NO"),
    ("T", "F"),
    ("t", "f"),
    ("True", "False"),
    ("true", "false"),
    ("TRUE", "FALSE"),
    ("On", "Off"),
    ("on", "off"),
    ("ON", "OFF"),
];

/// `true` and `false` as they are spelled in a row that holds `present`; any other text as it is. Whoever asks for
/// `opted_out = 1` must not miss a refusal for its being spelled `true`.
pub(crate) fn yes_no<'a>(text: &'a str, column: Made, present: Option<&str>) -> &'a str {
    let yes = match text {
        "true" => true,
        "false" => false,
        _ => return text,
    };
    let present = present.map(str::trim).filter(|_| column != Made::Numbers);
    let known = present.and_then(|held| SPELLINGS.iter().find(|(yes, no)| held == *yes || held == *no));
    let (spelled_yes, spelled_no) = match (known, column) {
        (Some(known), _) => *known,
        (None, Made::Numbers | Made::MostlyNumbers) => ("1", "0"),
        (None, Made::Texts) => return text,
    };
    if yes { spelled_yes } else { spelled_no }
}

#[cfg(test)]
mod tests {
    use model::field_map::plain_rule;
    use model::{Cell, Direction, FieldRule, TechnicalFields};

    use super::*;

    #[test]
    fn a_row_is_answered_in_its_own_spelling() {
        for (held, yes, no) in [
            ("N", "Y", "N"),
            ("y", "y", "n"),
            (" No", "Yes", "No"),
            ("0", "1", "0"),
            ("FALSE", "TRUE", "FALSE"),
        ] {
            assert_eq!(
                (yes_no("true", Made::Texts, Some(held)), yes_no("false", Made::Texts, Some(held))),
                (yes, no)
            );
        }
        assert_eq!(yes_no("true", Made::Texts, None), "true");
        assert_eq!(yes_no("true", Made::Texts, Some("perhaps")), "true");
        assert_eq!(yes_no("true", Made::MostlyNumbers, None), "1");
        assert_eq!(yes_no("true", Made::MostlyNumbers, Some("n")), "y");
        assert_eq!(yes_no("false", Made::Numbers, Some("true")), "0");
        assert_eq!(yes_no("other", Made::Numbers, Some("true")), "other");
    }

    #[test]
    fn every_spelling_is_read_as_what_it_says() {
        for (yes, no) in SPELLINGS {
            for (text, means) in [(yes, "true"), (no, "false")] {
                let read = FieldType::Boolean.normalize(&Cell::Value(text.into()), None);
                assert_eq!(read, Ok(Cell::Value(means.into())));
            }
        }
    }

    #[test]
    fn the_map_says_what_a_column_carries() {
        let spelled = FieldRule {
            yes_no: Some(("J".into(), "N".into())),
            ..plain_rule("Post__c", "post", FieldType::Boolean)
        };
        let pushed =
            FieldRule { direction: Direction::Push, ..plain_rule("Active__c", "active", FieldType::Boolean) };
        let rules = vec![
            plain_rule("Email", "email", FieldType::Email),
            plain_rule("LastName", "last_name", FieldType::Text),
            plain_rule("HasOptedOutOfEmail", "opted_out", FieldType::Boolean),
            spelled,
            pushed,
            plain_rule("Joined__c", "joined", FieldType::DateTime),
        ];
        let technical = TechnicalFields { supporter_id: "Id__c".into(), account_id: None, push_marker: None };
        let map = FieldMap::new(rules, technical).unwrap();
        use Carried::{DateTime, Text, YesNo};
        assert_eq!(carried(&map), [Text, Text, YesNo, Text, Text, DateTime]);
        let (map, _) = map.with_contact_deleted("contact_deleted");
        assert_eq!(carried(&map), [Text, Text, YesNo, Text, Text, DateTime, YesNo]);
    }
}
