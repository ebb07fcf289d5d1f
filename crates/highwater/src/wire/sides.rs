//! Both sides, ready for a cycle.

use std::sync::Arc;

use ::supporters::Supporters;
use model::{Clock, FieldMap};
use plan::{ContactColumns, Progress, Settings, Sides};
use salesforce::{Describe, Org};
use state::State;
use tokio_util::sync::CancellationToken;

use super::{
    budget, field_history, field_map, known_org, never_filled, never_ticked, org, settings, supporters,
};
use crate::code;
use crate::config::Config;
use crate::failure::Failure;

/// What both sides are wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Nothing is written to either side.
    Look,
    /// A cycle that may write: a table that cannot be written is refused where changes are to be pulled into it.
    Write,
}

/// Logs in, learns what the Contact looks like, opens the supporter database, and binds the state to the org. Writes to
/// neither side.
///
/// # Errors
/// Whatever stands in the way of a cycle.
pub async fn sides(
    config: &Config,
    state: State,
    clock: Clock,
    progress: Arc<dyn Progress>,
    stop: CancellationToken,
    purpose: Purpose,
) -> Result<Sides, Failure> {
    supporters::needed(config)?;
    let org = org::org(config, &clock)?;
    budget::keep(config, &org, &state)?;
    match shape(config, &org, &state, purpose).await {
        Ok((Shape { map, columns, settings }, supporters)) => Ok(Sides {
            org,
            supporters,
            state,
            map: Arc::new(map),
            columns: Arc::new(columns),
            settings: Arc::new(settings),
            clock,
            progress,
            stop,
        }),
        Err(failure) => {
            budget::close(&org).await;
            Err(failure)
        }
    }
}

/// What the org says of itself, and the supporter database that fits it.
async fn shape(
    config: &Config,
    org: &Org,
    state: &State,
    purpose: Purpose,
) -> Result<(Shape, Arc<dyn Supporters>), Failure> {
    let identity = org.whose_session().await?;
    same_object(config, state)?;
    let known = known_org::recall(config, state, org, &identity)?;
    let known = known.and_then(|known| {
        let shape = Shape::of(config, &known.contact).ok()?;
        Some(shape.with_history(known.tracked))
    });
    let shape = match known {
        Some(shape) => {
            state.adopt_org(identity.org_id)?;
            shape
        }
        // Never asked, long ago, or not fit for this configuration any more.
        None => {
            org::recognised(config, org).await?;
            state.adopt_org(identity.org_id)?;
            let describe = org.describe(config.sync.object.name()).await?;
            let shape = Shape::of(config, &describe)?;
            let tracked = field_history::tracked(config, org).await?;
            known_org::remember(config, state, org, &identity, &describe, tracked.as_deref()).await?;
            shape.with_history(tracked)
        }
    };
    never_ticked::refuse(config, org, state, &shape.map).await?;
    let supporters = match purpose {
        Purpose::Look => supporters::to_look(config, &shape.map).await?,
        Purpose::Write => supporters::for_a_cycle(config, &shape.map).await?,
    };
    never_filled::refuse(config, org, &*supporters, state, &shape.map).await?;
    Ok((shape, supporters))
}

/// Links lead to records of one object; of another they would all be gone.
fn same_object(config: &Config, state: &State) -> Result<(), Failure> {
    let object = config.sync.object;
    match state.links_page(None, 1)?.first() {
        Some(link) if !object.has(link.contact) => Err(Failure::Setup {
            code: &code::state::OTHER_ORG,
            problem: format!("sync.object is {:?}, and this state is of another object", object.word()),
            advice: "use a state directory of its own for each object".to_owned(),
        }),
        Some(_) | None => Ok(()),
    }
}

/// What a cycle needs to know of the object.
struct Shape {
    map: FieldMap,
    columns: ContactColumns,
    settings: Settings,
}

impl Shape {
    fn of(config: &Config, describe: &Describe) -> Result<Self, Failure> {
        let map = field_map::field_map(config, describe)?;
        key_field(&map, describe)?;
        let mut settings = settings::settings(config);
        let map = match &config.supporters.contact_deleted_column {
            Some(column) => {
                let (map, place) = map.with_contact_deleted(column);
                let said = |text: &str| model::Cell::from_nullable(Some(text));
                let (yes, no) =
                    (&config.supporters.contact_deleted_yes, &config.supporters.contact_deleted_no);
                settings.deleted_flags.column = Some((place, said(yes), said(no)));
                map
            }
            None => map,
        };
        let columns = ContactColumns::new(&map, &settings, describe).map_err(|missing| Failure::Setup {
            code: &code::contact_fields::EXCLUDE_FIELD,
            problem: format!("the org does not show these fields to our user: {}", missing.join(", ")),
            advice: "correct sync.exclude and matching.email_fields, or give the user read access".to_owned(),
        })?;
        Ok(Self { map, columns, settings })
    }

    /// With the fields whose history the org keeps.
    fn with_history(mut self, tracked: Option<Vec<String>>) -> Self {
        self.settings.tracked = tracked.unwrap_or_default();
        self
    }
}

/// Nothing is sent to an org where the supporter id is no key: an upsert could find the wrong Contact, or make a second one.
fn key_field(map: &FieldMap, describe: &Describe) -> Result<(), Failure> {
    let name = &map.technical().supporter_id;
    let problem = match describe.field(name) {
        Some(field) if field.external_id && field.unique => return Ok(()),
        Some(_) => format!("field {name} is not External ID and Unique"),
        None => format!("the org does not show field {name} to our user"),
    };
    let advice =
        "create it as External ID and Unique, and give our user access; `highwater check` names the rest";
    Err(Failure::Setup { code: &code::contact_fields::KEY_FIELD, problem, advice: advice.to_owned() })
}
