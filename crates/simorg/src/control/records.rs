//! Control calls about records: seed, look, and what people do in the user interface.

use super::Refused;
use crate::org::Admin;
use crate::save::Conversion;
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

type Answer = Result<Json<Value>, Refused>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seed {
    object: String,
    rows: Vec<Map<String, Value>>,
    user: Option<String>,
}

/// `POST /seed` with `{"object": "Contact", "rows": [{…}], "user": "…"}`.
pub(super) async fn seed(State(admin): State<Admin>, Json(seed): Json<Seed>) -> Answer {
    let work = move || match &seed.user {
        Some(user) => admin.seed_as(user, &seed.object, seed.rows),
        None => admin.seed(&seed.object, seed.rows),
    };
    let ids = tokio::task::spawn_blocking(work).await.map_err(|_| Refused("the seed broke off".into()))??;
    Ok(Json(json!({"ids": ids})))
}

#[derive(Deserialize)]
pub(super) struct Dump {
    #[serde(default)]
    deleted: bool,
}

/// `GET /records/Contact?deleted=true`.
pub(super) async fn dump(
    State(admin): State<Admin>,
    Path(object): Path<String>,
    Query(dump): Query<Dump>,
) -> Json<Value> {
    Json(if dump.deleted { admin.all_records(&object) } else { admin.records(&object) }.into())
}

/// Who does something to which record. A person is the first user who is no integration user.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Act {
    user: Option<String>,
    object: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    row: Value,
    #[serde(default)]
    losers: Vec<String>,
}

impl Act {
    fn user(&self, admin: &Admin) -> String {
        self.user.clone().unwrap_or_else(|| admin.person())
    }
}

/// `POST /create` with `{"object": "Contact", "row": {…}}`.
pub(super) async fn create(State(admin): State<Admin>, Json(act): Json<Act>) -> Answer {
    let id = admin.create_as(&act.user(&admin), &act.object, &act.row)?;
    Ok(Json(json!({"id": id})))
}

/// `POST /edit` with `{"object": "Contact", "id": "003…", "row": {…}}`.
pub(super) async fn edit(State(admin): State<Admin>, Json(act): Json<Act>) -> Answer {
    admin.edit_as(&act.user(&admin), &act.object, &act.id, &act.row)?;
    Ok(Json(json!({"id": act.id})))
}

/// `POST /delete` with `{"object": "Contact", "id": "003…"}`.
pub(super) async fn delete(State(admin): State<Admin>, Json(act): Json<Act>) -> Answer {
    admin.delete_as(&act.user(&admin), &act.object, &act.id)?;
    Ok(Json(json!({"id": act.id})))
}

/// `POST /undelete` with `{"object": "Contact", "id": "003…"}`.
pub(super) async fn undelete(State(admin): State<Admin>, Json(act): Json<Act>) -> Answer {
    admin.undelete_as(&act.user(&admin), &act.object, &act.id)?;
    Ok(Json(json!({"id": act.id})))
}

/// `POST /merge` with `{"object": "Contact", "id": "003…", "losers": ["003…"]}`.
pub(super) async fn merge(State(admin): State<Admin>, Json(act): Json<Act>) -> Answer {
    let losers: Vec<&str> = act.losers.iter().map(String::as_str).collect();
    admin.merge_as(&act.user(&admin), &act.object, &act.id, &losers)?;
    Ok(Json(json!({"id": act.id})))
}

/// Which Lead becomes what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToConvert {
    user: Option<String>,
    id: String,
    #[serde(default)]
    into: Conversion,
}

/// `POST /convert` with `{"id": "00Q…", "into": {"contact": "003…"}}`.
pub(super) async fn convert(State(admin): State<Admin>, Json(wish): Json<ToConvert>) -> Answer {
    let user = wish.user.unwrap_or_else(|| admin.person());
    let made = admin.convert_as(&user, &wish.id, &wish.into)?;
    Ok(Json(json!({"account": made.account, "contact": made.contact, "opportunity": made.opportunity})))
}

/// Which record another transaction holds, and for how long.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Held {
    id: String,
    seconds: u64,
}

/// `POST /lock` with `{"id": "003…", "seconds": 60}`.
pub(super) async fn lock(State(admin): State<Admin>, Json(held): Json<Held>) -> Answer {
    admin.lock(&held.id, Duration::from_secs(held.seconds))?;
    Ok(Json(json!({})))
}

/// `DELETE /lock`.
pub(super) async fn release_locks(State(admin): State<Admin>) -> Json<Value> {
    admin.release_locks();
    Json(json!({}))
}

/// `POST /touch` with `{"object": "Contact"}`: automation touches every record.
pub(super) async fn touch(State(admin): State<Admin>, Json(act): Json<Act>) -> Answer {
    admin.touch_all(&act.object);
    Ok(Json(json!({})))
}
