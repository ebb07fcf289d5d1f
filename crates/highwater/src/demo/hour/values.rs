//! Edits of what people are like: names, places, phones, consents.

use serde_json::{Value as Json, json};

use super::{Cast, Done};
use crate::demo::apply::Hands;
use crate::demo::verify::Expected;
use crate::demo::world::World;
use crate::failure::Failure;

/// A column, the Contact field it is mapped to, and a value both shall hold.
type Wanted = (&'static str, &'static str, Option<String>);

fn expect(done: &mut Done, what: &'static str, supporter: i64, wanted: &[Wanted]) {
    for (column, field, value) in wanted {
        let (column, field) = (*column, *field);
        done.expect(
            what,
            Expected::Both { supporter, column, field, ours: value.clone(), theirs: value.clone() },
        );
    }
}

/// One of four edits of several fields, by number.
fn edit(number: usize, place: &str) -> Vec<Wanted> {
    let some = |text: String| Some(text);
    match number % 4 {
        0 => vec![
            ("phone", "HomePhone", some(format!("+61 3 5550 {:04}", number % 10_000))),
            ("city", "MailingCity", some(place.to_owned())),
            ("postcode", "MailingPostalCode", some(format!("7{:03}", number % 1_000))),
        ],
        1 => vec![
            ("first_name", "FirstName", some(["Alex", "Sam", "Kim", "Jo"][number / 4 % 4].to_owned())),
            ("region", "MailingState", some("Tasmania".to_owned())),
        ],
        2 => vec![
            ("phone", "HomePhone", None),
            ("country", "MailingCountry", some("New Zealand".to_owned())),
            ("city", "MailingCity", some("Dunedin".to_owned())),
        ],
        _ => vec![
            ("last_name", "LastName", some(format!("Newname{}", ["ton", "by", "field"][number / 4 % 3]))),
            ("phone", "HomePhone", some(format!("+64 4 5551 {:04}", number % 10_000))),
        ],
    }
}

/// Supporters correct their own records.
pub(super) async fn supporters(
    hands: &mut Hands<'_>,
    cast: &mut Cast,
    count: usize,
    done: &mut Done,
) -> Result<(), Failure> {
    const WHAT: &str = "supporters edited, two or three fields each";
    for (number, (supporter, _)) in cast.some(count)?.into_iter().enumerate() {
        let wanted = edit(number, "Hobart");
        let set: Vec<_> = wanted.iter().map(|(column, _, value)| (*column, value.as_deref())).collect();
        hands.supporter(supporter, &set).await?;
        expect(done, WHAT, supporter, &wanted);
    }
    done.deed(WHAT, count);
    Ok(())
}

/// Staff correct Contacts; one in five edits is of a field that is not mapped.
pub(super) fn contacts(
    hands: &mut Hands<'_>,
    cast: &mut Cast,
    count: usize,
    done: &mut Done,
) -> Result<(), Failure> {
    const WHAT: &str = "Contacts edited, two or three fields each";
    for (number, (supporter, contact)) in cast.some(count)?.into_iter().enumerate() {
        if number % 5 == 4 {
            hands.contact(&contact, &[("Title", json!("Volunteer"))])?;
            continue;
        }
        let wanted = edit(number, "Wellington");
        let fields: Vec<(&str, Json)> =
            wanted.iter().map(|(_, field, value)| (*field, json!(value))).collect();
        hands.contact(&contact, &fields)?;
        expect(done, WHAT, supporter, &wanted);
    }
    done.deed(WHAT, count);
    Ok(())
}

/// Both sides edit one person: different fields, which both survive, and one field, where Salesforce wins.
pub(super) async fn both(
    hands: &mut Hands<'_>,
    cast: &mut Cast,
    count: usize,
    done: &mut Done,
) -> Result<(), Failure> {
    const OTHER: &str = "people edited on both sides, in different fields";
    for (supporter, contact) in cast.some(count)? {
        hands.supporter(supporter, &[("city", Some("Darwin"))]).await?;
        let street = "9 Harbour Street\nUnit 4";
        hands.contact(&contact, &[("MailingStreet", json!(street)), ("FirstName", json!("Robin"))])?;
        let wanted = [
            ("city", "MailingCity", Some("Darwin".to_owned())),
            ("first_name", "FirstName", Some("Robin".to_owned())),
        ];
        expect(done, OTHER, supporter, &wanted);
        for (column, line) in [("address_1", "9 Harbour Street"), ("address_2", "Unit 4")] {
            let (ours, theirs) = (Some(line.to_owned()), Some(street.to_owned()));
            done.expect(OTHER, Expected::Both { supporter, column, field: "MailingStreet", ours, theirs });
        }
    }
    done.deed(OTHER, count);
    const SAME: &str = "people edited on both sides, in the same field";
    for (supporter, contact) in cast.some(count)? {
        hands.contact(&contact, &[("MailingCity", json!("Auckland"))])?;
        hands.supporter(supporter, &[("city", Some("Cairns"))]).await?;
        expect(done, SAME, supporter, &[("city", "MailingCity", Some("Auckland".to_owned()))]);
    }
    done.deed(SAME, count);
    Ok(())
}

/// Opt-outs on either side; the "no" arrives on the other.
pub(super) async fn consents(
    hands: &mut Hands<'_>,
    cast: &mut Cast,
    world: &World,
    done: &mut Done,
) -> Result<(), Failure> {
    const WHAT: &str = "opt-outs, on either side";
    let people = cast.opted_in(world, 6).await?;
    for (number, (supporter, contact)) in people.iter().enumerate() {
        if number % 2 == 0 {
            hands.supporter(*supporter, &[("opt_in_email", Some("N"))]).await?;
        } else {
            hands.contact(contact, &[("Email_Opt_In__c", json!(false))])?;
        }
        done.expect(
            WHAT,
            Expected::Both {
                supporter: *supporter,
                column: "opt_in_email",
                field: "Email_Opt_In__c",
                ours: Some("N".to_owned()),
                theirs: Some("false".to_owned()),
            },
        );
    }
    done.deed(WHAT, people.len());
    Ok(())
}

/// A last name that Salesforce does not take: the record is set aside and named, nothing is cut off.
pub(super) async fn too_long(hands: &mut Hands<'_>, cast: &mut Cast, done: &mut Done) -> Result<(), Failure> {
    const WHAT: &str = "a last name of 100 letters";
    let (supporter, _) = cast.next()?;
    hands.supporter(supporter, &[("last_name", Some(&"Long".repeat(25)))]).await?;
    done.expect(WHAT, Expected::Case { supporter, kind: model::CaseKind::Blocked });
    done.deed(WHAT, 1);
    Ok(())
}
