//! What the tick of a checkbox says: yes, or no.

use serde::{Deserialize, Serialize};

/// What the tick of a consent says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Yes.
    OptIn,
    /// No.
    OptOut,
}

/// What an opt-out is called in one word, alone or as part of one: `EmailOptout__c`, `DONOTMAIL__c`.
const WITHIN: [&str; 6] = ["optout", "optedout", "unsubscrib", "suppress", "deceased", "donot"];
/// The same in two words: `Opt_Out__c`, `DoNotCall`.
const PAIRS: [[&str; 2]; 4] = [["opt", "out"], ["opted", "out"], ["opts", "out"], ["do", "not"]];
/// What is refused by a "no" before it.
const REFUSED: [&str; 3] = ["call", "mail", "email"];

/// Whether a checkbox of this name says no by being ticked, as Salesforce's own `HasOptedOutOfEmail`, `HasOptedOutOfFax` and
/// `DoNotCall` do (Object Reference, Contact), and as custom fields are named after them. Words count, and not letters across the
/// border of two: `Torino_Email_Opt_In__c` refuses nothing.
#[must_use]
pub fn is_opt_out(contact_field: &str) -> bool {
    let words = words(contact_field);
    let within = |word: &String| {
        let no = word.strip_prefix("no").is_some_and(|what| REFUSED.iter().any(|one| what.starts_with(one)));
        no || WITHIN.iter().any(|one| word.contains(one))
    };
    let apart = |pair: &[String]| {
        let [first, second] = pair else { return false };
        let no = first == "no" && REFUSED.iter().any(|one| second.starts_with(one));
        no || PAIRS.iter().any(|[one, two]| first == one && second == two)
    };
    let hyphened = |three: &[String]| {
        let [no, e, mail] = three else { return false };
        no == "no" && e == "e" && mail.starts_with("mail")
    };
    words.iter().any(within) || words.windows(2).any(apart) || words.windows(3).any(hyphened)
}

/// The words of an API name, in lower case. They end at an underscore, before a capital after a small letter, and before the last of
/// several capitals where a small letter follows: `SMSOptOut__c` is `sms`, `opt`, `out` and `c`.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut inside = false;
    for (at, letter) in letters.iter().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            inside = false;
            continue;
        }
        let before = at.checked_sub(1).map_or(' ', |before| letters[before]);
        let lower_next = letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
        let begins = letter.is_ascii_uppercase() && (!before.is_ascii_uppercase() || lower_next);
        match words.last_mut() {
            Some(word) if inside && !begins => word.push(letter.to_ascii_lowercase()),
            Some(_) | None => words.push(letter.to_ascii_lowercase().to_string()),
        }
        inside = true;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opt_out_is_known_by_the_words_of_its_name() {
        for name in [
            "HasOptedOutOfEmail",
            "HasOptedOutOfFax",
            "DoNotCall",
            "et4ae5__HasOptedOutOfMobile__c",
            "npsp__Do_Not_Contact__c",
            "npsp__Deceased__c",
            "Email_Opt_Out__c",
            "EmailOptOut__c",
            "EMAIL_OPT_OUT__c",
            "EmailOptout__c",
            "emailoptout__c",
            "SMSOptOut__c",
            "SMS_OptedOut__c",
            "DoNotMail__c",
            "DONOTMAIL__c",
            "DONotMail__c",
            "Unsubscribed__c",
            "Unsubscribe_All__c",
            "EmailUnsubscribed__c",
            "No_Calls__c",
            "NoMailings__c",
            "No_Email__c",
            "noemail__c",
            "No_E_Mail__c",
            "NOMAIL__c",
            "Suppressed__c",
            "MailSuppression__c",
            "IsDeceased__c",
        ] {
            assert!(is_opt_out(name), "{name}: {:?}", words(name));
        }
    }

    #[test]
    fn an_opt_in_is_none_whatever_letters_meet_in_its_name() {
        for name in [
            "Email_Opt_In__c",
            "Torino_Email_Opt_In__c",
            "TorinoEmailOptIn__c",
            "Latino_Email_Opt_In__c",
            "Casino_Mail__c",
            "CasinoMailings__c",
            "Piano_Calls__c",
            "Adopt_Outreach__c",
            "Adopt_Out_Of_Shelter__c",
            "Co_Opt_Outing__c",
            "Aikido_Notices__c",
            "Judo_Not_Weekly__c",
            "LondonOther__c",
            "Newsletter__c",
            "Subscribed__c",
            "Nomination_Mail__c",
            "Opt__c",
            "",
        ] {
            assert!(!is_opt_out(name), "{name}: {:?}", words(name));
        }
    }

    #[test]
    fn words_end_at_underscores_and_where_the_case_changes() {
        for (name, expected) in [
            ("SMSOptOut__c", vec!["sms", "opt", "out", "c"]),
            ("et4ae5__HasOptedOut", vec!["et4ae5", "has", "opted", "out"]),
            ("DONotCall", vec!["do", "not", "call"]),
            ("__a__", vec!["a"]),
            ("Ünder_Über", vec!["nder", "ber"]),
        ] {
            assert_eq!(words(name), expected, "{name}");
        }
    }
}
