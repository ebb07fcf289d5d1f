//! Cycles and the service.

use super::Code;

/// A cycle is already running.
pub static CYCLE_RUNNING: Code = Code {
    number: 601,
    title: "a cycle is already running",
    happened: "Another cycle is at work on this state.",
    done: "Nothing was read or written.",
    remedy: "Wait for it; `highwater status` shows it. A cycle that died is settled by the next one.",
};

/// Some records failed.
pub static SOME_FAILED: Code = Code {
    number: 602,
    title: "some records failed",
    happened: "The cycle came to its end, and some records were refused or are to be tried again.",
    done: "Every record has exactly one outcome. Refused ones are set aside until a mapped field changes; the others are tried again by themselves.",
    remedy: "`highwater errors` names each with what to do. When it is put right elsewhere, `highwater block lift` has them tried again.",
};

/// The running service cannot be asked.
pub static SERVICE: Code = Code {
    number: 603,
    title: "the running service cannot be asked",
    happened: "A service holds the state, and its control socket did not serve us.",
    done: "Nothing was read or written.",
    remedy: "The message says what is wrong. A service of another user: run the command as that user (`sudo -u USER highwater …`). Another version: restart the service. It went away: run the command again, or see its log.",
};

/// The service is stopping.
pub static STOPPING: Code = Code {
    number: 604,
    title: "the service is stopping",
    happened: "The service was told to stop, or has too much waiting, and takes no more work.",
    done: "Nothing was read or written.",
    remedy: "Try again when it has stopped or caught up.",
};

/// Nobody by that name.
pub static UNKNOWN_PERSON: Code = Code {
    number: 605,
    title: "nobody by that name",
    happened: "No supporter or Contact fits what was asked for, or several do.",
    done: "Nothing was read or written.",
    remedy: "Use the supporter id or the Contact Id.",
};

/// The output could not be written.
pub static OUTPUT: Code = Code {
    number: 606,
    title: "the output could not be written",
    happened: "Standard output or the output file could not be written.",
    done: "What was asked for was done as far as the message says.",
    remedy: "Check the file, or whoever reads the pipe.",
};

/// Nobody of that name is set aside.
pub static NOT_SET_ASIDE: Code = Code {
    number: 607,
    title: "nobody of that name is set aside",
    happened: "A block was to be lifted of somebody who has none: they never had one, it was lifted, or an edit ended it.",
    done: "No block was lifted.",
    remedy: "`highwater block list` names who is set aside, `highwater why` tells what became of a person. `highwater resync` compares anybody now.",
};

/// Unexpected.
pub static UNEXPECTED: Code = Code {
    number: 901,
    title: "unexpected",
    happened: "Something nobody foresaw.",
    done: "Everything committed so far stands. Who was not done yet stays marked and is done by the next cycle.",
    remedy: "Please report it with the log.",
};

/// The family.
pub static ALL: &[&Code] = &[
    &CYCLE_RUNNING,
    &SOME_FAILED,
    &SERVICE,
    &STOPPING,
    &UNKNOWN_PERSON,
    &OUTPUT,
    &NOT_SET_ASIDE,
    &UNEXPECTED,
];
