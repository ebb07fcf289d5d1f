//! A session or a grant that ends at any call of a cycle: nothing is lost, nothing is done twice.

use e2e::{Contact, Harness, Person};
use plan::Fatal;
use salesforce::{ErrorKind, SignInRefusal};
use service::request::Mode;
use simorg::{Fault, Op};

/// One to create, one to link, one to change on either side.
async fn world() -> Harness {
    let h = Harness::start().await;
    h.supporter(&Person::new(3, "Ann", "Bell", "ann@example.org").in_city("Perth")).await;
    h.sync().await;
    h.edit_supporter(3, "city", Some("Hobart")).await;
    h.edit_contact(&h.link(3).expect("Ann is linked"), &serde_json::json!({ "FirstName": "Anna" }));
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    h.contact(&Contact::new("Bob", "Stillman", "bob@example.org"));
    h.supporter(&Person::new(2, "Robert", "Stillman", "bob@example.org")).await;
    h.org.clock().advance(std::time::Duration::from_secs(120));
    h
}

/// Everybody is linked to one Contact, and both sides are in step.
async fn in_step(h: &Harness, about: &str) {
    assert_eq!(h.contacts().len(), 3, "{about}");
    let mut links: Vec<String> = [1, 2, 3].into_iter().filter_map(|id| h.link(id)).collect();
    links.sort();
    links.dedup();
    assert_eq!(links.len(), 3, "{about}");
    assert_eq!(h.contact_field(&h.link(3).expect("Ann is linked"), "MailingCity"), "Hobart", "{about}");
    assert_eq!(h.supporter_cell(3, "first_name").await.as_deref(), Some("Anna"), "{about}");
    let again = h.sync().await;
    assert!(again.wrote_nothing(), "{about}: {again:?}");
}

#[tokio::test]
async fn a_cycle_whose_every_session_lasts_one_call_does_the_same_work() {
    let h = world().await;
    h.org.configure(|settings| settings.auth.expire_after_calls = Some(1));
    let logins = h.org.calls().of(Op::Token);
    h.sync().await;
    let renewed = h.org.calls().of(Op::Token) - logins;
    assert!(renewed >= 8, "{renewed} sessions were renewed");
    in_step(&h, "one call a session").await;
}

#[tokio::test]
async fn a_grant_that_ends_at_any_call_of_a_cycle_loses_nothing_and_doubles_nothing() {
    let mut stopped = 0;
    for calls in 0.. {
        // GIVEN a session that ends after so many more calls, and with it the grant
        let h = world().await;
        let made = h.org.calls();
        assert_eq!(made.of(Op::Token), 1, "one session so far");
        let life = made.total - 1 + calls;
        h.org.configure(|settings| settings.auth.expire_after_calls = Some(life));
        let body = r#"{"error":"invalid_grant","error_description":"expired access/refresh token"}"#;
        h.org.fault(Op::Token, Fault::Refuse { status: 400, body: body.to_owned(), times: 1_000 });
        // WHEN a cycle runs
        let ended = h.try_run(Mode::Sync).await;
        h.org.clear_faults();
        h.org.configure(|settings| settings.auth.expire_after_calls = None);
        let about = format!("after {calls} calls");
        match ended {
            Err(Fatal::Salesforce(error)) => {
                stopped += 1;
                assert_eq!(error.kind(), ErrorKind::NotAuthorised, "{about}: {error}");
                assert_eq!(error.sign_in_refusal(), Some(SignInRefusal::TokenEnded), "{about}");
                // THEN the next cycle finishes what this one began
                h.sync().await;
                h.sync().await;
            }
            Err(other) => panic!("{about}: {other}"),
            Ok(_) => {
                in_step(&h, &about).await;
                break;
            }
        }
        in_step(&h, &about).await;
    }
    assert!(stopped >= 8, "the grant ended at {stopped} places");
}
