//! What holds for any input whatever.

use matching::{
    Choice, Config, EmailEquivalence, Knowledge, Outcome, Person, Reason, Strength, choose, compare,
};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

fn verdict(a: &Person, b: &Person) -> Outcome {
    compare(a, b, Knowledge::built_in(), &Config::default())
}

/// Pieces of names that meet often enough to reach every rule.
fn name() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "John",
        "Jon",
        "Jonathan",
        "Mary",
        "Maria",
        "Mário",
        "Bob",
        "Robert",
        "J.",
        "JR",
        "Ann",
        "Ana",
        "Ánna",
        "Jürgen",
        "Juergen",
        "Smith",
        "Smyth",
        "Simth",
        "García",
        "Garcia",
        "López",
        "de la",
        "van den",
        "Berg",
        "Al-",
        "Nováková",
        "Novák",
        "O’Brien",
        "MacDonald",
        "Jr.",
        "III",
        "PhD",
        "Dr.",
        "Mrs",
        "&",
        "and",
        "\"Bob\"",
        "(Al)",
        ",",
        "Сергей",
        "Иванов",
        "שמעון",
        "פרנקל",
        "محمد",
        "Mohammed",
        "李",
        "ß",
        "ŉ",
        "İ",
        "n/a",
        "Unknown",
        "x",
        "\u{200B}",
        "-",
        "7",
    ]);
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.join(" "))
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![3 => name(), 1 => "\\PC{0,20}", 1 => any::<String>()]
}

fn email() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => Just("smith.home@example.org".to_owned()),
        1 => prop::sample::select(vec!["info@example.org", "ann+x@example.org", "a.nn@gmail.com", "", "a@b@c"])
            .prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_verdict_is_symmetric(f in any_name(), l in any_name(), e in email(), g in any_name(), m in any_name(), d in email()) {
        let (a, b) = (Person::new(&f, &l, &e), Person::new(&g, &m, &d));
        let (there, back) = (verdict(&a, &b), verdict(&b, &a));
        prop_assert_eq!(there, back);
    }

    #[test]
    fn nothing_is_linked_across_different_addresses(f in any_name(), l in any_name(), e in email(), d in email()) {
        let (a, b) = (Person::new(&f, &l, &e), Person::new(&f, &l, &d));
        let key = |text: &str| text.nfkc().collect::<String>().to_lowercase();
        let bare = |text: &str| key(text).chars().filter(|c| c.is_alphanumeric() || c.is_ascii_punctuation()).collect::<String>();
        if bare(&e) != bare(&d) {
            prop_assert_eq!(verdict(&a, &b).strength, Strength::None);
        }
    }

    #[test]
    fn case_space_and_normal_form_do_not_matter(f in name(), l in name(), g in name(), m in name()) {
        let email = "smith.home@example.org";
        let other = Person::new(&g, &m, email);
        let plain = verdict(&Person::new(&f, &l, email), &other).strength;
        let forms: [fn(&str) -> String; 5] = [
            |text| text.to_uppercase(),
            |text| text.to_lowercase(),
            |text| format!("\u{A0} {text}\t"),
            |text| text.nfd().collect(),
            |text| text.nfc().collect(),
        ];
        for form in forms {
            let written = Person::new(&form(&f), &form(&l), &form(email));
            prop_assert_eq!(verdict(&written, &other).strength, plain, "{:?} {:?}", form(&f), form(&l));
        }
    }

    #[test]
    fn any_text_is_read_and_judged(f in any::<String>(), l in any::<String>(), e in any::<String>()) {
        let (a, b) = (Person::new(&f, &l, "a@example.org"), Person::new(&l, &f, "a@example.org"));
        prop_assert!(!verdict(&a, &b).reasons.is_empty());
        let odd = Person::new(&f, &l, &e);
        let choice = choose(&odd, &[a, b, odd.clone()], Knowledge::built_in(), &Config::default());
        prop_assert!(e.nfkc().any(|c| c == '@') || choice == Choice::NoMatch);
    }

    #[test]
    fn a_joint_record_is_never_linked(f in "[A-Z][a-z]{1,8}", s in "[A-Z][a-z]{1,8}", l in name(), g in name(), m in name(),
        by in prop::sample::select(vec![
            " & ", "&", " + ", "/", " and ", " und ", " Y ", " u. ", " és ", " и ", " та ", " й ", " και ", " و ",
        ]),
        way in 0..4)
    {
        let joint = match way {
            0 => Person::new(&format!("{f}{by}{s}"), &l, "a@example.org"),
            1 => Person::new(&format!("{f} ({}{s})", by.trim_start().replace('/', "&")), &l, "a@example.org"),
            2 => Person::new(&format!("{f} \"{}{s}\"", by.trim_start().replace('/', "+")), &l, "a@example.org"),
            _ => {
                let by = if matches!(by, "/" | " Y " | " й ") { " & " } else { by };
                Person::new(&f, &format!("{g}a{by}{s}son {m}"), "a@example.org")
            }
        };
        let others = [(&g, &m), (&f, &l), (&s, &l), (&f, &g), (&s, &m)];
        let others = others.map(|(first, last)| Person::new(first, last, "a@example.org"));
        for other in others.iter().chain([&joint]) {
            prop_assert!(verdict(&joint, other).strength <= Strength::Review, "{f:?} {by:?} {s:?} {way}");
        }
    }

    #[test]
    fn the_reasons_never_outgrow_their_place(f in any_name(), l in any_name(), g in any_name(), m in any_name()) {
        let (a, b) = (Person::new(&f, &l, "info@example.org"), Person::new(&g, &m, "info@example.org"));
        prop_assert!(!verdict(&a, &b).reasons.spilled());
    }
}

#[test]
fn near_addresses_are_named_and_linked_only_when_configured() {
    let person = |email: &str| Person::new("John", "Smith", email);
    let (a, b) = (person("john@example.org"), person("john+news@example.org"));
    let near = verdict(&a, &b);
    assert_eq!(near.strength, Strength::None);
    assert_eq!(near.reasons.as_slice(), [Reason::EmailDiffers, Reason::EmailNear]);
    let lenient = Config { email_equivalence: EmailEquivalence::ALL, ..Config::default() };
    assert_eq!(compare(&a, &b, Knowledge::built_in(), &lenient).strength, Strength::Exact);
    assert_eq!(verdict(&a, &person("")).reasons.as_slice(), [Reason::EmailMissing]);
}
