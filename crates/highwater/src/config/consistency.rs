//! What no single key can say: keys that exclude, or need, each other.

use events::SourceName;
use events::intake::Origins;
use model::{Direction, OrgId, PersonObject};
use report::LinkPattern;
use salesforce::ApiVersion;
use service::InvalidSchedule;
use service::admin::PublicUrl;

use super::salesforce::{Need, SecretKind, sandbox_by_address};
use super::{Config, ConfigError, Field, OnDelete, events_alone};

/// Checks the keys against each other. Whether the org and the database agree is for `highwater check`.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    check_org(config)?;
    check_login(config)?;
    check_schedule(config)?;
    check_supporters(config)?;
    check_accounts(config)?;
    check_patterns(config)?;
    check_deleted(config)?;
    check_intake(config)?;
    check_admin(config)?;
    if config.supporters.kind.is_a_database() {
        check_map(config)?;
    }
    if let Err(problem) = actions::entry::actions_of(&config.actions) {
        return refuse(config, "actions", &problem.to_string());
    }
    Ok(())
}

/// What is kept in step, and in which direction.
fn check_map(config: &Config) -> Result<(), ConfigError> {
    if config.fields.is_empty() {
        return refuse(config, "field", "the field map is empty; LastName and Email must be mapped");
    }
    check_object(config)?;
    for (at, field) in config.fields.iter().enumerate() {
        check_field(config, at, field)?;
    }
    if !config.sync.push && !config.sync.pull {
        return refuse(config, "sync.pull", "push and pull are both off: nothing would ever be done");
    }
    Ok(())
}

/// What the object asks for must be mapped, and what it has not cannot be set.
fn check_object(config: &Config) -> Result<(), ConfigError> {
    let object = config.sync.object;
    let mapped = |name: &str| config.fields.iter().any(|field| field.contact.eq_ignore_ascii_case(name));
    match object.needed().iter().find(|name| !mapped(name)) {
        Some(name) if object != PersonObject::Contact => {
            let problem = format!("{name} must be mapped where sync.object is {:?}", object.word());
            refuse(config, "sync.object", &problem)
        }
        Some(_) | None => Ok(()),
    }
}

/// A flag needs a place.
fn check_deleted(config: &Config) -> Result<(), ConfigError> {
    let flags = |on: OnDelete| on == OnDelete::Flag;
    if flags(config.sync.contact_deleted) && config.supporters.contact_deleted_column.is_none() {
        return refuse(
            config,
            "sync.contact_deleted",
            "is \"flag\" and needs supporters.contact_deleted_column",
        );
    }
    if flags(config.sync.supporter_deleted) && config.contact_fields.supporter_deleted.is_none() {
        return refuse(
            config,
            "sync.supporter_deleted",
            "is \"flag\" and needs contact_fields.supporter_deleted",
        );
    }
    Ok(())
}

fn check_org(config: &Config) -> Result<(), ConfigError> {
    if let Err(problem) = config.salesforce.api_version.parse::<ApiVersion>() {
        return refuse(config, "salesforce.api_version", &problem.to_string());
    }
    if let Some(Err(problem)) = config.salesforce.expected_org_id.as_deref().map(OrgId::parse) {
        return refuse(config, "salesforce.expected_org_id", &problem.to_string());
    }
    Ok(())
}

fn check_login(config: &Config) -> Result<(), ConfigError> {
    let org = &config.salesforce;
    if let (Some(said), Some(implied)) = (org.sandbox, sandbox_by_address(&org.login_url))
        && said != implied
    {
        let problem = if implied {
            "is false, and login_url is a sandbox's address"
        } else {
            "is true, and login_url is no sandbox's address"
        };
        return refuse(config, "salesforce.sandbox", problem);
    }
    if org.grant.is_legacy() && !org.allow_legacy_login {
        let problem = "shows a user's password and is on its way out; where there is no other way in, write \
                       allow_legacy_login = true";
        return refuse(config, "salesforce.grant", problem);
    }
    let needs = |secret: SecretKind| org.grant.needs(secret) == Need::Yes;
    let (wanted, others): (Vec<SecretKind>, Vec<SecretKind>) =
        SecretKind::ALL.into_iter().partition(|one| needs(*one));
    wanted.into_iter().chain(others).try_for_each(|secret| check_secret(config, secret))?;
    needed(config, "salesforce.client_id", org.grant.needs_client_id(), !org.client_id.is_empty())?;
    needed(config, "salesforce.username", org.grant.needs_username(), org.username.is_some())
}

fn check_secret(config: &Config, secret: SecretKind) -> Result<(), ConfigError> {
    let named = config.salesforce.secret(secret).named();
    let key = format!("salesforce.{}_env", secret.key());
    match config.salesforce.grant.needs(secret) {
        Need::Yes if named != 1 => refuse(
            config,
            &key,
            "exactly one of the keys ending in _env, _file and _command must be given for this grant",
        ),
        Need::May if named > 1 => {
            refuse(config, &key, "at most one of the keys ending in _env, _file and _command may be given")
        }
        Need::No if named != 0 => refuse(config, &key, "does not belong to this grant"),
        Need::Yes | Need::May | Need::No => Ok(()),
    }
}

fn needed(config: &Config, key: &str, need: Need, given: bool) -> Result<(), ConfigError> {
    match (need, given) {
        (Need::Yes, false) => refuse(config, key, "is missing; it is needed for this grant"),
        (Need::No, true) => refuse(config, key, "does not belong to this grant"),
        (Need::Yes, true) | (Need::No, false) | (Need::May, _) => Ok(()),
    }
}

fn check_schedule(config: &Config) -> Result<(), ConfigError> {
    let (cycles, replication) = (&config.schedule, &config.replication);
    for (key, cron, minutes) in [
        ("schedule.cron", &cycles.cron, cycles.every_minutes.is_some()),
        ("replication.cron", &replication.cron, replication.every_minutes.is_some()),
    ] {
        if cron.is_some() && minutes {
            return refuse(config, key, "give either cron or every_minutes");
        }
    }
    check_times(config, "schedule.time_zone", service::Schedule::check_zone(&cycles.time_zone))?;
    check_times(config, "schedule.cron", cycles.times())?;
    let replicated = |cron| service::Schedule::cron(cron, &cycles.time_zone);
    replication.cron.as_ref().map_or(Ok(()), |cron| check_times(config, "replication.cron", replicated(cron)))
}

fn check_times<T>(config: &Config, key: &str, times: Result<T, InvalidSchedule>) -> Result<(), ConfigError> {
    match times {
        Ok(_) => Ok(()),
        Err(problem @ InvalidSchedule::Zone(_)) => refuse(config, "schedule.time_zone", &problem.to_string()),
        Err(problem @ (InvalidSchedule::Cron { .. } | InvalidSchedule::Never(_))) => {
            refuse(config, key, &problem.to_string())
        }
    }
}

fn check_supporters(config: &Config) -> Result<(), ConfigError> {
    let Some(misfit) = config.supporters.misfit(&config.places) else {
        return if config.supporters.kind.is_a_database() { Ok(()) } else { events_alone::check(config) };
    };
    let key = format!("supporters.{}", misfit.key);
    if misfit.secret {
        let place = config.places.of_key(&key);
        return Err(ConfigError::LiteralSecret { place, key: format!("the password in {key}") });
    }
    refuse(config, &key, &misfit.problem)
}

fn check_accounts(config: &Config) -> Result<(), ConfigError> {
    match (&config.contact_fields.account_id, &config.supporters.account_id) {
        (Some(_), None) => {
            refuse(config, "contact_fields.account_id", "needs supporters.account_id, the value it takes")
        }
        (None, Some(_)) => refuse(
            config,
            "supporters.account_id",
            "needs contact_fields.account_id, the field that takes it",
        ),
        (None, None) if config.sync.only_own_account => refuse(
            config,
            "sync.only_own_account",
            "needs supporters.account_id and contact_fields.account_id",
        ),
        (None, None) | (Some(_), Some(_)) => Ok(()),
    }
}

fn check_intake(config: &Config) -> Result<(), ConfigError> {
    let intake = &config.intake;
    if !intake.listen.ip().is_loopback() && intake.allow_other_hosts.is_none() {
        let problem = "is no loopback address: events would come in unencrypted. Let a proxy end TLS on this machine, or \
                       where it is another one write allow_other_hosts = \"yes_behind_a_proxy_with_tls\"";
        return refuse(config, "intake.listen", problem);
    }
    if let Err(problem) = Origins::parse(&intake.allowed_origins) {
        return refuse(config, "intake.allowed_origins", &problem.to_string());
    }
    for (at, source) in intake.sources.iter().enumerate() {
        let key = |name: &str| format!("intake.source[{at}].{name}");
        if let Err(problem) = SourceName::parse(&source.name) {
            return refuse(config, &key("name"), &problem.to_string());
        }
        if intake.sources[..at].iter().any(|other| other.name == source.name) {
            return refuse(config, &key("name"), "is the name of another source");
        }
        if source.write_key().named() != 1 {
            let problem = "exactly one of the keys ending in _env, _file and _command must be given";
            return refuse(config, &key("write_key_env"), problem);
        }
    }
    Ok(())
}

fn check_admin(config: &Config) -> Result<(), ConfigError> {
    let admin = &config.admin;
    let Some(listen) = admin.listen else { return Ok(()) };
    if !listen.ip().is_loopback() && admin.allow_other_hosts.is_none() {
        let problem = "is no loopback address: the password and people's records would travel unencrypted. Let a proxy end TLS on \
                       this machine, or where it is another one write allow_other_hosts = \"yes_behind_a_proxy_with_tls\"";
        return refuse(config, "admin.listen", problem);
    }
    if let Some(Err(problem)) = admin.public_url.as_deref().map(PublicUrl::parse) {
        return refuse(config, "admin.public_url", &problem.to_string());
    }
    if admin.password().named() != 1 {
        let problem =
            "exactly one of the keys ending in _env, _file and _command must be given where listen is";
        return refuse(config, "admin.password_env", problem);
    }
    Ok(())
}

fn check_patterns(config: &Config) -> Result<(), ConfigError> {
    let patterns = [
        ("report.supporter_url", &config.report.supporter_url),
        ("report.contact_url", &config.report.contact_url),
    ];
    for (key, pattern) in patterns {
        if let Some(Err(problem)) = pattern.as_deref().map(LinkPattern::parse) {
            return refuse(config, key, &problem.to_string());
        }
    }
    Ok(())
}

fn check_field(config: &Config, at: usize, field: &Field) -> Result<(), ConfigError> {
    let key = |name: &str| format!("field[{at}].{name}");
    let sources = [field.column.is_some(), field.columns.is_some(), field.constant.is_some()];
    if sources.iter().filter(|given| **given).count() != 1 {
        return refuse(config, &key("contact"), "needs exactly one of column, columns and constant");
    }
    if field.columns.as_ref().is_some_and(Vec::is_empty) {
        return refuse(config, &key("columns"), "names no column");
    }
    if field.yes.is_some() != field.no.is_some() {
        return refuse(config, &key("yes"), "yes and no go together");
    }
    check_yes_and_no(config, at, field)?;
    check_pulled(config, at, field)
}

/// A yes that reads like a no, or like a column in which nothing stands, would come back as its contrary.
fn check_yes_and_no(config: &Config, at: usize, field: &Field) -> Result<(), ConfigError> {
    let (Some(yes), Some(no)) = (&field.yes, &field.no) else { return Ok(()) };
    let key = format!("field[{at}].yes");
    if yes.trim().is_empty() {
        return refuse(config, &key, "is blank, and an empty column counts as no");
    }
    if yes.trim().to_lowercase() == no.trim().to_lowercase() {
        return refuse(config, &key, "reads like no: neither case nor spaces around it are told apart");
    }
    Ok(())
}

/// A column that highwater, or the table itself, gives a meaning of its own takes no Contact's value.
fn check_pulled(config: &Config, at: usize, field: &Field) -> Result<(), ConfigError> {
    if !config.sync.pull || field.direction == Direction::Push {
        return Ok(());
    }
    let table = &config.supporters;
    let own = [
        ("id_column", Some(&table.id_column)),
        ("modified_column", Some(&table.modified_column)),
        ("contact_id_column", table.contact_id_column.as_ref()),
        ("merged_into_column", table.merged_into_column.as_ref()),
        ("contact_deleted_column", table.contact_deleted_column.as_ref()),
    ];
    let names = field.column_names();
    let taken = own.into_iter().find(|(_, column)| {
        column.is_some_and(|column| names.iter().any(|name| name.eq_ignore_ascii_case(column)))
    });
    match taken {
        None => Ok(()),
        Some((key, _)) => {
            let problem = format!(
                "is supporters.{key} as well, which takes no Contact's value: write direction = \"push\""
            );
            refuse(config, &format!("field[{at}].column"), &problem)
        }
    }
}

/// The error that names the key and its place.
pub(super) fn refuse(config: &Config, key: &str, problem: &str) -> Result<(), ConfigError> {
    Err(ConfigError::Value {
        place: config.places.of_key(key),
        key: key.to_owned(),
        problem: problem.to_owned(),
        suggestion: None,
    })
}
