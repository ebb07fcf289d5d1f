//! Records that are set aside after a permanent error.

use askama::Template;
use model::{Stamp, SupporterId};
use service::admin::{Reply, Visit};

use super::frame::{Frame, filters, render};
use super::pager::{self, Pager};
use super::read;
use crate::commands::block_advice::advice;
use crate::desk::Desk;
use crate::failure::Failure;

/// Records read at once.
const PAGE: usize = 500;

#[derive(Template)]
#[template(path = "admin/set_aside.html")]
struct SetAside {
    frame: Frame,
    total: u64,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    supporter: String,
    code: String,
    fields: String,
    message: String,
    advice: &'static str,
    since: String,
    attempts: u32,
}

pub(super) async fn page(desk: Desk, visit: Visit, now: Stamp) -> Result<Reply, Failure> {
    read(move || {
        let page = pager::asked(&visit.query);
        let (rows, more) = rows(&desk, pager::before(page))?;
        let frame = Frame::of(&desk, "Records set aside", "/set-aside", visit.token).made(now);
        let pager = Pager::new(page, more, ("/set-aside", ""), "errors --limit 1000000");
        Ok(Reply::page(render(&SetAside { frame, total: desk.state.block_count()?, rows, pager })))
    })
    .await
}

/// One page of them, and whether there are more.
fn rows(desk: &Desk, before: usize) -> Result<(Vec<Row>, bool), Failure> {
    let (mut after, mut skip): (Option<SupporterId>, usize) = (None, before);
    let mut rows = Vec::new();
    loop {
        let page = desk.state.blocks_page(after.as_ref(), PAGE)?;
        let Some((last, _)) = page.last() else { return Ok((rows, false)) };
        after = Some(last.clone());
        let skipped = skip.min(page.len());
        skip -= skipped;
        for (supporter, block) in page.into_iter().skip(skipped) {
            if rows.len() == pager::ENTRIES {
                return Ok((rows, true));
            }
            rows.push(Row {
                supporter: supporter.to_string(),
                advice: advice(&block.code),
                code: block.code,
                fields: block.fields.join(", "),
                message: block.message,
                since: block.since.to_seconds_text(),
                attempts: block.attempts,
            });
        }
    }
}
