//! The reference page of actions, written from the code.

use crate::outcome::Answer;
use crate::preset::Preset;

/// What stands before the parts that are enumerated.
const HEAD: &str = "\
# Actions: which records events become

Written from the code. The keys of `[[actions]]` and `[delivery]` stand in the [configuration](config.md); the guides tell how to
come [from Segment](../guides/from-segment.md), [from RudderStack](../guides/from-rudderstack.md),
[from Customer.io](../guides/from-customer-io.md) and [from Kentico](../guides/from-kentico.md).

`highwater deliver --check` compares all actions with the org and names everything that does not fit at once: objects and fields our
user does not see or may not write, matchers Salesforce cannot filter by, required fields that no rule fills, constants that a
restricted picklist does not take, references that point elsewhere. Nothing is delivered before it fits.

## Fields

`field = [{ name = \"LastName\", path = \"traits.lastName\" }]`. Of several rules for one field the first that has a value counts.

| key | meaning |
| --- | --- |
| `name` | API name, as Salesforce spells it, custom fields with their `__c` |
| `path` | where the value stands, such as `traits.address.city` or `context.externalId.0.id`; of a list of paths the first that is neither null nor empty, else the first that is there |
| `value` | a constant, in place of a path |
| `template` | a text with paths in braces: `\"{traits.city}, {traits.country}\"`; without any value it is nothing |
| `part` | `given` or `family` part of a full name. One word is a family name, `Family, Given` is read as such, else all words after the first are the family name |
| `decode` | values in place of others: `{ hot = \"Hot\" }`, compared without regard to case |
| `otherwise` | a value outside `decode`: `as_is`, `leave_out` or `refuse` |
| `lookup` | the record a reference points at: `{ object = \"Account\", field = \"AccountNumber\", none = \"leave_out\" }` or `none = \"refuse\"`. A record that another event of the same batch makes is made first |
| `only` | `always`, `create` (a placeholder that overwrites nothing; a constant gives way to whatever any event says, an older one too) or `update` |
| `too_long`, `unfit` | in place of the action's |
| `optional` | `true`: only where the org has the field and our user may write it; the outcome of an event with a value says where not |

## The flag

`flag` says what `integrations.Salesforce` of an event must be: `required` (true), `optional` (not false) or `ignored`, which is the
default of an entry without a preset. `intake.salesforce_flag` asks the same of every event when it comes, and the stricter of the two
counts. What does not ask for Salesforce is outcome `ignored`.

Salesforce is named by `Salesforce`, by `Salesforce (Actions)`, which is what Segment's present destination is called, or by
`Salesforce V2`, which is RudderStack's; letters count as they are. An object with options says true. Where an event has several of
these keys, one false is a false. `All` counts where it has none of them, and can only say no: `All = false` is one for `optional`, and
`All = true` is no yes for `required`, since RudderStack's SDKs say it of every event by themselves.

## Conditions

`when = [{ path = \"traits.plan\", is = [\"pro\"] }]`. A condition has a `path` and any of `is`, `is_not`, `present`, `at_least`, `below`
and `contains`; all that is given must hold. Nothing holds for a value that is absent, except `present = false`.

## Matchers

`match = { all = [...] }` or `match = { any = [...] }`, each with a `field` and a `path` or a `value`. Values without the text of
`contains` are passed over: `path = [\"traits.email\", \"userId\"], contains = \"@\"`. A matcher `Id` names the record itself. A record that
an upsert makes has the values it was looked for by, whatever the fields say of them. Text compares without regard to case. Values of hundreds of events stand in one query, each escaped by the one function that
writes SOQL text.

## Which value stays

Per record and field, the value of the newest event by its corrected `timestamp`, in whatever order events come, across restarts.
What an event does not carry is never touched. A change somebody makes in Salesforce has no event time: the next event overwrites it.

## Null and the empty text

`nulls = \"leave\"`, the default for events: as if they were absent. `nulls = \"clear\"`, the default for supporters: they clear the field
of a record that is there. A new record gets no null, so that the org's own default values come into it; a rule with a value for the
field goes before one that is empty; a check box has no third state and stays. Of supporters a column clears its field when it was
emptied, not when it never held anything.

## What is never repeated blindly

A create whose answer never came is looked up by what was sent before it is sent again: by a unique external id among its fields
where there is one (map `messageId` into one), else by all its values together. An upsert is looked up by its matchers anyway.
";

/// The page.
#[must_use]
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n## Outcomes\n\nEvery event has one for each action it is for.\n\n| outcome | status | a person is asked |\n| --- | --- | --- |\n");
    for answer in Answer::ALL {
        let person = if answer.needs_a_person() { "yes" } else { "no" };
        page.push_str(&format!("| `{}` | {} | {person} |\n", answer.code(), answer.status()));
    }
    page.push_str(
        "\n## Presets\n\nA preset is nothing but the entries below. An entry of the configuration that names one says only what \
         differs;\nfields of one name replace the preset's. An entry without `on` is used only where the configuration names its \
         object and says\n`on`.\n",
    );
    for preset in Preset::ALL {
        page.push_str(&format!("\n### `{}`\n\nOn purpose different:\n\n", preset.name()));
        for difference in preset.differences() {
            page.push_str(&format!("- {difference}\n"));
        }
        page.push_str(&format!("\n```toml\n{}```\n", preset.text()));
    }
    page
}
