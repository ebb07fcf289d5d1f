//! The state directory.

use super::Code;

/// The state is in use.
pub static IN_USE: Code = Code {
    number: 501,
    title: "the state is in use",
    happened: "Another process has the state directory open: a service beside which a second one was started, or a command that is at work.",
    done: "Nothing was read or written.",
    remedy: "Wait for it, or stop it: `forget` and `check --rebuild` need a running service stopped first. One state directory is used by one process at a time.",
};

/// The state is damaged.
pub static DAMAGED: Code = Code {
    number: 502,
    title: "the state is damaged",
    happened: "A stored value, the manifest or the digest key is damaged or missing.",
    done: "Nothing was written. highwater never starts afresh by itself, because it would then not know who is in flight.",
    remedy: "Run `highwater check --rebuild`: it sets this state aside and rebuilds the links from the Contact Ids and supporter ids that both sides carry.",
};

/// The state was rolled back.
pub static ROLLED_BACK: Code = Code {
    number: 503,
    title: "the state was rolled back",
    happened: "The database in the state directory is older than its manifest: somebody restored a copy. Working on it would repeat what was done since.",
    done: "Nothing was written.",
    remedy: "Put the newer copy back. If there is none, run `highwater check --rebuild`, which sets this one aside.",
};

/// The state belongs to another org.
pub static OTHER_ORG: Code = Code {
    number: 504,
    title: "the state belongs to another org",
    happened: "The state directory was made for another org or another supporter database.",
    done: "Nothing was written.",
    remedy: "Use a state directory of its own for each org and supporter database.",
};

/// The state directory cannot be used.
pub static DIRECTORY: Code = Code {
    number: 505,
    title: "the state directory cannot be used",
    happened: "The path is a symbolic link, or holds something that is no state.",
    done: "Nothing was read or written.",
    remedy: "Name the real directory, or an empty or new one, in `state.dir`.",
};

/// Too little free space.
pub static LITTLE_SPACE: Code = Code {
    number: 506,
    title: "too little free space",
    happened: "There is less free space than the state needs to be sure of its next commits.",
    done: "Nothing was read or written.",
    remedy: "Free space on that file system.",
};

/// The state is of another version.
pub static FORMAT: Code = Code {
    number: 507,
    title: "the state is of another version",
    happened: "The state was written by a later version, or by one so old that no upgrade leads from it.",
    done: "Nothing was read or written.",
    remedy: "Use the version that wrote it, or upgrade through the version that the message names.",
};

/// The state could not be written.
pub static WRITE_FAILED: Code = Code {
    number: 508,
    title: "the state could not be written",
    happened: "A commit failed. Nothing was sent after it.",
    done: "All effects were stopped. What was committed before stands.",
    remedy: "Check free space and permissions of the state directory, then run again: what was in flight is settled first.",
};

/// Another process took the state over.
pub static TAKEN_OVER: Code = Code {
    number: 509,
    title: "another process took the state over",
    happened: "Another process opened this state while we held it, for instance on shared storage.",
    done: "This process stopped before its next write.",
    remedy: "Make sure that one highwater uses one state directory, on a local disk.",
};

/// The family.
pub static ALL: &[&Code] = &[
    &IN_USE,
    &DAMAGED,
    &ROLLED_BACK,
    &OTHER_ORG,
    &DIRECTORY,
    &LITTLE_SPACE,
    &FORMAT,
    &WRITE_FAILED,
    &TAKEN_OVER,
];
