//! Which versions there are, and what one of them offers.

use crate::http::Caller;
use crate::org::OrgState;
use axum::extract::State;
use axum::{Extension, Json};
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /services/data`: needs no session.
pub(super) async fn versions(State(org): State<Arc<OrgState>>) -> Json<Value> {
    let api = org.settings().api;
    let version = |number: u32| {
        json!({
            "label": label(number),
            "url": format!("/services/data/v{number}.0"),
            "version": format!("{number}.0"),
        })
    };
    Json((api.floor..=api.ceiling).map(version).collect())
}

/// Three releases a year; v66 is Spring '26.
fn label(version: u32) -> String {
    let from_spring_26 = i64::from(version) - 66;
    let season = match from_spring_26.rem_euclid(3) {
        0 => "Spring",
        1 => "Summer",
        _ => "Winter",
    };
    let year = 26 + from_spring_26.div_euclid(3) + i64::from(season == "Winter");
    format!("{season} '{:02}", year.rem_euclid(100))
}

/// `GET /services/data/v66.0`: the resources, and who asks.
pub(super) async fn resources(
    State(org): State<Arc<OrgState>>,
    Extension(caller): Extension<Caller>,
) -> Json<Value> {
    let base = caller.base();
    let at = |name: &str| format!("{base}/{name}");
    Json(json!({
        "sobjects": at("sobjects"),
        "query": at("query"),
        "queryAll": at("queryAll"),
        "limits": at("limits"),
        "composite": at("composite"),
        "jobs": at("jobs"),
        "identity": format!("{}/id/{}/{}", org.url(), org.org_id(), caller.user),
    }))
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn releases_carry_their_season_and_year() {
        assert_eq!(label(66), "Spring '26");
        assert_eq!(label(67), "Summer '26");
        assert_eq!(label(68), "Winter '27");
        assert_eq!(label(65), "Winter '26");
        assert_eq!(label(31), "Summer '14");
    }
}
