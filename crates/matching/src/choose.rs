//! Several Contacts on one address: which of them, if any.

use std::borrow::Borrow;
use std::cmp::Reverse;

use crate::compare::{Outcome, compare};
use crate::config::{Config, OnTie};
use crate::family::Family;
use crate::given::Given;
use crate::knowledge::Knowledge;
use crate::person::Person;
use crate::strength::Strength;

/// Which Contact a supporter is linked to, by position in what was offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This one.
    Link(usize),
    /// These fit equally well; a person has to decide. Probably duplicates of each other.
    Ambiguous(Vec<usize>),
    /// None fits well enough to be linked without a person.
    NoMatch,
}

/// What is known of a Contact besides its fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Linked to nobody.
    #[default]
    Free,
    /// The supporter already carries this Contact's Id.
    Carried,
    /// Linked to another supporter.
    Taken,
}

/// A Contact that carries the supporter's address.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The Contact's three fields.
    pub person: &'a Person,
    /// Who it is linked to.
    pub standing: Standing,
    /// When it was created, in any unit all candidates share. Only for [`OnTie::Oldest`] and [`OnTie::Newest`].
    pub created: Option<i64>,
    /// When it was last modified. Only for [`OnTie::LastModified`].
    pub modified: Option<i64>,
}

impl<'a> Candidate<'a> {
    /// A Contact linked to nobody, of unknown age.
    #[must_use]
    pub fn free(person: &'a Person) -> Self {
        Self { person, standing: Standing::Free, created: None, modified: None }
    }
}

/// How well a Contact fits among others: greater is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    strength: Strength,
    given: Reverse<Given>,
    family: Reverse<Family>,
    fields_equal: u8,
}

impl Rank {
    fn of(supporter: &Person, contact: &Person, outcome: &Outcome) -> Self {
        Self {
            strength: outcome.strength,
            given: Reverse(outcome.given),
            family: Reverse(outcome.family),
            fields_equal: supporter.fields_equal(contact),
        }
    }
}

/// A choice with all that the report needs to explain it. Positions are those of the candidates offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Which Contact, if any.
    pub choice: Choice,
    /// Rank of the chosen or tied Contacts; `None` on `NoMatch`.
    pub rank: Option<Rank>,
    /// The verdict on every candidate.
    pub outcomes: Vec<Outcome>,
    /// Free candidates a person should look at: at `Review` or better, yet neither chosen, tied nor good enough.
    pub review: Vec<usize>,
    /// Candidates at `Review` or better that are linked to another supporter.
    pub taken: Vec<usize>,
}

/// Chooses among Contacts of which nothing but the fields is known.
///
/// ```
/// use matching::{Choice, Config, Knowledge, Person, choose};
/// let supporter = Person::new("Bob", "Smith", "home@example.org");
/// let family = [Person::new("Mary", "Smith", "home@example.org"), Person::new("Robert", "Smith", "home@example.org")];
/// let choice = choose(&supporter, &family, Knowledge::built_in(), &Config::default());
/// assert_eq!(choice, Choice::Link(1));
/// ```
#[must_use]
pub fn choose<P: Borrow<Person>>(
    supporter: &Person,
    contacts: &[P],
    knowledge: &Knowledge,
    config: &Config,
) -> Choice {
    let candidates: Vec<_> = contacts.iter().map(|contact| Candidate::free(contact.borrow())).collect();
    decide(supporter, &candidates, knowledge, config).choice
}

/// Chooses among Contacts, minding who they are linked to already.
///
/// A Contact whose Id the supporter carries wins outright at `Review` or better. Those of other supporters are left
/// out. Of the rest that reach [`Config::min_auto`] the best one is linked; a tie goes by [`Config::on_tie`].
#[must_use]
pub fn decide(
    supporter: &Person,
    candidates: &[Candidate<'_>],
    knowledge: &Knowledge,
    config: &Config,
) -> Decision {
    let outcomes: Vec<_> =
        candidates.iter().map(|c| compare(supporter, c.person, knowledge, config)).collect();
    let passing = |standing: Standing, passes: &dyn Fn(Strength) -> bool| -> Vec<usize> {
        let all = candidates.iter().zip(&outcomes).enumerate();
        all.filter(|(_, (c, o))| c.standing == standing && passes(o.strength)).map(|(at, _)| at).collect()
    };
    let worth_a_look = |strength| strength >= Strength::Review;
    let mut pool = passing(Standing::Carried, &worth_a_look);
    if pool.is_empty() {
        pool = passing(Standing::Free, &|strength| config.links(strength));
    }
    let rank_of = |at: usize| Rank::of(supporter, candidates[at].person, &outcomes[at]);
    let rank = pool.iter().map(|at| rank_of(*at)).max();
    pool.retain(|at| Some(rank_of(*at)) == rank);
    let choice = match pool.as_slice() {
        [] => Choice::NoMatch,
        [only] => Choice::Link(*only),
        tied => break_tie(tied, candidates, config.on_tie),
    };
    let kept = |at: &usize| match &choice {
        Choice::Link(chosen) => chosen != at,
        Choice::Ambiguous(tied) => !tied.contains(at),
        Choice::NoMatch => true,
    };
    let below = |strength| worth_a_look(strength) && !config.links(strength);
    let review = passing(Standing::Free, &below).into_iter().filter(kept).collect();
    let taken = passing(Standing::Taken, &worth_a_look);
    Decision { choice, rank, outcomes, review, taken }
}

/// One of the tied when a date tells them apart; an unknown or shared date leaves the tie.
fn break_tie(tied: &[usize], candidates: &[Candidate<'_>], on_tie: OnTie) -> Choice {
    let ambiguous = || Choice::Ambiguous(tied.to_vec());
    let key = |at: usize| match on_tie {
        OnTie::Report => None,
        OnTie::Oldest => candidates[at].created.map(i64::saturating_neg),
        OnTie::Newest => candidates[at].created,
        OnTie::LastModified => candidates[at].modified,
    };
    let Some(keys) = tied.iter().map(|at| key(*at)).collect::<Option<Vec<_>>>() else { return ambiguous() };
    let best = keys.iter().max();
    let mut winners = tied.iter().zip(&keys).filter(|(_, key)| Some(*key) == best);
    match (winners.next(), winners.next()) {
        (Some((at, _)), None) => Choice::Link(*at),
        (Some(_), Some(_)) | (None, _) => ambiguous(),
    }
}
