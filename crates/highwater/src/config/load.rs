//! Reads the file, then lets the environment overlay a few keys.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use toml::de::DeTable;

use super::{Config, ConfigError, Environment, Place, Places, consistency, literal_secret, profile, refusal};

/// A configuration is a few kilobytes; anything this big is another file.
const MOST_BYTES: u64 = 4 << 20;

/// Reads, overlays and checks a configuration file, or one of its profiles.
///
/// # Errors
/// [`ConfigError`] names file, line and key of the first thing that is wrong.
pub fn load(path: &Path, profile: Option<&str>, environment: &Environment) -> Result<Config, ConfigError> {
    let text = read(path)?;
    let mut config = parse_profile(&path.display().to_string(), &text, profile)?;
    config.folder = path.parent().unwrap_or_else(|| Path::new("")).to_owned();
    environment.overlay(&mut config)?;
    Ok(config)
}

/// Parses and checks the text of a configuration file; `file` is only named in messages.
///
/// # Errors
/// [`ConfigError`], as for [`load`].
#[cfg(test)]
pub fn parse(file: &str, text: &str) -> Result<Config, ConfigError> {
    parse_profile(file, text, None)
}

/// The same for one of the file's profiles. All of them are checked, whichever is chosen.
///
/// # Errors
/// [`ConfigError`], as for [`load`].
pub fn parse_profile(file: &str, text: &str, chosen: Option<&str>) -> Result<Config, ConfigError> {
    let root = DeTable::parse(text).map_err(|error| refusal::syntax(file, text, &error))?;
    literal_secret::refuse(file, text, root.get_ref())?;
    let places = Places::of(file, text, root.get_ref());
    let names = profile::names(&places, root.get_ref())?;
    let mut found = None;
    for name in std::iter::once(None).chain(names.iter().map(|name| Some(name.as_str()))) {
        let mut root = root.clone();
        if let Some(name) = name {
            profile::overlay(&places, root.get_mut(), name)?;
        }
        let own_state = profile::take(root.get_mut(), name);
        let mut config = read_as(file, text, root)?;
        if let (Some(name), false) = (name, own_state) {
            profile::beside(&mut config.state.dir, name);
        }
        if let Some(name) = name {
            // Events of a sandbox never lie among those of production, whatever the profile says.
            profile::beside(&mut config.intake.dir, name);
        }
        config.profile = name.map(str::to_owned);
        consistency::check(&config)?;
        if !config.supporters.kind.is_a_database() {
            (config.sync.push, config.sync.pull) = (false, false);
        }
        if name == chosen {
            found = Some(config);
        }
    }
    found.ok_or_else(|| profile::unknown(file, chosen.unwrap_or_default(), &names))
}

fn read_as(file: &str, text: &str, root: toml::Spanned<DeTable<'_>>) -> Result<Config, ConfigError> {
    let places = Places::of(file, text, root.get_ref());
    let mut track = serde_path_to_error::Track::new();
    let source = serde_path_to_error::Deserializer::new(toml::Deserializer::from(root), &mut track);
    let mut config = Config::deserialize(source).map_err(|error| {
        let error = serde_path_to_error::Error::new(track.path(), error);
        refusal::refusal(file, text, &places, &error)
    })?;
    config.places = places;
    Ok(config)
}

fn read(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(|source| {
        let missing = source.kind() == std::io::ErrorKind::NotFound;
        if missing { ConfigError::Missing { path: path.to_owned() } } else { unreadable(source) }
    })?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let place = Place::file_only(&path.display().to_string());
    if bytes.len() as u64 > MOST_BYTES {
        return Err(ConfigError::Syntax { place, problem: "too big for a configuration".to_owned() });
    }
    String::from_utf8(bytes).map_err(|_| ConfigError::Syntax { place, problem: "not UTF-8 text".to_owned() })
}
