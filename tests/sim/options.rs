//! What kind of world a seed makes.

use model::Policy;

use crate::random::Random;

/// Hundreds of whom a third is to be made in the org, and a third written there.
const CROWD: usize = 360;

/// Everything that differs from world to world. Printed with a seed that fails.
#[derive(Debug, Clone)]
pub struct Options {
    /// So many people that a share of a job means something. At first the org refuses whatever anybody saves of them.
    pub crowd: bool,
    /// The org has a trigger that cannot cope with one city, and fails everybody who is saved together with it.
    pub trap: bool,
    /// People at the beginning.
    pub people: usize,
    /// Cycles before it is quiet.
    pub rounds: usize,
    /// The network, the database and the process fail.
    pub stormy: bool,
    /// Faults in thousandths of the calls.
    pub faults: u64,
    /// The org's duplicate rules are on.
    pub duplicates: bool,
    /// The two Flows are on, and the marker is written.
    pub marker: bool,
    /// The org keeps the history of every mapped field whose values a history tells.
    pub history: bool,
    /// The org saves the rows of a job one by one: a job that is given up has saved some.
    pub piecemeal: bool,
    /// Rows are refused in passing.
    pub locks: bool,
    /// What people save becomes visible so many seconds later.
    pub late: u64,
    /// Windows look back so many seconds.
    pub overlap: u64,
    /// Jobs move on at so many of a thousand looks.
    pub pace: u64,
    /// A job is given up after so many seconds.
    pub deadline: u64,
    /// Rows after which every job fails.
    pub fails_after: Option<usize>,
    /// Rows on a page of a query's answer.
    pub page: usize,
    /// People worked on at a time, and rows in a job.
    pub batch: usize,
    /// From how many strangers on all Contacts are read at once.
    pub directory: usize,
    /// Contacts become supporters.
    pub create_supporters: bool,
    /// Who is right about the title.
    pub title: Policy,
    /// This machine's clock is wrong by so many hours.
    pub clock_hours: i64,
}

impl Options {
    /// The world of a seed. `crowds`: it may be one of hundreds of people.
    pub fn draw(random: &mut Random, crowds: bool) -> Self {
        let among = |random: &mut Random, values: &[u64]| random.pick(values).copied().unwrap_or(0);
        let titles = [Policy::Salesforce, Policy::Supporter, Policy::Newest, Policy::NonEmpty, Policy::Hold];
        // Their own chance, so that they decide nothing else.
        let mut apart = random.clone();
        let (crowd, trap) = (apart.permille(2) && crowds, apart.permille(100));
        let history = apart.permille(400);
        let piecemeal = apart.permille(400);
        let late = if random.permille(300) { among(random, &[30, 90, 300]) } else { 0 };
        let drawn = Self {
            crowd,
            trap,
            history,
            piecemeal,
            people: 3 + random.below(6),
            rounds: 2 + random.below(4),
            stormy: random.permille(750),
            faults: among(random, &[0, 20, 50, 100]),
            duplicates: random.permille(400),
            marker: random.permille(500),
            locks: random.permille(250),
            late,
            overlap: among(random, &[0, 60, 600]),
            pace: among(random, &[1_000, 1_000, 500, 100]),
            deadline: among(random, &[60, 600, 21_600]),
            fails_after: random.permille(100).then(|| 1 + random.below(3)),
            page: 2 + random.below(6),
            batch: 2 + random.below(6),
            directory: if random.permille(200) { 3 } else { 800 },
            create_supporters: random.permille(300),
            title: random.pick(&titles).copied().unwrap_or(Policy::Salesforce),
            clock_hours: if random.permille(400) {
                i64::try_from(among(random, &[0, 1, 24, 48])).unwrap_or(0) - 24
            } else {
                0
            },
        };
        if crowd { drawn.of_a_crowd() } else { drawn }
    }

    /// Hundreds of people who are worked on together. A job that gives up, or is given up, after a few rows says of those alone that they
    /// were refused.
    fn of_a_crowd(self) -> Self {
        let deadline = 21_600;
        Self { people: CROWD, batch: CROWD, page: 200, fails_after: None, piecemeal: false, deadline, ..self }
    }
}
