//! Fields that both sides had changed.

use askama::Template;
use model::{Side, Stamp};
use service::admin::{Reply, Visit};

use super::frame::{Frame, filters, render};
use super::{pager, read};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::output::Sheet;

#[derive(Template)]
#[template(path = "admin/conflicts.html")]
struct Conflicts {
    frame: Frame,
    sheet: Sheet,
    after: Option<u64>,
    next: Option<u64>,
}

pub(super) async fn page(desk: Desk, visit: Visit, now: Stamp) -> Result<Reply, Failure> {
    read(move || {
        let after = visit.query.get("after").and_then(|text| text.parse().ok());
        let mut found = desk.state.conflicts_page(after, pager::ENTRIES + 1)?;
        let more = found.len() > pager::ENTRIES;
        found.truncate(pager::ENTRIES);
        let next = found.last().map(|(number, _)| *number).filter(|_| more);
        let mut sheet = Sheet::new(
            "Conflicts, the oldest first",
            &["number", "when", "supporter", "field", "kept", "supporter's value", "Contact's value"],
        );
        for (number, conflict) in found {
            let kept = match conflict.kept {
                Some(Side::Supporter) if conflict.blind => "the supporter's, unseen",
                Some(Side::Supporter) => "the supporter's",
                Some(Side::Salesforce) => "the Contact's",
                None => "held for a person",
            };
            sheet.row([
                number.to_string(),
                conflict.at.to_seconds_text(),
                conflict.supporter.to_string(),
                conflict.field,
                kept.to_owned(),
                conflict.supporter_value,
                conflict.contact_value,
            ]);
        }
        let frame = Frame::of(&desk, "Conflicts", "/conflicts", visit.token).made(now);
        Ok(Reply::page(render(&Conflicts { frame, sheet, after, next })))
    })
    .await
}
