//! State and country picklists: text and code of an address follow each other (Salesforce help: state and country
//! picklist field-syncing logic).

use super::{SaveError, Work};
use crate::schema::{Field, ObjectSchema, regions};
use crate::value::{Value, ValueRef};

/// Text and code of one part of an address.
struct Pair<'s> {
    text: &'s Field,
    code: &'s Field,
}

/// Makes texts and codes of every address that changed agree, or refuses the row.
pub(super) fn sync(schema: &ObjectSchema, work: &mut Work) {
    if !work.passes() {
        return;
    }
    for prefix in regions::prefixes(schema) {
        let pair = |part: &str| {
            let text = schema.any_field(&format!("{prefix}{part}"))?;
            Some(Pair { text, code: schema.any_field(&format!("{prefix}{part}Code"))? })
        };
        let (Some(state), Some(country)) = (pair("State"), pair("Country")) else { continue };
        let fields = [state.text, state.code, country.text, country.code];
        if !fields.iter().any(|field| work.changed.contains(&field.index)) {
            continue;
        }
        if let Err(error) = agree(work, &state, &country) {
            work.errors.push(error);
        }
    }
}

fn agree(work: &mut Work, state: &Pair<'_>, country: &Pair<'_>) -> Result<(), SaveError> {
    if moved(work, country) && country.is_cleared(work) {
        // Without its country the address loses the state, unless the same save names one.
        country.put(work, None);
        if !(moved(work, state) && state.is_given(work)) {
            state.put(work, None);
        }
    }
    let found = country.settle(work, regions::country).map_err(|()| country.unknown("country"))?;
    country.put(work, found);
    if moved(work, state) && state.is_cleared(work) {
        state.put(work, None);
    }
    if !state.is_given(work) {
        return Ok(());
    }
    let Some((of, _)) = found else {
        let text = format!(
            "A country/territory must be specified before specifying a state value for field: {}",
            state.text.label
        );
        return Err(SaveError::new("FIELD_INTEGRITY_EXCEPTION", text).on(&state.text.name));
    };
    let known = |text: &str, by_code: bool| regions::state(of, text, by_code);
    let found = state.settle(work, known).map_err(|()| state.unknown("state"))?;
    state.put(work, found);
    Ok(())
}

fn moved(work: &Work, pair: &Pair<'_>) -> bool {
    work.changed.contains(&pair.text.index) || work.changed.contains(&pair.code.index)
}

impl Pair<'_> {
    fn is_given(&self, work: &Work) -> bool {
        !work.draft.get(self.text.index).is_null() || !work.draft.get(self.code.index).is_null()
    }

    /// Whether this save emptied the text or the code and gave nothing for the other.
    fn is_cleared(&self, work: &Work) -> bool {
        let emptied =
            |field: &Field| work.changed.contains(&field.index) && work.draft.get(field.index).is_null();
        let given =
            |field: &Field| work.changed.contains(&field.index) && !work.draft.get(field.index).is_null();
        (emptied(self.text) || emptied(self.code)) && !given(self.text) && !given(self.code)
    }

    /// Code and name the row means. A new record's code wins over its text; on an update both must agree.
    fn settle(
        &self,
        work: &Work,
        known: impl Fn(&str, bool) -> Option<(&'static str, &'static str)>,
    ) -> Result<Option<(&'static str, &'static str)>, ()> {
        let text = work.draft.get(self.text.index).text();
        let code = work.draft.get(self.code.index).text();
        let text_moved = work.changed.contains(&self.text.index) && text.is_some();
        let code_moved = work.changed.contains(&self.code.index) && code.is_some();
        let by_text = |text: &str| known(text, false).map(Some).ok_or(());
        let by_code = |code: &str| known(code, true).map(Some).ok_or(());
        match (text, code) {
            (None, None) => Ok(None),
            (Some(text), Some(code)) if text_moved && code_moved && !work.is_new() => {
                let (one, other) = (by_text(text)?, by_code(code)?);
                if one == other { Ok(one) } else { Err(()) }
            }
            (Some(text), _) if text_moved && !code_moved => by_text(text),
            (_, Some(code)) => by_code(code),
            (Some(text), None) => by_text(text),
        }
    }

    fn put(&self, work: &mut Work, found: Option<(&str, &str)>) {
        let value = |text: Option<&str>| text.map_or(Value::Null, Value::text);
        for (field, value) in [(self.code, value(found.map(|f| f.0))), (self.text, value(found.map(|f| f.1)))]
        {
            if work.draft.get(field.index) == ValueRef::Null && value == Value::Null {
                continue;
            }
            work.draft.set(field.index, value);
        }
    }

    fn unknown(&self, what: &str) -> SaveError {
        let list = if what == "country" { "country/territory" } else { what };
        let all = if what == "country" { "countries" } else { "states" };
        let text = format!(
            "There's a problem with this {what}, even though it may appear correct. Please select a {list} from the list \
             of valid {all}.: {}",
            self.text.label
        );
        SaveError::new("FIELD_INTEGRITY_EXCEPTION", text).on(&self.text.name)
    }
}
