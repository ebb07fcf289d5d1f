//! One page for a browser, or for paper: nothing on it asks a network for anything.
//!
//! Templates escape what they are given (askama, by the ending `.html`). Only the style and the script, which are ours, go in as they
//! are, and the page's own policy names their digests: nothing else would run even if it got in.

use std::io::Write;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Case;
use sha2::{Digest, Sha256};

use super::Rendering;
use crate::comparison::FieldRow;
use crate::group::{Group, Member};
use crate::{Error, Options, resolution};

const STYLE: &str = include_str!("../../templates/merges.css");
const SCRIPT: &str = include_str!("../../templates/merges.js");

#[derive(Template)]
#[template(path = "head.html")]
struct Head<'a> {
    style: &'static str,
    style_hash: String,
    script_hash: String,
    made: String,
    banner: Option<&'a str>,
    groups: &'a u64,
}

#[derive(Template)]
#[template(path = "group.html")]
struct Article<'a> {
    group: &'a Group,
    place: u64,
    since: String,
    title: String,
    known: Vec<&'a Member>,
    rows: Vec<FieldRow<'a>>,
}

impl Article<'_> {
    #[allow(clippy::unused_self)] // a template calls methods
    const fn done_about(&self, case: &Case) -> &'static str {
        resolution::done(case.kind)
    }
}

#[derive(Template)]
#[template(path = "foot.html")]
struct Foot {
    script: &'static str,
}

/// What a template can do to a text.
#[allow(unreachable_pub)] // of what the macro makes
mod filters {
    use std::fmt::Display;

    /// Control characters and characters that turn the direction of writing are shown as escapes.
    #[askama::filter_fn]
    pub(super) fn shown(text: impl Display, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(crate::inert::line(&text.to_string()).into_owned())
    }
}

pub(super) struct Html<'a> {
    writer: &'a mut dyn Write,
    options: &'a Options,
    place: u64,
}

impl<'a> Html<'a> {
    pub(super) fn begin(options: &'a Options, groups: u64, writer: &'a mut dyn Write) -> Result<Self, Error> {
        let head = Head {
            style: STYLE,
            style_hash: hash(STYLE),
            script_hash: hash(SCRIPT),
            made: options.now.to_seconds_text(),
            banner: options.banner.as_deref(),
            groups: &groups,
        };
        write(writer, &head)?;
        Ok(Self { writer, options, place: 0 })
    }
}

/// A template makes many small pieces: they go out together.
fn write(writer: &mut dyn Write, template: &impl Template) -> Result<(), Error> {
    let mut piece = std::io::BufWriter::new(writer);
    Template::write_into(template, &mut piece)?;
    Ok(piece.flush()?)
}

/// As a page's policy names a piece of style or script (Content Security Policy 3, "hash-source").
fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

impl Rendering for Html<'_> {
    fn group(&mut self, group: &Group) -> Result<(), Error> {
        self.place += 1;
        let article = Article {
            group,
            place: self.place,
            since: group.since.to_seconds_text(),
            title: group.title(),
            known: group.known(),
            rows: group.rows(self.options.differences_only),
        };
        write(self.writer, &article)
    }

    fn case(&mut self, _case: &Case, _group: Option<&Group>) -> Result<(), Error> {
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        write(self.writer, &Foot { script: SCRIPT })?;
        Ok(self.writer.flush()?)
    }
}
