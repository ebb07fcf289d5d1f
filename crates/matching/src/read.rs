//! Reading two name fields into what they mean: who stands in which part, and what was thrown away.

use crate::affix::{is_only_titles, sex_of_titles, take_suffixes, without_titles};
use crate::clean::{clean, says_nothing};
use crate::joint::{adds_another, is_joint, is_joint_whole, take_aliases};
use crate::knowledge::Sex;
use crate::particle::is_particle;
use crate::placeholder::{is_blank_family, is_blank_given};

/// Two name fields, understood. All text is cleaned and lower case; an empty text is a blank name.
#[derive(Default)]
pub(crate) struct Reading {
    /// First name field as cleaned, before anything was taken from it.
    pub(crate) first_text: String,
    /// Last name field as cleaned.
    pub(crate) last_text: String,
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) generation: Option<u8>,
    pub(crate) joint: bool,
    /// Whom the titles are for that were taken off.
    pub(crate) sex: Option<Sex>,
    /// The titles that stood where the first name should.
    pub(crate) bare_titles: String,
}

impl Reading {
    /// Reads both fields. Total: any text gives a reading.
    pub(crate) fn of(first: &str, last: &str) -> Self {
        let (first_text, last_text) = (clean(first), clean(last));
        let mut read = Self { first: first_text.clone(), last: last_text.clone(), ..Self::default() };
        read.take_aliases();
        read.blank_placeholders();
        read.joint |= is_joint(&read.first);
        read.take_suffixes();
        if read.settle_commas() {
            read.take_aliases();
        }
        read.take_titles();
        read.split_lone_first();
        read.blank_placeholders();
        read.joint |= is_joint(&read.first) || is_joint_whole(&read.last);
        read.first_text = first_text;
        read.last_text = last_text;
        read
    }

    fn take_aliases(&mut self) {
        let found = take_aliases(&mut self.first);
        self.joint |= found.iter().any(|alias| adds_another(alias));
        self.aliases.extend(found);
        self.aliases.retain(|alias| !is_blank_given(alias));
        if says_nothing(&self.first) && !self.aliases.is_empty() {
            self.first = self.aliases.remove(0);
        }
    }

    fn blank_placeholders(&mut self) {
        if is_blank_given(&self.first) {
            self.first.clear();
        }
        if is_blank_family(&self.last) {
            self.last.clear();
        }
    }

    fn take_suffixes(&mut self) {
        let (generation, any) = take_suffixes(&mut self.last);
        self.generation = generation;
        if !any {
            self.generation = take_suffixes(&mut self.first).0;
        }
    }

    /// `Cruz, de la` and `Last, First`, in whichever field holds them. True when the first name came out of it.
    fn settle_commas(&mut self) -> bool {
        if let Some((head, tail)) = around_comma(&self.last) {
            if only_particles(&tail) {
                self.last = format!("{tail} {head}");
            } else if self.first.is_empty() {
                (self.first, self.last) = (tail, head);
                return true;
            }
        } else if self.last.is_empty()
            && let Some((head, tail)) = around_comma(&self.first)
        {
            if only_particles(&tail) {
                self.first = format!("{tail} {head}");
            } else {
                (self.first, self.last) = (tail, head);
                return true;
            }
        }
        false
    }

    fn take_titles(&mut self) {
        if is_only_titles(&self.first) {
            self.sex = sex_of_titles(&self.first);
            self.bare_titles = self.first.replace(['.', ' '], "");
            self.first.clear();
            if !self.aliases.is_empty() {
                self.first = self.aliases.remove(0);
            }
            return;
        }
        let field = if self.first.is_empty() { &mut self.last } else { &mut self.first };
        let kept = without_titles(field).len();
        let titles: String = field.drain(..field.len() - kept).collect();
        // A letter that is an initial to one reader is Monsieur to another.
        let lone = matches!(self.first.as_str(), "m" | "m.");
        self.sex = sex_of_titles(if lone { &self.first } else { &titles });
    }

    /// A first name of several words without a last name: the last word is the last name.
    fn split_lone_first(&mut self) {
        if self.last.is_empty()
            && let Some((first, last)) = self.first.rsplit_once(' ')
            && !says_nothing(first)
            && !says_nothing(last)
        {
            (self.first, self.last) = (first.to_owned(), last.to_owned());
        }
    }
}

fn around_comma(text: &str) -> Option<(String, String)> {
    let (head, tail) = text.split_once(',')?;
    let (head, tail) = (head.trim(), tail.trim());
    (!says_nothing(head) && !says_nothing(tail)).then(|| (head.to_owned(), tail.to_owned()))
}

fn only_particles(text: &str) -> bool {
    text.split([' ', ',']).filter(|word| !word.is_empty()).all(|word| is_particle(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(first: &str, last: &str) -> (String, String) {
        let read = Reading::of(first, last);
        (read.first, read.last)
    }

    #[test]
    fn commas_are_settled() {
        assert_eq!(parts("", "Smith, John"), ("john".into(), "smith".into()));
        assert_eq!(parts("Smith, John", ""), ("john".into(), "smith".into()));
        assert_eq!(parts("Ana", "Cruz, de la"), ("ana".into(), "de la cruz".into()));
        assert_eq!(parts("Unknown", "Smith, Mr. John Jr."), ("john".into(), "smith".into()));
    }

    #[test]
    fn a_lone_first_field_gives_up_its_last_word() {
        assert_eq!(parts("Dr. John Smith", "unknown"), ("john".into(), "smith".into()));
        assert_eq!(parts("John", ""), ("john".into(), String::new()));
    }

    #[test]
    fn a_title_alone_before_the_last_name_is_dropped_from_it() {
        assert_eq!(parts("Friend", "Mr Smith"), (String::new(), "smith".into()));
    }

    #[test]
    fn titles_where_the_first_name_should_be_are_none() {
        assert_eq!(parts("Mrs.", "Smith"), (String::new(), "smith".into()));
        assert_eq!(parts("Rev. Dr.", "Smith"), (String::new(), "smith".into()));
        assert_eq!(parts("Mr (Bob)", "Smith"), ("bob".into(), "smith".into()));
        assert_eq!(parts("Don", "Smith"), ("don".into(), "smith".into()));
        assert_eq!(parts("M", "Dupont"), ("m".into(), "dupont".into()));
        let sex = |first, last| Reading::of(first, last).sex;
        assert_eq!(sex("Mr", "Smith"), Some(Sex::Male));
        assert_eq!(sex("Mrs Pat", "Smith"), Some(Sex::Female));
        assert_eq!(sex("", "Mme Dupont"), Some(Sex::Female));
        assert_eq!(sex("M.", "Dupont"), Some(Sex::Male));
        assert_eq!(sex("Don", "Smith"), None);
    }

    #[test]
    fn an_alias_alone_is_the_first_name() {
        assert_eq!(parts("(Bob)", "Jones"), ("bob".into(), "jones".into()));
    }

    #[test]
    fn a_joint_record_is_seen_wherever_it_stands() {
        assert!(Reading::of("John & Mary", "Smith").joint);
        assert!(Reading::of("", "John & Mary Smith").joint);
        assert!(Reading::of("", "Smith, John and Mary").joint);
        assert!(Reading::of("John (& Mary)", "Smith").joint);
        assert!(Reading::of("John (and Mary)", "Smith").joint);
        assert!(Reading::of("John", "Smith & Mary Jones").joint);
        assert!(Reading::of("Иван и Мария", "Иванов").joint);
        assert!(!Reading::of("John (Jack)", "Smith").joint && !Reading::of("Ana", "Ortega y Gasset").joint);
        assert!(!Reading::of("n/a", "Smith").joint && !Reading::of("", "Ortega y Gasset").joint);
    }

    #[test]
    fn the_generation_is_found_in_either_field() {
        assert_eq!(Reading::of("John", "Smith Jr").generation, Some(2));
        assert_eq!(Reading::of("John III", "Smith").generation, Some(3));
        assert_eq!(Reading::of("John", "Smith, PhD").generation, None);
    }
}
