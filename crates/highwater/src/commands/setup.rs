//! `highwater setup`: what the org needs, as files an administrator deploys.

mod folder;

use std::path::{Path, PathBuf};

use model::Clock;
use salesforce::Describe;
use serde_json::json;
use setup::{Blueprint, Difference, Needs, PERMISSION_SET, SeenField, diff, export, lacking};

use crate::code;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Screen, Sheet};
use crate::wire;

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater setup export org-setup
  highwater setup diff org-setup
  highwater setup diff")]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub what: What,
}

/// Either half.
#[derive(Debug, clap::Subcommand)]
pub enum What {
    /// Write custom fields, both Flows, permission set and app as Salesforce metadata
    Export(Export),
    /// Say what the field map needs that an earlier export, or the org, does not have
    Diff(Diff),
}

/// Where to.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater setup export org-setup
  highwater setup export org-setup --force

Writes a Salesforce project in source format, made of the configured field map alone; the org is not asked and nothing is \
deployed. The same configuration gives the same files. README.md in the folder says what comes next.")]
pub struct Export {
    /// The folder; made if it is not there
    pub dir: PathBuf,
    /// Write into a folder that is not empty; files of the same names are replaced, others are left alone
    #[arg(long)]
    pub force: bool,
}

/// Compared with what.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater setup diff org-setup               what a changed map needs since that export
  highwater setup diff --format csv            what the org lacks for the map

With a folder: an earlier export, or a project retrieved from the org with `sf project retrieve start`. Without one: the org \
as it describes the Contact to our user; Flows cannot be seen there. Ends with 0 when nothing is needed, with 2 when \
something is, with 5 or 6 when the org cannot be asked.")]
pub struct Diff {
    /// The folder to compare with; the org where none is named
    pub dir: Option<PathBuf>,
}

/// Carries out either half.
///
/// # Errors
/// When the map cannot stand, a file cannot be read or written, or the org cannot be asked.
pub async fn run(args: &Args, config: &Config, screen: &Screen) -> Result<Exit, Failure> {
    let wish = wire::blueprint::blueprint(config)?;
    match &args.what {
        What::Export(export) => write(export, config, &wish, screen).await,
        What::Diff(diff) => compare(diff, config, &wish, screen).await,
    }
}

async fn write(args: &Export, config: &Config, wish: &Blueprint, screen: &Screen) -> Result<Exit, Failure> {
    let files = export(wish);
    let others = folder::write(&args.dir, &files, args.force)?;
    let dir = args.dir.display().to_string();
    let next = next(&dir);
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut sheet = Sheet::new(&format!("written to {dir}"), &["file"]);
    for path in &paths {
        sheet.row([*path]);
    }
    let mut answer =
        Answer::of(sheet, json!({ "dir": dir, "files": paths, "not_of_this_export": others, "next": next }));
    if !others.is_empty() {
        answer.notes.push(format!("Not of this export, and left alone: {}.", others.join(", ")));
    }
    answer.notes.push(format!("Next, for a sandbox first; {dir}/README.md says more:"));
    answer.notes.extend(next.iter().map(|line| format!("  {line}")));
    if config.contact_fields.push_marker.is_none() {
        let marker = &wish.technical().push_marker;
        answer.notes.push(format!(
            "When the Flows are there: add push_marker = \"{marker}\" to [contact_fields], or they stamp what highwater writes."
        ));
    }
    screen.answer(&answer).await.map_err(Failure::stdout)?;
    Ok(Exit::Done)
}

/// The commands that deploy it.
fn next(dir: &str) -> Vec<String> {
    vec![
        format!("cd {dir}"),
        "sf project deploy start --source-dir force-app --target-org SANDBOX --dry-run".to_owned(),
        "sf project deploy start --source-dir force-app --target-org SANDBOX".to_owned(),
        format!(
            "sf org assign permset --name {PERMISSION_SET} --on-behalf-of INTEGRATION_USER --target-org SANDBOX"
        ),
    ]
}

async fn compare(args: &Diff, config: &Config, wish: &Blueprint, screen: &Screen) -> Result<Exit, Failure> {
    let (other, found) = match &args.dir {
        Some(dir) => (dir.display().to_string(), since(dir, wish)?),
        None => ("the org".to_owned(), in_the_org(config, wish).await?),
    };
    let mut answer = shown(&other, &found);
    answer.notes.push(match (found.is_empty(), &args.dir) {
        (true, _) => format!("{other} has everything the field map needs."),
        (false, Some(_)) => {
            "To get there: `highwater setup export` into a new folder, and deploy that.".to_owned()
        }
        (false, None) => "`highwater setup export` writes what is missing.".to_owned(),
    });
    if args.dir.is_none() {
        answer.notes.push(
            "An org does not describe its Flows: `highwater check` looks at what they do, and `setup diff` with a folder \
             retrieved from the org at what they say."
                .to_owned(),
        );
    }
    screen.answer(&answer).await.map_err(Failure::stdout)?;
    Ok(if found.is_empty() { Exit::Done } else { Exit::Usage })
}

/// What the map needs since an earlier export.
fn since(dir: &Path, wish: &Blueprint) -> Result<Vec<Difference>, Failure> {
    let files = folder::read(dir)?;
    let texts = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    let earlier = Needs::read(texts, wish.technical()).map_err(|problem| Failure::Setup {
        code: &code::configuration::ARGUMENTS,
        problem: problem.to_string(),
        advice: "export again, or retrieve the project again".to_owned(),
    })?;
    Ok(diff(&earlier, &Needs::of(wish)))
}

/// What the org lacks, as far as it tells our user.
async fn in_the_org(config: &Config, wish: &Blueprint) -> Result<Vec<Difference>, Failure> {
    let org = wire::org::impatient(config, &Clock::system())?;
    org.identity().await?;
    let describe = org.describe("Contact").await?;
    Ok(lacking(wish, |name| seen(&describe, name)))
}

fn seen(describe: &Describe, name: &str) -> Option<SeenField> {
    let field = describe.field(name)?;
    Some(SeenField {
        editable: field.createable && field.updateable,
        external_id: field.external_id,
        unique: field.unique,
        calculated: field.calculated,
    })
}

fn shown(other: &str, found: &[Difference]) -> Answer {
    let title = format!("what the field map needs, compared with {other}");
    let mut sheet = Sheet::new(&title, &["part", "change", "name", "what"]);
    let mut items = Vec::new();
    for Difference { part, name, change, text } in found {
        sheet.row([part.words(), change.word(), name, text]);
        items.push(json!({ "part": part.words(), "change": change.word(), "name": name, "what": text }));
    }
    Answer::of(sheet, json!({ "compared_with": other, "complete": found.is_empty(), "differences": items }))
}
