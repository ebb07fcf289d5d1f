//! `highwater init`: proposes a configuration.

use std::io::Write;
use std::path::Path;

use serde_json::json;
use supporters::inspect::{Proposal, Source};

use crate::cli::Common;
use crate::config::COMMENTED_DEFAULTS;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::init::{self, Asker, Draft, Undecided};
use crate::output::{Answer, Screen, Sheet};

/// What stands in the file where nobody said which org.
const EXAMPLE_ORG: &str = "https://example.my.salesforce.com";

/// What stands in the file where nobody said which app.
const EXAMPLE_KEY: &str = "consumer-key-of-your-app";

/// What is known already.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  highwater init --supporters sqlite:people.db
  highwater init --supporters postgres://highwater@db.example.org/fundraising
  highwater init --supporters sqlite:people.db --table people \\
                 --login-url https://example.my.salesforce.com \\
                 --client-id 3MVG9... --client-secret-env HIGHWATER_SF_SECRET --yes
  highwater init --print-defaults

Looks at the table and asks the org which fields it has, then proposes a commented file with a field map. Without an org it \
proposes from the table alone. Nothing but the file is written.")]
pub struct Args {
    /// The supporter database: sqlite:PATH or postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "KIND:PLACE")]
    pub supporters: Option<String>,
    /// The environment variable that holds the database's password
    #[arg(long, value_name = "NAME", default_value = "HIGHWATER_DB_PASSWORD")]
    pub password_env: String,
    /// The table of the supporters
    #[arg(long, value_name = "NAME")]
    pub table: Option<String>,
    /// Scheme and host of the org's My Domain
    #[arg(long, value_name = "URL")]
    pub login_url: Option<String>,
    /// The consumer key of the External Client App
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// The environment variable that holds the consumer secret
    #[arg(long, value_name = "NAME", default_value = "HIGHWATER_SF_SECRET")]
    pub client_secret_env: String,
    /// Ask nothing: take what is proposed
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Replace the configuration if it is there
    #[arg(long)]
    pub force: bool,
    /// Print every key with its default and stop
    #[arg(long)]
    pub print_defaults: bool,
}

/// Proposes, and writes the file.
///
/// # Errors
/// When the table cannot be looked at, or the file is there already or cannot be written.
pub async fn run(args: &Args, common: &Common, screen: &Screen) -> Result<Exit, Failure> {
    if args.print_defaults {
        screen.data(COMMENTED_DEFAULTS).await.map_err(Failure::stdout)?;
        return Ok(Exit::Done);
    }
    refuse_to_overwrite(&common.config, args.force)?;
    let asker = Asker::new(args.yes);
    let draft = draft(args, asker)?;
    refuse_without_database(&draft.database)?;
    let table = init::table(&draft.database, args.table.as_deref(), &asker).await?;
    let mut undecided: Vec<Undecided> = table.remarks.iter().map(init::of_remark).collect();
    let org = asked(&draft, &mut undecided).await;
    if let Some(org) = &org {
        undecided.extend(table.rules.iter().filter_map(|rule| init::of_org(rule, org)));
        if org.supporter_id.is_none() {
            let text = "no field can be told to take the supporter id: create one, External ID and Unique";
            undecided.push(Undecided::new("contact_fields.supporter_id", text));
        }
    }
    let text = init::text(&draft_for(&draft, &common.config), &table, org.as_ref(), &undecided);
    write(&common.config, &text, args.force)?;
    show(screen, &table, &undecided).await?;
    screen.say(&format!("{} is written. Next: `highwater check`.", common.config.display())).await;
    Ok(Exit::Done)
}

/// What the org says. The address of the example is somebody's: no secret is sent there.
async fn asked(draft: &Draft, undecided: &mut Vec<Undecided>) -> Option<init::OrgView> {
    let why = if draft.login_url == EXAMPLE_ORG || draft.client_id == EXAMPLE_KEY {
        "login_url and client_id are still the example's".to_owned()
    } else {
        match init::view(draft).await {
            Ok(org) => return Some(org),
            Err(failure) => failure.to_string(),
        }
    };
    let text = format!("could not be asked which fields it has ({why}): names are not compared with it yet");
    undecided.push(Undecided::new("org", text));
    None
}

fn refuse_without_database(database: &Source) -> Result<(), Failure> {
    let Source::Sqlite(path) = database else { return Ok(()) };
    if Path::new(path).exists() {
        return Ok(());
    }
    Err(Failure::Arguments {
        problem: format!("there is no file {path}"),
        advice: "name the supporter database with --supporters sqlite:PATH",
    })
}

fn draft(args: &Args, asker: Asker) -> Result<Draft, Failure> {
    let given = |value: &Option<String>, question: &str, proposal: &str| match value {
        Some(value) => Ok(value.clone()),
        None => asker.ask(question, proposal),
    };
    let supporters = given(
        &args.supporters,
        "Supporter database (sqlite:PATH or postgres://USER@HOST/DATABASE)",
        "sqlite:supporters.db",
    )?;
    Ok(Draft {
        database: init::database(&supporters, &args.password_env)?,
        password_env: args.password_env.clone(),
        login_url: given(&args.login_url, "Scheme and host of the org's My Domain", EXAMPLE_ORG)?,
        client_id: given(&args.client_id, "Consumer key of the External Client App", EXAMPLE_KEY)?,
        client_secret_env: args.client_secret_env.clone(),
    })
}

/// The draft as the file has to say it: a path counts from the file's folder.
fn draft_for(draft: &Draft, config: &Path) -> Draft {
    let folder = config.parent().filter(|folder| !folder.as_os_str().is_empty());
    let database = match (folder, &draft.database) {
        (None, as_given) => as_given.clone(),
        (Some(_), Source::Sqlite(path)) => Source::Sqlite(
            std::path::absolute(path).map_or_else(|_| path.clone(), |path| path.display().to_string()),
        ),
        (Some(_), Source::Postgres(login)) => {
            let mut login = login.clone();
            login.files_from(&std::path::absolute("").unwrap_or_default());
            Source::Postgres(login)
        }
    };
    Draft { database, ..draft.clone() }
}

fn refuse_to_overwrite(path: &Path, force: bool) -> Result<(), Failure> {
    if path.exists() && !force {
        return Err(Failure::Arguments {
            problem: format!("{} is there already", path.display()),
            advice: "name another file with --config, or replace it with --force",
        });
    }
    Ok(())
}

/// A file that was not there is made; one that is replaced is whole at every moment.
fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let written = if force {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let beside = path.with_file_name(name);
        std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, path))
    } else {
        std::fs::File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()))
    };
    written.map_err(|source| Failure::Output { what: path.display().to_string(), source })
}

async fn show(screen: &Screen, table: &Proposal, undecided: &[Undecided]) -> Result<(), Failure> {
    let mut fields =
        Sheet::new(&format!("proposed from table {}", table.table), &["Contact field", "columns"]);
    for rule in &table.rules {
        fields.row([rule.contact_field.clone(), rule.columns.join(", ")]);
    }
    let mut open = Sheet::new("not decided", &["about", "what to do"]);
    for item in undecided {
        open.row([item.about.clone(), item.text.clone()]);
    }
    let rules: Vec<_> = table
        .rules
        .iter()
        .map(|rule| json!({ "contact": rule.contact_field, "columns": rule.columns }))
        .collect();
    let items: Vec<_> =
        undecided.iter().map(|item| json!({ "about": item.about, "text": item.text })).collect();
    let json =
        json!({ "table": table.table, "fields": rules, "unmapped": table.unmapped, "undecided": items });
    let answer = Answer { sheets: vec![fields, open], notes: Vec::new(), json };
    screen.answer(&answer).await.map_err(Failure::stdout)
}
