//! Events that are taken in.

use super::Code;

/// The port is taken.
pub static NO_PORT: Code = Code {
    number: 701,
    title: "the port for events cannot be had",
    happened: "Nothing can listen on the address of `intake.listen`: it is taken, or not ours to take.",
    done: "No event was taken in.",
    remedy: "Stop whoever listens there, or choose another port in `[intake]`. Ports below 1024 need a right of their own.",
};

/// A write key is unfit.
pub static WRITE_KEY: Code = Code {
    number: 702,
    title: "a write key cannot be used",
    happened: "The write key of a source is too short to be safe, too long, or holds characters that no client sends.",
    done: "No event was taken in.",
    remedy: "Make one of 16 to 200 letters, digits and signs without \":\", such as the output of `openssl rand -hex 24`, and keep it where the configuration says.",
};

/// The events are in use.
pub static IN_USE: Code = Code {
    number: 703,
    title: "the events are in use",
    happened: "Another process takes events in or delivers them, and holds the directory of `intake.dir`.",
    done: "Nothing was read or written.",
    remedy: "Where `highwater serve` holds them, it delivers them by itself. Where `highwater intake` does, stop it for as long as `highwater deliver` runs, or run `highwater serve` instead, which does both; `events retry`, `events drop` and `cases resolve` go through either.",
};

/// The events are damaged.
pub static DAMAGED: Code = Code {
    number: 704,
    title: "the kept events are damaged",
    happened: "Something that was durable in the directory of `intake.dir` does not read back. A tail that was being written when the power went is no damage, and is not meant.",
    done: "Nothing was cut, skipped or delivered.",
    remedy: "Look after the disk. Bring the directory back from a copy; or move it aside to begin an empty one, and let the sources send again what they still have.",
};

/// The events cannot be written.
pub static NOT_KEPT: Code = Code {
    number: 705,
    title: "events cannot be kept",
    happened: "The file system refused a read or a write in the directory of `intake.dir`, or has no room left.",
    done: "Whatever was acknowledged is there. What was not is sent again by the clients, which got 503.",
    remedy: "Make room, or put right the permissions of the directory, and start again.",
};

/// No such event.
pub static NO_EVENT: Code = Code {
    number: 706,
    title: "no such event",
    happened: "No event that is still kept has the messageId or the place that was asked for.",
    done: "Nothing was written.",
    remedy: "See `highwater events list`. Settled events are kept for `intake.keep_days`. What the way in refused was never kept: `highwater status` counts it by source and reason.",
};

/// An action that does not fit.
pub static ACTION: Code = Code {
    number: 707,
    title: "an action does not fit",
    happened: "An entry of `[[actions]]` cannot be meant, or does not fit what the org says of its objects and fields.",
    done: "Nothing was delivered; events wait where they are kept.",
    remedy: "Correct the entry or the org as the message says, then run `highwater check` or `highwater deliver --check`.",
};

/// An action that fits.
pub static ACTION_FITS: Code = Code {
    number: 708,
    title: "an action fits",
    happened: "The object, the matchers and every field of an entry of `[[actions]]` are as the org describes them. It is said where the entry, or its preset, asks for `integrations.Salesforce` in the event: with `flag = \"required\"`, as the presets `segment-classic` and `rudderstack` have it, events that do not name Salesforce are kept and ignored, whatever `intake.salesforce_flag` allows; `All: true` is not enough.",
    done: "Nothing was written.",
    remedy: "Nothing is to be done, unless your events do not carry the flag: then write `flag = \"optional\"` into the entry.",
};

/// An action and events that do not meet.
pub static ACTION_IDLE: Code = Code {
    number: 709,
    title: "actions and events do not meet",
    happened: "Events are taken in and no action is for them, or an action is for events and no source of any is configured.",
    done: "Nothing was written. Events that are taken in are kept for `intake.keep_days` after they were settled, and for as long as they wait.",
    remedy: "Add the `[[actions]]` or the `[[intake.source]]` that is missing, or take out what is not meant.",
};

/// The family.
pub static ALL: &[&Code] =
    &[&NO_PORT, &WRITE_KEY, &IN_USE, &DAMAGED, &NOT_KEPT, &NO_EVENT, &ACTION, &ACTION_FITS, &ACTION_IDLE];
