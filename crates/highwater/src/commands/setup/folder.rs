//! The folder of an export, on disk.

use std::io;
use std::path::{Path, PathBuf};

use setup::File;

use crate::failure::Failure;

/// Folders below the one that was named; Salesforce projects are not deeper.
const DEEPEST: usize = 16;

/// Files looked at; a project that was retrieved whole has tens of thousands.
const MOST: usize = 100_000;

/// A metadata file that is longer is none of ours.
const LONGEST: u64 = 8_000_000;

/// Writes the files; gives the metadata files that were there before and are not of this export.
///
/// # Errors
/// When the folder is not empty and `force` is not given, or a file cannot be written.
pub(super) fn write(dir: &Path, files: &[File], force: bool) -> Result<Vec<String>, Failure> {
    if !force && !is_empty(dir).map_err(|source| failed(dir, source))? {
        return Err(Failure::Arguments {
            problem: format!("{} is not empty", dir.display()),
            advice: "name another folder, or replace files of the same names with --force",
        });
    }
    for file in files {
        let path = dir.join(&file.path);
        let folder = path.parent().unwrap_or(dir);
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, &file.text));
        written.map_err(|source| failed(&path, source))?;
    }
    let there = metadata_files(dir)?.into_iter().map(|(path, _)| path);
    Ok(there.filter(|path| !files.iter().any(|file| file.path == *path)).collect())
}

/// A folder that is not there is empty; a file in its place is an error.
fn is_empty(dir: &Path) -> io::Result<bool> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

fn failed(path: &Path, source: io::Error) -> Failure {
    Failure::Output { what: path.display().to_string(), source }
}

/// Every metadata file below a folder as (path with `/`, text), in order.
///
/// # Errors
/// When there is no such folder, it holds no metadata, or a file cannot be read.
pub(super) fn read(dir: &Path) -> Result<Vec<(String, String)>, Failure> {
    let mut texts = Vec::new();
    for (name, path) in metadata_files(dir)? {
        let length = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let text = if length > LONGEST { None } else { std::fs::read_to_string(&path).ok() };
        texts.push((name, text.ok_or_else(|| unreadable(&path))?));
    }
    if texts.is_empty() {
        return Err(Failure::Arguments {
            problem: format!("{} holds no Salesforce metadata", dir.display()),
            advice: "name the folder of an earlier `highwater setup export`",
        });
    }
    Ok(texts)
}

fn unreadable(path: &Path) -> Failure {
    Failure::Arguments {
        problem: format!("{} cannot be read", path.display()),
        advice: "name the folder of an earlier `highwater setup export`, and let this user read it",
    }
}

/// The metadata files below a folder. Links are not followed: an export has none.
fn metadata_files(dir: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![(dir.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|_| unreadable(&folder))?;
        for entry in entries {
            let entry = entry.map_err(|_| unreadable(&folder))?;
            let kind = entry.file_type().map_err(|_| unreadable(&entry.path()))?;
            let path = entry.path();
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if kind.is_dir() && depth < DEEPEST && !hidden && entry.file_name() != "node_modules" {
                open.push((path, depth + 1));
            } else if kind.is_file() && entry.file_name().to_string_lossy().ends_with("-meta.xml") {
                let below = path.strip_prefix(dir).unwrap_or(&path);
                let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
                found.push((parts.join("/"), path));
            }
            if found.len() > MOST {
                return Err(Failure::Arguments {
                    problem: format!("{} holds more than {MOST} metadata files", dir.display()),
                    advice: "name the folder of an earlier `highwater setup export`",
                });
            }
        }
    }
    found.sort();
    Ok(found)
}
