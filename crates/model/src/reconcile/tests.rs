use super::*;
use crate::{DigestKey, FieldType, RuleKey, field_map::plain_rule};
use proptest::prelude::*;

fn view_of(text: &str) -> View {
    let cell = match text {
        "-" => Cell::Absent,
        text => Cell::from_nullable(Some(text)),
    };
    View { digest: digest(text), presence: Presence::of(&cell) }
}

fn digest(text: &str) -> Digest {
    DigestKey::new([1; 16]).digest(RuleKey(1), &Cell::from_nullable(Some(text)))
}

fn decide(rule: &FieldRule, base: Option<&str>, supporter: &str, contact: &str) -> Decision {
    reconcile(&Question {
        rule,
        base: base.map(digest),
        supporter: view_of(supporter),
        contact: view_of(contact),
        in_flight: InFlight::default(),
        newer: None,
        dated_later: None,
    })
}

fn text_rule() -> FieldRule {
    plain_rule("Title", "title", FieldType::Text)
}

#[test]
fn only_the_side_that_left_the_base_is_carried_over() {
    let rule = text_rule();
    assert_eq!(decide(&rule, Some("a"), "a", "a"), Decision::InStep);
    assert_eq!(decide(&rule, Some("a"), "b", "a"), Decision::ToContact(Cause::Changed));
    assert_eq!(decide(&rule, Some("a"), "a", "b"), Decision::ToSupporter(Cause::Changed));
    assert_eq!(decide(&rule, Some("a"), "b", "b"), Decision::InStep);
}

#[test]
fn when_both_left_the_base_the_policy_decides() {
    let with = |policy| FieldRule { policy, ..text_rule() };
    let both = |policy| decide(&with(policy), Some("a"), "b", "c");
    assert_eq!(both(Policy::Salesforce), Decision::ToSupporter(Cause::Policy(Policy::Salesforce)));
    assert_eq!(both(Policy::Supporter), Decision::ToContact(Cause::Policy(Policy::Supporter)));
    assert_eq!(both(Policy::Hold), Decision::Hold(Policy::Hold));
    assert_eq!(both(Policy::Newest), Decision::Hold(Policy::Newest));
    assert_eq!(both(Policy::NonEmpty), Decision::Hold(Policy::NonEmpty));
    assert_eq!(
        decide(&with(Policy::NonEmpty), Some("a"), "", "c"),
        Decision::ToSupporter(Cause::Policy(Policy::NonEmpty))
    );
}

#[test]
fn of_two_dated_consents_the_later_yes_wins_and_an_earlier_one_does_not() {
    let opt_in = plain_rule("Opt_In__c", "opt_in", FieldType::Boolean);
    let opt_out = plain_rule("HasOptedOutOfEmail", "opt_out", FieldType::Boolean);
    let to_contact = Decision::ToContact(Cause::Policy(Policy::MostRestrictive));
    let to_supporter = Decision::ToSupporter(Cause::Policy(Policy::MostRestrictive));
    // The rule, the supporter's and the Contact's answer, whose is dated later, and what is to be written.
    for (rule, supporter, contact, dated_later, decided) in [
        (&opt_in, "true", "false", None, to_supporter),
        (&opt_in, "true", "false", Some(Side::Supporter), to_contact),
        (&opt_in, "true", "false", Some(Side::Salesforce), to_supporter),
        (&opt_in, "false", "true", Some(Side::Salesforce), to_supporter),
        (&opt_in, "false", "true", Some(Side::Supporter), to_contact),
        // Of an opt-out the tick is the no.
        (&opt_out, "true", "false", Some(Side::Salesforce), to_supporter),
        (&opt_out, "true", "false", Some(Side::Supporter), to_contact),
        (&opt_out, "true", "false", None, to_contact),
    ] {
        let (supporter, contact) = (view_of(supporter), view_of(contact));
        let (in_flight, newer) = (InFlight::default(), None);
        let question = Question { rule, base: None, supporter, contact, in_flight, newer, dated_later };
        assert_eq!(reconcile(&question), decided, "{} {supporter:?} {dated_later:?}", rule.contact_field);
    }
}

#[test]
fn the_date_goes_where_the_consent_goes() {
    let rule = plain_rule("Opt_In_Date__c", "opt_in_date", FieldType::Date);
    let [supporter, contact] = ["2026-01-01", "2026-02-02"].map(view_of);
    let (in_flight, newer, dated_later) = (InFlight::default(), None, None);
    let date = Question { rule: &rule, base: None, supporter, contact, in_flight, newer, dated_later };
    let own = reconcile(&date);
    let cause = Cause::Policy(Policy::MostRestrictive);
    for consent in [Decision::ToContact(cause), Decision::ToSupporter(cause), Decision::Hold(Policy::Hold)] {
        assert_eq!(follow(&date, own, consent), consent);
        assert_eq!(follow(&date, Decision::InStep, consent), Decision::InStep);
    }
    let unconfirmed = Decision::Leave(Leave::Unconfirmed);
    assert_eq!(follow(&date, Decision::ToSupporter(Cause::Changed), unconfirmed), unconfirmed);
    assert_eq!(follow(&date, own, Decision::InStep), own);
    let pushed = FieldRule { direction: Direction::Push, ..rule.clone() };
    let date = Question { rule: &pushed, ..date };
    let own = reconcile(&date);
    assert_eq!(follow(&date, own, Decision::ToSupporter(cause)), own, "it does not travel that way");
}

#[test]
fn of_a_consent_that_does_not_travel_there_the_date_stays_too() {
    let rule = plain_rule("Opt_In_Date__c", "opt_in_date", FieldType::Date);
    let [supporter, contact] = ["2026-01-01", "2026-02-02"].map(view_of);
    let (in_flight, newer, dated_later) = (InFlight::default(), None, None);
    let date = Question { rule: &rule, base: None, supporter, contact, in_flight, newer, dated_later };
    let left = Decision::Leave(Leave::OneWay);
    for own in [Decision::ToContact(Cause::FirstLink), Decision::ToSupporter(Cause::Changed)] {
        assert_eq!(follow(&date, own, left), left);
    }
    assert_eq!(follow(&date, Decision::InStep, left), Decision::InStep);
}

#[test]
fn where_one_side_has_no_say_its_lost_no_is_told_of_and_nothing_else() {
    let rule =
        |field: &str, direction| FieldRule { direction, ..plain_rule(field, "consent", FieldType::Boolean) };
    let (opt_in, opt_out) = ("Opt_In__c", "HasOptedOutOfEmail");
    let (supporter, salesforce) = (Cause::Policy(Policy::Supporter), Cause::Policy(Policy::Salesforce));
    for (field, direction, ours, theirs, decided) in [
        (opt_in, Direction::Push, "true", "false", Decision::ToContact(supporter)),
        (opt_in, Direction::Push, "false", "true", Decision::ToContact(Cause::FirstLink)),
        (opt_in, Direction::Pull, "false", "true", Decision::ToSupporter(salesforce)),
        (opt_in, Direction::Pull, "true", "false", Decision::ToSupporter(Cause::FirstLink)),
        (opt_out, Direction::Push, "false", "true", Decision::ToContact(supporter)),
        (opt_out, Direction::Push, "true", "false", Decision::ToContact(Cause::FirstLink)),
    ] {
        let rule = rule(field, direction);
        assert_eq!(decide(&rule, None, ours, theirs), decided, "{field} {direction:?} {ours} {theirs}");
    }
    // Of a checkbox that is no consent nothing is told, nor once both have agreed.
    let plain = FieldRule {
        policy: Policy::Supporter,
        first_link: Policy::Supporter,
        ..rule("Member__c", Direction::Push)
    };
    assert_eq!(decide(&plain, None, "true", "false"), Decision::ToContact(Cause::FirstLink));
    let rule = rule(opt_in, Direction::Push);
    assert_eq!(decide(&rule, Some("false"), "true", "false"), Decision::ToContact(Cause::Changed));
}

#[test]
fn a_value_of_ours_on_its_way_is_not_the_other_sides_edit() {
    let rule = text_rule();
    // GIVEN "b" was sent to the Contact and the outcome is unknown; it arrived. Since then the supporter says "c".
    let question = Question {
        rule: &rule,
        base: Some(digest("a")),
        supporter: view_of("c"),
        contact: view_of("b"),
        in_flight: InFlight { to_contact: Some(digest("b")), to_supporter: None },
        newer: None,
        dated_later: None,
    };
    // THEN only the supporter changed, and nothing of Salesforce's is overwritten
    assert_eq!(reconcile(&question), Decision::ToContact(Cause::Changed));
    let forgotten = Question { in_flight: InFlight::default(), ..question };
    assert_eq!(reconcile(&forgotten), Decision::ToSupporter(Cause::Policy(Policy::Salesforce)));
}

#[test]
fn of_an_opt_out_the_tick_is_the_no_and_wins() {
    let checkbox = |name| plain_rule(name, "column", FieldType::Boolean);
    let won = |rule: &FieldRule, supporter, contact| decide(rule, None, supporter, contact);
    let to_contact = Decision::ToContact(Cause::Policy(Policy::MostRestrictive));
    let to_supporter = Decision::ToSupporter(Cause::Policy(Policy::MostRestrictive));
    for name in ["HasOptedOutOfEmail", "DoNotCall", "npsp__Do_Not_Contact__c", "Email_Opt_Out__c"] {
        let rule = checkbox(name);
        assert_eq!(won(&rule, "true", "false"), to_contact, "{name}");
        assert_eq!(won(&rule, "false", "true"), to_supporter, "{name}");
    }
    for name in ["Email_Opt_In__c", "Newsletter__c", "Notes_Wanted__c"] {
        let rule = checkbox(name);
        assert_eq!(won(&rule, "true", "false"), to_supporter, "{name}");
        assert_eq!(won(&rule, "false", "true"), to_contact, "{name}");
    }
}

#[test]
fn a_first_write_that_never_arrived_leaves_two_strangers() {
    let rule = text_rule();
    for (supporter, contact, in_flight, expected) in [
        (
            "a",
            "",
            InFlight { to_contact: Some(digest("a")), to_supporter: None },
            Decision::ToContact(Cause::FirstLink),
        ),
        (
            "",
            "b",
            InFlight { to_contact: None, to_supporter: Some(digest("b")) },
            Decision::ToSupporter(Cause::FirstLink),
        ),
    ] {
        let question = Question {
            rule: &rule,
            base: None,
            supporter: view_of(supporter),
            contact: view_of(contact),
            in_flight,
            newer: None,
            dated_later: None,
        };
        assert_eq!(reconcile(&question), expected, "nothing that somebody typed is cleared");
    }
}

#[test]
fn strangers_fill_each_others_gaps_and_differ_by_their_own_policy() {
    let rule = FieldRule { first_link: Policy::Hold, ..text_rule() };
    assert_eq!(decide(&rule, None, "", "b"), Decision::ToSupporter(Cause::FirstLink));
    assert_eq!(decide(&rule, None, "a", ""), Decision::ToContact(Cause::FirstLink));
    assert_eq!(decide(&rule, None, "a", "b"), Decision::Hold(Policy::Hold));
    let by_default = decide(&text_rule(), None, "a", "b");
    assert_eq!(by_default, Decision::ToSupporter(Cause::Policy(Policy::Salesforce)));
}

#[test]
fn consent_only_tightens_between_strangers_and_in_conflicts() {
    let rule = plain_rule("Email_Opt_In__c", "opt_in", FieldType::Boolean);
    assert_eq!(
        decide(&rule, None, "true", "false"),
        Decision::ToSupporter(Cause::Policy(Policy::MostRestrictive))
    );
    assert_eq!(
        decide(&rule, None, "false", "true"),
        Decision::ToContact(Cause::Policy(Policy::MostRestrictive))
    );
    // An opt-in given after both sides agreed on "no" is newer than that "no".
    assert_eq!(decide(&rule, Some("false"), "true", "false"), Decision::ToContact(Cause::Changed));
    assert_eq!(decide(&rule, Some("true"), "true", "false"), Decision::ToSupporter(Cause::Changed));
    // Both sides left a third value behind: the "no" wins.
    assert_eq!(
        decide(&rule, Some(""), "true", "false"),
        Decision::ToSupporter(Cause::Policy(Policy::MostRestrictive))
    );
}

#[test]
fn empties_travel_only_where_they_may() {
    let clear = text_rule();
    let keep = FieldRule { blank_to_contact: Blank::Keep, blank_to_supporter: Blank::Keep, ..text_rule() };
    assert_eq!(decide(&clear, Some("a"), "", "a"), Decision::ToContact(Cause::Changed));
    assert_eq!(decide(&keep, Some("a"), "", "a"), Decision::Leave(Leave::Blank));
    // Where an empty has no say, the other side's edit is no conflict and comes across.
    assert_eq!(decide(&keep, Some("a"), "", "b"), Decision::ToSupporter(Cause::Policy(Policy::Salesforce)));
    // Nobody's last name or address is ever cleared.
    let name = plain_rule("LastName", "last_name", FieldType::Text);
    assert_eq!(decide(&name, Some("a"), "", "a"), Decision::Leave(Leave::Blank));
}

#[test]
fn what_was_not_read_decides_nothing() {
    assert_eq!(decide(&text_rule(), Some("a"), "-", "b"), Decision::Leave(Leave::Absent));
    assert_eq!(decide(&text_rule(), Some("a"), "b", "-"), Decision::Leave(Leave::Absent));
}

#[test]
fn a_one_way_field_never_travels_back() {
    let push = FieldRule { direction: Direction::Push, ..text_rule() };
    assert_eq!(decide(&push, Some("a"), "a", "b"), Decision::Leave(Leave::OneWay));
    assert_eq!(decide(&push, Some("a"), "b", "c"), Decision::ToContact(Cause::Changed));
    assert_eq!(decide(&push, None, "a", "b"), Decision::ToContact(Cause::FirstLink));
    assert_eq!(decide(&push, None, "", "b"), Decision::Leave(Leave::Blank));
    let pull = FieldRule { direction: Direction::Pull, ..text_rule() };
    assert_eq!(decide(&pull, Some("a"), "b", "a"), Decision::Leave(Leave::OneWay));
    assert_eq!(decide(&pull, Some("a"), "c", "b"), Decision::ToSupporter(Cause::Changed));
}

const VALUES: [&str; 6] = ["", "-", "false", "true", "a", "b"];
const POLICIES: [Policy; 6] = [
    Policy::Salesforce,
    Policy::Supporter,
    Policy::Newest,
    Policy::NonEmpty,
    Policy::Hold,
    Policy::MostRestrictive,
];

fn mirrored(decision: Decision) -> Decision {
    let swap = |policy| match policy {
        Policy::Salesforce => Policy::Supporter,
        Policy::Supporter => Policy::Salesforce,
        other @ (Policy::Newest | Policy::NonEmpty | Policy::Hold | Policy::MostRestrictive) => other,
    };
    let cause = |cause| match cause {
        Cause::Policy(policy) => Cause::Policy(swap(policy)),
        other @ (Cause::Changed | Cause::FirstLink) => other,
    };
    match decision {
        Decision::ToContact(why) => Decision::ToSupporter(cause(why)),
        Decision::ToSupporter(why) => Decision::ToContact(cause(why)),
        Decision::Hold(policy) => Decision::Hold(swap(policy)),
        other @ (Decision::InStep | Decision::Leave(_)) => other,
    }
}

fn mirrored_rule(rule: &FieldRule) -> FieldRule {
    let policy = |p| match p {
        Policy::Salesforce => Policy::Supporter,
        Policy::Supporter => Policy::Salesforce,
        other @ (Policy::Newest | Policy::NonEmpty | Policy::Hold | Policy::MostRestrictive) => other,
    };
    FieldRule {
        direction: match rule.direction {
            Direction::Both => Direction::Both,
            Direction::Push => Direction::Pull,
            Direction::Pull => Direction::Push,
        },
        blank_to_contact: rule.blank_to_supporter,
        blank_to_supporter: rule.blank_to_contact,
        policy: policy(rule.policy),
        first_link: policy(rule.first_link),
        ..rule.clone()
    }
}

prop_compose! {
    fn any_rule()(direction in 0..3_usize, to_contact in any::<bool>(), to_supporter in any::<bool>(),
                  policy in 0..6_usize, first in 0..6_usize) -> FieldRule {
        let blank = |keep| if keep { Blank::Keep } else { Blank::Clear };
        FieldRule {
            direction: [Direction::Both, Direction::Push, Direction::Pull][direction],
            blank_to_contact: blank(to_contact),
            blank_to_supporter: blank(to_supporter),
            policy: POLICIES[policy],
            first_link: POLICIES[first],
            ..text_rule()
        }
    }
}

proptest! {
    #[test]
    fn deciding_is_symmetric_in_the_sides(rule in any_rule(), base in proptest::option::of(0..6_usize), s in 0..6_usize, c in 0..6_usize, newer in 0..3_usize, dated in 0..3_usize) {
        let [newer, dated_later] = [newer, dated].map(|at| [None, Some(Side::Supporter), Some(Side::Salesforce)][at]);
        let q = Question { rule: &rule, base: base.map(|b| digest(VALUES[b])), supporter: view_of(VALUES[s]),
                           contact: view_of(VALUES[c]), in_flight: InFlight::default(), newer, dated_later };
        let other_rule = mirrored_rule(&rule);
        let swapped = Question { rule: &other_rule, supporter: q.contact, contact: q.supporter, newer: newer.map(Side::other),
                                 dated_later: dated_later.map(Side::other), ..q };
        // MostRestrictive with two "no" cannot occur: two equal values are in step.
        prop_assert_eq!(reconcile(&swapped), mirrored(reconcile(&q)));
    }

    #[test]
    fn carrying_a_decision_out_settles_the_field(rule in any_rule(), base in proptest::option::of(0..6_usize), s in 0..6_usize, c in 0..6_usize) {
        let q = Question { rule: &rule, base: base.map(|b| digest(VALUES[b])), supporter: view_of(VALUES[s]),
                           contact: view_of(VALUES[c]), in_flight: InFlight::default(), newer: None, dated_later: None };
        let after = match reconcile(&q) {
            Decision::ToContact(_) => Question { contact: q.supporter, ..q },
            Decision::ToSupporter(_) => Question { supporter: q.contact, ..q },
            Decision::InStep | Decision::Hold(_) | Decision::Leave(_) => return Ok(()),
        };
        prop_assert_eq!(reconcile(&after), Decision::InStep);
    }

    #[test]
    fn a_side_that_did_not_change_never_overwrites_one_that_did(rule in any_rule(), base in 0..6_usize, other in 0..6_usize) {
        prop_assume!(base != other && VALUES[base] != "-" && VALUES[other] != "-");
        prop_assert!(!matches!(decide(&rule, Some(VALUES[base]), VALUES[base], VALUES[other]), Decision::ToContact(_)));
        prop_assert!(!matches!(decide(&rule, Some(VALUES[base]), VALUES[other], VALUES[base]), Decision::ToSupporter(_)));
    }
}
