//! An hour of edits on both sides, and what each of them must come to.

mod identity;
mod values;

use model::{Link, LinkLife};

use super::apply::Hands;
use super::random::Random;
use super::verify::{Expectation, Expected};
use super::world::World;
use crate::failure::Failure;

/// Most links looked at for people to edit.
const LINKS: usize = 20_000;

/// Edits of a demo of the usual size, each side.
const EDITS: usize = 200;

/// What was done, and what is expected of it.
#[derive(Debug, Default)]
pub struct Done {
    /// What was done, and how often.
    pub deeds: Vec<(&'static str, usize)>,
    /// What must hold afterwards.
    pub expectations: Vec<Expectation>,
}

impl Done {
    fn expect(&mut self, what: &'static str, expected: Expected) {
        self.expectations.push(Expectation { what, expected });
    }

    fn deed(&mut self, what: &'static str, times: usize) {
        if times > 0 {
            self.deeds.push((what, times));
        }
    }
}

/// Linked people in chance order: everybody is edited once at most, unless an edit says otherwise.
struct Cast {
    linked: std::vec::IntoIter<(i64, String)>,
}

impl Cast {
    fn of(world: &World, random: &mut Random) -> Result<Self, Failure> {
        let links = world.sides.state.links_page(None, LINKS)?;
        let live = |link: &Link| {
            let supporter = link.supporter.as_str().parse().ok()?;
            (link.life == LinkLife::Live).then(|| (supporter, link.contact.to_string()))
        };
        let mut linked: Vec<_> = links.iter().filter_map(live).collect();
        random.shuffle(&mut linked);
        Ok(Self { linked: linked.into_iter() })
    }

    fn next(&mut self) -> Result<(i64, String), Failure> {
        self.linked.next().ok_or(Failure::Unexpected("the demo has too few people; ask for more rows"))
    }

    fn some(&mut self, count: usize) -> Result<Vec<(i64, String)>, Failure> {
        (0..count).map(|_| self.next()).collect()
    }

    /// The next people who said yes to e-mail.
    async fn opted_in(&mut self, world: &World, count: usize) -> Result<Vec<(i64, String)>, Failure> {
        let mut found = Vec::new();
        while found.len() < count {
            let person = self.next()?;
            if world.database.cell(person.0, "opt_in_email")?.as_deref() == Some("Y") {
                found.push(person);
            }
        }
        Ok(found)
    }
}

/// Lets the hour happen.
///
/// # Errors
/// When a side refuses, or there are too few people.
pub async fn happen(world: &World, seed: u64) -> Result<Done, Failure> {
    let mut random = Random::new(seed ^ 0x0048_4F55_5253);
    let mut cast = Cast::of(world, &mut random)?;
    let size = (cast.linked.len() / 8).clamp(1, EDITS);
    let mut hands = Hands::new(world, 2 * size + size / 2 + 60);
    let mut done = Done::default();
    values::supporters(&mut hands, &mut cast, size, &mut done).await?;
    values::contacts(&mut hands, &mut cast, size, &mut done)?;
    values::both(&mut hands, &mut cast, size.div_ceil(10), &mut done).await?;
    values::consents(&mut hands, &mut cast, world, &mut done).await?;
    values::too_long(&mut hands, &mut cast, &mut done).await?;
    identity::emails(&mut hands, &mut cast, &mut done)?;
    identity::merges(&mut hands, &mut cast, &mut done)?;
    identity::wrong_ids(&mut hands, &mut cast, &mut done).await?;
    identity::families(&mut hands, &mut cast, world, &mut done).await?;
    identity::deleted(&mut hands, &mut cast, &mut done)?;
    let first_id = world.database.last_id()? + 1;
    identity::newcomers(&mut hands, first_id, &mut done).await?;
    hands.rest();
    Ok(done)
}
