//! Turns a parser's words into ours: which key, what is wrong, what was probably meant.

use super::{ConfigError, Place, Places};

/// The error for a refused file.
pub(super) fn refusal(
    file: &str,
    text: &str,
    places: &Places,
    error: &serde_path_to_error::Error<toml::de::Error>,
) -> ConfigError {
    let path = key_path(&error.path().to_string());
    let message = error.inner().message();
    let place =
        error.inner().span().map_or_else(|| places.of_key(&path), |span| Place::at(file, text, span.start));
    if let Some(key) = between(message, "unknown field `") {
        let table = path.strip_suffix(key).map_or(path.as_str(), |table| table.trim_end_matches('.'));
        let suggestion = nearest(key, &quoted_after(message, ", expected"));
        return ConfigError::UnknownKey { place, key: key.to_owned(), table: table.to_owned(), suggestion };
    }
    if let Some(key) = between(message, "missing field `") {
        let key = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        let problem = "is missing".to_owned();
        return ConfigError::Value { place, key, problem, suggestion: None };
    }
    if let Some(word) = between(message, "unknown variant `") {
        let choices = quoted_after(message, ", expected");
        let problem = format!("is not one of {}", choices.join(", "));
        return ConfigError::Value { place, key: path, problem, suggestion: nearest(word, &choices) };
    }
    ConfigError::Value { place, key: path, problem: without_values(message), suggestion: None }
}

/// The error for a file that is no TOML.
pub(super) fn syntax(file: &str, text: &str, error: &toml::de::Error) -> ConfigError {
    let place = error.span().map_or_else(|| Place::file_only(file), |span| Place::at(file, text, span.start));
    if error.message().contains("duplicate key") {
        let problem = "this key stands twice in its table".to_owned();
        return ConfigError::Syntax { place, problem };
    }
    ConfigError::Syntax { place, problem: format!("not TOML: {}", error.message()) }
}

/// `field[2].policy`, as serde_path_to_error spells it, without its marks for an unknown place.
fn key_path(path: &str) -> String {
    path.trim_matches('.').trim_end_matches(".?").trim_matches('?').to_owned()
}

fn between<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    let rest = message.split_once(before)?.1;
    Some(rest.split_once('`')?.0)
}

/// Every name in backticks after `mark`.
fn quoted_after(message: &str, mark: &str) -> Vec<String> {
    let rest = message.split_once(mark).map_or("", |(_, rest)| rest);
    rest.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The known word that is spelled most like this one, if one is near enough to be a slip.
pub(crate) fn nearest(word: &str, known: &[String]) -> Option<String> {
    let likeness = |candidate: &String| strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase());
    let best = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) >= 0.8).then(|| best.clone())
}

/// The message without the values it quotes: `invalid type: string "…", expected a boolean`.
fn without_values(message: &str) -> String {
    let mut clean = String::with_capacity(message.len());
    let mut parts = message.split('"');
    clean.push_str(parts.next().unwrap_or_default());
    let rest: Vec<&str> = parts.collect();
    match rest.last() {
        None => clean,
        Some(after) => clean.trim_end().to_owned() + after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_value_is_taken_out_of_the_message() {
        let message = r#"invalid type: string "hunter2 with a \"quote\"", expected a boolean"#;
        assert_eq!(without_values(message), "invalid type: string, expected a boolean");
        assert_eq!(without_values("invalid value: integer `5`"), "invalid value: integer `5`");
    }

    #[test]
    fn only_a_near_word_is_suggested() {
        let known = ["overlap_seconds".to_owned(), "push".to_owned()];
        assert_eq!(nearest("overlap_secs", &known).as_deref(), Some("overlap_seconds"));
        assert_eq!(nearest("zebra", &known), None);
    }
}
