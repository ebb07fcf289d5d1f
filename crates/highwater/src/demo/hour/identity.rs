//! Edits of who people are: addresses, merges, wrong Ids, deletions, newcomers.

use model::CaseKind;
use serde_json::{Value as Json, json};

use super::{Cast, Done};
use crate::demo::apply::Hands;
use crate::demo::people::Supporter;
use crate::demo::verify::Expected;
use crate::demo::world::World;
use crate::failure::Failure;

/// Newcomers on one side.
const NEWCOMERS: usize = 10;

/// An Id of the right form that no record has.
const NOBODYS: &str = "0035f0ZZZZZZZZZ";

/// The address of a Contact changes in Salesforce; the supporter keeps its link and takes the new address.
pub(super) fn emails(hands: &mut Hands<'_>, cast: &mut Cast, done: &mut Done) -> Result<(), Failure> {
    const WHAT: &str = "e-mail addresses changed in Salesforce";
    let people = cast.some(5)?;
    for (supporter, contact) in &people {
        let email = format!("moved.{supporter}@example.org");
        hands.contact(contact, &[("Email", json!(email))])?;
        done.expect(WHAT, Expected::OnePerson { email });
        done.expect(WHAT, Expected::Linked { supporter: *supporter, contact: contact.clone() });
    }
    done.deed(WHAT, people.len());
    Ok(())
}

/// A linked Contact is merged into a new record of the same person: the link follows. Another one is merged into somebody
/// else's Contact: a person is asked.
pub(super) fn merges(hands: &mut Hands<'_>, cast: &mut Cast, done: &mut Done) -> Result<(), Failure> {
    const WHAT: &str = "linked Contacts merged into others";
    let (supporter, loser) = cast.next()?;
    let master = hands.new_contact(&[
        ("FirstName", json!("Merged")),
        ("LastName", json!("Person")),
        ("Email", json!(format!("merged.{supporter}@example.org"))),
    ])?;
    hands.merge(&master, &loser)?;
    done.expect(WHAT, Expected::Linked { supporter, contact: master });
    let (supporter, loser) = cast.next()?;
    let (owner, survivor) = cast.next()?;
    hands.merge(&survivor, &loser)?;
    done.expect(WHAT, Expected::Case { supporter, kind: CaseKind::MergedIntoLinked });
    done.expect(WHAT, Expected::Linked { supporter: owner, contact: survivor });
    done.deed(WHAT, 2);
    Ok(())
}

/// Contact Ids typed by hand into the supporter database: one that is nobody's, and one that is somebody else's.
pub(super) async fn wrong_ids(
    hands: &mut Hands<'_>,
    cast: &mut Cast,
    done: &mut Done,
) -> Result<(), Failure> {
    const WHAT: &str = "wrong Contact Ids typed by hand";
    let (supporter, contact) = cast.next()?;
    hands.supporter(supporter, &[("sf_contact_id", Some(NOBODYS))]).await?;
    done.expect(WHAT, Expected::Linked { supporter, contact });
    done.deed(WHAT, 1);
    Ok(())
}

/// A partner is entered in Salesforce under a supporter's address: nobody is renamed, and nobody is doubled.
pub(super) async fn families(
    hands: &mut Hands<'_>,
    cast: &mut Cast,
    world: &World,
    done: &mut Done,
) -> Result<(), Failure> {
    const WHAT: &str = "partners entered under a supporter's address";
    let people = cast.some(2)?;
    for (supporter, contact) in &people {
        let cell = |column: &str| world.database.cell(*supporter, column);
        let (email, last_name) = (cell("email")?, cell("last_name")?);
        let fields = [
            ("FirstName", json!("Ngaire")),
            ("LastName", json!(last_name.as_deref().unwrap_or("Partner"))),
            ("Email", json!(email)),
        ];
        let partner = hands.new_contact(&fields)?;
        done.expect(WHAT, Expected::NoSupporter { contact: partner });
        done.expect(WHAT, Expected::Linked { supporter: *supporter, contact: contact.clone() });
        let (column, field) = ("email", "Email");
        done.expect(
            WHAT,
            Expected::Both { supporter: *supporter, column, field, ours: email.clone(), theirs: email },
        );
    }
    done.deed(WHAT, people.len());
    Ok(())
}

/// A linked Contact is deleted: it is not made again, and a person is asked.
pub(super) fn deleted(hands: &mut Hands<'_>, cast: &mut Cast, done: &mut Done) -> Result<(), Failure> {
    const WHAT: &str = "a linked Contact deleted";
    let (supporter, contact) = cast.next()?;
    hands.delete(&contact)?;
    done.expect(WHAT, Expected::Case { supporter, kind: CaseKind::ContactDeleted });
    done.deed(WHAT, 1);
    Ok(())
}

/// New people: supporters, Contacts, the same person on both sides under two first names, and two who cannot travel.
pub(super) async fn newcomers(hands: &mut Hands<'_>, first_id: i64, done: &mut Done) -> Result<(), Failure> {
    let mut ids = first_id..;
    let mut next = || ids.next().unwrap_or(first_id);
    const SUPPORTERS: &str = "new supporters";
    for number in 0..NEWCOMERS {
        let email = format!("new.supporter{number}@example.org");
        hands.new_supporter(supporter(next(), "Terry", "Newcomer", &email), None).await?;
        done.expect(SUPPORTERS, Expected::OnePerson { email });
    }
    done.deed(SUPPORTERS, NEWCOMERS);
    const CONTACTS: &str = "new Contacts";
    for number in 0..NEWCOMERS {
        let email = format!("new.contact{number}@example.org");
        hands.new_contact(&contact("Morgan", "Incomer", &email))?;
        done.expect(CONTACTS, Expected::OnePerson { email });
    }
    done.deed(CONTACTS, NEWCOMERS);
    const SAME: &str = "new people entered on both sides, as Bob and as Robert";
    for number in 0..3 {
        let email = format!("bob.stillman{number}@example.org");
        hands.new_contact(&contact("Robert", "Stillman", &email))?;
        hands.new_supporter(supporter(next(), "Bob", "Stillman", &email), Some(NOBODYS.to_owned())).await?;
        done.expect(SAME, Expected::OnePerson { email });
    }
    done.deed(SAME, 3);
    const UNFIT: &str = "newcomers who cannot travel: no last name, no address";
    let email = "no.last.name@example.org";
    hands.new_supporter(supporter(next(), "Cher", "", email), None).await?;
    done.expect(UNFIT, Expected::NoContact { email: email.to_owned() });
    let id = hands.new_contact(&contact("Nobody", "Writesto", ""))?;
    done.expect(UNFIT, Expected::NoSupporter { contact: id });
    done.deed(UNFIT, 2);
    Ok(())
}

fn supporter(id: i64, first: &str, last: &str, email: &str) -> Supporter {
    Supporter {
        supporter_id: id,
        email: email.to_owned(),
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        address_1: "1 Station Road".to_owned(),
        address_2: String::new(),
        city: "Ballarat".to_owned(),
        region: "Victoria".to_owned(),
        postcode: "3350".to_owned(),
        country: "Australia".to_owned(),
        phone: String::new(),
        opt_in_email: "Y".to_owned(),
        modified_at: String::new(),
    }
}

fn contact(first: &str, last: &str, email: &str) -> Vec<(&'static str, Json)> {
    let filled = |text: &str| if text.is_empty() { Json::Null } else { json!(text) };
    vec![
        ("FirstName", json!(first)),
        ("LastName", json!(last)),
        ("Email", filled(email)),
        ("MailingCity", json!("Geelong")),
        ("Email_Opt_In__c", json!(true)),
    ]
}
