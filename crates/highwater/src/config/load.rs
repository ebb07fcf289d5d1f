//! Reads the file, then lets the environment overlay a few keys.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use toml::de::DeTable;

use super::{Config, ConfigError, Environment, Place, Places, consistency, literal_secret, refusal};

/// A configuration is a few kilobytes; anything this big is another file.
const MOST_BYTES: u64 = 4 << 20;

/// Reads, overlays and checks a configuration file.
///
/// # Errors
/// [`ConfigError`] names file, line and key of the first thing that is wrong.
pub fn load(path: &Path, environment: &Environment) -> Result<Config, ConfigError> {
    let text = read(path)?;
    let mut config = parse(&path.display().to_string(), &text)?;
    config.folder = path.parent().unwrap_or_else(|| Path::new("")).to_owned();
    environment.overlay(&mut config)?;
    Ok(config)
}

/// Parses and checks the text of a configuration file; `file` is only named in messages.
///
/// # Errors
/// [`ConfigError`], as for [`load`].
pub fn parse(file: &str, text: &str) -> Result<Config, ConfigError> {
    let root = DeTable::parse(text).map_err(|error| refusal::syntax(file, text, &error))?;
    literal_secret::refuse(file, text, root.get_ref())?;
    let places = Places::of(file, text, root.get_ref());
    let mut track = serde_path_to_error::Track::new();
    let source = serde_path_to_error::Deserializer::new(toml::Deserializer::from(root), &mut track);
    let mut config = Config::deserialize(source).map_err(|error| {
        let error = serde_path_to_error::Error::new(track.path(), error);
        refusal::refusal(file, text, &places, &error)
    })?;
    config.places = places;
    consistency::check(&config)?;
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
