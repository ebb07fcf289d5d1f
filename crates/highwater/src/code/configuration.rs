//! The configuration, before anything is asked of either side.

use super::Code;

/// No configuration file.
pub static NO_FILE: Code = Code {
    number: 101,
    title: "no configuration file",
    happened: "There is no configuration file at the path that was named, or it cannot be read.",
    done: "Nothing was read or written.",
    remedy: "Write one with `highwater init`, or name yours with `--config` or `HIGHWATER_CONFIG`. Let the user that runs highwater read it.",
};

/// The configuration is not TOML.
pub static NOT_TOML: Code = Code {
    number: 102,
    title: "the configuration is not TOML",
    happened: "The file cannot be read as TOML at the line that is named. The line itself is not printed, because it may hold a secret.",
    done: "Nothing was read or written.",
    remedy: "Correct the line. Texts stand in double quotes, lists in square brackets, and each key once in its table. `highwater init --print-defaults` shows every key.",
};

/// Unknown key.
pub static UNKNOWN_KEY: Code = Code {
    number: 103,
    title: "unknown key",
    happened: "The file has a key that highwater does not know. A misspelled key would otherwise be a setting that silently does nothing.",
    done: "Nothing was read or written.",
    remedy: "Correct its spelling or take it out. `highwater init --print-defaults` shows every key, as `docs/reference/config.md` does.",
};

/// Wrong value.
pub static WRONG_VALUE: Code = Code {
    number: 104,
    title: "wrong value",
    happened: "A value is missing, of the wrong kind, out of its range, or contradicts another key.",
    done: "Nothing was read or written.",
    remedy: "Correct the key that is named. `highwater init --print-defaults` shows each key with its values, as `docs/reference/config.md` does.",
};

/// A secret in the configuration.
pub static LITERAL_SECRET: Code = Code {
    number: 105,
    title: "a secret in the configuration",
    happened: "A key is named like a secret, or holds what looks like one. Configuration files are copied, mailed and committed; secrets must not be.",
    done: "Nothing was read or written.",
    remedy: "Take the line out and renew the secret, because it has been seen. Then name where it is kept with the same key ending in `_env`, `_file` or `_command`.",
};

/// A secret cannot be had.
pub static SECRET_NOT_HAD: Code = Code {
    number: 106,
    title: "a secret cannot be had",
    happened: "The configuration names where a secret is kept, and it is not there, is exposed to other users, or its command failed.",
    done: "Nothing was read or written.",
    remedy: "For `_env`: set the variable for the process that runs highwater. For `_file`: `chown` it to that user and `chmod 600` it. For `_command`: run the command by hand as that user.",
};

/// Wrong environment variable.
pub static ENVIRONMENT: Code = Code {
    number: 107,
    title: "wrong environment variable",
    happened: "An environment variable that overlays the configuration has a value that makes no sense.",
    done: "Nothing was read or written.",
    remedy: "Correct or unset it.",
};

/// The field map cannot stand.
pub static FIELD_MAP: Code = Code {
    number: 108,
    title: "the field map cannot stand",
    happened: "Two rules fill the same Contact field or are pulled into the same column, `LastName` or `Email` is not mapped, a rule has no source, or a technical field is mapped as well.",
    done: "Nothing was read or written.",
    remedy: "Correct the `[[field]]` that is named. `highwater init` proposes a map that fits both sides.",
};

/// The configuration contradicts what is there.
pub static CONTRADICTION: Code = Code {
    number: 109,
    title: "the configuration contradicts what is there",
    happened: "The configuration and the org, or the supporter database, do not fit together in the way the message says.",
    done: "Nothing was written.",
    remedy: "Do what the message advises, then run `highwater check`.",
};

/// Arguments that cannot be used.
pub static ARGUMENTS: Code = Code {
    number: 111,
    title: "arguments that cannot be used",
    happened: "The command line asks for something that cannot be done as it was asked.",
    done: "Nothing was read or written.",
    remedy: "Do what the message says; `--help` after the command shows its arguments and examples.",
};

/// The family.
pub static ALL: &[&Code] = &[
    &NO_FILE,
    &NOT_TOML,
    &UNKNOWN_KEY,
    &WRONG_VALUE,
    &LITERAL_SECRET,
    &SECRET_NOT_HAD,
    &ENVIRONMENT,
    &FIELD_MAP,
    &CONTRADICTION,
    &ARGUMENTS,
];
