//! One Contact that several supporters could be: whose it is does not hang on who is looked up together, nor on where the Contacts are
//! read from.

use e2e::{Contact, Harness, Person, World};
use model::{ContactId, SupporterId};
use service::request::Mode;
use state::Changes;

/// Everybody alone, or all together; the Contacts asked for in lots, or fetched at once. Jane Lee is there.
async fn worlds() -> Vec<(Harness, String)> {
    let mut worlds = Vec::new();
    for (batch, directory_from) in [(1, 800), (1, 1), (2_000, 800), (2_000, 1)] {
        let mut world = World::default();
        (world.settings.batch, world.settings.directory_from) = (batch, directory_from);
        let h = Harness::start_in(world).await;
        let jane = h.contact(&Contact::new("Jane", "Lee", "lees@example.org"));
        h.contact(&Contact::new("Quentin", "Zed", "zed@example.org"));
        worlds.push((h, jane));
    }
    worlds
}

async fn told_apart(h: &Harness, supporter: &str, contact: &str) {
    let supporter = SupporterId::parse(supporter).expect("a number is an id");
    let mut changes = Changes::new();
    changes.set_apart(&supporter, ContactId::parse(contact).expect("the org's ids are ids"));
    let _ = h.sides.state.commit(changes).await.expect("durable");
}

#[tokio::test]
async fn an_id_in_two_rows_is_nobody_s_until_a_person_says_whose() {
    for (h, jane) in worlds().await {
        h.supporter(&Person::new(1, "John", "Lee", "lees@example.org").linked_to(&jane)).await;
        h.supporter(&Person::new(2, "Jane", "Lee", "lees@example.org").linked_to(&jane)).await;
        let report = h.sync().await;
        assert_eq!((h.link(1), h.link(2)), (None, None), "{report:?}");
        assert_eq!(h.cases(), ["two_supporters_one_contact"; 2]);
        let cases = h.sides.state.cases_page(None, 10).unwrap();
        assert!(cases.iter().all(|case| case.reasons == ["claimed_by:1", "claimed_by:2"]), "{cases:?}");
        assert_eq!(h.supporter_cell(1, "first_name").await.as_deref(), Some("John"));
        assert_eq!((h.contact_field(&jane, "FirstName"), h.contacts().len()), ("Jane".to_owned(), 2));
    }
}

#[tokio::test]
async fn an_id_in_two_rows_is_the_one_s_whom_nobody_told_apart_from_it() {
    for (h, jane) in worlds().await {
        told_apart(&h, "1", &jane).await;
        h.supporter(&Person::new(1, "John", "Lee", "lees@example.org").linked_to(&jane)).await;
        h.supporter(&Person::new(2, "Jane", "Lee", "lees@example.org").linked_to(&jane)).await;
        let report = h.sync().await;
        assert_eq!(h.link(2), Some(jane), "{report:?}");
    }
}

#[tokio::test]
async fn rows_that_name_a_merged_contact_have_one_claim_to_what_remains_of_it() {
    for (h, jane) in worlds().await {
        let old = h.contact(&Contact::new("Jane", "Lee", "jane@example.org"));
        let admin = h.org.admin();
        admin.merge_as(&admin.person(), "Contact", &jane, &[&old]).unwrap();
        h.supporter(&Person::new(1, "John", "Lee", "lees@example.org").linked_to(&old)).await;
        h.supporter(&Person::new(2, "Jane", "Lee", "lees@example.org").linked_to(&old)).await;
        let report = h.run(Mode::Push).await;
        assert_eq!((h.link(1), h.link(2)), (None, None), "{report:?}");
        // AND whose row names what remains has the better one
        h.supporter(&Person::new(3, "Janet", "Lee", "lees@example.org").linked_to(&jane)).await;
        for id in [1, 2] {
            h.edit_supporter(id, "city", Some("Perth")).await;
        }
        let report = h.run(Mode::Push).await;
        assert_eq!((h.link(1), h.link(2), h.link(3)), (None, None, Some(jane)), "{report:?}");
    }
}

#[tokio::test]
async fn the_name_that_fits_better_has_the_contact_whoever_comes_first() {
    for (h, jane) in worlds().await {
        h.supporter(&Person::new(1, "J", "Lee", "lees@example.org")).await;
        h.supporter(&Person::new(2, "Jane", "Lee", "lees@example.org")).await;
        let report = h.sync().await;
        assert_eq!((h.link(1), h.link(2)), (None, Some(jane.clone())), "{report:?}");
        assert_eq!(h.cases(), ["two_supporters_one_contact"]);
        assert_eq!(h.supporter_cell(1, "first_name").await.as_deref(), Some("J"));
        assert_eq!(h.contact_field(&jane, "FirstName"), "Jane");
    }
}

#[tokio::test]
async fn whoever_was_told_apart_from_a_contact_does_not_keep_it_from_others() {
    for (h, jane) in worlds().await {
        told_apart(&h, "2", &jane).await;
        h.supporter(&Person::new(1, "J", "Lee", "lees@example.org")).await;
        h.supporter(&Person::new(2, "Jane", "Lee", "lees@example.org")).await;
        let report = h.sync().await;
        assert_eq!(h.link(1), Some(jane), "{report:?}");
    }
}

#[tokio::test]
async fn an_id_in_a_row_comes_before_a_name_unless_it_is_plainly_a_stranger_s() {
    for (h, jane) in worlds().await {
        h.supporter(&Person::new(1, "J", "Lee", "lees@example.org")).await;
        h.supporter(&Person::new(2, "Jane", "Lee", "jane@example.org").linked_to(&jane)).await;
        let report = h.run(Mode::Push).await;
        assert_eq!((h.link(1), h.link(2)), (None, Some(jane)), "{report:?}");
    }
    for (h, jane) in worlds().await {
        h.supporter(&Person::new(1, "J", "Lee", "lees@example.org")).await;
        h.supporter(&Person::new(2, "Bob", "Okonkwo", "bob@example.org").linked_to(&jane)).await;
        let report = h.run(Mode::Push).await;
        assert_eq!((h.link(1), h.link(2)), (Some(jane), None), "{report:?}");
    }
}

/// How often the database was asked who else there is, in a first load of four batches of fifty.
async fn questions(evidence: &str, row: impl Fn(i64, Person, &str) -> Person) -> usize {
    let mut world = World::default();
    (world.settings.batch, world.settings.directory_from) = (50, 1);
    let h = Harness::start_in(world).await;
    for id in 1001..=1200 {
        let (last, email) = (format!("Lee{id}"), format!("ann{id}@example.org"));
        let contact = h.contact(&Contact::new("Ann", &last, &email));
        h.supporter(&row(id, Person::new(id, "Ann", &last, &email), &contact)).await;
    }
    let _ = h.holding.looked_up();
    let report = h.run(Mode::Push).await;
    assert_eq!(report.links[evidence], 200, "{report:?}");
    h.holding.looked_up()
}

#[tokio::test]
async fn a_first_load_asks_only_about_those_who_may_be_contested() {
    // Whoever is spelled as their Contact costs nothing.
    assert_eq!(questions("email_and_name", |_, person, _| person).await, 0);
    // The others are asked about once in a batch, by the Contacts' Ids and by their addresses.
    let one_in_ten = |id: i64, person: Person, _: &str| match id % 10 {
        0 => Person { first: Some("Annie".to_owned()), ..person },
        _ => person,
    };
    assert_eq!(questions("email_and_name", one_in_ten).await, 4 * 2);
    // So are those whose rows name their Contacts, by the Ids.
    assert_eq!(questions("stored_contact_id", |_, person, contact| person.linked_to(contact)).await, 4);
}
