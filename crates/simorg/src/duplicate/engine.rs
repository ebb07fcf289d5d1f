//! Runs the duplicate rules on rows about to be saved.

use std::collections::HashMap;
use std::sync::Arc;

use super::keys::KeyMaker;
use super::matcher::{Matcher, Row, fold};
use super::path::{FieldPath, Holder};
use super::refusal::{DuplicateRefusal, MatchResult};
use super::rule::{DuplicateAction, DuplicateRule, DuplicateSettings, MatchingRule, RuleUse};
use crate::id::RecordId;
use crate::record::{Draft, Record};
use crate::schema::Schema;
use crate::store::Store;

/// Most records one matching rule finds (Salesforce help: duplicate rules).
const MAX_MATCHES: usize = 100;

/// Most records compared with one row for one matching rule, which bounds the work when thousands share a match key.
const MAX_COMPARED: usize = 1_000;

/// A row about to be saved.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// Its values after the save.
    pub draft: &'a Draft,
    /// The record it changes; `None` on create.
    pub before: Option<&'a Record>,
}

/// What the rules say about one row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// The first rule that refuses.
    pub refusal: Option<DuplicateRefusal>,
    /// Finds to keep in duplicate record sets when the row is saved: rule name and records.
    pub reports: Vec<(String, Vec<RecordId>)>,
}

/// The rules of an org made ready.
#[derive(Debug, Clone, Default)]
pub struct DuplicateEngine {
    searches: Arc<Vec<Search>>,
    rules: Vec<ReadyRule>,
}

/// A matching rule with the fields of the searched object.
#[derive(Debug, Clone)]
struct Search {
    rule: MatchingRule,
    matcher: Matcher,
    paths: Vec<FieldPath>,
}

#[derive(Debug, Clone)]
struct ReadyRule {
    rule: DuplicateRule,
    /// Index into the searches, and the fields of the saved object in the order of the items.
    uses: Vec<(usize, Vec<FieldPath>)>,
}

impl DuplicateEngine {
    /// Makes rules ready. A rule with an unreadable equation, an unknown object or a field nobody sees does not run.
    #[must_use]
    pub fn new(settings: &DuplicateSettings, schema: &Schema) -> Self {
        let ready = |rule: &MatchingRule| {
            let object = schema.objects().iter().find(|o| o.name == rule.object)?;
            let paths = rule.items.iter().map(|i| FieldPath::resolve(schema, object, &i.field));
            let paths = paths.collect::<Option<Vec<_>>>()?;
            let matcher = Matcher::new(rule, settings.jaro_winkler_alone).ok()?;
            Some(Search { rule: rule.clone(), matcher, paths })
        };
        let searches: Vec<Search> = settings.matching_rules.iter().filter_map(ready).collect();
        let rules = settings.rules.iter().filter(|r| is_on(r));
        let rules =
            rules.map(|rule| ReadyRule { rule: rule.clone(), uses: uses(rule, &searches, schema) }).collect();
        Self { searches: Arc::new(searches), rules }
    }

    /// Makes the tables keep the match keys these rules look up. Reads every record once.
    pub fn arm(&self, store: &mut Store) {
        let mut objects: HashMap<&str, Vec<usize>> = HashMap::new();
        let used = self.rules.iter().flat_map(|r| &r.uses).map(|(search, _)| *search);
        for search in used {
            let of_object = objects.entry(&self.searches[search].rule.object).or_default();
            if !of_object.contains(&search) {
                of_object.push(search);
            }
        }
        for (object, numbers) in objects {
            let searches = Arc::clone(&self.searches);
            let maker = KeyMaker::new(move |_, record| {
                let of = |number: &usize| searches[*number].stored_keys(*number, record);
                numbers.iter().flat_map(of).collect()
            });
            if let Some(table) = store.table_mut(object) {
                table.keep_match_keys(maker);
            }
        }
    }

    /// Runs the rules of `object` on rows about to be saved together. They see committed records only, so rows of one
    /// save do not find each other. `allow_save` is the caller's header; Bulk has none.
    #[must_use]
    pub fn check(
        &self,
        store: &Store,
        username: &str,
        object: &str,
        allow_save: bool,
        rows: &[Candidate<'_>],
    ) -> Vec<Verdict> {
        let excludes =
            |rule: &DuplicateRule| rule.excluded_users.iter().any(|u| u.eq_ignore_ascii_case(username));
        let of_object = |r: &&ReadyRule| r.rule.object.eq_ignore_ascii_case(object) && !excludes(&r.rule);
        let rules: Vec<&ReadyRule> = self.rules.iter().filter(of_object).collect();
        rows.iter().map(|row| self.verdict(store, &rules, allow_save, *row)).collect()
    }

    fn verdict(&self, store: &Store, rules: &[&ReadyRule], allow_save: bool, row: Candidate<'_>) -> Verdict {
        let mut verdict = Verdict::default();
        for ready in rules {
            let rule = &ready.rule;
            let action = if row.before.is_some() { rule.on_edit } else { rule.on_create };
            if action == DuplicateAction::Off {
                continue;
            }
            let finds = ready.uses.iter().filter_map(|(search, paths)| self.find(store, *search, paths, row));
            let results: Vec<MatchResult> = finds.collect();
            if results.is_empty() {
                continue;
            }
            let refuses = match action {
                DuplicateAction::Block => true,
                DuplicateAction::Alert => !allow_save,
                DuplicateAction::Report | DuplicateAction::Off => false,
            };
            if refuses {
                verdict.refusal = Some(DuplicateRefusal {
                    rule: rule.name.clone(),
                    object: rule.object.clone(),
                    allow_save: action == DuplicateAction::Alert,
                    message: rule.alert_text.clone(),
                    results,
                });
                return verdict;
            }
            let ids = results.iter().flat_map(|r| &r.records).map(|(id, _)| *id).collect();
            verdict.reports.push((rule.name.clone(), ids));
        }
        verdict
    }

    fn find(
        &self,
        store: &Store,
        number: usize,
        paths: &[FieldPath],
        candidate: Candidate<'_>,
    ) -> Option<MatchResult> {
        let search = &self.searches[number];
        let table = store.table(&search.rule.object)?;
        let row = read(store, paths, Holder::Saving(candidate.draft));
        // On edit a rule runs only when one of its fields changed.
        if candidate.before.is_some_and(|record| read(store, paths, Holder::Stored(record)) == row) {
            return None;
        }
        let mut slots: Vec<_> =
            search.keys(number, &row).iter().flat_map(|k| table.find_by_match_key(*k)).collect();
        slots.sort_unstable();
        slots.dedup();
        let own = candidate.before.map(|record| record.id);
        let stored = slots.into_iter().filter_map(|slot| table.at(*slot));
        let others = stored.filter(|record| !record.deleted && Some(record.id) != own);
        let scored = others.take(MAX_COMPARED).filter_map(|record| {
            let theirs = |item: usize| fold(search.paths[item].text(store, Holder::Stored(record)));
            search.matcher.compare(&row, &theirs).map(|score| (record.id, score))
        });
        let records: Vec<_> = scored.take(MAX_MATCHES).collect();
        let own_fields = search.rule.items.iter().map(|i| &i.field).filter(|f| !f.contains('.'));
        (!records.is_empty()).then(|| MatchResult {
            object: search.rule.object.clone(),
            rule: search.rule.name.clone(),
            exact: search.matcher.is_exact(),
            fields: own_fields.cloned().collect(),
            records,
        })
    }
}

impl Search {
    /// Keys of several rules share one index, so each carries its rule's number.
    fn keys(&self, number: usize, row: &Row) -> Vec<u64> {
        let mark = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.matcher.keys(row).into_iter().map(|key| key ^ mark).collect()
    }

    fn stored_keys(&self, number: usize, record: &Record) -> Vec<u64> {
        let row = self.paths.iter().map(|p| fold(p.own_text(record))).collect();
        self.keys(number, &row)
    }
}

fn is_on(rule: &DuplicateRule) -> bool {
    rule.on_create != DuplicateAction::Off || rule.on_edit != DuplicateAction::Off
}

fn read(store: &Store, paths: &[FieldPath], holder: Holder<'_>) -> Row {
    paths.iter().map(|p| fold(p.text(store, holder))).collect()
}

fn uses(rule: &DuplicateRule, searches: &[Search], schema: &Schema) -> Vec<(usize, Vec<FieldPath>)> {
    let Some(object) = schema.objects().iter().find(|o| o.name == rule.object) else { return Vec::new() };
    let resolve = |used: &RuleUse| {
        let number = searches.iter().position(|s| s.rule.name == used.matching_rule)?;
        let mapped = |field: &str| -> String {
            let pair = used.field_mapping.iter().find(|(theirs, _)| theirs == field);
            pair.map_or(field, |(_, ours)| ours).to_owned()
        };
        let items = searches[number].rule.items.iter();
        let paths = items.map(|i| FieldPath::resolve(schema, object, &mapped(&i.field)));
        Some((number, paths.collect::<Option<Vec<_>>>()?))
    };
    rule.uses.iter().filter_map(resolve).collect()
}
