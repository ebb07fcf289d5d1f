//! Presets: the behaviour of the systems people come from, as entries anybody could have written.

use serde::{Deserialize, Serialize};

use crate::entry::Entry;

/// Whose behaviour an entry begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Segment's first Salesforce destination.
    SegmentClassic,
    /// Segment's Salesforce (Actions) destination.
    SegmentActions,
    /// RudderStack's Salesforce destination.
    Rudderstack,
    /// Customer.io's Salesforce destination.
    Customerio,
}

/// Which address of an Account the address of a group fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// The billing address.
    #[default]
    Billing,
    /// The shipping address.
    Shipping,
    /// Both.
    Both,
}

#[derive(Deserialize)]
struct File {
    actions: Vec<Entry>,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::SegmentClassic, Self::SegmentActions, Self::Rudderstack, Self::Customerio];

    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SegmentClassic => "segment-classic",
            Self::SegmentActions => "segment-actions",
            Self::Rudderstack => "rudderstack",
            Self::Customerio => "customerio",
        }
    }

    /// What it is, as configuration.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::SegmentClassic => include_str!("../presets/segment-classic.toml"),
            Self::SegmentActions => include_str!("../presets/segment-actions.toml"),
            Self::Rudderstack => include_str!("../presets/rudderstack.toml"),
            Self::Customerio => include_str!("../presets/customerio.toml"),
        }
    }

    /// What differs from the system it is named after, on purpose.
    #[must_use]
    pub const fn differences(self) -> &'static [&'static str] {
        match self {
            Self::SegmentClassic => &[
                "`n/a` for a missing last name or company is written when a Lead is made, and never over what a Lead holds.",
                "A trait without a field is reported in the event's outcome; there it is dropped or fails the call.",
                "Values over a field's length are trimmed as there, and the outcome says which.",
                "A full name loses no part: all words after the first are the last name.",
                "Several Leads with one address are outcome 300 and a case; there one of them is written.",
                "A converted Lead is followed to its Contact; there the update is refused for good.",
                "Two calls for hundreds of events, not two for each; no calls every thirty minutes.",
            ],
            Self::SegmentActions => &[
                "What an event does not carry is left alone. In batches there, it is sent as `#N/A` and erases what Salesforce holds.",
                "Every event is checked, not only the first of a batch, and every event has its own outcome read from Salesforce's results.",
                "Matchers on fields that cannot be queried are refused when the configuration is checked.",
                "Backslashes and quotes in matcher values are escaped.",
                "Deleting works in batches too, and needs its permission.",
                "A repeated create after a time-out is looked up before it is sent again.",
            ],
            Self::Rudderstack => &[
                "`n/a` for a missing last name or company is written when a Lead is made, and never over what a Lead holds.",
                "A record that an entry names by reference is never made as `n/a`: without a last name, or a company, it is outcome 422.",
                "Such records take traits in RudderStack's spelling and in Salesforce's; null clears, also where RudderStack maps.",
                "A value whose field the org does not have, or our user may not write, is left out, and the outcome names the field.",
                "`createdAt`, `isDeleted`, `isConverted` and others that no API writes are not mapped.",
                "A full name of three words loses none: there only the first and the last are kept.",
                "Several Leads with one address are outcome 300 and a case, whichever way they were found.",
                "Of two values of one field the newer stays, by the events' corrected time; there the last to arrive wins.",
                "Objects other than Lead, Contact and Account take an entry of their own: nothing is written to an object nobody named.",
                "Rows that Salesforce did not process are sent again; there they end as failed without a reason.",
            ],
            Self::Customerio => &[
                "Every record has its own result; there a whole batch is shown as successful.",
                "An event without the value of a matcher is refused before anything is sent; a `userId` without `@` is no address.",
                "Several matches are outcome 300 without a retry, as there, and a case besides.",
                "A look-up serves hundreds of events; there each update costs two calls.",
                "When the day's allowance runs low, events wait in the queue; nothing is dropped.",
                "`AccountId` can be looked up by account number, name or external id.",
            ],
        }
    }

    /// Its entries.
    #[must_use]
    pub fn entries(self, address: Address) -> Vec<Entry> {
        let file: File = toml::from_str(self.text()).expect("the shipped presets are read by a test");
        file.actions.into_iter().map(|entry| with_address(entry, address)).collect()
    }
}

/// The preset's `Billing…` fields for the address that is wanted.
fn with_address(mut entry: Entry, address: Address) -> Entry {
    let is_billing = |name: &str| name.starts_with("Billing");
    let shipping: Vec<_> = entry
        .field
        .iter()
        .filter(|rule| is_billing(&rule.name))
        .map(|rule| crate::action::FieldRule {
            name: rule.name.replace("Billing", "Shipping"),
            ..rule.clone()
        })
        .collect();
    match address {
        Address::Billing => {}
        Address::Shipping => {
            entry.field.retain(|rule| !is_billing(&rule.name));
            entry.field.extend(shipping);
        }
        Address::Both => entry.field.extend(shipping),
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_complete_in_itself() {
        for preset in Preset::ALL {
            for address in [Address::Billing, Address::Shipping, Address::Both] {
                let entry = Entry { preset: Some(preset), address: Some(address), ..Entry::default() };
                let actions = entry.actions().unwrap();
                assert!(!actions.is_empty(), "{}", preset.name());
                assert!(actions.iter().all(|action| action.name.starts_with(preset.name())));
            }
            assert!(preset.differences().len() >= 5);
            let word = serde_json::to_value(preset).unwrap();
            assert_eq!(word, preset.name());
        }
    }

    #[test]
    fn the_address_of_a_group_goes_where_it_is_wanted() {
        let names = |address| {
            let entry = Entry {
                preset: Some(Preset::SegmentClassic),
                object: Some("Account".into()),
                address: Some(address),
                ..Entry::default()
            };
            let fields = entry.actions().unwrap().remove(0).fields;
            ["BillingCity", "ShippingCity"].map(|name| fields.iter().any(|rule| rule.name == name))
        };
        assert_eq!(names(Address::Billing), [true, false]);
        assert_eq!(names(Address::Shipping), [false, true]);
        assert_eq!(names(Address::Both), [true, true]);
    }
}
