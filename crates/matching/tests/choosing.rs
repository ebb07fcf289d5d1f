//! Several Contacts on one address.

use matching::{
    Award, Candidate, Choice, Claim, Config, Decision, Knowledge, OnTie, Person, Standing, Strength, decide,
    settle_claims,
};

const HOME: &str = "smith.home@example.org";

fn person(first: &str, last: &str) -> Person {
    Person::new(first, last, HOME)
}

fn decided(supporter: &Person, candidates: &[Candidate<'_>], config: &Config) -> Decision {
    decide(supporter, candidates, Knowledge::built_in(), config)
}

#[test]
fn the_best_of_a_family_is_linked() {
    let people = [person("Mary", "Smith"), person("Jonh", "Smith"), person("John", "Smith")];
    let candidates = people.each_ref().map(Candidate::free);
    let decision = decided(&person("John", "Smith"), &candidates, &Config::default());
    assert_eq!(decision.choice, Choice::Link(2));
    assert_eq!(decision.outcomes.len(), 3);
}

#[test]
fn a_tie_is_never_guessed_unless_a_date_decides() {
    let twin = person("John", "Smith");
    let dated = |created, modified| Candidate {
        created: Some(created),
        modified: Some(modified),
        ..Candidate::free(&twin)
    };
    let candidates = [dated(5, 50), dated(3, 90), dated(9, 70)];
    let by = |on_tie| decided(&twin, &candidates, &Config { on_tie, ..Config::default() }).choice;
    assert_eq!(by(OnTie::Report), Choice::Ambiguous(vec![0, 1, 2]));
    assert_eq!(by(OnTie::Oldest), Choice::Link(1));
    assert_eq!(by(OnTie::Newest), Choice::Link(2));
    assert_eq!(by(OnTie::LastModified), Choice::Link(1));
}

#[test]
fn a_date_that_is_unknown_or_shared_leaves_the_tie() {
    let twin = person("John", "Smith");
    let oldest = Config { on_tie: OnTie::Oldest, ..Config::default() };
    let dated = |created| Candidate { created, ..Candidate::free(&twin) };
    assert_eq!(decided(&twin, &[dated(Some(1)), dated(None)], &oldest).choice, Choice::Ambiguous(vec![0, 1]));
    assert_eq!(
        decided(&twin, &[dated(Some(1)), dated(Some(1))], &oldest).choice,
        Choice::Ambiguous(vec![0, 1])
    );
}

#[test]
fn the_contact_a_supporter_already_carries_wins_at_review() {
    let (carried, exact) = (person("", "Smith"), person("John", "Smith"));
    let candidates =
        [Candidate { standing: Standing::Carried, ..Candidate::free(&carried) }, Candidate::free(&exact)];
    assert_eq!(decided(&person("John", "Smith"), &candidates, &Config::default()).choice, Choice::Link(0));
    let stranger = person("Mary", "Jones");
    let candidates =
        [Candidate { standing: Standing::Carried, ..Candidate::free(&stranger) }, Candidate::free(&exact)];
    assert_eq!(decided(&person("John", "Smith"), &candidates, &Config::default()).choice, Choice::Link(1));
}

#[test]
fn a_contact_of_another_supporter_is_left_out_and_mentioned() {
    let john = person("John", "Smith");
    let candidates = [Candidate { standing: Standing::Taken, ..Candidate::free(&john) }];
    let decision = decided(&john, &candidates, &Config::default());
    assert_eq!((decision.choice, decision.taken, decision.rank), (Choice::NoMatch, vec![0], None));
}

#[test]
fn what_is_not_sure_enough_is_reported_and_not_linked() {
    let (initial, changed) = (person("J.", "Smith"), person("John", "Jones"));
    let candidates = [Candidate::free(&initial), Candidate::free(&changed)];
    let john = person("John", "Smith");
    let usual = decided(&john, &candidates, &Config::default());
    assert_eq!((usual.choice, usual.review), (Choice::Link(0), vec![1]));
    let cautious = decided(&john, &candidates, &Config { min_auto: Strength::Strong, ..Config::default() });
    assert_eq!((cautious.choice, cautious.review), (Choice::NoMatch, vec![0, 1]));
}

#[test]
fn review_never_links_whatever_is_configured() {
    let careless = Config { min_auto: Strength::None, ..Config::default() };
    let changed = person("John", "Jones");
    let decision = decided(&person("John", "Smith"), &[Candidate::free(&changed)], &careless);
    assert_eq!((decision.choice, decision.review), (Choice::NoMatch, vec![0]));
}

#[test]
fn of_two_supporters_on_one_contact_the_better_fit_keeps_it() {
    let contact = person("John", "Smith");
    let rank = |supporter: &Person| {
        decided(supporter, &[Candidate::free(&contact)], &Config::default()).rank.expect("it fits")
    };
    let (exact, typo) = (rank(&person("John", "Smith")), rank(&person("Jonh", "Smith")));
    let claim = |contact, rank| Claim { contact, rank };
    let awards = settle_claims(&[
        claim("a", exact),
        claim("a", typo),
        claim("b", typo),
        claim("c", exact),
        claim("c", exact),
    ]);
    assert_eq!(awards, [Award::Kept, Award::Lost, Award::Kept, Award::Contested, Award::Contested]);
}
