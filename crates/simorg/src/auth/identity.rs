//! Who am I.

use crate::http::{ApiError, Caller};
use crate::id::RecordId;
use crate::org::OrgState;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde_json::{Value as Json_, json};
use std::sync::Arc;

/// `GET /services/oauth2/userinfo`.
pub(crate) async fn userinfo(
    State(org): State<Arc<OrgState>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Json_>, ApiError> {
    about(&org, caller.user).map(Json)
}

/// `GET /id/{org}/{user}`.
pub(crate) async fn identity(
    State(org): State<Arc<OrgState>>,
    Path((org_id, user)): Path<(String, String)>,
) -> Result<Json<Json_>, ApiError> {
    let user = RecordId::parse(&user).ok_or_else(ApiError::not_found)?;
    if RecordId::parse(&org_id) != Some(org.org_id()) {
        return Err(ApiError::not_found());
    }
    about(&org, user).map(Json)
}

fn about(org: &OrgState, user: RecordId) -> Result<Json_, ApiError> {
    let (org_id, url) = (org.org_id(), org.url());
    let store = org.store();
    let table = store.table("User").ok_or_else(ApiError::not_found)?;
    let record = table.get(&user).ok_or_else(ApiError::not_found)?;
    let get = |name: &str| {
        table.schema().any_field(name).map_or(Json_::Null, |field| record.value(field).to_json(false))
    };
    Ok(json!({
        "sub": format!("{url}/id/{org_id}/{user}"),
        "id": format!("{url}/id/{org_id}/{user}"),
        "user_id": user,
        "organization_id": org_id,
        "preferred_username": get("Username"),
        "username": get("Username"),
        "nickname": get("Alias"),
        "display_name": get("Name"),
        "name": get("Name"),
        "email": get("Email"),
        "email_verified": true,
        "given_name": get("FirstName"),
        "first_name": get("FirstName"),
        "family_name": get("LastName"),
        "last_name": get("LastName"),
        "active": get("IsActive"),
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "zoneinfo": "GMT",
        "utcOffset": 0,
        "urls": {
            "rest": format!("{url}/services/data/v{{version}}/"),
            "sobjects": format!("{url}/services/data/v{{version}}/sobjects/"),
            "query": format!("{url}/services/data/v{{version}}/query/"),
            "partner": format!("{url}/services/Soap/u/{{version}}/{}", org_id.short()),
        },
    }))
}
