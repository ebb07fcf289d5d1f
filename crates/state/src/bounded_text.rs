//! Making outside text fit into a record, always visibly.

/// What a character costs in a JSON text, at most, in bytes.
fn cost(c: char) -> usize {
    match c {
        '"' | '\\' => 2,
        c if c.is_ascii_control() => 6,
        c => c.len_utf8(),
    }
}

/// What a text costs in a JSON text, in bytes.
pub(crate) fn json_cost(text: &str) -> usize {
    text.chars().map(cost).sum()
}

/// Cuts a text that costs more than `max` bytes in JSON, and says how long it was.
pub(crate) fn cut(text: &mut String, max: usize) {
    let mut spent = 0;
    let end = text.char_indices().find(|(_, c)| {
        spent += cost(*c);
        spent > max
    });
    if let Some((end, _)) = end {
        let note = format!("… [cut here, {} bytes in all]", text.len());
        text.truncate(end);
        text.push_str(&note);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_cut_text_costs_what_json_writes_and_no_more_than_allowed(text in "\\PC{0,40}[\\x00-\\x1f\"\\\\]{0,40}", max in 0_usize..80) {
            let written = serde_json::to_string(&text).unwrap().len() - 2;
            proptest::prop_assert!(written <= json_cost(&text));
            let mut shorter = text.clone();
            cut(&mut shorter, max);
            if json_cost(&text) <= max {
                proptest::prop_assert_eq!(shorter, text);
            } else {
                let kept = shorter.split('…').next().unwrap_or_default();
                proptest::prop_assert!(shorter.contains("cut here"));
                proptest::prop_assert!(json_cost(kept) <= max);
            }
        }
    }
}
